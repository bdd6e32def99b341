"""doctorqna.com: machine translations of the Taiwan e-Hospital archive, under the original's numbers."""

import re
from typing import Literal
from urllib.parse import urlsplit, urlunsplit

from qacrawl import urls

TITLE = "DoctorQnA, a machine translation of the Taiwan e-Hospital archive"
LANG = "en"
HOSTS = ("doctorqna.com", "www.doctorqna.com")
START = ("https://doctorqna.com/en",)
CAVEATS = (
    "The texts are machine translations from Chinese: odd wording, names translated like words, Chinese left in.",
    '`asker_sex` is unreliable: the site says "female" on every page seen. Do not use it.',
    "`more_info` is a long article by the site, not by the doctor: keep it out of what is to be a doctor's reply.",
    "Replies are general advice without an examination, some of them decades old. They are not medical advice to you.",
)

ARTICLE = re.compile(r"/en/article/(\d{1,9})/?")
LISTING = re.compile(r"/en/faq/[^/]+(?:/\d{1,4})?/?")
CANONICAL = re.compile(
    r"https?://[a-z0-9.-]+(?::(?!80/|443/)[1-9]\d{1,4})?/en/(?:article/[1-9]\d{0,8}|faq/[a-z0-9-]+(?:/\d{1,4})?)"
)


def kind(url: str) -> Literal["article", "listing"] | None:
    """Return what a page at `url` is, by its address alone; None where the address does not say."""
    path = urlsplit(url).path
    if ARTICLE.fullmatch(path):
        return "article"
    return "listing" if LISTING.fullmatch(path) else None


def canonical(url: str) -> str:
    """Return the canonical URL of a page of this site: articles and listings have no query and no final slash.

    Raise ValueError when `url` is no absolute http(s) URL.
    """
    if CANONICAL.fullmatch(url):
        return url  # as almost all links on a page are; the long way takes 30 µs
    url = urls.canonical(url)
    if kind(url) is None:
        return url
    parts = urlsplit(url)
    match = ARTICLE.fullmatch(parts.path)
    path = f"/en/article/{int(match[1])}" if match else parts.path.rstrip("/")
    return urlunsplit((parts.scheme, parts.netloc, path, "", ""))


def number(url: str) -> int | None:
    """Return the article's number, which is the original's `q_no`; None for other pages."""
    match = ARTICLE.fullmatch(urlsplit(url).path)
    return int(match[1]) if match else None


def article_url(number: int, start: str = START[0]) -> str:
    """Return the URL of article `number` on the host of `start`."""
    parts = urlsplit(start)
    return urlunsplit((parts.scheme, parts.netloc, f"/en/article/{number}", "", ""))
