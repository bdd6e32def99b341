"""Scrapy's scheduler on the frontier: leases what is due, and acknowledges a URL when its outcome is committed.

Every request gets a callback and an errback from here, so each visit ends in one of them, whatever middlewares and
spiders do: the callback is done when its output is used up and all its items went through the pipelines, the errback
gets every response that is no success and every failure. What ends in neither is swept up when the spider is idle.
"""

import asyncio
import hashlib
import logging
import time
from collections import deque
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from itertools import repeat
from typing import Any, Self

from scrapy import Request, Spider, signals
from scrapy.core.scheduler import BaseScheduler
from scrapy.crawler import Crawler
from scrapy.exceptions import DontCloseSpider
from scrapy.http import Response
from scrapy.spidermiddlewares.httperror import HttpError
from twisted.python.failure import Failure

from qacrawl import validate
from qacrawl.archive.warc import Place
from qacrawl.fetch import outcomes, run
from qacrawl.fetch.archive_middleware import Fetched
from qacrawl.fetch.outcomes import Again
from qacrawl.frontier import Found, Row
from qacrawl.reader.client import UNREAD
from qacrawl.records import Page, QARecord, Refusal, Reject
from qacrawl.registry import load_parser

logger = logging.getLogger(__name__)

AHEAD = 200
"""URLs leased at a time when no other worker could do them meanwhile."""
PAUSE = 0.05
"""Seconds until the frontier is asked again after it had less than was wanted, while there are visits under way."""
MANY = 10_000
"""Found URLs after which they go to the frontier, and not only with the next batch."""
REDIRECTS = 5
BARREN = 50
"""Hops that a listing without articles counts for."""
DEEPEST = 1000
"""Hops after which listings lead to no more listings: a calendar without end is no site."""


@dataclass
class Flight:
    """A visit under way."""

    row: Row
    request: Request
    open: int = 1
    """Items in the pipelines, and one for the callback itself."""
    pages: list[Page] = field(default_factory=list)
    requests: list[Request] = field(default_factory=list)
    """What the spider asks for beside."""
    results: list[QARecord | Reject] = field(default_factory=list)
    listing: bool = False
    failure: str | None = None
    digest: str | None = None
    """SHA-256 of the decoded body."""

    @property
    def fetched(self) -> Fetched | None:
        """Facts of the response, once there is one."""
        facts: Fetched | None = self.request.meta.get("fetched")
        return facts

    @property
    def place(self) -> Place | None:
        """Where the response lies in the archive, once it does."""
        return self.fetched.place if self.fetched else None


