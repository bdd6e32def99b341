"""A run, from the lock to the snapshot: `qacrawl crawl`, and what `scrapy crawl` does the same way."""

import logging
import os
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rich.console import Console
from scrapy.crawler import AsyncCrawlerProcess
from scrapy.settings import Settings

from qacrawl import forgetting, mirror, politeness, publishing, recovery, report, session, sites, urls
from qacrawl.errors import Exit, QacrawlError
from qacrawl.frontier import Frontier, open_frontier
from qacrawl.publish.snapshot import Snapshot
from qacrawl.session import Session

PATIENCE = 60.0
"""Seconds that a worker waits for the site: the last of the others may have it for itself, to publish."""


@dataclass(frozen=True)
class Options:
    """What a user may choose of a crawl; None is the setting's default."""

    output: str = "output"
    start_urls: tuple[str, ...] = ()
    numbers: tuple[int, int] | None = None
    frontier: str | None = None
    delay: float | None = None
    concurrency: int | None = None
    max_pages: int | None = None
    max_seconds: float | None = None
    full: bool = False
    worker: bool = False
    allow_private: bool = False
    contact: str | None = None
    settings: Mapping[str, str] = field(default_factory=dict)
    """More settings, as text; Scrapy's and ours."""


@dataclass
class Result:
    """What came of a run."""

    report: dict[str, Any]
    snapshot: Snapshot | None = None

    @property
    def problem(self) -> str | None:
        """Why the run failed, if it did."""
        return self.report["problem"] or ("interrupted" if self.report["reason"] == "interrupted" else None)


def crawl(site: str, options: Options, console: Console) -> Result:
    """Run the spider of `site` once; progress goes to `console` if that is a terminal.

    Raises QacrawlError when it can't begin. Scrapy's reactor starts once a process, so this can be called once.
    """
    settings = make_settings(site, options)
    with opened(settings, site) as run:
        process = AsyncCrawlerProcess(settings)
        # Scrapy has the handler leave out what is below its level; to make those messages takes time, too.
        logging.getLogger("scrapy").setLevel(settings["LOG_LEVEL"])
        crawler = process.create_crawler(site)
        session.attach(crawler, run)
        run.console = console
        task = process.crawl(crawler)
        process.start()
        if task.done() and (error := task.exception()):
            raise error
        return finish(run)


def make_settings(site: str, options: Options) -> Settings:
    """The project's settings with a user's choices. Raises QacrawlError for choices that make no sense."""
    sites.load(site)
    settings = Settings()
    settings.setmodule("qacrawl.settings", priority="project")
    given = {name: value for name, value in vars(options).items() if value is not None and value is not False}
    given["start_urls"] = [urls.check(url) for url in options.start_urls]
    for name, value in given.items():
        if name != "settings":
            settings.set(f"QACRAWL_{name.upper()}", value, priority="cmdline")
    for name, text in options.settings.items():
        settings.set(name, text, priority="cmdline")
    return settings


_TYPES: dict[str, Callable[[Settings, str], Any]] = {
    "START_URLS": Settings.getlist,
    "NUMBERS": lambda settings, name: sites.number_range(settings[name]),
    **dict.fromkeys(("CONCURRENCY", "MAX_PAGES", "TRIES", "PART_RECORDS"), Settings.getint),
    **dict.fromkeys(("DELAY", "MAX_SECONDS", "RETRY_PAUSE", "LONGEST_WAIT", "PART_SECONDS"), Settings.getfloat),
    **dict.fromkeys(("LEASE", "GATE_REJECTS", "GATE_COVERAGE", "GATE_GONE"), Settings.getfloat),
    **dict.fromkeys(("FULL", "WORKER", "ALLOW_PRIVATE"), Settings.getbool),
    **dict.fromkeys(("OUTPUT", "FRONTIER", "CONTACT"), Settings.get),
}


def choices(settings: Settings) -> dict[str, Any]:
    """Our own settings with their types, whoever gave them, and the user agent with the contact address.

    Raises QacrawlError for a value of another type.
    """
    found = {}
    for short, read in _TYPES.items():
        name = f"QACRAWL_{short}"
        try:
            found[name] = read(settings, name)
        except (ValueError, TypeError):
            raise QacrawlError(f"{name} can't be {settings[name]!r}", Exit.USAGE) from None
    contact = found["QACRAWL_CONTACT"] or os.environ.get("QACRAWL_CONTACT") or ""
    if contact := " ".join(contact.split()).encode("ascii", "replace").decode():
        agent = settings["USER_AGENT"].replace("no contact address was set", f"contact: {contact}")
        settings.set("USER_AGENT", agent, priority="cmdline")
    return found | {"USER_AGENT": settings["USER_AGENT"]}


def settings_of(site: str, given: Mapping[str, str]) -> dict[str, Any]:
    """Our own settings for a command that fetches nothing; `given` are some, as text."""
    return choices(make_settings(site, Options(settings=given)))


@contextmanager
def open_site(site: str, output: str, address: str | None) -> Iterator[tuple[Path, Frontier]]:
    """The folder and the frontier of a site that has been crawled. Raises QacrawlError where there is none."""
    sites.load(site)
    folder = mirror.local(output, site)
    if mirror.is_mirrored(folder):
        make_folder(folder)
    elif not folder.is_dir():
        raise QacrawlError(f"{site} has not been crawled into {output}", Exit.USAGE)
    with open_frontier(address, site, folder) as frontier:
        yield folder, frontier


@contextmanager
def opened(settings: Settings, site: str) -> Iterator[Session]:
    """A session of `site` that holds the site's lock. Raises QacrawlError when it can't begin."""
    chosen = choices(settings)
    folder = make_folder(mirror.local(chosen["QACRAWL_OUTPUT"], site))
    if not chosen["QACRAWL_ALLOW_PRIVATE"]:
        for url in chosen["QACRAWL_START_URLS"]:
            politeness.check_start(url)
    address = chosen["QACRAWL_FRONTIER"] or os.environ.get("QACRAWL_FRONTIER")
    with open_frontier(address, site, folder) as frontier, ExitStack() as lock:
        forgetting.resume(frontier, folder)
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


def make_folder(folder: Path) -> Path:
    """The folder, made if need be. Raises QacrawlError when nothing can be written there."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise QacrawlError(f"cannot write to {folder}: {error.strerror}") from None
    if not os.access(folder, os.W_OK | os.X_OK):
        raise QacrawlError(f"cannot write to {folder}: Permission denied")
    return folder


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
        made["problem"] = made["problem"] or f"cannot write to {run.folder}: {session.reason_of(error)}"
    return Result(made, snapshot)


def publish(run: Session, made: Mapping[str, Any]) -> Snapshot | None:
    """Publish what is committed; `made` is the report of the run."""
    return publishing.publish_site(run.frontier, run.folder, run.slug, run.settings, made)


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
