"""Where a page forwards to by itself: a refresh, in its header or in its markup."""

import re

from selectolax.lexbor import LexborHTMLParser

from qacrawl import registry
from qacrawl.archive.location import absolute, text
from qacrawl.parse import blocks
from qacrawl.parse.encoding import decode
from qacrawl.parse.hrefs import resolver
from qacrawl.records import Page

SOON = 10.0
"""Seconds: a page that forwards later is one to be read, which reloads itself or moves on like a slide show."""
_REFRESH = re.compile(r"\s*(\d*)(?:\.[\d.]*)?(?:\s*[;,]\s*|\s+)(?:url\s*=\s*)?(?P<quote>[\"']?)(.*)", re.I | re.S)


def refresh(page: Page, header: bytes | None) -> str | None:
    """Return the absolute URL to which a page forwards soon, None where it does not.

    That is said by the header Refresh, or by `<meta http-equiv=refresh>` in its decoded body.
    """
    if header:
        said = _soon(text(header))
        return absolute(page.address or page.url, said) if said else None
    markup = _with_refresh(page)
    if markup is None:
        return None
    said = next(filter(None, map(_soon, _metas(markup, page.content_type))), None)
    return resolver(page, markup)(said) if said else None


def _soon(value: str) -> str | None:
    """Return the address in what a refresh says; None where it has none, or where it waits long."""
    match = _REFRESH.fullmatch(value)
    if not match or float(match[1] or 0) > SOON:
        return None
    quote, said = match["quote"], match[3]
    return (said.partition(quote)[0] if quote else said).strip() or None


def _with_refresh(page: Page) -> str | None:
    """Return the text of a page that may have a refresh, None of the many others: those need not be decoded."""
    lower = page.body.lower()
    if not any(b"http-equiv" in plain and b"refresh" in plain for plain in (lower, lower.replace(b"\0", b""))):
        return None  # the second way for UTF-16
    return decode(page.body, page.content_type, registry.encoding(page.site))


def _metas(markup: str, content_type: str | None) -> list[str]:
    """Return what the refreshes of a page say; `<noscript>` is for others."""
    tree = LexborHTMLParser(blocks.tame(markup, content_type).encode("utf-8", "replace"))
    tree.strip_tags(["noscript"])
    metas = [node.attributes for node in tree.css("meta[http-equiv][content]")]
    return [meta["content"] or "" for meta in metas if (meta["http-equiv"] or "").strip().lower() == "refresh"]
