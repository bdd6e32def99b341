"""The one place that knows SQLite from PostgreSQL: addresses, the clock, row locks, upserts, the lock of a run."""

import shutil
import sqlite3
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, closing, nullcontext, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TypeVar

from sqlalchemy import (
    URL,
    BigInteger,
    ColumnElement,
    Connection,
    Double,
    Engine,
    Integer,
    Select,
    Table,
    cast,
    create_engine,
    event,
    func,
    literal,
    literal_column,
    select,
    text,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError

from qacrawl.errors import Exit, QacrawlError
from qacrawl.frontier.locks import advisory_lock, file_lock

APPLICATION = 0x71616372  # "qacr": what a SQLite file says it belongs to
ID = BigInteger().with_variant(Integer, "sqlite")  # SQLite numbers rows by INTEGER only
_META = "qacrawl_meta"
_CHUNK = 500
_BUSY = 30  # seconds
_FRESH = 5.0  # seconds
_IDLE = "idle_in_transaction_session_timeout"
_FROZEN = 10  # seconds
_UNDONE = "25P03"
"""What PostgreSQL says, as SQLSTATE, to who said nothing for so long in a transaction."""
_Result = TypeVar("_Result")


def shared(at: Engine | Connection) -> bool:
    """Return whether workers on other machines can use this database: a server, no file."""
    return at.dialect.name != "sqlite"


# Opening


def default(folder: Path) -> str:
    """Return the address of the frontier in a folder: a SQLite file."""
    return URL.create("sqlite", database=str(folder / "frontier.sqlite")).render_as_string()


def public(address: str) -> str:
    """Return an address without anything that may hold a password."""
    scheme, _, rest = address.partition("://")
    return f"{scheme}://{rest.rpartition('@')[2].partition('?')[0]}"


def engine(address: str) -> Engine:
    """Return an engine for sqlite:///... or postgresql://...; it connects later. Raise QacrawlError for others."""
    try:
        if address.startswith(("postgresql://", "postgres://")):
            # Prepared once, a statement keeps the plan that was good when the queue was small.
            plans = {"prepare_threshold": None}
            driver = "postgresql+psycopg://" + address.partition("://")[2]
            made = create_engine(driver, pool_pre_ping=True, connect_args=plans)
            event.listen(made, "connect", _limit)
            return made
        if not address.startswith("sqlite:///") or address.endswith((":///", ":memory:")):
            raise ArgumentError
        made = create_engine(address)
    except (ArgumentError, NoSuchModuleError, ValueError):  # ValueError: of a port that is no number
        raise QacrawlError(
            f"no frontier can be at {public(address)}: use sqlite:/// or postgresql://", Exit.USAGE
        ) from None
    except ImportError:
        raise QacrawlError("a frontier in PostgreSQL needs `pip install 'qacrawl[postgres]'`", Exit.USAGE) from None
    event.listen(made, "connect", _set_up)
    event.listen(made, "begin", _begin)
    return made


def _set_up(connection: Any, _: object) -> None:
    connection.isolation_level = None  # we say BEGIN ourselves
    connection.execute(f"PRAGMA busy_timeout={1000 * _BUSY}")
    if connection.execute("PRAGMA page_count").fetchone() == (0,):
        connection.execute("PRAGMA auto_vacuum=INCREMENTAL")  # of a file that has tables it would wait for all writers
    _write_ahead(connection)
    # FULL: an acknowledgement outlives a power cut; in WAL mode it costs one fsync a batch.
    # secure_delete: what `forget` takes out is overwritten, not left in free pages.
    for setting in ("synchronous=FULL", "secure_delete=ON"):
        connection.execute(f"PRAGMA {setting}")


def _write_ahead(connection: Any) -> None:
    """Turn WAL mode on. The lock that this takes in a new file is one that SQLite's busy timeout does not wait for."""
    deadline = time.monotonic() + _BUSY
    while True:
        try:
            connection.execute("PRAGMA journal_mode=WAL")
            return
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                raise
        time.sleep(0.01)


def _limit(connection: Any, _: object) -> None:
    # A process that is frozen in the middle of a transaction keeps the rows it locked from all others.
    connection.execute(f"SET {_IDLE} = '{_FROZEN}s'")
    connection.commit()


def _begin(db: Connection) -> None:
    # IMMEDIATE: a transaction that reads first and then can't write would fail instead of waiting.
    db.exec_driver_sql(db.get_execution_options().get("qacrawl_begin", "BEGIN IMMEDIATE"))


def look(engine: Engine) -> tuple[Path, str | None] | None:
    """Return the file behind an engine and the version it says it has; None for a server, or where nothing is yet.

    Writes nothing. Raise QacrawlError for a file that is no frontier of ours, or can't be read.
    """
    path = Path(engine.url.database or "")
    if shared(engine) or not path.exists() or not path.stat().st_size:
        return None
    try:
        ours, holds, version = _said(path.resolve())
    except sqlite3.OperationalError as error:
        raise QacrawlError(f"cannot read {path}: {error}") from None
    except sqlite3.DatabaseError as error:
        raise QacrawlError(f"{path} is no frontier: {error}; it was left alone", Exit.USAGE) from None
    if holds and not ours:
        raise QacrawlError(f"{path} is no frontier of qacrawl; it was left alone", Exit.USAGE)
    return (path, version) if ours else None


_Said = tuple[bool, bool, str | None]
"""Whether a SQLite file is ours, whether it holds anything, and the version that a frontier says it has."""


def _said(path: Path) -> _Said:
    """Return what a SQLite file says of itself; nothing is written to it."""
    try:
        with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as db:
            return _asked(db)
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode != sqlite3.SQLITE_READONLY_ROLLBACK:
            raise
    # A process was killed while it wrote. Who opens the file rolls that back, but it may be none of ours: try a copy.
    with TemporaryDirectory(prefix="qacrawl-") as folder:
        for name in (path.name, f"{path.name}-journal"):
            with suppress(FileNotFoundError):  # rolled back meanwhile
                shutil.copyfile(path.with_name(name), Path(folder, name))
        with closing(sqlite3.connect(Path(folder, path.name))) as db:
            return _asked(db)


def _asked(db: sqlite3.Connection) -> _Said:
    db.execute("BEGIN")  # all of it at one time: another process may be making it
    (owner,) = db.execute("PRAGMA application_id").fetchone()
    names = {name for (name,) in db.execute("SELECT name FROM sqlite_master")}
    ours = owner == APPLICATION and _META in names
    version = db.execute(f"SELECT value FROM {_META} WHERE name = 'version'").fetchone() if ours else None  # noqa: S608
    return ours, bool(names or owner), version[0] if version else None


def wait_for_makers(db: Connection) -> None:
    """Let one transaction at a time make or change tables. In SQLite each transaction that writes is alone anyway."""
    if shared(db):
        db.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": APPLICATION})


def mark(db: Connection) -> None:
    """Write into a SQLite file that it is ours."""
    if not shared(db):
        db.exec_driver_sql(f"PRAGMA application_id={APPLICATION}")


def tidy(engine: Engine) -> None:
    """Give free space back and keep the query planner's facts fresh; PostgreSQL does so by itself."""
    if shared(engine):
        return
    # A full disk, say: what is committed is safe without.
    with suppress(sqlite3.OperationalError), closing(engine.raw_connection()) as db:
        for statement in ("optimize", "incremental_vacuum", "wal_checkpoint(TRUNCATE)"):
            db.cursor().execute(f"PRAGMA {statement}").fetchall()


# Transactions


def write(engine: Engine, action: Callable[[Connection], _Result], tries: int = 3) -> _Result:
    """Return what `action` does in a transaction, which is tried again where the server undid it."""
    with engine.connect() as db:
        ends = False
        try:
            result = action(db)
            ends = True
            db.commit()
            return result
        except DBAPIError as error:
            # Left in the middle, a server undoes all; left at the end, it may have done all, unless it says so.
            undone = (error.connection_invalidated and not ends) or getattr(error.orig, "sqlstate", None) == _UNDONE
            if not undone or tries == 1:
                raise
    return write(engine, action, tries - 1)


def may_pause(db: Connection) -> Connection:
    """Let a transaction be idle for as long as it takes: its rows go to, or come from, a place that may be slow."""
    if shared(db):
        db.execute(text(f"SET LOCAL {_IDLE} = 0"))
    return db


def reading(engine: Engine) -> Connection:
    """Return a connection whose transaction keeps no writer waiting."""
    return engine.connect().execution_options(qacrawl_begin="BEGIN")


def snapshot(engine: Engine) -> Connection:
    """Return a connection that sees the database as it is at its first query, whatever others write meanwhile."""
    db = reading(engine)
    return may_pause(db.execution_options(isolation_level="REPEATABLE READ")) if shared(engine) else db


# Clocks


class Clock:
    """The database's clock. It is asked every few seconds; in between, ours counts on from what it said."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._told = (0.0, -_FRESH)  # what the database's clock said, and when by ours

    def now(self) -> float:
        """Return seconds since 1970."""
        if not shared(self._engine):
            return time.time()  # SQLite has no clock but this machine's
        told, at = self._told
        if time.monotonic() - at >= _FRESH:
            with reading(self._engine) as db:
                told = float(db.execute(select(clock(db, ticking=True))).scalar_one())
            at = time.monotonic()
            self._told = told, at
        return told + time.monotonic() - at


def clock(db: Connection, ticking: bool = False) -> ColumnElement[float]:
    """Return an expression for seconds since 1970 by the database's clock, for use inside a statement.

    It stands still while the statement runs, so that an index can serve a comparison with it; `ticking` it goes on.
    """
    if not shared(db):
        return literal(time.time(), Double)
    name = "clock_timestamp" if ticking else "statement_timestamp"
    return literal_column(f"CAST(extract(epoch FROM {name}()) AS double precision)", Double)


# Statements


def chunks(values: Sequence[Any]) -> Iterator[Sequence[Any]]:
    """Yield the values in pieces that are short enough for one statement."""
    for start in range(0, len(values), _CHUNK):
        yield values[start : start + _CHUNK]


def whole(db: Connection, value: ColumnElement[Any]) -> ColumnElement[int]:
    """Return an expression for the whole part of a number that is not negative."""
    return cast(func.floor(value) if shared(db) else value, Integer)  # PostgreSQL's CAST rounds, SQLite's cuts


def insert(db: Connection, table: Table) -> postgresql.Insert | sqlite.Insert:
    """Return an INSERT that knows `on_conflict_do_nothing` and `on_conflict_do_update`."""
    return postgresql.insert(table) if shared(db) else sqlite.insert(table)


def locked(db: Connection, rows: Select[Any], *order: ColumnElement[Any], skip: bool = False) -> Select[Any]:
    """Return a query that also locks the rows it selects until the transaction ends.

    All give the same `order`, so that transactions that want the same rows never wait in a circle. With `skip`, rows
    that another transaction holds are left out. SQLite, with its one writer at a time, has no such rows.
    """
    return rows.order_by(*order).with_for_update(skip_locked=skip) if shared(db) else rows


def update_rows(db: Connection, table: Table, picked: Select[Any], values: dict[str, Any]) -> int:
    """Write values to the rows whose ids `picked` selects; return how many rows there were."""
    # A CTE that locks is run once, and what it locked stays as it was; a subquery may be run again for each row.
    # Python's sqlite3 counts no rows where a statement begins with WITH.
    some = picked.cte("picked") if shared(db) else picked.subquery("picked")
    return db.execute(update(table).where(table.c.id.in_(select(some.c.id))).values(values)).rowcount


# Locks of processes


def run_lock(engine: Engine, site: str, folder: Path, worker: bool) -> AbstractContextManager[None]:
    """Return the lock of a site's runs, which workers share: the server's, or of a file in `folder`.

    Entering it raises QacrawlError(Exit.LOCKED) when another run holds it. Raise QacrawlError(Exit.USAGE) for workers
    where there is no server.
    """
    if shared(engine):
        return advisory_lock(engine, site, worker)
    if worker:
        raise QacrawlError("--worker needs a frontier that workers can share: postgresql://...", Exit.USAGE)
    return file_lock(folder, site)


def publish_lock(engine: Engine, site: str, alone: bool) -> AbstractContextManager[None]:
    """Return the lock that publishers share, and that is held `alone` by who takes pages out.

    A frontier in a file is on one machine, whose folder has a lock of its own, so that there is nothing to hold.
    Entering it raises QacrawlError(Exit.LOCKED) when somebody holds it in a way that keeps us out.
    """
    return advisory_lock(engine, site, not alone, "publish") if shared(engine) else nullcontext()
