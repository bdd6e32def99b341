"""Pages by a selector for each field, for sites that have no markup."""

from datetime import date, datetime
from typing import Any, NamedTuple, cast

from selectolax.lexbor import LexborHTMLParser, LexborNode, SelectolaxError

from qacrawl.parse import blocks
from qacrawl.parse.encoding import decode
from qacrawl.parse.markup import fields, prose
from qacrawl.parse.markup.item import Budget, Nested, Shown, Value
from qacrawl.parse.markup.posts import Post, kept
from qacrawl.parse.markup.thread import Thread, once
from qacrawl.records import TEXTS, Article, Fields, Page, Refusal
from qacrawl.sitefile.model import Read, Selector

VERSION = 2
"""Raised when any page reads otherwise than before."""
DATES = ("ask_date", "reply_date")
VOTES = ("question_votes", "reply_votes")
LINES = ("title", "question_subject")
"""Texts of one line."""


OF_REPLIES = ("doctor", "reply", "reply_date", "reply_votes", "accepted")
"""What is looked for inside of each reply, where a file says which elements those are."""


class Found(NamedTuple):
    """What some selectors found."""

    values: dict[str, Any]
    notes: list[str]


def read(page: Page, lang: str, given: Read) -> Article | Refusal:
    """Return the question of a page; a page on which nothing is where the selectors say is none."""
    markup = decode(page.body, page.content_type)
    if markup is None:
        return Refusal("binary")
    try:
        markup = blocks.clean(blocks.tame(markup, page.content_type))
        values, notes = _of_page(LexborHTMLParser(markup), given, Budget(markup))
    except Nested as error:
        return Refusal("broken_markup", (str(error),))
    except (SelectolaxError, RuntimeError, ValueError):
        return Refusal("not_article")
    if not values:
        return Refusal("not_article")
    return Article(cast(Fields, {"lang": lang, **values, "notes": notes}))


def _of_page(tree: LexborHTMLParser, given: Read, budget: Budget) -> Found:
    """Return the fields of a page, those of its replies among them. Raise Nested."""
    selectors = given.selectors()
    inside = {name: selectors.pop(name) for name in OF_REPLIES if name in selectors} if given.replies else {}
    values, notes = _found(tree, selectors, budget)
    if given.replies:
        replies = [_found(node, inside, budget) for node in tree.css(given.replies)]
        thread = _thread(values.get("question", ""), replies)
        values |= {name: value for name, value in fields.replied(thread).items() if value not in ("", None, [])}
        best = thread.best()
        notes += ["bad_reply_date"] * (best is not None and thread.replies[best].bad_day)
    return Found(values, notes)


def _found(place: LexborHTMLParser | LexborNode, selectors: dict[str, Selector], budget: Budget) -> Found:
    """Return the fields that selectors find on a page, or inside of an element."""
    values: dict[str, Any] = {}
    notes: list[str] = []
    for name, selector in selectors.items():
        said = _said(place, selector, budget)
        if name in DATES:
            values[name], wrong = _day(said, selector.format)
            notes += [f"bad_{name}"] * wrong
        elif name in VOTES:
            values[name] = prose.count(said)
        elif name == "accepted":
            values[name] = bool(said)
        elif name in TEXTS and name not in LINES:
            values[name] = "\n\n".join(filter(None, map(prose.text, said)))
        else:
            values[name] = ", ".join(filter(None, map(prose.line, said)))
    return Found({name: value for name, value in values.items() if value not in ("", None)}, notes)


def _thread(question: str, replies: list[Found]) -> Thread:
    """Return a question with its replies, a text once."""
    asked = Post(question)
    posts = [
        Post(
            kept(values.get("reply", "")),
            values.get("doctor", ""),
            values.get("reply_date"),
            bool(notes),
            values.get("reply_votes"),
            values.get("accepted", False),
        )
        for values, notes in replies
    ]
    return Thread("", asked, once(posts, asked))


def _said(place: LexborHTMLParser | LexborNode, selector: Selector, budget: Budget) -> list[Value]:
    """Return what the elements say that a selector names: the first, or all."""
    found = place.css(selector.select)
    values = [_value(node, selector.attribute, budget) for node in found]
    said = [value for value in values if value is not None]
    return said if selector.all else said[:1]


def _value(node: LexborNode, attribute: str | None, budget: Budget) -> Value | None:
    return Shown(node, budget) if attribute is None else node.attributes.get(attribute)


def _day(said: list[Value], written: str | None) -> tuple[date | None, bool]:
    """Return the first day of some values; and whether one could not be read."""
    if written is None:
        return prose.day(said)
    wrong = False
    for line in map(prose.line, said):
        try:
            return datetime.strptime(line, written).date(), False
        except ValueError:
            wrong = wrong or bool(line)
    return None, wrong
