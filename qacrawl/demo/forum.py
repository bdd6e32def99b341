"""An invented forum about kettles, with schema.org markup in JSON-LD and microdata: for a site that has a TOML file."""

import html
import json
from collections.abc import Iterator
from typing import Any

from qacrawl.demo.markup import Answer, links, page

SLUG = "kettles"
HOME = "/threads"
THREADS = 48
PER_PAGE = 12
FILE = """\
[site]
name = "kettles"
title = "Kettles, an invented forum"
lang = "en"
start = "{start}"
delay = 0

[pages]
article = ["/t/{{number}}/{{slug}}", "/faq"]
listing = "/threads"
paging = "page"
"""
BROKEN = (13, 37)
"""Threads whose JSON breaks off: they are rejects."""
THINGS = "kettle teapot strainer whistle thermometer lid handle spout filter cosy caddy tray".split()
TROUBLES = (
    ("smells of fish after a night with lemon", "boil it twice with soda and pour that away"),
    ("lost its colour where the flame touches it", "rub it with half a potato and fine salt"),
    ("drips on the cloth whenever guests come", "butter under the rim stops the drops at once"),
    ("hums in B flat before the water boils", "scale sings; vinegar ends the concert by evening"),
)
PEOPLE = "Tilda Olaf Ragna Bo Sunniva Kasper Ylva Arvid Gro Halvard".split()


def pages(base: str) -> dict[str, Answer]:
    """Return all answers of the forum at an address, by path."""
    found = {"/robots.txt": Answer(b"User-agent: *\nDisallow: /members\n", "text/plain"), "/faq": _faq()}
    numbers = range(1, THREADS + 1)
    for first in range(0, THREADS, PER_PAGE):
        number = first // PER_PAGE + 1
        there = [(_title(one), path(one)) for one in numbers[first : first + PER_PAGE]]
        more = [("Next page", f"{HOME}?page={number + 1}")] if first + PER_PAGE < THREADS else []
        about = [("Questions that many ask", "/faq"), ("Members", "/members")]
        found[HOME if number == 1 else f"{HOME}?page={number}"] = page("Threads", links([*there, *more, *about]))
    return found | {path(number): _thread(number) for number in numbers}


def path(number: int) -> str:
    """Return the path of a thread."""
    return f"/t/{number}/{_thing(number)}-that-{_trouble(number)[0].split()[0]}"


def replies(number: int) -> list[str]:
    """Return the replies of a thread that were not deleted, the accepted one last."""
    mended = f"Mine too. In the end I did this: {_trouble(number)[1]}. My {_thing(number)} is as new since."
    others = [f"Have you asked the maker of the {_thing(number)}, {_person(number + 1)}?"] * (number % 3 > 0)
    return [] if number % 8 == 0 else [*others, mended]


def _thing(number: int) -> str:
    return THINGS[number % len(THINGS)]


def _trouble(number: int) -> tuple[str, str]:
    return TROUBLES[number // len(THINGS) % len(TROUBLES)]


def _person(number: int) -> str:
    return PEOPLE[number * 7 % len(PEOPLE)]


def _title(number: int) -> str:
    return f"My {_thing(number)} {_trouble(number)[0].split()[0]}, what now?"


def _question(number: int) -> str:
    said, thing = _trouble(number)[0], _thing(number)
    return f"My {thing} {said}. I have had it for {number + 1} years. Is the {thing} done for, or can it be mended?"


def _thread(number: int) -> Answer:
    """Return a thread: even ones in microdata, odd ones in JSON-LD."""
    accepted = _microdata if number % 2 == 0 else _json
    said = "".join(accepted(number))
    beside = links([(_title(other), path(other)) for other in (number % THREADS + 1, (number * 5) % THREADS + 1)])
    return page(_title(number), said + beside)


def _posts(number: int) -> Iterator[tuple[str, bool, int]]:
    """Yield the replies as text, whether it is accepted, and votes; deleted ones are empty."""
    if number % 5 == 0:
        yield "", False, 0
    found = replies(number)
    for at, text in enumerate(found):
        yield text, at == len(found) - 1, at * 3 + number % 4


def _json(number: int) -> Iterator[str]:
    posts: dict[bool, list[dict[str, Any]]] = {True: [], False: []}
    for at, (text, accepted, votes) in enumerate(_posts(number)):
        author = {"@type": "Person", "name": _person(number + at + 1)}
        posts[accepted].append(
            {"@type": "Answer", "text": text, "author": author, "upvoteCount": votes, "dateCreated": _day(number, 2)}
        )
    asked = {
        "@type": "Question",
        "name": _title(number),
        "text": f"<p>{_question(number)}</p>",
        "author": {"@type": "Person", "name": _person(number)},
        "dateCreated": _day(number, 1),
        "acceptedAnswer": posts[True],
        "suggestedAnswer": posts[False],
    }
    said = json.dumps({"@context": "https://schema.org", "@type": "QAPage", "mainEntity": asked})
    yield f'<script type="application/ld+json">{said[:-40] if number in BROKEN else said}</script>'
    yield f"<p>{html.escape(_question(number))}</p>"


def _microdata(number: int) -> Iterator[str]:
    yield '<div itemscope itemtype="https://schema.org/QAPage"><div itemprop="mainEntity" itemscope'
    yield f' itemtype="https://schema.org/Question"><h2 itemprop="name">{_title(number)}</h2>'
    yield f'<div itemprop="text"><p>{html.escape(_question(number))}</p></div>{_author(number)}'
    yield f'<time itemprop="dateCreated" datetime="{_day(number, 1)}">a while ago</time>'
    for at, (text, accepted, votes) in enumerate(_posts(number)):
        kind = "acceptedAnswer" if accepted else "suggestedAnswer"
        yield f'<div itemprop="{kind}" itemscope itemtype="https://schema.org/Answer">'
        yield f'<span itemprop="upvoteCount">{votes}</span><div itemprop="text">{html.escape(text)}</div>'
        yield f'{_author(number + at + 1)}<meta itemprop="dateCreated" content="{_day(number, 2)}"></div>'
    yield "</div></div>"


def _author(number: int) -> str:
    name = f'<b itemprop="name">{_person(number)}</b>'
    return f'<span itemprop="author" itemscope itemtype="https://schema.org/Person">{name}</span>'


def _day(number: int, hour: int) -> str:
    return f"2023-{number % 12 + 1:02}-{number % 27 + 1:02}T0{hour}:30:00+01:00"


def _faq() -> Answer:
    asked = [
        {
            "@type": "Question",
            "name": f"May a {thing} go into the dishwasher?",
            "acceptedAnswer": {"@type": "Answer", "text": f"<p>A {thing} may not.</p><p>{said.capitalize()}.</p>"},
        }
        for thing, (_, said) in zip(("copper kettle", "bamboo tray", "cast iron teapot"), TROUBLES, strict=False)
    ]
    said = json.dumps({"@context": "https://schema.org", "@graph": [{"@type": "FAQPage", "mainEntity": asked}]})
    return page("Questions that many ask", f'<script type="application/ld+json">{said}</script><p>See the source.</p>')
