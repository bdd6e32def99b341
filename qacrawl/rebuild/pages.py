"""The pages of a site in an archive file, ours or anybody's, as a crawl would have given them to the parser."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from typing import BinaryIO
from urllib.parse import urlsplit

from qacrawl import registry
from qacrawl.archive import decode, read, transfer, warc
from qacrawl.archive.records import Headers, Record, is_page, records
from qacrawl.records import LARGEST, Page

_PACKED = {b"\x1f\x8b\x08": b"gzip", b"\x28\xb5\x2f\xfd": b"zstd", b"x\x01": b"deflate", b"x\x9c": b"deflate"}
_PACKED |= {b"x\xda": b"deflate", b"x\x5e": b"deflate"}
"""What an encoded body begins with. br has no such sign: it is tried on what is no text."""
_CONTROL = bytes(code for code in range(32) if code not in b"\t\n\f\r\x1b")


@dataclass(frozen=True)
class Wanted:
    """Which pages of an archive are read."""

    site: str
    starts: frozenset[str] = frozenset()
    """Canonical URLs of start pages, which the address alone does not tell."""
    skip: frozenset[str] = frozenset()
    """Canonical URLs that are never read: forgotten pages."""
    hosts: frozenset[str] = frozenset()
    """Hosts that count in archives of others, beside the site's own."""

    @cached_property
    def about(self) -> registry.Site:
        """The site."""
        return registry.load(self.site)

    def url(self, url: str, ours: bool) -> str | None:
        """Return the canonical URL of a page that is read; None for others, a sitemap or another site's, for two."""
        try:
            found = self.about.canonical(url)
            host = urlsplit(found).netloc
        except ValueError:
            return None
        if found in self.skip or not (ours or host in self.hosts or host in self.about.HOSTS):
            return None
        return found if self.about.kind(found) or found in self.starts else None


@dataclass
class Source:
    """Who wrote the records that are being read."""

    name: str
    ours: bool
    """Whether a crawl of ours did: then bodies are as they came, and all hosts were asked on purpose."""
    run: str | None = None

    def heed(self, record: Record) -> None:
        """Take in what a warcinfo says of the records behind it."""
        self.ours = b"software: qacrawl" in (record.block or b"")
        self.run = warc.run_of(record.headers.get("warc-filename", "")) or None if self.ours else None


def source(file: BinaryIO, name: str, ours: bool) -> Source:
    """Return who wrote a file: we did, if it lies in our archive or its first record says so."""
    if ours:
        return Source(name, True, warc.run_of(name))
    found = Source(name, False)
    for _, record in records(file, wanted=lambda headers: True):
        if isinstance(record, Record) and record.headers.get("warc-type") == "warcinfo":
            found.heed(record)
        break
    return found


def pages(
    file: BinaryIO, name: str, wanted: Wanted, *, ours: bool, start: int = 0, end: int | None = None
) -> Iterator[tuple[int, Page | warc.Damage]]:
    """Yield the pages of a file with their places, and what can't be read; `name` is the file's in the records.

    Pages that nobody wants are left out by their address, before anything of them is parsed.
    """
    of = source(file, name, ours)
    for place, record in records(file, start, end, _filter(wanted, of, ours)):
        if isinstance(record, Record) and record.headers.get("warc-type") == "warcinfo":
            of.heed(record)
            continue
        if found := _page(place, read.entry(record), wanted, of):
            yield place, found


def _filter(wanted: Wanted, of: Source, ours: bool) -> Callable[[Headers], bool]:
    """Return what says by a record's header whether it is read."""

    def is_wanted(headers: Headers) -> bool:
        if headers.get("warc-type") == "warcinfo":
            return not ours
        return is_page(headers) and wanted.url(read.url_of(headers), of.ours) is not None

    return is_wanted


def _page(place: int, entry: warc.Entry, wanted: Wanted, of: Source) -> Page | warc.Damage | None:
    """Return the page that a response is; None where it is none."""
    if isinstance(entry, warc.Damage):
        return entry
    if isinstance(entry, warc.Revisit) or entry.is_robots or not 200 <= entry.status < 300:
        return None
    url = wanted.url(entry.url, of.ours)
    body = _body(entry, of.ours)
    if url is None or body is None or isinstance(body, warc.Damage):
        return body if isinstance(body, warc.Damage) else None
    kinds = entry.values("Content-Type")
    return Page(
        site=wanted.site,
        url=url,
        body=body,
        fetched_at=entry.fetched_at,
        content_type=kinds[-1].decode("latin-1") if kinds else None,
        status=entry.status,
        run_id=of.run,
        warc_file=of.name,
        warc_offset=place,
    )


def _body(entry: warc.Exchange, ours: bool) -> bytes | warc.Damage | None:
    """Return the body without its encoding; None for one that was a failure in the crawl, too."""
    try:
        body = decode.body(entry.body, entry.values("Content-Encoding"), LARGEST)
    except decode.DecodeError as error:
        if ours:
            return None
        if not (isinstance(error, decode.NotEncoded) or entry.body.lstrip()[:1] == b"<"):
            return warc.Damage(f"{error}: {entry.url}")
        body = entry.body  # it was decoded when it was archived, and its header left
    return body if ours else _unpacked(body)


def _unpacked(body: bytes) -> bytes:
    """Return a body without chunks and encoding that no header told of."""
    with suppress(transfer.CutError):
        body = transfer.dechunked(body, exactly=True) or body
    coding = next((name for sign, name in _PACKED.items() if body.startswith(sign)), None)
    if coding is None and len(body[:512].translate(None, _CONTROL)) < len(body[:512]):
        coding = b"br"
    try:
        found = decode.body(body, [coding], LARGEST) if coding else body
    except decode.DecodeError:
        return body
    return found if coding != b"br" or found.lstrip()[:1] == b"<" else body