class FrontierScheduler(BaseScheduler):
    """Hands out what the frontier leases to this run."""

    def __init__(self, crawler: Crawler) -> None:
        self.crawler = crawler
        self.session = run.of(crawler)
        self.ready: deque[Request] = deque()
        self.flights: dict[int, Flight] = {}
        self.visits = 0
        self.next_fill = 0.0
        connect = crawler.signals.connect
        connect(self.item_scraped, signals.item_scraped)
        connect(self.item_dropped, signals.item_dropped)
        connect(self.item_error, signals.item_error)
        connect(self.idle, signals.spider_idle)

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Made by Scrapy."""
        return cls(crawler)

    # Scrapy's interface

    def has_pending_requests(self) -> bool:
        """Whether anything is due now or later in this run."""
        if self.session.reason:
            return False
        if self.ready or self.flights:
            return True
        self.session.commit()
        with self.session.guard():
            self.session.note_found()
            return self.session.reason is None and self.session.frontier.pending()[0] > 0
        return False

    def enqueue_request(self, request: Request) -> bool:
        """Note a URL for the frontier; False where it leads off the site or is no page that we read."""
        if "row" in request.meta:  # a middleware asks for a leased URL once more
            self.ready.append(request)
            return True
        found = self.find(request)
        if found is None:
            return False
        with self.session.guard():
            if request.dont_filter:
                self.session.frontier.require(found.url, found.kind, self.session.started.timestamp())
            else:
                self.note(found)
        return True

    def find(self, request: Request) -> Found | None:
        """What a request asks for, if it is a page of this site that we read and no trap."""
        try:
            url = self.session.site.canonical(request.url)
        except ValueError:
            return None
        return self.judge(url, request.meta.get("kind") or self.session.site.kind(url), request.meta.get("hops", 0))

    def judge(self, url: str, kind: Any, hops: int) -> Found | None:
        """A canonical URL as a find, if it is a page of this site that we read and no trap."""
        hops = hops if kind == "listing" else 0
        if kind is None or _host(url) not in self.session.hosts or hops > DEEPEST:
            return None
        return Found(url, kind, hops)

    def note(self, found: Found) -> None:
        """Have a URL in the frontier with the next batch, or when there are many."""
        self.session.found.setdefault(found.url, found)
        if len(self.session.found) >= MANY:
            self.session.note_found()

    def next_request(self) -> Request | None:
        """The next request, or None when nothing may be asked for now."""
        limit = self.session.settings["QACRAWL_MAX_PAGES"]
        if self.session.reason:
            return None
        if limit and self.visits >= limit:
            self.session.stop("max_pages")
            return None
        if not self.ready:
            with self.session.guard():
                self.fill()
        if not self.ready:
            return None
        self.visits += 1
        request = self.ready.popleft()
        row = request.meta["row"]
        self.flights.setdefault(row.id, Flight(row, request))
        return request

    def fill(self) -> None:
        """Lease more; at most so often, since Scrapy asks at every turn and a transaction takes as long as a page."""
        if self.flights and time.monotonic() < self.next_fill:
            return
        self.session.note_found()
        # Who leases more than it can do keeps others waiting: one to ask for, one to be read, for each place.
        number = 2 * self.session.settings["QACRAWL_CONCURRENCY"] - len(self.flights) if self.session.shared else AHEAD
        if number <= 0:
            return
        frontier = self.session.frontier
        rows = frontier.lease(number, self.session.run_id, self.session.lease_until())
        self.ready.extend(map(self.request, rows))
        self.next_fill = time.monotonic() + (PAUSE if len(rows) < number else 0.0)

    def close(self, reason: str) -> None:
        """Give back what was leased and not asked for."""
        with self.session.guard():
            self.session.frontier.release([request.meta["row"] for request in self.ready])
            self.session.frontier.release([flight.row for flight in self.flights.values()])
        self.ready.clear()
        self.flights.clear()

    # Requests and what becomes of them

    def request(self, row: Row) -> Request:
        """The request for a leased URL: conditional where an earlier visit left a validator."""
        headers = {}
        if row.visits and not self.session.settings["QACRAWL_FULL"]:
            headers = {"If-None-Match": row.etag, "If-Modified-Since": row.last_modified}
        return Request(
            row.url,
            callback=self.visit,
            errback=self.fail,
            headers={name: value for name, value in headers.items() if value},
            meta={"row": row},
            dont_filter=True,
        )

    async def visit(self, response: Response) -> AsyncIterator[Any]:
        """Run the spider's callback on a response, unless it is the page as it was.

        Its requests go to the frontier from here: through Scrapy's machinery each would take 50 µs.
        """
        flight = self.flights.get(response.meta["row"].id)
        if flight is None:
            return
        flight.digest = hashlib.sha256(response.body).hexdigest()
        if flight.row.digest == flight.digest and not self.session.settings["QACRAWL_FULL"]:
            self.finish(flight, response, "unchanged")
            return
        try:
            spider: Any = self.crawler.spider
            callback = getattr(spider, f"parse_{flight.row.kind}", spider.parse)
            async for output in _iterate(callback(response)):
                if isinstance(output, Request):
                    flight.requests.append(output)
                else:
                    flight.open += 1
                    if isinstance(output, Page):
                        flight.pages.append(output)
                    yield output
        except Exception as error:
            flight.failure = outcomes.code(error)
            logger.error("%s: the spider failed: %r", flight.row.url, error, exc_info=not isinstance(error, ValueError))
        finally:
            self.landed(flight, response)

    def follow(self, flight: Flight) -> None:
        """Note where a page leads; a listing that leads to no article counts for many hops."""
        kind = self.session.site.kind
        urls = [url for page in flight.pages for url in self.session.links.pop(page.url, ())]
        kinds = [kind(url) for url in (*urls, *(request.url for request in flight.requests))]
        hops = flight.row.hops + (1 if "article" in kinds else BARREN)
        with self.session.guard():
            for found in map(self.judge, urls, kinds, repeat(hops)):
                if found:
                    self.note(found)
        for request in flight.requests:
            request.meta.setdefault("hops", hops)
            self.enqueue_request(request)

    def fail(self, failure: Failure) -> Any:
        """What becomes of a URL that gave no page: a response that is no success, or no response."""
        request = failure.request  # type: ignore[attr-defined]
        flight = self.flights.get(request.meta["row"].id)
        if flight is None:
            return
        if isinstance(failure.value, HttpError):
            yield from self.no_success(flight, failure.value.response)
            return
        verdict = outcomes.judge(failure.value or Exception("unknown"))
        if isinstance(verdict, Again):
            self.again(flight, verdict)
        elif verdict == "stopping":
            self.give_back(flight)
        elif verdict == "forbidden":
            self.finish(flight, None, "forbidden", reason="robots.txt")
        else:
            self.finish(flight, None, "failed", reason=verdict)

    def no_success(self, flight: Flight, response: Response) -> Any:
        """Read the status of a response."""
        verdict = outcomes.judge_status(response.status, response.headers)
        if isinstance(verdict, Again):
            self.again(flight, verdict, response)
        elif verdict == "redirect":
            yield from self.redirect(flight, response)
        elif verdict in ("unchanged", "gone"):
            self.finish(flight, response, verdict)
        else:
            self.finish(flight, response, "failed", reason=verdict)

    def redirect(self, flight: Flight, response: Response) -> Any:
        """Note where a redirect leads as a URL of its own, so that a page with two addresses is fetched once."""
        location = (response.headers.get("Location") or b"").decode("latin-1")
        hops = flight.row.hops + 1
        kind = flight.row.kind
        target = Request(response.urljoin(location), meta={"hops": hops}) if location else None
        found = None
        if target is not None and hops <= REDIRECTS:
            found = self.find(target) or (self.find(target.replace(meta={"kind": kind})) if kind != "article" else None)
        if found is None or found.url == flight.row.url:
            self.finish(flight, response, "failed", reason="bad_redirect")
            return
        self.session.found[found.url] = found._replace(hops=hops)
        self.finish(flight, response, "redirect")

    def again(self, flight: Flight, verdict: Again, response: Response | None = None) -> None:
        """Try later in this run, or note the failure after the last try."""
        settings = self.crawler.settings
        if flight.row.attempts + 1 >= settings.getint("QACRAWL_TRIES"):
            self.finish(flight, response, "failed", reason=verdict.reason)
            return
        self.session.tally["retries"] += 1
        self.session.dismiss(flight.place)
        pause = verdict.pause
        if pause is None:
            pause = settings.getfloat("QACRAWL_RETRY_PAUSE") * 2.0**flight.row.attempts
        with self.session.guard():
            now = self.session.frontier.now()
            self.session.frontier.release([flight.row], due_at=now + pause, attempts=1)
        del self.flights[flight.row.id]
        self.visits -= 1
        self.wake_in(pause)

    def give_back(self, flight: Flight) -> None:
        """End a visit without an outcome: the URL stays due."""
        with self.session.guard():
            self.session.frontier.release([flight.row])
        del self.flights[flight.row.id]

    def wake_in(self, seconds: float) -> None:
        """Have the engine ask for requests again then."""
        asyncio.get_running_loop().call_later(seconds + 0.01, self.wake)

    def wake(self) -> None:
        """Have the engine ask for requests; by itself it would do so every five seconds."""
        slot = getattr(self.crawler.engine, "_slot", None)  # there is no public way
        if slot is not None:
            slot.nextcall.schedule()

    # Ends of a visit

    def item_scraped(self, item: Any, response: Response | None) -> None:
        """A pipeline's result: a record, a reject, or a listing."""
        flight = self.flight_of(response)
        if flight is None or response is None:
            return
        if isinstance(item, QARecord | Reject):
            flight.results.append(item)
        else:
            flight.listing = True
        self.landed(flight, response)

    def item_dropped(self, item: Any, response: Response | None, exception: BaseException) -> None:
        """A pipeline refused an item: the page is a reject, unless it was not read at all."""
        if isinstance(exception, outcomes.GivenBack):
            if flight := self.flight_of(response):
                self.give_back(flight)
            return
        self.refused(item, response, "dropped")

    def item_error(self, item: Any, response: Response | None, failure: Failure) -> None:
        """A pipeline broke: the page is a reject, and the log has the reason."""
        if isinstance(failure.value, OSError):  # the disk, not the page
            self.session.stop("disk", str(failure.value))
            if flight := self.flight_of(response):
                self.give_back(flight)
            return
        self.refused(item, response, "crashed")

    def refused(self, item: Any, response: Response | None, reason: str) -> None:
        """Make the page of an item that never got through the pipelines a reject."""
        flight = self.flight_of(response)
        if flight is None or response is None:
            return
        if flight.pages:
            version = load_parser(self.session.slug).VERSION
            flight.results.append(validate.reject(flight.pages[0], Refusal(reason), version))
        else:
            flight.failure = reason
        self.landed(flight, response)

    def flight_of(self, response: Response | None) -> Flight | None:
        """The visit under way that a response belongs to."""
        row = response.meta.get("row") if response is not None and response.request is not None else None
        return self.flights.get(row.id) if row else None

    def landed(self, flight: Flight, response: Response) -> None:
        """One thing less that a visit waits for; the last one ends it."""
        flight.open -= 1
        if flight.open or flight.row.id not in self.flights:
            return
        self.follow(flight)
        if any(isinstance(result, QARecord) for result in flight.results):
            self.finish(flight, response, "record")
        elif flight.results:
            self.finish(flight, response, "reject")
        elif flight.failure or (flight.row.kind == "article" and not flight.listing):
            self.finish(flight, response, "failed", reason=flight.failure or "no_item")
        else:
            self.finish(flight, response, "listing")

    def finish(self, flight: Flight, response: Response | None, outcome: Any, reason: str | None = None) -> None:
        """Settle a visit."""
        del self.flights[flight.row.id]
        facts: dict[str, Any] = {"reason": reason}
        fetched = flight.fetched
        if fetched and response is not None:
            facts |= {"status": response.status, "seconds": fetched.seconds}
            if outcome not in ("unchanged", "failed", "gone", "redirect"):
                facts |= _validators(response) | {
                    "digest": flight.digest,
                    "payload": fetched.payload,
                    "fetched_at": fetched.at.timestamp(),
                }
            facts |= _not_kept(flight.results)
        self.session.settle(flight.row, outcome, results=flight.results, place=flight.place, **facts)
        self.session.commit_if_full()

    def idle(self, spider: Spider) -> None:
        """Sweep up visits that ended where no hook saw it; go on if that leaves something to do."""
        for flight in list(self.flights.values()):
            self.finish(flight, None, "failed", reason="lost")
        if self.has_pending_requests():
            raise DontCloseSpider


def _validators(response: Response) -> dict[str, str | None]:
    """What to send with the next request to learn whether the page changed."""

    def header(name: str) -> str | None:
        value = response.headers.get(name)
        text = value.decode("latin-1").strip() if value else ""
        return text if 0 < len(text) <= 1000 else None

    return {"etag": header("ETag"), "last_modified": header("Last-Modified")}


def _not_kept(results: list[QARecord | Reject]) -> dict[str, None]:
    """What not to keep of a page that could not be read: with it, the same page would not be read at the next visit."""
    unread = any(isinstance(result, Reject) and result.reason in UNREAD for result in results)
    return dict.fromkeys(("etag", "last_modified", "digest", "payload")) if unread else {}


async def _iterate(output: Any) -> AsyncIterator[Any]:
    """A callback's output, however it comes."""
    if output is None:
        return
    if hasattr(output, "__aiter__"):
        async for item in output:
            yield item
    elif hasattr(output, "__await__"):
        async for item in _iterate(await output):
            yield item
    elif isinstance(output, Request | Page) or not hasattr(output, "__iter__"):
        yield output
    else:
        for item in output:
            yield item


def _host(url: str) -> str:
    return url.split("/", 3)[2]
