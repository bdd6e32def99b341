"""A page's digest with a mark of its signals, so that a page whose bytes did not change is read again when they did.

A mark is 8 hex digits of what files of the host say, and of what headers say; "-" where that is nothing. A digest
without marks is one of a page of which nothing is said, as all were that older versions fetched.
"""

from collections.abc import Iterable
from hashlib import sha256

from qacrawl.records import Signal

NONE = "-"


def stamped(digest: str, signals: Iterable[Signal]) -> str:
    """Return a digest with the marks of the signals of files and headers; without any, where there is none."""
    both = of(signals)
    return f"{digest} {both}" if both else digest


def of(signals: Iterable[Signal]) -> str:
    """Return the marks of signals: "FILES HEADERS", or "" where nothing is said."""
    said = list(signals)
    both = of_files(said), of_headers(said)
    return "" if both == (NONE, NONE) else " ".join(both)


def of_files(signals: Iterable[Signal]) -> str:
    """Return the mark of what files of the host say."""
    return _mark(signal for signal in signals if signal.source in ("robots.txt", "tdmrep.json"))


def of_headers(signals: Iterable[Signal]) -> str:
    """Return the mark of what headers say."""
    return _mark(signal for signal in signals if signal.source == "header")


def part(digest: str | None) -> str:
    """Return the marks of a digest, as `of` gives them."""
    return (digest or "").partition(" ")[2]


def files(digest: str | None) -> str:
    """Return the mark in a digest of what files of the host said."""
    return part(digest).partition(" ")[0] or NONE


def headers(digest: str | None) -> str:
    """Return the mark in a digest of what headers said."""
    return part(digest).partition(" ")[2] or NONE


def _mark(signals: Iterable[Signal]) -> str:
    said = sorted(signal[:2] for signal in signals)
    return sha256(repr(said).encode()).hexdigest()[:8] if said else NONE
