"""What somebody wrote, as an item of markup says it: text, author, day, votes."""

import re
from dataclasses import dataclass
from datetime import date

from qacrawl.parse.markup import prose
from qacrawl.parse.markup.item import Item, Value

REPLIES = frozenset(("Answer", "Comment"))
DELETED = re.compile(
    r"\W*(?:(?:this |the )?(?:answer|post|comment|reply|message|topic|content)?\s*(?:has been|was|is|were)?\s*)?"
    r"(?:deleted|removed|withdrawn)"
    r"(?: by (?:(?:the |its |a |an )?(?:\w+ )?(?:author|owner|moderators?|admin|user)|reddit|"
    r"the person who originally posted it))?"
    r"(?:, will be automatically deleted in [^.]{1,40})?\W*",
    re.IGNORECASE,
)
URL = re.compile(r"(?:https?:)?//\S+\Z", re.IGNORECASE)
PAUSES = re.compile(r"(?:\s|[.,;:!?…'\"“”‘’«»()\[\]。，；：！？、（）「」](?!\d))+")
REFERENCE = re.compile(r"\s*(?:#|_:|(?:https?:)?//)\S*\s*", re.IGNORECASE)
"""A value that is no text but names an item."""
NEAR = 120
"""Letters by which a text that is cut is known again, at most."""


@dataclass
class Post:
    """A question, an answer or a comment."""

    text: str
    author: str = ""
    day: date | None = None
    bad_day: bool = False
    """Whether the page gives a day that can't be read."""
    votes: int | None = None
    accepted: bool = False
    title: str = ""
    url: str = ""


def post(item: Item, accepted: bool = False) -> Post:
    """Return what an item says; its text is "" where it was deleted."""
    said = next((text for name in ("text", "articleBody") if (text := _said(item.all(name)))), "")
    if not item.values and item.types & REPLIES:
        said = prose.text(item)
    gone = "deleted" in prose.line(next(iter(item.all("creativeWorkStatus")), "")).lower()
    votes = prose.count(item.all("upvoteCount"))  # likes are none: they say that a post is liked, not that it answers
    when, wrong = prose.day(item.all("dateCreated", "datePublished"))
    return Post(
        "" if gone else kept(said),
        author(item),
        when,
        wrong,
        votes,
        accepted,
        url=next((value for value in map(_url, item.all("url")) if value), ""),
    )


def _said(values: list[Value]) -> str:
    """Return the text of a property: its first value that says something, or all of a list of texts."""
    if len(values) > 1 and all(isinstance(value, str) for value in values):
        said = list(dict.fromkeys(filter(None, map(prose.text, values))))
        longest = max(said, key=len, default="")  # a list of paragraphs, or a text and what it begins with
        return "\n\n".join(one for one in said if one is longest or one not in longest)
    return next((text for value in values if (text := prose.text(value))), "")


def kept(text: str) -> str:
    """Return a post's text; "" where it only says that it was deleted."""
    return "" if DELETED.fullmatch(text[:200]) else text


def author(item: Item) -> str:
    """Return who wrote an item; "" where it does not say, or says only an address."""
    for value in item.all("author", "creator"):
        names = value.all("name", "alternateName", "givenName") if isinstance(value, Item) else [value]
        for name in names:
            said = prose.line(name)
            if said.strip("#") and not URL.match(said):
                return said
    return ""


def _url(value: Value) -> str:
    return value.strip() if isinstance(value, str) else "" if isinstance(value, Item) else value.href.strip()


def letters(text: str) -> str:
    """Return what tells a text from others: its letters and digits, whatever their case."""
    return "".join(filter(str.isalnum, text)).casefold()


def is_same(seen: set[str], text: str) -> bool:
    """Return whether a text is in `seen`, to which it is added."""
    told = key(text)
    known = told in seen
    seen.add(told)
    return known


def key(text: str) -> str:
    """Return by what a text is known again, whatever its case: "Use C." is "use C!", but not "use C++", 1.5 not 15."""
    return PAUSES.sub("", text).casefold() or text


def starts_with(text: str, start: str) -> bool:
    """Return whether a text is longer than `start` and begins like it."""
    told, began = letters(text), letters(start)
    return len(told) > len(began) > 0 and told[: min(NEAR, len(began))] == began[:NEAR]
