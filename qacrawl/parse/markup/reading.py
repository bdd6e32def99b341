"""A page's markup, whichever way it is written: items, and what of it is broken."""

import re
from typing import NamedTuple

from selectolax.lexbor import LexborHTMLParser

from qacrawl.parse import blocks
from qacrawl.parse.markup import jsonld, microdata
from qacrawl.parse.markup.item import Budget, Item

JSON_LD = re.compile(r"\s*application/ld\+json\s*(?:;|\Z)", re.IGNORECASE)
ASKED = ("Question", "QAPage", "FAQPage", "DiscussionForumPosting")
TYPED = re.compile(rf"""["'/:](?:{"|".join(ASKED)})["']|type\W{{1,20}}(?:{"|".join(ASKED)})\b""")
"""A type that has questions, in a script that can't be read: not the word in a text."""


class Markup(NamedTuple):
    """What a page says in markup."""

    jsonld: list[Item]
    microdata: list[Item]
    faults: list[str]
    """What could not be read of what speaks of questions."""
    lang: str
    """What `<html>` gives as the page's language, as written."""


def read(markup: str, content_type: str | None = None) -> Markup:
    """Return what a page says. Raise what lexbor raises, and nothing else."""
    if not _asks(markup):  # to build a tree takes most of the time
        return Markup([], [], [], "")
    markup = blocks.clean(blocks.tame(markup, content_type))
    tree = LexborHTMLParser(markup)
    scripts = [node.text() for node in tree.css("script[type]") if JSON_LD.match(node.attributes["type"] or "")]
    written = jsonld.Reading(scripts)
    shown = microdata.read(tree, Budget(markup))
    root = tree.root.attributes if tree.root else {}
    faults = [fault for number, fault in written.faults.items() if TYPED.search(scripts[number])]
    return Markup(written.top, shown, faults, root.get("lang") or root.get("xml:lang") or "")


def _asks(text: str) -> bool:
    """Whether a text names a type that has questions."""
    return any(name in text for name in ASKED)
