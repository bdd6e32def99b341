"""The pages of a site in an archive file, ours or anybody's, as a crawl would have given them to the parser."""

import re
from array import array
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import BinaryIO, NamedTuple
from urllib.parse import urlsplit

from qacrawl import registry, steps
from qacrawl.archive import decode, read, transfer, warc
from qacrawl.archive.records import Headers, Record, is_garbled, is_page, records
from qacrawl.archive.records import Wanted as Filter
from qacrawl.escape import plain
from qacrawl.records import LARGEST, Page
from qacrawl.usage import hosts as usage
from qacrawl.usage import tdmrep
from qacrawl.usage.hosts import Hosts

_PACKED = {b"\x1f\x8b\x08": b"gzip", b"\x28\xb5\x2f\xfd": b"zstd", b"x\x01": b"deflate", b"x\x9c": b"deflate"}
_PACKED |= {b"x\xda": b"deflate", b"x\x5e": b"deflate"}
"""What an encoded body begins with. br has no such sign: it is tried on what is no text."""
_FILES = {"/robots.txt": warc.ROBOTS, tdmrep.PATH: warc.TDMREP}
"""Paths of the files in which a host says how its pages may be used, and what a crawl asks for them as."""
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):")
_GARBLED = re.compile(r"[\0-\x1f\x7f]")
_CONTROL = bytes(code for code in range(32) if code not in b"\t\n\f\r\x1b")


@dataclass(frozen=True)
class Wanted:
    """Which pages of an archive are read: what a crawl knows of addresses, and an archive does not."""

    site: str
    starts: frozenset[str] = frozenset()
    """Canonical URLs of start pages, which the address alone does not tell."""
    skip: frozenset[str] = frozenset()
    """Canonical URLs that are never read: forgotten pages."""
    asked: frozenset[str] = frozenset()
    """In archives of ours, hosts whose pages are the site's; empty where the frontier knows none: then all are."""
    hosts: frozenset[str] = frozenset()
    """In archives of others, hosts whose pages are the site's, beside its own."""

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
        if found in self.skip or not self._is_of_site(host, ours):
            return None
        return found if self.about.kind(found) or found in self.starts else None

    def is_lost(self, url: str, ours: bool) -> bool:
        """Return whether an address is missing, or so garbled that it may have been one of the site's.

        What other schemes name, such as dns: and urn:, is no page and not lost.
        """
        scheme = _SCHEME.match(url)
        if not scheme:
            return True
        is_web = scheme[1].lower() in ("http", "https")
        try:
            host = urlsplit(self.about.canonical(url) if is_web else url).netloc
        except ValueError:
            return is_web
        if not is_web:
            return scheme[1].lower() != "ftp" and host in self.about.HOSTS
        return bool(_GARBLED.search(url)) and self.url(url, ours) is None and self._is_of_site(host, ours)

    def is_about_use(self, url: str, ours: bool) -> bool:
        """Return whether an address is that of a file in which a host of the site says how its pages may be used."""
        try:
            parts = urlsplit(url)
        except ValueError:
            return False
        return parts.path in _FILES and self._is_of_site(parts.netloc, ours)

    def _is_of_site(self, host: str, ours: bool) -> bool:
        hosts = self.asked if ours else self.hosts | frozenset(self.about.HOSTS)
        return host in hosts or not hosts  # there are sites without hosts of their own


class Piece(NamedTuple):
    """A file of the archive, or some of it."""

    address: str
    """Path, or s3://bucket/key."""
    name: str
    """What records call it."""
    ours: bool = False
    """Whether it lies in our own archive."""
    start: int = 0
    end: int | None = None
    """Records that begin here or later are not of it."""


class Found(NamedTuple):
    """A page, and the response that it was."""

    page: Page
    response: warc.Exchange
    visit: int | None
    """Number of the visit, by the frontier's counter; None in archives of others."""


@dataclass
class Seen:
    """What can be read of a file, whether anybody wants it or not."""

    places: "array[int]" = field(default_factory=lambda: array("q"))
    """Where responses and the like begin, each place once."""
    newest: int = 0
    """The highest number of a visit, in archives of ours."""
    hosts: Hosts = field(default_factory=Hosts)
    """The newest of the files in which hosts say how their pages may be used, wherever they lie."""

    def add(self, place: int, headers: Headers, ours: bool) -> None:
        """Note a record by its header."""
        if not self.places or self.places[-1] != place:
            self.places.append(place)
        number = headers.get(warc.VISIT.lower(), "")
        if ours and read.NUMBER.fullmatch(number):
            self.newest = max(self.newest, int(number))


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
    for _, record in records(file, wanted=lambda place, headers: True):
        if isinstance(record, Record) and record.headers.get("warc-type") == "warcinfo":
            found.heed(record)
        break
    return found


def pages(
    file: BinaryIO, piece: Piece, wanted: Wanted, seen: Seen | None = None
) -> Iterator[tuple[int, Found | warc.Damage]]:
    """Yield the pages of a file, or of some of it, with their places, and what can't be read.

    Pages that nobody wants are left out by their address, before anything of them is parsed. A page that raises costs
    itself. What can be read is noted in `seen`. An empty file of ours is what a killed run left.
    """
    if piece.ours and not file.read(1):
        return
    of, hosts, seen = source(file, piece.name, piece.ours), Hosts(), seen or Seen()
    if piece.start:  # what was said of use before counts for what follows
        for _, record in records(file, 0, piece.start, _files(wanted, of)):
            _take(hosts, read.entry(record), of, seen)
    for place, record in records(file, piece.start, piece.end, _filter(wanted, of, piece.ours, seen)):
        if isinstance(record, Record) and record.headers.get("warc-type") == "warcinfo":
            of.heed(record)
            continue
        try:
            entry = _entry(record, wanted, of)
            found = None if _take(hosts, entry, of, seen) else _page(place, entry, wanted, of, hosts)
        except Exception as error:  # a fault of ours or of the site's addresses
            found = warc.Damage(plain(repr(error), 300))
        if found:
            yield place, found


