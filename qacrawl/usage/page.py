"""What a page says of its own use, in meta tags of its HTML."""

import re
from collections.abc import Iterator
from datetime import datetime
from itertools import islice

from selectolax.lexbor import LexborHTMLParser

from qacrawl.records import Signal
from qacrawl.usage.directives import AGENT
from qacrawl.usage.signals import robots, tdm

ROBOTS = ("robots", AGENT)
TDM = ("tdm-reservation", "tdm-policy")
MOST = 100
"""Such tags that are read."""
_ANY = re.compile(rf"name\s*=\s*[\"']?\s*(?:{'|'.join((*ROBOTS, *TDM))})\b", re.IGNORECASE)


def from_page(markup: str, at: datetime) -> tuple[Signal, ...]:
    """Return what the HTML of a page, fetched `at`, says of its use.

    A tag counts wherever it stands, also in the body; in a comment, a script or a template it is none.
    """
    small = markup.lower()
    if not any(name in small for name in (*ROBOTS, *TDM)) or not _ANY.search(small):
        return ()  # most pages have none, and to read the tree takes ten times as long
    return tuple(islice(_signals(markup, at), MOST))


def _signals(markup: str, at: datetime) -> Iterator[Signal]:
    tree = LexborHTMLParser(markup.encode("utf-8", "replace"))
    for node in tree.css("meta[name][content]"):
        attributes = node.attributes
        name = (attributes["name"] or "").strip().lower()
        content = (attributes["content"] or "").strip()
        if name in ROBOTS:
            yield from robots("meta", name, content, at, agents=False)
        elif name in TDM:
            yield from tdm("meta", name, content)
