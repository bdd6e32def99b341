"""Dictionaries of HTTP's structured fields (RFC 9651, 3.2 and 4.2.2), as far as their tokens are wanted."""

import re

LONGEST = 8192
"""Characters that are read; a longer one counts as one that can't be read."""

_KEY = r"[a-z*][a-z0-9_\-.*]*"
_WORD = r"[A-Za-z*][!#$%&'*+\-.^_`|~0-9A-Za-z:/]*"
_BARE = "|".join(
    (
        r"-?[0-9]{1,12}\.[0-9]{1,3}|-?[0-9]{1,15}(?!\.)",
        r'"(?:[ !#-\[\]-~]|\\["\\])*"',
        _WORD,
        r":[A-Za-z0-9+/=]*:",
        r"\?[01]",
        r"@-?[0-9]{1,15}",
        r'%"(?:[ !#-$&-~]|%[0-9a-f]{2})*"',
    )
)
_PARAMETERS = rf"(?:; *{_KEY}(?:=(?:{_BARE}))?)*"
_INNER = rf"\( *(?:(?:{_BARE}){_PARAMETERS}(?: +(?:{_BARE}){_PARAMETERS})*)? *\)"
_MEMBER = re.compile(rf"({_KEY})(?:=({_INNER}|{_BARE}))?{_PARAMETERS}")
_BETWEEN = re.compile(r"[ \t]*,[ \t]*")


def read(text: str) -> list[tuple[str, str]]:
    """Return keys and values in their order, each as written and without its parameters; keys may come twice.

    A key without a value has "?1", which is what that means. Raise ValueError for what is no dictionary.
    """
    found: list[tuple[str, str]] = []
    rest, at = text.strip(" "), 0
    if len(rest) > LONGEST:
        raise ValueError("a dictionary that is too long")
    while at < len(rest):
        member = _MEMBER.match(rest, at)
        if member is None:
            raise ValueError(f"no dictionary: {rest[at : at + 50]!r}")
        found.append((member[1], "?1" if member[2] is None else member[2]))
        at = member.end()
        if at == len(rest):
            break
        comma = _BETWEEN.match(rest, at)
        if comma is None or comma.end() == len(rest):
            raise ValueError(f"no dictionary: {rest[at : at + 50]!r}")
        at = comma.end()
    return found
