"""Taiwan e-Hospital (台灣e院): questions by number, listings by department, all in queries."""

import re
from typing import Literal
from urllib.parse import quote, unquote_plus, unquote_to_bytes, urlsplit, urlunsplit

from qacrawl import urls

TITLE = "Taiwan e-Hospital, questions to doctors of public hospitals"
LANG = "zh-Hant"
HOSTS = ("sp1.hso.mohw.gov.tw",)
START = ("https://sp1.hso.mohw.gov.tw/doctor/Index1.php",)
ENCODING = "big5hkscs"
CAVEATS = (
    "Text is as people typed it, but for what the site put in: characters without a meaning and escapes that were "
    "escaped twice are taken out, with a note.",
    "`specialty` is the department that replied; the site asks its visitors to choose it.",
    "Replies are general advice without an examination, some of them decades old. They are not medical advice to you.",
)

_FOLDER = "/doctor/All"
ARTICLE = re.compile(r"/doctor/all/showdetail\.php", re.IGNORECASE)
LISTING = re.compile(r"/doctor/all/(?:history|index)\.php", re.IGNORECASE)
DEPARTMENT_PAGE = re.compile(r"/doctor/all/index\.php", re.IGNORECASE)
TOPIC = re.compile(r"/doctor/often_question/type_detail\.php", re.IGNORECASE)
NUMBER = re.compile(r"0*([1-9]\d{0,8})")
PAGE = re.compile(r"0*([1-9]\d{0,4})")
DEPARTMENT = ("UrlClass", "d_class")
"""Parameters that name a department: of its listing, and of its page, which leads to nothing but that listing."""
LONGEST = 1200
"""Characters of an address in which a department's name is read: a hundred of its own, of four encoded bytes each."""
CANONICAL = re.compile(
    r"https?://[a-z0-9.-]+(?::(?!80/|443/)[1-9]\d{1,4})?/doctor/All/ShowDetail\.php\?q_no=[1-9]\d{0,8}"
)
_READER = "sat"
"""A parameter that says how a reader liked the page."""


def kind(url: str) -> Literal["article", "listing"] | None:
    """Return what a page at `url` is, by its address alone; None where the address does not say."""
    parts = urlsplit(url)
    if ARTICLE.fullmatch(parts.path):
        return "article" if _number(parts.query) else None
    if LISTING.fullmatch(parts.path):
        return "listing" if _department(parts.query) else None
    return "listing" if TOPIC.fullmatch(parts.path) else None


def canonical(url: str) -> str:
    """Return the canonical URL of a page of this site: a question's has its number, a listing's department and page.

    Departments are spelt in UTF-8, whether in UTF-8 or Big5 before; e-mail addresses are dropped. Raise ValueError
    when `url` is no absolute http(s) URL.
    """
    if CANONICAL.fullmatch(url):
        return url
    found, parts = kind(url), urlsplit(url)
    clean = urlsplit(urls.canonical(url))
    if found == "article":
        return urlunsplit((*clean[:2], f"{_FOLDER}/ShowDetail.php", f"q_no={_number(parts.query)}", ""))
    if found == "listing" and LISTING.fullmatch(parts.path):
        page = PAGE.fullmatch(_value(parts.query, "PageNo"))
        department = quote(_department(parts.query), safe="")
        query = f"UrlClass={department}&SortBy=q_no&PageNo={page[1] if page else 1}"
        return urlunsplit((*clean[:2], f"{_FOLDER}/history.php", query, ""))
    return urlunsplit((*clean[:3], "&".join(filter(_is_kept, clean.query.split("&"))), ""))


def address(url: str) -> str:
    """Return how a page is asked for that was found at `url`: spelt as it is there, without who read it.

    A department's page is asked for as the listing that it leads to. Raise ValueError as `canonical`.
    """
    if DEPARTMENT_PAGE.fullmatch(urlsplit(url).path):
        return canonical(url)
    parts = urlsplit(urls.address(url))
    return urlunsplit((*parts[:3], "&".join(filter(_is_kept, parts.query.split("&"))), ""))


def number(url: str) -> int | None:
    """Return the question's number; None for other pages."""
    parts = urlsplit(url)
    found = _number(parts.query) if ARTICLE.fullmatch(parts.path) else ""
    return int(found) if found else None


def article_url(number: int, start: str = START[0]) -> str:
    """Return the URL of question `number` on the host of `start`."""
    return urlunsplit((*urlsplit(start)[:2], f"{_FOLDER}/ShowDetail.php", f"q_no={number}", ""))


def page_url(url: str, page: int) -> str:
    """Return the URL of another page of the listing at `url`."""
    return re.sub(r"PageNo=\d+", f"PageNo={page}", canonical(url))


def _number(query: str) -> str:
    """Return the number that a query names, without leading zeros; "" where it names none."""
    found = NUMBER.fullmatch(_value(query, "q_no"))
    return found[1] if found else ""


def _department(query: str) -> str:
    """Return the department that a query names, percent-encoded in UTF-8 or Big5; "" where it names none."""
    raw = unquote_to_bytes("".join(_value(query, name) for name in DEPARTMENT if _value(query, name))[:LONGEST])
    try:
        text = raw.decode()
    except UnicodeDecodeError:
        text = raw.decode(ENCODING, "ignore")
    return "".join(text.replace("+", " ").split())[: LONGEST // 12]  # so that, quoted again, it is read as the same


def _value(query: str, name: str) -> str:
    """Return the value of the first parameter of a name, as it is written; "" where there is none."""
    return next((value for key, _, value in (part.partition("=") for part in query.split("&")) if key == name), "")


def _is_kept(part: str) -> bool:
    """Return whether a parameter says something of the page, and not who reads it."""
    return not urls.is_personal(part) and unquote_plus(part.partition("=")[0]).lower() != _READER
