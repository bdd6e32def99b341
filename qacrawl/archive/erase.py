"""ARCHIVE, taken back: records overwritten in place, so that all others keep their places.

A record's gzip member is replaced by one of the same length that holds an empty WARC record of type metadata; the
length is made up by the comment that a gzip header may hold (https://www.rfc-editor.org/rfc/rfc1952, FCOMMENT).
"""

import os
import struct
import zlib
from collections.abc import Callable, Collection, Iterator
from pathlib import Path
from typing import BinaryIO
from uuid import uuid4

from qacrawl.archive import location, read, warc

_HEAD = b"\x1f\x8b\x08\x10" + bytes(6)
"""Of a gzip member that has a comment and no time."""
_RECORD = (
    "WARC/1.1\r\nWARC-Type: metadata\r\nWARC-Record-ID: <urn:uuid:{}>\r\nWARC-Date: 1970-01-01T00:00:00Z\r\n"
    "Content-Type: application/warc-fields\r\nContent-Length: 0\r\n\r\n\r\n\r\n"
)


def leads_to(urls: Collection[str], canonical: Callable[[str], str]) -> Callable[[warc.Exchange | warc.Revisit], bool]:
    """Return whether a record of the archive is of one of these canonical URLs, or redirects to one."""

    def is_one(url: str) -> bool:
        try:
            return canonical(url) in urls
        except ValueError:
            return False

    def wanted(entry: warc.Exchange | warc.Revisit) -> bool:
        targets: list[str | None] = [entry.url]
        if isinstance(entry, warc.Exchange) and 300 <= entry.status < 400:
            targets += [location.target(entry.url, value) for value in entry.values("Location")]
        return any(is_one(url) for url in targets if url)

    return wanted


def find(path: Path, wanted: Callable[[warc.Exchange | warc.Revisit], bool]) -> Iterator[tuple[int, int]]:
    """Yield offset and length of the gzip member of each wanted record of an archive file."""
    with path.open("rb") as file:
        for place, entry in read.entries(path):
            if not isinstance(entry, warc.Damage) and wanted(entry):
                yield place.offset, _length(file, place.offset)


def _length(file: BinaryIO, offset: int) -> int:
    """Return the length in bytes of the gzip member that starts at `offset`."""
    file.seek(offset)
    unzip = zlib.decompressobj(zlib.MAX_WBITS | 16)
    while not unzip.eof:
        unzip.decompress(file.read(1 << 20))
    return file.tell() - offset - len(unzip.unused_data)


def overwrite(path: Path, places: list[tuple[int, int]]) -> None:
    """Overwrite what lies at `places` (offset, length), and have that on disk. Doing it again does no harm."""
    with path.open("rb+") as file:
        for offset, length in places:
            file.seek(offset)
            file.write(blank(length))
        file.flush()
        os.fsync(file.fileno())


def blank(length: int) -> bytes:
    """Return a gzip member of `length` bytes, at least 21: an empty record, or nothing where that would not fit."""
    for content in (_RECORD.format(uuid4()).encode(), b""):
        packer = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
        tail = packer.compress(content) + packer.flush() + struct.pack("<II", zlib.crc32(content), len(content))
        if (missing := length - len(_HEAD) - 1 - len(tail)) >= 0:
            return _HEAD + b"-" * missing + b"\0" + tail
    raise ValueError(f"no gzip member has {length} bytes")
