"""Finds the pages of doctorqna.com: from its home page, sitemaps and FAQ listings, and from what articles link to."""

from collections.abc import AsyncIterator, Iterator

from scrapy import Request, Spider
from scrapy.http import Response

from qacrawl.fetch import spider


class DoctorqnaSpider(Spider):
    """Yields each page unread; the scheduler follows those of its links that lead to pages of the site."""

    name = "doctorqna"

    async def start(self) -> AsyncIterator[Request]:
        """Ask for the home page or `--start-url`; with `--numbers`, those articles instead."""
        for request in spider.starts(self):
            yield request

    def parse(self, response: Response) -> Iterator[object]:
        """Yield an article, a listing, or the home page."""
        yield spider.page(self, response)

    def parse_sitemap(self, response: Response) -> Iterator[Request]:
        """Ask for what a sitemap lists."""
        return spider.sitemap(self, response)
