"""How fast a host is asked: one gate that every request passes, robots.txt's included."""

import asyncio
import time
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from scrapy.crawler import Crawler
from scrapy.http import Response

from qacrawl.fetch import run as runs
from qacrawl.fetch.latency import Latency
from qacrawl.fetch.outcomes import Again, Stopping, judge, retry_after
from qacrawl.frontier import Place

SLOWEST = 60.0
"""Seconds that a pause grows to at most while a host fails, or is slow."""
STEP = 0.25
"""Seconds between looks at whether the run ends."""
STORM = 3
"""URLs that fail in a row before that slows a host down; a 429 or 503 does so at once."""
PLACE_STEP = 0.05
"""Seconds between looks at whether another worker has left its place."""
LONGEST_DELAY = 1e9
"""Seconds: a Crawl-delay beyond that counts as that."""


class Gate:
    """When the next request to a host may start: at most so many at once, so long after the one before.

    With several workers, or any pause at all, the time lies in the frontier, so it holds across workers and restarts.
    """

    def __init__(self, crawler: Crawler) -> None:
        self.crawler = crawler
        self.run = runs.of(crawler)
        self.delay = self.run.options.delay
        self.delays: dict[str, float] = {}
        """Crawl-delay of hosts whose robots.txt has one."""
        self.robots: dict[str, float] = {}
        """When the robots.txt of a host was asked for, or had, by time.monotonic()."""
        at_once = self.run.options.concurrency
        self.places: dict[str, asyncio.Semaphore] = defaultdict(lambda: asyncio.Semaphore(at_once))
        self.held: dict[object, Place] = {}
        """Places among those that workers share, each under the request that has it."""
        self.slow: dict[str, float] = {}
        """Seconds added to the pause of hosts that fail."""
        self.free: set[str] = set()
        """Hosts that had a turn since they last asked for a pause."""
        self.failed: dict[str, set[str]] = defaultdict(set)
        """URLs of a host that failed since one did not."""
        self.latency = Latency(at_once, min(SLOWEST, self.run.options.longest_wait))

    # One request

    @asynccontextmanager
    async def turn(self, host: str, robots: bool = False) -> AsyncIterator[None]:
        """Wait for this request's turn, and hold the place until the response is there; `robots` for robots.txt."""
        async with self.places[host], self._shared_place(host):
            await self.wait(host, robots)
            if robots:
                self.robots[host] = time.monotonic()
            try:
                yield
            finally:
                if robots:  # it may have been sent late: the first request of a process has much to load
                    self.robots[host] = time.monotonic()

    @asynccontextmanager
    async def _shared_place(self, host: str) -> AsyncIterator[None]:
        """Hold one of the places that all workers share."""
        if not self.run.shared:
            yield
            return
        frontier, options, key = self.run.frontier, self.run.options, object()
        while not (place := frontier.take_place(host, options.concurrency, options.lease)):
            self._go_on()
            await asyncio.sleep(PLACE_STEP)
        self.held[key] = place
        try:
            yield
        finally:
            with self.run.guard():
                frontier.leave_place(self.held.pop(key))

    def beat(self) -> None:
        """Hold the places for longer; a worker that no longer says so is dead, and others take them."""
        for key, place in self.held.items():
            self.held[key] = self.run.frontier.keep_place(place, self.run.options.lease)

    async def wait(self, host: str, robots: bool = False) -> None:
        """Wait until the next request to `host` may start. Raise Stopping when the run ends before."""
        if host not in self.slow:  # what an earlier run, or another worker, was told
            self.slow[host] = min(self.run.frontier.pace(host)[1], SLOWEST)
        if host in self.free and not (self.run.shared or self.pause(host)):
            return
        while left := self._left(host, robots):
            self._go_on()
            if left > self.run.options.longest_wait:
                self._stop_waiting(host, left)
            await asyncio.sleep(min(left, STEP))
        self.free.add(host)

    def _left(self, host: str, robots: bool) -> float:
        """Return the seconds that a request has to wait; 0 when it may start, which it must then do.

        A Crawl-delay that is longer than a run waits counts from page to page only: robots.txt is read in each run, to
        see whether it still says so, and counted as well it would keep the page away for ever.
        """
        frontier, longest = self.run.frontier, self.run.options.longest_wait
        crawl_delay = 0.0 if robots else self.delays.get(host, 0.0)
        if crawl_delay:
            left = frontier.crawl_delay_left(host, crawl_delay)
            soon = self.robots.get(host, -crawl_delay) + min(crawl_delay, longest) - time.monotonic()
            if left > longest or max(left, soon) > 0:
                return max(left, soon)
        return frontier.take_turn(host, max(self.delay, self.latency.pause(host)), crawl_delay)

    def _go_on(self) -> None:
        """Raise Stopping where the run ends."""
        if self.run.reason or not self.crawler.crawling:
            raise Stopping("the run ends")

    def _stop_waiting(self, host: str, left: float) -> None:
        """End the run because a host has us wait for too long."""
        delay = self.delays.get(host, 0.0)
        why = f", since its robots.txt has Crawl-delay: {delay:g}" if delay >= left else ""
        longest = f"QACRAWL_LONGEST_WAIT is {self.run.options.longest_wait:g}"
        self.run.stop("told_to_wait", f"{host} asks not to be asked for another {left:.0f} seconds{why}; {longest}")
        raise Stopping("the run ends")

    # What a host says

    def obey(self, host: str, crawl_delay: float) -> None:
        """Keep to the Crawl-delay of a host whose robots.txt was read just now; 0 where it has none."""
        self.delays[host] = min(crawl_delay, LONGEST_DELAY)
        if crawl_delay:
            self.run.frontier.begin_crawl_delay(host)

    def pause(self, host: str) -> float:
        """Return the seconds between the starts of two requests to a host, as it is now."""
        asked = max(self.delay, self.delays.get(host, 0.0), self.latency.pause(host))
        return asked + self.slow.get(host, 0.0)

    def heed(self, host: str, response: Response, seconds: float) -> None:
        """Slow down where a response says that the host fails, speed up again where it does not.

        It took so many seconds to come.
        """
        status = response.status
        asked = retry_after(response.headers) if status >= 400 else None
        if status >= 400 and status not in (404, 410):
            self._fail(host, response.url, f"http_{status}", asked, at_once=status in (429, 503))
            return
        self.failed.pop(host, None)
        self.latency.note(host, seconds)
        slow = self.slow.get(host, 0.0)
        if slow or asked is not None:
            self._slow_down(host, asked or 0.0, slow / 2 if slow > 0.1 else 0.0)

    def heed_error(self, host: str, url: str, error: Exception) -> None:
        """Slow down where no response comes."""
        verdict = judge(error)
        if isinstance(verdict, Again):
            self._fail(host, url, verdict.reason)

    def _fail(self, host: str, url: str, reason: str, asked: float | None = None, at_once: bool = False) -> None:
        """Slow down after failures; end the run after too many in a row."""
        failed = self.failed[host]
        failed.add(url)
        slow = self.slow.get(host, 0.0)
        if at_once or len(failed) >= STORM:
            slow = min(SLOWEST, max(2 * slow, self.delay, 0.5))
            self._slow_down(host, slow if asked is None else asked, slow)
        elif asked is not None:
            self._slow_down(host, asked, slow)
        if len(failed) >= self.run.options.failures_in_a_row:
            said = f"the last {len(failed)} pages of {host} failed, now with {reason}; it is left alone"
            self.run.stop("failing", said)

    def _slow_down(self, host: str, pause: float, slow: float) -> None:
        """Ask nothing for so many seconds, and more slowly from then on."""
        self.slow[host] = slow
        self.free.discard(host)
        self.run.frontier.slow_down(host, self.run.frontier.now() + pause if pause else 0.0, slow)


def gate(crawler: Crawler) -> Gate:
    """Return the gate of a run, one for all components. Raise NotConfigured where no run is open."""
    run = runs.of(crawler)
    if run.gate is None:
        run.gate = Gate(crawler)
    return run.gate
