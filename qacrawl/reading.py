"""PARSE and VALIDATE in one call, for pages that do not come through Scrapy's pipelines."""

from qacrawl import parsers, validate
from qacrawl.records import Article, Listing, Page, QARecord, Refusal


def read(page: Page) -> QARecord | Listing | Refusal:
    """The record of a page, not redacted yet; the links of a listing; or why it is neither."""
    parser = parsers.load(page.site)
    answer = parser.parse(page)
    return validate.validate(page, answer.fields, parser.VERSION) if isinstance(answer, Article) else answer


def version(site: str) -> int:
    """The version of a site's parser."""
    return parsers.load(site).VERSION
