"""Which pages of the site a page links to."""

import re

from selectolax.lexbor import LexborHTMLParser

from qacrawl import registry
from qacrawl.parse import blocks
from qacrawl.parse.encoding import decode
from qacrawl.parse.hrefs import resolver
from qacrawl.records import Page

MOST_LINKS = 20_000
"""Links of one page that are followed."""
REMEMBERED = 100_000
"""Links that are remembered, so that the navigation of each page is not gone through in the frontier."""
PLAIN = re.compile(r"(?:/[A-Za-z0-9_-]+)+/?")
"""A link that is only put behind its host, as most are: the long way takes five times as long."""


def links(page: Page, followed: set[str]) -> tuple[str, ...]:
    """Return the canonical URLs of the pages of the site that an HTML page links to; see `found`."""
    return tuple(found(page, followed))


def found(page: Page, followed: set[str]) -> dict[str, str]:
    """Return the pages of the site that an HTML page links to, in its order: canonical URL, and how it is spelt.

    Of several spellings on the page that is the canonical one, else the first.
    Links in `followed` are left out, and added to it: to listings and to what leads nowhere, not to articles.
    """
    markup = decode(page.body, page.content_type, registry.encoding(page.site))
    if markup is None:
        return {}
    if len(followed) > REMEMBERED:
        followed.clear()
    site = registry.load(page.site)
    resolve = resolver(page, markup)
    root = (resolve("/") or "").rstrip("/")
    found: dict[str, str] = {}
    for href in hrefs(blocks.tame(markup, page.content_type)):
        url = root + href if root and PLAIN.fullmatch(href) else resolve(href)
        if url is None or url in followed:
            continue
        try:
            kind = site.kind(site.canonical(url) if "%" in url else url)  # "/en/%61rticle/1" is a page, too
            if kind:
                canonical = site.canonical(url)
                if canonical == url:
                    found[canonical] = url
                found.setdefault(canonical, url)
        except ValueError:  # "mailto:%", for one
            continue
        if kind != "article":  # articles always: a listing that has some is no trap
            followed.add(url)
    return found


def hrefs(markup: str) -> dict[str, None]:
    """Return the addresses of a page's first links, as written, each once."""
    tree = LexborHTMLParser(markup.encode("utf-8", "replace"))
    return dict.fromkeys(node.attributes["href"] or "" for node in tree.css("a[href]")[:MOST_LINKS])
