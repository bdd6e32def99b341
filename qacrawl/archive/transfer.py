"""Bodies without their Transfer-Encoding: some archives keep the chunks, some undo them and leave the header."""

import re
from collections.abc import Sequence
from dataclasses import replace

from qacrawl.archive import decode
from qacrawl.archive.warc import Exchange

_SIZE = re.compile(rb"[ \t]*([0-9A-Fa-f]{1,12})[ \t]*(?:;[^\r\n]{0,4096})?\r?\n")
_LATER = re.compile(rb"\r\n[-+]?(?:0x)?[0-9A-Fa-f]{1,12}[ \t]*(?:;[^\r\n]{0,4096})?\r\n")
"""A size between two chunks."""
_LAST = b"\r\n0\r\n\r\n"
_DECODED = re.compile(rb"(?:\xef\xbb\xbf)?\s*<|\xff\xfe|\xfe\xff|\x1f\x8b\x08|\x28\xb5\x2f\xfd")
"""What a page begins with, or an encoded one: no size of a chunk."""
_UNBODIED = (204, 304)
_RANGE = re.compile(rb"\s*bytes[ =]+(\d{1,18})-(\d{1,18})/(\d{1,18})\s*", re.IGNORECASE)


class CutError(ValueError):
    """Some of the body was lost before it was archived."""


def undone(exchange: Exchange) -> Exchange:
    """Return a response without chunks. Raise CutError where its own headers say that there was more."""
    if any(b"chunked" in value.lower() for value in exchange.values("Transfer-Encoding")):
        body = dechunked(exchange.body)
        if body is None and _is_garbled(exchange.body):
            raise CutError("its chunks are garbled")
        return exchange if body is None else replace(exchange, body=body)
    lengths = [value for value in exchange.values("Content-Length") if value.isdigit()]
    # An encoding has its own end that tells, or the length was that of the encoded body.
    is_encoded = decode.is_named(exchange.values("Content-Encoding"))
    if lengths and not is_encoded and exchange.status not in _UNBODIED and len(exchange.body) < int(lengths[-1]):
        raise CutError(f"{len(exchange.body):,} of {int(lengths[-1]):,} bytes")
    return exchange


def is_part(status: int, ranges: Sequence[bytes]) -> bool:
    """Return whether the values of a Content-Range say that a response is not all of its page."""
    if status != 206 or not ranges:
        return False
    found = _RANGE.fullmatch(ranges[-1])
    return not found or int(found[1]) > 0 or int(found[2]) + 1 < int(found[3])


def dechunked(body: bytes, exactly: bool = False) -> bytes | None:
    """Return what chunks hold; None for a body that begins with no size. Raise CutError where the last one is missing.

    `exactly` is for a body of which nothing says that it is chunked: where its first chunk does not fit, or anything
    but an empty line follows the last, it is not.
    """
    pieces: list[bytes] = []
    at = 0
    while match := _SIZE.match(body, at):
        size, begin = int(match[1], 16), match.end()
        if not size:
            return None if exactly and body[begin:].strip() else b"".join(pieces)
        at = begin + size
        is_first_cut = exactly and not pieces and at >= len(body)
        if is_first_cut or (at < len(body) and body[at : at + 2] != b"\r\n" and body[at : at + 1] != b"\n"):
            break
        pieces.append(body[begin:at])
        at += 2 if body[at : at + 1] == b"\r" else 1
    if not at or (exactly and not pieces):
        return None
    raise CutError("its chunks have no end")


def _is_garbled(body: bytes) -> bool:
    """Return whether a body that begins with no size of a chunk has chunks further on; some tools undo them all."""
    if body.endswith(_LAST):
        return True
    if _DECODED.match(body):
        return False
    return bool(_SIZE.match(body.lstrip(b"\r\n")) or _LATER.search(body))
