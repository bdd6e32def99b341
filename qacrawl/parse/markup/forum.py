"""The forum thread of a page: which posting opens it, and which posts are its replies."""

import re
from collections.abc import Iterator

from qacrawl.parse.markup.item import Item, Value, walk
from qacrawl.parse.markup.posts import Post, key, post
from qacrawl.parse.markup.thread import Page, Thread, lang, line, of, once, opening

POSTING = "DiscussionForumPosting"
REPLY_TO = re.compile(r"\s*(?:(?:re|aw|sv|rv|回复|回覆|答复)(?:\[\d+\]|\^\d+)?\s*[:：]\s*)+", re.IGNORECASE)
"""What forum software puts before a thread's title, for the title of a reply."""


def forum(page: Page, pages: list[Page]) -> Thread | None:
    """Return the forum thread of a page: its posting, with the posts of it in any encoding."""
    postings = of(page, POSTING)
    main = _main(page, postings)
    if main is None:
        return None
    title, asked = opening(main, "headline", "name")
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
    return Thread(title, asked, once(replies, asked), lang=lang(main))


def _main(page: Page, postings: list[Item]) -> Item | None:
    """Return the posting that opens the thread; None on a page that lists threads."""
    mains = [one for item in page.items for one in item.items("mainEntity") if POSTING in one.types]
    first = next(iter([*mains, *[one for one in postings if one.items("comment")], *postings]), None)
    titles = {_subject(one) for one in postings} - {""}
    is_list = len(titles) > 1 and len(mains) != 1
    return first if not is_list or (first and first.items("comment")) else None


def _is_reply(item: Item, main: Item) -> bool:
    """Return whether a posting that stands beside the one that opens a thread is in the same thread."""
    title = _subject(item)
    if title or not main.items("comment"):  # without a title it is a post, whose address may be its own
        return not title or title == _subject(main)
    addresses = [{value.partition("#")[0] for value in _addresses(one)} for one in (item, main)]
    return not all(addresses) or bool(addresses[0] & addresses[1])


def _subject(item: Item) -> str:
    """Return what a posting is about: its headline without "Re:"."""
    return key(REPLY_TO.sub("", line(item, "headline"), count=1))


def _is_opening(first: Post, asked: Post) -> bool:
    """Return whether the first post is what opens a thread that has a title only: some forums mark it as a comment."""
    if first.author and asked.author:
        return first.author == asked.author
    return first.day is not None and first.day == asked.day


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
