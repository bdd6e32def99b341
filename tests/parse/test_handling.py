"""Each fixture of the schema.org reader fails without the handling it is for."""

import json
import re
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from support.places import FIXTURES
from test_fixtures import load_page, read

from qacrawl.parse import blocks
from qacrawl.parse.markup import forum, jsonld, microdata, posts, prose, reading, threads, tolerant
from qacrawl.parse.markup.item import Item
from qacrawl.parse.markup.posts import Post
from qacrawl.parse.markup.thread import Thread

TURNS = count()
NOTHING = re.compile(r"(?!)")
COMMENTS = (r"//[^\n]*+|", r"/\*(?:[^*]++|\*(?!/))*+(?:\*/|\Z)|")
ANY_TAG = re.compile(r"<[^<>]+>")

Off = tuple[Any, str, Any]
"""A module or class, a name in it, and what stands there where the handling is off."""


def without(pattern: re.Pattern[str], *pieces: str) -> re.Pattern[str]:
    """Return a pattern without some of its alternatives."""
    written = pattern.pattern
    for piece in pieces:
        assert piece in written
        written = written.replace(piece, "")
    return re.compile(written, pattern.flags)


def best_by(key: Callable[[Post], Any]) -> Callable[[Thread], int | None]:
    return lambda thread: max(range(len(thread.replies)), key=lambda at: (key(thread.replies[at]), -at), default=None)


def of_lists_only(reader: jsonld.Reading, value: Any) -> Iterator[Item]:
    for one in value if isinstance(value, list) else [value]:
        yield reader._item(one)


def of_objects_only(reader: jsonld.Reading, value: Any) -> Iterator[Item]:
    if isinstance(value, dict):
        yield reader._item(value)
        yield from of_lists_only(reader, value.get("@graph", []))


def owned_by_the_first(node: Any, items: dict[int, Item], referred: object) -> Iterator[Item]:
    yield from [*items.values()][:1]


whole = reading.read
read_scripts = jsonld.Reading
ONE_SCRIPT = (jsonld, "Reading", lambda scripts: read_scripts(["\n".join(scripts)]))
NO_FAULTS = (reading, "read", lambda markup, served=None: whole(markup, served)._replace(faults=[]))
STRICT = (tolerant, "_DECODER", json.JSONDecoder(parse_int=str, parse_float=str))
HANDLED: dict[str, list[Off]] = {
    "accepted-after-others": [(Thread, "best", best_by(lambda post: post.votes or 0))],
    "author-is-an-address": [(posts, "URL", NOTHING)],
    "bad-escapes": [(tolerant, "BAD_ESCAPE", NOTHING)],
    "broken-beside-good": [ONE_SCRIPT],
    "broken-json": [NO_FAULTS],
    "cdata": [(tolerant, "COMMENT", NOTHING)],
    "comments-in-json": [(tolerant, "COMMENT", without(tolerant.COMMENT, *COMMENTS))],
    "deleted-answers": [(posts, "DELETED", NOTHING)],
    "escaped-html": [(prose, "FIRST_TAG", NOTHING)],
    "faq": [(threads, "_listed", lambda page: [])],
    "forum-thread": [(threads, "forum", lambda page, pages: None)],
    "graph": [(jsonld.Reading, "_items", of_lists_only)],
    "html-text": [(prose, "CLOSED", NOTHING), (prose, "ALONE", NOTHING)],
    "id-references": [(jsonld.Reading, "_resolve", lambda reader: None)],
    "item-inside-text": [(microdata, "_owners", owned_by_the_first)],
    "itemref": [(microdata, "_referred", lambda tree, referring: {})],
    "language-of-the-item": [(module, "lang", lambda item: "") for module in (threads, forum)],
    "list-of-items": [(jsonld.Reading, "_items", of_objects_only)],
    "most-votes": [(Thread, "best", best_by(lambda post: post.accepted))],
    "posts-apart": [(forum, "_loose", lambda page, main: iter(()))],
    "raw-newlines": [STRICT],
    "richer-encoding": [(threads, "_worth", lambda _: next(TURNS))],  # the last one is taken
    "same-text-twice": [(threads, "once", lambda posts, asked: [one for one in posts if one.text])],
    "several-questions": [(threads, "_entry", lambda item: Post(""))],
    "tags-that-are-text": [(prose, "CLOSED", ANY_TAG), (blocks, "is_html", lambda *_: True)],
    "thread-as-qapage": [(threads, "_whole", lambda asked, forum: asked)],
    "trailing-commas": [(tolerant, "COMMAS", NOTHING)],
    "two-objects": [(tolerant, "_values", lambda text: [json.loads(text)])],
    "zones-and-words-in-dates": [(prose, "WORDED", NOTHING)],
}
ALONE = {"no-markup": "there is nothing to read: what it is for is the reject itself"}
"""Fixtures whose handling can't be switched off, and why."""


def cases() -> list[Path]:
    return sorted(folder for folder in (FIXTURES / "qapage").iterdir() if folder.is_dir())


def test_each_fixture_is_for_something() -> None:
    assert {folder.name for folder in cases()} == HANDLED.keys() | ALONE.keys()


@pytest.mark.parametrize("name", HANDLED)
def test_a_fixture_fails_without_the_handling_it_is_for(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    page = load_page(FIXTURES / "qapage" / name)
    expected = read(page)
    assert expected == json.loads((FIXTURES / "qapage" / name / "expected.json").read_text("utf-8"))
    for place, attribute, off in HANDLED[name]:
        assert hasattr(place, attribute)
        monkeypatch.setattr(place, attribute, off)
    try:
        found = read(page)
    except Exception:  # it fails all the more
        return
    assert found != expected
