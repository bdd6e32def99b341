"""What the addresses of any site say: nothing. For saved pages; a site that is crawled has a file that says more."""

from typing import Literal

from qacrawl import urls

TITLE = "Any saved page with schema.org markup of questions and answers (for `qacrawl extract`)"
LANG = "und"
HOSTS: tuple[str, ...] = ()
START: tuple[str, ...] = ()

canonical = urls.canonical


def kind(url: str) -> Literal["article"] | None:
    """Return "article" for any http(s) URL."""
    return "article" if url.startswith(("http://", "https://")) else None


def number(url: str) -> int | None:
    """Return None: no number is known to be an article's."""
    return None
