"""The life of a visit: from the request for a leased URL to the outcome that waits in the batch.

Every request has a callback and an errback from here, so each visit ends in one of them, whatever middlewares and
spiders do: the callback is done when its output is used up and all its items went through the pipelines, the errback
gets every response that is no success and every failure. What ends in neither is swept up when the spider is idle.
"""

import hashlib
import logging
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from scrapy import Request, Spider
from scrapy.exceptions import DropItem
from scrapy.http import Response
from scrapy.spidermiddlewares.httperror import HttpError
from twisted.python.failure import Failure

from qacrawl import registry, validate
from qacrawl.archive.warc import Place
from qacrawl.codes import NOTICES
from qacrawl.fetch import callbacks, freshness, outcomes, redirects, spelling, validators
from qacrawl.fetch.archive_middleware import Fetched
from qacrawl.fetch.discovery import Discovery
from qacrawl.fetch.outcomes import Again
from qacrawl.fetch.run import Run
from qacrawl.fetch.tally import NO_LINKS
from qacrawl.frontier import Row
from qacrawl.frontier.rows import OUTCOMES
from qacrawl.reader.messages import Result
from qacrawl.records import Listing, Page, QARecord, Refusal, Reject, is_gone, records_of
from qacrawl.usage import marks

logger = logging.getLogger(__name__)

UNREAD = frozenset(["crashed", "too_slow", "too_large"])
"""Reasons of rejects that say nothing of the page: it is read again at the next visit, changed or not."""


@dataclass
class Visit:
    """A visit under way."""

    row: Row
    request: Request
    open: int = 1
    """Items in the pipelines, and one for the callback itself."""
    pages: list[Page] = field(default_factory=list)
    requests: list[Request] = field(default_factory=list)
    """What the spider asks for beside."""
    links: list[str] = field(default_factory=list)
    """Where its pages lead, as their links say."""
    results: list[QARecord | Reject] = field(default_factory=list)
    listing: bool = False
    failure: str | None = None
    digest: str | None = None
    """SHA-256 of the decoded body, with the marks of its signals."""

    @property
    def fetched(self) -> Fetched | None:
        """The facts of the response, once there is one."""
        facts: Fetched | None = self.request.meta.get("fetched")
        return facts

    @property
    def place(self) -> Place | None:
        """Where the response lies in the archive, once it does."""
        return self.fetched.place if self.fetched else None

    def take(self, result: Result, links: tuple[str, ...]) -> None:
        """Add what one of its pages came to, and where that page leads."""
        self.links += links
        if isinstance(result, Listing):
            self.listing = True
            self.links += result.links
        else:
            self.results += [result] if isinstance(result, Reject) else records_of(result)


@dataclass
class Reading:
    """A page on its way through the item pipelines, with the visit that it belongs to."""

    page: Page
    visit: Visit = field(repr=False)
    result: Result | None = field(default=None, repr=False)
    """What it came to, once it is read."""


class Taken(DropItem):
    """A reject or a listing went to its visit: it is counted, not exported."""


