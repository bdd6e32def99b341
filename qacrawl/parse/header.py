"""What stands above the asker line: the site's title, the asker's subject, the question."""

import re
from collections.abc import Callable
from typing import NamedTuple

from qacrawl.parse.blocks import Block
from qacrawl.parse.blocks.block import Resolve
from qacrawl.parse.grammar.landmarks import Landmarks, is_noise

SUBJECT = re.compile(r"^Subject\s*[:：]\s*")
BEFORE_SITE = re.compile(r"\s*[|·—–-]\s")
DEPARTMENT = re.compile(r"(?s)(?P<title>.*\S)\s+[-–—]\s+(?P<specialty>\S[^\n]{0,100})")


class Header(NamedTuple):
    """Text that is not there is ""."""

    title: str
    specialty: str
    subject: str
    question: str


def read(blocks: list[Block], words: Landmarks, specialty: str, hint: str, resolve: Resolve) -> Header:
    """Cut the blocks above the asker line.

    The title is the block before "Share to:", or one that ends with " - " and the department of the reply
    (`specialty`), or that is the page's `<title>` (`hint`), or a heading that ends with " - " and a department. The
    next line is the subject, the rest the question. `resolve` knows the addresses of the site's pages.
    """
    blocks = [block for block in blocks if block.place != "nav"] or blocks
    at = _share(blocks, words)
    title, rest = _title(blocks, at, specialty, hint)
    rest = _without_noise(rest, words, resolve)
    if not title:
        rest = _from_heading(rest)
    subject, question = _subject(rest)
    name, department = _split(title, specialty)
    return Header(name, department, SUBJECT.sub("", subject), question)


def _split(title: str, specialty: str) -> tuple[str, str]:
    """Return title and department. A department may hold " - " itself; the reply's line knows."""
    if specialty and title.casefold().endswith(f" - {specialty}".casefold()):
        return title[: -len(specialty) - 3].rstrip(), title[-len(specialty) :]
    match = DEPARTMENT.fullmatch(title)
    return (match["title"], match["specialty"]) if match else (title, "")


def _share(blocks: list[Block], words: Landmarks) -> int | None:
    """Return the block that says "Share to:"; only near the top, further down it is somebody's text."""
    return next((at for at, block in enumerate(blocks[:60]) if _is_share(block, words)), None)


def _is_share(block: Block, words: Landmarks) -> bool:
    """Return whether a block says "Share to:", and nothing else but the names of services, or links or buttons."""
    said = words.share.match(block.text)
    if said is None:
        return False
    return said.end() == len(block.text) or (bool(block.links) and not WORD.search(_without_links(block, said.end())))


def _is_button(block: Block, resolve: Resolve) -> bool:
    """Return whether a block is nothing but links or buttons, none of which leads to a page of the site."""
    if block.heading or not block.links or any(resolve(link.href) for link in block.links[:MOST_BUTTONS]):
        return False
    return not WORD.search(_without_links(block, 0))


def _without_links(block: Block, start: int) -> str:
    """Return what is left of a block's text from `start` on when the texts of its links are taken out."""
    text = block.text[start:]
    for link in block.links[:MOST_BUTTONS]:
        text = text.replace(link.text, " ", 1)
    return text


WORD = re.compile(r"\w")
MOST_BUTTONS = 60


def _title(blocks: list[Block], share: int | None, specialty: str, hint: str) -> tuple[str, list[Block]]:
    """Return the title, "" if there is none, and the blocks after it."""
    above = blocks if share is None else blocks[:share]
    after = [] if share is None else blocks[share + 1 :]
    sure: tuple[Callable[[Block], bool], ...] = (
        lambda block: _ends_with(block.text, specialty),
        lambda block: len(block.text) > 3 and _same(hint, block.text),
        lambda block: block.heading and DEPARTMENT.fullmatch(block.text) is not None,
    )
    for is_title in sure:
        for at, block in enumerate(above[:60]):
            line, _, more = block.text.partition("\n")
            if is_title(block._replace(text=line)):
                rest = [block._replace(text=more)] if more else []
                return line, rest + above[at + 1 :] + after if share is None else rest + after
    if share is None:
        return "", blocks
    heading = next((block.text for block in reversed(above) if block.heading), "")
    return heading or (above[-1].text if above else ""), after


def _ends_with(line: str, specialty: str) -> bool:
    """Return whether a line ends with " - " and the department."""
    match = DEPARTMENT.fullmatch(line)
    return bool(specialty and match) and _plain(line).endswith(_plain(f"- {specialty}"))


def _same(hint: str, line: str) -> bool:
    """Return whether the page's `<title>` is this line, perhaps with the site's name behind it."""
    line, hint = _plain(line), _plain(hint)
    return hint == line or (hint.startswith(line) and BEFORE_SITE.match(hint, len(line)) is not None)


def _plain(text: str) -> str:
    return " ".join(text.casefold().replace("&", "and").split())


def _without_noise(blocks: list[Block], words: Landmarks, resolve: Resolve) -> list[Block]:
    """Return the blocks that are neither advertisements nor labels, nor a "Share to:" or buttons above the subject."""
    kept = [block for block in blocks if not is_noise(block, words)]
    kept = kept[next((at for at, block in enumerate(kept) if not _is_share(block, words)), len(kept)) :]
    return kept[next((at for at, block in enumerate(kept) if not _is_button(block, resolve)), 0) :]


def _from_heading(blocks: list[Block]) -> list[Block]:
    """Without a title: from the last heading on, which is the subject; site names and crumbs stand above it."""
    at = max((at for at, block in enumerate(blocks) if block.heading), default=0)
    return blocks[at:]


def _subject(blocks: list[Block]) -> tuple[str, str]:
    """Return the first line, and the rest."""
    if not blocks:
        return "", ""
    first, _, more = blocks[0].text.partition("\n")
    return first, join([block._replace(text=more) if at == 0 else block for at, block in enumerate(blocks)])


def join(blocks: list[Block]) -> str:
    """Return blocks as text: a paragraph each."""
    return "\n\n".join(block.text for block in blocks if block.text)
