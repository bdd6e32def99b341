"""Which addresses a sitemap names: XML of https://www.sitemaps.org/protocol.html, RSS, Atom, or a plain list."""

import re
import zlib
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from types import MappingProxyType
from typing import NamedTuple
from urllib.parse import urljoin

from lxml import etree

from qacrawl.usage import plain

GZIP = b"\x1f\x8b"
DECLARED = re.compile(r"\s*<\?xml[^>]*\?>")
ADDRESS = re.compile(r"https?://\S+", re.IGNORECASE)
_ROOT = r"(?:[\w.-]+:)?(?:urlset|sitemapindex|feed|rss|rdf)(?=[\s/>])"
ROOT = re.compile(f"<{_ROOT}", re.IGNORECASE)
START = re.compile(rf"<(?:\?xml\s|!--|!DOCTYPE|{_ROOT})".encode(), re.IGNORECASE)
"""What a document begins with."""
AROUND = re.compile(r"^[\s\u200b-\u200d\u2060\ufeff]+|[\s\u200b-\u200d\u2060\ufeff]+$")
DATE = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
TIME = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d", re.ASCII)
DAY = 86_400.0
BARE = re.compile(rb"<!\[CDATA\[(?:.*?\]\]>|.*)|&(?!#\d{1,7};|#[xX][0-9a-fA-F]{1,6};|[A-Za-z]\w{0,40};)", re.DOTALL)


class Sitemap(NamedTuple):
    """What a sitemap names."""

    addresses: tuple[str, ...]
    """As written, each once, in their order."""
    is_index: bool = False
    """Whether they are addresses of sitemaps."""
    modified: Mapping[str, float] = MappingProxyType({})
    """When the page at an address was last modified, as `<lastmod>` says, in seconds since 1970 UTC."""
    nested: frozenset[str] = frozenset()
    """Addresses of sitemaps among those of pages."""


def parse(body: bytes, largest: int, most: int) -> Sitemap:
    """Read a sitemap, gzipped or not, up to `most` addresses.

    What is torn off or broken is read as far as it goes. Raise ValueError for what is no sitemap, and for one that
    unfolds to more than `largest` bytes.
    """
    body = _unzipped(_unzipped(body, largest), largest)  # some are sent zipped twice
    text = AROUND.sub("", plain.text(body))
    if text.startswith("<") or ROOT.search(text):
        return _of_xml(body, text, most)
    return Sitemap(_first(_listed(text), most))


def _unzipped(body: bytes, largest: int) -> bytes:
    """Return a body without gzip, as far as it goes.

    Raise ValueError where nothing of it can be read, and where it unfolds to more than `largest` bytes.
    """
    if not body.startswith(GZIP):
        return body
    found, left = b"", body
    try:
        while left.startswith(GZIP):  # a file may hold several members
            unzip = zlib.decompressobj(zlib.MAX_WBITS | 16)
            found += unzip.decompress(left, largest + 1 - len(found))
            if len(found) > largest:
                raise ValueError("no sitemap: it is too large")
            left = unzip.unused_data
    except zlib.error:
        pass
    if not found:
        raise ValueError("no sitemap: its gzip is broken")
    return found


def _first(addresses: Iterator[str], most: int) -> tuple[str, ...]:
    found: dict[str, None] = {}
    for address in addresses:
        if len(found) == most:
            break
        if stripped := AROUND.sub("", address):
            found[stripped] = None
    return tuple(found)


def _listed(text: str) -> Iterator[str]:
    """Yield the addresses of a plain list; lines of something else are left out. Raise ValueError where all are.

    A line begins with its address: what follows, a date for one, is none.
    """
    lines = [line.split() for line in text.splitlines() if line.strip()]
    found = [words for words in lines if ADDRESS.fullmatch(words[0])]
    if lines and not found:
        raise ValueError("no sitemap")
    yield from (word for words in found for word in words if ADDRESS.fullmatch(word))


def _of_xml(body: bytes, text: str, most: int) -> Sitemap:
    readers = {"urlset": _urlset, "sitemapindex": _urlset, "feed": _atom, "rss": _rss, "rdf": _rss}
    root = _root(body, text)
    read = readers.get(_name(root))
    if read is None:
        raise ValueError("no sitemap")
    addresses = _first(read(root), most)
    if not addresses and read is not _urlset:  # a feed of something else
        raise ValueError("no sitemap")
    times = _modified(root) if read is _urlset else {}
    modified = {address: times[address] for address in addresses if address in times}
    is_index = _name(root) == "sitemapindex"
    nested = _urlset(root, "sitemap") if read is _urlset and not is_index else ()
    return Sitemap(addresses, is_index, modified, frozenset(AROUND.sub("", one) for one in nested))


