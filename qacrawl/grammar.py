"""Landmarks cut the blocks of a Q&A page into fields, in the order in which such a page says them.

A landmark is a whole line (or the end of one), in its place in the sequence: the asker line directly before the
doctor line, the reply date after it, the section headings after that. What looks like one inside running text, or
out of its place, is text. Which words make a landmark is the site's: `Landmarks`.
"""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import accumulate, combinations, groupby
from typing import NamedTuple

from qacrawl.blocks import Block
from qacrawl.blocks.block import ZERO_WIDTH
from qacrawl.values import read_date

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
    """The line between title and subject."""
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

    def places_of(self, word: str) -> list[int]:
        """The offsets of a lower-case word; looked for once, though its landmark is asked for many times."""
        if word not in self.places:
            self.places[word] = places = []
            at = self.lower.find(word)
            while at >= 0:
                places.append(at)
                at = self.lower.find(word, at + len(word))
        return self.places[word]

    def find(self, landmark: Landmark, start: int = 0, end: int | None = None) -> Iterator[re.Match[str]]:
        """The places of a landmark that begin between two offsets.

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

    def first(self, landmark: Landmark, start: int = 0, end: int | None = None) -> re.Match[str] | None:
        """The first of `find`."""
        return next(self.find(landmark, start, end), None)

    def block(self, at: int) -> Block:
        """The block that holds offset `at`."""
        return self.blocks[max(0, bisect_right(self.starts, at) - 1)]

    def slice(self, start: int, end: int) -> list[Block]:
        """The blocks between two offsets, the first and the last cut there."""
        first = max(0, bisect_right(self.starts, start) - 1)
        found = self.blocks[first : bisect_left(self.starts, end, first)]
        for index in {0, len(found) - 1} if found else ():
            at, block = self.starts[first + index], found[index]
            if at < start or at + len(block.text) > end:
                text = self.shown[max(at, start) : min(at + len(block.text), end)].strip()
                found[index] = block._replace(text=text, links=tuple(link for link in block.links if link.text in text))
        return [block for block in found if block.text]


@dataclass
class Parts:
    """An article cut at its landmarks."""

    header: list[Block]
    """Title, subject and question."""
    asker: dict[str, str | None] = field(default_factory=dict)
    doctor: dict[str, str] = field(default_factory=dict)
    reply: list[Block] = field(default_factory=list)
    reply_date: str | None = None
    sections: dict[str, list[Block]] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    @property
    def landmarks(self) -> int:
        """How many of asker line, doctor line and reply date were found."""
        return bool(self.asker) + bool(self.doctor) + (self.reply_date is not None)


def cut(blocks: list[Block], words: Landmarks) -> Parts | None:
    """The parts of an article; None when its landmarks are not there.

    Navigation and the footers at the end of the page are left out, unless a landmark stands only there.
    """
    outside = _without_navigation(blocks, words)
    body = outside.copy()
    while body and body[-1].place == "footer":
        body.pop()
    parts, tried = None, 0
    for more in (body, outside, blocks):
        if len(more) > tried and (parts is None or parts.landmarks < 3):
            tried = len(more)
            found = _cut(Doc(more), words)
            if found and (parts is None or found.landmarks > parts.landmarks):
                parts = found
    return parts


def _without_navigation(blocks: list[Block], words: Landmarks) -> list[Block]:
    """The blocks outside of navigation, and of asides that list other questions; with a section's heading they stay."""
    body: list[Block] = []
    for place, run in groupby(blocks, lambda block: block.place):
        part = list(run)
        if place in ("nav", "aside"):
            if not any(block.heading and _is_section(block.text, words) for block in part) and (
                place == "nav" or Doc(part).first(words.doctor)
            ):
                continue
            part = [block._replace(place="") for block in part]
        body += part
    return body


def _is_section(line: str, words: Landmarks) -> bool:
    """Whether a line begins with a section's heading."""
    return any(section.pattern.match(line) for section in words.sections.values())


