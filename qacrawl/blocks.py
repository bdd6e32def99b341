"""A page as a list of text blocks in page order: what a reader sees, without classes and nesting.

Two front ends turn any markup into canonical markup without hidden parts, lexbor fast and BeautifulSoup as the
reference; one splitter makes the blocks from it. A block ends at block elements, at two `<br>` and at table
cells; a line ends at `<br>`.
"""

import html
import re
import unicodedata
import warnings
from typing import NamedTuple

from bs4 import BeautifulSoup, MarkupResemblesLocatorWarning, XMLParsedAsHTMLWarning
from selectolax.lexbor import LexborHTMLParser, SelectolaxError


class Link(NamedTuple):
    """A link in a block: its text there, and its address as written."""

    text: str
    href: str


class Block(NamedTuple):
    """A paragraph of the page: lines joined by newlines, no empty line, no space at either end of a line."""

    text: str
    links: tuple[Link, ...] = ()
    heading: bool = False
    """Whether it stood in a heading or in the label of a table or definition list."""
    place: str = ""
    """ "nav" or "footer" where it stood in such an element."""


_UNREAD = "script style template noscript title svg select iframe object noembed noframes textarea"
UNREAD = ",".join([*_UNREAD.split(), "dialog:not([open])"])
MAY_BE_UNREAD = re.compile(f"<(?:{'|'.join([*_UNREAD.split(), 'dialog'])})")
HIDDEN = (
    '[hidden],[aria-hidden="true"],[style*="display:none" i],[style*="display: none" i],'
    '[style*="visibility:hidden" i],[style*="visibility: hidden" i]'
)

HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6", "dt", "th", "legend", "caption", "summary")
PLACES = ("nav", "footer")
# Elements that end a block and say nothing else; the common ones first, which makes END a third faster.
ENDS_BLOCK = (
    "p div li td tr ul section article table tbody main header hr dd dl form aside ol html head body address blockquote "
    "center details dialog dir fieldset figcaption figure hgroup menu optgroup option pre search tfoot thead xmp "
    "listing plaintext"
).split()

# In canonical markup a ">" always ends a tag: in text and in attributes it is escaped.
UNUSUAL = re.compile("<(?:!|pre|xmp|listing)")  # one search for what most pages lack
COMMENT = re.compile(r"<!--.*?-->|<!DOCTYPE[^>]*>", re.DOTALL)
END = re.compile(rf"</?(?:{'|'.join(ENDS_BLOCK)})(?: [^>]*)?/?>")
BREAK = re.compile("<br(?: [^>]*)?/?>")
TAG = re.compile(rf"<(/?)({'|'.join([*HEADINGS, *PLACES, 'a'])})((?: [^>]*)?/?)>")
INLINE = re.compile(rf"<(?!/?(?:{'|'.join([*HEADINGS, *PLACES, 'a'])})[ />])[^>]*>")
MARK = "\x1e"  # where END was
PRE = re.compile(r"(<(pre|xmp|listing)\b[^>]*>)(.*?)(?=</\2>)", re.DOTALL)
NAV = re.compile("<(/?)nav(?: [^>]*)?>")
HREF = re.compile(r"""\shref=(?:"([^"]*)"|'([^']*)')""")
ONE_HEADING = re.compile(rf" ?<({'|'.join(HEADINGS)})(?: [^>]*)?>([^<]*)</\1> ?")
ONE_LINK = re.compile(r"""([^<]*)<a(?: [^>]*?)??\shref="([^"]*)"[^>]*>([^<\n]*)</a>([^<]*)""")
MARKUP = re.compile(
    rf"<(?i:!doctype\s+html|meta|title|script|br|a|b|i|font|span|strong|em|{'|'.join([*HEADINGS, *ENDS_BLOCK])})[\s/>]"
)


def read(markup: str, content_type: str | None = None, *, navigation: bool = True) -> list[Block]:
    """The blocks of a page, HTML or plain text; those of `<nav>` only if `navigation`. Never raises."""
    if not is_html(markup, content_type):
        return plain(markup)
    markup = shallow(markup)
    try:
        return fast(markup, navigation=navigation)
    except (SelectolaxError, RuntimeError, ValueError):  # what lexbor refuses, BeautifulSoup reads
        return reference(markup, navigation=navigation)


