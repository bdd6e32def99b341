"""Pages of a site that has a file: an article by its markup or by selectors, anything else by its links."""

import re
from urllib.parse import urlsplit

from qacrawl import registry
from qacrawl.parse import blocks, links, notices
from qacrawl.parse.encoding import decode
from qacrawl.parse.markup import fields
from qacrawl.parse.values import unescape
from qacrawl.records import Article, Listing, Page, Refusal
from qacrawl.sitefile import css
from qacrawl.sitefile.model import SiteFile

NOTHING = ("no_markup", "broken_markup", "not_article")
"""Reasons of refusals that may have a better one: the page says itself why it is no article."""
TITLE = re.compile(r"<(?i:title)[^<>]*+>([^<]*+)")


class FileParser:
    """What `qacrawl.registry.Parser` says that a parser offers."""

    def __init__(self, file: SiteFile, site: registry.Site) -> None:
        self.VERSION = fields.VERSION if file.read.with_ == "schema.org" else css.VERSION
        self._read = file.read
        self._site = site

    def parse(self, page: Page) -> Article | Listing | Refusal:
        """Read one page: what is no article's address is a listing. Never raise."""
        of_web = urlsplit(page.url).scheme in ("http", "https")  # a saved page may not know where it was
        if of_web and self._site.kind(page.url) != "article":
            return _listing(page)
        if self._read.with_ == "css":
            found: Article | Refusal = css.read(page, self._site.LANG, self._read)
        else:
            found = fields.read(page, self._site.LANG, self._canonical)
        if isinstance(found, Refusal) and found.reason in NOTHING:
            notice = _notice(page)
            return Refusal(notice) if notice else found
        return found

    def _canonical(self, url: str) -> str | None:
        """Return a URL of the web, canonical where it is one of the site's; None of others."""
        if not url.startswith(("http://", "https://")):
            return None
        try:
            return self._site.canonical(url)
        except ValueError:
            return None


def _listing(page: Page) -> Listing | Refusal:
    """Return where a page leads, or why it leads nowhere."""
    found = links.links(page, set())
    return Listing(found) if found else Refusal(_notice(page) or "not_article")


def _notice(page: Page) -> str | None:
    """Return the reason code of a page that says that it is none; None where it says nothing of the kind."""
    markup = decode(page.body, page.content_type)
    if markup is None:
        return "binary"
    shown = blocks.read(markup, page.content_type)
    title = TITLE.search(markup, 0, 20_000)
    said = unescape(title[1]).strip() if title else ""
    return notices.reason(shown, said, is_article=False) if shown else "empty"
