"""Landmarks cut the blocks of a Q&A page into fields, in the order in which such a page says them.

A landmark is a whole line (or the end of one), in its place in the sequence: the asker line directly before the
doctor line, the reply date after it, the section headings after that. What looks like one inside running text, or
out of its place, is text. Which words make a landmark is the site's: `Landmarks`.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import combinations, groupby

from qacrawl.parse.blocks import Block
from qacrawl.parse.grammar import askers
from qacrawl.parse.grammar.landmarks import Doc, Landmark, Landmarks, Match, is_noise
from qacrawl.parse.values import read_date

__all__ = ("Landmark", "Landmarks", "Parts", "cut")


@dataclass
class Parts:
    """An article cut at its landmarks."""

    header: list[Block]
    """Title, subject and question."""
    asker: askers.Facts = field(default_factory=dict)
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
    """Return the parts of an article; None when its landmarks are not there.

    Navigation, lists in asides and the footers at the end of the page are left out, unless a landmark stands only
    there; the footers are looked through first.
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
    """Return the blocks outside of navigation, and of asides that list other questions.

    Those that hold the heading of a section stay.
    """
    body: list[Block] = []
    for place, run in groupby(blocks, lambda block: block.place):
        part = list(run)
        if place in ("nav", "aside"):
            is_section = any(block.heading and _is_section(block.text, words) for block in part)
            if not is_section and (place == "nav" or Doc(part).first(words.doctor)):
                continue
            part = [block._replace(place="") for block in part]
        body += part
    return body


def _is_section(line: str, words: Landmarks) -> bool:
    """Return whether a line begins with a section's heading."""
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
    start, facts = askers.dated(doc, asked, words) if asked else askers.undated(doc, last, words)
    if not asked:
        notes.append("no_ask_date" if facts else "no_asker")
    parts = Parts(doc.slice(0, start), facts, notes=notes + more + out_of_place)
    if answered:
        if doc.first(words.doctor, main, first):
            parts.notes.append("several_doctor_lines")
        parts.doctor = {name: " ".join(value.split()) for name, value in answered.groupdict().items()}
    if answered or dated:
        parts.reply = [block for block in doc.slice(main, first) if not is_noise(block, words)]
    elif any(not is_noise(block, words) for block in doc.slice(main, first, linked=False)):
        parts.notes.append("unread_text")
    if dated:
        parts.reply_date = dated["date"]
    ends = [*(head.start() for _, head in heads), len(doc.text)][1:]
    for (name, head), end in zip(heads, ends, strict=True):
        parts.sections[name] = [block for block in doc.slice(head.end(), end) if not is_noise(block, words)]
    return parts


def _asker_and_doctor(doc: Doc, words: Landmarks) -> tuple[Match | None, Match | None, list[str]]:
    """Return the ask date that a doctor line follows, and that doctor line.

    Of a page without a reply, return the last ask date alone.
    """
    asks = list(doc.find(words.ask_date))
    if not asks:
        return None, _only_doctor(doc, words), []
    end = _end_of_main(doc, words, asks[0].end())
    asks = [ask for ask in asks if ask.start() < end]
    for index, ask in enumerate(asks):
        until = asks[index + 1].start() if index + 1 < len(asks) else end
        answered = doc.first(words.doctor, ask.end(), until)
        if answered and _is_reply(doc, words, ask.end(), answered, end):
            return ask, answered, ["several_asker_lines"] if index else []
    return asks[-1], None, ["several_asker_lines"] if len(asks) > 1 else []


def _only_doctor(doc: Doc, words: Landmarks) -> Match | None:
    """Return the doctor line of a page without an ask date.

    Return None where there are several and nothing says which it is.
    """
    answered = doc.first(words.doctor)
    if answered is None:
        return None
    end = _end_of_main(doc, words, answered.end())
    second = doc.first(words.doctor, answered.end(), end)
    dated = doc.first(words.reply_date, answered.end(), end)
    if second and dated and (second.start() < dated.start() or doc.first(words.reply_date, second.end(), end)):
        return None  # a list above the article, or nothing but a list
    return answered


def _is_reply(doc: Doc, words: Landmarks, start: int, answered: Match, end: int) -> bool:
    """Return whether a doctor line answers the asker line that ends at `start`, and is no entry of a list below it.

    Nothing but labels and advertisements stands between them; or a little text without a heading, such as an
    advertisement that does not say so, where a reply date follows before `end`.
    """
    between = [block for block in doc.slice(start, answered.start(), linked=False) if not is_noise(block, words)]
    if not between:
        return True
    if any(block.heading for block in between) or sum(len(block.text) for block in between) > NEAR:
        return False
    return doc.last(words.reply_date, end) >= answered.end()


NEAR = 200  # characters


def _end_of_main(doc: Doc, words: Landmarks, start: int) -> int:
    """Return where the first section begins after `start`: doctor lines behind it belong to other questions."""
    ends = [found.start() for section in words.sections.values() if (found := doc.first(section, start))]
    return min(ends, default=len(doc.text))


def _reply_date(doc: Doc, words: Landmarks, start: int, asked: Match | None) -> tuple[Match | None, list[str]]:
    """Return the line that ends the reply, and notes.

    Of several such lines, it is none before the question, and the first before a section.
    """
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
    """Return the section headings after `start` in the page's order, and notes.

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
    lost = set(present) - {name for name, _ in heads}
    real = any(_is_heading(doc, head) for name in lost for head in doc.find(words.sections[name], start))
    return heads, ["section_out_of_place"] if real else []


def _in_order(doc: Doc, words: Landmarks, names: Sequence[str], start: int) -> list[tuple[str, Match]]:
    """Return those of some section headings that follow each other after `start`; a real heading wins over any line."""
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
