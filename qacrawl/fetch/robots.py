"""robots.txt as RFC 9309 means it: 4xx allows everything, 5xx and silence forbid everything until it answers."""

import asyncio
import time
from dataclasses import dataclass
from typing import Self
from urllib.parse import urlsplit

from protego import Protego
from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.http import Response
from scrapy.http.request import NO_CALLBACK

from qacrawl.fetch import outcomes, throttle
from qacrawl.fetch import run as runs
from qacrawl.fetch.outcomes import Forbidden, Stopping

AGENT = "qacrawl"
"""Our product token."""
LARGEST = 512 << 10
"""Bytes that are read; RFC 9309 asks for 500 KiB at least."""
REDIRECTS = 5
FRESH = 24 * 3600.0
"""Seconds after which it is asked for again."""


@dataclass
class Rules:
    """A host's robots.txt."""

    parsed: Protego
    read_at: float


class RobotsMiddleware:
    """Asks for robots.txt before anything else of a host, and lets through what it allows."""

    def __init__(self, crawler: Crawler) -> None:
        self.crawler = crawler
        self.run = runs.of(crawler)
        self.rules: dict[str, Rules] = {}
        self.asking: dict[str, asyncio.Lock] = {}

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Made by Scrapy."""
        return cls(crawler)

    async def process_request(self, request: Request) -> None:
        """Raise Forbidden for what robots.txt forbids, Stopping when it can't be had."""
        if request.meta.get("robots") or request.meta["row"].archived_file:
            return
        parts = urlsplit(request.url)
        rules = await self.get(f"{parts.scheme}://{parts.netloc}")
        if not rules.parsed.can_fetch(request.url, AGENT):
            raise Forbidden(f"robots.txt forbids {request.url}")

    async def get(self, root: str) -> Rules:
        """The rules of a host; one request asks, the others wait for it."""
        async with self.asking.setdefault(root, asyncio.Lock()):
            rules = self.rules.get(root)
            if rules is None or time.monotonic() - rules.read_at > FRESH:
                rules = self.rules[root] = Rules(Protego.parse(await self.ask(root)), time.monotonic())
                self.heed(root, rules.parsed)
        return rules

    def heed(self, root: str, parsed: Protego) -> None:
        """Keep its Crawl-delay, and visit the sitemaps that it names."""
        delay = parsed.crawl_delay(AGENT)
        if delay:
            throttle.gate(self.crawler).delays[urlsplit(root).netloc] = float(delay)
        if self.run.options.numbers:
            return
        for url in parsed.sitemaps:
            self.crawler.engine.crawl(Request(url, meta={"kind": "sitemap"}, dont_filter=True))

    async def ask(self, root: str) -> str:
        """The text of robots.txt, "" where there is none. Ends the run when none can be had."""
        tries = self.run.options.tries
        pause = self.run.options.retry_pause
        problem = ""
        for attempt in range(tries):
            if attempt:
                await self.sleep(pause * 2.0 ** (attempt - 1))
            try:
                response = await self.fetch(f"{root}/robots.txt")
            except Stopping:
                raise
            except outcomes.PrivateAddress:
                raise
            except Exception as error:
                problem = f"{outcomes.code(error)}: {error}".strip(": ")
                continue
            if response.status < 500 and response.status != 429:
                return response.body[:LARGEST].decode("utf-8", "replace") if response.status < 300 else ""
            problem = f"HTTP {response.status}"
        line = " ".join(problem.split())
        self.run.stop("robots", f"cannot read {root}/robots.txt ({line}); without it nothing is fetched")
        raise Stopping("robots.txt can't be had")

    async def sleep(self, seconds: float) -> None:
        """Sleep, unless the run ends."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            if self.run.reason or not self.crawler.crawling:
                raise Stopping("the run ends")
            await asyncio.sleep(min(left, throttle.STEP))

    async def fetch(self, url: str) -> Response:
        """One try, redirects followed, also to other hosts."""
        response: Response
        for _ in range(REDIRECTS + 1):
            request = Request(url, meta={"robots": True}, callback=NO_CALLBACK)
            response = await self.crawler.engine.download_async(request)
            location = response.headers.get("Location")
            if not 300 <= response.status < 400 or not location:
                break
            url = response.urljoin(location.decode("latin-1"))
        return response
