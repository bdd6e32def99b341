"""Which URLs there are, which are due, and what is committed: the crawl's one memory, in SQL.

A URL is leased, visited, and acknowledged in the transaction that also adds the files of its records to the manifest.
So a crawl that is killed at any moment knows, when it starts again, what is done and what is not.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from qacrawl.frontier.database import connect
from qacrawl.frontier.queue import Frontier
from qacrawl.frontier.rows import File, Found, Row, Visit

__all__ = ["File", "Found", "Frontier", "Row", "Visit", "open_frontier"]


@contextmanager
def open_frontier(address: str | None, site: str, folder: Path) -> Iterator[Frontier]:
    """The frontier of `site` at `address`: sqlite:///…, postgresql://…, or None for a SQLite file in `folder`."""
    engine = connect(address, folder)
    try:
        frontier = Frontier(engine, site, folder)
        yield frontier
        with suppress(sqlite3.OperationalError):  # a full disk, say: what is committed is safe without
            frontier.tidy()
    finally:
        engine.dispose()