def _root(body: bytes, text: str) -> "etree._Element":
    """Return the root of an XML document, as far as it can be read; text before it, a warning for one, is left out."""
    options = {"recover": True, "remove_comments": True, "resolve_entities": False, "no_network": True}
    head = found[0].strip() if (found := DECLARED.search(text)) else ""
    if plain.encoding(body) or "utf-16" in head.lower():  # what the bytes show counts more than what the head says
        head, body = '<?xml version="1.0" encoding="utf-8"?>', DECLARED.sub("", text).encode("utf-8", "replace")
    begin = START.search(body)
    body = body[begin.start() :] if begin else body.lstrip()
    body = body if body.startswith(b"<?xml") else head.encode("ascii", "replace") + body
    body = BARE.sub(lambda found: b"&amp;" if found[0] == b"&" else found[0], body)
    root = etree.fromstring(body, etree.XMLParser(**options))
    if root is None:
        raise ValueError("no sitemap")
    return root


def _name(node: "etree._Element") -> str:
    """Return an element's name in small letters, without its namespace, which many sitemaps have wrong.

    What is no element has "".
    """
    return re.split("[}:]", node.tag)[-1].lower() if isinstance(node.tag, str) else ""


def _children(node: "etree._Element", *names: str) -> Iterator["etree._Element"]:
    return (child for child in node if _name(child) in names)


def _text(node: "etree._Element") -> str:
    """Return the text of an element; a line that was broken in it is one."""
    return "".join(line.strip() for line in AROUND.sub("", "".join(node.itertext())).splitlines())


def _urlset(root: "etree._Element", *names: str) -> Iterator[str]:
    """Yield the addresses of a sitemap or of an index; an entry may lack its `<loc>`, or have several."""
    for entry in _children(root, *(names or ("url", "sitemap"))):
        places = list(_children(entry, "loc"))
        yield from map(_text, places)
        if not places and entry.text:
            yield entry.text


def _modified(root: "etree._Element") -> dict[str, float]:
    """Return what each entry says of when its page was modified; of several times of an address the last counts."""
    found: dict[str, float] = {}
    for entry in _children(root, "url"):
        times = [at for stamp in _children(entry, "lastmod") if (at := moment(_text(stamp))) is not None]
        for place in _children(entry, "loc") if times else ():
            address = AROUND.sub("", _text(place))
            found[address] = max(*times, found.get(address, times[0]))
    return found


def moment(text: str) -> float | None:
    """Return the time that a W3C date names, in seconds since 1970; that of a day is its end, UTC.

    Return None for what names none, and for one without a day.
    """
    text = AROUND.sub("", text)
    try:
        if DATE.fullmatch(text):
            return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() + DAY
        if TIME.match(text):
            named = datetime.fromisoformat(text)
            return (named if named.tzinfo else named.replace(tzinfo=UTC)).timestamp()
    except ValueError:
        pass
    return None


def _atom(root: "etree._Element") -> Iterator[str]:
    """Yield the address of each entry of an Atom feed: its link without a relation, or the alternate one."""
    for entry in _children(root, "entry"):
        links = [link for link in _children(entry, "link") if _relation(link) in ("", "alternate")]
        yield from map(_target, links[:1])


def _relation(link: "etree._Element") -> str:
    """Return the relation of a link, in small letters; one may be written as an address that ends with its name."""
    return str(link.get("rel", "")).strip().lower().rpartition("/")[2]


def _target(link: "etree._Element") -> str:
    """Return where a link leads, by the `xml:base` around it."""
    target = str(link.get("href", ""))
    try:
        return urljoin(link.base or "", target.strip())
    except ValueError:  # it costs itself
        return target


def _rss(root: "etree._Element") -> Iterator[str]:
    """Yield the address of each item of an RSS feed, of version 0.9 to 2.0."""
    for channel in (root, *_children(root, "channel")):
        for item in _children(channel, "item"):
            links = [text for link in _children(item, "link") if (text := _text(link).strip())]
            permanent = [guid for guid in _children(item, "guid") if guid.get("isPermaLink", "true").lower() == "true"]
            about = [value for name, value in item.items() if name.endswith("}about")]
            yield from [*links, *filter(ADDRESS.match, map(str.strip, [*map(_text, permanent), *about]))][:1]
