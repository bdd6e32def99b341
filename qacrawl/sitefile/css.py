"""Pages by a selector for each field, for sites that have no markup."""

from datetime import date, datetime
from typing import Any, cast

from selectolax.lexbor import LexborHTMLParser, LexborNode, SelectolaxError

from qacrawl.parse import blocks
from qacrawl.parse.encoding import decode
from qacrawl.parse.markup import prose
from qacrawl.parse.markup.item import Shown, Value
from qacrawl.records import TEXTS, Article, Fields, Page, Refusal
from qacrawl.sitefile.model import Selector

VERSION = 1
"""Raised when any page reads otherwise than before."""
DATES = ("ask_date", "reply_date")
VOTES = ("question_votes", "reply_votes")
LINES = ("title", "question_subject")
"""Texts of one line."""


def read(page: Page, lang: str, selectors: dict[str, Selector]) -> Article | Refusal:
    """Return the question of a page; a page on which nothing is where the selectors say is none."""
    markup = decode(page.body, page.content_type)
    if markup is None:
        return Refusal("binary")
    try:
        tree = LexborHTMLParser(blocks.clean(blocks.tame(markup, page.content_type)))
    except (SelectolaxError, RuntimeError, ValueError):
        return Refusal("not_article")
    values: dict[str, Any] = {}
    notes = []
    for name, selector in selectors.items():
        said = _said(tree, selector)
        if name in DATES:
            values[name], wrong = _day(said, selector.format)
            notes += [f"bad_{name}"] * wrong
        elif name in VOTES:
            values[name] = prose.count(said)
        elif name in TEXTS and name not in LINES:
            values[name] = "\n\n".join(filter(None, map(prose.text, said)))
        else:
            values[name] = ", ".join(filter(None, map(prose.line, said)))
    values = {name: value for name, value in values.items() if value not in ("", None)}
    if not values:
        return Refusal("not_article")
    return Article(cast(Fields, {"lang": lang, **values, "notes": notes}))


def _said(tree: LexborHTMLParser, selector: Selector) -> list[Value]:
    """Return what the elements say that a selector names: the first, or all."""
    found = tree.css(selector.select)
    values = [_value(node, selector.attribute) for node in found]
    said = [value for value in values if value is not None]
    return said if selector.all else said[:1]


def _value(node: LexborNode, attribute: str | None) -> Value | None:
    return Shown(node) if attribute is None else node.attributes.get(attribute)


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
