"""A page as a list of text blocks in page order: what a reader sees, without classes and nesting.

Two front ends turn any markup into canonical markup without hidden parts, lexbor fast and BeautifulSoup as the
reference; one splitter makes the blocks from it. A block ends at block elements, at two `<br>` and at table
cells; a line ends at `<br>`.
"""

import re
import warnings

from bs4 import BeautifulSoup, MarkupResemblesLocatorWarning, Tag, XMLParsedAsHTMLWarning
from bs4.element import PageElement, PreformattedString
from selectolax.lexbor import LexborHTMLParser, LexborNode, SelectolaxError

from qacrawl.parse.blocks.attributes import few
from qacrawl.parse.blocks.block import ENDS_BLOCK, HEADINGS, PLACES, Block, Link
from qacrawl.parse.blocks.depth import shallow
from qacrawl.parse.blocks.splitting import normal, split
from qacrawl.parse.blocks.xhtml import as_html, is_xhtml

__all__ = ["ENDS_BLOCK", "Block", "Link", "clean", "fast", "is_html", "plain", "read", "reference", "tame"]

_UNREAD = "script style template noscript title svg select iframe object noembed noframes textarea"
UNREAD = ",".join([*_UNREAD.split(), "dialog:not([open])"])
HIDDEN = (
    '[hidden],[aria-hidden="true"],[style*="display:none" i],[style*="display: none" i],'
    '[style*="visibility:hidden" i],[style*="visibility: hidden" i]'
)
HEADED = ",".join(HEADINGS)
HIDING_STYLE = re.compile('style="[^"]*(?i:display: ?none|visibility: ?hidden)')
_COMMON = r"!doctype\s+html meta title script br a b i font span strong em aside".split()
MARKUP = re.compile(rf"<(?=[a-zA-Z!])(?i:{'|'.join([*_COMMON, *HEADINGS, *ENDS_BLOCK])})[\s/>]")


def read(markup: str, content_type: str | None = None, *, whole: bool = True, is_sure: bool = False) -> list[Block]:
    """Return the blocks of a page, HTML or plain text, unless it `is_sure` to be HTML. Never raises.

    Unless `whole`, without menus, which are often half of a page's tags: each `<nav>` without headings (with one, it
    may be a section of the article) and the `<footer>` that ends the page.
    """
    if not is_sure and not is_html(markup, content_type):
        return plain(markup)
    markup = tame(markup, content_type)
    try:
        return fast(markup, whole=whole)
    except (SelectolaxError, RuntimeError, ValueError):  # what lexbor refuses, BeautifulSoup reads
        return reference(markup, whole=whole)


def tame(markup: str, content_type: str | None = None) -> str:
    """Return markup that a tree is built from as its author meant it (XHTML), and in time (see `few`, `shallow`)."""
    if is_xhtml(markup, content_type):
        markup = as_html(markup)
    return shallow(few(markup))


def is_html(markup: str, content_type: str | None = None) -> bool:
    """Return whether `markup` is HTML: it has a tag, and is not served as plain text that only mentions one."""
    if content_type and content_type.lower().startswith("text/plain"):
        return markup.lstrip()[:1] == "<" and MARKUP.search(markup) is not None
    return MARKUP.search(markup) is not None


def plain(text: str) -> list[Block]:
    """Return blocks of plain text: an empty line ends a block."""
    text = normal(clean(text).replace("\r\n", "\n").replace("\r", "\n"))
    blocks = []
    for lines in re.split(r"\n[ \t\f\v\u3000\xa0]*(?=\n)", text):
        if block := "\n".join(line.strip() for line in lines.split("\n") if line.strip()):
            blocks.append(Block(block))
    return blocks


def fast(markup: str, *, whole: bool = True) -> list[Block]:
    """Return blocks of HTML through lexbor, which builds the tree as browsers do. Raise what lexbor raises."""
    tree = LexborHTMLParser(clean(markup))
    if len(markup) < SMALL:
        _last[:] = [tree]
    if whole and "hidden" in markup:
        _take_out(tree, f"{UNREAD},{HIDDEN}")
        return split(_canonical(tree))
    _take_out(tree, UNREAD)
    if not whole:
        _cut_menus(tree)
    canonical = _canonical(tree)
    if "hidden=" in canonical or HIDING_STYLE.search(canonical):  # to ask lexbor takes longer
        _take_out(tree, HIDDEN)
        canonical = _canonical(tree)
    return split(canonical)


# While a tree lives, the C library does not give its memory back to the system, to ask for it again for the next page:
# that costs 40 page faults a page, a sixth of the time. Large trees are let go.
_last: list[LexborHTMLParser] = []
SMALL = 1 << 20  # characters of markup


def _take_out(tree: LexborHTMLParser, selector: str) -> None:
    for node in tree.css(selector):
        node.decompose(recursive=False)


def _cut_menus(tree: LexborHTMLParser) -> None:
    """Put a block end in place of each `<nav>` without headings; take out a `<footer>` that is the last on the page."""
    for nav in tree.css("nav"):
        if not nav.css_first(HEADED) and not _is_inside(nav, {"nav", *HEADINGS}):
            nav.replace_with(tree.create_node("hr"))
    last = tree.body
    while last and last.tag not in PLACES:
        last = last.last_child
        while last and (last.is_comment_node or last.is_empty_text_node):
            last = last.prev
    if last and last.tag == "footer" and not last.css_first("nav"):  # what is left of those may be a section
        last.decompose(recursive=False)


def _is_inside(node: LexborNode, tags: set[str]) -> bool:
    """Return whether an element stands in one of these."""
    above = node.parent
    while above and above.tag not in tags:
        above = above.parent
    return above is not None


def _canonical(tree: LexborHTMLParser) -> str:
    """Return what a tree shows, as markup: the body, since nothing in a head is shown; all where there is no body."""
    return (tree.body.html if tree.body else tree.html) or ""


def reference(markup: str, *, whole: bool = True) -> list[Block]:
    """Return blocks of HTML through BeautifulSoup: the same as `fast`, slowly."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", MarkupResemblesLocatorWarning)
        warnings.simplefilter("ignore", XMLParsedAsHTMLWarning)
        soup = BeautifulSoup(clean(markup), "lxml")
    for node in soup.select(UNREAD):
        node.decompose()
    if not whole:
        _cut_menus_of_soup(soup)
    for node in soup.select(HIDDEN):
        node.decompose()
    return split(soup.decode(formatter="minimal"))


def _cut_menus_of_soup(soup: BeautifulSoup) -> None:
    """Do as `_cut_menus` does."""
    for nav in soup.select("nav"):
        if not nav.select_one(HEADED) and not nav.find_parent(["nav", *HEADINGS]):
            nav.replace_with(soup.new_tag("hr"))
    last: PageElement | None = soup.body
    while isinstance(last, Tag) and last.name not in PLACES:
        last = next((child for child in reversed(last.contents) if _is_shown(child)), None)
    if isinstance(last, Tag) and last.name == "footer" and not last.find("nav"):
        last.decompose()


def _is_shown(node: PageElement) -> bool:
    """Return whether it is an element, or text that is not just white space."""
    if isinstance(node, Tag):
        return True
    return not isinstance(node, PreformattedString) and node.get_text().strip(" \t\n\r\f") != ""


def clean(text: str) -> str:
    """Return `text` without NUL, which no page means."""
    return text.replace("\0", "") if "\0" in text else text  # far quicker than to replace what is not there
