"""Pages of doctorqna.com: the words of their landmarks, and what kind of page is no article."""

import html
import re
from functools import cache
from typing import cast
from urllib.parse import urlsplit

from qacrawl.parse import blocks, grammar, header, sections
from qacrawl.parse.blocks import Block
from qacrawl.parse.encoding import decode
from qacrawl.parse.hrefs import resolver
from qacrawl.parse.signoff import hospital
from qacrawl.parse.values import AGE, DATE, read_age, read_date
from qacrawl.records import Article, Fields, Listing, Page, Refusal, Sex
from qacrawl.sites.doctorqna import addresses as site

VERSION = 1

# A label and its value may stand in elements of their own, with or without a colon.
_COLON = r"(?:\s*[:：]\s*|[^\S\n]*\n\s*)"
_END = r"[^\S\n]*\.?[^\S\n]*$"
# A date that is none is still the landmark's if nothing else stands there: "Reply Date: -".
_VALUE = rf"(?P<date>{DATE}|[^\w\n]{{0,3}}|(?:unknown|none|n/a|null))"
_SEX = "female|male|other"
_HEADING = r"[^\S\n]*[:：]?[^\S\n]*$"

_SERVICE = r"(?:facebook|twitter|line|whatsapp|telegram|copy link|print|plurk|pinterest|linkedin|e-?mail)"


def _landmark(word: str, pattern: str) -> grammar.Landmark:
    return grammar.Landmark(word, re.compile(pattern, re.IGNORECASE | re.MULTILINE))


