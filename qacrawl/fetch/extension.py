"""The heartbeat of a run: batches are committed and leases prolonged in time, people see how it goes."""

import signal
import threading
from contextlib import ExitStack
from typing import Any, Self

from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from scrapy import Spider, signals
from scrapy.crawler import Crawler
from scrapy.exceptions import NotConfigured
from scrapy.utils.asyncio import create_looping_call
from scrapy.utils.defer import deferred_from_coro
from scrapy.utils.log import get_scrapy_root_handler

from qacrawl import log, registry
from qacrawl.errors import Exit
from qacrawl.fetch import lifecycle, report, scrapy_settings
from qacrawl.fetch import run as runs
from qacrawl.fetch.interim import Interim
from qacrawl.fetch.run import Run

USUAL = ("REDIRECT_ENABLED", "METAREFRESH_ENABLED", "RETRY_ENABLED", "REFERER_ENABLED")
"""Settings that a run has off; somebody who looks at one page wants them."""


class RunExtension:
    """Ticks each second. Under `scrapy crawl`, where nobody opened a run, it opens one and publishes at the end."""

    def __init__(self, crawler: Crawler, run: Run | None) -> None:
        """Take part in `run`, or open one."""
        self.crawler = crawler
        self.stack = ExitStack()
        self.own = run is None
        if run is None:
            options = scrapy_settings.read(crawler.settings, crawler.spider)
            opened = lifecycle.opened(crawler.spidercls.name, options, crawler.settings["USER_AGENT"])
            run = self.stack.enter_context(opened)
            runs.attach(crawler, run)
        self.run = run
        run.on_stop = self.stop
        run.tally.stats = crawler.stats
        self.interim = Interim(run)
        self.loop = create_looping_call(self.tick)
        self.progress = _Progress(run) if run.console.is_terminal and not run.options.quiet else None
        log.use(run.options.log_format)
        log.format_handler(get_scrapy_root_handler())
        crawler.signals.connect(self.opened, signals.spider_opened)
        crawler.signals.connect(self.closed, signals.spider_closed)
        crawler.signals.connect(self.ended, signals.engine_stopped)

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Return the extension. Raise NotConfigured where a page is only looked at: then Scrapy does as it always does.

        That is under `scrapy shell`, `fetch` and `parse`, and with spiders that are none of ours.
        """
        run = runs.find(crawler)
        if run is None and not _is_crawl(crawler):
            for name in USUAL:
                crawler.settings.set(name, True, priority="project")
            raise NotConfigured
        with scrapy_settings.one_line():
            return cls(crawler, run)

    def opened(self, spider: Spider) -> None:
        """Begin to tick."""
        _heed_hangup()
        self.loop.start(1.0, now=False)
        if self.progress:
            self.progress.start()

    def tick(self) -> None:
        """Do what is to be done each second."""
        self.run.tick()
        self.interim.tick()
        scheduler: Any = self.crawler.engine and self.crawler.engine.scheduler
        if scheduler and self.run.shared:  # other workers may have found something to do
            scheduler.wake()
        if self.progress:
            with self.run.guard():
                self.progress.refresh()

    def stop(self) -> None:
        """Have the engine end the run: what is in flight is finished, nothing new begins."""
        engine: Any = self.crawler.engine
        if engine is not None and engine.spider is not None:
            deferred_from_coro(engine.close_spider_async(reason=self.run.reason))

    def closed(self, spider: Spider, reason: str) -> None:
        """Stop ticking; "shutdown" is Scrapy's word for Ctrl-C and SIGTERM."""
        self.loop.stop()
        if self.progress:
            self.progress.stop()
        self.interim.wait()
        self.run.ended = reason != "shutdown"
        if self.run.ended and reason != "finished" and self.run.reason is None:  # an extension of Scrapy's closed it
            self.run.reason = reason
        self.run.commit()  # before Scrapy's statistics are collected

    def ended(self) -> None:
        """Publish and report, unless `qacrawl crawl` does so itself."""
        if self.own:
            with self.stack:
                result = lifecycle.finish(self.run)
            if not self.run.options.quiet:
                report.show(result.report, Console(stderr=True))
            if result.ending.code != Exit.DONE:
                log.complain(result.ending.line, code=int(result.ending.code))
                self.crawler.spider = None  # so Scrapy's command ends with 1: there is no other way to tell it


def _heed_hangup() -> None:
    """Have a terminal that is closed end the run as SIGTERM does; under nohup it goes on.

    Shell and kernel may both send a SIGHUP, and a second SIGTERM would end the run at once: only the first counts.
    """

    def end(number: int, frame: object) -> None:
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        signal.raise_signal(signal.SIGTERM)

    in_main = threading.current_thread() is threading.main_thread()  # no other may set handlers
    if in_main and signal.getsignal(signal.SIGHUP) is signal.SIG_DFL:
        signal.signal(signal.SIGHUP, end)


def _is_crawl(crawler: Crawler) -> bool:
    """Return whether a spider of ours crawls as it is: `scrapy fetch` and `parse` put in a `start` of their own."""
    ours = registry.is_known(crawler.spidercls.name)
    return ours and crawler.crawling and not crawler.spidercls.start.__module__.startswith("scrapy.")


class _Progress:
    """One line on a terminal: what has been read, how fast, and what waits."""

    def __init__(self, run: Run) -> None:
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
        numbers, settled = self.run.tally.numbers, len(self.run.batch.settled)  # these wait to be committed
        waiting = max(0, self.run.frontier.pending()[0] - settled)
        self.bar.update(
            self.task,
            description=f"{self.run.slug}: {numbers['settled'] + settled:,} pages, {numbers['bytes'] / 1e6:,.1f} MB, "
            f"{numbers['retries']:,} retries, {'more than ' if waiting >= 1000 else ''}{waiting:,} to go",
        )
