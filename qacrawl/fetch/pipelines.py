"""PARSE to REDACT as a Scrapy item pipeline: a page goes in; a record, a reject or a listing comes out.

What comes out here is stored by the session: with the acknowledgement of its URL, in one transaction (`run.py`).
"""

from datetime import UTC, datetime
from typing import Any, Self

from scrapy.crawler import Crawler

from qacrawl.fetch import run
from qacrawl.fetch.outcomes import GivenBack
from qacrawl.reader import limits
from qacrawl.reader.client import Reader, ReadError, Unread, reject
from qacrawl.reader.messages import Setup
from qacrawl.records import Page


class ReadPipeline:
    """Bytes to plain fields, those to a record or a reject, that without personal data."""

    def __init__(self, crawler: Crawler) -> None:
        self.crawler = crawler
        self.session = run.of(crawler)
        setup = Setup(self.session.slug, self.session.key, limits.of(self.session.settings), links=True)
        self.reader = Reader(setup, self.is_ending)

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Made by Scrapy."""
        return cls(crawler)

    async def process_item(self, item: Any) -> Any:
        """A page becomes what is stored of it, or a listing; other items pass."""
        if not isinstance(item, Page):
            return item
        try:
            read = await self.reader.read(item)
        except ReadError as error:
            self.session.links[item.url] = error.links
            return reject(item, error)
        except Unread as error:
            raise GivenBack(str(error)) from None
        self.session.links[item.url] = read.links
        return read.result

    def is_ending(self) -> bool:
        """Whether the run must end soon: a signal came, or its time is over."""
        budget = self.session.settings["QACRAWL_MAX_SECONDS"]
        is_over = budget and (datetime.now(UTC) - self.session.started).total_seconds() >= budget
        return bool(is_over) or not self.crawler.crawling

    def close_spider(self) -> None:
        """End the process that reads."""
        self.reader.close()
