"""Microdata, as https://html.spec.whatwg.org/#microdata: elements to items."""

from collections.abc import Iterator

from selectolax.lexbor import LexborHTMLParser, LexborNode

from qacrawl.parse.markup.item import LEADING, Budget, Item, Shown, Value, kinds

ADDRESSED = {
    **dict.fromkeys(("audio", "embed", "iframe", "img", "source", "track", "video"), "src"),
    **dict.fromkeys(("data", "meter"), "value"),
    "link": "href",
    "meta": "content",
    "object": "data",
}
"""Elements whose value is an attribute."""


REFERRING = 30
"""Items that may refer to one element; on a page where each refers to all, every more would be their number squared."""


def read(tree: LexborHTMLParser, budget: Budget) -> list[Item]:
    """Return the items of a page that are in no other, in its order; what they show is read within a budget."""
    items: dict[int, Item] = {}
    referring: dict[str, list[Item]] = {}
    named: dict[str, Item] = {}
    for place, node in enumerate(tree.css("[itemscope]")):
        facts = node.attributes
        kind = (facts.get("itemtype") or "").split()
        item = items[node.mem_id] = Item(place, kinds(kind), (facts.get("itemid") or "").strip())
        item.shown = Shown(node, budget)
        for name in filter(None, (item.id, f"#{node.id}" if node.id else "")):
            named.setdefault(name, item)
        for name in dict.fromkeys((facts.get("itemref") or "").split()):
            if len(others := referring.setdefault(name, [])) < REFERRING:
                others.append(item)
    referred = _referred(tree, referring)
    inner: set[int] = set()
    for node in tree.css("[itemprop]"):
        names = dict.fromkeys((node.attributes.get("itemprop") or "").split())
        owners = [*_owners(node, items, referred)] if names else []
        if owners:
            value = items.get(node.mem_id) or _value(node, budget)
            if isinstance(value, str) and not LEADING.isdisjoint(names):
                value = named.get(value.strip(), value)
            if isinstance(value, Item):
                inner.add(value.place)
            for owner in owners:
                for name in names:
                    owner.add(name.rpartition("/")[2], value)
    return [item for item in items.values() if item.place not in inner]


def _referred(tree: LexborHTMLParser, referring: dict[str, list[Item]]) -> dict[int, list[Item]]:
    """Return the items that refer to an element, by its memory: of several with one id the first is meant."""
    found: dict[int, list[Item]] = {}
    for node in tree.css("[id]") if referring else ():
        if items := referring.pop(node.id or "", None):
            found[node.mem_id] = items
    return found


def _owners(node: LexborNode, items: dict[int, Item], referred: dict[int, list[Item]]) -> Iterator[Item]:
    """Yield the items that an element is a property of: the one around it, and those that refer to where it stands."""
    at: LexborNode | None = node
    while at is not None:
        yield from referred.get(at.mem_id, ())
        at = at.parent
        if at is not None and (item := items.get(at.mem_id)):
            yield item
            return


def _value(node: LexborNode, budget: Budget) -> Value:
    """Return the value of an element that is no item."""
    facts = node.attributes
    for name in ("content", "datetime"):
        if (said := facts.get(name)) is not None:
            return said
    tag = node.tag
    if tag in ADDRESSED:
        return facts.get(ADDRESSED[tag]) or ""
    return Shown(node, budget, (facts.get("href") or "") if tag in ("a", "area") else "")
