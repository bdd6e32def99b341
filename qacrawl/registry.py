"""Which sites there are: a folder of `qacrawl/sites/` each, found by its name and loaded when it is asked for."""

from functools import cache
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from typing import TYPE_CHECKING, Literal, Protocol, cast
from urllib.parse import urlsplit

from qacrawl.errors import Exit, QacrawlError

if TYPE_CHECKING:  # the record takes a tenth of a second to build, and `qacrawl sites` needs none
    from qacrawl.records import Article, Listing, Page, Refusal

_SITES = Path(__file__).with_name("sites")


class Site(Protocol):
    """What the module `addresses` of a site offers: facts that both its spider and its parser rest on.

    It may also have `CAVEATS`, sentences in Markdown for those who use its data, and `REVISIT`, a
    `qacrawl.frontier.due.Policy` of its own.
    """

    TITLE: str
    """The site in a few words."""
    LANG: str
    """Language of its pages, BCP 47."""
    HOSTS: tuple[str, ...]
    """Hosts that are crawled, with a port where it is not the scheme's."""
    START: tuple[str, ...]
    """Pages from which a crawl begins."""

    def kind(self, url: str) -> Literal["article", "listing"] | None:
        """Return what a page at `url` is, by its address alone; None for pages that are not read."""

    def canonical(self, url: str) -> str:
        """Return the one spelling of `url`. Raise ValueError when it is no absolute http(s) URL."""

    def number(self, url: str) -> int | None:
        """Return the number of the article at `url`; None for other pages."""

    def article_url(self, number: int, start: str = ...) -> str:
        """Return the URL of article `number` on the host of `start`."""


class Parser(Protocol):
    """What the module `parser` of a site offers: bytes to plain fields, without network, clock or settings."""

    VERSION: int
    """Raised when any page reads otherwise than before."""

    def parse(self, page: "Page") -> "Article | Listing | Refusal":
        """Read one page. Never raise."""


def names() -> list[str]:
    """Return the slugs of all sites, sorted."""
    return sorted(module.name for module in iter_modules([str(_SITES)]) if module.ispkg)


@cache
def load(slug: str) -> Site:
    """Return the addresses of the site `slug`. Raise QacrawlError for an unknown one."""
    if slug not in names():
        raise QacrawlError(f"unknown site {slug!r}; known: {', '.join(names())}", Exit.USAGE)
    return cast(Site, import_module(f"qacrawl.sites.{slug}.addresses"))


@cache
def load_parser(slug: str) -> Parser:
    """Return the parser of the site `slug`."""
    return cast(Parser, import_module(f"qacrawl.sites.{slug}.parser"))


def hosts(slug: str, start_urls: tuple[str, ...] = ()) -> frozenset[str]:
    """The hosts, with their ports, that a crawl may ask: those of `start_urls` if there are any, else the site's."""
    return frozenset(urlsplit(url).netloc for url in start_urls) or frozenset(load(slug).HOSTS)
