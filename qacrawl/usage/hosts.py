"""The robots.txt and tdmrep.json of each host, as they come in the order of the archive: what they say of a page.

A crawl and `rebuild` both go through responses in that order, so a page gets the same signals from both.
"""

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from operator import itemgetter
from pathlib import Path
from urllib.parse import urlsplit

from qacrawl.archive import decode, read, warc
from qacrawl.records import LARGEST, Signal
from qacrawl.usage import rules, signals, tdmrep
from qacrawl.usage.directives import AGENT


@dataclass(frozen=True)
class Files:
    """What the two files of a host say; None is one that was not had."""

    robots: rules.Rules | None = None
    robots_at: datetime | None = None
    reserved: tuple[tdmrep.Location, ...] | None = None
    reserved_at: datetime | None = None

    def signals(self, url: str) -> tuple[Signal, ...]:
        """Return what they say of the use of `url`."""
        said = signals.from_robots(self.robots, url, self.robots_at) if self.robots else ()
        return (*said, *(signals.from_tdmrep(self.reserved, url, self.reserved_at) if self.reserved else ()))


@dataclass
class Hosts:
    """The files of hosts, as far as the archive was gone through."""

    files: dict[str, Files] = field(default_factory=dict)
    """By scheme and host."""

    def take(self, exchange: warc.Exchange) -> bool:
        """Go on to the next response; return whether it changes what is known: pages don't, and failures don't."""
        if exchange.is_page or exchange.status >= 500 or exchange.status == 429:
            return False
        host = exchange.host or root(exchange.url)
        known, body, moment = self.files.get(host, Files()), _body(exchange), exchange.fetched_at
        if exchange.is_robots:
            self.files[host] = replace(known, robots=rules.parse(body, AGENT), robots_at=moment)
        else:
            self.files[host] = replace(known, reserved=tdmrep.parse(body), reserved_at=moment)
        return True

    def take_newer(self, exchange: warc.Exchange) -> None:
        """Take in a file unless it is older than the one that is known: archives of others have any order."""
        known = self.files.get(exchange.host or root(exchange.url), Files())
        at = known.robots_at if exchange.is_robots else known.reserved_at
        if at is None or at <= exchange.fetched_at:
            self.take(exchange)

    def signals(self, url: str) -> tuple[Signal, ...]:
        """Return what the files of its host say of the use of `url`."""
        known = self.files.get(root(url))
        return known.signals(url) if known else ()


def of_response(hosts: Hosts, exchange: warc.Exchange) -> tuple[Signal, ...]:
    """Return what is said of the use of the page that a response is, by the files of its host and its headers."""
    return (*hosts.signals(exchange.url), *signals.from_headers(exchange.headers, exchange.fetched_at))


def signalled(
    entries: Iterable[tuple[warc.Place, warc.Entry]],
) -> Iterator[tuple[warc.Place, warc.Entry, tuple[Signal, ...]]]:
    """Yield the entries of an archive file with what is said of the use of each page among them, but by itself."""
    hosts = Hosts()
    for place, entry in entries:
        if isinstance(entry, warc.Exchange) and not entry.is_page:
            hosts.take(entry)
        is_page = isinstance(entry, warc.Exchange) and entry.is_page
        yield place, entry, of_response(hosts, entry) if is_page else ()  # type: ignore[arg-type]


def course(path: Path) -> list[tuple[int, Hosts]]:
    """Return what is known in an archive file from each robots.txt or tdmrep.json on, with where that starts."""
    hosts, found = Hosts(), [(-1, Hosts())]
    for place, entry in read.entries(path):
        if isinstance(entry, warc.Exchange) and hosts.take(entry):
            found.append((place.offset, Hosts(dict(hosts.files))))
    return found


def at(course: Sequence[tuple[int, Hosts]], offset: int) -> Hosts:
    """Return what is known where the record at `offset` begins."""
    return course[bisect_left(course, offset, key=itemgetter(0)) - 1][1]


def root(url: str) -> str:
    """Return scheme and host of a URL."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def _body(exchange: warc.Exchange) -> bytes:
    """Return the body of a file; nothing where there is none, or it can't be decoded."""
    if not 200 <= exchange.status < 300:
        return b""
    try:
        return decode.body(exchange.body, exchange.values("Content-Encoding"), LARGEST)
    except decode.DecodeError:
        return b""
