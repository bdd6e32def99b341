"""Canonical markup to blocks: one regular expression cuts it at its tags, and one loop walks through what is left."""

import html
import re
import unicodedata
from bisect import bisect_right
from collections.abc import Iterator
from operator import itemgetter

from qacrawl.blocks.block import ENDS_BLOCK, HEADINGS, PLACES, ZERO_WIDTH, Block, Link

# In canonical markup a ">" always ends a tag: in text and in attributes it is escaped.
UNUSUAL = re.compile("<(?:!|pre|xmp|listing)")  # one search for what most pages lack
COMMENT = re.compile(r"<!--.*?-->|<!DOCTYPE[^>]*>", re.DOTALL)
PRE = re.compile(r"(<(pre|xmp|listing)\b[^>]*>)(.*?)(?=</\2>)", re.DOTALL)
TAG = re.compile("<(a [^>]*|[^ >]*+)[^>]*+>([^<]*+)")
"""A tag, its attributes only where it may be a link, and the text behind it."""
HREF = re.compile(r"""\shref=(?:"([^"]*)"|'([^']*)')""")
ENDS = frozenset(f"{slash}{name}" for name in ENDS_BLOCK for slash in ("", "/")) | {"hr/"}
BREAK = re.compile("<br(?: [^>]*)?/?>")
STEPS = {f"{slash}{name}": (name, step) for name in (*HEADINGS, *PLACES) for slash, step in (("", 1), ("/", -1))}
# Zero-width characters at the ends of lines, which editors leave there, are white space; elsewhere they are text.
_BLANK = rf"[^\S\n]*[{ZERO_WIDTH}](?:[^\S\n]|[{ZERO_WIDTH}])*"
EDGES = re.compile(rf"(?m)^{_BLANK}|(?<![\s{ZERO_WIDTH}]){_BLANK}$")


def split(markup: str) -> list[Block]:
    """Blocks of canonical markup: every `<`, `>` and `&` that is text or in an attribute is escaped."""
    if UNUSUAL.search(markup):
        markup = PRE.sub(lambda match: match[1] + match[3].removeprefix("\n").replace("\n", "<br>"), markup)
        markup = COMMENT.sub("", markup)
    markup = BREAK.sub("\n", _one_space(markup))
    page = _Builder()
    raw = ""  # of the block at hand
    for tag, text in TAG.findall(f"<p>{markup}<p>"):
        if tag in ENDS:
            if raw:
                page.end_block(raw)
                raw = ""
        elif tag in STEPS:
            if raw:
                page.end_block(raw)
                raw = ""
            page.step(*STEPS[tag])
        elif tag in ("/a", "a") or tag.startswith("a "):
            page.end_link(raw)
            href = HREF.search(tag)
            page.href = html.unescape(href[1] or href[2] or "") if href else None
        if text and (raw or text != " "):
            raw += text
    return page.blocks


def _one_space(markup: str) -> str:
    """`markup` with each run of white space as one space, as HTML shows it."""
    for space in "\n\t\r\f":
        markup = markup.replace(space, " ")
    while "  " in markup:
        markup = markup.replace("  ", " ")
    return markup


class _Builder:
    """Makes blocks of raw text, in which line breaks are newlines."""

    def __init__(self) -> None:
        self.blocks: list[Block] = []
        self.href: str | None = None
        """Of the link that is open."""
        self.start = 0
        """Where in the text it began."""
        self.links: list[tuple[int, int, str]] = []
        """Where the links in the text begin and end, and where they lead."""
        self.headings = 0
        self.places = dict.fromkeys(PLACES, 0)
        self.place = ""

    def end_link(self, raw: str) -> None:
        """Note the link that is open; more of it may follow in the next block."""
        if self.href is not None and self.start < len(raw):
            self.links.append((self.start, len(raw), self.href))
        self.start = len(raw)

    def end_block(self, raw: str) -> None:
        """Add a block for each paragraph of a text."""
        if self.href is not None:
            self.end_link(raw)
        text = _lines(raw)
        if "\n\n" in text:
            for start, end in _paragraphs(raw):
                self.add(_lines(raw[start:end]), self.links_in(raw, start, end))
        elif text:
            self.add(text, self.links_in(raw, 0, len(raw)) if self.links else ())
        self.links = []
        self.start = 0

    def add(self, text: str, links: tuple[Link, ...]) -> None:
        self.blocks.append(Block(text, links, self.headings > 0, self.place))

    def links_in(self, raw: str, start: int, end: int) -> tuple[Link, ...]:
        """The links with text between two offsets."""
        found = []
        for at in range(bisect_right(self.links, start, key=itemgetter(1)), len(self.links)):
            first, last, href = self.links[at]
            if first >= end:
                break
            if text := _text(raw[max(first, start) : min(last, end)].replace("\n", "")):
                found.append(Link(text, href))
        return tuple(found)

    def step(self, name: str, step: int) -> None:
        """Go into a heading or place (1), or out of it (-1)."""
        if name in self.places:
            self.places[name] = max(0, self.places[name] + step)
            self.place = next((place for place in PLACES if self.places[place]), "")
        else:
            self.headings = max(0, self.headings + step)


def _paragraphs(raw: str) -> Iterator[tuple[int, int]]:
    """Where the parts of a text begin and end that have empty lines between them."""
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
    """Lines of text: entities read, no space at either end of a line."""
    text = _text(markup)
    return "\n".join(map(str.strip, text.split("\n"))) if "\n" in text else text


def _text(markup: str) -> str:
    """Text: entities read, no space at either end."""
    text = (html.unescape(markup) if "&" in markup else markup).strip()
    return text if text.isascii() else normal(text).strip()


def normal(text: str) -> str:
    """`text` in NFC, without zero-width characters at the ends of lines."""
    text = unicodedata.normalize("NFC", text)
    return EDGES.sub("", text) if any(char in text for char in ZERO_WIDTH) else text
