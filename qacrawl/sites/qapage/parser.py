"""Pages of any site, by their schema.org markup."""

from functools import partial

from qacrawl.parse.encoding import decode
from qacrawl.parse.hrefs import resolver
from qacrawl.parse.markup import fields
from qacrawl.records import Article, Page, Refusal
from qacrawl.sites.qapage import addresses as site

VERSION = fields.VERSION


def parse(page: Page) -> Article | Refusal:
    """Read the questions of a page. Never raise."""
    return fields.read(page, site.LANG, partial(_absolute, page))


def _absolute(page: Page, href: str) -> str | None:
    """Return the URL of an address on a page."""
    url = resolver(page, decode(page.body, page.content_type) or "")(href)
    return url if url and site.kind(url) else None
