"""robots.txt as RFC 9309 means it: 4xx allows everything, 5xx and silence forbid everything until it answers.

With it, tdmrep.json is asked for, once: what comes of that is archived, and fails nothing.
"""

import asyncio
import logging
import time
from dataclasses import dataclass
from typing import Self
from urllib.parse import urlsplit

from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.http import Response
from scrapy.http.request import NO_CALLBACK

from qacrawl import urls
from qacrawl.archive.warc import ROBOTS, TDMREP
from qacrawl.fetch import outcomes, throttle, validators
from qacrawl.fetch import run as runs
from qacrawl.fetch.archive_middleware import Purpose
from qacrawl.fetch.outcomes import Forbidden, Stopping
from qacrawl.frontier import Row
from qacrawl.usage import hosts, marks, rules, tdmrep
from qacrawl.usage.directives import AGENT

logger = logging.getLogger(__name__)

MOST_SITEMAPS = 1000
"""Sitemaps of a robots.txt that are visited."""
REDIRECTS = 5
PATIENCE = 15.0
"""Seconds that a host has to answer for its tdmrep.json."""
FRESH = 24 * 3600.0
"""Seconds after which it is asked for again."""


@dataclass
class Known:
    """A host's robots.txt, and when it was read by this machine's monotonic clock."""

    rules: rules.Rules
    read_at: float


class RobotsMiddleware:
    """Asks for robots.txt before anything else of a host, and lets through what it allows."""

    def __init__(self, crawler: Crawler) -> None:
        self.crawler = crawler
        self.run = runs.of(crawler)
        self.known: dict[str, Known] = {}
        self.asking: dict[str, asyncio.Lock] = {}

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Make one for a crawler of Scrapy."""
        return cls(crawler)

    async def process_request(self, request: Request) -> None:
        """Raise Forbidden for what robots.txt forbids, Stopping when it can't be had."""
        if request.meta.get("purpose"):
            return
        found = await self.get(hosts.root(request.url))
        if not (found.allows(request.url) and _allows_page(found, request)):
            raise Forbidden(f"robots.txt forbids {request.url}")
        self.ask_whole(request)

    def ask_whole(self, request: Request) -> None:
        """Have a page sent whole of which the files of its host say something else than when it was last visited."""
        row: Row | None = request.meta.get("row")
        if row and marks.files(row.digest) != marks.of_files(self.run.usage.signals(request.url)):
            validators.drop(request)

    async def get(self, root: str) -> rules.Rules:
        """Return the rules of a host; one request asks, the others wait for it."""
        async with self.asking.setdefault(root, asyncio.Lock()):
            known = self.known.get(root)
            if known is None or time.monotonic() - known.read_at > FRESH:
                known = self.known[root] = Known(rules.parse(await self.ask(root), AGENT), time.monotonic())
                self.heed(root, known.rules)
                await self.ask_tdmrep(root, known.rules)
        return known.rules

    async def ask_tdmrep(self, root: str, found: rules.Rules) -> None:
        """Ask for the tdmrep.json of a host, if its robots.txt allows that; it may fail, and is then none.

        Where a Crawl-delay is longer than a run waits, it is not asked for: it would be all that a run gets.
        """
        url = f"{root}{tdmrep.PATH}"
        if not found.allows(url) or found.delay > self.run.options.longest_wait:
            return
        meta = {"purpose": Purpose(TDMREP, root), "download_timeout": PATIENCE}
        try:
            await self.crawler.engine.download_async(Request(url, meta=meta, callback=NO_CALLBACK))
        except Stopping:
            raise
        except Exception as error:
            logger.info("%s: %s", url, outcomes.code(error))

    def heed(self, root: str, found: rules.Rules) -> None:
        """Keep its Crawl-delay, and visit the sitemaps that it names."""
        throttle.gate(self.crawler).obey(urlsplit(root).netloc, found.delay)
        if self.run.options.numbers:
            return
        for address in found.sitemaps[:MOST_SITEMAPS]:
            try:
                url = urls.join(f"{root}/robots.txt", address)
                if urlsplit(url).path == "/robots.txt":  # so does an empty line lead to itself
                    continue
                # A page of the site stays one, whatever robots.txt calls it.
                request = Request(url) if self.run.site.kind(url) else _sitemap(url)
            except ValueError:
                logger.warning("%s/robots.txt: no address of a sitemap: %r", root, address[:200])
                continue
            self.crawler.engine.crawl(request)

    async def ask(self, root: str) -> bytes:
        """Return the body of robots.txt, empty where there is none. Ends the run when none can be had."""
        tries = self.run.options.tries
        pause = self.run.options.retry_pause
        problem = ""
        for attempt in range(tries):
            if attempt:
                await self.sleep(pause * 2.0 ** (attempt - 1))
            try:
                response = await self.fetch(root)
            except Stopping:
                raise
            except outcomes.PrivateAddress:
                raise
            except Exception as error:
                problem = f"{outcomes.code(error)}: {error}".strip(": ")
                continue
            if response.status < 500 and response.status != 429:
                return response.body if response.status < 300 else b""
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

    async def fetch(self, root: str) -> Response:
        """Return one try for the robots.txt of a host, redirects followed, also to other hosts."""
        response: Response
        url, meta = f"{root}/robots.txt", {"purpose": Purpose(ROBOTS, root)}
        for _ in range(REDIRECTS + 1):
            request = Request(url, meta=meta, callback=NO_CALLBACK)
            response = await self.crawler.engine.download_async(request)
            location = response.headers.get("Location")
            if not 300 <= response.status < 400 or not location:
                break
            url = urls.join(url, location.decode("utf-8", "surrogateescape"))
        return response


def _allows_page(found: rules.Rules, request: Request) -> bool:
    """Return whether a page may also be asked for by its canonical URL, however it was found."""
    row = request.meta.get("row")
    return row is None or found.allows(row.url)


def _sitemap(url: str) -> Request:
    """Return a visit of a sitemap, in this run even if it was visited in an earlier one."""
    return Request(url, meta={"kind": "sitemap"}, dont_filter=True)
