"""The statement that acknowledges a visit, and its values."""

from typing import Any

from sqlalchemy import bindparam, case, func, update

from qacrawl.frontier.rows import Visit
from qacrawl.frontier.tables import urls

_FIELDS = (
    "outcome", "state", "priority", "due_at", "reason", "status", "failures", "misses", "etag", "last_modified",
    "digest", "payload", "fetched_at", "checked_at", "seconds", "asked", "replied",
)  # fmt: skip


def _acknowledge() -> Any:
    values: dict[str, Any] = {name: bindparam(f"new_{name}") for name in _FIELDS}
    values |= {
        "visits": urls.c.visits + 1,
        "attempts": 0,
        "owner": None,
        "archived_file": None,
        "archived_offset": None,
    }
    values["gone_at"] = case(
        (bindparam("new_is_gone") == 0, None), else_=func.coalesce(urls.c.gone_at, bindparam("new_now"))
    )
    return update(urls).where(urls.c.id == bindparam("row_id")).values(values)


ACKNOWLEDGE = _acknowledge()
"""Ends the lease of one row with the outcome of its visit; takes what `values` gives."""


def values(visit: Visit) -> dict[str, Any]:
    """What `ACKNOWLEDGE` writes for a visit."""
    new = {f"new_{name}": getattr(visit, name) for name in _FIELDS}
    gone = {"new_is_gone": int(visit.state == "gone"), "new_now": visit.checked_at}
    return new | gone | {"row_id": visit.row.id}
