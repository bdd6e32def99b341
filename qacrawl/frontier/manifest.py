"""The manifest of a site: which files count, and how much of each. Functions work in the caller's transaction."""

from collections.abc import Iterable

from sqlalchemy import Connection, delete, select

from qacrawl.frontier import database
from qacrawl.frontier.tables import files


def sizes(db: Connection, site: str, kind: str) -> dict[str, int]:
    """Return the committed files of a kind ("parts", "rejects", "archive"), by name: rows, or bytes of an archive."""
    found = select(files.c.name, files.c.size).where(files.c.site == site, files.c.kind == kind)
    return {row.name: row.size for row in db.execute(found.order_by(files.c.name))}


def put(db: Connection, site: str, file: tuple[str, str, int], run_id: str | None = None) -> None:
    """Put a file (kind, name, size) into the manifest; of one that is there already the size is the new one."""
    kind, name, size = file
    row = {"site": site, "kind": kind, "name": name, "size": size, "run_id": run_id}
    statement = database.insert(db, files).values(row)
    db.execute(statement.on_conflict_do_update(index_elements=["site", "kind", "name"], set_={"size": size}))


def swap(db: Connection, site: str, add: Iterable[tuple[str, str, int]], remove: Iterable[tuple[str, str]]) -> None:
    """Take files (kind, name) out of the manifest and put others in."""
    for kind, name in remove:
        db.execute(delete(files).where(files.c.site == site, files.c.kind == kind, files.c.name == name))
    for file in add:
        put(db, site, file)
