"""The spiders of sites: of those that have a file one is made when it is asked for."""

from scrapy import Spider
from scrapy.settings import BaseSettings
from scrapy.spiderloader import SpiderLoader

from qacrawl import options, registry, sitefile
from qacrawl.fetch import scrapy_settings
from qacrawl.fetch.spider import SiteSpider


class Loader(SpiderLoader):
    """Scrapy's, which also takes the path of a site's file, or the name of a site that was crawled from one."""

    def __init__(self, settings: BaseSettings) -> None:
        super().__init__(settings)
        self.settings = settings

    def load(self, spider_name: str) -> type[Spider]:
        """Return the spider of a site. Raise KeyError for a name that nobody knows; end for a file that can't be."""
        if spider_name in self._spiders:
            return super().load(spider_name)
        with scrapy_settings.one_line():
            slug = spider_name
            if not registry.is_known(slug):
                slug = sitefile.find(spider_name, options.read(self.settings).output)
        return type("FileSpider", (SiteSpider,), {"name": slug}) if registry.source(slug) else super().load(slug)
