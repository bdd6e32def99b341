"""`qacrawl site check`: a few pages of a site, fetched as in any crawl, into a folder that is not kept."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from secrets import token_bytes
from tempfile import TemporaryDirectory
from typing import NamedTuple
from urllib.parse import urlsplit

from rich.console import Console

from qacrawl import registry, sitefile, steps
from qacrawl.archive import decode, read, warc
from qacrawl.commands.crawl import crawl
from qacrawl.commands.reasons import in_words
from qacrawl.errors import Exit, QacrawlError
from qacrawl.escape import plain
from qacrawl.options import Options
from qacrawl.parse import blocks, encoding, hrefs, links
from qacrawl.records import LARGEST, Page, QARecord, Reject, records_of
from qacrawl.usage import hosts

MOST = 3
"""Addresses that are named where there are many."""
FIELDS = ("title", "question", "asker", "ask_date", "doctor", "reply", "reply_date")
"""Fields of which is said whether the page gives them."""


class Answer(NamedTuple):
    """A response of a few pages that were fetched."""

    url: str
    status: int
    page: Page | None
    """None of what is no success."""


def fetch(slug: str, pages: int, options: Options, console: Console) -> list[Answer]:
    """Crawl at most so many pages of a site into a folder that is removed; return what came.

    Raise QacrawlError when nothing did.
    """
    with TemporaryDirectory(prefix="qacrawl-") as output:
        own = options.model_copy(update={"output": output, "max_pages": pages, "quiet": True, "frontier": None})
        result = crawl(slug, sitefile.chosen(own, slug), console)
        archive = Path(output) / slug / "archive"
        found = [answer for file in warc.files(archive) for answer in _answers(file, slug)]
    if not found:
        said = result.report["problem"] or f"no page came; robots.txt may forbid {registry.load(slug).START[0]}"
        raise QacrawlError(said, Exit.FAILED)
    return found


def check(file: str, pages: int, options: Options, console: Console) -> Iterator[str]:
    """Yield lines that say of each of a few pages what is read in it, where it leads, and which links are skipped.

    Raise QacrawlError for a file that can't be, and when nothing comes.
    """
    if not sitefile.is_file(file):
        raise QacrawlError(f"{file} is no TOML file of a site", Exit.USAGE)
    slug = sitefile.find(file, options.output)
    seen: Counter[str] = Counter()
    for url, status, page in fetch(slug, pages, options, console):
        yield f"{registry.load(slug).kind(url) or 'other'} {status} {plain(url, 300)}"
        said = list(_read(page)) if page else ["no page"]
        seen.update(line.partition(" ")[0].removesuffix(":") for line in said)
        yield from (f"  {line}" for line in said)
        if page:
            yield from (f"  {line}" for line in _links(page))
    counted = ", ".join(f"{seen[word]} {word}" for word in ("record", "reject", "listing") if seen[word])
    yield f"{counted or 'nothing read'}; nothing was published or kept"


def _answers(file: Path, slug: str) -> Iterator[Answer]:
    """Yield the pages of an archive file."""
    for place, entry, signals in hosts.signalled(read.entries(file)):
        if not (isinstance(entry, warc.Exchange) and entry.is_page):
            continue
        url = registry.load(slug).canonical(entry.url)
        page = None
        if 200 <= entry.status < 300:
            try:
                body = decode.body(entry.body, entry.values("Content-Encoding"), LARGEST)
                types = entry.values("Content-Type")
                at, own = entry.fetched_at, entry.url
                page = steps.page(slug, url, body, entry.status, types, at, place, own, signals)
            except decode.DecodeError:
                pass
        yield Answer(url, entry.status, page)


def _read(page: Page) -> Iterator[str]:
    """Yield what a page comes to."""
    result = steps.result(page, token_bytes(32))
    if isinstance(result, Reject):
        yield f"reject: {in_words(result.reason, result.fields)}"
    found = records_of(result)
    yield from (_record(record) for record in found)
    if not found and not isinstance(result, Reject):
        yield "listing"


def _record(record: QARecord) -> str:
    values = {name: getattr(record, name) for name in FIELDS}
    said = ", ".join(f"{name} {plain(repr(str(value)), 60)}" for name, value in values.items() if value is not None)
    missing = ", ".join(name for name, value in values.items() if value is None)
    more = f"; {len(record.other_replies)} other replies" if record.other_replies else ""
    notes = f"; notes: {', '.join(record.notes)}" if record.notes else ""
    return f"record {record.record_id}: {said}{f'; without {missing}' if missing else ''}{more}{notes}"


def _links(page: Page) -> Iterator[str]:
    """Yield which links of a page are followed, and which are skipped and why."""
    site = registry.load(page.site)
    followed = links.links(page, set())
    if followed:
        yield f"followed: {_some(followed)}"
    markup = encoding.decode(page.body, page.content_type) or ""
    resolve = hrefs.resolver(page, markup)
    others: dict[str, dict[str, None]] = {"no pattern fits": {}, "another host": {}}
    for href in links.hrefs(blocks.tame(markup, page.content_type)):
        url = resolve(href)
        if url and url.startswith(("http://", "https://")) and not site.kind(url):
            why = "no pattern fits" if urlsplit(url).netloc in site.HOSTS else "another host"
            others[why][url] = None
    yield from (f"skipped, {why}: {_some(tuple(urls))}" for why, urls in others.items() if urls)


def _some(urls: tuple[str, ...]) -> str:
    """Name the first of some addresses, and say how many there are."""
    said = " ".join(plain(url, 120) for url in urls[:MOST])
    return f"{said} and {len(urls) - MOST} more" if len(urls) > MOST else said
