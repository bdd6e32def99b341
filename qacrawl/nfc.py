"""Text in NFC, in time that grows with its length alone."""

import re
import unicodedata
from functools import cache

LONGEST = 30
"""Combining marks in a row, as in the Stream-Safe Text Format of https://unicode.org/reports/tr15/."""
JOINER = "\u034f"
"""The combining grapheme joiner, which parts longer runs and shows nothing."""


def nfc(text: str) -> str:
    """Return `text` in NFC, with runs of more than LONGEST marks parted: to sort those takes time by their square."""
    return _parted(unicodedata.normalize("NFC", _parted(text)))  # twice: some marks become two


def _parted(text: str) -> str:
    return _long()[1].sub(rf"\1{JOINER}", text) if _may_be_long(text) else text


def is_nfc(text: str) -> bool:
    """Return whether `nfc` would leave `text` as it is."""
    if _may_be_long(text) and _long()[1].search(text):
        return False
    return unicodedata.is_normalized("NFC", text)


def _may_be_long(text: str) -> bool:
    """Return whether there may be a run of more than LONGEST marks.

    Some characters are looked at, so close together that each such run holds one of them.
    """
    sample = text[LONGEST :: LONGEST + 1]
    return not sample.isascii() and _long()[0].search(sample) is not None


@cache
def _long() -> tuple[re.Pattern[str], re.Pattern[str]]:
    """Return patterns for one mark, and for LONGEST of them before another."""
    low, high = _marks(0x300, 0xFFFF), _marks(0x10000, 0x1EFFF)  # apart: a class without the high ones is fast
    mark = f"(?:[{low}]|[{high}])"
    return re.compile(mark), re.compile(f"({mark}{{{LONGEST}}})(?={mark})")


def _marks(first: int, last: int) -> str:
    """Return the characters between two that are marks, or decompose into marks, as the inside of a class."""
    marks = "".join(filter(unicodedata.combining, map(chr, range(first, last + 1))))
    return marks + "\u0f73\u0f75\u0f81" if first < 0xF73 <= last else marks
