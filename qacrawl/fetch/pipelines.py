"""The item pipelines, as the flow goes: PARSE to REDACT, then STORE.

A page goes in; a record comes out, and what a feed exporter or a later pipeline sees is records only. Rejects and
listings go no further: they are counted with their visit.
"""

from typing import Any, Self

from scrapy.crawler import Crawler

from qacrawl.fetch import run as runs
from qacrawl.fetch.parse_process import Reader, ReadError
from qacrawl.fetch.visits import Reading, Taken
from qacrawl.records import QARecord


class ParsePipeline:
    """Bytes to plain fields, those to a record or a reject, that without personal data: in a process beside."""

    def __init__(self, crawler: Crawler) -> None:
        self.reader = Reader(runs.of(crawler).key)

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
            item.visit.links += error.links
            raise
        assert not isinstance(read.result, str)  # noqa: S101 (then `read` raises)
        item.result = read.result
        item.visit.take(read.result, read.links)
        return item

    def close_spider(self) -> None:
        """End the process that reads."""
        self.reader.close()


class StorePipeline:
    """Gives on what is stored with the visit's URL (`batch.py`): records. Its other results go no further."""

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Return the pipeline, as Scrapy asks for it. Raise NotConfigured where no run is open."""
        runs.of(crawler)
        return cls()

    def process_item(self, item: Any) -> Any:
        """Return the record of a page that was read. Raise `Taken` for a page that is none."""
        if not isinstance(item, Reading):
            return item
        if isinstance(item.result, QARecord):
            return item.result
        raise Taken(type(item.result).__name__.lower(), log_level="DEBUG")
