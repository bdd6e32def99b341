"""Which items of a page are its questions, and which their replies."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from qacrawl.parse.markup import prose
from qacrawl.parse.markup.item import Item, Value, walk
from qacrawl.parse.markup.posts import REFERENCE, Post, is_same, key, letters, post, starts_with

POSTING = "DiscussionForumPosting"
ANSWERS = ("acceptedAnswer", "suggestedAnswer")
REPLY_TO = re.compile(r"\s*(?:(?:re|aw|sv|rv|回复|回覆|答复)(?:\[\d+\]|\^\d+)?\s*[:：]\s*)+", re.IGNORECASE)
"""What forum software puts before a thread's title, for the title of a reply."""
FACT = 50
"""Characters of text that say as much as an author, a day or a vote."""
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
        others = [_entry(item) for item in most.questions if item is not most.main]
        most.thread.similar = [one for one in others if not _is_of(one, most.thread)]
        return [_whole(most.thread, forum)]
    if forum:
        return [max(forum, key=_worth)]
    first, *more = sorted(map(_listed, pages), key=_size, reverse=True) or [[]]
    seen = {key(_name(thread)) for thread in first}
    return first + [thread for others in more for thread in others if not is_same(seen, _name(thread))]


def silent(*encodings: Iterable[Item]) -> str:
    """Return what a page has in its markup that should say a question and does not; "" of one that only lists threads."""
    items = [item for found in encodings for item in walk(found)]
    for kind in ("QAPage", "FAQPage", "Question"):
        if any(kind in item.types for item in items):
            return kind
    return POSTING if sum(POSTING in item.types for item in items) == 1 else ""


def _page(items: Iterable[Item]) -> Page:
    found = [*walk(items)]
    inner = {
        id(value)
        for item in found
        for name, values in item.values.items()
        if name != "parentItem"
        for value in values
        if value is not item
    }
    for item in found:
        for parent in item.items("parentItem"):
            if parent is not item and id(item) not in inner and parent.all("text", "articleBody", "headline", "name"):
                _adopt(parent, item)
                inner.add(id(item))
    return Page(found, inner)


def _adopt(parent: Item, item: Item) -> None:
    """Add an item to what it says is its parent."""
    parent.add("suggestedAnswer" if "Question" in parent.types and "Answer" in item.types else "comment", item)


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
    texts = [prose.text(value) for value in values if not isinstance(value, Item)]
    return [said for said in texts if said and not REFERENCE.fullmatch(said)]


def _entry(item: Item) -> Post:
    """Another question, under its name as the author's text."""
    found = post(item)
    found.title = _line(item, "name", "headline")
    return found


def _is_of(entry: Post, thread: Thread) -> bool:
    """Return whether a question is that of a thread once more."""
    if key(entry.title) != key(thread.title):
        return False
    return not entry.text or key(entry.text) == key(thread.question.text)


def _forum(page: Page, pages: list[Page]) -> Thread | None:
    """Return the forum thread of a page: its posting, with the posts of it in any encoding."""
    postings = _of(page, POSTING)
    main = _main(page, postings)
    if main is None:
        return None
    title, asked = _opening(main, "headline", "name")
    if not asked.text:
        return None
    direct = main.items("comment")
    own = {id(one) for one in direct}
    comments = sorted(
        (one for one in walk(direct) if "Comment" in one.types or id(one) in own), key=lambda one: one.place
    )
    others = [one for one in postings if one is not main and id(one) not in page.inner and _is_reply(one, main)]
    found = [*comments, *others] or [one for other in pages for one in _loose(other, main)]
    replies = [post(one) for one in found]
    if replies and key(asked.text) == key(title) and _is_opening(replies[0], asked):
        asked = replies.pop(0)
    return Thread(title, asked, once(replies, asked), lang=_lang(main))


def _is_reply(item: Item, main: Item) -> bool:
    """Return whether a posting that stands beside the one that opens a thread is in the same thread."""
    title = _subject(item)
    if title:
        return title == _subject(main)
    addresses = [{value.partition("#")[0] for value in _addresses(one)} for one in (item, main)]
    return not all(addresses) or bool(addresses[0] & addresses[1])


def _subject(item: Item) -> str:
    """Return what a posting is about: its headline without "Re:"."""
    return key(REPLY_TO.sub("", _line(item, "headline"), count=1))


def _is_opening(first: Post, asked: Post) -> bool:
    """Return whether the first post is what opens a thread that has a title only: some forums mark it as a comment."""
    if first.author and asked.author:
        return first.author == asked.author
    return first.day is not None and first.day == asked.day


def _main(page: Page, postings: list[Item]) -> Item | None:
    """Return the posting that opens the thread; None on a page that lists threads."""
    mains = [one for item in page.items for one in item.items("mainEntity") if POSTING in one.types]
    first = next(iter([*mains, *[one for one in postings if one.items("comment")], *postings]), None)
    titles = {_subject(one) for one in postings} - {""}
    return first if mains or len(titles) <= 1 or (first and first.items("comment")) else None


def _loose(page: Page, main: Item) -> Iterator[Item]:
    """Yield the comments that no item has, and that don't name another thread as theirs."""
    names = _addresses(main)
    for item in page.items:
        if "Comment" in item.types and id(item) not in page.inner:
            parents = {_address(value) for value in item.all("parentItem")} - {""}
            if not parents or not names or parents & names:
                yield item


def _addresses(item: Item) -> set[str]:
    """Return what an item is named by."""
    return {item.id.rstrip("/"), *(_address(value) for value in item.all("url", "mainEntityOfPage"))} - {""}


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
    return [thread for thread in threads if not is_same(seen, _name(thread))]


def _name(thread: Thread) -> str:
    """Return by what a question of a FAQ page is told from its others."""
    return thread.title or thread.question.text


def once(posts: list[Post], asked: Post) -> list[Post]:
    """Return the posts that say something, a text once, without the question itself."""
    found: dict[str, Post] = {}
    for one in posts:
        first = found.setdefault(key(one.text), one)
        first.accepted |= one.accepted
        first.author, first.day = first.author or one.author, first.day or one.day
        first.votes = one.votes if first.votes is None else first.votes
    return [one for told, one in found.items() if told and told != key(asked.text)]


def _lang(item: Item) -> str:
    value = next(iter(item.all("inLanguage")), "")
    return prose.line(next(iter(value.all("alternateName", "name")), "") if isinstance(value, Item) else value)


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
