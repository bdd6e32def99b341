"""Which sites there are: a folder of `qacrawl/sites/` each, loaded when it is asked for; and those that have a file."""

from collections.abc import Callable, Iterable
from functools import cache
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from types import ModuleType
from typing import TYPE_CHECKING, Literal, NamedTuple, Protocol, cast
from urllib.parse import urlsplit

from qacrawl import urls
from qacrawl.errors import Exit, QacrawlError

if TYPE_CHECKING:  # the record takes a tenth of a second to build, and `qacrawl sites` needs none
    from qacrawl.records import Article, Listing, Page, Refusal

_SITES = Path(__file__).with_name("sites")


class Site(Protocol):
    """What the module `addresses` of a site offers: facts that both its spider and its parser rest on.

    It may also have `CAVEATS`, sentences in Markdown for those who use its data, `REVISIT`, a
    `qacrawl.frontier.due.Policy` of its own, `ENCODING`, the codec of its pages that declare none, and `address`, a
    function that returns how a page is asked for that was found at a URL, where that is not as it was found.
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


class Added(NamedTuple):
    """A site that has a file (`qacrawl.sitefile`)."""

    site: Site
    parser: Parser
    source: str
    """The file's text."""


_added: dict[str, Added] = {}


def add(slug: str, site: Site, parser: Parser, source: str) -> None:
    """Make a site known that is not built in; one of the same name that was added before is forgotten."""
    _added[slug] = Added(site, parser, source)


def source(slug: str) -> str | None:
    """Return the text of a site's file; None of a site that is built in, or not known."""
    return _added[slug].source if slug in _added else None


def names() -> list[str]:
    """Return the slugs of all sites that are built in, sorted."""
    return sorted(module.name for module in iter_modules([str(_SITES)]) if module.ispkg)


def is_known(slug: str) -> bool:
    """Return whether there is a site of that name."""
    return slug in _added or slug in names()


def load(slug: str) -> Site:
    """Return the addresses of the site `slug`. Raise QacrawlError for an unknown one, or one that can't be loaded."""
    return _added[slug].site if slug in _added else _load(slug)


def load_parser(slug: str) -> Parser:
    """Return the parser of the site `slug`. Raise QacrawlError where it can't be loaded."""
    return _added[slug].parser if slug in _added else _load_parser(slug)


@cache
def _load(slug: str) -> Site:
    if slug not in names():
        raise QacrawlError(f"unknown site {slug!r}; known: {', '.join(names())}, or a file NAME.toml", Exit.USAGE)
    return cast(Site, _module(slug, "addresses", ("TITLE", "LANG", "HOSTS", "START", "kind", "canonical", "number")))


@cache
def _load_parser(slug: str) -> Parser:
    return cast(Parser, _module(slug, "parser", ("VERSION", "parse")))


def check(slug: str) -> None:
    """Load all three modules of the site `slug`. Raise QacrawlError where one can't be loaded or is no such module."""
    if slug in _added:
        return
    if not load(slug).START:
        raise QacrawlError(
            f"the site {slug} can't be crawled: it is for saved pages, see `qacrawl extract`", Exit.USAGE
        )
    load_parser(slug)
    found = vars(_module(slug, "spider")).values()
    if not any(isinstance(one, type) and getattr(one, "name", None) == slug for one in found):
        raise QacrawlError(f"the site {slug} can't be crawled: its spider.py has no spider named {slug!r}", Exit.USAGE)


def _module(slug: str, name: str, wanted: Iterable[str] = ()) -> ModuleType:
    """Return a module of a site, which has the names `wanted`."""
    try:
        found = import_module(f"qacrawl.sites.{slug}.{name}")
    except Exception as error:  # whatever its author wrote
        said = " ".join(f"{type(error).__name__}: {error}".split())
        raise QacrawlError(f"the site {slug} can't be loaded: its {name}.py: {said}", Exit.USAGE) from error
    if missing := [one for one in wanted if not hasattr(found, one)]:
        raise QacrawlError(f"the site {slug} can't be loaded: its {name}.py lacks {', '.join(missing)}", Exit.USAGE)
    return found


def apart(slug: str, hosts: Iterable[str]) -> list[str]:
    """Return which of some hosts are no names of one site: equal numbers there would be one record. None for one."""
    own = load(slug).HOSTS
    found = dict.fromkeys(own[0] if host in own else host for host in hosts)
    return sorted(found) if len(found) > 1 else []


def encoding(slug: str) -> str | None:
    """Return the codec of a site's pages that declare none, or wrongly Windows-1252; None where it has no such."""
    return getattr(load(slug), "ENCODING", None)


def address(slug: str) -> Callable[[str], str]:
    """Return a site's way to say how a page is asked for that was found at a URL: its own, else `urls.address`.

    It raises ValueError as `canonical` does.
    """
    return getattr(load(slug), "address", urls.address)


def hosts(slug: str, start_urls: tuple[str, ...] = ()) -> frozenset[str]:
    """Return the hosts, with ports, that a crawl may ask: those of `start_urls` if there are any, else the site's."""
    return frozenset(urlsplit(url).netloc for url in start_urls) or frozenset(load(slug).HOSTS)
