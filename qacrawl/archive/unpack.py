"""The bytes of an archive file without its compression, in stretches: each gzip member is one, a plain file is one."""

import zlib
from collections.abc import Iterator
from typing import BinaryIO

from isal import igzip_lib, isal_zlib

GZIP = b"\x1f\x8b"
MAGIC = GZIP + b"\x08"
BEGIN = b"WARC/"
"""What a record begins with."""
_LINE = b"\n" + BEGIN
_READ = 1 << 17  # bytes taken from a file at a time
_MOST = 1 << 20  # bytes that come out of a member at a time


class Stretch:
    """Bytes that follow each other: `data` from `at` on is what was unpacked and not yet taken."""

    def __init__(self, offset: int) -> None:
        self.offset = offset
        """Where in the file it begins; of a plain file, what `data` begins with."""
        self.data = bytearray()
        self.at = 0
        self.damage: str | None = None
        """Why it ends where it does, if something is wrong with the file there."""

    @property
    def place(self) -> int:
        """Where in the file lies what is next: the start of its member, or itself in a plain file."""
        return self.offset

    def fill(self) -> bool:
        """Unpack some more, and let go of what was taken; return whether there was more."""
        self.trim()
        return self.grow()

    def grow(self) -> bool:
        """Unpack some more; return whether there was more."""
        piece = self._next()
        self.data += piece
        return bool(piece)

    def peek(self, at: int, size: int) -> bytes:
        """Return up to `size` bytes of what `data` has, or would have, from `at` on."""
        while len(self.data) < at + size and self.grow():
            pass
        return bytes(self.data[at : at + size])

    def trim(self) -> None:
        """Let go of what was taken, once that is much."""
        if self.at > _MOST:
            self._drop()

    def _drop(self) -> None:
        del self.data[: self.at]
        self.at = 0

    def _next(self) -> bytes:
        """Return what follows `data`; nothing at the end."""
        raise NotImplementedError


class Plain(Stretch):
    """A file without compression, from an offset on."""

    def __init__(self, file: BinaryIO, offset: int) -> None:
        super().__init__(offset)
        self.file = file
        file.seek(offset)

    @property
    def place(self) -> int:
        """Where in the file lies what is next."""
        return self.offset + self.at

    def peek(self, at: int, size: int) -> bytes:
        """Return up to `size` bytes of what `data` has, or would have, from `at` on; read no more than those."""
        if at + size <= len(self.data):
            return bytes(self.data[at : at + size])
        self.file.seek(self.offset + at)
        piece = self.file.read(size)
        self.file.seek(self.offset + len(self.data))
        return piece

    def again(self, place: int) -> None:
        """Go on at another offset."""
        self.offset, self.at = place, 0
        self.data.clear()
        self.file.seek(place)

    def _drop(self) -> None:
        self.offset += self.at
        super()._drop()

    def _next(self) -> bytes:
        return self.file.read(_READ)


class Member(Stretch):
    """A gzip member; `raw` is what was read of the file and belongs to it or to the next ones."""

    def __init__(self, file: BinaryIO, offset: int, raw: bytes) -> None:
        super().__init__(offset)
        self.file = file
        self.raw = raw
        self.length = 0
        """Bytes of it that were unpacked."""
        self._unzip = isal_zlib.decompressobj(zlib.MAX_WBITS | 16)

    def skip(self) -> None:
        """Unpack the rest and keep nothing of it."""
        while self._next():
            pass

    def _next(self) -> bytes:
        try:
            return self._unpack()
        except igzip_lib.IsalError as error:  # type: ignore[misc]  # its types do not say that it is an exception
            self.damage = self.damage or f"damaged gzip member: {error}"
            return b""

    def _unpack(self) -> bytes:
        piece = b""
        while not (piece or self._unzip.eof or self.damage):
            self.raw = self.raw or self.file.read(_READ)
            if not self.raw:
                self.damage = "the file ends within a gzip member"
                break
            piece = self._unzip.decompress(self.raw, _MOST)
            rest = self._unzip.unused_data if self._unzip.eof else self._unzip.unconsumed_tail
            self.length += len(self.raw) - len(rest)
            self.raw = rest
        return piece


def stretches(file: BinaryIO, start: int = 0) -> Iterator[Plain | Member]:
    """Yield the stretches of a file from an offset on, at which a member begins where it is compressed.

    Where a member is damaged, the next one is the next in the file with the start of a WARC record.
    """
    if not is_gzip(file):
        yield Plain(file, start)
        return
    at: int | None = start
    while at is not None:
        file.seek(at)
        raw = file.read(_READ)
        while raw:
            member = Member(file, at, raw)
            yield member
            member.skip()
            if member.damage:
                break
            at, raw = at + member.length, member.raw or file.read(_READ)
        else:
            return
        at = next_member(file, at + 1)


def is_gzip(file: BinaryIO) -> bool:
    """Return whether a file is made of gzip members; what stands before the first whole one may be damaged."""
    file.seek(0)
    begin = file.read(_READ)
    if begin.startswith(GZIP):
        return True
    if begin.lstrip(b"\r\n").startswith(BEGIN):
        return False
    return next_member(file, 0, _plain_record(file)) is not None


def _plain_record(file: BinaryIO) -> int | None:
    """Return where the first line lies that begins a record without compression; None where there is none."""
    file.seek(0)
    at, piece, keep = 0, b"", len(_LINE)
    while more := file.read(_MOST):
        piece = piece[-keep:] + more
        if (found := piece.find(_LINE)) >= 0:
            return at + found - (len(piece) - len(more))
        at += len(more)
    return None


def next_member(file: BinaryIO, start: int, end: int | None = None) -> int | None:
    """Return where, from `start` on and before `end`, the next gzip member begins that holds the start of a record."""
    while end is None or start < end:
        file.seek(start)
        chunk = file.read(_MOST)
        at = chunk.find(MAGIC)
        if at < 0:
            if len(chunk) < _MOST:
                return None
            start += len(chunk) - len(MAGIC) + 1
        elif _begins_record(file, start + at):
            return start + at if end is None or start + at < end else None
        else:
            start += at + 1
    return None


def _begins_record(file: BinaryIO, offset: int) -> bool:
    file.seek(offset)
    try:
        return bool(zlib.decompressobj(zlib.MAX_WBITS | 16).decompress(file.read(1 << 12), len(BEGIN)) == BEGIN)
    except zlib.error:
        return False
