"""PARSE to REDACT in one call: what a crawl, `rebuild` and `extract` do with a page."""

from qacrawl import registry, validate
from qacrawl.records import Article, Listing, Page, QARecord, Refusal, Reject
from qacrawl.redact import AskerNames
from qacrawl.redact.record import redact


def read(page: Page) -> QARecord | Listing | Refusal:
    """The record of a page, not redacted yet; the links of a listing; or why it is neither."""
    parser = registry.load_parser(page.site)
    answer = parser.parse(page)
    return validate.validate(page, answer.fields, parser.VERSION) if isinstance(answer, Article) else answer


def result(
    page: Page, key: bytes, askers: AskerNames = "pseudonym", *, texts: bool = True, own: bool = True
) -> QARecord | Listing | Reject:
    """What is stored of a page: its redacted record, or a reject that says what is wrong; or a listing's links."""
    answer = read(page)
    if isinstance(answer, QARecord):
        return redact(answer, key=key, askers=askers, texts=texts, own=own)
    return validate.reject(page, answer, version(page.site)) if isinstance(answer, Refusal) else answer


def version(site: str) -> int:
    """The version of a site's parser."""
    return registry.load_parser(site).VERSION
