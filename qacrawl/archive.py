"""ARCHIVE: every response as a WARC 1.1 record, a gzip member each, before anyone reads it.

A run writes files of its own, `<run_id>-<number>.warc.gz`, and only ever appends to them. Source of the format:
https://iipc.github.io/warc-specifications/specifications/warc-format/warc-1.1/
"""

import base64
import hashlib
import io
import os
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from http import HTTPStatus
from io import FileIO
from pathlib import Path
from typing import BinaryIO, NamedTuple

from isal import igzip
from warcio.archiveiterator import ArchiveIterator
from warcio.exceptions import ArchiveLoadFailed
from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from qacrawl import disk, mirror

SUFFIX = ".warc.gz"
LARGEST = 1 << 30
"""Bytes after which a run begins its next file."""
LEVEL = 3
"""Of igzip: a fifth of the time of zlib's level 6 for 7 % more bytes."""
REVISIT = "http://netpreserve.org/warc/1.1/revisit/identical-payload-digest"
_MAGIC = b"\x1f\x8b\x08"
_CHUNK = 1 << 20
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


class Writer:
    """Writes the archive files of one run; the first is made with the first record."""

    def __init__(self, folder: Path, run_id: str, facts: Mapping[str, str] | None = None) -> None:
        self.folder = folder
        self.run_id = run_id
        self.facts = dict(facts or {})
        self.sizes: dict[str, int] = {}
        """Bytes in each file of this run."""
        self._file: FileIO | None = None

    @property
    def name(self) -> str:
        """The file that is written to."""
        return f"{self.run_id}-{len(self.sizes) - 1:05}{SUFFIX}"

    def write(self, exchange: Exchange) -> Place:
        """Append a response. Raises OSError when the disk refuses; then the file ends as before."""
        record = _builder().create_warc_record(
            exchange.url,
            "response",
            payload=io.BytesIO(exchange.body),
            length=len(exchange.body),
            warc_headers_dict={
                "WARC-Date": _stamp(exchange.fetched_at),
                "WARC-Payload-Digest": exchange.payload,
            },
            http_headers=_http(exchange),
        )
        return self._append(record)

    def write_revisit(self, exchange: Exchange, payload: str, refers_to: str, seen: datetime) -> Place:
        """Append a note that `exchange` shows the payload which `refers_to` had when it was `seen`."""
        record = _builder().create_revisit_record(
            exchange.url,
            digest=payload,
            refers_to_uri=refers_to,
            refers_to_date=_stamp(seen),
            http_headers=_http(exchange, unchanged=True),
            warc_headers_dict={"WARC-Date": _stamp(exchange.fetched_at)},
        )
        record.rec_headers.replace_header("WARC-Profile", REVISIT)
        return self._append(record)

    def _append(self, record: object) -> Place:
        file = self._open()
        offset = self.sizes[self.name]
        member = _member(record)
        try:
            _write(file, member)
        except OSError:
            file.seek(offset)
            file.truncate()  # behind half a record nothing could be read
            raise
        self.sizes[self.name] = offset + len(member)
        return Place(self.name, offset)

    def _open(self) -> FileIO:
        if self._file and self.sizes[self.name] < LARGEST:
            return self._file
        self._end_file()
        self.folder.mkdir(parents=True, exist_ok=True)
        name = f"{self.run_id}-{len(self.sizes):05}{SUFFIX}"
        facts = {"software": "qacrawl", "format": "WARC File Format 1.1", **self.facts}
        head = _member(_builder().create_warcinfo_record(name, facts))
        # Unbuffered: what a failed write left in a buffer would be written at the next try.
        file = (self.folder / name).open("xb", buffering=0)
        try:
            _write(file, head)
            disk.sync(self.folder)
        except OSError:
            file.close()
            (self.folder / name).unlink()
            raise
        self._file, self.sizes[name] = file, len(head)
        return file

    def sync(self) -> dict[str, int]:
        """Have all of it on disk, and where there is a mirror there; return the bytes in each file of this run."""
        if self._file:
            os.fsync(self._file.fileno())
            if mirror.is_mirrored(self.folder.parent):
                self._end_file()  # objects can't grow, so each batch has a file of its own
        return dict(self.sizes)

    def _end_file(self) -> None:
        if self._file:
            os.fsync(self._file.fileno())
            self._file.close()
            self._file = None
            mirror.put(self.folder / self.name)

    def close(self) -> None:
        """Close the file that is written to."""
        if self._file:
            self._file.close()
            self._file = None


def _write(file: FileIO, data: bytes) -> None:
    """Write all of `data`: one call may write less where the disk is nearly full."""
    rest = memoryview(data)
    while rest:
        rest = rest[file.write(rest) or 0 :]


