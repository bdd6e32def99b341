"""XHTML made HTML: what XML closes is closed, and CDATA is text."""

import html
import re

from qacrawl.parse.blocks.depth import VOID

XML_TYPE = re.compile(r"\s*(?:application|text)/(?:[\w.-]+\+)?xml\s*(?:;|$)", re.IGNORECASE)
DECLARATION = re.compile(r"\s*<\?xml\s")
_INSIDE = r"""(?:[^<>"'/]|"[^"]*"|'[^']*'|/(?!>))*+"""
# Comments are gone over, so that no tag in them is one.
CLOSED = re.compile(
    rf"<!--.*?(?:-->|\Z)|<!\[CDATA\[(?P<text>.*?)(?:\]\]>|\Z)|(?P<tag><(?P<name>[a-zA-Z][\w:.-]*+){_INSIDE})/>",
    re.DOTALL,
)


def is_xhtml(markup: str, content_type: str | None) -> bool:
    """Return whether a page is served as XML; or begins like XML, where nothing is known of how it was served."""
    return bool(XML_TYPE.match(content_type) if content_type else DECLARATION.match(markup))


def as_html(markup: str) -> str:
    """Return XHTML with an end tag for each `<script/>` and the like, which HTML would leave open."""
    return CLOSED.sub(_rewrite, markup)


def _rewrite(match: re.Match[str]) -> str:
    if (text := match["text"]) is not None:
        return html.escape(text, quote=False)
    name = match["name"]
    return match[0] if name is None or name.lower() in VOID else f"{match['tag']}></{name}>"
