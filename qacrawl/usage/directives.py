"""X-Robots-Tag and `<meta name="robots">`: the rules that search engines document, and `noai`.

https://developers.google.com/search/docs/crawling-indexing/robots-meta-tag says how they are written and combined
(of several the most restrictive), draft-illyes-repext-02 the same; `noai` is DeviantArt's, of 2022.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

AGENT = "qacrawl"
LARGEST = 8192
"""Characters that are read."""
RULES = frozenset(
    "all index noindex follow nofollow none noarchive nocache nosnippet noimageindex noimageai noai notranslate "
    "nositelinkssearchbox indexifembedded noodp noydir".split()
)
"""Rules that are a word."""
VALUED = frozenset(["max-snippet", "max-image-preview", "max-video-preview", "unavailable_after"])
"""Rules that have a value behind a colon, as the rules have that are said to one agent."""
_ABOUT_USE = frozenset(["noindex", "nofollow", "none", "noarchive", "nocache", "nosnippet", "noimageai", "noai"])
QUOTES = re.compile("[\"']")
_NAME = re.compile(r"[A-Za-z0-9_.*-]+")


@dataclass
class Said:
    """What the rules come to."""

    trains: bool | None = None
    indexes: bool = True
    follows: bool = True
    is_read: bool = True
    is_anything: bool = False
    """Whether anything of it is about use."""


def read(value: str, at: datetime, *, agents: bool) -> Said:
    """Return what the rules in a value say to us of a page that was fetched `at`; `agents` may be named in it."""
    said = Said()
    for name, about in _rules(QUOTES.sub(" ", value[:LARGEST]), agents):
        if name == "unavailable_after":
            _after(said, about, at)
        elif name in _ABOUT_USE:
            said.is_anything = True
            said.indexes &= name not in ("noindex", "none")
            said.follows &= name not in ("nofollow", "none")
            said.trains = False if name == "noai" else said.trains
    return said


def _after(said: Said, date: str, at: datetime) -> None:
    """Note from when on a page may not be in an index; what is no date has no effect."""
    said.is_anything = True
    after = _date(date)
    if after is None:
        said.is_read = False
    else:
        said.indexes &= at < after


def _rules(value: str, agents: bool) -> Iterator[tuple[str, str]]:
    """Yield the rules that are meant for us, in small letters, with their values."""
    is_ours = True
    for piece in _pieces(value):
        rest = piece
        if agents:
            while (agent := _agent(rest)) is not None:
                is_ours = agent in (AGENT, "*")
                rest = rest.partition(":")[2].strip()
        if is_ours:
            name, colon, about = rest.partition(":")
            if colon and name.strip().lower() in VALUED:
                yield name.strip().lower(), about.strip()
            else:
                yield from ((word, "") for word in re.split(r"[\s;]+", rest.lower()))


def _agent(text: str) -> str | None:
    """Return the agent that a piece is said to; None where it names none."""
    name, colon, _ = text.partition(":")
    name = name.strip().lower()
    return name if colon and _NAME.fullmatch(name) and name not in VALUED else None


def _pieces(value: str) -> Iterator[str]:
    """Yield what stands between commas; the comma in the date of `unavailable_after` is none of those."""
    held = ""
    for piece in map(str.strip, value.split(",")):
        begins = _agent(piece) is not None or _word(piece) in RULES | VALUED or not piece
        if held and not begins:
            held += f", {piece}"
            continue
        if held:
            yield held
        held = piece if "unavailable_after" in piece.lower() else ""
        if piece and not held:
            yield piece
    if held:
        yield held


def _word(piece: str) -> str:
    """Return the first word of a piece."""
    return re.split(r"[\s;:]", piece.lower(), maxsplit=1)[0]


def _date(text: str) -> datetime | None:
    """Return the moment that a date in the form of RFC 822, RFC 850 or ISO 8601 means; None for what is none."""
    for form in (datetime.fromisoformat, parsedate_to_datetime):
        try:
            found = form(text)
        except (ValueError, TypeError, IndexError, OverflowError):
            continue
        return found if found.tzinfo else found.replace(tzinfo=UTC)
    return None
