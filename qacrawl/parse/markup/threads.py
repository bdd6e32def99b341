"""Which items of a page are its questions, and which their replies."""

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from qacrawl.parse.markup import prose
from qacrawl.parse.markup.forum import POSTING, forum
from qacrawl.parse.markup.item import Item, Value, walk
from qacrawl.parse.markup.posts import REFERENCE, Post, is_same, key, post, starts_with
from qacrawl.parse.markup.thread import Page, Thread, lang, line, of, once, opening, page

ANSWERS = ("acceptedAnswer", "suggestedAnswer")
FACT = 50
"""Characters of text that say as much as an author, a day or a vote."""
CUT = re.compile(r"(?:\.\.\.|…|&hellip;)\s*\Z")


class Asked(NamedTuple):
    """The main question of a QAPage."""

    thread: Thread
    main: Item
    questions: list[Item]
    """All that the page has."""


def find(*encodings: Iterable[Item]) -> list[Thread]:
    """Return the threads of a page from its items in each encoding.

    One where it is a Q&A page or a forum thread; one a question of a FAQ page.
    """
    pages = [page(items) for items in encodings]
    asked = [found for one in pages for found in _asked(one)]
    forums = [thread for one in pages if (thread := forum(one, pages))]
    if asked:
        most = max(asked, key=lambda one: _worth(one.thread))
        others = [_entry(item) for item in most.questions if item is not most.main]
        most.thread.similar = [one for one in others if not _is_of(one, most.thread)]
        return [_whole(most.thread, forums)]
    if forums:
        return [max(forums, key=_worth)]
    seen: set[str] = set()
    listed = sorted(map(_listed, pages), key=_size, reverse=True)
    return [thread for threads in listed for thread in threads if not is_same(seen, _name(thread))]


def silent(*encodings: Iterable[Item]) -> str:
    """Return the type of what should say a question on a page and does not; "" on one that only lists threads."""
    items = [item for found in encodings for item in walk(found)]
    for kind in ("QAPage", "FAQPage", "Question"):
        if any(kind in item.types for item in items):
            return kind
    return POSTING if sum(POSTING in item.types for item in items) == 1 else ""


def _asked(page: Page) -> Iterator[Asked]:
    """Yield the main question of each QAPage."""
    qa = [one for one in of(page, "QAPage") if "FAQPage" not in one.types]
    if not qa:
        return
    listed = {id(item) for one in of(page, "FAQPage") for item in walk([one])}
    questions = [item for item in of(page, "Question") if id(item) not in listed]
    read: set[int] = set()
    for one in qa:
        main = next((item for item in one.items("mainEntity") if "Question" in item.types), None)
        main = main or next(iter(questions), None)
        if main is None or id(main) in read:
            continue
        read.add(id(main))
        if thread := question(main):
            thread.title = thread.title or line(one, "name", "headline")
            yield Asked(thread, main, questions)


def question(item: Item) -> Thread | None:
    """Return a Question with its answers; None where it says nothing."""
    title, asked = opening(item, "name", "headline")
    if not asked.text:
        return None
    accepted = {id(one) for one in item.items("acceptedAnswer")}
    answers = sorted(item.items(*ANSWERS), key=lambda one: one.place)
    replies = [post(one, accepted=id(one) in accepted) for one in answers]
    replies += [Post(said, accepted=name == ANSWERS[0]) for name in ANSWERS for said in _texts(item.all(name))]
    return Thread(title, asked, once(replies, asked), lang=lang(item))


def _texts(values: list[Value]) -> list[str]:
    """Return the values that are only a text, which some pages have in place of an Answer."""
    texts = [prose.text(value) for value in values if not isinstance(value, Item)]
    return [said for said in texts if said and not REFERENCE.fullmatch(said)]


def _entry(item: Item) -> Post:
    """Another question, under its name as the author's text."""
    found = post(item)
    found.title = line(item, "name", "headline")
    return found


def _is_of(entry: Post, thread: Thread) -> bool:
    """Return whether a question is that of a thread once more."""
    if key(entry.title) != key(thread.title):
        return False
    return not entry.text or key(entry.text) == key(thread.question.text)


def _listed(page: Page) -> list[Thread]:
    """Return the questions of a FAQ page, or of one that has questions without saying what it is."""
    pages = of(page, "FAQPage")
    items = [item for one in pages for item in walk([one]) if "Question" in item.types] or of(page, "Question")
    threads = [thread for item in items if (thread := question(item))]
    if not pages and len(threads) > 1:
        threads = [thread for thread in threads if thread.replies]
    seen: set[str] = set()
    return [thread for thread in threads if not is_same(seen, _name(thread))]


def _name(thread: Thread) -> str:
    """Return by what a question of a FAQ page is told from its others."""
    return thread.title or thread.question.text


def _says(thread: Thread) -> int:
    """How much a thread says, as characters."""
    return sum(len(one.text) + FACT * _facts(one) for one in (thread.question, *thread.replies))


def _facts(one: Post) -> int:
    """How much is known of a post beside its text."""
    return bool(one.author) + (one.day is not None) + (one.votes is not None) + one.accepted


def _worth(thread: Thread) -> tuple[bool, int]:
    """Return by what a page's main thread is told from others: that it has replies, then how much it says."""
    return bool(thread.replies), _says(thread)


def _size(threads: list[Thread]) -> tuple[int, int]:
    return sum(bool(thread.replies) for thread in threads), sum(map(_says, threads))


def _whole(asked: Thread, forums: list[Thread]) -> Thread:
    """Return a Q&A page's thread with what the same page says as a forum thread: its texts where the others are cut,
    and its posts where no answer is marked."""
    if forums:
        thread = max(forums, key=_worth)
        for one in (asked.question, *asked.replies):
            _fill(one, [thread.question, *thread.replies])
        if not asked.replies:
            asked.replies = once(thread.replies, asked.question)
        asked.replies = once(asked.replies, asked.question)
    return asked


def _fill(one: Post, others: list[Post]) -> None:
    """Give a post that ends with "..." what the one says that goes on where it is cut."""
    if not CUT.search(one.text):
        return
    start = CUT.sub("", one.text)
    for other in others:
        if starts_with(other.text, start):
            one.text, one.author, one.day = other.text, one.author or other.author, one.day or other.day
            return
