"""JSON as pages have it: with the faults that search engines tolerate."""

import json
import re
from collections.abc import Iterator
from typing import Any

# A string that nobody closes ends with the text, so that each is gone through once.
_STRING = r'"(?:[^"\\]++|\\.)*+(?:"|\\?+\Z)'
_SPACE = "[\ufeff\xa0\u2028\u2029\u3000\u200b]"
"""Space that JSON does not know as such."""
_WRAP = r"<!--|-->|<!\[CDATA\[|\]\]>"
_COMMENT = rf"//\s*+(?:{_WRAP})|//[^\n]*+|/\*(?:[^*]++|\*(?!/))*+(?:\*/|\Z)|{_WRAP}|{_SPACE}"
COMMENT = re.compile(rf"({_STRING})|{_COMMENT}", re.DOTALL)
COMMAS = re.compile(rf"({_STRING})|(,[\s,]*+)(?=([}}\]])?)", re.DOTALL)
"""A string, or commas and whether they stand before the end of a list or an object."""
BAD_ESCAPE = re.compile(r'\\(?:(["\\/bfnrt]|u[0-9a-fA-F]{4})|(.?))', re.DOTALL)
BETWEEN = re.compile(r"[\s,;]*+")
# Numbers stay text: one of 5,000 digits would be refused.
_DECODER = json.JSONDecoder(strict=False, parse_int=str, parse_float=str, parse_constant=str)


def loads(text: str) -> Iterator[Any]:
    """Yield the JSON values in a text, one behind the other.

    Comments, `<![CDATA[`, commas behind the last entry, raw newlines and tabs in strings, and backslashes that escape
    nothing are tolerated. Raise ValueError behind the last that can be read, and where it is nested too deep.
    """
    try:
        try:
            yield _DECODER.decode(text)
        except json.JSONDecodeError:
            yield from _values(COMMAS.sub(_kept, COMMENT.sub(_mended, text)))
    except RecursionError:
        raise ValueError("nested too deep") from None


def _mended(match: re.Match[str]) -> str:
    """Return a string with its escapes mended; nothing of a comment."""
    return BAD_ESCAPE.sub(lambda found: f"\\{found[1]}" if found[1] else found[2], match[1]) if match[1] else " "


def _kept(match: re.Match[str]) -> str:
    """Return a string as it is, and commas unless they are the last."""
    return match[1] or ("" if match[3] else match[2])


def _values(text: str) -> Iterator[Any]:
    at = BETWEEN.match(text).end()  # type: ignore[union-attr]  # it matches nothing as well
    while at < len(text):
        value, end = _DECODER.raw_decode(text, at)
        yield value
        at = BETWEEN.match(text, end).end()  # type: ignore[union-attr]
