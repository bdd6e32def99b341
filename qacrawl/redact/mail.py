"""E-mail addresses: "name@host.tld", also "name (at) host (dot) tld", and spaced where it is sure to be one."""

import re
from collections.abc import Iterator

from qacrawl.redact.spans import Span, words

# Three spaces at most: without a bound, a run of spaces would take time by its square.
_DOT = r"(?:\s?[.。]\s?|\s{0,3}[(\[{]\s{0,3}dot\s{0,3}[)\]}]\s{0,3}|\s{1,3}dot\s{1,3})"
_TLD = r"(?:com|net|org|edu|gov|tw|cn|hk|jp|uk|de|io|me)\b"
_PROVIDER = r"(?:gmail|yahoo|hotmail|outlook|icloud|msn|hinet|pchome|live|qq|163|126|protonmail)"
_AT = re.compile(
    rf"""(?ix) (?: \s? (?:@|%40) \s? | \s{{0,3}} [(\[{{<] \s{{0,3}} (?:at|@) \s{{0,3}} [)\]}}>] \s{{0,3}}
      | (?P<word> \s{{1,3}}at\s{{1,3}} (?={_PROVIDER}\b|[a-z0-9-]+\s{{1,3}}dot\s{{1,3}}{_TLD}) ) )
    (?: [\w-]+ (?:\.[\w-]+)* \.[a-z]{{2,24}} (?![a-z])
      | [a-z0-9-]+ (?:{_DOT}[a-z0-9-]+){{0,3}}? {_DOT} {_TLD} (?: {_DOT} {_TLD} )?
      | {_PROVIDER}\b )"""
)
_LETTER = "A-Za-z0-9_\u00c0-\u024f"
_LOCAL = re.compile(rf"[{_LETTER}.+%-]*[{_LETTER}]\Z")
_DOTTED = re.compile(
    rf"(?i)[{_LETTER}]+(?:(?:\s{{0,3}}[(\[{{]dot[)\]}}]\s{{0,3}}|\s{{1,3}}dot\s{{1,3}})[{_LETTER}]+)+\Z"
)
_LONGEST_LOCAL = 64
HINTS = frozenset(b"com net org gmail yahoo hotmail outlook icloud hinet dot pchome qq tw protonmail".split())
"""Words of a text that may stand in an address; see `text.suspicious`."""
_SIGN = re.compile(
    r"(?i)@|%40|[(\[{<]\s{0,3}at\s{0,3}[)\]}>]|\bat\s{1,3}(?:[a-z0-9-]{1,30}\s{1,3}dot\b|" + _PROVIDER + r"\b)"
)


def emails(plain: str) -> Iterator[Span]:
    """Yield the e-mail addresses in a text."""
    spelt = any(sign in plain for sign in ")]}>") or not HINTS.isdisjoint(words(plain))
    if "@" not in plain and "%40" not in plain and not (spelt and _SIGN.search(plain)):
        return
    for found in _AT.finditer(plain):
        before = plain[max(0, found.start() - _LONGEST_LOCAL) : found.start()]
        dotted = _DOTTED.search(before)
        local = dotted or _LOCAL.search(before)
        # "look at gmail.com" is no address, "chen.77 at gmail.com" is, and so is "chen at gmail dot com"
        if local and (dotted or not found["word"] or " dot " in found[0].lower() or not local[0].isalpha()):
            yield found.start() - len(local[0]), found.end()
