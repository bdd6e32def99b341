"""Patterns of addresses: "/questions/{number}/{slug}", or a regular expression that begins with ^."""

import re
from typing import Any, NamedTuple
from urllib.parse import quote

FIGURES = "[1-9][0-9]{0,17}"
"""Of a number that can be the number of an article."""
NUMBER = f"(?P<zeros>0*+)(?P<number>{FIGURES})"
SLUG = "[^/?#&=]+"
DIGITS = re.compile(f"0*+({FIGURES})")
_HOLDER = re.compile(r"\{([^{}]*)\}")
_ASCII = "/%:@!$&'()*+,;=~-._"


class Pattern(NamedTuple):
    """What addresses a pattern fits."""

    written: str
    path: re.Pattern[str]
    query: dict[str, re.Pattern[str]]
    """What parameters have to say."""

    def match(self, path: str, query: dict[str, str]) -> tuple[str, str] | None:
        """Return the number in an address that fits, "" where the pattern has none, and the path in one spelling.

        `query` has the parameters of the address as they are written. Return None of an address that does not fit.
        """
        found = self.path.fullmatch(path)
        if found is None:
            return None
        number = found.groupdict().get("number") or ""
        if self.written.startswith("^"):
            digits = DIGITS.fullmatch(number)
            if digits:
                start, end = found.span("number")
                path = path[:start] + digits[1] + path[end:]
            number = digits[1] if digits else ""
        else:
            first, last = found.span("zeros") if number else (0, 0)
            path = path[:first] + path[last:]
            path = path.rstrip("/") + "/" * self.written.partition("?")[0].endswith("/") or "/"
        for name, pattern in self.query.items():
            value = pattern.fullmatch(query.get(name, ""))
            if value is None:
                return None
            number = value.groupdict().get("number") or number
        return number, path

    def parameter(self, name: str, part: str) -> str:
        """Return a parameter of an address that fits in one spelling: a number without zeros before it."""
        pattern = self.query.get(name)
        found = pattern.fullmatch(part.partition("=")[2]) if pattern else None
        if found is None or not found.groupdict().get("number"):
            return part
        first, last = (len(name) + 1 + at for at in found.span("zeros"))
        return part[:first] + part[last:]

    def filled(self, number: int) -> str | None:
        """Return path and query with a number; None where the pattern says more than that, or less."""
        if self.written.startswith("^") or [found[1] for found in _HOLDER.finditer(self.written)] != ["number"]:
            return None
        return self.written.replace("{number}", str(number))


def compiled(written: Any) -> Pattern:
    """Return the pattern that a text means. Raise ValueError for one that is none."""
    if not isinstance(written, str) or not written.startswith(("/", "^")):
        raise ValueError(f"{written!r} is no pattern: it begins with / or, a regular expression, with ^")
    if written.startswith("^"):
        try:
            return Pattern(written, re.compile(written), {})
        except re.error as error:
            raise ValueError(f"the regular expression {written!r} can't be parsed: {error}") from None
    path, _, query = written.partition("?")
    pairs = [part.partition("=") for part in query.split("&") if part]
    values = {name: re.compile(_expression(value)) for name, _, value in pairs}
    if _expression(path).count("?P<number>") + query.count("{number}") > 1:
        raise ValueError(f"{written!r} has {{number}} twice")
    if len(path) > 1:
        path = path.rstrip("/")
    return Pattern(written, re.compile(f"{_expression(path)}/?"), values)


def _expression(written: str) -> str:
    """Return the regular expression of a pattern or a part of it."""
    holders = {"number": NUMBER, "slug": SLUG}
    made, last = "", 0
    for found in _HOLDER.finditer(written):
        if found[1] not in holders:
            raise ValueError(f"{written!r}: {found[0]} is neither {{number}} nor {{slug}}")
        made += _literal(written[last : found.start()]) + holders[found[1]]
        last = found.end()
    return made + _literal(written[last:])


def _literal(written: str) -> str:
    """Return the regular expression of what stands between holders."""
    if set(written) & {"{", "}"}:
        raise ValueError(f"{written!r} has a brace without the other: it takes {{number}} and {{slug}}")
    return re.escape(quote(written, safe=_ASCII))
