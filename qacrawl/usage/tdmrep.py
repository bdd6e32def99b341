"""/.well-known/tdmrep.json of the TDM Reservation Protocol (W3C community group report, 2024-05, 4.1)."""

import json
import re
from collections.abc import Iterator
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from qacrawl.parse.markup import tolerant
from qacrawl.usage import plain, rules

PATH = "/.well-known/tdmrep.json"
LARGEST = 512 << 10
"""Bytes that are read; of a larger file nothing is."""
MOST = 1000
"""Entries that are read."""
LONGEST = 1000
"""Characters of what can't be read that are kept."""
SPEAKS = re.compile(r"tdm-|[\[{]\s*+[\"']?location\b", re.IGNORECASE)
"""What tells a file that is broken from another answer at its address."""
HOST = re.compile(r"https?://([^/?#]*+)", re.IGNORECASE)


class Location(NamedTuple):
    """An entry: what is said of the pages whose path fits."""

    pattern: str
    reservation: str
    """The value, as JSON has it; empty where the entry has none."""
    policy: str | None = None
    unread: str | None = None
    """What can't be read, as written, of an entry without a location, or of the file: it may be about any page."""

    def fits(self, url: str) -> bool:
        """Return whether it is about `url`: matched as robots.txt does."""
        if self.unread is not None:
            return True
        path = self.pattern
        if host := HOST.match(path):  # an address for a path: what is meant is plain
            if host[1].lower() != urlsplit(url).netloc.lower():
                return False
            path = path[host.end() :]
        path = path if path.startswith(("/", "*")) else f"/{path}"
        return rules.fit(rules.spelt(path), rules.spellings(url))


def reserves(value: str) -> bool | None:
    """Return whether a tdm-reservation lets models be trained: 1 reserves that, 0 does not, all else says nothing.

    The protocol calls it a boolean, so true and false are taken for what they mean, as JSON and as headers write them.
    """
    said = value.strip().strip("\"'").strip().lower()
    return {"1": False, "1.0": False, "true": False, "?1": False}.get(
        said, {"0": True, "0.0": True, "false": True, "?0": True}.get(said)
    )


def parse(body: bytes) -> tuple[Location, ...]:
    """Read a tdmrep.json. What is no such file, a page that says "not found" for one, has no entry.

    A file that can't be read is one entry, which says so; so is each entry that can't be.
    """
    text = plain.text(body[:LARGEST]).strip()
    if text.startswith("<") or not SPEAKS.search(text):
        return ()
    if len(body) > LARGEST:
        return (_unread(f"{len(body):,} bytes, more than are read"),)
    try:
        found = [*tolerant.loads(text)]
    except ValueError:
        return (_unread(text),)
    entries = [entry for value in found for entry in (value if isinstance(value, list) else [value])]
    more = [_unread(f"{len(entries):,} entries, more than are read")] if len(entries) > MOST else []
    return tuple([entry for one in entries[:MOST] for entry in _entries(one)] + more)


def _entries(one: Any) -> Iterator[Location]:
    """Yield what an entry says, for each of its locations; nothing for what speaks of something else."""
    text = json.dumps(one, ensure_ascii=False)
    if "tdm-" not in text.lower():
        return
    keys = {key.strip().lower(): value for key, value in one.items()} if isinstance(one, dict) else {}
    said, policy, places = keys.get("tdm-reservation", ""), keys.get("tdm-policy"), keys.get("location")
    value = said if isinstance(said, str) else json.dumps(said)
    places = places if isinstance(places, list) else [places]
    for place in places:
        if isinstance(place, str):
            yield Location(place.strip(), value.strip(), policy if isinstance(policy, str) else None)
        else:
            yield _unread(text)


def _unread(text: str) -> Location:
    return Location("", "", None, text[:LONGEST].encode("utf-8", "replace").decode())
