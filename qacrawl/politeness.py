"""How fast a host is asked, and which hosts at all: one gate that every request passes, robots.txt's included."""

import asyncio
import ipaddress
import socket
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import urlsplit

from scrapy import Request
from scrapy.core.downloader.handlers.http11 import HTTP11DownloadHandler
from scrapy.crawler import Crawler
from scrapy.http import Response
from scrapy.resolver import CachingThreadedResolver
from twisted.internet.defer import Deferred

from qacrawl import session
from qacrawl.errors import Exit, QacrawlError
from qacrawl.failures import PrivateAddress, Stopping, retry_after

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
        self.session = session.of(crawler)
        self.delay = crawler.settings.getfloat("QACRAWL_DELAY")
        self.delays: dict[str, float] = {}
        """Crawl-delay of hosts whose robots.txt has one."""
        at_once = crawler.settings.getint("QACRAWL_CONCURRENCY")
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
        frontier = self.session.frontier
        if host not in self.known:  # what an earlier run, or another worker, was told
            self.known.add(host)
            _, self.slow[host] = frontier.pace(host)
        elif not (self.session.shared or self.pause(host)):
            return
        while left := frontier.take_turn(host, self.least(host)):
            if self.session.reason or not self.crawler.crawling:
                raise Stopping("the run ends")
            if left > self.crawler.settings.getfloat("QACRAWL_LONGEST_WAIT"):
                self.session.stop("told_to_wait", f"{host} asks not to be asked for another {left:.0f} seconds")
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
            self.session.frontier.slow_down(host, self.session.frontier.now() + pause, slow)
        elif slow:
            slow = slow / 2 if slow > 0.1 else 0.0
            self.session.frontier.slow_down(host, 0.0, slow)
        self.slow[host] = slow


class Handler(HTTP11DownloadHandler):
    """Scrapy's HTTP/1.1 handler behind the gate."""

    lazy = False

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        self.gate = gate(crawler)

    async def download_request(self, request: Request) -> Response:
        """Wait for the host's turn, then ask."""
        host = urlsplit(request.url).netloc
        check_host(urlsplit(request.url).hostname or "", self.gate.crawler)
        async with self.gate.turn(host):
            self.gate.session.tally["requests"] += 1
            started = time.monotonic()
            response = await super().download_request(request)
            request.meta["seconds"] = time.monotonic() - started
            self.gate.session.tally["bytes"] += len(response.body)
            self.gate.heed(host, response)
            return response


def gate(crawler: Crawler) -> Gate:
    """The gate of a run; one for all components."""
    run = session.of(crawler)
    if run.gate is None:
        run.gate = Gate(crawler)
    made: Gate = run.gate
    return made


class Resolver(CachingThreadedResolver):
    """Scrapy's resolver, which finds no private addresses unless it may."""

    allow = False

    @classmethod
    def from_crawler(cls, crawler: Crawler, reactor: Any) -> "Resolver":
        """Made by Scrapy."""
        resolver = super().from_crawler(crawler, reactor)
        resolver.allow = crawler.settings.getbool("QACRAWL_ALLOW_PRIVATE")
        return resolver

    def getHostByName(self, name: str, timeout: Sequence[int] = ()) -> "Deferred[str]":
        """The address of a host, as Twisted asks for it."""
        return super().getHostByName(name, timeout).addCallback(self._check, name)

    def _check(self, address: str, name: str) -> str:
        if not self.allow and is_private(address):
            raise PrivateAddress(f"{name} is at {address}")
        return address


def is_private(address: str) -> bool:
    """Whether an IP address is one that only this machine or network knows."""
    return not ipaddress.ip_address(address.partition("%")[0]).is_global


def check_host(host: str, crawler: Crawler) -> None:
    """Raise PrivateAddress for a host written as a private address."""
    try:
        private = is_private(host)
    except ValueError:
        return  # a name: the resolver will see
    if private and not crawler.settings.getbool("QACRAWL_ALLOW_PRIVATE"):
        raise PrivateAddress(host)


def check_start(url: str) -> None:
    """Raise QacrawlError for a start URL whose host is at a private address."""
    host = urlsplit(url).hostname or ""
    try:
        addresses = {str(info[4][0]) for info in socket.getaddrinfo(host, None)}
    except OSError:
        return  # that there is no such host is for the crawl to find
    if any(map(is_private, addresses)):
        raise QacrawlError(f"{host} is at a private address; --allow-private admits it", Exit.USAGE)
