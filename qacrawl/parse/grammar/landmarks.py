"""What the words of a site's pages are, and the text that they are looked for in."""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import accumulate
from typing import NamedTuple

from qacrawl.parse.blocks import Block
from qacrawl.parse.blocks.block import ZERO_WIDTH

Match = re.Match[str]
GAP = "\n\n"


class Landmark(NamedTuple):
    """A pattern that matches from the start of a line, and a lower-case word without which it can't."""

    word: str
    pattern: re.Pattern[str]


@dataclass(frozen=True)
class Landmarks:
    """The words of a site. Patterns match on text with newlines between lines, empty lines between blocks."""

    ask_date: Landmark
    """A line that ends with the ask date; groups `label` and `date`."""
    asker: re.Pattern[str]
    """What stands before the ask date, to its end; groups `asker`, `age`, `unit`, `sex`."""
    undated_asker: re.Pattern[str]
    """A line that is sure to say who asked, though no ask date was read on it; group `facts`, for `asker`."""
    doctor: Landmark
    """A whole doctor line; groups `doctor`, `specialty`."""
    reply_date: Landmark
    """A line that is, or ends with, the reply date; groups `label` and `date`."""
    sections: dict[str, Landmark]
    """Heading lines of `more_info`, `similar_qa` and `related_faq`, in the page's order."""
    share: re.Pattern[str]
    """The line between title and subject, or how it begins, where links or buttons follow."""
    noise: re.Pattern[str]
    """Blocks that say nothing: advertisements, names of sharing services."""
    label: re.Pattern[str]
    """Labels of a definition list."""


class Doc:
    """Blocks as one text, that landmarks are looked for in; `GAP` stands between blocks."""

    def __init__(self, blocks: list[Block]) -> None:
        self.blocks = blocks
        self.shown = GAP.join(block.text for block in blocks)
        # Landmarks are looked for without zero-width characters, as readers see them; offsets stay the same.
        self.text = self.shown
        for char in ZERO_WIDTH:
            self.text = self.text.replace(char, " ")
        self.starts = [0, *accumulate(len(block.text) + len(GAP) for block in blocks)][: len(blocks)]
        self.lower = self.text.replace("\u0130", "I").lower()  # the one letter whose lower case is longer
        self.places: dict[str, list[int]] = {}
        self.lasts: dict[tuple[re.Pattern[str], int], int] = {}

    def places_of(self, word: str) -> list[int]:
        """Return the offsets of a lower-case word; looked for once, though its landmark is asked for many times."""
        if word not in self.places:
            self.places[word] = places = []
            at = self.lower.find(word)
            while at >= 0:
                places.append(at)
                at = self.lower.find(word, at + len(word))
        return self.places[word]

    def find(self, landmark: Landmark, start: int = 0, end: int | None = None) -> Iterator[Match]:
        """Yield the places of a landmark that begin between two offsets.

        Only lines that hold its word are tried: to look for the word is a hundred times faster than for the pattern.
        """
        end = len(self.text) if end is None else end
        places = self.places_of(landmark.word)
        for index in range(bisect_left(places, start), len(places)):
            at = places[index]
            if at + len(landmark.word) > end:
                return
            if at < start:
                continue  # in a line that was tried
            if match := landmark.pattern.match(self.text, max(start, self.text.rfind("\n", start, at) + 1)):
                yield match
                at = match.end() - 1
            start = self.text.find("\n", at) + 1 or len(self.text)

    def first(self, landmark: Landmark, start: int = 0, end: int | None = None) -> Match | None:
        """Return the first of `find`."""
        return next(self.find(landmark, start, end), None)

    def last(self, landmark: Landmark, end: int) -> int:
        """Return where the last of a landmark before an offset begins, -1 if there is none; looked for once."""
        key = landmark.pattern, end
        if key not in self.lasts:
            self.lasts[key] = max((found.start() for found in self.find(landmark, 0, end)), default=-1)
        return self.lasts[key]

    def block(self, at: int) -> Block:
        """Return the block that holds offset `at`."""
        return self.blocks[max(0, bisect_right(self.starts, at) - 1)]

    def slice(self, start: int, end: int, *, linked: bool = True) -> list[Block]:
        """Return the blocks between two offsets, the first and the last cut there.

        Those have no links unless `linked`: to find out which ones a part has, the whole block is gone through.
        """
        first = max(0, bisect_right(self.starts, start) - 1)
        found = self.blocks[first : bisect_left(self.starts, end, first)]
        for index in {0, len(found) - 1} if found else ():
            at, block = self.starts[first + index], found[index]
            if at < start or at + len(block.text) > end:
                block = block if linked else block._replace(links=(), rows=())
                found[index] = block.part(max(at, start) - at, min(at + len(block.text), end) - at)
        return [block for block in found if block.text]


def is_noise(block: Block, words: Landmarks) -> bool:
    """Return whether a block is an advertisement, the name of a service, or a label."""
    return words.noise.fullmatch(block.text) is not None or is_label(block, words)


def is_label(block: Block, words: Landmarks) -> bool:
    """Return whether a block is a label of a table or definition list."""
    return block.heading and words.label.fullmatch(block.text) is not None
