"""Snapshots while a long run goes on, so that there is always something to show: made by a thread beside the crawl."""

import logging
import time
from collections.abc import Mapping
from dataclasses import replace
from threading import Thread

from qacrawl.errors import Exit, QacrawlError, refusal
from qacrawl.fetch import verdict
from qacrawl.fetch.run import Run
from qacrawl.fetch.tally import Tally
from qacrawl.publish import committed
from qacrawl.publish.about import stats
from qacrawl.publish.snapshot import POINTER

logger = logging.getLogger(__name__)

HOUR = 3600.0


def coverage(run: Run) -> Mapping[str, float] | None:
    """Return the coverage of the fields of the dataset as it is; None where there is none, or nothing to hold to it."""
    there = run.tally.news["record"] and (run.folder / POINTER).exists()
    return stats.measure(run.folder / POINTER).coverage if there else None


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
            doubts = list(verdict.doubts(tally, committed.gate(run.options), coverage(run)))
            made = committed.publish_site(run.frontier, run.folder, run.slug, run.options, {"doubts": doubts})
        except Exception as error:
            known = str(error) if isinstance(error, QacrawlError) else refusal(error)
            if not (isinstance(error, QacrawlError) and error.code == Exit.LOCKED):  # another worker does it
                logger.warning("no snapshot was made in between: %s", known or repr(error), exc_info=not known)
            return
        if made and made.held:
            logger.warning("snapshot %s was held back in between: %s", made.id, "; ".join(made.held))
        elif made:
            logger.info("published in between: %s, %d records", made.id, made.rows)