def _filter(wanted: Wanted, of: Source, ours: bool, seen: Seen) -> Filter:
    """Return what says by a record's header whether it is read, and notes it."""
    of_use = _files(wanted, of)

    def is_wanted(place: int, headers: Headers) -> bool:
        if headers.get("warc-type") == "warcinfo":
            return not ours
        if is_page(headers):
            seen.add(place, headers, of.ours)
        elif not is_garbled(headers):
            return False
        url = read.url_of(headers)
        try:
            return of_use(place, headers) or wanted.url(url, of.ours) is not None or wanted.is_lost(url, of.ours)
        except Exception:  # it is said when the page is read
            return True

    return is_wanted


def _files(wanted: Wanted, of: Source) -> Filter:
    """Return what says by a record's header whether it is a file in which a host says how its pages may be used."""

    def is_wanted(place: int, headers: Headers) -> bool:
        if of.ours:  # a crawl says what it asked for
            return warc.PURPOSE.lower() in headers
        is_other = not (is_page(headers) or is_garbled(headers))
        return not is_other and wanted.is_about_use(read.url_of(headers), of.ours)

    return is_wanted


def _entry(record: Record | warc.Damage, wanted: Wanted, of: Source) -> warc.Entry:
    """Return what a record says; one of which nobody can tell what page it was is damage."""
    entry = read.entry(record)
    if isinstance(entry, warc.Damage) or not wanted.is_lost(entry.url, of.ours):
        return entry
    return warc.Damage(f"its WARC-Target-URI is no address: {entry.url!a}")


def _take(hosts: Hosts, entry: warc.Entry, of: Source, seen: Seen) -> bool:
    """Take in what a host says of the use of its pages; return whether that is what an entry is."""
    if not isinstance(entry, warc.Exchange):
        return False
    if not of.ours and (purpose := _FILES.get(urlsplit(entry.url).path)):
        entry = replace(entry, purpose=purpose)
    if not entry.is_page:
        hosts.take(entry)
        seen.hosts.take_newer(entry)
    return not entry.is_page


def _page(place: int, entry: warc.Entry, wanted: Wanted, of: Source, hosts: Hosts) -> Found | warc.Damage | None:
    """Return the page that a response is; None where it is none."""
    if isinstance(entry, warc.Damage):
        return entry
    if isinstance(entry, warc.Revisit) or not 200 <= entry.status < 300:
        return None
    if transfer.is_part(entry.status, entry.values("Content-Range")):  # a failure in the crawl, too
        return None if of.ours else warc.Damage(f"cut off: 206 with a part of the page: {entry.url}")
    url = wanted.url(entry.url, of.ours)
    body = _body(entry, of.ours)
    if url is None or body is None or isinstance(body, warc.Damage):
        return body if isinstance(body, warc.Damage) else None
    kinds, signals = entry.values("Content-Type"), usage.of_response(hosts, entry)
    visit = entry.visit if of.ours else None
    at = warc.Place(of.name, place)
    page = steps.page(wanted.site, url, body, entry.status, kinds, entry.fetched_at, at, entry.url, signals)
    return Found(page if page.run_id == of.run else page.model_copy(update={"run_id": of.run}), entry, visit)


def _body(entry: warc.Exchange, ours: bool) -> bytes | warc.Damage | None:
    """Return the body without its encoding; None for one that was a failure in the crawl, too."""
    try:
        body, wrong = decode.body(entry.body, entry.values("Content-Encoding"), LARGEST), None
    except decode.DecodeError as error:
        if ours:
            return None
        if not (isinstance(error, decode.NotEncoded) or entry.body.lstrip()[:1] == b"<"):
            return warc.Damage(f"{error}: {entry.url}")
        body, wrong = entry.body, error  # it was decoded when it was archived, and its header left, unless it is binary
    if ours:
        return body
    try:
        body = _unpacked(body)
    except (transfer.CutError, decode.DecodeError) as error:
        return warc.Damage(f"cut off: {error}: {entry.url}")
    return warc.Damage(f"{wrong}: {entry.url}") if wrong and _is_binary(body) else body


def _is_binary(body: bytes) -> bool:
    """Return whether a body is no text in any encoding that pages have."""
    begin = body[:512]
    is_wide = begin.startswith((b"\xff\xfe", b"\xfe\xff")) or begin.replace(b"\0", b"").lstrip()[:1] == b"<"
    return not is_wide and len(begin.translate(None, _CONTROL)) < len(begin)


def _unpacked(body: bytes) -> bytes:
    """Return a body without chunks and encoding that no header told of. Raise CutError for chunks without an end."""
    body = transfer.dechunked(body, exactly=True) or body
    coding = next((name for sign, name in _PACKED.items() if body.startswith(sign)), None)
    if coding is None and _is_binary(body):
        coding = b"br"
    try:
        found = decode.body(body, [coding], LARGEST) if coding else body
    except decode.DecodeError:
        if coding in (b"gzip", b"zstd"):  # what begins with these signs is that
            raise
        return body
    return found if coding != b"br" or found.lstrip()[:1] == b"<" else body
