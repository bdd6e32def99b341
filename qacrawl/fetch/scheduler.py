"""Scrapy's scheduler on the frontier: it hands out what is due, as it is leased to this run."""

import asyncio
import time
from collections import deque

from scrapy import Request, Spider, signals
from scrapy.core.scheduler import BaseScheduler, Scheduler
from scrapy.crawler import Crawler
from scrapy.exceptions import DontCloseSpider
from twisted.internet.defer import Deferred

from qacrawl.fetch import run as runs
from qacrawl.fetch.discovery import Discovery
from qacrawl.fetch.run import Run
from qacrawl.fetch.visits import Visits

AHEAD = 200
"""URLs leased at a time when no other worker could do them meanwhile."""
PAUSE = 0.05
"""Seconds until the frontier is asked again after it had less than was wanted, while there are visits under way."""


class FrontierScheduler(BaseScheduler):
    """Hands out what the frontier leases to this run."""

    def __init__(self, crawler: Crawler, run: Run) -> None:
        self.crawler = crawler
        self.run = run
        self.discovery = Discovery(run)
        self.visits = Visits(run, self.discovery)
        self.visits.on_pause = self.wake_in
        self.visits.on_other = self.ask_next
        self.ready: deque[Request] = deque()
        self.next_fill = 0.0
        connect = crawler.signals.connect
        connect(self.visits.item_scraped, signals.item_scraped)
        connect(self.visits.item_dropped, signals.item_dropped)
        connect(self.visits.item_error, signals.item_error)
        connect(self.idle, signals.spider_idle)

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> BaseScheduler:  # type: ignore[override]
        """Return the scheduler of the crawler's run; Scrapy's own where no run is open."""
        run = runs.find(crawler)
        return cls(crawler, run) if run else Scheduler.from_crawler(crawler)

    # Scrapy's interface

    def open(self, spider: Spider) -> "Deferred[None] | None":
        """Take the spider whose callbacks get the pages."""
        self.visits.spider = spider
        return None

    def has_pending_requests(self) -> bool:
        """Return whether anything is due now or later in this run."""
        if self.run.reason:
            return False
        if self.visits.under_way and self._is_quiet():
            self.visits.sweep()
        if self.ready or self.visits.under_way:
            return True
        self.run.commit()
        with self.run.guard():
            return self.run.reason is None and self._has_more()
        return False

    def _is_quiet(self) -> bool:
        """Return whether the engine is done with all it was given: then a visit under way was lost."""
        slot = getattr(self.crawler.engine, "_slot", None)  # there is no public way
        return slot is not None and not slot.inprogress

    def _has_more(self) -> bool:
        """Return whether the frontier has something for this run; end the run where that is too far ahead."""
        if self.run.shared:
            self.run.batch.note_found()
            return self.run.frontier.pending()[0] > 0
        if self._lease(AHEAD) or (self.run.begin_anew() and self._lease(AHEAD)):
            self.wake()
            return True
        first = self.run.frontier.pending()[1]
        left = 0.0 if first is None else first - self.run.frontier.now()
        if left > self.run.options.longest_wait:
            longest = f"QACRAWL_LONGEST_WAIT is {self.run.options.longest_wait:g}"
            self.run.stop("told_to_wait", f"what is left may be asked for in {left:.0f} seconds only; {longest}")
            return False
        return first is not None

    def enqueue_request(self, request: Request) -> bool:
        """Note a URL for the frontier; return False where it leads off the site or is no page that is read."""
        if "row" in request.meta:  # a middleware asks for a leased URL once more
            self.ready.append(request)
            return True
        return self.discovery.ask(request)

    def next_request(self) -> Request | None:
        """Return the next request, or None when nothing may be asked for now."""
        if self.run.reason or not self._has_room():
            return None
        with self.run.guard():
            if not self.ready:
                self.fill()
            elif self._is_less_urgent(self.ready[0]):
                self._lease(AHEAD)
            if not self.run.frontier.new_listings:
                self._leave_new_listings()
        if not self.ready or self.run.reason:
            return None
        request = self.ready.popleft()
        self.visits.begin(request)
        return request

    def _has_room(self) -> bool:
        """Return whether one more page may be asked for; when `max_pages` have an outcome, the run ends.

        What is handed out waits at the gate, and what is found meanwhile may be more urgent: so there is one request
        more for each host than are answered at once.
        """
        limit, under_way = self.run.options.max_pages, self.visits.under_way
        if limit and self.visits.done >= limit:
            self.run.stop("max_pages")
        if limit and self.visits.done + len(under_way) >= limit:
            return False
        waiting = sum(visit.fetched is None for visit in under_way.values())
        return waiting < (self.run.options.concurrency + 1) * len(self.run.hosts)

    def fill(self) -> None:
        """Lease more; at most so often, since Scrapy asks at every turn and a transaction takes as long as a page.

        A sitemap that is under way may say what need not be visited again.
        """
        under_way = self.visits.under_way
        if under_way and (
            time.monotonic() < self.next_fill or any(one.row.kind == "sitemap" for one in under_way.values())
        ):
            return
        # Who leases more than it can do keeps others waiting: one to ask for, one to be read, for each place.
        number = 2 * self.run.options.concurrency - len(self.visits.under_way) if self.run.shared else AHEAD
        if number > 0:
            leased = self._lease(number)
            self.next_fill = time.monotonic() + (PAUSE if leased < number else 0.0)

    def _lease(self, number: int) -> int:
        """Lease up to `number` URLs, those found just now as well; they come before what is ready. Return how many."""
        self.run.batch.note_found()
        self.discovery.articles = False
        rows = self.run.frontier.lease(number, self.run.run_id, self.run.lease_until())
        self.ready.extendleft(filter(None, map(self.visits.prepare, reversed(rows))))
        return len(rows)

    def _leave_new_listings(self) -> None:
        """Give back the listings that were never visited, which wait for the next run."""
        rows = [request.meta["row"] for request in self.ready]
        left = [row for row in rows if row.kind == "listing" and not row.visits]
        if left:
            self.run.frontier.release(left)
            gone = {row.id for row in left}
            self.ready = deque(request for request in self.ready if request.meta["row"].id not in gone)

    def _is_less_urgent(self, request: Request) -> bool:
        """Return whether articles were found since the last lease, which come before this request for no article."""
        return self.discovery.articles and not self.run.shared and request.meta["row"].kind != "article"

    def close(self, reason: str) -> "Deferred[None] | None":
        """Give back what was leased and came to no outcome."""
        with self.run.guard():
            self.run.frontier.release([request.meta["row"] for request in self.ready])
        self.ready.clear()
        self.visits.give_back(*self.visits.under_way.values())
        return None

    # What wakes the engine

    def ask_next(self, request: Request) -> None:
        """Have a request for a leased URL be the next one."""
        self.ready.appendleft(request)
        self.wake_in(0)

    def wake_in(self, seconds: float) -> None:
        """Have the engine ask for requests again then."""
        asyncio.get_running_loop().call_later(seconds + 0.01, self.wake)

    def wake(self) -> None:
        """Have the engine ask for requests; by itself it would do so every five seconds."""
        slot = getattr(self.crawler.engine, "_slot", None)  # there is no public way
        if slot is not None:
            slot.nextcall.schedule()

    def idle(self, spider: Spider) -> None:
        """Go on if there is something to do."""
        if self.has_pending_requests():
            raise DontCloseSpider
