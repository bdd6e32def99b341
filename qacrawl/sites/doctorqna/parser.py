"""Pages of doctorqna.com: the words of their landmarks, and what kind of page is no article."""

import re
from functools import cache
from typing import cast
from urllib.parse import urlsplit

from qacrawl.parse import blocks, grammar, header, notices, sections
from qacrawl.parse.encoding import decode
from qacrawl.parse.hrefs import resolver
from qacrawl.parse.signoff import hospital
from qacrawl.parse.values import AGE, DATE, read_age, read_date, unescape
from qacrawl.records import Article, Fields, Listing, Page, Refusal, Sex
from qacrawl.sites.doctorqna import addresses as site
from qacrawl.sites.doctorqna import translation

VERSION = 1

# All that eats white space or commas eats them all (`*+`): to give some back never helps, and takes time by the square.
_END = r"[^\S\n]*+\.?+[^\S\n]*+$"
# A date that is none is still the landmark's if nothing else stands there: "Reply Date: -".
_NO_DATE = "(?:unknown|none|n/a|null)"
_VALUE = rf"(?P<date>{DATE}|[^\w\n]{{0,3}}|{_NO_DATE})"
# A label and its value may stand in elements of their own, with or without a colon.
_COLON = rf"(?:\s*+[:：]|[^\S\n]*+\n)(?:\s*+(?=(?:{DATE}|[^\w\s][^\w\n]{{0,2}}|{_NO_DATE}){_END})|[^\S\n]*+)"
_SEX = "female|male|other"
_HEADING = r"[^\S\n]*+[:：]?+[^\S\n]*+$"

_SERVICE = r"(?:facebook|twitter|line|whatsapp|telegram|copy link|print|plurk|pinterest|linkedin|e-?mail)"
_MORE_SERVICES = r"(?:threads|wechat|weibo|bluesky|mastodon|messenger|reddit|tumblr|instagram|copy|fb|[ftx])\b"


def _landmark(word: str, pattern: str) -> grammar.Landmark:
    return grammar.Landmark(word, re.compile(pattern, re.IGNORECASE | re.MULTILINE))


WORDS = grammar.Landmarks(
    ask_date=_landmark("date", rf"(?:[^\n]*(?<![\w\"']))?(?P<label>Ask[^\S\n]++Date){_COLON}{_VALUE}{_END}"),
    asker=re.compile(
        # The name ends where the commas and spaces behind it begin, or is empty.
        rf"(?is)(?P<asker>.*?)(?:(?<![\s,，])|(?<=\n)|^)"
        rf"(?:(?:^|(?=\s*+[,，]))[\s,，]*+(?P<only_sex>{_SEX}))?"
        rf"(?:[\s,，]*+(?:(?<![\w~～])(?P<age>{AGE}))?\s*+-?(?P<unit>year|month)s?[\s-]*+old[\s,]*+(?P<sex>\w++)?+"
        r"|(?(only_sex)|(?!)))[\s.,。，]*+"
    ),
    undated_asker=re.compile(
        rf"(?i)(?P<facts>(?:[^\n]{{0,80}}?[,，]\s*)?(?:{AGE})\s*-?(?:year|month)s?[\s-]*old"
        rf"(?:[\s,]+(?:{_SEX})\b|(?=[\s.,]*(?:$|Ask)))"
        rf"|[^\n]{{0,80}}?[,，]\s*(?:{_SEX})\b(?=[^\n]*\d))[\s.,。，]*[^\n]{{0,60}}"
    ),
    doctor=_landmark(
        "dr",
        r"Dr\.?\s++(?P<doctor>\S[^\n]{0,80}?)(?<!\s)\s++(?:reply|replied|replies)(?:[^\S\n]++|(\n\s*+))(?!date\b)"
        # What stands on the next line is no department if it is a sentence.
        r"(?P<specialty>[^\s:：][^\n]{0,100}?)(?<!\s)(?(2)(?<![.!?。！？]))[^\S\n]*+$",
    ),
    reply_date=_landmark("date", rf"(?:[^\n]*[.!?。！]\s)?(?P<label>Reply\s++Date){_COLON}{_VALUE}{_END}"),
    sections={
        "more_info": _landmark("info", rf"More[^\S\n]++Info(?:rmation)?{_HEADING}"),
        "similar_qa": _landmark("similar", rf"Similar[^\S\n]++Q[^\S\n]?(?:&|and)[^\S\n]?As?{_HEADING}"),
        "related_faq": _landmark("related", rf"Related[^\S\n]++FAQs?{_HEADING}"),
    },
    share=re.compile(rf"(?is)Share\s++to\s*+[:：]?(?:[\s|·,/]*+(?:{_SERVICE}|{_MORE_SERVICES}))*[\s|·,/]*+"),
    noise=re.compile(
        r"(?i)\[?\(?(?:advertisements?|advertising|sponsored(?: content| links?)?|ads?)\)?\]?[.:：]?"
        r"(?:\s*+[:：-]\s*+[^\n]{1,200})?"
        rf"|{_SERVICE}(?:[\s|·,/]++{_SERVICE})*"
    ),
    label=re.compile(
        r"(?i)(?:subject|title|question|content|asker|asked by|age|sex|gender|ask date|doctor|answered by|department|"
        r"specialty|reply|answer|reply from|details?)\s*[:：]?"
    ),
)
ASKER_LABEL = re.compile(r"(?i)^(?:asker|asked\s+by)\s*[:：]\s*")
SEXES: dict[str, Sex] = {
    **dict.fromkeys(("female", "woman", "girl"), "female"),
    **dict.fromkeys(("male", "man", "boy"), "male"),
    "other": "other",
}

