"""Who asked: the line above the doctor's line, however it is spread and whatever stands around it."""

import re
from collections.abc import Iterator

from qacrawl.parse.grammar.landmarks import Doc, Landmarks, Match, is_label

Facts = dict[str, str | None]
"""What an asker line says: the groups of `Landmarks.asker`, and `date`."""


def dated(doc: Doc, asked: Match, words: Landmarks) -> tuple[int, Facts]:
    """Return where the asker line of an ask date starts, and what it says.

    Of asker lines that follow each other directly: what all say alike, and None for the rest.
    """
    start, facts = _asker(doc, asked.start("label"), asked["date"], words)
    for twin in reversed(list(doc.find(words.ask_date, max(0, start - 2000), start))):
        if doc.text[twin.end() : start].strip():
            break
        start, other = _asker(doc, twin.start("label"), twin["date"], words)
        facts = {name: value if other.get(name) == value else None for name, value in facts.items()}
    return start, facts


def undated(doc: Doc, answered: Match, words: Landmarks) -> tuple[int, Facts]:
    """Do as `dated` does where no ask date was read, from the line above the doctor's line; no facts if it is none.

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


def _asker(doc: Doc, end: int, date: str | None, words: Landmarks) -> tuple[int, Facts]:
    """Return where the asker line starts that ends at `end`, and its groups.

    Its parts may stand in lines or elements of their own.
    """
    line = start = doc.text.rfind("\n", 0, end) + 1
    found = words.asker.fullmatch(doc.text, line, end)
    named = bool(doc.text[line:end].strip(EDGES))
    for _ in range(SPREAD):
        last = _trimmed(doc.text, start)
        above = doc.text[max(0, last - 20) : last]
        if found and (found["asker"] or not above.endswith((",", "，"))) and not FORM_OF_ADDRESS.search(above):
            break
        if found is None and named:
            break  # a name without age and sex
        start = _line_before(doc, start)
        found = words.asker.fullmatch(" ".join(_lines(doc, start, end, words))) or found
    facts: Facts = {"date": date}
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
    """Yield the lines of a stretch that are no labels."""
    for block in doc.slice(start, end, linked=False):
        if not is_label(block, words):
            yield from block.text.split("\n")


def _line_before(doc: Doc, start: int) -> int:
    """Return where the line above the one that starts at `start` begins; empty lines do not count."""
    return doc.text.rfind("\n", 0, _trimmed(doc.text, start)) + 1


def _trimmed(text: str, end: int) -> int:
    """Return where the white space that ends at `end` begins."""
    while end and text[end - 1].isspace():
        end -= 1
    return end


def _before_labels(doc: Doc, start: int, words: Landmarks) -> int:
    """Return `start`, or where the labels right above it begin."""
    while start:
        above = _line_before(doc, start)
        block = doc.block(above)
        if not words.label.fullmatch(doc.text[above:start].strip()) or not (block.heading or block.text.endswith(":")):
            return start
        start = above
    return start