def is_html(markup: str, content_type: str | None = None) -> bool:
    """Whether `markup` is HTML: it has a tag, and is not served as plain text that only mentions one."""
    if content_type and content_type.lower().startswith("text/plain"):
        return markup.lstrip()[:1] == "<" and MARKUP.search(markup) is not None
    return MARKUP.search(markup) is not None


def plain(text: str) -> list[Block]:
    """Blocks of plain text: an empty line ends a block."""
    text = clean(text).replace("\r\n", "\n").replace("\r", "\n").lstrip("\ufeff")
    blocks = []
    for lines in re.split(r"\n[ \t\f\v\u3000\xa0]*(?=\n)", text):
        if block := "\n".join(line.strip() for line in lines.split("\n") if line.strip()):
            blocks.append(Block(unicodedata.normalize("NFC", block)))
    return blocks


def fast(markup: str, *, navigation: bool = True) -> list[Block]:
    """Blocks of HTML through lexbor, which builds the tree as browsers do. Raises what lexbor raises."""
    tree = LexborHTMLParser(clean(markup))
    canonical = _canonical(tree)
    may_hide = "hidden" in canonical or "style=" in canonical
    if may_hide or MAY_BE_UNREAD.search(canonical):  # to ask lexbor on every page takes as long as to parse it
        for node in tree.css(f"{UNREAD},{HIDDEN}" if may_hide else UNREAD):
            node.decompose()
        canonical = _canonical(tree)
    return split(canonical, navigation)


def _canonical(tree: LexborHTMLParser) -> str:
    """What a tree shows, as markup: the body, since nothing in a head is shown; all where there is no body."""
    return (tree.body.html if tree.body else tree.html) or ""


def reference(markup: str, *, navigation: bool = True) -> list[Block]:
    """Blocks of HTML through BeautifulSoup: the same as `fast`, slowly."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", MarkupResemblesLocatorWarning)
        warnings.simplefilter("ignore", XMLParsedAsHTMLWarning)
        soup = BeautifulSoup(clean(markup), "lxml")
    for node in soup.select(f"{UNREAD},{HIDDEN}"):
        node.decompose()
    return split(soup.decode(formatter="minimal"), navigation)


def clean(text: str) -> str:
    """`text` without the two characters that no page means: NUL, and our own mark."""
    for bad in ("\0", MARK):
        if bad in text:  # far quicker than to replace what is not there
            text = text.replace(bad, "")
    return text


DENSE = 10_000  # pages with fewer tags cannot nest so deep that a tree gets slow
DEPTH = 400
VOID = frozenset(["br", "hr", "img", "input", "meta", "link", "area", "base", "col", "embed", "source", "track", "wbr"])
ANY_TAG = re.compile(r"""<(/?)([a-zA-Z][a-zA-Z0-9-]*)(?=[\s/>])(?:[^<>"']|"[^"]*"|'[^']*')*>""")


def shallow(markup: str) -> str:
    """`markup` with no element nested deeper than DEPTH: lexbor takes 20 s for 100,000 nested `<div>`.

    Tags below that become block ends (or nothing, if inline), so the blocks stay what they were.
    """
    if markup.count("<") < DENSE:
        return markup
    depth = 0

    def flatten(match: re.Match[str]) -> str:
        nonlocal depth
        name = match[2].lower()
        if name in VOID:
            return match[0]
        deep = depth > DEPTH
        depth = max(0, depth - 1) if match[1] else depth + 1
        if (deep or depth > DEPTH) and name not in ("script", "style", "template", "a"):
            return "<hr>" if name in ENDS_BLOCK or name in HEADINGS else ""
        return match[0]

    return ANY_TAG.sub(flatten, markup)


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
    """`markup` with a block end in place of each `<nav>`; often a third of a page's tags, which nobody asks for."""
    kept, depth, start = [], 0, 0
    for tag in NAV.finditer(markup):
        if depth == 0:
            kept.append(markup[start : tag.start()])
        depth = max(0, depth + (-1 if tag[1] else 1))
        start = tag.end()
    return MARK.join([*kept, "" if depth else markup[start:]])


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
    return text if text.isascii() else unicodedata.normalize("NFC", text)