class Visits:
    """The visits under way of one run."""

    def __init__(self, run: Run, discovery: Discovery) -> None:
        self.run = run
        self.discovery = discovery
        self.under_way: dict[int, Visit] = {}
        self.done = 0
        """Pages that came to an outcome."""
        self.whole: set[int] = set()
        """URLs, by the ids of their rows, that are asked for whole: a 304 said something new of their use."""
        self.spider: Spider | None = None
        self.on_pause: Callable[[float], None] = lambda seconds: None
        """Called with the seconds after which a URL is due again."""
        self.on_other: Callable[[Request], None] = lambda request: None
        """Called with a request for the same page at another address."""

    def request(self, row: Row) -> Request:
        """Return the request for a leased URL: conditional where an earlier visit left a validator."""
        made = spelling.request(row, self.run.options, callback=self.answered, errback=self.unanswered)
        if row.id in self.whole:
            validators.drop(made)
        return made

    def prepare(self, row: Row) -> Request | None:
        """Return the request for a leased URL; one that is no URL, in a frontier that somebody changed, fails."""
        try:
            return self.request(row)
        except ValueError:
            visit = self.under_way[row.id] = Visit(row, Request("about:blank"))
            self.finish(visit, None, "failed", reason="bad_url")
            return None

    def begin(self, request: Request) -> None:
        """Note that a request goes out."""
        row: Row = request.meta["row"]
        self.under_way.setdefault(row.id, Visit(row, request))

    # What comes back

    async def answered(self, response: Response) -> AsyncIterator[Any]:
        """Run the spider's callback on a response, unless it is the page as it was.

        Its requests go to the frontier from here: through Scrapy's machinery each would take 50 µs.
        """
        visit = self.under_way.get(response.meta["row"].id)
        if visit is None:
            return
        signals = visit.fetched.signals if visit.fetched else ()
        visit.digest = marks.stamped(hashlib.sha256(response.body).hexdigest(), signals)
        if visit.row.digest == visit.digest and not self.run.options.refetch:
            with _settling(self, visit):
                self.finish(visit, response, "unchanged")
            return
        try:
            async for item in _items(self.spider, visit, response):
                yield item
        except Exception as error:
            visit.failure = outcomes.code(error)
            logger.error("%s: the spider failed: %r", visit.row.url, error, exc_info=not isinstance(error, ValueError))
        finally:
            self.landed(visit, response)

    def unanswered(self, failure: Failure) -> None:
        """Settle a URL that gave no page: a response that is no success, or no response."""
        request = failure.request  # type: ignore[attr-defined]
        visit = self.under_way.get(request.meta["row"].id)
        if visit is not None:
            with _settling(self, visit):
                self._gave_no_page(visit, failure.value)

    def _gave_no_page(self, visit: Visit, error: BaseException | None) -> None:
        """Settle a visit by the status of its response, or by what came in place of one."""
        response = error.response if isinstance(error, HttpError) else None
        if response is None:
            verdict = outcomes.judge(error or Exception("unknown"))
        else:
            verdict = outcomes.judge_status(response.status, response.headers, validators.is_conditional(visit.request))
        if isinstance(verdict, Again):
            self._again(visit, verdict, response)
        elif verdict == "stopping":
            self.give_back(visit)
        elif verdict == "unchanged" and _says_otherwise(visit):
            self._ask_whole(visit)
        elif verdict == "unchanged":
            self.finish(visit, response, verdict)
        elif verdict == "redirect" and response is not None:
            self._redirected(visit, response)
        elif self._elsewhere(visit):
            pass
        elif verdict == "forbidden":
            self.finish(visit, None, "forbidden", reason="robots.txt")
        elif verdict == "gone":
            self.finish(visit, response, verdict)
        else:
            self.finish(visit, response, "failed", reason=verdict)

    def _redirected(self, visit: Visit, response: Response) -> None:
        """Follow a redirect: to the page at another address, or to another page."""
        leads = self.discovery.redirect(visit.row, response)
        if self._elsewhere(visit, redirects.location(response)):
            return
        if leads:
            self.finish(visit, response, "redirect")
        else:
            self.finish(visit, response, "failed", reason="bad_redirect")

    def _refreshed(self, visit: Visit, response: Response) -> bool:
        """Follow a page that does nothing but lead to itself at another address; return False for others."""
        target = redirects.refresh(self.run.slug, response) if _is_empty(visit) else None
        return self.discovery.respelt(visit.row, target) is not None and self._elsewhere(visit, target)

    def _elsewhere(self, visit: Visit, target: str | None = None) -> bool:
        """Ask for the page at another of its addresses; return False where none is left that was not tried.

        That is `target`, where the page led to itself, else its canonical URL.
        """
        own = self.discovery.respelt(visit.row, target)
        request = spelling.another(visit.request, self.run.options, own)
        if request is None:
            return False
        self.run.batch.dismiss(visit.place)
        del self.under_way[visit.row.id]
        self.on_other(request)
        return True

    def _again(self, visit: Visit, verdict: Again, response: Response | None = None) -> None:
        """Have the URL tried later in this run, or note the failure after the last try."""
        options = self.run.options
        if visit.row.attempts + 1 >= options.tries:
            if not self._elsewhere(visit):
                self.finish(visit, response, "failed", reason=verdict.reason)
            return
        self.run.tally.add("retries")
        self.run.batch.dismiss(visit.place)
        pause = options.retry_pause * 2.0**visit.row.attempts if verdict.pause is None else verdict.pause
        with self.run.guard():
            now = self.run.frontier.now()
            self.run.frontier.release([visit.row], due_at=now + pause, attempts=1)
        del self.under_way[visit.row.id]
        self.on_pause(pause)

    def _ask_whole(self, visit: Visit) -> None:
        """Have the page of a 304 sent, to be read again: something else is said of its use than before."""
        self.whole.add(visit.row.id)
        self.run.batch.dismiss(visit.place)
        with self.run.guard():
            self.run.frontier.release([visit.row], due_at=self.run.frontier.now())
        del self.under_way[visit.row.id]
        self.on_pause(0.0)

    # Signals of Scrapy

    def item_scraped(self, item: Any, response: Response | None) -> None:
        """Note that an item went through the pipelines."""
        visit = self._of(response)
        if visit and response is not None:
            if not isinstance(item, QARecord):
                visit.listing = True
            self.landed(visit, response)

    def item_dropped(self, item: Any, response: Response | None, exception: BaseException) -> None:
        """Note that a pipeline stopped an item: its page is what it came to, or a reject, or unread."""
        visit = self._of(response)
        if isinstance(exception, outcomes.GivenBack):
            if visit:
                self.give_back(visit)
        elif isinstance(exception, Taken) and visit and response is not None:
            self.landed(visit, response)
        else:
            self.refused(response, "dropped")

    def item_error(self, item: Any, response: Response | None, failure: Failure) -> None:
        """Make the page of a pipeline that broke a reject; the log has the reason."""
        if isinstance(failure.value, OSError):  # the disk, not the page
            self.run.stop("disk", str(failure.value))
            if visit := self._of(response):
                self.give_back(visit)
            return
        self.refused(response, "crashed")

    def refused(self, response: Response | None, reason: str) -> None:
        """Make the page of an item that never got through the pipelines a reject."""
        visit = self._of(response)
        if visit is None or response is None:
            return
        if visit.pages:
            version = registry.load_parser(self.run.slug).VERSION
            visit.results.append(validate.reject(visit.pages[0], Refusal(reason), version))
        else:
            visit.failure = reason
        self.landed(visit, response)

    def _of(self, response: Response | None) -> Visit | None:
        """Return the visit under way that a response belongs to."""
        row = response.meta.get("row") if response is not None and response.request is not None else None
        return self.under_way.get(row.id) if row else None

    # Ends of a visit

    def landed(self, visit: Visit, response: Response) -> None:
        """Count one thing less that a visit waits for; the last one ends it."""
        visit.open -= 1
        if not visit.open and visit.row.id in self.under_way:
            with _settling(self, visit):
                self._end(visit, response)

    def _end(self, visit: Visit, response: Response) -> None:
        """Settle a visit of a page by what it came to."""
        self.discovery.follow(visit.row, visit.links, visit.requests)
        if any(isinstance(result, QARecord) for result in visit.results):
            self.finish(visit, response, "record")
        elif visit.results and all(is_gone(result) for result in visit.results):
            visit.results.clear()
            if not self._elsewhere(visit):
                self.finish(visit, response, "gone")
        elif self._refreshed(visit, response):
            pass
        elif _forwards(visit, response, self.discovery):
            visit.results.clear()
            self.finish(visit, response, "redirect")
        elif visit.results:
            self.finish(visit, response, "reject")
        elif visit.failure or (visit.row.kind == "article" and not visit.listing):
            self.finish(visit, response, "failed", reason=visit.failure or "no_item")
        else:
            self.finish(visit, response, "listing", reason=None if _leads_on(visit) else NO_LINKS)

    def finish(self, visit: Visit, response: Response | None, outcome: Any, reason: str | None = None) -> None:
        """Settle a visit: its outcome waits in the batch."""
        facts = {"reason": reason} | _facts(visit, response, outcome)
        if outcome == "unchanged" and visit.row.kind == "sitemap":
            self.discovery.recall_times()
        facts["number"] = visit.fetched.visit if visit.fetched else None
        if response is not None and outcome in ("record", "unchanged"):
            facts["fresh"] = freshness.seconds(response.headers)
        self.run.batch.settle(visit.row, outcome, results=visit.results, place=visit.place, **facts)
        del self.under_way[visit.row.id]
        self.done += outcome in OUTCOMES
        self.run.commit_if_full()

    def give_back(self, *visits: Visit) -> None:
        """End visits without an outcome: their URLs stay due."""
        with self.run.guard():
            self.run.frontier.release([visit.row for visit in visits])
        for visit in visits:
            del self.under_way[visit.row.id]

    def sweep(self) -> None:
        """Settle the visits that ended where no hook saw it."""
        for visit in list(self.under_way.values()):
            self.finish(visit, None, "failed", reason="lost")


