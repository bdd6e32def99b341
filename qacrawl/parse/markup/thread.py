"""A thread, and what tells of it among the items of a page."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

from qacrawl.parse.markup import prose
from qacrawl.parse.markup.item import Item, walk
from qacrawl.parse.markup.posts import Post, key, post


@dataclass
class Thread:
    """A question with its replies."""

    title: str
    question: Post
    replies: list[Post] = field(default_factory=list)
    """In the order of the page, a text once."""
    similar: list[Post] = field(default_factory=list)
    """Other questions of the page."""
    lang: str = ""

    def best(self) -> int | None:
        """Return which reply is the reply: the accepted one, else that with most votes, else the first."""
        if not self.replies:
            return None
        places = range(len(self.replies))
        return max(places, key=lambda at: (self.replies[at].accepted, self.replies[at].votes or 0, -at))


class Page(NamedTuple):
    """All items of a page in one encoding."""

    items: list[Item]
    """In the page's order."""
    inner: set[int]
    """The `id()` of those that are in the property of another."""


def page(items: Iterable[Item]) -> Page:
    """Return all items of a page; those that name their parent are in its properties."""
    found = [*walk(items)]
    inner = {
        id(value)
        for item in found
        for name, values in item.values.items()
        if name != "parentItem"
        for value in values
        if value is not item
    }
    for item in found:
        for parent in item.items("parentItem"):
            if parent is not item and id(item) not in inner and parent.all("text", "articleBody", "headline", "name"):
                _adopt(parent, item)
                inner.add(id(item))
    return Page(found, inner)


def _adopt(parent: Item, item: Item) -> None:
    """Add an item to what it says is its parent."""
    parent.add("suggestedAnswer" if "Question" in parent.types and "Answer" in item.types else "comment", item)


def of(page: Page, kind: str) -> list[Item]:
    """Return the items of a type."""
    return [item for item in page.items if kind in item.types]


def opening(item: Item, *titles: str) -> tuple[str, Post]:
    """Return the title of what opens a thread, and its post, whose text is the title where it has none."""
    title, asked = line(item, *titles), post(item)
    asked.text = asked.text or title
    return title, asked


def line(item: Item, *names: str) -> str:
    """Return the first value of some properties as one line; "" where there is none."""
    return prose.line(next(iter(item.all(*names)), ""))


def lang(item: Item) -> str:
    """Return the language that an item names, as written; "" where it names none."""
    value = next(iter(item.all("inLanguage")), "")
    return prose.line(next(iter(value.all("alternateName", "name")), "") if isinstance(value, Item) else value)


def once(posts: list[Post], asked: Post) -> list[Post]:
    """Return the posts that say something, a text once, without the question itself."""
    found: dict[str, Post] = {}
    for one in posts:
        first = found.setdefault(key(one.text), one)
        first.accepted |= one.accepted
        first.author, first.day = first.author or one.author, first.day or one.day
        first.votes = one.votes if first.votes is None else first.votes
    return [one for told, one in found.items() if told and told != key(asked.text)]
