"""Where a page forwards to by itself: a refresh, in its header or in its markup."""

import re

from selectolax.lexbor import LexborHTMLParser

from qacrawl.archive.location import absolute, text
from qacrawl.parse import blocks

SOON = 10.0
"""Seconds: a page that forwards later is one to be read, which reloads itself or moves on like a slide show."""
_REFRESH = re.compile(r"\s*(\d*)(?:\.[\d.]*)?(?:\s*[;,]\s*|\s+)(?:url\s*=\s*)?(?P<quote>[\"']?)(.*)", re.I | re.S)


def refresh(url: str, body: bytes, header: bytes | None) -> str | None:
    """Return the absolute URL to which a page at `url` forwards soon, None where it does not.

    That is said by the header Refresh, or by `<meta http-equiv=refresh>` in its decoded `body`.
    """
    base, values = ("", [text(header)]) if header else _metas(body)
    for value in values:
        match = _REFRESH.fullmatch(value)
        if match and float(match[1] or 0) <= SOON:
            quote, said = match["quote"], match[3]
            return absolute(url, base, said.partition(quote)[0] if quote else said)
    return None


def _metas(body: bytes) -> tuple[str, list[str]]:
    """Return the base of a page, "" without one, and what its refreshes say; `<noscript>` is for others."""
    lower = body.lower()
    if b"http-equiv" not in lower or b"refresh" not in lower:
        return "", []
    # Latin-1 keeps each byte as it is: the encoding is told by the markup itself.
    tree = LexborHTMLParser(blocks.tame(body.decode("latin-1")).encode("latin-1"))
    tree.strip_tags(["noscript"])
    base = tree.css_first("base[href]")
    metas = [node.attributes for node in tree.css("meta[http-equiv][content]")]
    said = [meta["content"] or "" for meta in metas if (meta["http-equiv"] or "").strip().lower() == "refresh"]
    return (base.attributes["href"] or "") if base else "", said
