"""The records of any WARC file, whoever wrote it: also several in a gzip member, also behind damage.

What can't be read is said with its place, and what follows it is read. A record counts when it ends where its
Content-Length says: its blank line, another one, or the end of the file or member follows.
Source of the format: https://iipc.github.io/warc-specifications/specifications/warc-format/warc-1.1/
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import BinaryIO, NamedTuple

from qacrawl.archive.unpack import BEGIN, Member, Plain, Stretch, is_gzip, next_member, stretches
from qacrawl.archive.warc import Damage, as_text
from qacrawl.records import LARGEST

KINDS = frozenset(["response", "revisit", "resource"])
"""Types of the records that hold a page, or say that one was seen again."""
_OTHERS = frozenset(["warcinfo", "request", "metadata", "conversion", "continuation"])
MOST = LARGEST + (1 << 20)
"""Bytes of a record that is kept: a page, its head, and what chunks take."""
_HEAD = 1 << 18  # bytes of a record's own header, at most
_NEXT = re.compile(rb"\nWARC/\d\.\d{1,2}\r?\n")
_BEGIN = re.compile(rb"WARC/[^\r\n]{1,20}\r*\n")
_BLANK = re.compile(rb"(\r?\n\r?\n)|" + _NEXT.pattern)  # a record that begins within a header was never its end
_NOT_BLANK = re.compile(rb"[^\r\n]")
_END = b"\r\n\r\n"
_AROUND = 32  # bytes that are looked at where a record ends
_BLANKS = 1 << 16  # bytes of blank lines behind a record that may wait for the end of a member
_FOLD = re.compile(r"\r?\n[ \t]+")
_REFUSED = {
    b"filedesc:": "an ARC file, not WARC: `warcio recompress` makes one of it",
    b"\x28\xb5\x2f\xfd": "a file compressed with zstd: `zstd -d` makes a WARC file of it",
    b"\x5d\x2a\x4d\x18": "a file compressed with zstd and a dictionary: `warcio recompress` or `zstd -d -D` unpacks it",
    b"PK\x03\x04": "a ZIP file, not WARC: if it is WACZ, `unzip` takes the WARC files in its folder archive/ out of it",
}
"""What a file begins with that is none, and what is said of it."""
_SIGN = max(map(len, _REFUSED))

Headers = Mapping[str, str]
"""The header of a record, its names in lower case."""


@dataclass(frozen=True, slots=True)
class Record:
    """A record as it stands in the file."""

    headers: Headers
    block: bytes | None
    """None where it is larger than MOST."""


class Begun(NamedTuple):
    """A record of which the header was read."""

    place: int
    headers: dict[str, str]
    length: int


def is_page(headers: Headers) -> bool:
    """Return whether a record is of one of KINDS."""
    return headers.get("warc-type") in KINDS


def is_garbled(headers: Headers) -> bool:
    """Return whether a record does not say its type, or says one that there is not: it may have been a page."""
    return not is_page(headers) and headers.get("warc-type") not in _OTHERS


Wanted = Callable[[int, Headers], bool]
"""Says by the place and the header of a record, which is whole, whether it is wanted."""


def _pages(place: int, headers: Headers) -> bool:
    """Want each page, and what may have been one."""
    return is_page(headers) or is_garbled(headers)


def records(
    file: BinaryIO, start: int = 0, end: int | None = None, wanted: Wanted = _pages
) -> Iterator[tuple[int, Record | Damage]]:
    """Yield the wanted records of a file, each with its place: where it starts, or the gzip member that it lies in.

    `start` is the place of a record; what begins at `end` or later is not read. A file that is no WARC at all is one
    Damage.
    """
    if not start and (why := _not_one(file)):
        yield 0, Damage(why)
        return
    for stretch in stretches(file, start):
        if end is not None and stretch.place >= end:
            return
        yield from _read(stretch, end, wanted)


def first(file: BinaryIO, start: int, end: int) -> int | None:
    """Return the place of the first record that begins from `start` on and before `end`; None where there is none."""
    if not start:
        return 0
    if is_gzip(file):
        return next_member(file, start, end)
    plain = Plain(file, start - 1)
    return plain.place if _to_next(plain) and plain.place < end else None


def _not_one(file: BinaryIO) -> str | None:
    """Return why a file is no WARC file; None where it is one, or may be a damaged one."""
    opened = next(stretches(file), None)
    while opened and len(opened.data) < _SIGN and opened.fill():
        pass
    if opened is None or not (opened.data or opened.damage):
        return "the file is empty"
    return next((why for sign, why in _REFUSED.items() if opened.data.startswith(sign)), None)


def _read(stretch: Plain | Member, end: int | None, wanted: Wanted) -> Iterator[tuple[int, Record | Damage]]:
    """Yield the records of a stretch."""
    while _skip_blank(stretch):
        place = stretch.place
        if end is not None and place >= end:
            return
        found = _begun(stretch) or "no WARC record where one should begin"
        record = found if isinstance(found, str) else _taken(stretch, found, wanted)
        if isinstance(record, Record):
            yield place, record
        elif record:
            yield place, Damage(stretch.damage or record)
            if stretch.damage or not _to_next(stretch):
                return
    if stretch.damage:
        yield stretch.place, Damage(stretch.damage)


def _skip_blank(stretch: Stretch) -> bool:
    """Go to what is no end of a line; return whether there is anything."""
    stretch.trim()
    while True:
        if found := _NOT_BLANK.search(stretch.data, stretch.at):
            stretch.at = found.start()
            return True
        stretch.at = len(stretch.data)
        if not stretch.fill():
            return False


def _begun(stretch: Stretch) -> Begun | None:
    """Take the header of a record; None for what is no such header."""
    place = stretch.place
    while len(stretch.data) - stretch.at < len(BEGIN) and stretch.fill():
        pass
    if not stretch.data.startswith(BEGIN, stretch.at):
        return None
    while not (blank := _BLANK.search(stretch.data, stretch.at)):
        if len(stretch.data) - stretch.at > _HEAD or not stretch.fill():
            return None
    if not (blank[1] and _BEGIN.match(stretch.data, stretch.at)):
        return None
    headers = _headers(as_text(bytes(stretch.data[stretch.at : blank.start()])))
    stretch.at += blank.end() - stretch.at
    length = headers.get("content-length", "")
    if not (length.isascii() and length.isdigit() and len(length) < 16):
        return None
    return Begun(place, headers, int(length))


def _headers(text: str) -> dict[str, str]:
    """Return the fields of a header; of a field that is there twice, the first. The type is in lower case."""
    found: dict[str, str] = {}
    for line in _FOLD.sub(" ", text).split("\n")[1:]:
        name, colon, value = line.partition(":")
        if colon:
            found.setdefault(name.strip().lower(), value.strip())
    if "warc-type" in found:
        found["warc-type"] = found["warc-type"].lower()
    return found


def _taken(stretch: Plain | Member, begun: Begun, wanted: Wanted) -> Record | str | None:
    """Take the block of a record; return it, None where nobody wants it, or what is wrong."""
    begin, kept = stretch.at, begun.length <= MOST
    wrong = _wrong(stretch, begun.length)
    if wrong:
        if isinstance(stretch, Plain):
            stretch.at -= 1  # what it took for its own may be other records, the first at its very begin
        return wrong
    is_wanted = wanted(begun.place, begun.headers)
    if isinstance(stretch, Plain) and not (kept and is_wanted):
        _pass(stretch, begun.length)
    elif kept:
        _has(stretch, begun.length)
        stretch.at += begun.length
    if not is_wanted:
        return None
    return Record(begun.headers, bytes(memoryview(stretch.data)[begin : begin + begun.length]) if kept else None)


def _wrong(stretch: Plain | Member, length: int) -> str | None:
    """Return what is wrong with the length of a record whose block comes next; None where it may end there.

    Of a plain file only the place where it would end is looked at, so that a false length costs no time. In a member,
    the block is unpacked, and skipped where it is larger than MOST.
    """
    end = stretch.at + length
    if isinstance(stretch, Plain):
        is_there = bool(stretch.peek(end - 1, 1))
    elif length <= MOST:
        is_there = _has(stretch, length)
    else:
        is_there = _skip(stretch, length)
        end = stretch.at
    if not is_there:
        return "the record is shorter than its Content-Length says"
    return None if _ends(stretch, end) else "the record does not end where its Content-Length says"


def _has(stretch: Stretch, length: int) -> bool:
    """Unpack until `length` bytes are there; return whether they are."""
    while len(stretch.data) - stretch.at < length:
        if not stretch.grow():
            return False
    return True


def _skip(stretch: Stretch, length: int) -> bool:
    """Go on by `length` bytes; return whether there were so many."""
    while (there := len(stretch.data) - stretch.at) < length:
        stretch.at, length = len(stretch.data), length - there
        if not stretch.fill():
            return False
    stretch.at += length
    return True


def _pass(stretch: Plain, length: int) -> None:
    """Go on by `length` bytes, which are there, and read none of them."""
    if stretch.at + length <= len(stretch.data):
        stretch.at += length
    else:
        stretch.again(stretch.place + length)


def _ends(stretch: Plain | Member, end: int) -> bool:
    """Return whether a record may end here: the blank line that ends one is here, or nothing, or the next record.

    What follows the blank line may be anything: it is no fault of this record. Only a member must be whole, which its
    end tells.
    """
    at = end
    while True:
        found = stretch.peek(at, _AROUND)
        rest = found.lstrip(b"\r\n")
        if len(found) < _AROUND and stretch.damage:
            return False
        if rest or len(found) < _AROUND or isinstance(stretch, Plain) or at - end > _BLANKS:
            break
        at += _AROUND
    return rest.startswith(BEGIN) or BEGIN.startswith(rest) or stretch.peek(end, len(_END)) == _END


def _to_next(stretch: Stretch) -> bool:
    """Go to the next line that begins a record; return whether there is one."""
    while not (found := _NEXT.search(stretch.data, stretch.at)):
        stretch.at = max(stretch.at, len(stretch.data) - 16)
        if not stretch.fill():
            return False
    stretch.at = found.start() + 1
    return True
