"""JSON-LD as pages use it: scripts to items. References by `@id` lead to the item, contexts are not read."""

from collections.abc import Iterable, Iterator
from typing import Any

from qacrawl.parse.markup import tolerant
from qacrawl.parse.markup.item import LEADING, Item, Value, kinds, local, walk

KEYWORDS = frozenset(("@id", "@type", "@graph", "@context", "id", "type"))


class Reading:
    """The items of a page's scripts, and what could not be read of them."""

    def __init__(self, scripts: Iterable[str]) -> None:
        """Read the texts of the scripts, in the order of the page."""
        self.top: list[Item] = []
        self.faults: dict[int, str] = {}
        """What is wrong with the scripts that could not be read, by their place."""
        self.ids: dict[str, Item] = {}
        self.parts: dict[str, Item] = {}
        """Those whose `@id` is only a "#..."."""
        self.count = 0
        for number, text in enumerate(scripts):
            try:
                for value in tolerant.loads(text):
                    self.top += self._items(value)
            except (ValueError, RecursionError) as error:
                self.faults[number] = f"JSON-LD script {number + 1}: {error if str(error) else 'nested too deep'}"
        self._resolve()

    def _items(self, value: Any) -> Iterator[Item]:
        """Yield the items of a script: of a list, of a graph, or the one that it is."""
        if isinstance(value, list):
            for one in value:
                yield from self._items(one)
        elif isinstance(value, dict):
            item = self._item(value)
            if item.types or item.values:
                yield item
            yield from self._items(value.get("@graph"))

    def _item(self, node: dict[str, Any]) -> Item:
        """Return the item of a JSON object; one more about what has the same `@id` only adds to that."""
        self.count += 1
        item = Item(self.count, kinds(_texts(node.get("@type", node.get("type")))))
        name = node.get("@id", node.get("id"))
        item.id = name if isinstance(name, str) else ""
        for key, value in node.items():
            if key not in KEYWORDS:
                item.values.setdefault(local(key), []).extend(self._values(value))
        known = self.ids.get(item.id) if item.id else None
        if known is None or not _agree(known, item):
            if item.id and (item.types or item.values):
                self.ids.setdefault(item.id, item)
            return item
        known.types |= item.types
        for key, values in item.values.items():
            if known.values.setdefault(key, values) is not values and not _is_text(values):
                known.values[key] += values
        return known

    def _values(self, value: Any) -> Iterator[Value]:
        if isinstance(value, list):
            for one in value:
                yield from self._values(one)
        elif isinstance(value, str):
            yield value
        elif isinstance(value, dict):
            if "@value" in value:
                yield from self._values(value["@value"])
            elif "@list" in value or "@set" in value:
                yield from self._values(value.get("@list", value.get("@set")))
            else:
                yield self._item(value)
        elif isinstance(value, bool):
            yield str(value).lower()

    def _resolve(self) -> None:
        """Put the items in place of what only names them: by `@id`, one of the two perhaps without its address."""
        for name, item in [*self.ids.items()]:
            address, sharp, part = name.partition("#")
            if address and sharp:
                self.ids.setdefault(sharp + part, item)
            elif sharp:
                self.parts[part] = item
        for item in [*walk([*self.ids.values(), *self.top])]:
            for key, values in item.values.items():
                item.values[key] = [self._named(key, value) for value in values]

    def _named(self, key: str, value: Value) -> Value:
        if isinstance(value, str):
            return self._known(value) or value if key in LEADING else value
        if isinstance(value, Item) and value.id and not value.types and not value.values:
            return self._known(value.id) or value
        return value

    def _known(self, name: str) -> Item | None:
        """Return the item that a reference names."""
        address, _, part = name.partition("#")
        return self.ids.get(name) or (self.parts.get(part) if address and part else None)


def _agree(known: Item, other: Item) -> bool:
    """Whether two items of one `@id` may be the same thing: some pages give one to all their answers."""
    shared = known.values.keys() & other.values.keys()
    if known.types and other.types and not known.types & other.types:
        return False
    return all(known.values[key] == other.values[key] for key in shared if _is_text(other.values[key]))


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        yield from (one for one in value if isinstance(one, str))


def _is_text(values: list[Value]) -> bool:
    return all(isinstance(value, str) for value in values)
