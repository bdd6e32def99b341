"""What finders share: stretches of a text, its plain spelling, and the numbers that stand in it."""

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

Span = tuple[int, int]
"""Where something begins and ends in a text."""

# Full-width forms and kinds of dash and space, one to one, so that offsets stay those of the text.
_PLAIN = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)}
_BLANKS = "\u3000\u00a0\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\t"
_LINES = "\u2010\u2011\u2012\u2013\u2014\u2015\u2212\u30fb\u00b7\u2022"
DASHES = _BLANKS + _LINES
"""Blanks and dashes of other kinds than ASCII's."""
_PLAIN |= dict.fromkeys(map(ord, _BLANKS), ord(" ")) | dict.fromkeys(map(ord, _LINES), ord("-"))
_INVISIBLE = "\u00ad\u200b\u200c\u200d\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2060\u2066\u2067\u2068\u2069\ufeff"
_FORMAT = frozenset(_INVISIBLE)

# A class a byte: digit, capital, small letter, blank, what may stand between the digits of a number, and the rest.
_CLASSES = bytes(
    next((ord(to) for chars, to in (("0123456789", "0"), (" ", " "), ("()-./_,+", "-"), ("\n", "\n")) if c in chars), 0)
    or (ord("A") if "A" <= c <= "Z" else ord("a") if "a" <= c <= "z" else ord("x"))
    for c in map(chr, range(256))
)
_LETTERS = bytes(code if 97 <= code <= 122 else code + 32 if 65 <= code <= 90 else 32 for code in range(256))
_CLUSTER = re.compile(rb"0(?:[ -]{0,3}0){5,}")
_GROUP = re.compile(r"[0-9]+")
_MONTH, _DAY, _YEAR = r"(?:0?[1-9]|1[0-2])", r"(?:0?[1-9]|[12]\d|3[01])", r"(?:1[89]|20)\d\d"
DATE = re.compile(
    rf"{_YEAR}(?P<a>[-/.]){_MONTH}(?P=a){_DAY}(?![0-9])|{_DAY}(?P<b>[-/.]){_MONTH}(?P=b){_YEAR}(?![0-9])"
    rf"|{_MONTH}(?P<c>[-/.]){_DAY}(?P=c){_YEAR}(?![0-9])|(?:19|20)\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])(?![0-9])"
)


class Group(NamedTuple):
    """Digits of a number without anything between them."""

    start: int
    end: int
    digits: str


def plain(text: str) -> str:
    """Return `text` with full-width forms, dashes and blanks as ASCII has them; it keeps its length."""
    return text if text.isascii() else text.translate(_PLAIN)


def without_format(text: str) -> tuple[str, list[int] | None]:
    """Return `text` without invisible characters, and where each that is left stood; None where none was left out."""
    if text.isascii() or not any(char in text for char in _INVISIBLE):
        return text, None
    at = [index for index, char in enumerate(text) if char not in _FORMAT]
    return "".join(text[index] for index in at), at


def apart(spans: Iterable[Span]) -> list[Span]:
    """Return spans in order, those that overlap as one: in "a@b.twa@b.tw" the second address begins in the first."""
    found: list[Span] = []
    for start, end in sorted(spans):
        if found and start < found[-1][1]:
            found[-1] = found[-1][0], max(end, found[-1][1])
        else:
            found.append((start, end))
    return found


def classes(text: str) -> bytes:
    """Return a byte for each character: 0, A, a, blank, - (what may stand in a number), a line's end, x (others)."""
    return text.encode("latin-1", "replace").translate(_CLASSES)


def words(text: str) -> list[bytes]:
    """Return the words of a text that are of ASCII letters, in small letters."""
    return text.encode("latin-1", "replace").translate(_LETTERS).split()


def around(text: str, places: Iterable[Span], before: int, behind: int) -> list[Span]:
    """Return the stretches of a text that are near to places in it."""
    return apart((max(0, start - before), min(len(text), end + behind)) for start, end in places)


def clusters(text: str, seen: bytes | None = None) -> Iterator[Span]:
    """Yield the stretches of a plain text with six digits or more and little between them; a date is none."""
    for found in _CLUSTER.finditer(classes(text) if seen is None else seen):
        start, end = found.span()
        if not (date := DATE.match(text, start)) or date.end() < end:
            yield start, end


def groups(text: str, start: int, end: int) -> list[Group]:
    """Return the groups of digits of a cluster in order, without those of dates."""
    dates = {
        at for found in DATE.finditer(text, start, end) if not _within(text, found.start()) for at in _starts(found)
    }
    found = (Group(*one.span(), one[0]) for one in _GROUP.finditer(text, start, end))
    return [group for group in found if group.start not in dates]


def _starts(date: re.Match[str]) -> Iterator[int]:
    """Yield where the groups of digits of a date begin."""
    return (one.start() for one in _GROUP.finditer(date.string, *date.span()))


def _within(text: str, at: int) -> bool:
    """Return whether a digit stands right before an offset, with at most a sign between."""
    return at > 0 and (text[at - 1].isdigit() or (text[at - 1] in "-." and at > 1 and text[at - 2].isdigit()))
