"""A run from the lock to the snapshot, whoever starts it: `qacrawl crawl` or `scrapy crawl`."""

import os
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

from scrapy.settings import Settings

from qacrawl.errors import Exit, QacrawlError
from qacrawl.fetch import private_hosts, report
from qacrawl.fetch.run import Session, reason_of
from qacrawl.forget import pages
from qacrawl.frontier import Frontier, open_frontier, recovery
from qacrawl.options import choices
from qacrawl.publish import committed
from qacrawl.publish.snapshot import Snapshot
from qacrawl.workspace import ready

PATIENCE = 60.0
"""Seconds that a worker waits for the site: the last of the others may have it for itself, to publish."""


@dataclass
class Result:
    """What came of a run."""

    report: dict[str, Any]
    snapshot: Snapshot | None = None

    @property
    def problem(self) -> str | None:
        """Why the run failed, if it did."""
        return self.report["problem"] or ("interrupted" if self.report["reason"] == "interrupted" else None)


@contextmanager
def opened(settings: Settings, site: str) -> Iterator[Session]:
    """A session of `site` that holds the site's lock. Raises QacrawlError when it can't begin."""
    chosen = choices(settings)
    folder = ready(chosen["QACRAWL_OUTPUT"], site)
    if not chosen["QACRAWL_ALLOW_PRIVATE"]:
        for url in chosen["QACRAWL_START_URLS"]:
            private_hosts.check_start(url)
    address = chosen["QACRAWL_FRONTIER"] or os.environ.get("QACRAWL_FRONTIER")
    with open_frontier(address, site, folder) as frontier, ExitStack() as lock:
        pages.resume(frontier, folder)
        lock.enter_context(_locked(frontier, chosen["QACRAWL_WORKER"]))
        run = Session(site, chosen, folder, frontier)
        run.unlock = lock.close
        run.start()
        yield run


@contextmanager
def _locked(frontier: Frontier, worker: bool) -> Iterator[None]:
    """The site's lock; a worker waits for it a while. Raises QacrawlError(Exit.LOCKED)."""
    deadline = time.monotonic() + (PATIENCE if worker else 0)
    with ExitStack() as lock:
        while True:
            try:
                lock.enter_context(frontier.alone(worker=worker))
                break
            except QacrawlError as error:
                if error.code != Exit.LOCKED or time.monotonic() >= deadline:
                    raise
            time.sleep(0.2)
        yield


def finish(run: Session) -> Result:
    """Close a session, write its report, and publish unless the run was cut short."""
    if not run.ended and run.reason is None:
        run.reason = "interrupted"
    run.close()
    made = report.make(run)
    snapshot = None
    try:
        report.write(run.folder, made)
        if run.reason not in ("interrupted", "disk"):
            snapshot = publish_last(run, made) if run.shared else publish(run, made)
            made |= {"snapshot": snapshot.id if snapshot else None, "records": snapshot.rows if snapshot else 0}
            report.write(run.folder, made)
    except OSError as error:
        made["problem"] = made["problem"] or f"cannot write to {run.folder}: {reason_of(error)}"
    return Result(made, snapshot)


def publish(run: Session, made: Mapping[str, Any]) -> Snapshot | None:
    """Publish what is committed; `made` is the report of the run."""
    return committed.publish_site(run.frontier, run.folder, run.slug, run.settings, made)


def publish_last(run: Session, made: Mapping[str, Any]) -> Snapshot | None:
    """Publish as the last of several workers; None while others are at work, one of which will be the last."""
    run.unlock()
    try:
        with run.frontier.alone():
            recovery.recover(run.folder, run.frontier)  # what killed workers left
            return publish(run, made)
    except QacrawlError as error:
        if error.code != Exit.LOCKED:
            raise
    return None
