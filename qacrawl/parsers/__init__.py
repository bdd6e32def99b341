"""One parser a site: bytes to plain fields, without network, clock or settings.

A parser module has `VERSION`, raised when it reads any page otherwise than before, and `parse(page)`.
"""

from importlib import import_module
from typing import Protocol, cast

from qacrawl.records import Article, Listing, Page, Refusal


class Parser(Protocol):
    """What a parser module offers."""

    VERSION: int

    def parse(self, page: Page) -> Article | Listing | Refusal:
        """Read one page."""


def load(slug: str) -> Parser:
    """The parser of the site `slug`."""
    return cast(Parser, import_module(f"{__name__}.{slug}"))
