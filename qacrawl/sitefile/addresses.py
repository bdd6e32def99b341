"""What the addresses of a site say, by the patterns of its file."""

from functools import lru_cache
from typing import Literal, NamedTuple
from urllib.parse import urlsplit, urlunsplit

from qacrawl import urls
from qacrawl.errors import Exit, QacrawlError
from qacrawl.sitefile.model import SiteFile


class Found(NamedTuple):
    """What an address is."""

    kind: Literal["article", "listing"]
    number: str
    query: str
    """What counts of its query."""
    path: str
    """In its one spelling."""


class Addresses:
    """What `qacrawl.registry.Site` says that a site offers."""

    def __init__(self, file: SiteFile) -> None:
        self.TITLE = file.site.title
        self.LANG = file.site.lang
        self.START = file.site.start
        self.HOSTS = file.site.hosts or tuple(dict.fromkeys(urlsplit(url).netloc for url in self.START))
        self.CAVEATS = file.site.caveats
        self._pages = file.pages
        self._find = lru_cache(10_000)(self._found)

    def kind(self, url: str) -> Literal["article", "listing"] | None:
        """Return what a page at `url` is, by its address alone; None where no pattern fits."""
        found = self._find(url)
        return found.kind if found else None

    def canonical(self, url: str) -> str:
        """Return the one spelling of `url`: of an article's or a listing's query only what counts is left.

        Raise ValueError when it is no absolute http(s) URL.
        """
        url = urls.canonical(url)
        found = self._find(url)
        return urlunsplit((*urlsplit(url)[:2], found.path, found.query, "")) if found else url

    def number(self, url: str) -> int | None:
        """Return the number of the article at `url`; None for other pages, and where its pattern has none."""
        found = self._find(url)
        return int(found.number) if found and found.kind == "article" and found.number else None

    def article_url(self, number: int, start: str = "") -> str:
        """Return the URL of article `number` on the host of `start`. Raise QacrawlError where no pattern says it."""
        address = next(filter(None, (pattern.filled(number) for pattern in self._pages.article)), None)
        if address is None:
            raise QacrawlError(
                "--numbers takes a site whose pages.article has a pattern with {number} and no {slug}", Exit.USAGE
            )
        return self.canonical("{0}://{1}{address}".format(*urlsplit(start or self.START[0])[:2], address=address))

    def _found(self, url: str) -> Found | None:
        """Return what the patterns say of an address."""
        try:
            _, _, path, query, _ = urlsplit(url)
        except ValueError:
            return None
        pages = self._pages
        parts = [(part.partition("=")[0], part) for part in query.split("&") if part]
        values = {name: part.partition("=")[2] for name, part in reversed(parts)}
        for kind, patterns, more in (("article", pages.article, ()), ("listing", pages.listing, (pages.paging,))):
            for pattern in patterns:
                kept = {*pages.query, *more, *pattern.query}
                left = "&".join(part for name, part in parts if name in kept)
                whole = f"{path}?{left}" if r"\?" in pattern.written and left else path
                match = pattern.match(whole, values)
                if match:
                    number, spelt = match
                    if pattern.query:
                        left = "&".join(pattern.parameter(name, part) for name, part in parts if name in kept)
                    return Found(kind, number, left, path if whole != path else spelt)  # type: ignore[arg-type]
        return None
