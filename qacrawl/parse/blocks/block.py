"""What a page is cut into, and which elements cut it."""

from typing import NamedTuple


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
    """ "nav", "footer" or "aside" where it stood in such an element."""


ZERO_WIDTH = "\u200b\u2060\ufeff"
HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6", "dt", "th", "legend", "caption", "summary")
PLACES = ("nav", "footer", "aside")
# Elements that end a block and say nothing else; the common ones first, which makes END a third faster.
ENDS_BLOCK = (
    "p div li td tr ul section article table tbody main header hr dd dl form ol html head body address "
    "blockquote center details dialog dir fieldset figcaption figure hgroup menu optgroup option pre search tfoot "
    "thead xmp listing plaintext"
).split()