@contextmanager
def _settling(visits: Visits, visit: Visit) -> Iterator[None]:
    """Have an error inside be the end of the visit and of nothing else: whatever came back, the run goes on."""
    try:
        with visits.run.guard():
            yield
    except Exception as error:
        logger.exception("%s: a fault of qacrawl", visit.row.url)
        if visit.row.id in visits.under_way:
            visit.results.clear()
            visits.finish(visit, None, "failed", reason=outcomes.code(error))


def _says_otherwise(visit: Visit) -> bool:
    """Return whether the headers of a 304 say something of the use of the page, and not what they said before."""
    now = marks.of_headers(visit.fetched.signals if visit.fetched else ())
    return now not in (marks.NONE, marks.headers(visit.row.digest))


def _forwards(visit: Visit, response: Response, discovery: Discovery) -> bool:
    """Return whether a page that is no record does nothing but forward; where it leads is noted.

    One that leads elsewhere as well is a listing, and a notice of the site is no matter of the page.
    """
    return not _has_notice(visit) and discovery.refresh(visit.row, response) and _is_empty(visit)


def _has_notice(visit: Visit) -> bool:
    return any(isinstance(result, Reject) and result.reason in NOTICES for result in visit.results)


def _is_empty(visit: Visit) -> bool:
    """Return whether a page that is no record is nothing else: no notice, and no listing that leads elsewhere."""
    return not _has_notice(visit) and (visit.row.kind == "article" or not (visit.links or visit.requests))


