"""What robots.txt, tdmrep.json and headers say of the use of a page, and what all signals come to. Pure.

Read by draft-ietf-aipref-attach-05 and -vocab-07 (Content-Usage), contentsignals.org (Content-Signal), the TDM
Reservation Protocol (W3C community group report, 2024-05) and the robots rules that search engines document.
Where several apply the most restrictive wins, also where the TDM Reservation Protocol would have one supersede another,
and where of equal keys of a dictionary the last would count (RFC 9651): a proxy may have joined them.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

from qacrawl.records import Signal
from qacrawl.usage import dictionary, directives
from qacrawl.usage.rules import Rules
from qacrawl.usage.tdmrep import Location, reserves

LONGEST = 500
"""Characters of a rule that are kept."""
MOST = 30
"""Signals of a page that are kept; those that say most of its use come first."""

TRAINING = "train-ai"
"""Label of training in the vocabulary of aipref (-vocab-07, 6.1)."""
NARROWER = ("train-genai", "genai", "ai-train")
"""Labels of earlier drafts for a part of it, and Content-Signal's name, taken for what is meant: n reserves."""
BROADER = ("bots", "all", "tdm", "ai")
"""Labels of earlier drafts for more than training: n reserves, unless there is a word for training itself."""
_WORDS = {"yes", "no", "y", "n"}
_PAIR = re.compile(r"[^\s=;:\"']++\s*+=[^=;:\"']*+")
_LOOSE = re.compile(r"([\w-]++)[\"']?\s*+[=:]\s*+[\"']?([\w-]*+)")
"""Key and value of a signal, whatever stands around them."""


def from_robots(found: Rules, url: str, seen_at: datetime | None = None) -> tuple[Signal, ...]:
    """Return what a robots.txt says of the use of `url`."""
    names = {"content-usage": "Content-Usage", "content-signal": "Content-Signal"}
    return tuple(_said("robots.txt", names[usage.name], usage.line, usage.said, seen_at) for usage in found.usages(url))


def from_tdmrep(found: Sequence[Location], url: str, seen_at: datetime | None = None) -> tuple[Signal, ...]:
    """Return what a tdmrep.json says of the use of `url`: its first entry that fits and can be read (TDMRep, 4.1).

    Those that can't be read are noted beside it.
    """
    said = []
    for entry in found:
        if not entry.fits(url):
            continue
        trains = reserves(entry.reservation)
        if entry.unread is not None:
            said.append(_signal("tdmrep.json", entry.unread, seen_at, None, is_read=False))
        elif entry.reservation or not entry.policy:
            rule = f"tdm-reservation: {entry.reservation}"
            said.append(_signal("tdmrep.json", rule, seen_at, trains, is_read=trains is not None))
        if entry.policy:
            said.append(_signal("tdmrep.json", f"tdm-policy: {entry.policy}", seen_at, None))
        if trains is not None:
            break
    return tuple(said)


def from_headers(headers: Iterable[tuple[str, str]], at: datetime) -> tuple[Signal, ...]:
    """Return what the headers of a response that came `at` say of the use of its page."""
    found: list[Signal] = []
    usages: list[str] = []
    for name, value in headers:
        lower = name.strip().lower()
        if lower == "content-usage":
            usages.append(value)  # several lines are one dictionary (RFC 9651, 4.2)
        elif lower == "content-signal":
            found.append(_said("header", "Content-Signal", value, value))
        elif lower == "x-robots-tag":
            found += robots("header", "X-Robots-Tag", value, at, agents=True)
        elif lower in ("tdm-reservation", "tdm-policy"):
            found += tdm("header", lower, value)
    return (*found, *_usages(usages))


def _usages(lines: Iterable[str]) -> list[Signal]:
    """Return what the lines of Content-Usage in a header say: together, or each alone where that can't be read."""
    lines = list(filter(None, map(str.strip, lines)))
    whole = ", ".join(lines)
    found = [_said("header", "Content-Usage", whole, whole)] if whole else []
    return found if are_read(found) else [_said("header", "Content-Usage", line, line) for line in lines]


def judge(signals: Iterable[Signal]) -> bool | None:
    """Return whether models may be trained on a page; None where nothing is said (-vocab-07, 5.1)."""
    said = {signal.trains for signal in signals}
    return False if False in said else True if True in said else None


