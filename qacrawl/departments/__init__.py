"""Departments under one name each, whatever a site calls them: the vocabulary is `names.tsv`."""

import re
from functools import cache, lru_cache
from pathlib import Path
from typing import NamedTuple

FILE = Path(__file__).with_name("names.tsv")
LONGEST = 200
"""Characters of a name; no department has a longer one."""
CALLED = re.compile(r"\b(?:dep(?:artmen)?t\.?|division|section) of(?: the)? |,?\s*\bdep(?:artmen)?t\.?$")
"""What calls a department one."""
DASH = re.compile(r"\s[-–—]\s|\s*[－]\s*")
BRACKETS = re.compile(r"\s*[(（][^()（）]*[)）]$")


class Department(NamedTuple):
    """A department: its slug, its names, and what else sites call it."""

    slug: str
    english: str
    chinese: str
    also: tuple[str, ...]


@cache
def departments() -> tuple[Department, ...]:
    """Return all departments, in the order of the file."""
    _, *lines = FILE.read_text(encoding="utf-8").splitlines()
    rows = (line.split("\t") for line in lines)
    return tuple(Department(slug, en, zh, tuple(filter(None, also.split("; ")))) for slug, en, zh, also in rows)


@lru_cache(10_000)
def slug(name: str) -> str | None:
    """Return the slug of a department by one of its names, in any case; None for an unknown one.

    What stands in brackets behind a name, or after a comma, only narrows it: "Pediatrics (General)". What stands after
    a dash is the department: "Internal Medicine - Cardiology".
    """
    if len(name) > LONGEST:
        return None
    known = _by_name()
    for one in (name, DASH.split(name)[-1], BRACKETS.sub("", name)):
        while one:
            if found := known.get(_plain(one)):
                return found
            one = one.rpartition(",")[0]
    return None


@cache
def _by_name() -> dict[str, str]:
    """Return slugs by every name, as `_plain` leaves it."""
    return {_plain(name): one.slug for one in departments() for name in (one.english, one.chinese, *one.also)}


def _plain(name: str) -> str:
    """Return a name without what does not tell it from others: its case, white space, commas, "and"."""
    called = CALLED.sub("", name.casefold().strip())
    return "".join(re.sub(r"&|,|、|\band\b", " ", called).split())