def _leads_on(visit: Visit) -> bool:
    """Return whether a page leads anywhere, as is asked of a start page only."""
    return visit.row.kind != "start" or bool(visit.links or visit.requests)


def _is_unread(visit: Visit, outcome: str) -> bool:
    """Return whether a page is read again at its next visit, changed or not, as a start page is that is none."""
    return any(isinstance(result, Reject) and result.reason in UNREAD for result in visit.results) or (
        visit.row.kind == "start" and (outcome == "reject" or not _leads_on(visit))
    )


def _facts(visit: Visit, response: Response | None, outcome: str) -> dict[str, Any]:
    """Return what the frontier keeps of a response; of one that was read also what tells whether it changes."""
    if visit.fetched is None or response is None:
        return {}
    facts: dict[str, Any] = {"status": response.status, "seconds": visit.fetched.seconds}
    if outcome == "unchanged":
        return facts | {"address": spelling.of(visit.row, response)}
    if outcome in ("failed", "gone", "redirect"):
        return facts
    if _is_unread(visit, outcome):
        return facts | dict.fromkeys(("etag", "last_modified", "digest", "payload", "fetched_at"))
    return facts | {
        "address": spelling.of(visit.row, response),
        "etag": validators.read(response, "ETag"),
        "last_modified": validators.read(response, "Last-Modified"),
        "digest": visit.digest,
        "payload": visit.fetched.payload,
        "fetched_at": visit.fetched.at.timestamp(),
    }


async def _items(spider: Any, visit: Visit, response: Response) -> AsyncIterator[Any]:
    """Yield the items that a spider makes of a response; what it asks for beside is kept with the visit."""
    async for output in callbacks.outputs(spider, visit.row.kind, response):
        if isinstance(output, Request):
            visit.requests.append(output)
            continue
        visit.open += 1
        if isinstance(output, Page):
            visit.pages.append(output)
            yield Reading(output, visit)
        else:
            yield output
