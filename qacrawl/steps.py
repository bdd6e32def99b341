"""PARSE to REDACT in one call: what a crawl, `rebuild` and `extract` do with a page."""

from qacrawl import registry, validate
from qacrawl.records import Article, Listing, Page, QARecord, Refusal, Reject, Several, records_of
from qacrawl.redact import AskerNames
from qacrawl.redact.record import redact


def read(page: Page) -> QARecord | Several | Listing | Refusal:
    """The records of a page, not redacted yet; the links of a listing; or why it is neither."""
    parser = registry.load_parser(page.site)
    answer = parser.parse(page)
    return _records(page, answer, parser.VERSION) if isinstance(answer, Article) else answer


def _records(page: Page, answer: Article, version: int) -> QARecord | Several | Refusal:
    """The records of a page's questions; those that make none are left out, unless all do."""
    made = [validate.validate(page, fields, version, rank) for rank, fields in enumerate(answer.questions)]
    records = [record for record in made if isinstance(record, QARecord)]
    return Several(tuple(records)) if len(records) > 1 else records[0] if records else made[0]


def result(
    page: Page, key: bytes, askers: AskerNames = "pseudonym", *, texts: bool = True
) -> QARecord | Several | Listing | Reject:
    """What is stored of a page: its redacted records, or a reject that says what is wrong; or a listing's links."""
    answer = read(page)
    if records := [redact(record, key=key, askers=askers, texts=texts) for record in records_of(answer)]:
        return Several(tuple(records)) if len(records) > 1 else records[0]
    return validate.reject(page, answer, version(page.site)) if isinstance(answer, Refusal) else answer


def version(site: str) -> int:
    """The version of a site's parser."""
    return registry.load_parser(site).VERSION
