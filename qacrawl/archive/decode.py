"""Bodies without their Content-Encoding: the same in a crawl, which just got them, and in `rebuild`, years later."""

import sys
import zlib
from collections.abc import Iterable, Iterator

try:
    import brotli
except ImportError:  # PyPy has the other one
    import brotlicffi as brotli

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

ACCEPTED = ("gzip", "deflate", "br", "zstd")
"""What a server may use."""
MOST = 4
"""Encodings one in another; nobody has a reason for more."""
STREAMS = 10_000
"""Streams of one encoding, one behind another; 16 MiB could hold a million empty ones."""
_PIECE = 1 << 13
_CHUNK = 1 << 16  # bytes that go in and come out at a time
_GZIP = b"\x1f\x8b"


class DecodeError(ValueError):
    """A body that can't be had as its server meant it."""


class Cut(DecodeError):
    """The body ends, or breaks, before its encoding does: some of it was lost."""


class NotEncoded(DecodeError):
    """The body is not in the encoding that its header names."""


class TooLarge(DecodeError):
    """The body unfolds to more than may be."""


def is_named(encodings: Iterable[bytes]) -> bool:
    """Return whether the values of a Content-Encoding name an encoding that is known here."""
    return any(name.strip().lower() in _UNPACK for value in encodings for name in value.split(b","))


def body(data: bytes, encodings: Iterable[bytes], largest: int) -> bytes:
    """Return a body without what the values of its Content-Encoding name; an unknown encoding is left on it.

    Raise DecodeError for one that is broken, or has more than `largest` bytes at any step.
    """
    names = [name.strip().lower() for value in encodings for name in value.split(b",")]
    names = [name for name in names if name not in (b"", b"identity")]
    if len(names) > MOST:
        raise NotEncoded(f"{len(names)} encodings one in another")
    for name in reversed(names):
        unpack = _UNPACK.get(name)
        if unpack is None or not data:  # who sends nothing does so in any encoding
            break
        data = _collect(unpack(data), largest)
    return data


def _collect(pieces: Iterator[bytes], largest: int) -> bytes:
    """Join what an encoding unfolds to; its errors are ours, by whether anything came before."""
    whole = bytearray()
    try:
        for piece in pieces:
            whole += piece
            if len(whole) > largest:
                raise TooLarge(f"more than {largest:,} bytes without its encoding")
    except (zlib.error, zstd.ZstdError, brotli.error, EOFError) as error:
        raise (Cut if whole else NotEncoded)(str(error)) from error
    return bytes(whole)


def _inflate(data: bytes, bits: int, several: bool = False) -> Iterator[bytes]:
    """Unpack one stream of zlib's, or `several`; what follows the last and is none is padding."""
    unpack, at, streams = zlib.decompressobj(bits), 0, 1
    while at < len(data):
        piece = data[at : at + _PIECE]
        yield unpack.decompress(piece, _CHUNK)
        at += len(piece) - len(unpack.unconsumed_tail) - len(unpack.unused_data)
        if unpack.eof:
            if not (several and data.startswith(_GZIP, at)):
                return
            unpack, streams = zlib.decompressobj(bits), _count(streams)
    yield unpack.flush()
    if not unpack.eof:
        raise Cut("it ends before its encoding does")


def _count(streams: int) -> int:
    """Return the number of streams with one more. Raise NotEncoded where these are too many."""
    if streams >= STREAMS:
        raise NotEncoded(f"more than {STREAMS:,} streams one behind another")
    return streams + 1


def _gzip(data: bytes) -> Iterator[bytes]:
    return _inflate(data, zlib.MAX_WBITS | 16, several=True)


def _deflate(data: bytes) -> Iterator[bytes]:
    """Unpack zlib's format, or the bare deflate that some servers send instead."""
    is_zlib = len(data) < 2 or (data[0] & 15 == 8 and int.from_bytes(data[:2]) % 31 == 0)
    return _inflate(data, zlib.MAX_WBITS if is_zlib else -zlib.MAX_WBITS)


def _brotli(data: bytes) -> Iterator[bytes]:
    unpack = brotli.Decompressor()
    while not unpack.is_finished():
        piece = unpack.process(data, output_buffer_limit=_CHUNK)
        yield piece
        if not (piece or data or unpack.is_finished()):
            raise Cut("it ends before its encoding does")
        data = b""


def _zstd(data: bytes) -> Iterator[bytes]:
    unpack, at, streams = zstd.ZstdDecompressor(), 0, 1
    while at < len(data):
        if unpack.eof:
            unpack, streams = zstd.ZstdDecompressor(), _count(streams)
        piece = data[at : at + _PIECE]
        yield unpack.decompress(piece, _CHUNK)
        while not (unpack.eof or unpack.needs_input):
            yield unpack.decompress(b"", _CHUNK)
        at += len(piece) - len(unpack.unused_data)
    if not unpack.eof:
        raise Cut("it ends before its encoding does")


_UNPACK = {b"gzip": _gzip, b"x-gzip": _gzip, b"deflate": _deflate, b"br": _brotli, b"zstd": _zstd}
