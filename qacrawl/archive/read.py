"""Reads archive files, also damaged ones: what can't be read is said, what follows it is read."""

import io
import re
import zlib
from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

from warcio.archiveiterator import ArchiveIterator
from warcio.exceptions import ArchiveLoadFailed

from qacrawl.archive.warc import (
    HOST,
    PURPOSE,
    ROBOTS,
    TDMREP,
    VISIT,
    Damage,
    Entry,
    Exchange,
    Headers,
    Place,
    Revisit,
    as_text,
)

_MAGIC = b"\x1f\x8b\x08"
_CHUNK = 1 << 20
NUMBER = re.compile(r"[0-9]{1,18}")
"""Of a visit, as 64 bits hold it."""


def entries(path: Path, start: int = 0) -> Iterator[tuple[Place, Entry]]:
    """Yield the responses and revisits of a file from an offset on.

    A stretch that can't be read, also a torn end, comes as `Damage`; what follows it is read.
    """
    for offset, member in _members(path, start):
        entry = _entry(member) if member is not None else Damage("torn or damaged gzip member")
        if entry:
            yield Place(path.name, offset), entry


def whole(path: Path, start: int = 0) -> int:
    """Return where the whole records from `start` on end: what lies behind is torn."""
    end = start
    with path.open("rb") as file:
        file.seek(start)
        for length, member in _split(file):
            if member is None:
                break
            end += length
    return end


def _members(path: Path, start: int) -> Iterator[tuple[int, bytes | None]]:
    """Yield offset and content of each gzip member; None for content that can't be read."""
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
    """Yield length in the file and content of each gzip member from here on; (0, None) for one that can't be read."""
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
    """Return where the next gzip member with a WARC record may start."""
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
    """Return what a WARC record says; None for those that are no response."""
    try:
        record = next(iter(ArchiveIterator(io.BytesIO(member), no_record_parse=True)), None)
        if record is None or record.rec_type not in ("response", "revisit"):
            return None
        header = record.rec_headers.get_header
        at = datetime.fromisoformat(header("WARC-Date"))
        url = header("WARC-Target-URI")
        if record.rec_type == "revisit":
            return Revisit(url, at, header("WARC-Payload-Digest") or "")
        head, _, body = record.raw_stream.read().partition(b"\r\n\r\n")
        line, *lines = head.split(b"\r\n")
        purpose, visit = header(PURPOSE), header(VISIT) or ""
        number = int(visit) if NUMBER.fullmatch(visit) else None
        status, headers = int(line.split()[1]), _headers(lines)
        return Exchange(
            url, status, headers, body, at, purpose == ROBOTS, number, is_tdmrep=purpose == TDMREP, host=header(HOST)
        )
    except (ArchiveLoadFailed, ValueError, TypeError, AttributeError, IndexError) as error:
        return Damage(f"no WARC record: {error}")


def _headers(lines: Iterable[bytes]) -> Headers:
    """Return a response's header lines as bytes, which warcio would take for UTF-8 or Latin-1, as they look."""
    pairs = (line.partition(b":") for line in lines)
    return [(as_text(name), as_text(value.strip())) for name, colon, value in pairs if colon]
