"""An item of schema.org markup: its types and its properties, whichever encoding it stands in."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import NamedTuple, TypeAlias

from selectolax.lexbor import LexborNode

LEADING = frozenset(("mainEntity", "acceptedAnswer", "suggestedAnswer", "comment", "author", "creator"))
"""Properties whose value is an item even where it is written as a text, which then names it."""
TIMES = 8
"""How often a page may be read in all, for the elements in it that are values."""


class Nested(ValueError):
    """Elements that are values lie in each other, so many that to read each would take too long."""


class Budget:
    """Characters of markup that the elements of one page may show in all."""

    def __init__(self, markup: str) -> None:
        self._left = TIMES * len(markup)

    def take(self, markup: str) -> str:
        """Return `markup`. Raise Nested where it is too much."""
        self._left -= len(markup)
        if self._left < 0:
            raise Nested(f"elements nested too deep: to read each is to read the page more than {TIMES} times")
        return markup


class Shown(NamedTuple):
    """A value of microdata that is an element: what it shows, and where it leads if it is a link."""

    node: LexborNode
    budget: Budget
    href: str = ""


@dataclass(eq=False, slots=True)
class Item:
    """A thing that a page describes."""

    place: int
    """Its place among the items of its encoding, in the order of the page."""
    types: frozenset[str] = frozenset()
    """Names of its types, without the address of schema.org."""
    id: str = ""
    values: dict[str, list["Value"]] = field(default_factory=dict)
    shown: Shown | None = None
    """Its element, in microdata."""

    def add(self, name: str, value: "Value") -> None:
        """Add a value of the property `name`."""
        self.values.setdefault(name, []).append(value)

    def all(self, *names: str) -> list["Value"]:
        """Return the values of some properties, those of the first name first."""
        return [value for name in names for value in self.values.get(name, ())]

    def items(self, *names: str) -> list["Item"]:
        """Return the values of some properties that are items themselves."""
        return [value for value in self.all(*names) if isinstance(value, Item)]


Value: TypeAlias = str | Item | Shown


def kinds(written: Iterable[str]) -> frozenset[str]:
    """Return the names of types as `Item.types` has them; an address of another vocabulary than schema.org is none."""
    names = set()
    for one in written:
        text = one.strip()
        if "://" not in text or "schema.org/" in text.lower():
            names.add(local(text.rstrip("/")))
    return frozenset(names - {""})


def local(name: str) -> str:
    """Return the name of a type or a property without its address or prefix."""
    return name.rpartition("/")[2].rpartition("#")[2].rpartition(":")[2]


def walk(items: Iterable[Item]) -> Iterator[Item]:
    """Yield items and all items in their properties, each once, in the order of the page."""
    seen: set[int] = set()
    waiting = [*items][::-1]
    while waiting:
        item = waiting.pop()
        if id(item) not in seen:
            seen.add(id(item))
            yield item
            waiting += [value for values in item.values.values() for value in values if isinstance(value, Item)][::-1]
