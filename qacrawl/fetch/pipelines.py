"""The item pipelines, as the flow goes: PARSE to REDACT, then STORE.

A page goes in; a record comes out, and what a feed exporter or a later pipeline sees is records only. Rejects and
listings go no further: they are counted with their visit.
"""

from datetime import UTC, datetime
from typing import Any, Self

from scrapy import signals
from scrapy.crawler import Crawler

from qacrawl.fetch import run as runs
from qacrawl.fetch.outcomes import GivenBack
from qacrawl.fetch.visits import Reading, Taken
from qacrawl.reader.client import Read, Reader, ReadError, Unread, reject
from qacrawl.reader.messages import setup
from qacrawl.records import records_of
from qacrawl.redact import quotes


class ParsePipeline:
    """Bytes to plain fields, those to a record or a reject, that without personal data: in a process beside."""

    def __init__(self, crawler: Crawler) -> None:
        self.crawler = crawler
        self.run = runs.of(crawler)
        forgotten = quotes.read(self.run.folder, self.run.frontier.addresses(state="forgotten"))
        asked = setup(self.run.slug, self.run.key, self.run.options, links=True, forgotten=forgotten)
        self.reader = Reader(asked, self.is_ending)

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Return the pipeline, as Scrapy asks for it. Raise NotConfigured where no run is open."""
        return cls(crawler)

    async def process_item(self, item: Any) -> Any:
        """Read the page of a visit; other items pass."""
        if not isinstance(item, Reading):
            return item
        try:
            read = await self.reader.read(item.page)
        except ReadError as error:
            read = Read(reject(item.page, error), error.links)
        except Unread as error:
            raise GivenBack(str(error)) from None
        item.result = read.result
        item.visit.take(read.result, read.links)
        return item

    def is_ending(self) -> bool:
        """Return whether the run must end soon: a signal came, or its time is over."""
        budget = self.run.options.max_seconds
        is_over = budget > 0 and (datetime.now(UTC) - self.run.started).total_seconds() >= budget
        return is_over or not self.crawler.crawling

    def close_spider(self) -> None:
        """End the process that reads."""
        self.reader.close()


class StorePipeline:
    """Gives on what is stored with the visit's URL (`batch.py`): records. Its other results go no further."""

    def __init__(self, crawler: Crawler) -> None:
        self.crawler = crawler

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Return the pipeline, as Scrapy asks for it. Raise NotConfigured where no run is open."""
        runs.of(crawler)
        return cls(crawler)

    def process_item(self, item: Any) -> Any:
        """Return the record of a page that was read, the first of several. Raise `Taken` for a page that is none."""
        if not isinstance(item, Reading):
            return item
        first, *more = records_of(item.result) or (None,)
        for record in more:  # each is an item for those that count and export items
            self.crawler.signals.send_catch_log(
                signals.item_scraped, item=record, response=None, spider=self.crawler.spider
            )
        if first:
            return first
        raise Taken(type(item.result).__name__.lower(), log_level="DEBUG")
