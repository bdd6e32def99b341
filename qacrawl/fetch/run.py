"""What the components of one run share: the frontier, the archive, the outcomes that wait to be committed.

Outcomes are committed in batches: archive synced, Parquet parts written, then one transaction that adds the files to
the manifest and acknowledges the URLs. Killed anywhere before that, the next run does those pages again.
"""

import logging
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4
from weakref import WeakKeyDictionary

from rich.console import Console
from scrapy.crawler import Crawler
from sqlalchemy.exc import DBAPIError

from qacrawl import files, registry, store
from qacrawl.archive import warc, write
from qacrawl.frontier import File, Found, Frontier, Row, Visit, due, recovery
from qacrawl.frontier.rows import OUTCOMES, Outcome
from qacrawl.records import QARecord, Reject
from qacrawl.redact.record import load_key

logger = logging.getLogger(__name__)

ALONE = 1e12
"""A lease that ends when the next run starts: nobody else can be at work."""


@dataclass
class Settled:
    """The outcome of one visit, with its rows for the parts."""

    visit: Visit
    records: Sequence[QARecord]
    rejects: Sequence[Reject]
    place: warc.Place | None


class Session:
    """One run of one site."""

    def __init__(self, site: str, settings: Mapping[str, Any], folder: Path, frontier: Frontier) -> None:
        self.site = registry.load(site)
        self.slug = site
        self.settings = settings
        self.folder = folder
        self.frontier = frontier
        self.started = datetime.now(UTC)
        self.run_id = f"{self.started:%Y%m%dT%H%M%SZ}-{uuid4().hex[:8]}"
        self.start_urls: tuple[str, ...] = tuple(settings["QACRAWL_START_URLS"]) or self.site.START
        self.hosts = registry.hosts(site, tuple(settings["QACRAWL_START_URLS"]))
        self.shared = bool(settings["QACRAWL_WORKER"])
        self.key = load_key(folder)
        self.policy: due.Policy = getattr(self.site, "REVISIT", due.Policy())
        self.writer = write.Writer(folder / "archive", self.run_id, facts=self._facts())
        self.counts: Counter[Outcome] = Counter(dict.fromkeys(OUTCOMES, 0))
        self.reasons: dict[str, Counter[str]] = {"reject": Counter(), "failed": Counter()}
        self.tally: Counter[str] = Counter()
        """requests, bytes, settled, retries, from_archive, new_urls, redirect, forbidden."""
        self.failed: list[tuple[str, str]] = []
        self.slowest: list[tuple[float, str]] = []
        self.found: dict[str, Found] = {}
        self.links: dict[str, tuple[str, ...]] = {}
        """Where the pages lead that were read, by their URLs, until their visits end."""
        self.settled: list[Settled] = []
        self.unread: set[warc.Place] = set()
        """Responses of this run in the archive that no committed outcome stands for."""
        self.reason: str | None = None
        """Why the run ends before all is done."""
        self.ended = False
        """Whether the spider was closed in good order."""
        self.problem: str | None = None
        """What went wrong, in words, when that is why."""
        self.gate: Any = None
        """The gate that every request passes (`politeness.py`)."""
        self.on_stop: Callable[[], None] = lambda: None
        self.unlock: Callable[[], None] = lambda: None
        """Give the site's lock back, before the session ends."""
        self.console = Console(stderr=True)
        self._first_settled = 0.0
        self._next_beat = 0.0

    def _facts(self) -> dict[str, str]:
        return {"robots": "obeyed (RFC 9309)", "http-header-user-agent": str(self.settings["USER_AGENT"])}

    def start(self) -> None:
        """Take over what an earlier run left, and make due what is to be visited again."""
        frontier = self.frontier
        numbers = self.settings["QACRAWL_NUMBERS"]
        frontier.numbers = tuple(numbers) if numbers else None
        frontier.take_back(expired_only=self.shared)
        recovered = recovery.recover(self.folder, frontier, shared=self.shared)
        if recovered:
            logger.info("%d pages of an interrupted run lie in the archive and are read from there", recovered)
        frontier.start_run(self.run_id, self.lease_until())
        frontier.promote(frontier.now(), everything=bool(self.settings["QACRAWL_FULL"]))

    def lease_until(self) -> float:
        """When a lease taken now ends."""
        return self.frontier.now() + float(self.settings["QACRAWL_LEASE"]) if self.shared else ALONE

    def stop(self, reason: str, problem: str | None = None) -> None:
        """End the run: what is in flight is finished, nothing new begins."""
        if self.reason is None:
            self.reason = reason
            self.problem = problem
            self.on_stop()

    # What was fetched and found

    def keep(self, exchange: warc.Exchange, row: Row | None, same: bool) -> warc.Place:
        """Write a response to the archive; `same` where it only says or shows that the page did not change."""
        if same and row and row.payload and row.fetched_at:
            seen = datetime.fromtimestamp(row.fetched_at, UTC)
            place = self.writer.write_revisit(exchange, row.payload, exchange.url, seen)
        else:
            place = self.writer.write(exchange)
        if row:
            self.unread.add(place)
        return place

    def settle(
        self,
        row: Row,
        outcome: Outcome,
        *,
        results: Sequence[QARecord | Reject] = (),
        place: warc.Place | None = None,
        **facts: Any,
    ) -> None:
        """Note the outcome of a visit; it is committed with the next batch. `facts` are fields of `Visit`."""
        records = [result for result in results if isinstance(result, QARecord)]
        rejects = [result for result in results if isinstance(result, Reject)]
        for record in records:
            row = row._replace(asked=_seconds(record), replied=int(record.reply is not None))
        now = self.frontier.now()
        plan = due.plan(row, outcome, now, self.policy)
        reason = facts.pop("reason", None) or (rejects[0].reason if rejects else None)
        kept = {name: getattr(row, name) for name in ("etag", "last_modified", "digest", "payload", "fetched_at")}
        visit = Visit(
            row=row,
            outcome=outcome,
            reason=reason,
            checked_at=now,
            asked=row.asked,
            replied=row.replied,
            **plan._asdict(),
            **(kept | facts),
        )
        if not self.settled:
            self._first_settled = time.monotonic()
        self.settled.append(Settled(visit, records, rejects, place))

    def dismiss(self, place: warc.Place | None) -> None:
        """No outcome will stand for an archived response: it is asked for again."""
        if place:
            self.unread.discard(place)

    # Commit

    def commit_if_full(self) -> None:
        """Commit the batch if it is large or old enough."""
        settings = self.settings
        if self.settled and (
            len(self.settled) >= settings["QACRAWL_PART_RECORDS"]
            or time.monotonic() - self._first_settled >= settings["QACRAWL_PART_SECONDS"]
        ):
            self.commit()

    def note_found(self) -> None:
        """Have the URLs found so far in the frontier."""
        if self.found:
            self.tally["new_urls"] += self.frontier.add(list(self.found.values()))
            self.found = {}  # not before: what the frontier refused must go with the batch of the page it was found on

    def commit(self) -> None:
        """Commit what is settled. When disk or database refuse, nothing is acknowledged, and the run ends."""
        with self.guard():
            self._commit()

    @contextmanager
    def guard(self) -> Iterator[None]:
        """End the run in good order when disk or database refuse what is done inside."""
        try:
            yield
        except (OSError, DBAPIError) as error:
            self.stop("disk", f"what was fetched can't be stored: {reason_of(error)}")

    def _commit(self) -> None:
        if not self.settled:
            return
        while lost := self._commit_once():
            logger.warning("%d pages are another worker's by now; it does them", len(lost))
            self.settled = [item for item in self.settled if item.visit.row.id not in lost]
        for item in self.settled:
            self._count(item)
        self.settled = []

    def _commit_once(self) -> set[int]:
        """Write files and commit; the ids that are another worker's now, if there are any: then nothing counts."""
        batch = self.settled
        unread = self.unread - {item.place for item in batch if item.place}
        sizes = self.writer.sync()
        made = [File("archive", name, _acknowledged(name, size, unread)) for name, size in sizes.items()]
        records = [record for item in batch for record in item.records]
        rejects = [reject for item in batch for reject in item.rejects]
        if records:
            made.append(File("parts", store.write_part(self.folder, records), len(records)))
        if rejects:
            made.append(File("rejects", store.write_part(self.folder, rejects), len(rejects)))
        lost = self.frontier.commit(self.run_id, [item.visit for item in batch], made, list(self.found.values()))
        if lost:
            for file in made:
                if file.kind != "archive":
                    files.remove(self.folder / file.kind / file.name)
        else:
            self.unread, self.found = unread, {}
        return lost

    def _count(self, item: Settled) -> None:
        visit = item.visit
        self.tally["settled"] += 1
        if visit.outcome in OUTCOMES:
            self.counts[visit.outcome] += 1
        else:
            self.tally[visit.outcome] += 1
        if visit.outcome in self.reasons:
            self.reasons[visit.outcome][visit.reason or "unknown"] += 1
        if visit.outcome == "failed" and len(self.failed) < 100:
            self.failed.append((visit.row.url, visit.reason or "unknown"))
        if visit.seconds is not None:
            self.slowest = sorted([*self.slowest, (visit.seconds, visit.row.url)], reverse=True)[:10]

    def tick(self) -> None:
        """Called each second: commits an old batch, prolongs leases, minds the time budget."""
        with self.guard():
            self._tick()

    def _tick(self) -> None:
        self.commit_if_full()
        budget = self.settings["QACRAWL_MAX_SECONDS"]
        if budget and (datetime.now(UTC) - self.started).total_seconds() >= budget:
            self.stop("max_seconds")
        if self.shared and time.monotonic() >= self._next_beat:
            self._next_beat = time.monotonic() + float(self.settings["QACRAWL_LEASE"]) / 4
            self.frontier.beat(self.run_id, self.lease_until())
            if self.frontier.take_back(expired_only=True):  # a worker died: what it had archived need not be fetched
                recovery.recover(self.folder, self.frontier, shared=True)

    def close(self) -> None:
        """Commit what is left, close the archive, and note the run's end."""
        self.commit()
        with self.guard():
            self.note_found()
            self.frontier.finish_run(self.run_id, self.reason or "finished")
        self.writer.close()


def _acknowledged(name: str, size: int, unread: set[warc.Place]) -> int:
    """Bytes of an archive file before the first response that no outcome stands for."""
    return min([place.offset for place in unread if place.file == name], default=size)


def reason_of(error: OSError | DBAPIError) -> str:
    """What the disk or the database said, on one line."""
    said = error.strerror if isinstance(error, OSError) else str(error.orig)
    return " ".join((said or str(error)).split())


def _seconds(record: QARecord) -> float | None:
    day = record.ask_date
    return datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp() if day else None


# Scrapy's components are made by Scrapy and know their crawler only.
_sessions: "WeakKeyDictionary[Crawler, Session]" = WeakKeyDictionary()


def attach(crawler: Crawler, session: Session) -> None:
    """Have the components of `crawler` use `session`."""
    _sessions[crawler] = session


def is_attached(crawler: Crawler) -> bool:
    """Whether a crawler has a session."""
    return crawler in _sessions


def of(crawler: Crawler) -> Session:
    """The session of a crawler."""
    return _sessions[crawler]
