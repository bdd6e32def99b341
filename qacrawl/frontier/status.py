"""How a site stands: what is queued, how the last runs went, what failed, what is due when."""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, and_, func, select, union_all

from qacrawl.frontier import Frontier, database
from qacrawl.frontier import runs as running
from qacrawl.frontier.rows import OUTCOMES
from qacrawl.frontier.tables import runs, urls

DAY = 86_400
LAST = datetime(9999, 12, 31, tzinfo=UTC).timestamp()
"""The latest day that Python can name."""
RUNS = 10
TROUBLES = 20
REVISITED = ("done", "failed", "gone", "forbidden")
"""States that the next run after `due_at` makes due."""


class Count(NamedTuple):
    """How many URLs of a kind are in a state."""

    kind: str
    state: str
    number: int


class Run(NamedTuple):
    """A run and what its fetches ended as."""

    run_id: str
    started: datetime
    finished: datetime | None
    """None: it is going on, or was killed."""
    reason: str | None
    fetches: int
    outcomes: dict[str, int]


class Trouble(NamedTuple):
    """A URL that failed on its last visit."""

    url: str
    state: str
    """failed, or parked: left alone until somebody asks for everything."""
    reason: str | None
    status: int | None
    failures: int
    """Failed visits since the last good one."""
    next_due: datetime | None
    """None of a parked URL."""


@dataclass(frozen=True)
class Status:
    """How a site stands at a time."""

    site: str
    at: datetime
    counts: list[Count]
    """URLs by kind and state, in alphabetical order."""
    due_now: int
    """URLs that a run would visit if it began now."""
    due_later: dict[date, int]
    """URLs by the day (UTC) on which they are due; those of today that are not due yet included."""
    runs: list[Run]
    """The last ten, newest first."""
    troubles: list[Trouble]
    """The first twenty that failed or are parked, soonest due first."""

    @property
    def states(self) -> dict[str, int]:
        """URLs by state."""
        states: dict[str, int] = {}
        for count in self.counts:
            states[count.state] = states.get(count.state, 0) + count.number
        return states


def status(frontier: Frontier) -> Status:
    """Return how the frontier's site stands now, in a few queries that an index serves, whatever the number of URLs."""
    now = frontier.now()
    with database.reading(frontier.engine) as db:
        counts = _counts(db, frontier.site)
        late, later = _due(db, frontier.site, now)
        queued = sum(count.number for count in counts if count.state in ("due", "leased"))
        return Status(
            site=frontier.site,
            at=_time(now),
            counts=counts,
            due_now=queued + late,
            due_later=later,
            runs=_runs(db, frontier.site),
            troubles=_troubles(db, frontier.site),
        )


def rejected(frontier: Frontier) -> dict[str, int]:
    """Return how many articles were rejects at their last visit, by reason, most first."""
    number = func.count()
    which = (urls.c.site == frontier.site, urls.c.kind == "article", urls.c.outcome == "reject")
    found = select(urls.c.reason, number).where(*which).group_by(urls.c.reason).order_by(number.desc(), urls.c.reason)
    with database.reading(frontier.engine) as db:
        return {reason or "unknown": count for reason, count in db.execute(found)}


def _time(seconds: float) -> datetime:
    return datetime.fromtimestamp(min(seconds, LAST), UTC)


def _counts(db: Connection, site: str) -> list[Count]:
    groups = select(urls.c.kind, urls.c.state, func.count()).where(urls.c.site == site)
    found = db.execute(groups.group_by(urls.c.kind, urls.c.state))
    return sorted(Count(*row) for row in found)


def _due(db: Connection, site: str, now: float) -> tuple[int, dict[date, int]]:
    """Return how many URLs that were visited, or wait, are due by now, and how many on each later day."""
    waiting = and_(urls.c.site == site, urls.c.state.in_((*REVISITED, "waiting")))
    late = db.execute(select(func.count()).where(waiting, urls.c.due_at <= now)).scalar_one()
    day = database.whole(db, urls.c.due_at / DAY).label("day")
    days = select(day, func.count()).where(waiting, urls.c.due_at > now).group_by("day").order_by("day")
    return late, {_time(number * DAY).date(): count for number, count in db.execute(days)}


def _runs(db: Connection, site: str) -> list[Run]:
    last = select(runs).where(runs.c.site == site).order_by(*running.NEWEST).limit(RUNS)
    return [
        Run(
            run_id=row["run_id"],
            started=_time(row["started"]),
            finished=None if row["finished"] is None else _time(row["finished"]),
            reason=row["reason"],
            fetches=row["fetches"],
            outcomes={name: row[name] for name in OUTCOMES},
        )
        for row in db.execute(last).mappings()
    ]


def _troubles(db: Connection, site: str) -> list[Trouble]:
    names = (urls.c.url, urls.c.state, urls.c.reason, urls.c.status, urls.c.failures, urls.c.due_at)
    first = [  # one query a state, so that the index gives the order
        select(*names)
        .where(urls.c.site == site, urls.c.state == state)
        .order_by(urls.c.due_at)
        .limit(TROUBLES)
        .subquery()
        for state in ("failed", "parked")
    ]
    found = db.execute(union_all(*(select(part) for part in first))).all()
    soonest = sorted(found, key=lambda row: (row.due_at, row.url))[:TROUBLES]
    return [_trouble(row) for row in soonest]


def _trouble(row: Any) -> Trouble:
    next_due = None if row.state == "parked" else _time(row.due_at)
    return Trouble(row.url, row.state, row.reason, row.status, row.failures, next_due)
