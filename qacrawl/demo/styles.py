"""The markups in which the demo site shows its pages: sets of templates, from semantic HTML to table soup."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import reduce


@dataclass(frozen=True)
class Style:
    """Templates of a page's parts. Values come in escaped; `text` is one paragraph, its lines joined by `br`."""

    page: str
    heading: str = "<h2>{text}</h2>\n"
    title: str | None = "<h1>{title} - {department}</h1>\n"
    """None: pages of this style start at the subject."""
    share: str = "<p>Share to:</p>\n"
    subject: str = "<h2>{text}</h2>\n"
    paragraph: str = "<p>{text}</p>\n"
    br: str = "<br>\n"
    flat: bool = False
    """Whether empty lines are lost: each paragraph is just more lines."""
    asker: str = "<p>{asker}, {age}{sex}. Ask Date: {date}</p>\n"
    doctor: str = "<h3>Dr. {doctor} reply {department}</h3>\n"
    reply_date: str = "<p>Reply Date: {date}</p>\n"
    similar: str = (
        '<div><h4><a href="{path}">{title}</a></h4>\n<p>{question}</p>\n<p>Dr. {doctor} reply {department}</p>\n'
        '<p>{reply}</p>\n<p><a href="{path}">[Read More] {title}</a></p></div>\n'
    )
    faq: str = '<p><a href="{path}">{name}</a></p>\n<p>({department})</p>\n'
    between: str = ""
    """What stands between the parts, and is none of them."""
    encoding: str = "utf-8"
    """Characters that it does not have are written as references."""


_NAV = '<nav><a href="/en">Home</a> <a href="/en/account">Sign in</a></nav>'
_FOOTER = "<footer><p>&copy; DoctorQnA demo. Reply Date: never. All of this is invented.</p></footer>"

SEMANTIC = Style(
    page='<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>{title} | DoctorQnA demo</title>\n'
    f"<style>main{{{{max-width:40em}}}}</style></head>\n<body>{_NAV}\n<main><article>\n{{body}}</article></main>\n"
    f"{_FOOTER}</body></html>\n",
    asker='<p class="asker">{asker}, {age}{sex}. Ask Date: <time datetime="{iso}">{date}</time></p>\n',
    faq='<li><a href="{path}">{name}</a> ({department})</li>\n',
)


def _cell(inner: str) -> str:
    """Return a row with one cell, neither of them closed."""
    return f"<tr><td>{inner}\n"


TABLES = Style(
    page="<html><head><title>DoctorQnA</title></head>\n<body bgcolor=#ffffff><table width=780 align=center><tr><td>\n"
    "<table width=100% cellpadding=4>\n{body}</table>\n</table></body></html>\n",
    heading=_cell("<b>{text}</b>"),
    title=_cell("<font size=5 color=navy><b>{title} - {department}</b></font>"),
    share=_cell("<font size=1>Share to:</font>"),
    subject=_cell("<font color=#990000><b>{text}</b></font>"),
    paragraph=_cell("<font size=2>{text}</font>"),
    asker=_cell("<font size=1>{asker}, {age}{sex}. Ask Date: {date}</font>"),
    doctor=_cell("<table width=100% bgcolor=#eeeeff><tr><td><b>Dr. {doctor} reply {department}</b></table>"),
    reply_date=_cell("<font size=1>Reply Date: {date}</font>"),
    similar=_cell("<b>{title}</b>")
    + _cell("{question}")
    + _cell("Dr. {doctor} reply {department}")
    + _cell("{reply}")
    + _cell("<a href={path}>[Read More] {title}</a>"),
    faq="<tr><td><a href={path}>{name}</a><td>({department})\n",
    encoding="windows-1252",
)

SPANS = Style(
    page='<html><head><meta charset="utf-8"></head><body>\n{body}</body></html>\n',
    heading="<span>{text}</span><br><br>\n",
    title="<span class=t>{title} - {department}</span><br><br>\n",
    share="<span>Share to:</span><br><br>\n",
    subject="<span class=s>{text}</span><br><br>\n",
    paragraph="<span>{text}</span><br><br>\n",
    br="</span><br>\n<span>",
    asker="<span>{asker}, {age}{sex}. Ask Date: {date}</span><br><br>\n",
    doctor="<span>Dr. {doctor} reply {department}</span><br><br>\n",
    reply_date="<span>Reply Date: {date}</span><br><br>\n",
    similar="<span>{title}</span><br><br>\n<span>{question}</span><br><br>\n"
    "<span>Dr. {doctor} reply {department}</span><br>\n<span>{reply}</span><br><br>\n"
    '<a href="{url}">[Read More] {title}</a><br><br>\n',
    faq='<a href="{url}">{name}</a><br><br>\n<span>({department})</span><br><br>\n',
)


def _deep(inner: str, seed: int = 1) -> str:
    """Return `inner` in ten wrappers with class names such as a build tool makes."""
    names = [f"css-{(seed * 7919 + depth * 104729) % 0xFFFFF:05x}" for depth in range(10)]
    return reduce(lambda html, name: f'<div class="{name}">{html}</div>', names, inner) + "\n"