def indexes(signals: Iterable[Signal]) -> bool:
    """Return whether a page may be in an index, and so in a snapshot."""
    return all(signal.indexes for signal in signals)


def follows(signals: Iterable[Signal]) -> bool:
    """Return whether the links of a page may be followed."""
    return all(signal.follows for signal in signals)


def are_read(signals: Iterable[Signal]) -> bool:
    """Return whether all signals could be read."""
    return all(signal.is_read for signal in signals)


def kept(signals: Iterable[Signal]) -> list[Signal]:
    """Return the signals that are kept with a page, each once: all, or of many those that restrict most."""
    once = list({signal[:2]: signal for signal in signals}.values())
    if len(once) <= MOST:
        return once
    return sorted(once, key=lambda signal: (signal.trains is not False, signal.indexes, signal.follows))[:MOST]


def robots(source: str, name: str, value: str, at: datetime, *, agents: bool) -> Iterator[Signal]:
    """Yield what the value of X-Robots-Tag or of a meta tag says of use, if anything; `agents` may be named in it."""
    said = directives.read(value, at, agents=agents)
    if said.is_anything:
        yield _signal(
            source,
            f"{name}: {value}",
            None,
            said.trains,
            indexes=said.indexes,
            follows=said.follows,
            is_read=said.is_read,
        )


def tdm(source: str, name: str, value: str) -> Iterator[Signal]:
    """Yield what the value of tdm-reservation or tdm-policy says; any but 0 and 1 leaves it open (TDMRep, 3.1).

    A list is what several lines come to that were joined: the most restrictive of its entries counts.
    """
    if name == "tdm-policy":
        yield _signal(source, f"{name}: {value}", None, None)
        return
    said = {reserves(one) for one in value.split(",")}
    trains = False if False in said else True if said == {True} else None
    yield _signal(source, f"{name}: {value}", None, trains, is_read=None not in said)


def _said(source: str, name: str, line: str, said: str, seen_at: datetime | None = None) -> Signal:
    """Return what a Content-Usage or Content-Signal says; `line` is all of it, `said` what stands behind a path."""
    if name == "Content-Signal":
        trains, is_read = _signals(said)
        return _signal(source, f"{name}: {line}", seen_at, trains, is_read=is_read)
    try:
        trains = _usage(said)
    except ValueError:  # then the preference is unknown (-vocab-07, 6.5.1)
        return _signal(source, f"{name}: {line}", seen_at, None, is_read=False)
    return _signal(source, f"{name}: {line}", seen_at, trains)


def _usage(said: str) -> bool | None:
    """Return what a statement of preference says of training. Raise ValueError for one that can't be read."""
    found = set(dictionary.read(said))
    keys, own = {key for key, _ in found}, {value for key, value in found if key == TRAINING}
    if own - {"y", "n"} and not keys & {*NARROWER, *BROADER}:
        raise ValueError("neither y nor n")
    if any((label, "n") in found for label in (TRAINING, *NARROWER)):
        return False
    if "y" in own:
        return True
    return False if any((label, "n") in found for label in BROADER) else None


def _signals(said: str) -> tuple[bool | None, bool]:
    """Return what a Content-Signal says of training, and whether all of it could be read.

    What is not written as it should be, with other signs between, can still reserve, but allows nothing.
    """
    pairs = [part.strip().lower() for part in said.split(",") if part.strip()]
    is_read = all(map(_PAIR.fullmatch, pairs))
    found = {value for key, value in _LOOSE.findall(" ".join(pairs)) if key in ("ai-train", TRAINING)}
    if found & {"no", "n"}:
        return False, is_read and found <= _WORDS
    is_read = is_read and found <= _WORDS
    return (True if found and is_read else None), is_read


def _signal(source: str, rule: str, seen_at: datetime | None, trains: bool | None, **more: bool) -> Signal:
    text = " ".join("".join(char if char.isprintable() else " " for char in rule[: 2 * LONGEST]).split())
    cut = text if len(text) <= LONGEST else text[: LONGEST - 3] + "..."
    return Signal(source, cut, trains, seen_at=seen_at, **more)  # type: ignore[arg-type]
