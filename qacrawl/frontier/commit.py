"""The commit of a batch: visits are acknowledged with the files that hold their records, or not at all."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Update, bindparam, case, func, update

from qacrawl.frontier import manifest, queue, runs
from qacrawl.frontier.rows import EndedVisit, File, Found, Numbering
from qacrawl.frontier.tables import urls

_FIELDS = (
    "outcome", "state", "priority", "due_at", "reason", "status", "failures", "misses", "etag", "last_modified",
    "digest", "payload", "fetched_at", "checked_at", "seconds", "asked", "replied", "address", "content", "quiet",
)  # fmt: skip
_SEEN = frozenset(["record", "listing", "unchanged"])
"""Outcomes of a page that is there: what was gone stays so through an outage, a robots.txt that forbids, a notice."""


def commit(
    db: Connection,
    site: str,
    run_id: str,
    visits: Sequence[EndedVisit],
    made: Sequence[File],
    found: Sequence[Found],
    number: Numbering,
) -> set[int]:
    """Acknowledge visits, add their files to the manifest and the URLs found on them, in the caller's transaction.

    Where the run has lost the lease of one of the URLs (it was frozen past its lease), nothing is written and the ids
    of those rows are returned.
    """
    if lost := {visit.row.id for visit in visits} - queue.hold(db, [visit.row for visit in visits], run_id):
        return lost
    queue.add(db, site, found, number)
    if visits:
        db.execute(_ACKNOWLEDGE, [_values(visit) for visit in visits])
    for file in made:
        manifest.put(db, site, file, run_id)
    runs.count(db, site, run_id, Counter(visit.outcome for visit in visits))
    return set()


def _acknowledge() -> Update:
    """Return the statement that ends a lease with the outcome of its visit; it takes what `_values` gives."""
    values: dict[str, Any] = {name: bindparam(f"new_{name}") for name in _FIELDS}
    values |= {
        "visits": urls.c.visits + 1,
        "visit": urls.c.generation,
        "attempts": 0,
        "owner": None,
        "archived_file": None,
        "archived_offset": None,
    }
    values["gone_at"] = case(
        (bindparam("new_is_gone") == 1, func.coalesce(urls.c.gone_at, bindparam("new_now"))),
        (bindparam("new_is_seen") == 0, urls.c.gone_at),
        else_=None,
    )
    return update(urls).where(urls.c.id == bindparam("row_id")).values(values)


_ACKNOWLEDGE = _acknowledge()


def _values(visit: EndedVisit) -> dict[str, Any]:
    new = {f"new_{name}": getattr(visit, name) for name in _FIELDS}
    gone = {"new_is_gone": int(visit.state == "gone"), "new_is_seen": int(visit.outcome in _SEEN)}
    return new | gone | {"new_now": visit.checked_at, "row_id": visit.row.id}