def _builder() -> WARCWriter:
    return WARCWriter(io.BytesIO(), gzip=False, warc_version="WARC/1.1")


def _member(record: object) -> bytes:
    """A record as a gzip member of its own."""
    plain = io.BytesIO()
    WARCWriter(plain, gzip=False, warc_version="WARC/1.1").write_record(record)
    return igzip.compress(plain.getvalue(), LEVEL, mtime=0)


def _stamp(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%fZ}"


# Twisted has undone these; a reader that believed them would misread the body.
_UNDONE = ("transfer-encoding", "content-length")


def _http(exchange: Exchange, unchanged: bool = False) -> StatusAndHeaders:
    headers = [(name, value) for name, value in exchange.headers if name.lower() not in _UNDONE]
    if not unchanged:
        headers.append(("Content-Length", str(len(exchange.body))))
    try:
        phrase = HTTPStatus(exchange.status).phrase
    except ValueError:
        phrase = "Unknown"
    return StatusAndHeaders(f"{exchange.status} {phrase}", headers, protocol="HTTP/1.1")


def digest(body: bytes) -> str:
    """The WARC-Payload-Digest of a body, as it came."""
    return f"sha256:{base64.b32encode(hashlib.sha256(body).digest()).decode()}"


def run_of(name: str) -> str:
    """The run that wrote an archive file."""
    return name.removesuffix(SUFFIX).rpartition("-")[0]


# Reading


def read(path: Path, start: int = 0) -> Iterator[tuple[Place, Entry]]:
    """The responses and revisits of a file from an offset on.

    A stretch that can't be read, also a torn end, comes as `Damage`; what follows it is read.
    """
    for offset, member in _members(path, start):
        entry = _entry(member) if member is not None else Damage("torn or damaged gzip member")
        if entry:
            yield Place(path.name, offset), entry


def whole(path: Path, start: int = 0) -> int:
    """Where the whole records from `start` on end: what lies behind is torn."""
    end = start
    with path.open("rb") as file:
        file.seek(start)
        for length, member in _split(file):
            if member is None:
                break
            end += length
    return end


def _members(path: Path, start: int) -> Iterator[tuple[int, bytes | None]]:
    """Offset and content of each gzip member; None for content that can't be read."""
    with path.open("rb") as file:
        while True:
            file.seek(start)
            for length, member in _split(file):
                yield start, member
                start += length
                if member is None:
                    break
            else:
                return
            following = _next_magic(path, start + 1)
            if following is None:
                return
            start = following


def _split(file: BinaryIO) -> Iterator[tuple[int, bytes | None]]:
    """Length in the file and content of each gzip member from here on; (0, None) for one that can't be read."""
    left = file.read(_CHUNK)
    while left:
        unzip = zlib.decompressobj(zlib.MAX_WBITS | 16)
        length, pieces = 0, []
        try:
            while not unzip.eof:
                if not left:
                    yield 0, None
                    return
                pieces.append(unzip.decompress(left))
                length += len(left) - len(unzip.unused_data)
                left = unzip.unused_data or file.read(_CHUNK)
        except zlib.error:
            yield 0, None
            return
        yield length, b"".join(pieces)


def _next_magic(path: Path, start: int) -> int | None:
    """Where the next gzip member with a WARC record may start."""
    with path.open("rb") as file:
        while True:
            file.seek(start)
            chunk = file.read(_CHUNK)
            at = chunk.find(_MAGIC)
            if at >= 0:
                if _begins_record(path, start + at):
                    return start + at
                start += at + 1
            elif len(chunk) < _CHUNK:
                return None
            else:
                start += len(chunk) - len(_MAGIC) + 1


def _begins_record(path: Path, offset: int) -> bool:
    with path.open("rb") as file:
        file.seek(offset)
        try:
            return zlib.decompressobj(zlib.MAX_WBITS | 16).decompress(file.read(4096), 5) == b"WARC/"
        except zlib.error:
            return False


def _entry(member: bytes) -> Entry | None:
    """What a WARC record says; None for those that are no response."""
    try:
        record = next(iter(ArchiveIterator(io.BytesIO(member))), None)
        if record is None or record.rec_type not in ("response", "revisit"):
            return None
        header = record.rec_headers.get_header
        at = datetime.fromisoformat(header("WARC-Date"))
        url = header("WARC-Target-URI")
        if record.rec_type == "revisit":
            return Revisit(url, at, header("WARC-Payload-Digest") or "")
        body = record.raw_stream.read()
        status = int(record.http_headers.get_statuscode())
        return Exchange(url, status, record.http_headers.headers, body, at)
    except (ArchiveLoadFailed, ValueError, TypeError, AttributeError) as error:
        return Damage(f"no WARC record: {error}")
