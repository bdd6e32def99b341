"""Addresses of each source, one module a slug: facts that both its spider and its parser rest on.

A site module has `LANG`, `TITLE`, `HOSTS`, `START` and the functions `canonical`, `kind`, `number` and
`article_url`; `qacrawl.sites.doctorqna` shows them. It may have `CAVEATS`: sentences in Markdown for who uses its data.
"""

import re
from collections.abc import Sequence
from functools import cache
from importlib import import_module
from pkgutil import iter_modules
from types import ModuleType
from urllib.parse import urlsplit

from qacrawl.errors import Exit, QacrawlError


def names() -> list[str]:
    """The slugs of all sites, sorted."""
    return sorted(module.name for module in iter_modules(__path__))


@cache
def load(slug: str) -> ModuleType:
    """The site module `slug`; an unknown one is a usage error."""
    if slug not in names():
        raise QacrawlError(f"unknown site {slug!r}; known: {', '.join(names())}", Exit.USAGE)
    return import_module(f"{__name__}.{slug}")


def number_range(value: str | Sequence[int] | None) -> tuple[int, int] | None:
    """The first and the last article number that "A-B", or "A" alone, or a pair means; a usage error if it is none."""
    if value is None or value == "":
        return None
    match = re.fullmatch(r"(\d{1,9})(?:-(\d{1,9}))?", value) if isinstance(value, str) else None
    first, last = (int(match[1]), int(match[2] or match[1])) if match else (0, 0)
    if not isinstance(value, str):
        first, last = value
    if not 1 <= first <= last:
        raise QacrawlError(f"numbers are A-B with 1 <= A <= B, not {value!r}", Exit.USAGE)
    return first, last


def hosts(slug: str, start_urls: tuple[str, ...] = ()) -> frozenset[str]:
    """The hosts, with their ports, that a crawl may ask: those of `start_urls` if there are any, else the site's."""
    return frozenset(urlsplit(url).netloc for url in start_urls) or frozenset(load(slug).HOSTS)
