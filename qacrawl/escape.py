"""Text from pages made harmless: for a terminal, and for Markdown. (HTML: `html.escape(plain(text))`.)"""

import re
import unicodedata

# Control, format (also those that turn the writing direction), surrogate, private and unassigned characters.
_HIDDEN = ("Cc", "Cf", "Cs", "Co", "Cn")
_MARKUP = re.compile(r"[^\w\s,()%-]|_", re.ASCII)

_UNSEEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ud800-\udfff]"
)
"""Characters that move a terminal's cursor, turn its writing direction, or can't be written; lines and tabs stay."""


def visible(text: str) -> str:
    """Return text with control and direction characters as JSON escapes them, so that a terminal shows it as it is."""
    return _UNSEEN.sub(lambda char: f"\\u{ord(char[0]):04x}", text)


def plain(text: str, most: int = 120) -> str:
    """Return `text` on one line, visible characters only, cut to `most` characters."""
    text = " ".join("".join(" " if unicodedata.category(char) in _HIDDEN else char for char in text).split())
    return text if len(text) <= most else text[: most - 1] + "…"


def markdown(text: str, most: int = 120) -> str:
    """Return `plain(text)` as Markdown that shows just that: no markup, HTML, link or table cell starts in it."""
    return _MARKUP.sub(lambda match: f"&#{ord(match[0])};" if match[0].isascii() else match[0], plain(text, most))
