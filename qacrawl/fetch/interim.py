"""Snapshots while a long run goes on, so that there is always something to show: made by a thread beside the crawl."""

import logging
import time
from contextlib import suppress
from dataclasses import replace
from threading import Thread

from qacrawl.errors import Exit, QacrawlError, refusal
from qacrawl.fetch import verdict
from qacrawl.fetch.run import Run
from qacrawl.fetch.tally import Tally
from qacrawl.publish import committed, damage
from qacrawl.publish.about import stats
from qacrawl.publish.snapshot import POINTER

logger = logging.getLogger(__name__)

HOUR = 3600.0


def doubts(run: Run, tally: Tally) -> list[str]:
    """Return what is wrong with what a run read by `tally`, measured by the dataset as it is."""
    coverage = None
    if tally.news["record"] and (run.folder / POINTER).exists():
        with suppress(*damage.ERRORS):  # who publishes says that it is damaged, and mends it
            coverage = stats.measure(run.folder / POINTER).coverage
    return list(verdict.doubts(tally, committed.gate(run.options), coverage))


class Interim:
    """Publishes what is committed every so many hours; what goes wrong there is a line in the log, and no end."""

    def __init__(self, run: Run) -> None:
        self.run = run
        self.every = run.options.publish_hours * HOUR
        self.last = run.begun
        """When the last one began, by time.monotonic(); at first the run."""
        self.work: Thread | None = None

    def tick(self) -> None:
        """Begin to publish when it is time; called each second."""
        now, at_work = time.monotonic(), self.work is not None and self.work.is_alive()
        if not self.every or at_work or now - self.last < self.every:
            return
        self.last = now
        tally = self.run.tally
        frozen = replace(
            tally, news=tally.news.copy(), news_reasons=tally.news_reasons.copy(), fields=tally.fields.copy()
        )
        self.work = Thread(target=self._publish, args=(frozen,), name="publish")
        self.work.start()

    def wait(self) -> None:
        """Wait for a snapshot that is being made: there is one publisher at a time."""
        if self.work:
            self.work.join()

    def _publish(self, tally: Tally) -> None:
        run = self.run
        try:
            found = {"doubts": doubts(run, tally)}
            made = committed.publish_site(run.frontier, run.folder, run.slug, run.options, found)
        except Exception as error:
            known = str(error) if isinstance(error, QacrawlError) else refusal(error)
            if not (isinstance(error, QacrawlError) and error.code == Exit.LOCKED):  # another worker does it
                logger.warning("no snapshot was made in between: %s", known or repr(error), exc_info=not known)
            return
        if made and made.held:
            logger.warning("snapshot %s was held back in between: %s", made.id, "; ".join(made.held))
        elif made:
            logger.info("published in between: %s, %d records", made.id, made.rows)
