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
FAR = 50_000
"""Characters of such a tag, at most, from the name on."""
_ANY = re.compile(rf"name\s*+=\s*+[\"']?+\s*+(?:(?:{'|'.join((*ROBOTS, *TDM))})\b|[^\"'>&]{{0,20}}&#)")
"""A name that may be one of those: some of its letters may be character references."""


def from_page(markup: str, at: datetime) -> tuple[Signal, ...]:
    """Return what the HTML of a page, fetched `at`, says of its use.

    A tag counts wherever it stands, also in the body; in a comment, a script or a template it is none.
    """
    small = markup.lower()
    end = _end(small)
    if not end:
        return ()
    return tuple(islice(_signals(markup[:end] if len(small) == len(markup) else markup, at), MOST))


def _end(small: str) -> int:
    """Return how much of a page, in small letters, is read for the tags that may say something; 0 where none may.

    Most stand at the top, and what is behind them does not change what they are.
    """
    starts = [found.start() for found in _ANY.finditer(small)]
    return starts[-1] + FAR if starts else 0


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