GENERATED = Style(
    page='<!doctype html><html><head><meta charset="utf-8"><title>DoctorQnA</title>'
    '<script>window.__CSS = "sc-a1"; /* Reply Date: 1999/01/01 */</script></head>\n'
    '<body><div id="__next">\n{body}</div></body></html>\n',
    heading=_deep("<div>{text}</div>", 2),
    title=_deep("<div>{title} - {department}</div>", 3),
    share=_deep("<div>Share to:</div>", 4),
    subject=_deep("<div>{text}</div>", 5),
    paragraph=_deep("<div>{text}</div>", 6),
    asker=_deep(
        "<div><span>{asker}</span><span>, </span><b>{age}</b><span>{sex}</span><span>.</span> "
        "<span>Ask </span><span>Date: </span><time>{date}</time></div>",
        7,
    ),
    doctor=_deep(
        "<div><span>Dr. </span><strong>{doctor}</strong><i> reply </i><a href='/en'>{department}</a></div>", 8
    ),
    reply_date=_deep("<div><span>Reply</span> <span>Date: </span><time>{date}</time></div>", 9),
    similar=_deep("<div>{title}</div>", 10)
    + _deep("<div>{question}</div>", 11)
    + _deep("<div>Dr. {doctor} reply {department}</div>", 12)
    + _deep("<div>{reply}</div>", 13)
    + _deep('<a href="{path}?utm_source=similar"><span>[Read More]</span> {title}</a>', 14),
    faq=_deep('<a href="{path}">{name}</a><div>({department})</div>', 15),
)

_ONE_LINE = Style(
    page="<html><head><title>DoctorQnA</title></head><body>{body}</body></html>",
    paragraph="<p>{text}",
    share="<p>Share to&#58;",
    br="<br>",
    asker="<p>{asker},&nbsp;{age}{sex}.&nbsp;Ask&nbsp;Date&#58;&nbsp;{date}",
    doctor="<p>Dr.&nbsp;{doctor} reply&#32;{department}",
    reply_date="<p>Reply&nbsp;Date&#58;&nbsp;{date}",
    similar="<p>{title}<p>{question}<p>Dr. {doctor} reply {department}<p>{reply}"
    "<p><a href={path}>&#91;Read More&#93; {title}</a>",
    faq="<p><a href={path}>{name}</a><p>&#40;{department}&#41;",
    encoding="ascii",
)
ONE_LINE = replace(_ONE_LINE, **{name: getattr(_ONE_LINE, name).strip() for name in ("heading", "title", "subject")})

_AD = (
    '<div class="ad"><ins data-ad-slot="1"></ins><script>show({{"text": "Reply Date: 2001/01/01"}});</script>'
    "<p>Advertisement</p><template><p>Nobody, 20~29 year old female. Ask Date: 2001/01/01</p></template></div>\n"
)


def _card(inner: str) -> str:
    return f'<div class="card"><div class="card-body">{inner}</div></div>\n'


CARDS = Style(
    page='<!doctype html><html><head><meta charset="utf-8"><title>DoctorQnA</title>\n'
    f"<script async src=/ads.js></script></head><body>{_NAV}\n{{body}}{_FOOTER}</body></html>\n",
    title=_card("<h1>{title} - {department}</h1>"),
    share=_card('Share to: <svg viewBox="0 0 9 9"><title>Send to a friend</title></svg>'),
    asker=_card("<p>{asker}, {age}{sex}. Ask Date: {date}</p>"),
    doctor=_card("<h3>Dr. {doctor} reply {department}</h3>"),
    reply_date='<div class="card-footer">Reply Date: {date}</div>\n',
    faq='<div class="badge"><a href="{path}">{name}</a> ({department})</div>\n',
    between=_AD.format(),
)

DEFINITIONS = Style(
    page='<!doctype html><html><head><meta charset="utf-8"><title>DoctorQnA</title></head>\n'
    "<body><dl>\n{body}</dl></body></html>\n",
    heading="<dt>{text}</dt>\n",
    title="<dt>{title} - {department}</dt>\n",
    share="<dt>Share to:</dt>\n",
    subject="<dt>{text}</dt>\n",
    paragraph="<dd>{text}</dd>\n",
    asker="<dt>{asker}, {age}{sex}.</dt>\n<dt>Ask Date:</dt> <dd>{date}</dd>\n",
    doctor="<dt>Dr. {doctor} reply</dt> <dd>{department}</dd>\n",
    reply_date="<dt>Reply Date:</dt> <dd>{date}</dd>\n",
    similar="<dt>{title}</dt>\n<dd>{question}</dd>\n<dt>Dr. {doctor} reply</dt> <dd>{department}</dd>\n"
    '<dd>{reply}</dd>\n<dd><a href="{path}/">[Read More] {title}</a></dd>\n',
    faq='<dt><a href="{path}/">{name}</a></dt> <dd>({department})</dd>\n',
)


def _lines(texts: Iterable[str]) -> str:
    return "".join(f"{text}<br>\n" for text in texts)


COMPACT = Style(
    page='<html><head><meta charset="utf-8"><title>DoctorQnA</title></head><body><div>{body}</div></body></html>\n',
    heading=_lines(["{text}"]),
    title=None,
    share="",
    subject=_lines(["{text}"]),
    paragraph=_lines(["{text}"]),
    flat=True,
    asker=_lines(["{asker}, {age}{sex}. Ask Date: {date}"]),
    doctor=_lines(["Dr. {doctor} reply {department}"]),
    reply_date=_lines(["Reply Date: {date}"]),
    similar=_lines(
        [
            "{title}",
            "{question}",
            "Dr. {doctor} reply {department}",
            "{reply}",
            '<a href="{path}">[Read More] {title}</a>',
        ]
    ),
    faq=_lines(['<a href="{path}">{name}</a>', "({department})"]),
)

STYLES = {
    "semantic": SEMANTIC,
    "tables": TABLES,
    "spans": SPANS,
    "generated": GENERATED,
    "one_line": ONE_LINE,
    "cards": CARDS,
    "definitions": DEFINITIONS,
    "compact": COMPACT,
}
