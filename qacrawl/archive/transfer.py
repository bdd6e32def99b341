"""Bodies without their Transfer-Encoding: some archives keep the chunks, some undo them and leave the header."""

import re
from dataclasses import replace

from qacrawl.archive.warc import Exchange

_SIZE = re.compile(rb"[ \t]*([0-9A-Fa-f]{1,12})[ \t]*(?:;[^\r\n]{0,4096})?\r?\n")
_UNBODIED = (204, 304)


class CutError(ValueError):
    """Some of the body was lost before it was archived."""


def undone(exchange: Exchange) -> Exchange:
    """Return a response without chunks. Raise CutError where its own headers say that there was more."""
    if any(b"chunked" in value.lower() for value in exchange.values("Transfer-Encoding")):
        body = dechunked(exchange.body)
        return exchange if body is None else replace(exchange, body=body)
    lengths = [value for value in exchange.values("Content-Length") if value.isdigit()]
    encoded = exchange.values("Content-Encoding")  # then its own end tells, or the length was that of the encoded body
    if lengths and not encoded and exchange.status not in _UNBODIED and len(exchange.body) < int(lengths[-1]):
        raise CutError(f"{len(exchange.body):,} of {int(lengths[-1]):,} bytes")
    return exchange


def dechunked(body: bytes, exactly: bool = False) -> bytes | None:
    """Return what chunks hold; None for a body that has none. Raise CutError where the last one is missing.

    With `exactly`, a body where anything but an empty line follows the last chunk has none.
    """
    pieces: list[bytes] = []
    at = 0
    while match := _SIZE.match(body, at):
        size, begin = int(match[1], 16), match.end()
        if not size:
            return None if exactly and body[begin:].strip() else b"".join(pieces)
        at = begin + size
        if at < len(body) and body[at : at + 2] != b"\r\n" and body[at : at + 1] != b"\n":
            break
        pieces.append(body[begin:at])
        at += 2 if body[at : at + 1] == b"\r" else 1
    if not pieces:
        return None
    raise CutError("its chunks have no end")
