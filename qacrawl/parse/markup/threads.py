"""Which items of a page are its questions, and which their replies."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from qacrawl.parse.markup import prose
from qacrawl.parse.markup.item import Item, Value, walk
from qacrawl.parse.markup.posts import Post, is_same, letters, post, starts_with

POSTING = "DiscussionForumPosting"
ANSWERS = ("acceptedAnswer", "suggestedAnswer")
CUT = re.compile(r"(?:\.\.\.|…|&hellip;)\s*\Z")


@dataclass
class Thread:
    """A question with its replies."""

    title: str
    question: Post
    replies: list[Post] = field(default_factory=list)
    """In the order of the page, a text once."""
    similar: list[Post] = field(default_factory=list)
    """Other questions of the page."""
    lang: str = ""

    def best(self) -> int | None:
        """Return which reply is the reply: the accepted one, else that with most votes, else the first."""
        if not self.replies:
            return None
        places = range(len(self.replies))
        return max(places, key=lambda at: (self.replies[at].accepted, self.replies[at].votes or 0, -at))


class Page(NamedTuple):
    """All items of a page in one encoding."""

    items: list[Item]
    """In the page's order."""
    inner: set[int]
    """The `id()` of those that are in the property of another."""


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
    pages = [_page(items) for items in encodings]
    asked = [found for page in pages for found in _asked(page)]
    forum = [thread for page in pages if (thread := _forum(page, pages))]
    if asked:
        most = max(asked, key=lambda one: _worth(one.thread))
        most.thread.similar = [_entry(item) for item in most.questions if item is not most.main]
        return [_whole(most.thread, forum)]
    if forum:
        return [max(forum, key=_worth)]
    return max((_listed(page) for page in pages), key=_size, default=[])


def _page(items: Iterable[Item]) -> Page:
    found = [*walk(items)]
    inner = {id(value) for item in found for values in item.values.values() for value in values if value is not item}
    return Page(found, inner)


def _of(page: Page, kind: str) -> list[Item]:
    return [item for item in page.items if kind in item.types]


def _asked(page: Page) -> Iterator[Asked]:
    """Yield the main question of each QAPage."""
    qa = _of(page, "QAPage")
    if not qa:
        return
    listed = {id(item) for one in _of(page, "FAQPage") for item in walk([one])}
    questions = [item for item in _of(page, "Question") if id(item) not in listed]
    read: set[int] = set()
    for one in qa:
        main = next((item for item in one.items("mainEntity") if "Question" in item.types), None)
        main = main or next(iter(questions), None)
        if main is None or id(main) in read:
            continue
        read.add(id(main))
        if thread := question(main):
            thread.title = thread.title or _line(one, "name", "headline")
            yield Asked(thread, main, questions)


def question(item: Item) -> Thread | None:
    """Return a Question with its answers; None where it says nothing."""
    title, asked = _opening(item, "name", "headline")
    if not asked.text:
        return None
    accepted = {id(one) for one in item.items("acceptedAnswer")}
    answers = sorted(item.items(*ANSWERS), key=lambda one: one.place)
    replies = [post(one, accepted=id(one) in accepted) for one in answers]
    replies += [Post(said, accepted=name == ANSWERS[0]) for name in ANSWERS for said in _texts(item.all(name))]
    return Thread(title, asked, once(replies, asked), lang=_lang(item))


def _opening(item: Item, *titles: str) -> tuple[str, Post]:
    """Return the title of what opens a thread, and its post, whose text is the title where it has none."""
    title, asked = _line(item, *titles), post(item)
    asked.text = asked.text or title
    return title, asked


def _line(item: Item, *names: str) -> str:
    """Return the first value of some properties as one line; "" where there is none."""
    return prose.line(next(iter(item.all(*names)), ""))


def _texts(values: list[Value]) -> list[str]:
    """Return the values that are only a text, which some pages have in place of an Answer."""
    return [said for value in values if not isinstance(value, Item) and (said := prose.text(value))]


def _entry(item: Item) -> Post:
    """Another question, under its name as the author's text."""
    found = post(item)
    found.title = _line(item, "name", "headline")
    return found


def _forum(page: Page, pages: list[Page]) -> Thread | None:
    """Return the forum thread of a page: its posting, with the posts of it in any encoding."""
    postings = _of(page, POSTING)
    main = _main(page, postings)
    if main is None:
        return None
    title, asked = _opening(main, "headline", "name")
    if not asked.text:
        return None
    comments = [one for one in walk(main.items("comment")) if "Comment" in one.types] or main.items("comment")
    others = [one for one in postings if one is not main and id(one) not in page.inner]
    found = [*comments, *others] or [one for other in pages for one in _loose(other, main)]
    return Thread(title, asked, once([post(one) for one in found], asked), lang=_lang(main))


def _main(page: Page, postings: list[Item]) -> Item | None:
    """Return the posting that opens the thread; None on a page that lists threads."""
    mains = [one for item in page.items for one in item.items("mainEntity") if POSTING in one.types]
    first = next(iter([*mains, *[one for one in postings if one.items("comment")], *postings]), None)
    titles = {prose.line(value) for one in postings for value in one.all("headline")[:1]} - {""}
    return first if mains or len(titles) <= 1 or (first and first.items("comment")) else None


def _loose(page: Page, main: Item) -> Iterator[Item]:
    """Yield the comments that no item has, and that don't name another thread as theirs."""
    names = {main.id.rstrip("/"), *(_address(value) for value in main.all("url", "mainEntityOfPage"))} - {""}
    for item in page.items:
        if "Comment" in item.types and id(item) not in page.inner:
            parents = {_address(value) for value in item.all("parentItem")} - {""}
            if not parents or not names or parents & names:
                yield item


def _address(value: Value) -> str:
    if isinstance(value, Item):
        return value.id.rstrip("/")
    return (value if isinstance(value, str) else value.href).rstrip("/")


def _listed(page: Page) -> list[Thread]:
    """Return the questions of a FAQ page, or of one that has questions without saying what it is."""
    pages = _of(page, "FAQPage")
    items = [item for one in pages for item in walk([one]) if "Question" in item.types] or _of(page, "Question")
    threads = [thread for item in items if (thread := question(item))]
    if not pages and len(threads) > 1:
        threads = [thread for thread in threads if thread.replies]
    seen: set[str] = set()
    return [thread for thread in threads if not is_same(seen, thread.title or thread.question.text)]


def once(posts: list[Post], asked: Post) -> list[Post]:
    """Return the posts that say something, a text once, without the question itself."""
    seen = {letters(asked.text)}
    return [one for one in posts if one.text and not is_same(seen, one.text)]


def _lang(item: Item) -> str:
    value = next(iter(item.all("inLanguage")), "")
    return prose.line(next(iter(value.all("alternateName", "name")), "") if isinstance(value, Item) else value)


def _says(thread: Thread) -> int:
    """How much a thread says."""
    return len(thread.question.text) + sum(len(one.text) for one in thread.replies)


def _worth(thread: Thread) -> tuple[bool, int]:
    """Return by what a page's main thread is told from others: that it has replies, then how much it says."""
    return bool(thread.replies), _says(thread)


def _size(threads: list[Thread]) -> tuple[int, int]:
    return sum(bool(thread.replies) for thread in threads), sum(map(_says, threads))


def _whole(asked: Thread, forum: list[Thread]) -> Thread:
    """Return a Q&A page's thread with what the same page says as a forum thread: its texts where the others are cut,
    and its posts where no answer is marked."""
    if forum:
        thread = max(forum, key=_worth)
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
