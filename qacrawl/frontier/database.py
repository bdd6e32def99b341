"""Opens a frontier: makes its tables, brings older ones up to date, leaves what is none alone."""

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, insert, inspect, select, text, update
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError

from qacrawl.errors import Exit, QacrawlError
from qacrawl.frontier import tables

APPLICATION = 0x71616372  # "qacr": what a SQLite file says it belongs to


def connect(address: str | None, folder: Path) -> Engine:
    """An engine for `address` (None: a SQLite file in `folder`), its tables ready.

    Raises QacrawlError when nothing answers there, or what lies there is no frontier or a newer one.
    """
    address = address or f"sqlite:///{folder / 'frontier.sqlite'}"
    try:
        engine = _engine(address)
        if engine.url.database and engine.dialect.name == "sqlite":
            _check_file(Path(engine.url.database))
    except (ArgumentError, NoSuchModuleError, ValueError):  # ValueError: of a port that is no number
        raise QacrawlError(
            f"no frontier can be at {_public(address)}: use sqlite:/// or postgresql://", Exit.USAGE
        ) from None
    except ImportError:
        raise QacrawlError("a frontier in PostgreSQL needs `pip install 'qacrawl[postgres]'`", Exit.USAGE) from None
    try:
        with engine.begin() as db:
            _prepare(db, _public(address))
    except DBAPIError as error:
        engine.dispose()
        line = str(error.orig).strip().splitlines()[0] if str(error.orig).strip() else type(error.orig).__name__
        raise QacrawlError(f"no frontier at {_public(address)}: {line}") from None
    except BaseException:
        engine.dispose()
        raise
    return engine


def _engine(address: str) -> Engine:
    if address.startswith(("postgresql://", "postgres://")):
        # Prepared once, a statement keeps the plan that was good when the queue was small.
        plans = {"prepare_threshold": None}
        address = "postgresql+psycopg://" + address.partition("://")[2]
        return create_engine(address, pool_pre_ping=True, connect_args=plans)
    if not address.startswith("sqlite:///") or address.endswith((":///", ":memory:")):
        raise ArgumentError
    engine = create_engine(address)
    event.listen(engine, "connect", _set_up_sqlite)
    event.listen(engine, "begin", _begin)
    return engine


def _check_file(path: Path) -> None:
    """Raise QacrawlError for a file that is no frontier, before anything is written to it."""
    if not path.exists() or not path.stat().st_size:
        return
    try:
        with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)) as db:
            (owner,) = db.execute("PRAGMA application_id").fetchone()
            names = {name for (name,) in db.execute("SELECT name FROM sqlite_master")}
            ours = owner == APPLICATION and tables.meta.name in names
            version = db.execute("SELECT value FROM qacrawl_meta WHERE name = 'version'").fetchone() if ours else None
    except sqlite3.OperationalError as error:
        raise QacrawlError(f"cannot read {path}: {error}") from None
    except sqlite3.DatabaseError as error:
        raise QacrawlError(f"{path} is no frontier: {error}; it was left alone", Exit.USAGE) from None
    if not ours and (names or owner):
        raise QacrawlError(f"{path} is no frontier of qacrawl; it was left alone", Exit.USAGE)
    if ours:
        _check_version(version and version[0], str(path))


def _set_up_sqlite(connection: Any, _: object) -> None:
    connection.isolation_level = None  # we say BEGIN ourselves
    connection.execute("PRAGMA busy_timeout=30000")
    if connection.execute("PRAGMA page_count").fetchone() == (0,):
        connection.execute("PRAGMA auto_vacuum=INCREMENTAL")  # of a file that has tables it would wait for all writers
    # FULL: an acknowledgement outlives a power cut; in WAL mode it costs one fsync a batch.
    for setting in ("journal_mode=WAL", "synchronous=FULL"):
        connection.execute(f"PRAGMA {setting}")


def _begin(db: Connection) -> None:
    # IMMEDIATE: a transaction that reads first and then can't write would fail instead of waiting.
    db.exec_driver_sql(db.get_execution_options().get("qacrawl_begin", "BEGIN IMMEDIATE"))


def _public(address: str) -> str:
    """The address without anything that may hold a password."""
    scheme, _, rest = address.partition("://")
    return f"{scheme}://{rest.rpartition('@')[2].partition('?')[0]}"


def _prepare(db: Connection, name: str) -> None:
    """Make or migrate the tables, in the caller's transaction."""
    if db.dialect.name != "sqlite":
        db.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": APPLICATION})  # two may start at once
    if inspect(db).has_table(tables.meta.name):
        _migrate(db, name)
        return
    if db.dialect.name == "sqlite":
        db.exec_driver_sql(f"PRAGMA application_id={APPLICATION}")
    tables.metadata.create_all(db)
    db.execute(insert(tables.meta).values(name="version", value=str(tables.VERSION)))


def _check_version(value: str | None, name: str) -> int:
    """The version that a frontier says it has; raises QacrawlError where that is none we know."""
    version = int(value) if value and value.isdecimal() else 0
    if not version:
        raise QacrawlError(f"{name} is a damaged frontier: it has no version; it was left alone", Exit.USAGE)
    if version > tables.VERSION:
        raise QacrawlError(
            f"{name} is a frontier of version {version}, made by a newer qacrawl; this one knows {tables.VERSION}; "
            "it was left alone",
            Exit.USAGE,
        )
    return version


def _migrate(db: Connection, name: str) -> None:
    said = db.execute(select(tables.meta.c.value).where(tables.meta.c.name == "version")).scalar_one_or_none()
    version = _check_version(said, name)
    for step in range(version + 1, tables.VERSION + 1):
        for statement in tables.MIGRATIONS[step]:
            db.execute(text(statement))
    if version < tables.VERSION:
        db.execute(update(tables.meta).where(tables.meta.c.name == "version").values(value=str(tables.VERSION)))
