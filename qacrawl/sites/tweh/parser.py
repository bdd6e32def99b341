"""Pages of the Taiwan e-Hospital: a question in one of two markups, a listing, or what says that there is none."""

import re
from collections.abc import Iterator
from typing import cast

from selectolax.lexbor import LexborHTMLParser, SelectolaxError

from qacrawl.parse import blocks, links
from qacrawl.parse.encoding import decode
from qacrawl.parse.hrefs import resolver
from qacrawl.records import Article, Fields, Listing, Page, Refusal, RelatedFAQ
from qacrawl.sites.tweh import addresses as site
from qacrawl.sites.tweh import markup as markups
from qacrawl.sites.tweh import people, text

VERSION = 2

GONE = "不存在"
FOLLOWS = re.compile(r"續問\s{0,3}[:：]?\s{0,3}(?:編號)?\s{0,3}[#＃]\s{0,3}(\d{1,9})(?!\d)")
NOTICES = {
    "maintenance": re.compile("系統維護|維護中|暫停服務"),
    "login": re.compile("請先登入|請登入|尚未登入"),
    "captcha": re.compile("驗證碼|機器人"),
    "error_page": re.compile("系統錯誤|發生錯誤|找不到網頁|忙線中"),
}
SHORT = 600
"""Characters of a page that says no more than a notice."""
MOST_PAGES = 10_000
"""Pages of a listing that are asked for."""


def parse(page: Page) -> Article | Listing | Refusal:
    """Read a page of the Taiwan e-Hospital. Pure; never raises."""
    markup = decode(page.body, page.content_type, site.ENCODING)
    if markup is None:
        return Refusal("binary")
    markup = blocks.tame(blocks.clean(markup), page.content_type)
    found = markups.read(markup)
    kind = site.kind(page.url)
    if kind == "listing" or (kind is None and len(found) != 1):
        return _listing(page, markup, found) or _refusal(page, markup)
    if not found:
        return _refusal(page, markup)
    return Article(_fields(page, markup, _own(page, found)))


def _own(page: Page, found: list[markups.Question]) -> markups.Question:
    """Return the question that a page is about, of those that it shows."""
    number = str(site.number(page.url))
    return next((one for one in found if one.number.lstrip("0") == number), found[0])


def _refusal(page: Page, markup: str) -> Refusal:
    """Return why a page without questions and links is no record."""
    shown = blocks.read(markup, page.content_type)
    if any(block.heading and GONE in block.text for block in shown):
        return Refusal("gone")
    if not shown:
        return Refusal("empty")
    said = "\n".join(block.text for block in shown)
    if len(said) <= SHORT:
        for reason, pattern in NOTICES.items():
            if pattern.search(said):
                return Refusal(reason)
    return Refusal("unknown_markup" if site.kind(page.url) == "article" else "not_article")


def _listing(page: Page, markup: str, found: list[markups.Question]) -> Listing | None:
    """Return where a page leads: its links, the pages of the same listing, the questions that a topic shows."""
    urls = list(links.links(page, set()))
    start = page.url if page.url.startswith("http") else site.START[0]
    urls += [site.article_url(int(one.number), start) for one in found if one.number.strip("0")]
    if site.LISTING.search(page.url):
        urls += [site.page_url(page.url, number) for number in _pages(markup)]
    return Listing(tuple(dict.fromkeys(urls))) if urls else None


def _pages(markup: str) -> Iterator[int]:
    """Yield the numbers of the pages that a listing offers to choose from."""
    try:
        options = LexborHTMLParser(markup).css("select#PageNo option, select[name=PageNo] option")
    except (SelectolaxError, RuntimeError, ValueError):
        return
    for option in options[:MOST_PAGES]:
        value = (option.attributes.get("value") or option.text()).strip()
        if number := site.PAGE.fullmatch(value):
            yield int(number[1])


def _fields(page: Page, markup: str, found: markups.Question) -> Fields:
    """Return plain fields from the parts of a question."""
    values: dict[str, object] = {"lang": site.LANG}
    notes: list[str] = []
    for name, raw in (("question_subject", found.subject), ("question", found.question), ("reply", found.reply)):
        values[name], more = text.clean(raw)
        notes += more
    notes += _asker(text.clean(found.asker)[0], values)
    notes += _doctor(text.clean(found.doctor)[0], values)
    values["related_faq"] = _topics(page, markup, found)
    number = site.number(page.url)
    values["follows"] = _follows(values, number)
    if number is not None and found.number and int(found.number) != number:
        notes.append("other_number")
    kept = {name: value for name, value in values.items() if value not in ("", None, [])}
    return cast(Fields, kept | {"notes": list(dict.fromkeys(notes))})


def _follows(values: dict[str, object], number: int | None) -> str | None:
    """Return the record of the question that this one says it follows, in its title or its text: an earlier one."""
    said = FOLLOWS.finditer(f"{values['question_subject']}\n{values['question']}")
    earlier = (int(found[1]) for found in said)
    return next((f"tweh:{one}" for one in earlier if one and (number is None or one < number)), None)


def _asker(line: str, values: dict[str, object]) -> list[str]:
    """Add who asked, and when, to `values`; return notes."""
    if not line:
        return ["no_asker"]
    who = people.asker(line)
    values.update(asker=who.name, asker_sex=who.sex, asker_age_min=who.low, asker_age_max=who.high, ask_date=who.day)
    return list(who.notes)


def _doctor(line: str, values: dict[str, object]) -> list[str]:
    """Add who replied, and when, to `values`; return notes. Of a question without a reply, the department alone."""
    who = people.doctor(line) if line else people.Doctor()
    values["specialty"] = who.department
    if not values["reply"]:
        return []
    values.update(doctor=who.name, reply_specialty=who.department, hospital=who.hospital, reply_date=who.day)
    return list(who.notes) if line else ["no_doctor", "no_reply_date"]


def _topics(page: Page, markup: str, found: markups.Question) -> list[RelatedFAQ]:
    """Return the tags of a question, with their addresses as far as they are pages of the site."""
    start = page.url if page.url.startswith("http") else site.START[0]
    resolve = resolver(page, markup, start)

    def address(href: str) -> str | None:
        target = resolve(href) if href else None
        return (
            site.canonical(target)
            if target and target.startswith(("http://", "https://")) and site.kind(target)
            else None
        )

    return [
        RelatedFAQ(name=name, url=address(link.href))
        for link in found.topics
        if (name := text.clean(link.text)[0].strip())
    ]