def _cut(doc: Doc, words: Landmarks) -> Parts | None:
    asked, answered, notes = _asker_and_doctor(doc, words)
    last = answered or asked
    if last is None:
        return None
    main = last.end()
    dated, more = _reply_date(doc, words, main, asked)
    if asked and not answered and dated and doc.first(words.doctor, main, dated.start()):
        dated, more = None, []  # of an entry of a list below the question
    if asked is None and dated is None:
        return None  # a doctor line alone is an entry of a listing
    heads, out_of_place = _headings(doc, words, dated.end() if dated else main)
    first = dated.start("label") if dated else heads[0][1].start() if heads else len(doc.text)
    start, asker = _askers(doc, asked, words) if asked else _undated_asker(doc, last, words)
    if not asked:
        notes.append("no_ask_date" if asker else "no_asker")
    parts = Parts(doc.slice(0, start), asker, notes=notes + more + out_of_place)
    if answered:
        if doc.first(words.doctor, main, first):
            parts.notes.append("several_doctor_lines")
        parts.doctor = {name: " ".join(value.split()) for name, value in answered.groupdict().items()}
    if answered or dated:
        parts.reply = [block for block in doc.slice(main, first) if not _is_noise(block, words)]
    elif any(not _is_noise(block, words) for block in doc.slice(main, first)):
        parts.notes.append("unread_text")
    if dated:
        parts.reply_date = dated["date"]
    ends = [*(head.start() for _, head in heads), len(doc.text)][1:]
    for (name, head), end in zip(heads, ends, strict=True):
        parts.sections[name] = [block for block in doc.slice(head.end(), end) if not _is_noise(block, words)]
    return parts


Match = re.Match[str]


def _asker_and_doctor(doc: Doc, words: Landmarks) -> tuple[Match | None, Match | None, list[str]]:
    """The ask date that a doctor line follows, and that doctor line; or the last ask date of an unanswered page."""
    asks = list(doc.find(words.ask_date))
    if not asks:
        answered = doc.first(words.doctor)
        if answered and doc.first(words.doctor, answered.end(), _end_of_main(doc, words, answered.end())):
            return None, None, []  # which of them replies to what, nothing says
        return None, answered, []
    end = _end_of_main(doc, words, asks[0].end())
    asks = [ask for ask in asks if ask.start() < end]
    for index, ask in enumerate(asks):
        until = asks[index + 1].start() if index + 1 < len(asks) else end
        answered = doc.first(words.doctor, ask.end(), until)
        if answered and _is_reply(doc, words, ask.end(), answered, end):
            return ask, answered, ["several_asker_lines"] if index else []
    return asks[-1], None, ["several_asker_lines"] if len(asks) > 1 else []


def _is_reply(doc: Doc, words: Landmarks, start: int, answered: Match, end: int) -> bool:
    """Whether a doctor line answers the asker line that ends at `start`, and is no entry of a list below the question.

    Nothing but labels and advertisements stands between them; or a little text without a heading, such as an
    advertisement that does not say so, where a reply date follows.
    """
    between = [block for block in doc.slice(start, answered.start()) if not _is_noise(block, words)]
    if not between:
        return True
    if any(block.heading for block in between) or sum(len(block.text) for block in between) > NEAR:
        return False
    return doc.first(words.reply_date, answered.end(), end) is not None


NEAR = 200  # characters


def _end_of_main(doc: Doc, words: Landmarks, start: int) -> int:
    """Where the first section begins after `start`: doctor lines behind it belong to other questions."""
    ends = [found.start() for section in words.sections.values() if (found := doc.first(section, start))]
    return min(ends, default=len(doc.text))


def _reply_date(doc: Doc, words: Landmarks, start: int, asked: Match | None) -> tuple[Match | None, list[str]]:
    """The line that ends the reply, and notes. Of several: not before the question, and the first before a section."""
    found = list(doc.find(words.reply_date, start))
    if not found:
        return None, []
    asked_on = read_date(asked["date"]) if asked and asked["date"] else None
    late = [one for one in found if not asked_on or (read_date(one["date"] or "") or asked_on) >= asked_on]
    chosen = next((one for one in late if _before_section(doc, words, one.end())), (late or found)[0])
    end = _end_of_main(doc, words, start)
    several = sum(one.start() < end for one in found) > 1
    return chosen, ["several_reply_dates"] if several else []


def _before_section(doc: Doc, words: Landmarks, at: int) -> bool:
    return _is_section(doc.text[at : at + 80].lstrip(), words)


def _headings(doc: Doc, words: Landmarks, start: int) -> tuple[list[tuple[str, Match]], list[str]]:
    """The section headings after `start` in the page's order, and notes.

    Where not all can be in that order, as many as can be, real headings before lines that read like one.
    """
    heads = _in_order(doc, words, [*words.sections], start)
    if len(heads) == len(words.sections):
        return heads, []
    present = [name for name in words.sections if doc.first(words.sections[name], start)]
    if len(heads) == len(present):
        return heads, []
    chains = [
        _in_order(doc, words, names, start) for size in range(1, len(present)) for names in combinations(present, size)
    ]
    heads = max(
        chains,
        key=lambda chain: (len(chain), sum(_is_heading(doc, head) for _, head in chain), -chain[0][1].start()),
    )
    lost = [name for name in present if name not in dict(heads)]
    real = any(_is_heading(doc, head) for name in lost for head in doc.find(words.sections[name], start))
    return heads, ["section_out_of_place"] if real else []


