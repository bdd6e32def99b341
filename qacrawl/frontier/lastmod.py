"""What sitemaps say of when articles were modified: those that were since their last visit are due, others wait.

Functions work in the caller's transaction, and return how many articles are due at another time than before.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, bindparam, select, update

from qacrawl.frontier import database, due
from qacrawl.frontier.queue import ANEW
from qacrawl.frontier.tables import urls

_KNOWN = [urls.c[name] for name in due.Known._fields]
_SAID = (
    update(urls)
    .where(urls.c.id == bindparam("row_id"))
    .values({name: bindparam(f"new_{name}") for name in ("state", "due_at", "modified")} | {"hops": ANEW})
)


def heed(db: Connection, site: str, modified: Mapping[str, float], now: float, policy: due.Policy) -> int:
    """Keep when each URL was modified, as a sitemap says, and have articles visited sooner or later for that."""
    moved = 0
    for chunk in database.chunks(sorted(modified)):
        moved += _weigh(db, db.execute(_known(db, site, urls.c.url.in_(chunk))), modified, now, policy)
    return moved


def recall(db: Connection, site: str, now: float, policy: due.Policy) -> int:
    """Have articles that are due wait for what sitemaps said of them before, since a sitemap is as it was."""
    rows = db.execute(_known(db, site, urls.c.state == "due", urls.c.modified.is_not(None)))
    return _weigh(db, rows, {}, now, policy)


def _known(db: Connection, site: str, *which: ColumnElement[bool]) -> Select[Any]:
    """Return a query for articles that were visited, or will be, and that nobody holds."""
    states = ("due", "done", "gone")
    free = (urls.c.state.in_(states), urls.c.attempts == 0, urls.c.archived_file.is_(None))
    rows = select(*_KNOWN).where(urls.c.site == site, urls.c.kind == "article", *free, *which)
    return database.locked(db, rows, urls.c.id, skip=True)


def _weigh(
    db: Connection, rows: Iterable[Row[Any]], modified: Mapping[str, float], now: float, policy: due.Policy
) -> int:
    changes, moved = [], 0
    for found in rows:
        row = due.Known._make(found)
        row = row._replace(modified=modified.get(row.url, row.modified))
        due_at = due.by_sitemap(row, now, policy)
        if due_at != row.due_at:
            moved += 1
            row = row._replace(state="due" if due_at <= now else "done" if row.state == "due" else row.state)
        elif row.modified == found.modified:
            continue
        changes.append({"row_id": row.id, "new_state": row.state, "new_due_at": due_at, "new_modified": row.modified})
    if changes:
        db.execute(_SAID, changes)
    return moved
