"""The frontier's operations: each is one transaction."""

import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager, nullcontext
from pathlib import Path
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Double,
    Engine,
    and_,
    bindparam,
    case,
    delete,
    func,
    insert,
    literal,
    literal_column,
    or_,
    select,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.sql.dml import Insert

from qacrawl import registry
from qacrawl.errors import Exit, QacrawlError
from qacrawl.frontier.commit import ACKNOWLEDGE, values
from qacrawl.frontier.locks import advisory_lock, file_lock
from qacrawl.frontier.rows import ARCHIVED, LISTING, NEW, OUTCOMES, START, File, Found, Row, Visit
from qacrawl.frontier.tables import files, hosts, runs, urls

_ROW = [urls.c[name] for name in Row._fields]
_CHUNK = 500
_LATE = 1000  # of the URLs that wait for a time, how many one lease looks at
_FRESH = 5.0  # seconds
_FIRST = {"start": START, "sitemap": START, "listing": LISTING, "article": NEW}


class Frontier:
    """The URLs, files and runs of one site."""

    def __init__(self, engine: Engine, site: str, folder: Path) -> None:
        self.engine = engine
        self.site = site
        self.folder = folder
        self.shared = engine.dialect.name != "sqlite"
        """Whether workers on other machines can see it."""
        self.numbers: tuple[int, int] | None = None
        """Where set, only articles with these numbers (both ends included) are leased and made due."""
        self._number = registry.load(site).number
        self._told = (0.0, -_FRESH)  # what the database's clock said, and when by ours

    def reading(self) -> Connection:
        """A connection whose transaction keeps no writer waiting."""
        return self.engine.connect().execution_options(qacrawl_begin="BEGIN")

    def now(self) -> float:
        """Seconds since 1970 by the database's clock; it is asked from time to time, and ours counts on from there."""
        if not self.shared:
            return time.time()  # SQLite has no clock but this machine's
        told, at = self._told
        if time.monotonic() - at >= _FRESH:
            with self.reading() as db:
                told = float(db.execute(select(self._clock("clock_timestamp"))).scalar_one())
            at = time.monotonic()
            self._told = told, at
        return told + time.monotonic() - at

    def _clock(self, name: str = "statement_timestamp") -> Any:
        """`now` for use inside a statement. PostgreSQL's clock_timestamp goes on meanwhile, but no index serves it."""
        if not self.shared:
            return literal(time.time(), Double)
        return literal_column(f"CAST(extract(epoch FROM {name}()) AS double precision)", Double)

    def _locked_rows(self, *which: ColumnElement[bool], skip: bool = False) -> Any:
        """Ids of rows, locked in one order, so that transactions that want the same rows never wait in a circle.

        With `skip`, rows that another transaction holds are left out. SQLite, with its one writer at a time, has none.
        """
        rows = select(urls.c.id).where(*which)
        return rows.order_by(urls.c.id).with_for_update(skip_locked=skip) if self.shared else rows

    def _update(self, db: Connection, picked: Any, values: dict[str, Any]) -> int:
        """Write to the rows that `picked` selects; return how many there were."""
        # A CTE that locks is run once, and what it locked stays as it was; a subquery may be run again for each row.
        # Python's sqlite3 counts no rows where a statement begins with WITH.
        some = picked.cte("picked") if self.shared else picked.subquery("picked")
        return db.execute(update(urls).where(urls.c.id.in_(select(some.c.id))).values(values)).rowcount

    # The lock of a run

    @contextmanager
    def alone(self, worker: bool = False) -> Iterator[None]:
        """Hold the site's lock; workers share it. The kernel or the database frees it when the process dies.

        Raises QacrawlError(Exit.LOCKED) when another run holds it.
        """
        if worker and not self.shared:
            raise QacrawlError("--worker needs a frontier that workers can share: postgresql://...", Exit.USAGE)
        lock = advisory_lock(self.engine, self.site, worker) if self.shared else file_lock(self.folder, self.site)
        with lock:
            yield

    @contextmanager
    def publishing(self, alone: bool = False) -> Iterator[None]:
        """Keep those away who take pages out, or as such (`alone`) the publishers of all machines.

        A frontier in SQLite is on one machine, whose folder has a lock of its own. Raises QacrawlError(Exit.LOCKED).
        """
        lock = advisory_lock(self.engine, self.site, not alone, "publish") if self.shared else nullcontext()
        with lock:
            yield

    # Runs

    def start_run(self, run_id: str, alive_until: float) -> None:
        """Note a run; its leases and its archive files are its own until `alive_until`."""
        row = {"site": self.site, "run_id": run_id, "started": self.now(), "alive_until": alive_until}
        with self.engine.begin() as db:
            db.execute(insert(runs).values(row))

    def beat(self, run_id: str, until: float) -> None:
        """Prolong a run's leases."""
        with self.engine.begin() as db:
            mine = self._locked_rows(urls.c.site == self.site, urls.c.state == "leased", urls.c.owner == run_id)
            self._update(db, mine, {"lease_until": until})
            db.execute(update(runs).where(_run(self.site, run_id)).values(alive_until=until))

    def finish_run(self, run_id: str, reason: str) -> None:
        """Note a run's end, and give back what it still leases."""
        mine = self._locked_rows(urls.c.site == self.site, urls.c.state == "leased", urls.c.owner == run_id)
        with self.engine.begin() as db:
            self._update(db, mine, {"state": "due", "owner": None})
            db.execute(update(runs).where(_run(self.site, run_id)).values(finished=self._clock(), reason=reason))

    def take_back(self, expired_only: bool) -> int:
        """Make leased URLs due again: those of runs that died, or all when no other run can be alive."""
        left = and_(urls.c.site == self.site, urls.c.state == "leased")
        with self.engine.begin() as db:
            if expired_only:
                left = and_(left, urls.c.lease_until < self._clock())
            # Who holds an expired row this moment commits or prolongs it.
            rows = self._locked_rows(left, skip=expired_only)
            return self._update(db, rows, {"state": "due", "owner": None})

    def is_new(self) -> bool:
        """Whether no run of the site was ever noted here."""
        with self.reading() as db:
            return db.execute(select(runs.c.run_id).where(runs.c.site == self.site).limit(1)).first() is None

    def is_dead(self, run_id: str) -> bool:
        """Whether a run ended, or has been silent for longer than it said it would."""
        alive = and_(_run(self.site, run_id), runs.c.finished.is_(None), runs.c.alive_until >= self._clock())
        with self.reading() as db:
            return db.execute(select(runs.c.run_id).where(alive)).first() is None

    # URLs

    def _mine(self) -> list[ColumnElement[bool]]:
        """Which URLs this run is about."""
        mine = [urls.c.site == self.site]
        return [*mine, urls.c.number.between(*self.numbers)] if self.numbers else mine

    def add(self, found: Iterable[Found]) -> int:
        """Add the URLs that are new; return how many were."""
        with self.engine.begin() as db:
            return self._add(db, found)

    def _add(self, db: Connection, found: Iterable[Found]) -> int:
        fresh = {item.url: item for item in found}
        now = self._clock()
        rows = [
            {"url": url, "number": self._number(url), "kind": kind, "priority": _FIRST[kind], "hops": hops}
            for url, kind, hops in (fresh[url] for url in sorted(fresh))  # in one order, so that workers never deadlock
        ]
        if not rows:
            return 0
        same = {"site": self.site, "state": "due", "due_at": now, "first_seen": now}
        statement = self._insert(urls).values(same).on_conflict_do_nothing()
        return db.execute(statement, rows, execution_options={"preserve_rowcount": True}).rowcount

    def _insert(self, table: Any) -> Any:
        make: Any = postgresql.insert if self.shared else sqlite.insert
        statement: Insert = make(table)
        return statement

    def require(self, url: str, kind: str, since: float) -> None:
        """Add a URL, or make it due unless it was visited after `since` or is forgotten."""
        now = self._clock()
        row = {"site": self.site, "url": url, "number": self._number(url), "kind": kind, "priority": _FIRST[kind]}
        statement = self._insert(urls).values(row | {"state": "due", "due_at": now, "hops": 0, "first_seen": now})
        old = and_(
            urls.c.state.not_in(("leased", "due", "waiting", "forgotten")),
            or_(urls.c.checked_at.is_(None), urls.c.checked_at < since),
        )
        with self.engine.begin() as db:
            db.execute(
                statement.on_conflict_do_update(
                    index_elements=["site", "url"], set_={"state": "due", "due_at": now, "hops": 0}, where=old
                )
            )

    def promote(self, before: float, everything: bool = False) -> int:
        """Make due what was to be visited again before a time; or every URL but the forgotten."""
        waiting = ("done", "failed", "gone", "forbidden")
        old = (
            urls.c.state.in_((*waiting, "parked"))
            if everything
            else and_(urls.c.state.in_(waiting), urls.c.due_at <= before)
        )
        with self.engine.begin() as db:
            # Rows that are held this moment are made due, or forgotten, by somebody else.
            again = self._locked_rows(*self._mine(), old, skip=True)
            return self._update(db, again, {"state": "due", "due_at": before, "hops": 0})

    def lease(self, number: int, owner: str, until: float) -> list[Row]:
        """Up to `number` URLs that are due, the most urgent first, for `owner` alone until a time."""
        # Without a range of numbers the index of the queue gives the order, with one that of the numbers does: either
        # way as many rows are read as are leased, however many there are.
        order = (urls.c.number,) if self.numbers else (urls.c.priority, urls.c.id)
        picked = (
            select(urls.c.id)
            .where(*self._mine(), urls.c.state == "due")
            .order_by(*order)
            .limit(number)
            .with_for_update(skip_locked=True)
            .cte("picked")
        )
        statement = (
            update(urls)
            .where(urls.c.id.in_(select(picked.c.id)))
            .values(state="leased", owner=owner, lease_until=until, generation=urls.c.generation + 1)
            .returning(urls.c.priority, *_ROW)
        )
        with self.engine.begin() as db:
            self._wake(db)
            found = sorted(tuple(row) for row in db.execute(statement))
        return [Row(*row[1:]) for row in found]

    def _wake(self, db: Connection) -> None:
        """Make due the URLs whose time has come."""
        late = (
            select(urls.c.id)
            .where(urls.c.site == self.site, urls.c.state == "waiting", urls.c.due_at <= self._clock())
            .order_by(urls.c.due_at)
            .limit(_LATE)
            .with_for_update(skip_locked=True)
        )
        self._update(db, late, {"state": "due"})

    def release(self, rows: Sequence[Row], due_at: float = 0.0, attempts: int = 0) -> None:
        """Give leased URLs back without an outcome, due at a time; `attempts` requests were made for each."""
        if not rows:
            return
        values = {"owner": None, "due_at": due_at, "attempts": urls.c.attempts + attempts}
        with self.engine.begin() as db:
            state = case((literal(due_at, Double) > self._clock(), "waiting"), else_="due")
            mine = and_(
                urls.c.id == bindparam("row_id"),
                urls.c.generation == bindparam("row_generation"),
                urls.c.state == "leased",
            )
            held = [{"row_id": row.id, "row_generation": row.generation} for row in sorted(rows)]
            db.execute(update(urls).where(mine).values(values | {"state": state}), held)

    def pending(self) -> tuple[int, float | None]:
        """How many URLs are to be visited in this run, counted up to 1,000, and when the first that waits is due."""
        open_ = and_(*self._mine(), urls.c.state.in_(("due", "leased", "waiting")))
        with self.reading() as db:
            some = select(urls.c.id).where(open_).limit(1000).subquery()
            number = db.execute(select(func.count()).select_from(some)).scalar_one()
            later = select(func.min(urls.c.due_at)).where(*self._mine(), urls.c.state == "waiting")
            return number, db.execute(later).scalar_one()

    # Acknowledgement

    def commit(
        self, run_id: str, visits: Sequence[Visit], made: Sequence[File], found: Sequence[Found] = ()
    ) -> set[int]:
        """Acknowledge visits, add their files to the manifest and the URLs found on them, in one transaction.

        Where another run holds one of the URLs by now (this one was frozen past its lease), nothing is written and
        the ids of those rows are returned.
        """
        with self.engine.begin() as db:
            held = self._held(db, [visit.row for visit in visits], run_id)
            if lost := {visit.row.id for visit in visits} - held:
                return lost
            self._add(db, found)
            if visits:
                db.execute(ACKNOWLEDGE, [values(visit) for visit in visits])
            for file in made:
                self._put(db, file, run_id)
            counts = {name: sum(visit.outcome == name for visit in visits) for name in OUTCOMES}
            total = {"fetches": runs.c.fetches + sum(counts.values())}
            more = {name: runs.c[name] + number for name, number in counts.items()}
            db.execute(update(runs).where(_run(self.site, run_id)).values(total | more))
        return set()

    def _held(self, db: Connection, rows: Sequence[Row], run_id: str) -> set[int]:
        """Ids of the rows that are still leased to this run in this generation; locked until the transaction ends."""
        wanted = {(row.id, row.generation) for row in rows}
        held = set()
        for chunk in _chunks(sorted(row.id for row in rows)):
            mine = (
                select(urls.c.id, urls.c.generation)
                .where(urls.c.id.in_(chunk), urls.c.state == "leased", urls.c.owner == run_id)
                .order_by(urls.c.id)
                .with_for_update()
            )
            held |= {row.id for row in db.execute(mine) if tuple(row) in wanted}
        return held

    def _put(self, db: Connection, file: File, run_id: str | None) -> None:
        row = {"site": self.site, "kind": file.kind, "name": file.name, "size": file.size, "run_id": run_id}
        put = self._insert(files).values(row)
        db.execute(put.on_conflict_do_update(index_elements=["site", "kind", "name"], set_={"size": file.size}))

    def recover(self, name: str, size: int, seen: Iterable[tuple[str, int, float]]) -> int:
        """Note responses of a dead run that lie in archive file `name` and that no outcome stands for.

        `seen` gives URL, offset and time of each; its first `size` bytes are whole records. Returns how many there are.
        """
        places = {url: (offset, fetched_at) for url, offset, fetched_at in seen}  # of several, the last
        number = 0
        with self.engine.begin() as db:
            for chunk in _chunks(sorted(places)):
                waiting = urls.c.state.in_(("due", "waiting"))
                these = self._locked_rows(urls.c.site == self.site, urls.c.url.in_(chunk), waiting)
                for row in db.execute(these.add_columns(urls.c.url, urls.c.checked_at)).all():
                    offset, fetched_at = places[row.url]
                    if row.checked_at is None or row.checked_at < fetched_at:
                        place = {"archived_file": name, "archived_offset": offset, "priority": ARCHIVED}
                        at = {"due_at": 0.0, "state": "due"}
                        db.execute(update(urls).where(urls.c.id == row.id).values(place | at))
                        number += 1
            self._put(db, File("archive", name, size), None)
        return number

    # The manifest

    def files(self, kind: str) -> dict[str, int]:
        """Committed files of a kind ("parts", "rejects", "archive"): name to size."""
        with self.reading() as db:
            found = select(files.c.name, files.c.size).where(files.c.site == self.site, files.c.kind == kind)
            return {row.name: row.size for row in db.execute(found.order_by(files.c.name))}

    def swap(self, add: Sequence[tuple[str, str, int]], remove: Sequence[tuple[str, str]]) -> None:
        """Put files into the manifest and take others out, in one transaction."""
        with self.engine.begin() as db:
            for kind, name in remove:
                which = and_(files.c.site == self.site, files.c.kind == kind, files.c.name == name)
                db.execute(delete(files).where(which))
            for file in add:
                self._put(db, File(*file), None)  # type: ignore[arg-type]

    def gone(self) -> list[str]:
        """Canonical URLs that leave the next snapshot: gone, or forgotten."""
        with self.reading() as db:
            left = select(urls.c.url).where(urls.c.site == self.site, urls.c.state.in_(("gone", "forgotten")))
            return list(db.execute(left.order_by(urls.c.url)).scalars())

    def addresses(self, **values: str) -> frozenset[str]:
        """The URLs whose columns have these values; for few URLs: all are held in memory."""
        which = and_(urls.c.site == self.site, *(urls.c[name] == value for name, value in values.items()))
        with self.reading() as db:
            return frozenset(db.execute(select(urls.c.url).where(which)).scalars())

    def forget(self, forgotten: Sequence[str]) -> None:
        """Turn URLs into tombstones: the address stays, so that it is never asked for again, and nothing else."""
        blank = dict.fromkeys(
            (
                "etag",
                "last_modified",
                "digest",
                "payload",
                "fetched_at",
                "archived_file",
                "archived_offset",
                "owner",
                "asked",
                "replied",
            )
        )
        with self.engine.begin() as db:
            values = {"state": "forgotten", "gone_at": self._clock(), "outcome": None, "reason": None} | blank
            self._add(db, (Found(url, "article") for url in forgotten))
            for chunk in _chunks(sorted(set(forgotten))):
                self._update(db, self._locked_rows(urls.c.site == self.site, urls.c.url.in_(chunk)), values)

    # Hosts

    def take_turn(self, host: str, delay: float) -> float:
        """0 if a request to `host` may start now, the next one `delay` and more later; else the seconds to wait.

        Turns are not given out ahead: who comes late for one would be followed too soon.
        """
        with self.engine.begin() as db:
            now = self._clock("clock_timestamp")
            put = self._insert(hosts).values(host=host, next_at=now + delay, slow=0.0)
            later = {"next_at": now + delay + hosts.c.slow}
            put = put.on_conflict_do_update(index_elements=["host"], set_=later, where=hosts.c.next_at <= now)
            if db.execute(put.returning(hosts.c.host)).first():
                return 0.0
            left = db.execute(select(hosts.c.next_at - now).where(hosts.c.host == host)).scalar_one()
        return max(float(left), 0.001)

    def pace(self, host: str) -> tuple[float, float]:
        """When the next request to `host` may start, and the seconds by which it is slowed down."""
        with self.reading() as db:
            row = db.execute(select(hosts.c.next_at, hosts.c.slow).where(hosts.c.host == host)).first()
        return (row.next_at, row.slow) if row else (0.0, 0.0)

    def slow_down(self, host: str, until: float, slow: float) -> None:
        """Ask nothing of `host` until a time, and slow down by `slow` seconds a request."""
        put = self._insert(hosts).values(host=host, next_at=until, slow=slow)
        later = case((hosts.c.next_at > until, hosts.c.next_at), else_=until)
        with self.engine.begin() as db:
            db.execute(put.on_conflict_do_update(index_elements=["host"], set_={"next_at": later, "slow": slow}))

    def tidy(self) -> None:
        """Give free space back and keep the query planner's facts fresh; PostgreSQL does so by itself."""
        if self.shared:
            return
        with closing(self.engine.raw_connection()) as db:
            for statement in ("optimize", "incremental_vacuum", "wal_checkpoint(TRUNCATE)"):
                db.cursor().execute(f"PRAGMA {statement}").fetchall()


def _run(site: str, run_id: str) -> Any:
    return and_(runs.c.site == site, runs.c.run_id == run_id)


def _chunks(items: Sequence[Any]) -> Iterator[Sequence[Any]]:
    for start in range(0, len(items), _CHUNK):
        yield items[start : start + _CHUNK]
