"""Reads archive files, also damaged ones: what can't be read is said, what follows it is read."""

import re
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path

from qacrawl.archive import transfer
from qacrawl.archive.records import Headers as Header
from qacrawl.archive.records import Record, is_garbled, records
from qacrawl.archive.unpack import Member, stretches
from qacrawl.archive.warc import (
    HOST,
    PURPOSE,
    VISIT,
    Damage,
    Entry,
    Exchange,
    Headers,
    Place,
    Revisit,
    as_text,
)

_HTTP = "application/http"
_LINE = re.compile(rb"\r?\n")
_FOLD = re.compile(rb"\r?\n[ \t]+")
_INTERIM = re.compile(rb"HTTP/[0-9.]+ +1[0-9]{2}\b")
_INTERIMS = 5
"""Heads of interim responses, such as 103, before that of the response, at most."""
NUMBER = re.compile(r"[0-9]{1,18}")
"""Of a visit, as 64 bits hold it."""
_DIGITS = re.compile(r"[0-9]{14}")
_DAY = re.compile(r"(\d{4})(?:-(\d\d))?(?:-(\d\d))?")


def entries(path: Path, start: int = 0) -> Iterator[tuple[Place, Entry]]:
    """Yield the responses, revisits and resources of a file from the place of a record on.

    A stretch that can't be read, also a torn end, comes as `Damage`; what follows it is read.
    """
    with path.open("rb") as file:
        for offset, record in records(file, start):
            yield Place(path.name, offset), entry(record)


def whole(path: Path, start: int = 0) -> int:
    """Return where the whole records from `start` on end: what lies behind is torn."""
    end = start
    with path.open("rb") as file:
        for stretch in stretches(file, start):
            if not isinstance(stretch, Member):
                break
            stretch.skip()
            if stretch.damage:
                break
            end += stretch.length
    return end


def url_of(header: Header) -> str:
    """Return the address that a record is about; old wgets put it in angle brackets."""
    return header.get("warc-target-uri", "").removeprefix("<").removesuffix(">")


def entry(record: Record | Damage) -> Entry:
    """Return what a record that is a page says, or what is wrong with it."""
    if isinstance(record, Damage):
        return record
    if record.block is None:
        return Damage(f"a record of {int(record.headers['content-length']):,} bytes, more than are read")
    try:
        return _read(record.headers, record.block)
    except (ValueError, KeyError, IndexError) as error:
        return Damage(f"no WARC record: {' '.join(str(error).split())}")


def _read(header: Header, block: bytes) -> Entry:
    """Return what a record says. Raise ValueError, KeyError or IndexError for what is none."""
    if is_garbled(header):
        kind = header.get("warc-type")
        raise ValueError(f"{f'its WARC-Type is {kind!a}' if kind else 'it has no WARC-Type'}: {url_of(header)}")
    url, at = url_of(header), moment(header["warc-date"])
    if not url:
        raise ValueError("it has no WARC-Target-URI")
    if header["warc-type"] == "revisit":
        return Revisit(url, at, header.get("warc-payload-digest", ""))
    if header.get("warc-truncated") or "warc-segment-number" in header:
        return Damage(f"cut off when it was archived ({header.get('warc-truncated') or 'segmented'}): {url}")
    kind = header.get("content-type", "")
    if header["warc-type"] == "resource" or (kind and not kind.lower().startswith(_HTTP)):
        return Exchange(url, 200, [("Content-Type", kind)] if kind else [], block, at)
    head, body = _halves(block)
    for _ in range(_INTERIMS):
        if _INTERIM.match(head) and body.startswith(b"HTTP/"):
            head, body = _halves(body)
    line, *lines = _LINE.split(_FOLD.sub(b" ", head))
    headers = _headers(lines)
    purpose, visit, host = header.get(PURPOSE.lower()), header.get(VISIT.lower(), ""), header.get(HOST.lower())
    number = int(visit) if NUMBER.fullmatch(visit) else None
    exchange = Exchange(url, int(line.split()[1]), headers, body, at, purpose, number, host)
    try:
        return transfer.undone(exchange)
    except transfer.CutError as error:
        return Damage(f"cut off: {error}: {url}")


def _halves(block: bytes) -> tuple[bytes, bytes]:
    """Return the head and the body of a response."""
    ends = [(at, len(blank)) for blank in (b"\r\n\r\n", b"\n\n") if (at := block.find(blank, 0, 1 << 20)) >= 0]
    if not ends:
        return block, b""
    at, length = min(ends)
    return block[:at], block[at + length :]


def moment(text: str) -> datetime:
    """Return the time that a WARC-Date says, in UTC; a year or a month alone is its beginning."""
    if match := _DAY.fullmatch(text):
        return datetime(int(match[1]), int(match[2] or 1), int(match[3] or 1), tzinfo=UTC)
    if _DIGITS.fullmatch(text):  # as ARC files have it
        return datetime.strptime(f"{text}Z", "%Y%m%d%H%M%S%z")
    found = datetime.fromisoformat(text.upper())
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _headers(lines: Iterable[bytes]) -> Headers:
    """Return what the lines of a response's head say: bytes as they are, whatever their encoding."""
    pairs = (line.partition(b":") for line in lines)
    return [(as_text(name), as_text(value.strip())) for name, colon, value in pairs if colon]
