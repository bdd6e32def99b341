"""Text from pages made harmless: for a terminal, and for Markdown. (HTML: `html.escape(plain(text))`.)"""

import re
import unicodedata

# Control, format (also those that turn the writing direction), surrogate, private and unassigned characters.
_HIDDEN = ("Cc", "Cf", "Cs", "Co", "Cn")
_MARKUP = re.compile(r"[^\w\s,()%-]|_", re.ASCII)


def plain(text: str, most: int = 120) -> str:
    """`text` on one line, visible characters only, cut to `most` characters."""
    text = " ".join("".join(" " if unicodedata.category(char) in _HIDDEN else char for char in text).split())
    return text if len(text) <= most else text[: most - 1] + "…"


def markdown(text: str, most: int = 120) -> str:
    """`plain(text)` as Markdown that shows just that: no markup, HTML, link or table cell starts in it."""
    return _MARKUP.sub(lambda match: f"&#{ord(match[0])};" if match[0].isascii() else match[0], plain(text, most))
