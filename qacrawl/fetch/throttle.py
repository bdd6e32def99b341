"""How fast a host is asked: one gate that every request passes, robots.txt's included."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from scrapy.crawler import Crawler
from scrapy.http import Response

from qacrawl.fetch import run as runs
from qacrawl.fetch.outcomes import Stopping, retry_after

SLOWEST = 60.0
"""Seconds that a pause grows to at most while a host says it is overloaded."""
STEP = 0.25
"""Seconds between looks at whether the run ends."""


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
        at_once = self.run.options.concurrency
        self.places: dict[str, asyncio.Semaphore] = defaultdict(lambda: asyncio.Semaphore(at_once))
        self.slow: dict[str, float] = {}
        """Seconds added to the pause of hosts that said they are overloaded."""
        self.known: set[str] = set()

    @asynccontextmanager
    async def turn(self, host: str) -> AsyncIterator[None]:
        """Wait for this request's turn, and hold the place until the response is there."""
        async with self.places[host]:
            await self.wait(host)
            yield

    async def wait(self, host: str) -> None:
        """Wait until the next request to `host` may start. Raises Stopping when the run ends before."""
        frontier = self.run.frontier
        if host not in self.known:  # what an earlier run, or another worker, was told
            self.known.add(host)
            _, self.slow[host] = frontier.pace(host)
        elif not (self.run.shared or self.pause(host)):
            return
        while left := frontier.take_turn(host, self.least(host)):
            if self.run.reason or not self.crawler.crawling:
                raise Stopping("the run ends")
            if left > self.run.options.longest_wait:
                self.run.stop("told_to_wait", f"{host} asks not to be asked for another {left:.0f} seconds")
                raise Stopping("the run ends")
            await asyncio.sleep(min(left, STEP))

    def least(self, host: str) -> float:
        """Seconds between the starts of two requests to a host that is not overloaded."""
        return max(self.delay, self.delays.get(host, 0.0))

    def pause(self, host: str) -> float:
        """Seconds between the starts of two requests to a host, as it is now."""
        return self.least(host) + self.slow.get(host, 0.0)

    def heed(self, host: str, response: Response) -> None:
        """Slow down after a 429 or 503, speed up again after anything else."""
        slow = self.slow.get(host, 0.0)
        if response.status in (429, 503):
            asked = retry_after(response.headers)
            slow = min(SLOWEST, max(2 * slow, self.delay, 0.5))
            pause = slow if asked is None else asked
            self.run.frontier.slow_down(host, self.run.frontier.now() + pause, slow)
        elif slow:
            slow = slow / 2 if slow > 0.1 else 0.0
            self.run.frontier.slow_down(host, 0.0, slow)
        self.slow[host] = slow


def gate(crawler: Crawler) -> Gate:
    """Return the gate of a run, one for all components. Raise NotConfigured where no run is open."""
    run = runs.of(crawler)
    if run.gate is None:
        run.gate = Gate(crawler)
    return run.gate
