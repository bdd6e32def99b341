"""Where a response forwards to, by its headers or by its page."""

import re
from urllib.parse import urljoin

from scrapy.http import Response
from selectolax.lexbor import LexborHTMLParser

SOON = 10.0
"""Seconds: a page that forwards later is one to be read, which reloads itself or moves on like a slide show."""
_REFRESH = re.compile(r"\s*(\d*)(?:\.[\d.]*)?(?:\s*[;,]\s*|\s+)(?:url\s*=\s*)?(?P<quote>[\"']?)(.*)", re.I | re.S)


def location(response: Response) -> str | None:
    """Return the absolute URL in the Location of a response; None where it has none, or one that is no address."""
    value = response.headers.get("Location")
    return _absolute(response, text(value)) if value else None


def refresh(response: Response) -> str | None:
    """Return the absolute URL to which a page forwards soon, by `<meta http-equiv=refresh>` or the header Refresh."""
    header = response.headers.get("Refresh")
    base, values = ("", [text(header)]) if header else _metas(response.body)
    for value in values:
        match = _REFRESH.fullmatch(value)
        if match and float(match[1] or 0) <= SOON:
            quote, target = match["quote"], match[3]
            target = target.partition(quote)[0] if quote else target
            return _absolute(response, base, target)
    return None


def text(value: bytes) -> str:
    """Return an address from a header as text: in UTF-8 where it is that, else each odd byte percent-encoded."""
    try:
        return value.decode()
    except UnicodeDecodeError:
        return "".join(chr(byte) if byte < 0x80 else f"%{byte:02X}" for byte in value)


def _metas(body: bytes) -> tuple[str, list[str]]:
    """Return the base of a page, "" without one, and what its refreshes say; `<noscript>` is for others."""
    lower = body.lower()
    if b"http-equiv" not in lower or b"refresh" not in lower:
        return "", []
    tree = LexborHTMLParser(body)
    tree.strip_tags(["noscript"])
    base = tree.css_first("base[href]")
    metas = [node.attributes for node in tree.css("meta[http-equiv][content]")]
    said = [meta["content"] or "" for meta in metas if (meta["http-equiv"] or "").strip().lower() == "refresh"]
    return (base.attributes["href"] or "") if base else "", said


def _absolute(response: Response, *addresses: str) -> str | None:
    """Return addresses joined, each relative to those before and the first to what was asked for.

    Return None for one that is none, and where the last is empty.
    """
    url = response.url
    try:
        for address in addresses:
            url = urljoin(url, address.strip())
    except ValueError:  # "http://[", for one
        return None
    return url if addresses[-1].strip() else None
