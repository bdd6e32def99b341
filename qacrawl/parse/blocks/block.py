"""What a page is cut into, and which elements cut it."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple


class Link(NamedTuple):
    """A link in a block: its text there, and its address as written; or a button, whose address is ""."""

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
    rows: tuple[int, ...] = ()
    """The line, from 0, that each link begins on; () for a block of one line."""

    def lines(self) -> Iterator[tuple[str, tuple[Link, ...]]]:
        """Yield each line and the links that begin on it."""
        if "\n" not in self.text:
            yield self.text, self.links
            return
        starts = {row: at for at, row in reversed([*enumerate(self.rows)])}
        for row, line in enumerate(self.text.split("\n")):
            at = end = starts.get(row, 0)
            while row in starts and end < len(self.rows) and self.rows[end] == row:
                end += 1
            yield line, self.links[at:end]

    def part(self, start: int, end: int) -> "Block":
        """Return what stands between two offsets, with the links there."""
        if not self.links:
            return self._replace(text=self.text[start:end].strip())
        begin = end - len(self.text[start:end].lstrip())
        text, first = self.text[begin:end].rstrip(), self.text.count("\n", 0, begin)
        links: list[Link] = []
        rows: list[int] = []
        at = 0
        for row, (line, here) in enumerate(self.lines()):
            for place, link in zip(places(line, here), here, strict=False):
                if begin <= at + place and at + place + len(link.text) <= end:
                    links.append(link)
                    rows.append(row - first)
            at += len(line) + 1
        return self._replace(text=text, links=tuple(links), rows=tuple(rows) if "\n" in text else ())


def places(line: str, links: Sequence[Link]) -> Iterator[int]:
    """Yield where in a line each of its links begins; its end for one whose text is not there as such."""
    at = lost = 0
    for link in links:
        place = line.find(link.text, at) if lost < MOST_LOST else -1
        lost += place < 0
        at = at if place < 0 else place + len(link.text)
        yield len(line) if place < 0 else place


MOST_LOST = 50
"""Links of a line that are not found in it: each costs a walk through the line, and nobody writes so many."""

ZERO_WIDTH = "\u200b\u2060\ufeff"
HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6", "dt", "th", "legend", "caption", "summary")
PLACES = ("nav", "footer", "aside")
# Elements that end a block and say nothing else; the common ones first, which makes END a third faster.
ENDS_BLOCK = (
    "p div li td tr ul section article table tbody main header hr dd dl form ol html head body address "
    "blockquote center details dialog dir fieldset figcaption figure hgroup menu optgroup option pre search tfoot "
    "thead xmp listing plaintext"
).split()
