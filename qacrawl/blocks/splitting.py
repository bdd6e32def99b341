"""Canonical markup to blocks: strings are searched and replaced in C, and only what is left is walked through."""

import html
import re
import unicodedata

from qacrawl.blocks.block import ENDS_BLOCK, HEADINGS, PLACES, ZERO_WIDTH, Block, Link

# In canonical markup a ">" always ends a tag: in text and in attributes it is escaped.
UNUSUAL = re.compile("<(?:!|pre|xmp|listing)")  # one search for what most pages lack
COMMENT = re.compile(r"<!--.*?-->|<!DOCTYPE[^>]*>", re.DOTALL)
END = re.compile(rf"</?(?:{'|'.join(ENDS_BLOCK)})(?: [^>]*)?/?>")
BREAK = re.compile("<br(?: [^>]*)?/?>")
TAG = re.compile(rf"<(/?)({'|'.join([*HEADINGS, *PLACES, 'a'])})((?: [^>]*)?/?)>")
INLINE = re.compile(rf"<(?!/?(?:{'|'.join([*HEADINGS, *PLACES, 'a'])})[ />])[^>]*>")
# Zero-width characters at the ends of lines, which editors leave there, are white space; elsewhere they are text.
_BLANK = rf"[^\S\n]*[{ZERO_WIDTH}](?:[^\S\n]|[{ZERO_WIDTH}])*"
EDGES = re.compile(rf"(?m)^{_BLANK}|(?<![\s{ZERO_WIDTH}]){_BLANK}$")
MARK = "\x1e"  # where END was
PRE = re.compile(r"(<(pre|xmp|listing)\b[^>]*>)(.*?)(?=</\2>)", re.DOTALL)
HEADED = re.compile("<h[1-6][ >]")
NAV = re.compile("<(/?)nav(?: [^>]*)?>")
HREF = re.compile(r"""\shref=(?:"([^"]*)"|'([^']*)')""")
ONE_HEADING = re.compile(rf" ?<({'|'.join(HEADINGS)})(?: [^>]*)?>([^<]*)</\1> ?")
ONE_LINK = re.compile(r"""([^<]*)<a(?: [^>]*?)??\shref="([^"]*)"[^>]*>([^<\n]*)</a>([^<]*)""")


def split(markup: str, navigation: bool) -> list[Block]:
    """Blocks of canonical markup: every `<`, `>` and `&` that is text or in an attribute is escaped."""
    if UNUSUAL.search(markup):
        markup = PRE.sub(lambda match: match[1] + match[3].removeprefix("\n").replace("\n", "<br>"), markup)
        markup = COMMENT.sub("", markup)
    if not navigation:
        markup = _without_navigation(markup)
    page = _Builder()
    markup = _one_space(END.sub(MARK, markup))
    for part in INLINE.sub("", BREAK.sub("\n", markup)).split(MARK):
        if part not in ("", " "):  # most ends stand side by side
            page.add_markup(part)
    return page.blocks


def _without_navigation(markup: str) -> str:
    """`markup` with a block end in place of each `<nav>`; often a third of a page's tags, which nobody asks for.

    One with a heading in it stays: it may be a section of the article.
    """
    kept, depth, start, opened = [], 0, 0, 0
    for tag in NAV.finditer(markup):
        if depth == 0:
            opened = tag.start()
        depth = max(0, depth + (-1 if tag[1] else 1))
        if depth == 0 and not HEADED.search(markup, opened, tag.end()):
            kept.append(markup[start:opened])
            start = tag.end()
    return MARK.join([*kept, markup[start:]])


def _one_space(markup: str) -> str:
    """`markup` with each run of white space as one space, as HTML shows it."""
    for space in "\n\t\r\f":
        markup = markup.replace(space, " ")
    while "  " in markup:
        markup = markup.replace("  ", " ")
    return markup


class _Builder:
    """Collects text into lines, lines into blocks. Newlines in what is added are line breaks."""

    def __init__(self) -> None:
        self.blocks: list[Block] = []
        self.lines: list[str] = []
        self.line = ""
        self.links: list[Link] = []
        self.href: str | None = None
        self.link = ""
        self.headings = 0
        self.places = dict.fromkeys(PLACES, 0)
        self.place = ""

    def add_markup(self, markup: str) -> None:
        """Add a stretch of text with links, headings and places in it, and end the block.

        Text, a link or a heading alone, which is most of any page, go the short way; it leads to the same.
        """
        if self.href is not None:
            self.add_parts(TAG.split(markup))
        elif "<" not in markup:
            self.add_text(_lines(markup), self.headings > 0)
        elif (one := ONE_LINK.fullmatch(markup)) and "\n\n" not in (text := _lines(one[1] + one[3] + one[4])):
            self.add_text(text, self.headings > 0, _link(one[3], html.unescape(one[2])))
        elif one := ONE_HEADING.fullmatch(markup):
            self.add_text(_lines(one[2]), True)
        else:
            self.add_parts(TAG.split(markup))

    def add_text(self, text: str, heading: bool, links: tuple[Link, ...] = ()) -> None:
        """Add a block for each paragraph of clean lines."""
        for paragraph in text.split("\n\n") if "\n\n" in text else (text,):
            if paragraph := paragraph.strip("\n"):
                self.blocks.append(Block(paragraph, links, heading, self.place))

    def add_parts(self, parts: list[str]) -> None:
        """Add what `TAG` splits markup into."""
        self.add(parts[0])
        for at in range(1, len(parts), 4):
            self.tag(parts[at + 1], parts[at] == "/", parts[at + 2])
            self.add(parts[at + 3])
        self.end_block()

    def add(self, text: str) -> None:
        first, *others = text.split("\n")
        self.add_to_line(first)
        for line in others:
            self.end_line()
            self.add_to_line(line)

    def add_to_line(self, text: str) -> None:
        if text and (self.line or text != " "):
            self.line += text
            if self.href is not None:
                self.link += text

    def tag(self, name: str, closing: bool, attributes: str) -> None:
        if name == "a":
            self.end_link()
            href = None if closing else HREF.search(attributes)
            self.href = html.unescape(href[1] or href[2] or "") if href else None
        else:
            self.end_block()
            step = -1 if closing else 1
            if name in self.places:
                self.places[name] = max(0, self.places[name] + step)
                self.place = next((place for place in PLACES if self.places[place]), "")
            else:
                self.headings = max(0, self.headings + step)

    def end_line(self) -> None:
        if line := _text(self.line):
            self.lines.append(line)
        else:
            self.end_block()
        self.line = ""

    def end_link(self) -> None:
        if self.href is not None:
            self.links += _link(self.link, self.href)
        self.link = ""

    def end_block(self) -> None:
        if self.line and (line := _text(self.line)):
            self.lines.append(line)
        self.line = ""
        if self.lines:
            if self.link:
                self.end_link()
            self.blocks.append(Block("\n".join(self.lines), tuple(self.links), self.headings > 0, self.place))
            self.lines = []
            self.links = []


def _link(markup: str, href: str) -> tuple[Link, ...]:
    """A link with this text; none where it has no text."""
    text = _text(markup)
    return (Link(text, href),) if text else ()


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