def _in_order(doc: Doc, words: Landmarks, names: Sequence[str], start: int) -> list[tuple[str, Match]]:
    """Those of some section headings that follow each other after `start`; a real heading wins over any line."""
    heads = []
    for name in names:
        found = list(doc.find(words.sections[name], start))
        if found:
            head = next((one for one in found if _is_heading(doc, one)), found[0])
            heads.append((name, head))
            start = head.end()
    return heads


def _is_heading(doc: Doc, head: Match) -> bool:
    return doc.block(head.start()).heading


def _askers(doc: Doc, asked: Match, words: Landmarks) -> tuple[int, dict[str, str | None]]:
    """As `_asker`; of asker lines that follow each other directly, what all say alike, and None for the rest."""
    start, facts = _asker(doc, asked.start("label"), asked["date"], words)
    for twin in reversed(list(doc.find(words.ask_date, max(0, start - 2000), start))):
        if doc.text[twin.end() : start].strip():
            break
        start, other = _asker(doc, twin.start("label"), twin["date"], words)
        facts = {name: value if other.get(name) == value else None for name, value in facts.items()}
    return start, facts


def _undated_asker(doc: Doc, answered: Match, words: Landmarks) -> tuple[int, dict[str, str | None]]:
    """As `_askers`, where no ask date was read, from the line above the doctor's line.

    Else a name would stay in the question, for all to see, wherever a site writes its dates in a new way.
    """
    end = answered.start()
    line = _line_before(doc, end)
    while line and words.noise.fullmatch(doc.text[line:end].strip()):
        end, line = line, _line_before(doc, line)
    end = line + len(doc.text[line:end].rstrip())
    if end - line <= LONGEST_ASKER and (found := words.undated_asker.fullmatch(doc.text, line, end)):
        return _asker(doc, found.end("facts"), None, words)
    return answered.start(), {}


def _asker(doc: Doc, end: int, date: str | None, words: Landmarks) -> tuple[int, dict[str, str | None]]:
    """Where the asker line starts that ends at `end`, and its groups.

    Its parts may stand in lines or elements of their own.
    """
    line = start = doc.text.rfind("\n", 0, end) + 1
    found = words.asker.fullmatch(doc.text, line, end)
    named = bool(doc.text[line:end].strip(EDGES))
    for _ in range(SPREAD):
        above = doc.text[:start].rstrip()
        if found and (found["asker"] or not above.endswith((",", "，"))) and not FORM_OF_ADDRESS.search(above[-20:]):
            break
        if found is None and named:
            break  # a name without age and sex
        start = _line_before(doc, start)
        found = words.asker.fullmatch(" ".join(_lines(doc, start, end, words))) or found
    facts: dict[str, str | None] = {"date": date}
    if found is None:
        name = doc.text[line:end].strip(EDGES).strip()
        return _before_labels(doc, line, words), facts | {"asker": name or None}
    groups = {name: value.strip() or None if value else None for name, value in found.groupdict().items()}
    if len(name := groups["asker"] or "") > LONGEST_NAME and (sentences := list(SENTENCE_END.finditer(name))):
        # The question runs into the asker line: the asker is what follows its last sentence.
        return end - len(found[0]) + sentences[-1].end(), facts | groups | {"asker": name[sentences[-1].end() :]}
    return _before_labels(doc, start, words), facts | groups


FORM_OF_ADDRESS = re.compile(r"(?:^|\n)(?:Mr|Ms|Mrs|Miss|Dr|Prof)\.?$")
EDGES = " .,，\u3000\xa0"  # what may stand around a name
LONGEST_NAME = 80  # characters
LONGEST_ASKER = 250  # characters of a line
SENTENCE_END = re.compile(r"[.?!。？！]\s*")
SPREAD = 6  # lines that the parts of an asker line may be spread over


def _lines(doc: Doc, start: int, end: int, words: Landmarks) -> Iterator[str]:
    """The lines of a stretch that are no labels."""
    for block in doc.slice(start, end):
        if not (block.heading and words.label.fullmatch(block.text)):
            yield from block.text.split("\n")


def _line_before(doc: Doc, start: int) -> int:
    """Where the line above the one that starts at `start` begins; empty lines do not count."""
    return doc.text.rfind("\n", 0, len(doc.text[:start].rstrip())) + 1


def _before_labels(doc: Doc, start: int, words: Landmarks) -> int:
    """`start`, or where the labels right above it begin."""
    while start:
        above = _line_before(doc, start)
        block = doc.block(above)
        if not words.label.fullmatch(doc.text[above:start].strip()) or not (block.heading or block.text.endswith(":")):
            return start
        start = above
    return start


def _is_noise(block: Block, words: Landmarks) -> bool:
    return words.noise.fullmatch(block.text) is not None or (
        block.heading and words.label.fullmatch(block.text) is not None
    )
