"""Makes a frontier's tables, brings older ones up to date, and leaves alone what is none of ours or newer."""

from pathlib import Path

from sqlalchemy import Connection, Engine, insert, inspect, select, text, update
from sqlalchemy.exc import DBAPIError

from qacrawl.errors import Exit, QacrawlError
from qacrawl.frontier import database, tables


def connect(address: str | None, folder: Path) -> Engine:
    """Return an engine for `address` (None: a file in `folder`), its tables ready.

    Raise QacrawlError when nothing answers there, or what lies there is no frontier or a newer one.
    """
    address = address or database.default(folder)
    name = database.public(address)
    engine = database.engine(address)
    try:
        if file := database.look(engine):
            _check(file[1], str(file[0]))
        with engine.begin() as db:
            _prepare(db, name)
    except DBAPIError as error:
        engine.dispose()
        line = str(error.orig).strip().splitlines()[0] if str(error.orig).strip() else type(error.orig).__name__
        raise QacrawlError(f"no frontier at {name}: {line}") from None
    except BaseException:
        engine.dispose()
        raise
    return engine


def _prepare(db: Connection, name: str) -> None:
    """Make or migrate the tables, in the caller's transaction."""
    database.wait_for_makers(db)
    if inspect(db).has_table(tables.meta.name):
        _migrate(db, name)
        return
    database.mark(db)
    tables.metadata.create_all(db)
    db.execute(insert(tables.meta).values(name="version", value=str(tables.VERSION)))


def _migrate(db: Connection, name: str) -> None:
    said = db.execute(select(tables.meta.c.value).where(tables.meta.c.name == "version")).scalar_one_or_none()
    version = _check(said, name)
    for step in range(version + 1, tables.VERSION + 1):
        server = tables.SERVER_MIGRATIONS.get(step, ()) if database.shared(db) else ()
        for statement in (*tables.MIGRATIONS[step], *server):
            db.execute(text(statement))
    if version < tables.VERSION:
        db.execute(update(tables.meta).where(tables.meta.c.name == "version").values(value=str(tables.VERSION)))


def _check(value: str | None, name: str) -> int:
    """Return the version that a frontier says it has. Raise QacrawlError where that is none we know."""
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
