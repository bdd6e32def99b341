"""One run of one site: who runs where, when it ends, and what is to be done each second."""

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

from rich.console import Console
from scrapy.crawler import Crawler
from scrapy.exceptions import NotConfigured
from sqlalchemy.exc import DBAPIError

from qacrawl import registry
from qacrawl.fetch.batch import Batch
from qacrawl.fetch.tally import Tally
from qacrawl.frontier import Frontier, due, recovery
from qacrawl.frontier.hosts import LONGEST, ODD
from qacrawl.options import Options
from qacrawl.reader.messages import model
from qacrawl.redact.record import load_key
from qacrawl.usage.hosts import Hosts

if TYPE_CHECKING:
    from qacrawl.fetch.throttle import Gate

logger = logging.getLogger(__name__)

LONGEST_LEASE = 24 * 3600.0
"""Seconds: no worker is silent for longer without being taken for dead, see `options.lease`."""
ALONE = 1e12
"""A lease that ends when the next run starts: nobody else can be at work."""


class Run:
    """What Scrapy's components of one run share."""

    def __init__(self, site: str, options: Options, agent: str, folder: Path, frontier: Frontier) -> None:
        """Prepare a run of `site` with the user agent `agent`; the site's lock has to be held."""
        self.slug = site
        self.site = registry.load(site)
        self.options = options
        self.agent = agent
        self.folder = folder
        self.frontier = frontier
        self.started = datetime.now(UTC)
        self.begun = time.monotonic()
        self.number = 0
        """By the frontier's counter: visits with higher numbers came after this run began."""
        self.run_id = f"{self.started:%Y%m%dT%H%M%SZ}-{uuid4().hex[:8]}"
        self.start_urls: tuple[str, ...] = options.start_urls or self.site.START
        self.hosts = registry.hosts(site, options.start_urls)
        self.shared = options.worker
        """Whether other workers share the crawl."""
        self.key = load_key(folder)
        model(options)  # one that is none is refused before anything is fetched
        self.usage = Hosts()
        """What the files of the hosts say of the use of their pages."""
        facts = {"robots": "obeyed (RFC 9309)", "http-header-user-agent": agent}
        policy = due.chosen(getattr(self.site, "REVISIT", due.Policy()), options)
        self.batch = Batch(self.run_id, folder, frontier, policy, facts)
        self.reason: str | None = None
        """Why the run ends before all is done."""
        self.problem: str | None = None
        """What went wrong, in words, when that is why."""
        self.ended = False
        """Whether the spider was closed in good order."""
        self.resumes = False
        """Whether what an earlier run left, told to wait or at its limit, comes first, before the start pages."""
        self.gate: Gate | None = None
        """The gate that every request passes (`throttle.py`)."""
        self.on_stop: Callable[[], None] = lambda: None
        self.unlock: Callable[[], None] = lambda: None
        """Give the site's lock back, before the run ends."""
        self.console = Console(stderr=True)
        self._next_beat = 0.0

    @property
    def tally(self) -> Tally:
        """What the run came to so far."""
        return self.batch.tally

    def start(self) -> None:
        """Take over what an earlier run left, and make due what is to be visited again."""
        frontier = self.frontier
        frontier.numbers = self.options.numbers
        frontier.longest_wait = max(2 * LONGEST, self.options.retry_pause * 2.0**self.options.tries)
        frontier.longest_lease = LONGEST_LEASE + ODD
        if not self.shared and frontier.set_back():
            logger.warning("the clock is behind that of an earlier run; what waited for a time is due")
        if number := frontier.set_right():
            logger.warning("%d pages were visited by a clock that was ahead; they count as visited now", number)
        frontier.take_back(expired_only=self.shared)
        recovered = recovery.recover(self.folder, frontier, shared=self.shared)
        if recovered:
            logger.info("%d pages of an interrupted run lie in the archive and are read from there", recovered)
        everything = self.options.full or self.options.refetch
        if not (self.shared or everything):  # where few requests a run may be sent, the same ones would come each time
            self.resumes = self._is_cut(frontier.last_reason()) and frontier.pending()[0] > 0
        self.number = frontier.start_run(self.run_id, self.lease_until())
        if not self.resumes:
            self._promote(everything)

    def _is_cut(self, reason: str | None) -> bool:
        """Return whether the run before ended where this one would, if the start pages came first again."""
        few = 0 < self.options.max_pages <= len(self.start_urls)
        return reason == "told_to_wait" or (reason == "max_pages" and few)

    def _promote(self, everything: bool = False) -> None:
        """Make due what is to be visited again, whatever a clock that was wrong has noted."""
        self.frontier.promote(self.frontier.now(), everything, due.longest(self.batch.policy))

    def begin_anew(self) -> bool:
        """Make due what each run asks for, once what an earlier run left is done; return whether it was to be."""
        resumed, self.resumes = self.resumes, False
        if resumed:
            self._promote()
        return resumed

    def lease_until(self) -> float:
        """Return when a lease taken now ends, in seconds since 1970 UTC."""
        return self.frontier.now() + self.options.lease if self.shared else ALONE

    def stop(self, reason: str, problem: str | None = None) -> None:
        """End the run: what is in flight is finished, nothing new begins."""
        if self.reason is None:
            self.reason = reason
            self.problem = problem
            self.on_stop()

    @contextmanager
    def guard(self) -> Iterator[None]:
        """End the run in good order when disk or database refuse what is done inside."""
        try:
            yield
        except (OSError, DBAPIError) as error:
            self.refused(error)

    def refused(self, error: OSError | DBAPIError) -> None:
        """End the run in good order, because disk or database refused something."""
        self.stop("disk", f"what was fetched can't be stored: {reason_of(error)}")

    def commit(self) -> None:
        """Commit the batch. When disk or database refuse, nothing is acknowledged, and the run ends."""
        with self.guard():
            self.batch.commit()

    def commit_if_full(self) -> None:
        """Commit the batch if it is large or old enough."""
        if len(self.batch.settled) >= self.options.part_records or self.batch.age >= self.options.part_seconds:
            self.commit()

    def tick(self) -> None:
        """Commit an old batch, prolong leases, mind the time budget; called each second."""
        with self.guard():
            self.commit_if_full()
            budget = self.options.max_seconds
            if budget and time.monotonic() - self.begun >= budget:
                self.stop("max_seconds")
            if self.shared and time.monotonic() >= self._next_beat:
                self._beat()

    def _beat(self) -> None:
        self._next_beat = time.monotonic() + self.options.lease / 4
        self.frontier.beat(self.run_id, self.lease_until())
        if self.gate:
            self.gate.beat()
        if self.frontier.take_back(expired_only=True):  # a worker died: what it had archived need not be fetched
            recovery.recover(self.folder, self.frontier, shared=True)

    def close(self) -> None:
        """Commit what is left, close the archive, and note the run's end."""
        self.commit()
        with self.guard():
            self.batch.note_found()
            self.frontier.finish_run(self.run_id, self.reason or "finished")
        with self.guard():
            self.batch.writer.close()


def reason_of(error: OSError | DBAPIError) -> str:
    """Return what the disk or the database said, on one line."""
    said = error.strerror if isinstance(error, OSError) else str(error.orig)
    return " ".join((said or str(error)).split())


# Scrapy makes its components itself and hands them the crawler only, so that is where they find the run.
_NAME = "qacrawl_run"


def attach(crawler: Crawler, run: Run) -> None:
    """Have the components of `crawler` work for `run`."""
    setattr(crawler, _NAME, run)


def find(crawler: Crawler) -> Run | None:
    """Return the run that `crawler` works for; None under `scrapy shell` and the like, where there is none."""
    return getattr(crawler, _NAME, None)


def of(crawler: Crawler) -> Run:
    """Return the run that `crawler` works for. Raise NotConfigured where there is none."""
    run = find(crawler)
    if run is None:
        raise NotConfigured
    return run
