"""A run from the lock to the snapshot, whoever starts it: `qacrawl crawl` or `scrapy crawl`."""

import logging
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from qacrawl import registry, sitefile
from qacrawl.ending import Ending, of_run
from qacrawl.errors import Exit, QacrawlError, refusal
from qacrawl.fetch import interim, metrics, notify, private_hosts, refused, report, verdict
from qacrawl.fetch.run import Run
from qacrawl.frontier import Frontier, due, recovery
from qacrawl.options import Options
from qacrawl.publish import committed
from qacrawl.publish.about.background import is_invented
from qacrawl.publish.snapshot import Snapshot
from qacrawl.workspace import open_site

logger = logging.getLogger(__name__)

PATIENCE = 60.0
"""Seconds that a worker waits for the site: the last of the others may have it for itself, to publish."""


@dataclass
class Result:
    """What came of a run."""

    report: dict[str, Any]
    ending: Ending
    snapshot: Snapshot | None = None


@contextmanager
def opened(site: str, options: Options, agent: str) -> Iterator[Run]:
    """Open a run of `site` that holds the site's lock. Raise QacrawlError when it can't begin."""
    with ExitStack() as stack, ExitStack() as held:
        with refused.told(options, site):
            run = _open(site, options, agent, stack, held)
        run.unlock = held.close
        yield run


def _open(site: str, options: Options, agent: str, stack: ExitStack, held: ExitStack) -> Run:
    """Open a run; what it needs is closed with `stack`, and what it holds against others with `held`."""
    notify.check(options.notify)
    metrics.check(options.metrics)
    registry.check(site)
    if several := registry.apart(site, registry.hosts(site, options.start_urls)):
        raise QacrawlError(
            f"{' and '.join(several)} are crawled apart, each into an --output of its own: articles with equal numbers "
            "would be one record",
            Exit.USAGE,
        )
    if options.numbers:
        registry.load(site).article_url(options.numbers[0])  # which a site that has a file may not know
    if not options.allow_private:
        for url in options.start_urls or (registry.load(site).START if registry.source(site) else ()):
            private_hosts.check_start(url)
    folder, frontier = stack.enter_context(open_site(site, options.output, options.frontier, new=True))
    held.enter_context(_locked(frontier, options.worker))
    held.enter_context(private_hosts.guarded(options.allow_private))
    sitefile.keep(folder, site)
    run = Run(site, options, agent, folder, frontier)
    _mind_hosts(run)
    run.start()
    return run


def _mind_hosts(run: Run) -> None:
    """Warn where the folder holds pages of another host: the newest of those with one number is the record."""
    known = {urlsplit(url).netloc for url in run.frontier.addresses(kind="start")}
    if not is_invented(run.folder) and (several := registry.apart(run.slug, {*known, *run.hosts})):
        logger.warning(
            "%s has been crawled from %s: of articles with equal numbers the newest is the record",
            run.folder,
            " and ".join(several),
        )


@contextmanager
def _locked(frontier: Frontier, worker: bool) -> Iterator[None]:
    """Yield the site's lock; a worker waits for it a while. Raise QacrawlError(Exit.LOCKED)."""
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


def finish(run: Run) -> Result:
    """Close a run, write its report, and publish unless the run was cut short."""
    if not run.ended and run.reason is None:
        run.reason = "interrupted"
    run.close()
    before = report.earlier(run)
    made = report.make(run)
    snapshot = None
    try:
        made |= _judged(run, before)
        if run.reason in ("max_pages", "max_seconds"):
            made["waiting"] = run.frontier.pending()[0]
        report.write(run.folder, made)
        if run.reason not in ("interrupted", "disk"):
            snapshot = _publish_last(run, made) if run.shared else _publish(run, made)
            made |= report.published(snapshot)
            report.write(run.folder, made)
    except Exception as error:
        if (said := refusal(error)) is None:
            raise
        made["problem"] = made["problem"] or f"cannot write to {run.folder}: {said}"
        with suppress(OSError):  # the disk may have room for that
            report.write(run.folder, made)
    return _told(run, Result(made, _ending(run, made, snapshot), snapshot), before)


def _ending(run: Run, made: Mapping[str, Any], snapshot: Snapshot | None) -> Ending:
    """Return the last line of a run and its exit code."""
    problem = made["problem"]
    if made["reason"] == "interrupted" and (not problem or problem.startswith("still")):
        problem = "interrupted"
    waiting = made["waiting"]
    return of_run(run.slug, run.options.output, snapshot, problem, made["doubts"], run.options.worker, waiting)


def _told(run: Run, result: Result, before: Mapping[str, Any] | None) -> Result:
    """Tell those who wait for it how a run ended; `before` is the report of the run before. Return `result`."""
    result.report["files"] = report.places(run, result.snapshot)
    path = run.options.metrics
    if path:
        metrics.try_to_write(path, result.report, result.ending, run.folder / "runs")
    was_bad = refused.forget(run.options, run.slug) or (before is not None and not notify.went_well(before))
    notify.tell(run.options, run.slug, result.ending, was_bad, report.text(result.report))
    return result


def _judged(run: Run, before: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return what is wrong with a run, for its report; have what may be mended by the next night visited then.

    Doubts are measured by the dataset as it is before the run publishes; `before` is the report of the run before.
    """
    soon = run.frontier.now() + run.batch.policy.doubted * due.DAY
    own = verdict.failure(run.tally)
    failing = own or (run.problem if run.reason == "failing" else None)
    doubts = interim.doubts(run, run.tally)
    lasting = verdict.lasting(before, _well(run))
    if failing:
        run.frontier.retry(run.number, soon)
        kinds = verdict.blamed(run.tally).union(lasting["kinds"] if lasting else ())
        lasting = {"run_id": run.run_id, "problem": failing, "kinds": sorted(kinds)}
    elif lasting:
        own = None if doubts else verdict.still(lasting["problem"], lasting["run_id"])
    doubts = doubts or verdict.carried(before, run.tally)
    if doubts:
        run.frontier.hurry(run.number, soon)
    return {"problem": run.problem or own, "lasting": lasting, "doubts": doubts}


def _well(run: Run) -> set[str]:
    """Return the kinds of pages of which one came to something good; who finds new records can start somewhere."""
    return {*run.frontier.came_well(run.number), *(["start"] if run.tally.numbers["new"] else [])}


def _publish(run: Run, made: Mapping[str, Any]) -> Snapshot | None:
    """Publish what is committed; `made` is the report of the run."""
    return committed.publish_site(run.frontier, run.folder, run.slug, run.options, made)


def _publish_last(run: Run, made: Mapping[str, Any]) -> Snapshot | None:
    """Publish as the last of several workers; None while others are at work, one of which will be the last."""
    run.unlock()
    try:
        with run.frontier.alone():
            recovery.recover(run.folder, run.frontier)  # what killed workers left
            return _publish(run, made)
    except QacrawlError as error:
        if error.code != Exit.LOCKED:
            raise
    return None
