"""Rows of tables without what they quote of pages that were taken out."""

from typing import Any

import pyarrow as pa

from qacrawl.redact import quotes
from qacrawl.redact.quotes import Forgotten


def without(table: pa.Table, forgotten: Forgotten, prefix: str = "") -> tuple[pa.Table, int]:
    """Return a table of records without what they quote, and how many quotations there were.

    The columns of a record are those whose names begin with `prefix`.
    """
    names = [name for name in quotes.COLUMNS if prefix + name in table.column_names]
    if not (names and (forgotten.urls or forgotten.digests)):
        return table, 0
    rows: list[dict[str, Any]] = table.select([prefix + name for name in names]).rename_columns(names).to_pylist()
    changed: set[str] = set()
    number = 0
    for row in rows:
        found, count = quotes.clean(row, forgotten)
        row.update(found)
        changed |= found.keys()
        number += count
    for name in changed:
        at = table.schema.get_field_index(prefix + name)
        field = table.schema.field(at)
        table = table.set_column(at, field, pa.array([row[name] for row in rows], field.type))
    return table, number
