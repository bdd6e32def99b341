"""Makes the demo's pages: an article in any style; listings, notices and the home page in plain HTML."""

import html
from collections.abc import Iterable, Iterator
from datetime import date
from typing import NamedTuple
from urllib.parse import urlsplit

from qacrawl.demo.styles import Style
from qacrawl.records import Fields, SimilarQA

IMPOSSIBLE_DATE = "2019/02/31"


class Answer(NamedTuple):
    """What the server says to a GET."""

    body: bytes
    content_type: str = "text/html; charset=utf-8"
    status: int = 200


def article(fields: Fields, style: Style) -> Answer:
    """Return the page that shows an article in a style."""
    parts = [*_question(fields, style), *_reply(fields, style), *_below(fields, style)]
    body = style.between.join(part for part in parts if part)
    text = style.page.format(title=html.escape(fields["title"]), body=body)
    return Answer(text.encode(style.encoding, "xmlcharrefreplace"), f"text/html; charset={style.encoding}")


def page(heading: str, body: str, status: int = 200) -> Answer:
    """Return a plain page; `body` is HTML."""
    heading = html.escape(heading)
    head = f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>{heading}</title></head>'
    return Answer(f"{head}\n<body><h1>{heading}</h1>\n{body}</body></html>\n".encode(), status=status)


def listing(heading: str, entries: Iterable[tuple[str, Fields]], pages: Iterable[tuple[str, str]]) -> Answer:
    """Return an FAQ listing: `entries` are paths with what stands there, `pages` names and paths of other pages."""
    items = "".join(
        _fill(
            '<div><h2>{title}</h2><p>{start}</p><p>Dr. {doctor} Reply:</p><p>{reply}</p><a href="{path}">[Read More]'
            "</a></div>\n",
            title=fields["title"],
            start=cut(f"{fields['question_subject']} {fields['question']}"),
            doctor=fields.get("doctor", "Nobody"),
            reply=cut(fields.get("reply", "")),
            path=path,
        )
        for path, fields in entries
    )
    return page(heading, items + links(pages))


def links(pages: Iterable[tuple[str, str]]) -> str:
    """Return a list of links, from names and paths."""
    return "".join(_fill('<p><a href="{path}">{name}</a></p>\n', name=name, path=path) for name, path in pages)


def cut(text: str, most: int = 70) -> str:
    """Return the start of a text, on one line, as the site shows it elsewhere."""
    line = " ".join(text.split())
    return line if len(line) <= most else line[: most - 3].rstrip() + "..."


def _fill(template: str, **values: str) -> str:
    return template.format(**{name: html.escape(value) for name, value in values.items()})


def _question(fields: Fields, style: Style) -> Iterator[str]:
    """Yield title, subject, question and asker line."""
    if style.title:
        yield _fill(style.title, title=fields["title"], department=fields["specialty"])
    yield style.share
    yield _fill(style.subject, text=fields["question_subject"])
    yield from _paragraphs(fields["question"], style)
    day = fields.get("ask_date")
    yield _fill(
        style.asker,
        asker=fields["asker"],
        age=_age(fields),
        sex=fields["asker_sex"],
        date=_date(day),
        iso=f"{day}",
    )


def _reply(fields: Fields, style: Style) -> Iterator[str]:
    """Yield doctor line, reply and its date; nothing for a question without a reply."""
    if "reply" in fields:
        yield _fill(style.doctor, doctor=fields["doctor"], department=fields["reply_specialty"])
        yield from _paragraphs(fields["reply"], style)
        yield _fill(style.reply_date, date=_date(fields["reply_date"]))


def _below(fields: Fields, style: Style) -> Iterator[str]:
    """Yield more Info, Similar Q&A and Related FAQ."""
    yield _fill(style.heading, text="More Info")
    yield from _paragraphs(fields["more_info"], style)
    yield _fill(style.heading, text="Similar Q&A")
    for entry in fields["similar_qa"]:
        yield _similar(entry, style)
    yield _fill(style.heading, text="Related FAQ")
    for tag in fields["related_faq"]:
        yield _fill(style.faq, **_address(tag.url), name=tag.name, department=tag.specialty or "")


def _similar(entry: SimilarQA, style: Style) -> str:
    return _fill(
        style.similar,
        **_address(entry.url),
        title=entry.title or "",
        question=entry.question_excerpt or "",
        doctor=entry.doctor or "",
        department=entry.specialty or "",
        reply=entry.reply_excerpt or "",
    )


def _address(url: str | None) -> dict[str, str]:
    """Return an address in both spellings that styles use: absolute, and the path alone."""
    return {"url": url or "", "path": urlsplit(url or "").path}


def _paragraphs(text: str, style: Style) -> Iterator[str]:
    for paragraph in text.split("\n" if style.flat else "\n\n"):
        if paragraph:
            yield style.paragraph.format(text=style.br.join(html.escape(line) for line in paragraph.split("\n")))


def _age(fields: Fields) -> str:
    """Return the age with the words around it: "10~19 year old ", "14 year old ", "over 70 year old ", or nothing."""
    low, high = fields.get("asker_age_min"), fields.get("asker_age_max")
    if low is None:
        return ""
    age = f"over {low}" if high is None else f"{low}" if low == high else f"{low}~{high}"
    return f"{age} year old "


def _date(day: date | None) -> str:
    return f"{day:%Y/%m/%d}" if day else IMPOSSIBLE_DATE
