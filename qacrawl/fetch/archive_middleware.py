"""ARCHIVE: a downloader middleware that writes every response to the archive before anyone reads it.

It stands below decompression, so that the archive has the bytes as they came. An item pipeline would see neither
those bytes nor the responses that are no success. A response that a killed run archived is read from there instead,
by a middleware that stands above all others.
"""

import logging
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import NamedTuple, Self

from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.http import Headers, Response
from scrapy.responsetypes import responsetypes

from qacrawl import files
from qacrawl.archive import read, warc
from qacrawl.fetch import run as runs
from qacrawl.fetch import validators
from qacrawl.frontier import Row
from qacrawl.records import Signal
from qacrawl.usage import hosts, marks, standing

logger = logging.getLogger(__name__)


class Purpose(NamedTuple):
    """What a request is for that asks for no page of the site."""

    name: str
    """"robots.txt" or "tdmrep.json"."""
    host: str
    """Scheme and host of whose it is, wherever redirects lead."""


@dataclass(frozen=True)
class Fetched:
    """Facts of a response that its headers do not say."""

    place: warc.Place
    at: datetime
    seconds: float | None
    """From the request's start to the last byte; None for what was read from the archive."""
    payload: str
    """WARC-Payload-Digest."""
    visit: int | None = None
    """Number of the visit; None of a response that an older version archived."""
    signals: tuple[Signal, ...] = ()
    """What the files of its host and its headers say of the use of its page."""


class ReplayMiddleware:
    """Answers from the archive; it stands before robots.txt is asked for, which only a request to the site needs."""

    def __init__(self, crawler: Crawler) -> None:
        self.run = runs.of(crawler)
        self.course = cache(hosts.course)

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Make one for a crawler of Scrapy."""
        return cls(crawler)

    def process_request(self, request: Request) -> Response | None:
        """Return the response, where the archive has one that nobody has read."""
        row: Row | None = request.meta.get("row")
        if row is None or row.archived_file is None or row.archived_offset is None:
            return None
        path = self.run.folder / "archive" / row.archived_file
        found = _read(path, row.archived_offset)
        if found is None:
            logger.warning("%s is not in the archive where it should be; it is fetched again", row.url)
            return None
        place, exchange = found
        self.run.tally.add("from_archive")
        signals = hosts.of_response(hosts.at(self.course(path), place.offset), exchange)
        request.meta["fetched"] = Fetched(place, exchange.fetched_at, None, exchange.payload, exchange.visit, signals)
        headers = Headers([(warc.as_bytes(name), warc.as_bytes(value)) for name, value in exchange.headers])
        kind = responsetypes.from_args(headers=headers, url=exchange.url, body=exchange.body)
        return kind(exchange.url, status=exchange.status, headers=headers, body=exchange.body, request=request)


class ArchiveMiddleware:
    """Writes responses."""

    def __init__(self, crawler: Crawler) -> None:
        self.run = runs.of(crawler)

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Make one for a crawler of Scrapy."""
        return cls(crawler)

    def process_response(self, request: Request, response: Response) -> Response:
        """Archive a response that came over the network."""
        if "fetched" in request.meta:
            return response
        row: Row | None = request.meta.get("row")
        at = datetime.now(UTC)
        headers = [
            (warc.as_text(name), warc.as_text(value)) for name, values in response.headers.items() for value in values
        ]
        purpose: Purpose | None = request.meta.get("purpose")
        visit = row.generation if row else None
        exchange = warc.Exchange(
            request.url,
            response.status,
            headers,
            response.body,
            at,
            purpose.name if purpose else None,
            visit,
            purpose.host if purpose else None,
        )
        signals = hosts.of_response(self.run.usage, exchange) if row else ()
        # A run that refetches reads the page again, so its records need a whole response to point to.
        # One of which something else is said by now is read again likewise.
        same_signals = row is not None and marks.part(row.digest) == marks.of(signals)
        seen = response.status == 200 and not self.run.options.refetch and same_signals
        not_modified = response.status == 304 and validators.is_conditional(request)
        same = row is not None and (not_modified or (seen and exchange.payload == row.payload))
        try:
            place = self.run.batch.keep(exchange, row, same)
        except OSError as error:
            self.run.stop("disk", f"the archive can't be written: {error.strerror or error}")
            raise
        if self.run.usage.take(exchange):
            with self.run.guard():
                standing.note(self.run.folder, self.run.usage)
        seconds = request.meta.get("seconds")
        request.meta["fetched"] = Fetched(place, at, seconds, exchange.payload, visit, signals)
        return response


def _read(path: Path, offset: int) -> tuple[warc.Place, warc.Exchange] | None:
    """Return the response that starts at an offset of an archive file."""
    try:
        place, exchange = next(iter(read.entries(files.fetch(path), offset)), (None, None))
    except OSError:
        return None
    return (place, exchange) if place and isinstance(exchange, warc.Exchange) else None
