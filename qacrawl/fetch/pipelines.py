"""PARSE to REDACT as a Scrapy item pipeline: a page goes in; a record, a reject or a listing comes out.

ARCHIVE is `archiving.py`. What comes out here is stored by the session: with the acknowledgement of its URL, in one
transaction (`session.py`).
"""

from typing import Any, Self

from scrapy.crawler import Crawler

from qacrawl.fetch import run
from qacrawl.fetch.parse_process import Reader, ReadError
from qacrawl.records import Page


class ReadPipeline:
    """Bytes to plain fields, those to a record or a reject, that without personal data."""

    def __init__(self, crawler: Crawler) -> None:
        self.session = run.of(crawler)
        self.reader = Reader(self.session.key)

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
            raise
        self.session.links[item.url] = read.links
        return read.result

    def close_spider(self) -> None:
        """End the process that reads."""
        self.reader.close()
