"""What stands below the reply: similar questions, related tags; and the links of a listing."""

import re
from collections.abc import Iterable, Iterator
from itertools import pairwise
from typing import NamedTuple

from qacrawl.parse.blocks import Block, Link
from qacrawl.parse.blocks.block import ZERO_WIDTH, Resolve, places
from qacrawl.parse.grammar import Landmarks
from qacrawl.records import RelatedFAQ, SimilarQA


class Addresses(NamedTuple):
    """What becomes of an address as a page writes it."""

    page: Resolve
    """The canonical URL of a page of the site; None for any other address."""
    written: Resolve
    """The address in full, and else as it is written; None where it is none of the web."""

    def first(self, links: Iterable[Link]) -> str | None:
        """Return the first page of the site that links lead to, or else the first address."""
        others = []
        for link in links:
            if url := self.page(link.href):
                return url
            others.append(link.href)
        return next(filter(None, map(self.written, others)), None)


LONGEST_TAG = 80  # characters
LONGEST_DEPARTMENT = 100
READ_MORE = re.compile(r"\[?\s*Read\s+More\s*\]?\s*[:：.…»>→]*\s*(?P<title>.*)", re.IGNORECASE | re.DOTALL)
OPENING, CLOSING = ("(", "（"), (")", "）")
DEPARTMENT = re.compile(rf"[\s{ZERO_WIDTH}]*[(（](?P<specialty>[^\n]{{1,{LONGEST_DEPARTMENT}}})[)）]")
BROKEN = re.compile(r"Dr\.?|(?:Dr\.?|Doctor) [^\n]{1,80} (?:reply|replied)", re.IGNORECASE)
TAIL = re.compile(r"(?<!\W)\W++$")


def similar(blocks: list[Block], words: Landmarks, addresses: Addresses) -> list[SimilarQA]:
    """Return the entries of "Similar Q&A".

    Each ends with its "Read More" line; without those, each has one doctor line.
    """
    lines = list(_lines(blocks))
    ends = [at for at, line in enumerate(lines) if READ_MORE.fullmatch(line.text)]
    entries = [
        lines[start:end]
        for start, end in zip([0, *(end + 1 for end in ends)], [*(end + 1 for end in ends), None], strict=True)
    ]
    rest = entries.pop()
    if not ends:
        entries = _by_doctor_line(rest, words)
    elif any(words.doctor.pattern.fullmatch(line.text) for line in rest):
        entries.append(rest)
    return [entry for lines in entries if (entry := _entry(lines, words, addresses))]


def _lines(blocks: list[Block]) -> Iterator[Block]:
    """Yield the lines as blocks; a doctor line that is broken ("Dr." on its own, the department below) is one line."""
    broken: Block | None = None
    for block in blocks:
        for at, (text, links) in enumerate(block.lines()):
            line = Block(text, links, block.heading, "first" if at == 0 else "")
            if broken:
                line = broken._replace(text=f"{broken.text} {text}", links=broken.links + links)
            broken = line if BROKEN.fullmatch(line.text) else None
            if not broken:
                yield line
    if broken:
        yield broken


def _by_doctor_line(lines: list[Block], words: Landmarks) -> list[list[Block]]:
    """Return entries of a page without "Read More": a block after a reply excerpt begins the next one."""
    doctors = [at for at, line in enumerate(lines) if words.doctor.pattern.fullmatch(line.text)]
    starts = [0]
    for at, following in pairwise(doctors):
        starts.append(next((k for k in range(at + 2, following) if lines[k].heading or lines[k].links), at + 2))
    return [lines[start:end] for start, end in zip(starts, [*starts[1:], None], strict=True)] if doctors else []


def _entry(lines: list[Block], words: Landmarks, addresses: Addresses) -> SimilarQA | None:
    url = addresses.first(link for line in reversed(lines) for link in line.links)
    title = ""
    if lines and (more := READ_MORE.fullmatch(lines[-1].text)):
        title = more["title"].strip()
        lines = lines[:-1]
    at = next((at for at, line in enumerate(lines) if words.doctor.pattern.fullmatch(line.text)), len(lines))
    head, doctor, tail = lines[:at], lines[at : at + 1], lines[at + 1 :]
    if head and (not title or _alike(head[0].text, title) or head[0].heading or head[0].links):
        title = title if _cut_short(head[0].text) and title else head[0].text
        head = head[1:]
    found = words.doctor.pattern.fullmatch(doctor[0].text) if doctor else None
    if not (title or head or found):
        return None
    return SimilarQA(
        title=title or None,
        url=url,
        question_excerpt=_join(head),
        doctor=found["doctor"] if found else None,
        specialty=found["specialty"] if found else None,
        reply_excerpt=_join(tail),
    )


