"""The fields of records from the threads that a page says in markup."""

import re
from collections.abc import Callable
from typing import cast

from selectolax.lexbor import SelectolaxError

from qacrawl.parse.encoding import decode
from qacrawl.parse.hrefs import resolver
from qacrawl.parse.markup import reading, threads
from qacrawl.parse.markup.item import Nested
from qacrawl.parse.markup.posts import Post
from qacrawl.parse.markup.thread import Thread
from qacrawl.records import Article, Fields, OtherReply, Page, Refusal, SimilarQA

VERSION = 2
"""Raised when any page reads otherwise than before."""
LANG = re.compile(r"[A-Za-z]{2,3}(?:-[A-Za-z0-9]{1,8})*")
MOST = 1_000
"""Questions of one page that are read."""


def read(page: Page, lang: str, kept: Callable[[str], str | None]) -> Article | Refusal:
    """Return the questions of a page of any site, in its order.

    `lang` is the language of pages that don't say theirs; `kept` returns what is kept of an absolute URL, or None.
    """
    markup = decode(page.body, page.content_type)
    if markup is None:
        return Refusal("binary")
    try:
        found = reading.read(markup, page.content_type)
        asked = threads.find(found.jsonld, found.microdata)
    except Nested as error:
        return Refusal("broken_markup", (str(error),))
    except (SelectolaxError, RuntimeError, ValueError) as error:
        return Refusal("broken_markup", (f"the page can't be read: {type(error).__name__}",))
    if not asked:
        silent = threads.silent(found.jsonld, found.microdata)
        faults = found.faults or [f"its {silent} has no question with a text"] * bool(silent)
        return Refusal("broken_markup", tuple(faults)) if faults else Refusal("no_markup")
    notes = ["broken_markup"] if found.faults else []
    resolve = resolver(page, markup)

    def absolute(href: str) -> str | None:
        url = resolve(href)
        return kept(url) if url else None

    spoken = next((tag for tag in (found.lang.replace("_", "-"), lang) if LANG.fullmatch(tag)), "und")
    first, *more = (_fields(thread, spoken, notes, absolute) for thread in asked[:MOST])
    return Article(first, tuple(more))


def _fields(thread: Thread, lang: str, notes: list[str], absolute: Callable[[str], str | None]) -> Fields:
    """Plain fields of a thread."""
    asked = thread.question
    own = thread.lang.replace("_", "-")
    values: dict[str, object] = {
        "lang": own if LANG.fullmatch(own) else lang,
        "title": thread.title,
        "question": asked.text,
        "asker": asked.author,
        "ask_date": asked.day,
        "question_votes": asked.votes,
        "similar_qa": [_similar(post, absolute) for post in thread.similar],
        **replied(thread),
    }
    best = thread.best()
    notes = notes + ["bad_ask_date"] * asked.bad_day
    notes += ["bad_reply_date"] * (best is not None and thread.replies[best].bad_day)
    return cast(Fields, {name: value for name, value in values.items() if value not in ("", None)} | {"notes": notes})


def replied(thread: Thread) -> dict[str, object]:
    """Return the fields of a thread's reply and of its other ones."""
    best = thread.best()
    if best is None:
        return {"other_replies": []}
    reply = thread.replies[best]
    return {
        "reply": reply.text,
        "doctor": reply.author,
        "reply_date": reply.day,
        "reply_votes": reply.votes,
        "reply_accepted": reply.accepted,
        "other_replies": [_other(post) for at, post in enumerate(thread.replies) if at != best],
    }


def _other(post: Post) -> OtherReply:
    return OtherReply(
        author=post.author or None,
        reply=post.text,
        reply_date=post.day,
        votes=post.votes,
        accepted=post.accepted,
    )


def _similar(post: Post, absolute: Callable[[str], str | None]) -> SimilarQA:
    """Another question of the page, as an entry of its "Similar Q&A"."""
    return SimilarQA(
        title=post.title or None,
        url=(absolute(post.url) if post.url else None) or None,
        question_excerpt=post.text or None,
    )