# That "<" has no case makes these searches ten times faster.
TITLE = re.compile(r"<(?i:title)[^<>]*+>([^<]*+)")
MENUS = re.compile("<(?i:nav|footer)")


def parse(page: Page) -> Article | Listing | Refusal:
    """Read a page of doctorqna.com, in any markup. Pure; never raises."""
    markup = decode(page.body, page.content_type)
    if markup is None:
        return Refusal("binary")
    addresses = _addresses(page, markup)
    found = blocks.read(markup, page.content_type, whole=False)
    parts = grammar.cut(found, WORDS)
    if (parts is None or parts.landmarks < 3) and MENUS.search(markup):  # what is looked for may stand only there
        found = blocks.read(markup, page.content_type)
        parts = grammar.cut(found, WORDS)
    if not found:
        return Refusal("empty")
    if parts:
        return Article(_fields(parts, markup, addresses))
    shared = any(WORDS.share.match(block.text) for block in found if block.place == "")
    notice = notices.reason(found, _title(markup), is_article=shared)
    if site.kind(page.url) != "article":
        links = sections.listing(found, addresses.page)
        if links and (notice is None or any(site.kind(link) == "article" for link in links)):
            return Listing(links)
    return Refusal(notice or "not_article")


def _addresses(page: Page, markup: str) -> sections.Addresses:
    """Return how addresses of this page become whole ones, and canonical URLs where an article or listing is meant."""
    start = page.url if page.url.startswith("http") else site.START[0]  # a saved page does not know where it was
    hosts = (urlsplit(start).netloc, *site.HOSTS)
    absolute = resolver(page, markup, start)
    root = (absolute("/") or "").rstrip("/")
    is_ours = urlsplit(root).netloc in hosts

    def written(href: str) -> str | None:
        text = href.strip()
        target = absolute(href) if text and not text.startswith("#") else None
        if target is None or not target.startswith(("http://", "https://")):
            return None
        return text if text.lower().startswith(("http://", "https://")) else target

    @cache
    def of_site(href: str) -> str | None:
        if is_ours and href.startswith("/") and site.CANONICAL.fullmatch(root + href):
            return root + href  # as almost all are
        try:
            target = site.canonical(absolute(href) or "") if written(href) else ""
        except ValueError:
            return None
        return target if site.kind(target) and urlsplit(target).netloc in hosts else None

    return sections.Addresses(of_site, written)


def _title(markup: str) -> str:
    """Return the page's `<title>`, or ""."""
    found = TITLE.search(markup, 0, 20_000)
    return unescape(found[1]).strip() if found else ""


def _fields(parts: grammar.Parts, markup: str, addresses: sections.Addresses) -> Fields:
    """Return plain fields from the parts of an article."""
    specialty = parts.doctor.get("specialty", "")
    top = header.read(parts.header, WORDS, specialty, _title(markup), addresses.page)
    reply = header.join(parts.reply)
    values: dict[str, object] = {
        "lang": site.LANG,
        "title": top.title,
        "specialty": top.specialty or specialty,
        "question_subject": top.subject,
        "question": top.question,
        "doctor": parts.doctor.get("doctor"),
        "reply_specialty": specialty,
        "hospital": hospital(reply, parts.doctor.get("doctor"), top.question),
        "reply": reply,
        "more_info": header.join(parts.sections.get("more_info", [])),
        "similar_qa": sections.similar(parts.sections.get("similar_qa", []), WORDS, addresses),
        "related_faq": sections.related(parts.sections.get("related_faq", []), addresses),
    }
    notes = list(parts.notes)
    notes += _asker(parts.asker, values)
    notes += _dates(parts, values)
    notes += translation.lost(top.subject, top.question, reply)
    if reply and not parts.doctor:
        notes.append("no_doctor")
    if reply and parts.reply_date is None:
        notes.append("no_reply_date")
    return cast(Fields, {name: value for name, value in values.items() if value not in ("", None)} | {"notes": notes})


def _asker(facts: dict[str, str | None], values: dict[str, object]) -> list[str]:
    """Add the asker's name, sex and age to `values`; return notes."""
    values["asker"] = ASKER_LABEL.sub("", facts.get("asker") or "")
    sex = (facts.get("sex") or facts.get("only_sex") or "").lower()
    values["asker_sex"] = SEXES.get(sex)
    notes = [] if sex in SEXES or not sex else ["bad_sex"]
    if age := facts.get("age"):
        low, high, more = read_age(age, facts.get("unit") or "year")
        values.update(asker_age_min=low, asker_age_max=high)
        notes += more
    return notes


def _dates(parts: grammar.Parts, values: dict[str, object]) -> list[str]:
    """Add the days of question and reply to `values`; return notes."""
    notes = []
    for name, text in (("ask_date", parts.asker.get("date")), ("reply_date", parts.reply_date)):
        if text is not None:
            values[name] = read_date(text)
            if values[name] is None:
                notes.append(f"bad_{name}")
    return notes
