"""PARSE to REDACT in one call: what a crawl, `rebuild` and `extract` do with a page."""

from collections.abc import Sequence
from datetime import datetime

from qacrawl import registry, validate
from qacrawl.archive import warc
from qacrawl.parse.blocks import is_html
from qacrawl.parse.encoding import decode
from qacrawl.records import Article, Listing, Page, QARecord, Refusal, Reject, Several, Signal, records_of
from qacrawl.redact import AskerNames
from qacrawl.redact.quotes import NOTHING, Forgotten, unquoted
from qacrawl.redact.record import redact
from qacrawl.redact.third import Detector
from qacrawl.usage import signals as usage
from qacrawl.usage.page import from_page


def page(
    site: str,
    url: str,
    body: bytes,
    status: int,
    content_types: Sequence[bytes],
    fetched_at: datetime,
    place: warc.Place | None,
    address: str | None = None,
    signals: Sequence[Signal] = (),
) -> Page:
    """Return a response as a page: what a crawl gives to the parser, and `rebuild` again.

    `url` is canonical, `body` without its content encoding; of several Content-Types the last counts. `place` is where
    the response lies in the archive, `address` where it was asked for; `signals` are what its host's files and its
    headers say of its use.
    """
    return Page(
        site=site,
        url=url,
        address=None if address == url else address,
        body=body,
        fetched_at=fetched_at,
        content_type=content_types[-1].decode("latin-1") if content_types else None,
        status=status,
        run_id=warc.run_of(place.file) if place else None,
        warc_file=place.file if place else None,
        warc_offset=place.offset if place else None,
        signals=tuple(signals),
    )


def signalled(page: Page) -> Page:
    """Return a page with what it says itself of its use among its signals."""
    markup = decode(page.body, page.content_type, registry.encoding(page.site))
    found = from_page(markup, page.fetched_at) if markup and is_html(markup, page.content_type) else ()
    return page.model_copy(update={"signals": (*page.signals, *found)}) if found else page


def read(page: Page) -> QARecord | Several | Listing | Refusal:
    """Return the records of a page, not redacted yet; the links of a listing; or why it is neither."""
    parser = registry.load_parser(page.site)
    answer = parser.parse(page)
    return _records(page, answer, parser.VERSION) if isinstance(answer, Article) else answer


def _records(page: Page, answer: Article, version: int) -> QARecord | Several | Refusal:
    """Return the records of a page's questions; those that make none are left out, unless all do."""
    made = [validate.validate(page, fields, version, rank) for rank, fields in enumerate(answer.questions)]
    records = [record for record in made if isinstance(record, QARecord)]
    return Several(tuple(records)) if len(records) > 1 else records[0] if records else made[0]


def result(page: Page, key: bytes, *, texts: bool = True) -> QARecord | Several | Listing | Reject:
    """Return what is stored of a page: its redacted records, or a reject that says what is wrong.

    Of a listing, return its links. What `signalled` finds on the page is found here, too.
    """
    return of_signalled(signalled(page), key, texts=texts)


def of_signalled(
    page: Page,
    key: bytes,
    askers: AskerNames = "pseudonym",
    *,
    texts: bool = True,
    own: bool = True,
    forgotten: Forgotten = NOTHING,
    third: Detector | None = None,
) -> QARecord | Several | Listing | Reject:
    """Return what `result` does, of a page as `signalled` gives it; see `redact` for how texts are redacted.

    What it quotes of pages that were `forgotten` leaves it.
    """
    answer = read(page)
    if isinstance(answer, Listing) and not usage.follows(page.signals):
        return Listing(())
    if records_of(answer) and not usage.indexes(page.signals):
        answer = Refusal("noindex")
    redacted = (redact(one, key=key, askers=askers, texts=texts, own=own, third=third) for one in records_of(answer))
    if records := [unquoted(one, forgotten) for one in redacted]:
        return Several(tuple(records)) if len(records) > 1 else records[0]
    return validate.reject(page, answer, version(page.site)) if isinstance(answer, Refusal) else answer


def version(site: str) -> int:
    """Return the version of a site's parser."""
    return registry.load_parser(site).VERSION
