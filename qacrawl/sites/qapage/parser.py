"""Pages of any site, by their schema.org markup."""

from qacrawl.parse.markup import fields
from qacrawl.records import Article, Page, Refusal
from qacrawl.sites.qapage import addresses as site

VERSION = fields.VERSION


def parse(page: Page) -> Article | Refusal:
    """Read the questions of a page. Never raise."""
    return fields.read(page, site.LANG, lambda url: url if site.kind(url) else None)
