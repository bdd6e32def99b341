"""Which pages of the site a page links to."""

from urllib.parse import urljoin

from selectolax.lexbor import LexborHTMLParser

from qacrawl import registry
from qacrawl.records import Page

MOST_LINKS = 20_000
"""Links of one page that are followed."""
REMEMBERED = 100_000
"""Links that are remembered, so that the navigation of each page is not gone through in the frontier."""


def links(page: Page, followed: set[str]) -> tuple[str, ...]:
    """Canonical URLs of the pages of the site that an HTML page links to, each once, in its order.

    Those in `followed` are left out, and added to it: of listings and of what leads nowhere, not of articles.
    """
    if len(followed) > REMEMBERED:
        followed.clear()
    site = registry.load(page.site)
    tree = LexborHTMLParser(page.body)
    start = _base(tree, page.url)
    root = urljoin(start, "/").rstrip("/")
    hrefs = dict.fromkeys((node.attributes["href"] or "").strip() for node in tree.css("a[href]")[:MOST_LINKS])
    found = []
    for href in hrefs:
        try:
            # Most links are like the first, and urljoin takes 10 µs.
            url = root + href if href.startswith("/") and not href.startswith("//") else urljoin(start, href)
            if url in followed:
                continue
            kind = site.kind(url)
            if kind:
                found.append(site.canonical(url))
        except ValueError:  # "http://[", for one
            continue
        if kind != "article":  # articles always: a listing that has some is no trap
            followed.add(url)
    return tuple(dict.fromkeys(found))


def _base(tree: LexborHTMLParser, url: str) -> str:
    """What a page's links are relative to: its base, or its own address where that is missing or broken."""
    base = tree.css_first("base[href]")
    try:
        return urljoin(url, (base.attributes["href"] or "").strip()) if base else url
    except ValueError:
        return url
