"""Which links become URLs of the frontier: pages of the site that are read, and no trap."""

from collections.abc import Iterable
from itertools import repeat
from typing import Any

from scrapy import Request
from scrapy.http import Response

from qacrawl.fetch import redirects
from qacrawl.fetch.run import Run
from qacrawl.frontier import Found, Row

MANY = 10_000
"""Found URLs after which they go to the frontier, and not only with the next batch."""
REDIRECTS = 5
BARREN = 50
"""Hops that a listing without articles counts for."""
DEEPEST = 1000
"""Hops after which listings lead to no more listings: a calendar without end is no site."""
_STEP = 10 * DEEPEST
"""The frontier counts both in one number: of a listing `hops + redirects * _STEP`, of others, which have no hops, the
redirects alone."""


class Discovery:
    """Judges what pages and spiders lead to, and notes what is to be visited."""

    def __init__(self, run: Run) -> None:
        self.run = run
        self.articles = False
        """Whether articles were found since the scheduler leased."""

    def find(self, request: Request) -> Found | None:
        """Return what a request asks for, if it is a page of this site that is read and no trap."""
        try:
            url = self.run.site.canonical(request.url)
        except ValueError:
            return None
        return self.judge(url, request.meta.get("kind") or self.run.site.kind(url), request.meta.get("hops", 0))

    def judge(self, url: str, kind: Any, hops: int) -> Found | None:
        """Return a canonical URL as a find, if it is a page of this site that is read and no trap."""
        hops = hops if kind == "listing" else 0
        if kind is None or _host(url) not in self.run.hosts or hops > DEEPEST:
            return None
        return Found(url, kind, hops)

    def ask(self, request: Request) -> bool:
        """Note what a spider asks for; return False where it leads off the site or is no page that is read."""
        found = self.find(request)
        if found is None:
            return False
        with self.run.guard():
            if request.dont_filter:  # a start page: visited once in each run
                since = 0 if self.run.resumes else self.run.number
                self.run.frontier.require(found.url, found.kind, since)
            else:
                self.note(found)
        return True

    def note(self, found: Found) -> None:
        """Have a URL in the frontier with the next batch, or at once when many wait."""
        self.run.batch.found.setdefault(found.url, found)
        self.articles |= found.kind == "article"
        if len(self.run.batch.found) >= MANY:
            self.run.batch.note_found()

    def follow(self, row: Row, urls: Iterable[str], requests: Iterable[Request]) -> None:
        """Note where a page leads: its links, and what the spider asks for beside.

        Links are canonical URLs. A listing that leads to no article counts for many hops.
        """
        urls, requests = list(dict.fromkeys(urls)), list(requests)
        kind = self.run.site.kind
        kinds = [kind(url) for url in (*urls, *(request.url for request in requests))]
        hops = counts(row)[0] + (1 if "article" in kinds else BARREN)
        with self.run.guard():
            for found in map(self.judge, urls, kinds, repeat(hops)):
                if found:
                    self.note(found)
        for request in requests:
            request.meta.setdefault("hops", hops)
            self.ask(request)

    def redirect(self, row: Row, response: Response) -> bool:
        """Note where a redirect leads as a URL of its own, so that a page with two addresses is fetched once.

        Return False where it leads nowhere: it is no address, off the site, in a circle, or once too often.
        """
        return self._forward(row, redirects.location(response))

    def refresh(self, row: Row, response: Response) -> bool:
        """Note where a page forwards to by itself; return False where it does not, or leads nowhere."""
        return self._forward(row, redirects.refresh(response))

    def _forward(self, row: Row, target: str | None) -> bool:
        hops, before = counts(row)
        if target is None or before >= REDIRECTS:
            return False
        try:
            url = self.run.site.canonical(target)
            kind = self.run.site.kind(url) or (None if row.kind == "article" else row.kind)
            found = self.judge(url, kind, hops)
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
    return (hops, before) if row.kind == "listing" else (0, row.hops)


def _host(url: str) -> str:
    return url.split("/", 3)[2]
