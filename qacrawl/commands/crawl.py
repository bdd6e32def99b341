"""`qacrawl crawl`: one run of a site's spider in this process."""

import logging
from collections.abc import Mapping

from rich.console import Console
from scrapy.crawler import AsyncCrawlerProcess

from qacrawl import log
from qacrawl.fetch import refused, report, scrapy_settings
from qacrawl.fetch import run as runs
from qacrawl.fetch.lifecycle import Result, finish, opened
from qacrawl.options import Options


def crawl(site: str, options: Options, console: Console, more: Mapping[str, str] | None = None) -> Result:
    """Run the spider of `site` once, with `more` settings of Scrapy's; progress goes to `console` if it is a terminal.

    Raise QacrawlError when it can't begin. Scrapy's reactor starts once a process, so this can be called once.
    """
    with refused.told(options, site):  # its parser may be what can't be loaded
        settings = scrapy_settings.make(site, options, more)
    chosen = scrapy_settings.read(settings)
    with opened(site, chosen, settings["USER_AGENT"]) as run:
        if not chosen.quiet:
            print(report.head(run), flush=True)
        log.note(report.head(run), run_id=run.run_id)
        if chosen.log_format == "json":
            log.install(settings["LOG_LEVEL"], settings["LOG_FILE"])
            settings.set("LOG_INSTALL_ROOT_HANDLER", False, priority="cmdline")
        process = AsyncCrawlerProcess(settings)
        # Scrapy has the handler leave out what is below its level; to make those messages takes time, too.
        logging.getLogger("scrapy").setLevel(settings["LOG_LEVEL"])
        crawler = process.create_crawler(site)
        report.warn(run)
        runs.attach(crawler, run)
        run.console = console
        task = process.crawl(crawler)
        process.start()
        if task.done() and (problem := task.exception()):
            raise problem
        return finish(run)
