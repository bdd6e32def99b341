"""The lock of a site's run, which the kernel or the database frees when the process that holds it dies."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from zlib import crc32

from filelock import FileLock, Timeout
from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError

from qacrawl.errors import Exit, QacrawlError

APP = 0x7161
"""First half of the server's lock number, so that other programs' locks are others."""
# A machine that lost its power says nothing; the server asks after a minute, or else would hold its lock for hours.
_ASK = "SELECT " + ", ".join(
    f"set_config('tcp_keepalives_{name}', '{value}', false)"
    for name, value in {"idle": 30, "interval": 10, "count": 3}.items()
)


@contextmanager
def file_lock(folder: Path, site: str) -> Iterator[None]:
    """Hold the lock file of a folder. Raise QacrawlError(Exit.LOCKED) when another process does."""
    lock = FileLock(folder / "run.lock", blocking=False)
    try:
        lock.acquire()
    except Timeout:
        raise locked(site) from None
    try:
        yield
    finally:
        lock.release()


@contextmanager
def advisory_lock(engine: Engine, site: str, shared: bool, purpose: str = "") -> Iterator[None]:
    """Hold the site's lock in the server, alone or `shared` with others who share it; one for each `purpose`.

    Raise QacrawlError(Exit.LOCKED) when somebody holds it in a way that keeps us out.
    """
    kind = "_shared" if shared else ""
    name = f"{site}/{purpose}" if purpose else site
    ours = {"app": APP, "site": crc32(name.encode()) - (1 << 31)}
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as db:
        db.execute(text(_ASK))
        try:
            if not db.execute(text(f"SELECT pg_try_advisory_lock{kind}(:app, :site)"), ours).scalar():
                raise locked(site)
            try:
                yield
            finally:  # closing frees it too, but later: of two workers that end, each would find the other's lock
                with suppress(DBAPIError):  # the server has gone, and the lock with it
                    db.execute(text(f"SELECT pg_advisory_unlock{kind}(:app, :site)"), ours)
        finally:
            db.invalidate()  # the connection is closed, not pooled: it may hold the lock still


def locked(site: str) -> QacrawlError:
    """Return what is said to a second run."""
    return QacrawlError(f"another run of {site} is going on; this one ends", Exit.LOCKED)
