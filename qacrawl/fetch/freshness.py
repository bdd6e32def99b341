"""How long a page stays as it is, as its own headers say, by RFC 9111: a visit within that time is none too early.

Headers only ever put a visit off. What forbids to keep a copy says nothing of when to come again.
"""

import re
from itertools import groupby

from scrapy.http.headers import Headers

from qacrawl.fetch import outcomes

PIECE = re.compile(r'"(?:[^"\\]|\\.|\\$)*(?:"|$)|[^",]+|,', re.DOTALL)
"""Of Cache-Control: a text in quotes, which may hold commas, what is none, or a comma that ends a directive."""
DIGITS = 12
"""Digits of a number of seconds; more are as good as none."""
NEVER = frozenset(["no-cache", "no-store"])
"""Directives with which a page is no older than a request."""


def seconds(headers: Headers) -> float:
    """Return the seconds for which a page stays as it is, as its headers say; 0 where they say nothing of it."""
    told = directives(",".join(_values(headers, "Cache-Control")))
    if NEVER & told.keys():
        return 0.0
    fresh = min(map(_number, told["max-age"])) if "max-age" in told else _until(headers)
    age = next(iter(_values(headers, "Age")), "")
    return max(fresh - _number(age.strip()), 0.0)


def directives(text: str) -> dict[str, list[str]]:
    """Return the directives of a Cache-Control header, each with its values, without quotes; "" for none."""
    found: dict[str, list[str]] = {}
    pieces = (piece[0] for piece in PIECE.finditer(text))
    for is_comma, one in groupby(pieces, key=",".__eq__):
        if not is_comma:
            name, _, value = "".join(one).partition("=")
            found.setdefault(name.strip().lower(), []).append(value.strip().strip('"').strip())
    return found


def _number(text: str) -> float:
    return float(text[:DIGITS]) if text.isascii() and text.isdigit() else 0.0


def _until(headers: Headers) -> float:
    """Return the seconds from `Date` to `Expires`; 0 where one of them names no time."""
    until, now = (outcomes.moment(next(iter(_values(headers, name)), "")) for name in ("Expires", "Date"))
    return 0.0 if until is None or now is None else until - now


def _values(headers: Headers, name: str) -> list[str]:
    return [value.decode("latin-1") for value in headers.getlist(name)]