def _alike(line: str, title: str) -> bool:
    """Return whether both are the same title, one of them perhaps cut short."""
    if line == title:
        return bool(line)
    line, title = (TAIL.sub("", text.casefold()) for text in (line, title))
    return bool(line and title) and (line.startswith(title) or title.startswith(line))


def _cut_short(line: str) -> bool:
    return line.endswith(("...", "…"))


def _join(lines: list[Block]) -> str | None:
    """Return lines as text again, paragraphs where blocks began."""
    text = "".join(("\n\n" if line.place == "first" else "\n") + line.text for line in lines)
    return text.strip() or None


def related(blocks: list[Block], addresses: Addresses) -> list[RelatedFAQ]:
    """Return the tags of "Related FAQ": a tag with "(Department)" in, or right behind, its block.

    A link to a listing is a tag, too.

    The first block that is neither ends the section: what follows is the page's footer.
    """
    found: list[RelatedFAQ] = []
    lines = (line for block in blocks for line in _tags(block))  # a footer may have more of them than the section
    line = next(lines, None)
    while line:
        following = next(lines, None)
        name, specialty = line.text, None
        if line.links and (department := DEPARTMENT.fullmatch(name[len(line.links[0].text) :])):
            name, specialty = line.links[0].text, department["specialty"]
        elif following and not DEPARTMENT.fullmatch(name) and (department := DEPARTMENT.fullmatch(following.text)):
            following, specialty = next(lines, None), department["specialty"]
        elif in_brackets := _in_brackets(name):
            name, specialty = in_brackets
        elif not any(addresses.page(link.href) for link in line.links):
            break
        if len(name) > LONGEST_TAG:
            break
        specialty = specialty.strip() if specialty else None
        found.append(RelatedFAQ(name=name.strip(), specialty=specialty, url=addresses.first(line.links)))
        line = following
    return found


def _in_brackets(text: str) -> tuple[str, str] | None:
    """Return a tag and the department in the brackets behind it, which may hold brackets.

    Return None for a text of another form.
    """
    if len(text) > 2 * LONGEST_DEPARTMENT or not text.endswith(CLOSING) or "\n" in text:
        return None
    depth, at = 1, len(text) - 1
    while depth and at > 1:
        at -= 1
        depth += (text[at] in CLOSING) - (text[at] in OPENING)
    if depth:  # not in pairs: from the first one on
        at = next((at for at, char in enumerate(text) if char in OPENING), 0)
    name, specialty = text[:at].rstrip(), text[at + 1 : -1]
    return (name, specialty) if name and 0 < len(specialty) <= LONGEST_DEPARTMENT else None


def _tags(block: Block) -> Iterator[Block]:
    """Yield a block's lines; a line that holds several tags, cut before each link."""
    if len(block.links) <= 1 and "\n" not in block.text and _is_tag(block):  # as most are
        yield block
        return
    for line, links in block.lines():
        begins = [
            (0, None),
            *((at, link) for at, link in zip(places(line, links), links, strict=True) if at < len(line)),
        ]
        for (start, link), (end, _) in pairwise([*begins, (len(line), None)]):
            if text := line[start:end].strip(" ,;|·•、"):
                yield Block(text, (link,) if link else ())


def _is_tag(block: Block) -> bool:
    """Return whether a line is a tag, its link in front, with its department behind."""
    linked = block.links[0].text if block.links else ""
    return block.text.startswith(linked) and block.text[0].isalnum() and block.text[-1] in ")）"


def listing(blocks: list[Block], resolve: Resolve) -> tuple[str, ...]:
    """Return the canonical URLs that a page leads to, each once, in its order."""
    found = (resolve(link.href) for block in blocks for link in block.links)
    return tuple(dict.fromkeys(url for url in found if url))
