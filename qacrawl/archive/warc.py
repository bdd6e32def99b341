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
Headers = Sequence[tuple[str, str]]


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


def digest(body: bytes) -> str:
    """The WARC-Payload-Digest of a body, as it came."""
    return f"sha256:{base64.b32encode(hashlib.sha256(body).digest()).decode()}"


def files(folder: Path) -> list[Path]:
    """The archive files in a folder, by name, so those of a run in the order of writing."""
    return sorted(folder.glob(f"*{SUFFIX}"))


def run_of(name: str) -> str:
    """The run that wrote an archive file."""
    return name.removesuffix(SUFFIX).rpartition("-")[0]