WORDS = grammar.Landmarks(
    ask_date=_landmark("date", rf"(?:[^\n]*(?<![\w\"']))?(?P<label>Ask[^\S\n]+Date){_COLON}{_VALUE}{_END}"),
    asker=re.compile(
        rf"(?is)(?P<asker>.*?)(?:(?:^|[,，])\s*(?P<only_sex>{_SEX}))?"
        rf"(?:[\s,，]*(?:(?<![\w~～])(?P<age>{AGE}))?\s*-?(?P<unit>year|month)s?[\s-]*old[\s,]*(?P<sex>\w+)?"
        r"|(?(only_sex)|(?!)))[\s.,。，]*"
    ),
    undated_asker=re.compile(
        rf"(?i)(?P<facts>(?:[^\n]{{0,80}}?[,，]\s*)?(?:{AGE})\s*-?(?:year|month)s?[\s-]*old"
        rf"(?:[\s,]+(?:{_SEX})\b|(?=[\s.,]*(?:$|Ask)))"
        rf"|[^\n]{{0,80}}?[,，]\s*(?:{_SEX})\b(?=[^\n]*\d))[\s.,。，]*[^\n]{{0,60}}"
    ),
    doctor=_landmark(
        "dr",
        r"Dr\.?\s+(?P<doctor>\S[^\n]{0,80}?)\s+(?:reply|replied|replies)(?:[^\S\n]+|(\n\s*))(?!date\b)"
        # What stands on the next line is no department if it is a sentence.
        r"(?P<specialty>[^\s:：][^\n]{0,100}?)(?(2)(?<![.!?。！？]))[^\S\n]*$",
    ),
    reply_date=_landmark("date", rf"(?:[^\n]*[.!?。！]\s)?(?P<label>Reply\s+Date){_COLON}{_VALUE}{_END}"),
    sections={
        "more_info": _landmark("info", rf"More[^\S\n]+Info(?:rmation)?{_HEADING}"),
        "similar_qa": _landmark("similar", rf"Similar[^\S\n]+Q[^\S\n]?(?:&|and)[^\S\n]?As?{_HEADING}"),
        "related_faq": _landmark("related", rf"Related[^\S\n]+FAQs?{_HEADING}"),
    },
    share=re.compile(rf"(?is)Share\s+to\s*[:：]?(?:[\s|·,/]*{_SERVICE})*"),
    noise=re.compile(
        r"(?i)\[?\(?(?:advertisements?|advertising|sponsored(?: content| links?)?|ads?)\)?\]?[.:：]?"
        r"(?:\s*[:：-]\s*[^\n]{1,200})?"
        rf"|{_SERVICE}(?:[\s|·,/]+{_SERVICE})*"
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
TITLE = re.compile(r"<(?i:title)[^>]*>([^<]*)")
MENUS = re.compile("<(?i:nav|footer)")

# What a short page that is no article says of itself; the first that fits names the reject.
REFUSALS = {
    "captcha": r"captcha|are (?:you )?(?:a )?(?:human|robot)|not a robot|unusual traffic|"
    r"checking your browser|just a moment",
    "maintenance": r"maintenance|be back (?:soon|shortly)|temporarily (?:down|unavailable|closed)",
    "login": r"\b(?:log|sign)[ -]?(?:in|on)\b|password",
    "error_page": r"not found|\b(?:403|404|410|429|500|502|503|504)\b|\berror\b|bad gateway|went wrong|forbidden|"
    r"access denied|service unavailable|too many requests|does not exist",
}
SHORT = 3000  # characters of text: a longer page is not just a notice


def parse(page: Page) -> Article | Listing | Refusal:
    """Read a page of doctorqna.com, in any markup. Pure; never raises."""
    markup = decode(page.body, page.content_type)
    if markup is None:
        return Refusal("binary")
    resolve = _resolver(page, markup)
    found = blocks.read(markup, page.content_type, whole=False)
    parts = grammar.cut(found, WORDS)
    if (parts is None or parts.landmarks < 3) and MENUS.search(markup):  # what is looked for may stand only there
        found = blocks.read(markup, page.content_type)
        parts = grammar.cut(found, WORDS)
    if not found:
        return Refusal("empty")
    if parts:
        return Article(_fields(parts, markup, resolve))
    notice = _notice(found, markup)
    if site.kind(page.url) != "article":
        links = sections.listing(found, resolve)
        if links and (notice is None or any(site.kind(link) == "article" for link in links)):
            return Listing(links)
    return Refusal(notice or "not_article")


def _resolver(page: Page, markup: str) -> sections.Resolve:
    """How addresses of this page become canonical URLs; those of other sites and of no article or listing are None."""
    start = page.url if page.url.startswith("http") else site.START[0]  # a saved page does not know where it was
    hosts = (urlsplit(start).netloc, *site.HOSTS)
    absolute = resolver(page, markup, start)
    root = (absolute("/") or "").rstrip("/")
    is_ours = urlsplit(root).netloc in hosts

    @cache
    def resolve(href: str) -> str | None:
        if is_ours and href.startswith("/") and site.CANONICAL.fullmatch(root + href):
            return root + href  # as almost all are
        try:
            target = site.canonical(absolute(href) or "")
        except ValueError:
            return None
        return target if site.kind(target) and urlsplit(target).netloc in hosts else None

    return resolve


def _fields(parts: grammar.Parts, markup: str, resolve: sections.Resolve) -> Fields:
    """Plain fields from the parts of an article."""
    hint = TITLE.search(markup, 0, 20_000)
    specialty = parts.doctor.get("specialty", "")
    top = header.read(parts.header, WORDS, specialty, html.unescape(hint[1]) if hint else "")
    reply = header.join(parts.reply)
    values: dict[str, object] = {
        "lang": site.LANG,
        "title": top.title,
        "specialty": top.specialty or specialty,
        "question_subject": top.subject,
        "question": top.question,
        "doctor": parts.doctor.get("doctor"),
        "reply_specialty": specialty,
        "hospital": hospital(reply),
        "reply": reply,
        "more_info": header.join(parts.sections.get("more_info", [])),
        "similar_qa": sections.similar(parts.sections.get("similar_qa", []), WORDS, resolve),
        "related_faq": sections.related(parts.sections.get("related_faq", []), resolve),
    }
    notes = list(parts.notes)
    notes += _asker(parts.asker, values)
    notes += _dates(parts, values)
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


def _notice(found: list[Block], markup: str) -> str | None:
    """The reason code of a short page that says it is no article; its headings count before its text."""
    title = TITLE.search(markup, 0, 20_000)
    said = [block.text for block in found if block.place == ""] or [block.text for block in found]
    if sum(map(len, said)) > SHORT:
        return None
    heads = "\n".join([title[1] if title else "", *(block.text for block in found if block.heading)])
    for text in (heads, "\n".join(said)):
        for reason, pattern in REFUSALS.items():
            if re.search(pattern, text, re.IGNORECASE):
                return reason
    return None
