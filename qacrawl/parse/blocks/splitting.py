"""Canonical markup to blocks: one regular expression cuts it at its tags, and one loop walks through what is left."""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from operator import itemgetter

from qacrawl.nfc import nfc
from qacrawl.parse.blocks.block import ENDS_BLOCK, HEADINGS, PLACES, ZERO_WIDTH, Block, Link

# In canonical markup a ">" always ends a tag: in text and in attributes it is escaped.
KEEPS_SPACE = re.compile("<(?:pre|xmp|listing)")  # a quick look for what most pages lack
COMMENT = re.compile(r"<!--[^-]*+(?:-(?!->)[^-]*+)*+-->|<!DOCTYPE[^>]*>")
PRE = re.compile(r"(<(pre|xmp|listing)\b[^>]*>)(.*?)(?=</\2>)", re.DOTALL)
TAG = re.compile(">([^<]*+)<([^ >]*+)((?:(?<=<a) [^>]*+)?)")
"""From the end of a tag: a text, the tag behind it, and its attributes where it is a link.

What lies before the next are other attributes: nine tenths of many pages, which nobody looks at."""
NO_LINES = dict.fromkeys(map(ord, "\n\t\r"))
HREF = re.compile(r"""\shref=(?:"([^"]*)"|'([^']*)')""")
ENTITIES = {"&nbsp;": "\xa0", "&quot;": '"', "&lt;": "<", "&gt;": ">", "&amp;": "&"}
"""What canonical markup escapes, `&` last."""
SPACES = re.compile("  +")
STEPS = {f"{slash}{name}": (name, step) for name in (*HEADINGS, *PLACES) for slash, step in (("", 1), ("/", -1))}
BREAKS = frozenset(["br", "br/"])
LINKS = frozenset(["a", "/a", "button", "/button"])
ENDS = frozenset([*ENDS_BLOCK, *(f"/{name}" for name in ENDS_BLOCK), "hr/", *STEPS])
# Zero-width characters at the ends of lines, which editors leave there, are white space; elsewhere they are text.
_BLANK = rf"[^\S\n]*[{ZERO_WIDTH}](?:[^\S\n]|[{ZERO_WIDTH}])*"
EDGES = re.compile(rf"(?m)^{_BLANK}|(?<![\s{ZERO_WIDTH}]){_BLANK}$")


def split(markup: str) -> list[Block]:
    """Return blocks of canonical markup: every `<`, `>` and `&` that is text or in an attribute is escaped."""
    if "<!" in markup:
        markup = COMMENT.sub("", markup)
    if KEEPS_SPACE.search(markup):
        markup = PRE.sub(lambda match: match[1] + match[3].removeprefix("\n").replace("\n", "<br>"), markup)
    found = TAG.findall(f"<p>{markup}<p>")
    texts = _one_space("\0".join([text for text, _, _ in found])).split("\0")
    blocks: list[Block] = []
    raw = ""  # text of the block at hand
    links: list[_Span] = []  # in it
    href, start = None, 0  # of the link that is open
    headings, places, place = 0, dict.fromkeys(PLACES, 0), ""  # that it stands in
    for text, (_, tag, attributes) in zip(texts, found, strict=True):
        if text and (raw or text != " "):
            raw += text
        if tag in BREAKS:
            raw += "\n"
        elif tag in ENDS:
            if raw:
                if href is not None:  # more of it may follow in the next block
                    links.append((start, len(raw), href))
                _add(blocks, raw, links, headings > 0, place)
                raw, links, start = "", [], 0
            if tag in STEPS:
                name, step = STEPS[tag]
                if name in places:
                    places[name] = max(0, places[name] + step)
                    place = next((name for name in PLACES if places[name]), "")
                else:
                    headings = max(0, headings + step)
        elif tag in LINKS:
            if href is not None:
                links.append((start, len(raw), href))
            start = len(raw)
            href = _address(attributes) if tag == "a" else "" if tag == "button" else None
    return blocks


def _address(attributes: str) -> str | None:
    """Return where a link leads; None for one that leads nowhere. The end of a line is nothing in an address."""
    found = HREF.search(attributes)
    return _unescaped((found[1] or found[2] or "").translate(NO_LINES)) if found else None


def _one_space(markup: str) -> str:
    """Return `markup` with each run of white space as one space, as HTML shows it."""
    for space in "\n\t\r\f":
        markup = markup.replace(space, " ")
    return SPACES.sub(" ", markup) if "  " in markup else markup


_Span = tuple[int, int, str]
"""Where the text of a link begins and ends, and where it leads."""


def _add(blocks: list[Block], raw: str, links: list[_Span], heading: bool, place: str) -> None:
    """Add a block for each paragraph of a text, in which line breaks are newlines."""
    text = _lines(raw)
    if "\n\n" not in text:
        if text and links:
            rows = _rows(raw, links) if "\n" in text else ()
            blocks.append(Block(text, _links(raw, links), heading, place, rows))
        elif text:
            blocks.append(Block(text, (), heading, place))
        return
    for start, end in _paragraphs(raw):
        first = bisect_right(links, start, key=itemgetter(1))
        last = bisect_left(links, end, key=itemgetter(0))
        here = [(max(begins, start) - start, min(ends, end) - start, href) for begins, ends, href in links[first:last]]
        part = raw[start:end]
        text = _lines(part)
        rows = _rows(part, here) if "\n" in text else ()
        blocks.append(Block(text, _links(part, here), heading, place, rows))


def _links(raw: str, links: list[_Span]) -> tuple[Link, ...]:
    """Return the links of a text that have text themselves."""
    return tuple([Link(text, href) for start, end, href in links if (text := _text(raw[start:end].replace("\n", "")))])


def _rows(raw: str, links: list[_Span]) -> tuple[int, ...]:
    """Return the line of a text that each of its links begins on."""
    top = next(row for row, line in enumerate(raw.split("\n")) if _text(line))
    rows, row, at = [], 0, 0
    for start, end, _ in links:
        linked = raw[start:end]
        if _text(linked.replace("\n", "")):
            begin = start + len(linked) - len(linked.lstrip())
            row, at = row + raw.count("\n", at, begin), begin
            rows.append(max(0, row - top))
    return tuple(rows)


def _paragraphs(raw: str) -> Iterator[tuple[int, int]]:
    """Yield where the parts of a text begin and end that have empty lines between them."""
    start = at = 0
    for line in raw.split("\n"):
        if not _text(line):
            if start < at:
                yield start, at
            start = at + len(line) + 1
        at += len(line) + 1
    if start < at:
        yield start, at


def _lines(markup: str) -> str:
    """Return lines of text: entities read, no space at either end of a line."""
    text = (_unescaped(markup) if "&" in markup else markup).strip()  # as `_text`, which most blocks need not call
    if not text.isascii():
        text = normal(text).strip()
    return "\n".join(map(str.strip, text.split("\n"))) if "\n" in text else text


def _text(markup: str) -> str:
    """Return text: entities read, no space at either end."""
    text = (_unescaped(markup) if "&" in markup else markup).strip()
    return text if text.isascii() else normal(text).strip()


def _unescaped(markup: str) -> str:
    """Return what canonical markup says: it has no other entities. Ten times as fast as `html.unescape`."""
    for entity, char in ENTITIES.items():
        markup = markup.replace(entity, char)
    return markup


def normal(text: str) -> str:
    """Return `text` in NFC, without zero-width characters at the ends of lines."""
    text = nfc(text)
    return EDGES.sub("", text) if any(char in text for char in ZERO_WIDTH) else text
