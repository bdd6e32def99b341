"""Which links become URLs of the frontier: pages of the site that are read, and no trap."""

import logging
from collections.abc import Iterable, Sequence
from contextlib import suppress
from functools import partial
from typing import Any

from scrapy import Request
from scrapy.http import Response

from qacrawl.fetch import redirects, spelling
from qacrawl.fetch.run import Run
from qacrawl.frontier import Found, Row
from qacrawl.frontier.rows import HOP
from qacrawl.words import counted

logger = logging.getLogger(__name__)

MANY = 10_000
"""Found URLs after which they go to the frontier, and not only with the next batch."""
REDIRECTS = 5
BARREN = 50
"""Hops that a listing without articles counts for."""
CHAINED = 5
"""Hops that an article counts for which only another article led to."""
NESTED = 100
"""Hops that a sitemap counts for which another one names."""
DEEPEST = 1000
"""Hops after which listings, chained articles and nested sitemaps lead to no more of their kind: a calendar without end
is no site."""
_STEP = 10 * DEEPEST
"""The frontier counts both in one: of a listing `hops + redirects * _STEP`, of others `redirects + hops * HOP`."""


class Discovery:
    """Judges what pages and spiders lead to, and notes what is to be visited."""

    def __init__(self, run: Run) -> None:
        self.run = run
        self.articles = False
        """Whether articles were found since the scheduler leased."""
        self.fruitless = 0
        """Listings that were visited for the first time ever and led to no article that is new."""
        self.recalled = False
        """Whether what sitemaps said before was weighed in this run."""

    def find(self, request: Request) -> Found | None:
        """Return what a request asks for, if it is a page of this site that is read and no trap."""
        try:
            url = self.run.site.canonical(request.url)
        except ValueError:
            return None
        kind = request.meta.get("kind") or self.run.site.kind(url)
        found = self.judge(url, kind, request.meta.get("hops", 0), request.url)
        return found and found._replace(modified=request.meta.get("modified"))

    def judge(self, url: str, kind: Any, hops: int, address: str) -> Found | None:
        """Return a canonical URL, found as `address`, as a find, if it is a page that is read and no trap."""
        if kind is None or _host(url) not in self.run.hosts:
            return None
        if hops > DEEPEST:
            self.run.tally.add("too_far")
            return None
        return Found(url, kind, hops if kind == "listing" else hops * HOP, self._asked(address, url))

    def _asked(self, address: str, url: str) -> str | None:
        """Return how the page at a canonical URL is asked for that was found at `address`; None: by that URL."""
        return None if address == url else spelling.asked(self.run.slug, address, url, self.run.hosts)

    def ask(self, request: Request) -> bool:
        """Note what a spider asks for; return False where it leads off the site or is no page that is read."""
        return self._ask(request) is not None

    def _ask(self, request: Request) -> Found | None:
        """Note what a spider asks for, and return it."""
        found = self.find(request)
        if found is None:
            return None
        with self.run.guard():
            if request.dont_filter:  # a start page: visited once in each run
                since = 0 if self.run.resumes else self.run.number
                self.run.frontier.require(found.url, found.kind, since, found.address)
            else:
                self.note(found)
        return found

    def note(self, found: Found) -> None:
        """Have a URL in the frontier with the next batch, or at once when many wait."""
        self.run.batch.found.setdefault(found.url, found)
        self.articles |= found.kind == "article"
        if len(self.run.batch.found) >= MANY:
            self.run.batch.note_found()

    def follow(self, row: Row, urls: Iterable[str], requests: Iterable[Request]) -> None:
        """Note where a page leads: its links, and what the spider asks for beside.

        Links are URLs as they were found; of several spellings of a page the first counts. A listing that leads to no
        article counts for many hops.
        """
        found_at, requests = self._canonical(urls), list(requests)
        urls = list(found_at)
        kind = self.run.site.kind
        kinds = [kind(url) for url in urls]
        asked = [request.meta.get("kind") or kind(request.url) for request in requests]
        hops = partial(_hops, row, has_articles="article" in (*kinds, *asked))
        with self.run.guard():
            self._count_fruitless(row, [url for url, one in zip(urls, kinds, strict=True) if one == "article"])
            for found in map(self.judge, urls, kinds, map(hops, kinds), found_at.values()):
                if found:
                    self.note(found)
        for request, one in zip(requests, asked, strict=True):
            request.meta.setdefault("hops", hops(one))
        self._heed_times([found for request in requests if (found := self._ask(request))])

    def _heed_times(self, asked: Iterable[Found]) -> None:
        """Have known articles visited sooner or later, as a sitemap says when each was modified."""
        options = self.run.options
        modified: dict[str, float] = {}
        for one in asked:
            if one.modified is not None:
                modified[one.url] = max(one.modified, modified.get(one.url, one.modified))
        if modified and not (options.full or options.refetch):
            with self.run.guard():
                self.run.tally.add("moved", self.run.frontier.heed_sitemap(modified, self.run.batch.policy))

    def recall_times(self) -> None:
        """Have known articles visited later, as sitemaps said before, since one is as it was."""
        if not self.recalled and not (self.run.options.full or self.run.options.refetch):
            self.recalled = True
            with self.run.guard():
                self.run.tally.add("moved", self.run.frontier.recall_sitemaps(self.run.batch.policy))

    def _canonical(self, found: Iterable[str]) -> dict[str, str]:
        """Return the canonical URLs of what was found, and how each was spelt first."""
        spelt: dict[str, str] = {}
        for address in dict.fromkeys(found):
            with suppress(ValueError):  # no address at all
                spelt.setdefault(self.run.site.canonical(address), address)
        return spelt

    def _count_fruitless(self, row: Row, articles: Sequence[str]) -> None:
        """Count a listing that nobody knew and that brings nothing new; after too many, others wait for the next run.

        Those that earlier runs visited are asked in each run: a trap is ever new ones.
        """
        most = self.run.options.listings_without_news
        if row.kind != "listing" or row.visits or not most:
            return
        new = set(articles).difference(self.run.batch.found)
        if len(new) > self.run.frontier.count_known(sorted(new)):
            return
        self.fruitless += 1
        if self.fruitless == most:
            self.run.frontier.new_listings = False
            name = "QACRAWL_LISTINGS_WITHOUT_NEWS"
            logger.warning(
                "%s led to no new article; other new ones wait for the next run (%s)",
                counted(most, "new listing"),
                name,
            )

    def redirect(self, row: Row, response: Response) -> bool:
        """Note where a redirect leads as a URL of its own, so that a page with two addresses is fetched once.

        Return False where it leads nowhere: it is no address, off the site, in a circle, or once too often.
        """
        return self._forward(row, redirects.location(response))

    def respelt(self, row: Row, target: str | None) -> str | None:
        """Return how a page is asked for that led to itself at `target`; None where it led elsewhere, or nowhere."""
        try:
            if target is None or self.run.site.canonical(target) != row.url:
                return None
        except ValueError:
            return None
        return self._asked(target, row.url) or row.url

    def refresh(self, row: Row, response: Response) -> bool:
        """Note where a page forwards to by itself; return False where it does not, or leads nowhere."""
        return self._forward(row, redirects.refresh(self.run.slug, response))

    def _forward(self, row: Row, target: str | None) -> bool:
        hops, before = counts(row)
        if target is None or before >= REDIRECTS:
            return False
        try:
            url = self.run.site.canonical(target)
            kind = self.run.site.kind(url) or (None if row.kind == "article" else row.kind)
            found = self.judge(url, kind, hops, target)
        except ValueError:  # a port that is no number, for one
            return False
        if found is None or found.url == row.url:
            return False
        with self.run.guard():
            self.note(found._replace(hops=found.hops + (before + 1) * (_STEP if kind == "listing" else 1)))
        return True


def counts(row: Row) -> tuple[int, int]:
    """Return how many hops from a start page a URL lies, and how many redirects in a row led to it."""
    before, hops = divmod(row.hops, _STEP)
    return (hops, before) if row.kind == "listing" else divmod(row.hops, HOP)


def _hops(row: Row, kind: str | None, has_articles: bool) -> int:
    """Return how many hops from a start page a URL of a kind lies to which the page of `row` leads.

    What a listing leads to is no chain: articles begin at 0 there, and so does what is named by a sitemap.
    """
    hops = counts(row)[0]
    if kind == "listing":
        return (0 if row.kind == "sitemap" else hops) + (1 if has_articles else BARREN)
    if kind == "article":
        return hops + CHAINED if row.kind == "article" else 0
    return hops + NESTED if row.kind == "sitemap" else 0


def _host(url: str) -> str:
    return url.split("/", 3)[2]
