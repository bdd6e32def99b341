"""From a link on a page to a URL, one way for what is crawled and for what records say."""

import codecs
import re
from collections.abc import Callable
from functools import cache

from selectolax.lexbor import LexborHTMLParser, SelectolaxError

from qacrawl import urls
from qacrawl.records import Page

BASE = re.compile(r"<(?i:base)[\s/>]")
QUERY_BEYOND_ASCII = re.compile(r"\?[^#]*[^\0-\x7f#]")
BEYOND_ASCII = re.compile(r"[^\0-\x7f\ufeff\ufffd]+")
CHARSET = re.compile(r"charset\s*=\s*[\"']?\s*([\w.:-]{1,40})", re.IGNORECASE)
HEAD = 16_384  # bytes in which a page says what it is in
SUPERSETS = {"big5": "big5hkscs", "gb2312": "gb18030", "gbk": "gb18030", "iso8859-1": "cp1252", "ascii": "cp1252"}
"""What browsers read under a name, by Python's names (https://encoding.spec.whatwg.org/#names-and-labels)."""


def resolver(page: Page, markup: str, url: str | None = None) -> Callable[[str], str | None]:
    """Return what makes a URL of a link on a page as browsers do, or None of one that leads nowhere.

    `markup` is the page's decoded text, `url` where it was if `page` does not know.
    """
    start = base(markup, url or page.url)

    @cache
    def encoding() -> str:
        return query_encoding(page, markup)

    def resolve(href: str) -> str | None:
        try:
            return urls.join(start, href, encoding() if QUERY_BEYOND_ASCII.search(href) else "utf-8")
        except ValueError:  # "http://[", for one
            return None

    return resolve


def base(markup: str, url: str) -> str:
    """Return what the links of a page at `url` are relative to.

    That is the first `<base>` with an address; its own URL where there is none or where that is no http(s) URL.
    """
    if not BASE.search(markup):
        return url
    try:
        tree = LexborHTMLParser(markup.encode("utf-8", "replace"))
    except (SelectolaxError, RuntimeError, ValueError):
        return url
    first = tree.css_first("base[href]")
    try:
        start = urls.join(url, first.attributes["href"] or "") if first else url
    except ValueError:
        return url
    return start if start.startswith(("http://", "https://")) else url


def query_encoding(page: Page, markup: str) -> str:
    """Return the codec in which links of a page send a query: that in which the page was read as `markup`.

    That is UTF-8 for a page in UTF-16, and where none that the page declares explains the text.
    """
    said = [*CHARSET.findall(page.content_type or ""), *CHARSET.findall(page.body[:HEAD].decode("latin-1"))]
    names = [name for label in said if (name := _codec(label))]
    seen = _beyond_ascii(markup)
    for name in ("utf-8", *dict.fromkeys(names), "cp1252"):
        if _beyond_ascii(page.body.decode(name, "replace")) == seen:
            return "utf-8" if name.startswith("utf") else name
    return "utf-8"


def _codec(label: str) -> str | None:
    """Return the codec of a declared encoding; None where there is none that makes text."""
    try:
        name = codecs.lookup(label).name
        b"".decode(name)
    except (LookupError, ValueError):
        return None
    return SUPERSETS.get(name, name)


def _beyond_ascii(text: str) -> str:
    """Return the first characters that are not ASCII and not broken: by them encodings are told apart."""
    return "".join(BEYOND_ASCII.findall(text))[:200]
