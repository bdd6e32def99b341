"""Text as people typed it: what the site and its encoding put in is taken out again, and nothing else.

What is taken out or put right has a note.
"""

import html
import re
from functools import cache

ZERO_WIDTH = "\xad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff"
"""Characters that show nothing, as ranges."""
# Private-use characters have a meaning only in a font that no reader has. A joiner in an emoji is a part of it.
MEANINGLESS = re.compile(
    f"(?!\u200d)[\ue000-\uf8ff\U000f0000-\U0010fffd{ZERO_WIDTH}]|(?<![\U0001f000-\U0001faff\u2600-\u27bf\ufe0f])\u200d"
)
SUSPECT = re.compile(f"[\ue000-\uf8ff\U000f0000-\U0010fffd{ZERO_WIDTH}&\\\\\ufffd]")
"""What a text has in which anything is to be done."""
ENTITY = re.compile(r"&(?:(?P<name>lt|gt|quot|apos|amp|nbsp)|#(?P<code>\d{1,7}|[xX][0-9a-fA-F]{1,6}));")
_BESIDE = {"lt": "<>", "gt": "<>", "quot": '"', "apos": "'", "nbsp": ""}
"""Named entities, and the characters next to which they are not escaped twice: then somebody wrote them."""
BACKSLASHES = re.compile(r"(.)(\\+)", re.DOTALL)
_DOUBLED = (1, 3, 7)
"""Backslashes that stand behind a character which was escaped once, twice or three times."""


def clean(text: str) -> tuple[str, list[str]]:
    """Return a text as it was typed, and notes on what was done."""
    if not SUSPECT.search(text):
        return text, []
    notes = []
    if (after := _unescaped(text)) != text:
        notes.append("unescaped_entities")
    if (text := _mended(after)) != after:
        notes.append("mended_backslashes")
    if (after := _without_meaningless(text)) != text:
        notes.append("removed_characters")
    if "\ufffd" in after:
        notes.append("broken_characters")
    return after, notes


def _unescaped(text: str) -> str:
    """Return a text with its entities read, which were escaped once more than they should be.

    That is so for sure of a number, since nobody types one: a browser puts it in place of what Big5 does not have. Of a
    name it is so unless its character itself stands in the text, too.
    """

    if "&" not in text or ";" not in text:
        return text
    typed = {name for name, chars in _BESIDE.items() if any(char in text for char in chars)}
    typed |= {"amp"} if "&" in ENTITY.sub("", text) else set()

    def read(found: re.Match[str]) -> str:
        char = html.unescape(found[0])
        return found[0] if found["name"] in typed or char in ("", "\ufffd") else char

    return ENTITY.sub(read, text)


def _mended(text: str) -> str:
    """Return a text without the backslashes that escaping put behind Big5 characters that end in one: "功\\能"."""
    if "\\" not in text:
        return text

    def mended(found: re.Match[str]) -> str:
        return found[1] if len(found[2]) in _DOUBLED and _ends_with_backslash(found[1]) else found[0]

    return BACKSLASHES.sub(mended, text)


@cache
def _ends_with_backslash(char: str) -> bool:
    raw = char.encode("big5hkscs", "ignore")
    return len(raw) == 2 and raw.endswith(b"\\")


def _without_meaningless(text: str) -> str:
    """Return a text without private-use and zero-width characters, nor lines that have no others."""
    if not MEANINGLESS.search(text):
        return text
    lines = ((line, MEANINGLESS.sub("", line).strip()) for line in text.split("\n"))
    return "\n".join(after for line, after in lines if after or not line).strip("\n")
