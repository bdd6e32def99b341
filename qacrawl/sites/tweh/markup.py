"""The two markups that the site's questions have had, and what stands where in them."""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

from selectolax.lexbor import LexborHTMLParser, LexborNode, SelectolaxError

from qacrawl.parse import blocks
from qacrawl.parse.blocks import Link
from qacrawl.sites.tweh.people import ANSWERED, ASKED

SUBJECT = re.compile(r"(?s)\s*[#＃]\s*(\d{1,9})\s*(.*)")
ELSEWHERE = re.compile(r"\s*(?:mailto|javascript):", re.IGNORECASE)
TOPIC = re.compile(r"\s*相關分類\s*[:：]\s*(.*)")


@dataclass
class Question:
    """What a page shows of a question, as text; absent is ""."""

    number: str = ""
    subject: str = ""
    asker: str = ""
    question: str = ""
    doctor: str = ""
    reply: str = ""
    topics: list[Link] = field(default_factory=list)
    """Tags, and where they lead."""


def read(markup: str) -> list[Question]:
    """Return the questions that a page shows in one of the two markups; none of a page in neither. Never raises."""
    try:
        tree = LexborHTMLParser(markup)
        return _of_lists(tree) or _of_bars(tree)
    except (SelectolaxError, RuntimeError, ValueError):
        return []


def _outermost(nodes: Iterable[LexborNode], wanted: Callable[[LexborNode], bool]) -> Iterator[LexborNode]:
    """Yield the wanted ones of nodes in the page's order, but those inside another: they are somebody's text."""
    inside: set[int] = set()
    for node in nodes:
        if node.parent is not None and node.parent.mem_id in inside:
            inside.add(node.mem_id)
        elif wanted(node):
            inside.add(node.mem_id)
            yield node


# The first markup, of which topics still have some: a list, whose items say by their class what they are.

_CLASSES = ("subject", "asker", "ask", "doctor", "ans", "count")


def _of_lists(tree: LexborHTMLParser) -> list[Question]:
    found = []
    # Where a list is not ended the next ones are inside of it; from the last on, each is read without these, and once.
    for unit in reversed(tree.css("ul.QAunit")):
        found.append(_of_items(unit))
        unit.decompose()
    return found[::-1]


def _of_items(unit: LexborNode) -> Question:
    found = Question()
    children = [child for child in unit.iter() if child.tag == "li"]
    for item in children or _outermost(unit.css("*"), lambda node: node.tag == "li"):
        name = next((name for name in _CLASSES if name in _classes(item)), None)
        if name == "subject":
            found.number, found.subject = _subject(_line(item))
        elif name == "asker" and not found.asker:
            found.asker = _line(item)
        elif name == "ask" and not found.question:
            found.question = _body(item)
        elif name == "doctor" and not found.doctor:
            found.doctor = _line(item)
        elif name == "ans" and not found.reply:
            found.reply = _body(item)
        elif name == "count":
            found.topics += _topics(item)
    return found


# The second one, of 2022: bars with short texts, which say themselves what they are, and boxes with long ones.


def _of_bars(tree: LexborHTMLParser) -> list[Question]:
    found, begun = Question(), False
    bodies: list[list[str]] = []
    answered = 0  # boxes that stand before the line of who replied
    for node in _boxes(tree):
        if "msg" in _classes(node):
            bodies.append(_bodies(node))
            continue
        line = _line(node)
        if not begun:
            begun = SUBJECT.fullmatch(line) is not None
            found.number, found.subject = _subject(line) if begun else ("", "")
        elif ASKED.search(line):
            found.asker = found.asker or line
        elif ANSWERED.search(line) and not found.doctor:
            found.doctor, answered = line, len(bodies)
        elif TOPIC.match(line):
            found.topics += _topics(node)
        elif not (found.subject or found.asker):
            found.subject = line
    if not begun or not (found.asker or bodies):
        return []
    found.question, found.reply = _apart(bodies, answered if found.doctor else len(bodies))
    return [found]


def _apart(bodies: list[list[str]], answered: int) -> tuple[str, str]:
    """Return question and reply of the texts in boxes, `answered` of which stand before who replied, or in one box."""
    if len(bodies) == 1 and len(bodies[0]) == 2:
        return bodies[0][0], bodies[0][1]
    texts = ["\n\n".join(filter(None, one)) for one in bodies]
    cut = answered if 0 < answered < len(texts) or len(texts) < 2 else 1
    return "\n\n".join(filter(None, texts[:cut])), "\n\n".join(filter(None, texts[cut:]))


def _boxes(tree: LexborHTMLParser) -> Iterator[LexborNode]:
    """Return the bars' items and the boxes, in the page's order."""
    kinds = {"msg", "w3-bar-item"}
    return _outermost(tree.css("*"), lambda node: node.tag == "div" and not kinds.isdisjoint(_classes(node)))


def _bodies(box: LexborNode) -> list[str]:
    """Return the texts in a box: of each `div` right in it, or of all where it has none."""
    return [_body(child) for child in box.iter() if child.tag == "div"] or [_body(box)]


def _subject(line: str) -> tuple[str, str]:
    """Return number and title of "#12 title"."""
    found = SUBJECT.fullmatch(line)
    return (found[1], found[2].strip()) if found else ("", line)


def _topics(node: LexborNode) -> list[Link]:
    """Return the tags behind "相關分類 ：", each with where its link leads, "" where it is no link."""
    found: list[Link] = []
    for block in blocks.read(node.html or "", "text/html"):
        said = TOPIC.match(block.text)
        links = [link for link in block.links if link.href and not ELSEWHERE.match(link.href)]
        if said and (links or said[1].strip()):
            found += links or [Link(said[1].strip(), "")]
    return found


def _line(node: LexborNode) -> str:
    """Return an element's text in one line."""
    return " ".join(" ".join(block.text.split("\n")) for block in blocks.read(node.html or "", "text/html"))


def _body(node: LexborNode) -> str:
    """Return an element's text in lines and paragraphs."""
    return "\n\n".join(block.text for block in blocks.read(node.html or "", "text/html"))


def _classes(node: LexborNode) -> list[str]:
    return (node.attributes.get("class") or "").split()
