"""robots.txt, read and matched as RFC 9309 says (https://www.rfc-editor.org/rfc/rfc9309.html).

Where Google's matcher reads more than the RFC asks for, this does so too: a missing colon, names spelt wrong, an
`Allow: /folder/index.html` that stands for the folder.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import NamedTuple
from urllib.parse import quote, unquote_to_bytes

from qacrawl.usage.plain import lines

LARGEST = 512 << 10
"""Bytes that are read; the RFC asks for 500 KiB at least."""
LONGEST_LINE = 8 * 2083 - 1
"""Characters of a line that are read."""

NAMES = {
    **dict.fromkeys(("user-agent", "useragent", "user agent"), "user-agent"),
    **dict.fromkeys(("disallow", "dissallow", "dissalow", "disalow", "diasllow", "disallaw"), "disallow"),
    "allow": "allow",
    **dict.fromkeys(("sitemap", "site-map"), "sitemap"),
    **dict.fromkeys(("crawl-delay", "crawldelay"), "crawl-delay"),
    **dict.fromkeys(("content-usage", "contentusage"), "content-usage"),
    **dict.fromkeys(("content-signal", "content-signals"), "content-signal"),
}
"""Names of lines, with their common misspellings, and what they mean."""
USAGES = ("content-usage", "content-signal")
"""Names of lines that say what pages may be used for."""
MOST_USAGES = 1000
"""Such lines of a group that are read."""

TOKEN = re.compile(r"[A-Za-z0-9_.-]*")
NUMBER = re.compile(r"\d{1,12}(?:\.\d*)?|\.\d+", re.ASCII)
ESCAPE = re.compile(r"%[0-9A-Fa-f]{2}")
UNSAFE = re.compile(r"[\x00-\x20\"<>^`{}]")  # an address has these escaped, a pattern may have them as they are
INDEX = re.compile(r"(.*/)index\.html?[^/]*")
UNRESERVED = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
PLAIN_IN_QUERY = UNRESERVED | frozenset(":/?@!'(),;")


class Rule(NamedTuple):
    """An Allow or Disallow line."""

    allows: bool
    length: int
    """Of its pattern, percent-encoded where it is not ASCII: the longest rule counts."""
    patterns: tuple[str, ...]
    """The spellings in which it fits, with their escapes in capitals."""


class Usage(NamedTuple):
    """A Content-Usage or Content-Signal line: what the pages may be used for that its path fits."""

    name: str
    """Of the two, in small letters."""
    length: int
    """Of its path, percent-encoded; 0 where it has none, so that it is about all pages."""
    patterns: tuple[str, ...]
    said: str
    """What it says, unread."""
    line: str
    """All of it but the name."""


@dataclass
class Group:
    """What robots.txt says to one agent."""

    rules: list[Rule] = field(default_factory=list)
    usages: list[Usage] = field(default_factory=list)
    delay: float = 0.0
    """Seconds between two requests that it asks for."""


@dataclass(frozen=True)
class Rules:
    """What a robots.txt says to us."""

    group: Group
    sitemaps: tuple[str, ...] = ()
    """Addresses after "Sitemap:", as written, each once."""

    @property
    def delay(self) -> float:
        """Seconds between two requests that it asks for."""
        return self.group.delay

    def allows(self, url: str) -> bool:
        """Return whether `url`, which is percent-encoded already, may be asked for.

        The longest rule that fits decides; of two that are equally long, the one that allows.
        """
        paths = spellings(url)
        fitting = ((rule.length, rule.allows) for rule in self.group.rules if fit(rule.patterns, paths))
        return max(fitting, default=(0, True))[1]

    def usages(self, url: str) -> tuple[Usage, ...]:
        """Return what it says of the use of `url`: of the lines of each name that fit, those with the longest path.

        Several with equally long paths all count (draft-ietf-aipref-attach-05, 3.1).
        """
        if not self.group.usages:
            return ()
        paths = spellings(url)
        fitting = [usage for usage in self.group.usages if fit(usage.patterns, paths)]
        longest = {name: max(usage.length for usage in fitting if usage.name == name) for name, *_ in fitting}
        return tuple(dict.fromkeys(usage for usage in fitting if usage.length == longest[usage.name]))


def parse(body: bytes, agent: str) -> Rules:
    """Read what a robots.txt says to `agent`, our product token: its own groups together, else those for all."""
    ours, everybody = Group(), Group()
    named, over = False, True  # over: a rule was read, so the next agent begins another group
    heard: list[Group] = []
    sitemaps: dict[str, None] = {}
    for name, value in _fields(body):
        if name == "user-agent":
            heard = [] if over else heard
            over = False
            token = TOKEN.match(value)
            if value == "*" or (value[:1] == "*" and value[1].isspace()):
                heard.append(everybody)
            elif token and token[0].lower() == agent.lower():
                named = True
                heard.append(ours)
        elif name == "sitemap":
            sitemaps[value] = None
        elif name == "crawl-delay":
            for group in heard:
                group.delay = max(group.delay, _seconds(value))
        elif name in USAGES:
            over |= name == "content-usage"  # a rule like the others; who never heard of Content-Signal skips it
            for group in heard:
                if len(group.usages) < MOST_USAGES:
                    group.usages.append(_usage(name, value))
        else:
            over = True
            for group in heard:
                group.rules += _rules(name == "allow", value)
    return Rules(ours if named else everybody, tuple(sitemaps))


def _fields(body: bytes) -> Iterator[tuple[str, str]]:
    """Yield what the lines of a robots.txt mean, as name and value; lines that mean nothing here are left out."""
    for line in lines(_without_half_mark(body), LARGEST):
        line = line[:LONGEST_LINE].partition("#")[0].strip("\0 \t\v\f\ufeff")  # joined files have marks in their middle
        name, colon, value = line.partition(":")
        if not colon or NAMES.get(name.strip().lower()) is None:
            words = line.split()
            name, value = words if len(words) == 2 else ("", "")
        if meaning := NAMES.get(name.strip().lower()):
            yield meaning, value.strip()


def _without_half_mark(body: bytes) -> bytes:
    """Return `body` without the first bytes of a UTF-8 byte order mark whose others are missing."""
    half = next((mark for mark in (b"\xef\xbb", b"\xef") if body.startswith(mark)), b"")
    return body[len(half) :] if body[len(half) : len(half) + 1].isascii() else body


def _seconds(value: str) -> float:
    """Return the seconds that a Crawl-delay asks for, 0 for what is no number."""
    number = NUMBER.match(value)
    return float(number[0]) if number else 0.0


def _rules(allows: bool, value: str) -> Iterator[Rule]:
    """Yield what an Allow or Disallow line comes to; nothing where it is empty.

    What is escaped without need in a Disallow is forbidden in either spelling. In an Allow it is taken as written:
    Google reads it so, other crawlers don't, and so nothing is asked for that either of them would leave.
    """
    if not value:
        return
    pattern = _pattern(value)
    if not allows:
        yield Rule(False, len(pattern), spelt(value))
        return
    yield Rule(True, len(pattern), (pattern,))
    if folder := INDEX.fullmatch(pattern):
        yield Rule(True, len(folder[1]) + 1, (f"{folder[1]}$",))


def _usage(name: str, value: str) -> Usage:
    """Return what a line says of the use of pages: a path, which begins with "/" and may be missing, and the rest."""
    path, said = "", value
    if value.startswith("/"):
        path, *rest = value.split(maxsplit=1)
        said = "".join(rest)
    return Usage(name, len(_pattern(path)), spelt(path), said, value)


def _pattern(value: str) -> str:
    """Return a path as written, percent-encoded where it is not ASCII, its escapes in capitals."""
    raw = value.encode("utf-8", "surrogateescape")
    return _capitals("".join(chr(byte) if 0x20 < byte < 0x7F else f"%{byte:02X}" for byte in raw))


def spellings(url: str) -> set[str]:
    """Return the spellings of the path and query of a URL with which patterns are compared."""
    path = _path(url)
    return {path, _decoded(path)}


def fit(patterns: Iterable[str], paths: Iterable[str]) -> bool:
    """Return whether one of the spellings of a pattern fits one of those of a path."""
    return any(_fits(pattern, path) for pattern in patterns for path in paths)


def spelt(pattern: str) -> tuple[str, ...]:
    """Return the spellings of a pattern, as of a Disallow line."""
    made = _pattern(pattern)
    return tuple({made, _decoded(made)})


def _path(url: str) -> str:
    """Return the path and query of a URL, with what is special in a pattern escaped."""
    rest = url.partition("#")[0]
    rest = rest.partition("://")[2] or rest
    start = min((at for at in map(rest.find, "/?") if at >= 0), default=len(rest))
    path = rest[start:]
    path = path if path.startswith("/") else f"/{path}"
    return _capitals(path.replace("*", "%2A").replace("$", "%24"))


def _capitals(text: str) -> str:
    return ESCAPE.sub(lambda escape: escape[0].upper(), text)


def _decoded(text: str) -> str:
    """Return a path or a pattern in the one spelling that RFC 9309 compares: nothing is escaped without need."""
    path, mark, query = text.partition("?")
    return _undone(path, UNRESERVED) + mark + _undone(query, PLAIN_IN_QUERY)


def _undone(text: str, plain: frozenset[str]) -> str:
    def shortest(escape: re.Match[str]) -> str:
        char = unquote_to_bytes(escape[0]).decode("latin-1")
        return char if char in plain else escape[0].upper()

    return ESCAPE.sub(shortest, UNSAFE.sub(lambda char: quote(char[0]), text))


def _fits(pattern: str, path: str) -> bool:
    """Return whether a pattern fits the beginning of a path, or all of it where the pattern ends with "$".

    "*" is any characters. Takes a time that grows with the product of the lengths at most.
    """
    whole = pattern.endswith("$")
    first, *pieces = pattern.removesuffix("$").replace("$", "%24").split("*")
    if not path.startswith(first):
        return False
    at = len(first)
    if not pieces:
        return not whole or at == len(path)
    last = pieces.pop() if whole else ""
    for piece in pieces:
        at = path.find(piece, at)
        if at < 0:
            return False
        at += len(piece)
    return path.endswith(last) and len(path) - len(last) >= at
