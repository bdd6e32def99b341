"""PARSE to STORE as Scrapy's item pipelines: a page goes in, a record, a reject or a listing comes out.

ARCHIVE is `archiving.py`. What comes out here is stored by the session: with the acknowledgement of its URL, in one
transaction (`session.py`).
"""

from dataclasses import dataclass
from typing import Any, Self

from scrapy.crawler import Crawler

from qacrawl import parsers, privacy, session, validate
from qacrawl.records import Article, Listing, Page, QARecord, Refusal, Reject


@dataclass(frozen=True)
class Parsed:
    """A page with its parser's answer."""

    page: Page
    answer: Article | Refusal
    version: int


class ParsePipeline:
    """PARSE: bytes to plain fields."""

    def process_item(self, item: Any) -> Any:
        """A page becomes `Parsed`, or a listing; other items pass."""
        if not isinstance(item, Page):
            return item
        parser = parsers.load(item.site)
        answer = parser.parse(item)
        return answer if isinstance(answer, Listing) else Parsed(item, answer, parser.VERSION)


class ValidatePipeline:
    """VALIDATE: plain fields to a record, or a reject that names what is wrong."""

    def process_item(self, item: Any) -> Any:
        """`Parsed` becomes a record or a reject; other items pass."""
        if not isinstance(item, Parsed):
            return item
        answer = item.answer
        result = validate.validate(item.page, answer.fields, item.version) if isinstance(answer, Article) else answer
        return validate.reject(item.page, result, item.version) if isinstance(result, Refusal) else result


class RedactPipeline:
    """REDACT: pseudonyms for askers; e-mail addresses, phone and ID numbers taken out."""

    def __init__(self, key: bytes) -> None:
        self.key = key

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Made by Scrapy."""
        return cls(session.of(crawler).key)

    def process_item(self, item: Any) -> QARecord | Reject | Listing | Any:
        """A record is redacted; other items pass."""
        return privacy.redact(item, key=self.key) if isinstance(item, QARecord) else item
