"""The heartbeat of a run: batches are committed and leases prolonged in time, people see how it goes."""

from contextlib import ExitStack
from typing import Any, Self

from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from scrapy import Spider, signals
from scrapy.crawler import Crawler
from scrapy.utils.asyncio import create_looping_call
from scrapy.utils.defer import deferred_from_coro

from qacrawl.fetch import lifecycle, report, scrapy_settings
from qacrawl.fetch import run as runs


class RunExtension:
    """Ticks each second. Under `scrapy crawl`, where nobody opened a session, it opens one and publishes at the end."""

    def __init__(self, crawler: Crawler) -> None:
        self.crawler = crawler
        self.stack = ExitStack()
        self.own = not runs.is_attached(crawler)
        if self.own:
            with scrapy_settings.one_line():
                opened = lifecycle.opened(crawler.settings, crawler.spidercls.name, crawler.spider)
                run = self.stack.enter_context(opened)
            runs.attach(crawler, run)
        self.session = runs.of(crawler)
        self.session.on_stop = self.stop
        self.loop = create_looping_call(self.tick)
        self.progress = _Progress(self.session) if self.session.console.is_terminal else None
        crawler.signals.connect(self.opened, signals.spider_opened)
        crawler.signals.connect(self.closed, signals.spider_closed)
        crawler.signals.connect(self.ended, signals.engine_stopped)

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Made by Scrapy."""
        return cls(crawler)

    def opened(self, spider: Spider) -> None:
        """Begin to tick."""
        self.loop.start(1.0, now=False)
        if self.progress:
            self.progress.start()

    def tick(self) -> None:
        """What is to be done each second."""
        self.session.tick()
        scheduler: Any = self.crawler.engine and self.crawler.engine.scheduler
        if scheduler and self.session.shared:  # other workers may have found something to do
            scheduler.wake()
        if self.progress:
            self.progress.refresh()

    def stop(self) -> None:
        """Have the engine end the run: what is in flight is finished, nothing new begins."""
        engine: Any = self.crawler.engine
        if engine is not None and engine.spider is not None:
            deferred_from_coro(engine.close_spider_async(reason=self.session.reason))

    def closed(self, spider: Spider, reason: str) -> None:
        """Stop ticking; "shutdown" is Scrapy's word for Ctrl-C and SIGTERM."""
        self.loop.stop()
        if self.progress:
            self.progress.stop()
        self.session.ended = reason != "shutdown"

    def ended(self) -> None:
        """Publish and report, unless `qacrawl crawl` does so itself."""
        if self.own:
            with self.stack:
                result = lifecycle.finish(self.session)
            report.show(result.report, Console(stderr=True))


class _Progress:
    """One line on a terminal: what has been read, how fast, and what waits."""

    def __init__(self, run: runs.Session) -> None:
        self.run = run
        self.bar = Progress(
            SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn(), console=run.console, transient=True
        )
        self.task = self.bar.add_task(run.slug)

    def start(self) -> None:
        self.bar.start()

    def stop(self) -> None:
        self.bar.stop()

    def refresh(self) -> None:
        tally, waiting = self.run.tally, self.run.frontier.pending()[0]
        self.bar.update(
            self.task,
            description=f"{self.run.slug}: {tally['settled']:,} pages, {tally['bytes'] / 1e6:,.1f} MB, "
            f"{tally['retries']:,} retries, {'more than ' if waiting >= 1000 else ''}{waiting:,} to go",
        )
