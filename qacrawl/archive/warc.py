"""What the archive holds: responses, revisits, and stretches that can't be read; where a record lies.

Source of the format: https://iipc.github.io/warc-specifications/specifications/warc-format/warc-1.1/
"""

import base64
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

SUFFIX = ".warc.gz"
PURPOSE = "Qacrawl-Purpose"
"""Field of a record's WARC header: "robots.txt" for what was fetched as that, for which redirects lead anywhere, and
"tdmrep.json" likewise."""
ROBOTS = "robots.txt"
TDMREP = "tdmrep.json"
HOST = "Qacrawl-Host"
"""Field of a record's WARC header: scheme and host that a robots.txt or tdmrep.json is for, wherever it came from."""
VISIT = "Qacrawl-Visit"
"""Field of a record's WARC header: the number of the visit, by the frontier's counter."""
Headers = Sequence[tuple[str, str]]
"""Names and values, in their order. Bytes that are no UTF-8 stand in them as lone surrogates, so that none is lost."""


class Place(NamedTuple):
    """Where a record lies: the file's name, and the byte at which the record's gzip member starts."""

    file: str
    offset: int


@dataclass(frozen=True)
class Exchange:
    """A response as it came: the body dechunked, but with its content encoding."""

    url: str
    status: int
    headers: Headers
    body: bytes = field(repr=False)
    fetched_at: datetime
    purpose: str | None = None
    """ROBOTS or TDMREP where it came as that, at whatever address: then it is no page of the site."""
    visit: int | None = None
    """Number of the visit, by the frontier's counter; None in archives of older versions, and of what is no page."""
    host: str | None = None
    """Scheme and host that a robots.txt or tdmrep.json is for; None of pages, and in archives of older versions."""

    @property
    def is_robots(self) -> bool:
        """Whether it came as a robots.txt."""
        return self.purpose == ROBOTS

    @property
    def is_page(self) -> bool:
        """Whether it may be a page of the site."""
        return self.purpose not in (ROBOTS, TDMREP)

    def values(self, name: str) -> list[bytes]:
        """Return the values of a header, whatever the case of its name."""
        return [as_bytes(value) for one, value in self.headers if one.lower() == name.lower()]

    @cached_property
    def payload(self) -> str:
        """Its WARC-Payload-Digest."""
        return digest(self.body)


@dataclass(frozen=True)
class Revisit:
    """A note that a page was seen again and had not changed."""

    url: str
    fetched_at: datetime
    payload: str
    """WARC-Payload-Digest of the response it refers to."""


@dataclass(frozen=True)
class Damage:
    """A stretch of a file that can't be read."""

    reason: str


Entry = Exchange | Revisit | Damage


def as_text(raw: bytes) -> str:
    """Return the bytes of a header as `Headers` has them."""
    return raw.decode("utf-8", "surrogateescape")


def as_bytes(text: str) -> bytes:
    """Return the bytes of what `Headers` has."""
    return text.encode("utf-8", "surrogateescape")


def digest(body: bytes) -> str:
    """Return the WARC-Payload-Digest of a body, as it came."""
    return f"sha256:{base64.b32encode(hashlib.sha256(body).digest()).decode()}"


def files(folder: Path) -> list[Path]:
    """Return the archive files in a folder, by name, so those of a run in the order of writing."""
    return sorted(folder.glob(f"*{SUFFIX}"))


def run_of(name: str) -> str:
    """Return the run that wrote an archive file."""
    return name.removesuffix(SUFFIX).rpartition("-")[0]
