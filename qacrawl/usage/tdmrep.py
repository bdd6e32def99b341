"""/.well-known/tdmrep.json of the TDM Reservation Protocol (W3C community group report, 2024-05, 4.1)."""

import json
from typing import Any, NamedTuple

from qacrawl.usage import plain, rules

PATH = "/.well-known/tdmrep.json"
LARGEST = 512 << 10
"""Bytes that are read; a larger file is none."""
MOST = 1000
"""Entries that are read."""


class Location(NamedTuple):
    """An entry: what is said of the pages whose path fits."""

    pattern: str
    reservation: str
    """The value, as JSON has it."""
    policy: str | None = None

    def fits(self, url: str) -> bool:
        """Return whether it is about `url`: matched as robots.txt does."""
        return rules.fit(rules.spelt(self.pattern), rules.spellings(url))


def reserves(value: str) -> bool | None:
    """Return whether a tdm-reservation lets models be trained: 1 reserves that, 0 does not, all else says nothing.

    The protocol calls it a boolean, so JSON's true and false are taken for what they mean.
    """
    return {"1": False, "1.0": False, "true": False, "0": True, "0.0": True, "false": True}.get(value.strip().lower())


def parse(body: bytes) -> tuple[Location, ...]:
    """Read a tdmrep.json. What is no such file, a page that says "not found" for one, has no entry."""
    if len(body) > LARGEST:
        return ()
    try:
        found = json.loads(plain.text(body))
    except (ValueError, RecursionError):
        return ()
    entries = found if isinstance(found, list) else [found]
    return tuple(entry for one in entries[:MOST] if (entry := _entry(one)))


def _entry(one: Any) -> Location | None:
    """Return an entry; None for one that lacks what it must have, or whose reservation is neither 0 nor 1."""
    if not isinstance(one, dict) or not isinstance(one.get("location"), str):
        return None
    said, policy = one.get("tdm-reservation"), one.get("tdm-policy")
    value = said if isinstance(said, str) else json.dumps(said)
    if reserves(value) is None:
        return None
    return Location(one["location"].strip(), value.strip(), policy if isinstance(policy, str) else None)
