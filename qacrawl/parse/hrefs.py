"""From a link on a page to a URL, one way for what is crawled and for what records say."""

import re
from collections.abc import Callable
from functools import cache

from selectolax.lexbor import LexborHTMLParser, SelectolaxError

from qacrawl import registry, urls
from qacrawl.parse import blocks
from qacrawl.parse.encoding import query_encoding
from qacrawl.records import Page

BASE = re.compile(r"<(?i:base)[\s/>]")
# What is in the head for browsers without scripts, but a tree has its <base> outside; comments and texts are gone over.
_NOSCRIPT = re.compile(
    r"(<!--.*?(?:-->|\Z)|<(script|style|title|textarea)\b.*?(?:</\2\b|\Z))|<noscript\b.*?(?:</noscript\b|\Z)",
    re.IGNORECASE | re.DOTALL,
)
QUERY_BEYOND_ASCII = re.compile(r"\?[^#]*[^\0-\x7f#]")


def resolver(page: Page, markup: str, url: str | None = None) -> Callable[[str], str | None]:
    """Return what makes a URL of a link on a page as browsers do, or None of one that leads nowhere.

    `markup` is the page's decoded text, `url` where it was if `page` does not know.
    """
    start = base(markup, page.address or url or page.url, page.content_type)

    @cache
    def encoding() -> str:
        return query_encoding(page.body, page.content_type, registry.encoding(page.site))

    def resolve(href: str) -> str | None:
        try:
            return urls.join(start, href, encoding() if QUERY_BEYOND_ASCII.search(href) else "utf-8")
        except ValueError:  # "http://[", for one
            return None

    return resolve


def base(markup: str, url: str, content_type: str | None = None) -> str:
    """Return what the links of a page at `url` are relative to.

    That is the first `<base>` with an address; its own URL where there is none or where that is no http(s) URL. One in
    `<noscript>` is none, as in a browser.
    """
    if not BASE.search(markup):
        return url
    markup = _NOSCRIPT.sub(r"\1", markup)
    try:
        tree = LexborHTMLParser(blocks.tame(markup, content_type).encode("utf-8", "replace"))
    except (SelectolaxError, RuntimeError, ValueError):
        return url
    first = tree.css_first("base[href]")
    try:
        start = urls.join(url, first.attributes["href"] or "") if first else url
    except ValueError:
        return url
    return start if start.startswith(("http://", "https://")) else url
