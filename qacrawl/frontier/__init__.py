"""Which URLs there are, which are due, and what is committed: the crawl's one memory, in SQL.

A URL is leased, visited, and acknowledged in the transaction that also adds the files of its records to the manifest.
So a crawl that is killed at any moment knows, when it starts again, what is done and what is not.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from qacrawl.frontier import database
from qacrawl.frontier.frontier import Frontier
from qacrawl.frontier.hosts import Place
from qacrawl.frontier.rows import EndedVisit, File, Found, Row
from qacrawl.frontier.version import connect

__all__ = ["EndedVisit", "File", "Found", "Frontier", "Place", "Row", "open_frontier"]


@contextmanager
def open_frontier(address: str | None, site: str, folder: Path) -> Iterator[Frontier]:
    """Open the frontier of `site` at `address` (sqlite:///... or postgresql://...; None: a SQLite file in `folder`)."""
    engine = connect(address, folder)
    try:
        frontier = Frontier(engine, site, folder)
        yield frontier
        database.tidy(engine)
    finally:
        engine.dispose()
