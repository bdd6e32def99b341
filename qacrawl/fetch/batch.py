"""Outcomes that wait to be committed, and how they are: all of a batch or nothing.

First the archive is synced, then Parquet parts are written, then one transaction adds the files to the manifest and
acknowledges the URLs. Killed anywhere before that, the next run does those pages again.
"""

import logging
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from qacrawl import files, store
from qacrawl.archive import warc
from qacrawl.archive.write import Writer
from qacrawl.fetch import written
from qacrawl.fetch.tally import Tally
from qacrawl.frontier import EndedVisit, File, Found, Frontier, Row, due
from qacrawl.frontier.rows import Outcome
from qacrawl.records import QARecord, Reject

logger = logging.getLogger(__name__)

KEPT = ("etag", "last_modified", "digest", "payload", "fetched_at", "address", "content")
"""What stays as it was where a visit says nothing of it."""


@dataclass
class Settled:
    """The outcome of one visit, with its rows for the parts."""

    visit: EndedVisit
    records: Sequence[QARecord]
    rejects: Sequence[Reject]
    place: warc.Place | None
    """Where its response lies in the archive."""
    number: int | None = None
    """Number of the visit that fetched it, which may be an earlier one that was killed."""


class Batch:
    """What one run has fetched and found since its last commit."""

    def __init__(
        self, run_id: str, folder: Path, frontier: Frontier, policy: due.Policy, facts: Mapping[str, str]
    ) -> None:
        """Begin a batch; `facts` go into the head of each archive file."""
        self.run_id = run_id
        self.folder = folder
        self.frontier = frontier
        self.policy = policy
        self.writer = Writer(folder / "archive", run_id, facts=facts)
        self.tally = Tally()
        self.settled: list[Settled] = []
        self.found: dict[str, Found] = {}
        self.unread: set[warc.Place] = set()
        """Responses of this run in the archive that no committed outcome stands for."""
        self._first_settled = 0.0

    @property
    def age(self) -> float:
        """Seconds since the first outcome of the batch; 0 of an empty one."""
        return time.monotonic() - self._first_settled if self.settled else 0.0

    def keep(self, exchange: warc.Exchange, row: Row | None, same: bool) -> warc.Place:
        """Write a response to the archive; `same` where it only says or shows that the page did not change."""
        if same and row and row.payload and row.fetched_at:
            seen = datetime.fromtimestamp(row.fetched_at, UTC)
            place = self.writer.write_revisit(exchange, row.payload, row.address or row.url, seen)
        else:
            place = self.writer.write(exchange)
        if row:
            self.unread.add(place)
        return place

    def dismiss(self, place: warc.Place | None) -> None:
        """Note that no outcome will stand for an archived response: it is asked for again."""
        if place:
            self.unread.discard(place)

    def settle(
        self,
        row: Row,
        outcome: Outcome,
        *,
        results: Sequence[QARecord | Reject] = (),
        place: warc.Place | None = None,
        number: int | None = None,
        fresh: float = 0.0,
        **facts: Any,
    ) -> None:
        """Add the outcome of a visit. `facts` are fields of `frontier.EndedVisit`.

        The headers of the response said that the page stays as it is for `fresh` seconds.
        """
        records = [result for result in results if isinstance(result, QARecord)]
        rejects = [result for result in results if isinstance(result, Reject)]
        leased, changed = row, False if outcome == "unchanged" else None
        if records:
            facts["content"] = written.digest(records)
            changed = written.differs(row.content, facts["content"])
            open_ = any(record.reply is None for record in records)
            row = row._replace(asked=_seconds(records[0]), replied=int(not open_))
        now = self.frontier.now()
        reason = facts.pop("reason", None) or (rejects[0].reason if rejects else None)
        kept = {name: getattr(row, name) for name in KEPT}
        visit = EndedVisit(
            row=leased,
            outcome=outcome,
            reason=reason,
            checked_at=now,
            asked=row.asked,
            replied=row.replied,
            **due.plan(row, outcome, now, self.policy, changed, fresh)._asdict(),
            **(kept | facts),
        )
        if not self.settled:
            self._first_settled = time.monotonic()
        self.settled.append(Settled(visit, records, rejects, place, number))

    def note_found(self) -> None:
        """Have the URLs found so far in the frontier, without waiting for the batch."""
        if self.found:
            self.tally.add("new_urls", self.frontier.add(list(self.found.values())))
            self.found = {}  # not before: what the frontier refused must go with the batch of the page it was found on

    def commit(self) -> None:
        """Commit what is settled. Raise OSError or DBAPIError when disk or database refuse: then nothing counts."""
        while self.settled and (lost := self._commit_once()):
            logger.warning("%d pages are another worker's by now; it does them", len(lost))
            self.settled = [item for item in self.settled if item.visit.row.id not in lost]
        for item in self.settled:
            gone = item.visit.state == "gone" and item.visit.row.misses < self.policy.gone_after
            self.tally.count(item.visit, item.records, gone)
        self.settled = []

    def _commit_once(self) -> set[int]:
        """Write files and commit. Return the ids that are another worker's now; if there are any, nothing counts."""
        batch = self.settled
        unread = self.unread - {item.place for item in batch if item.place}
        sizes = self.writer.sync()
        made = [File("archive", name, _acknowledged(name, size, unread)) for name, size in sizes.items()]
        records = [(record, item.number) for item in batch for record in item.records]
        rejects = [(reject, item.number) for item in batch for reject in item.rejects]
        if records:
            made.append(File("parts", store.write_visited(self.folder, records), len(records)))
        if rejects:
            made.append(File("rejects", store.write_visited(self.folder, rejects), len(rejects)))
        lost = self.frontier.commit(self.run_id, [item.visit for item in batch], made, list(self.found.values()))
        if lost:
            for file in made:
                if file.kind != "archive":
                    files.remove(self.folder / file.kind / file.name)
        else:
            self.unread, self.found = unread, {}
        return lost


def _acknowledged(name: str, size: int, unread: set[warc.Place]) -> int:
    """Return the bytes of an archive file before the first response that no outcome stands for."""
    return min([place.offset for place in unread if place.file == name], default=size)


def _seconds(record: QARecord) -> float | None:
    day = record.ask_date
    return datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp() if day else None
