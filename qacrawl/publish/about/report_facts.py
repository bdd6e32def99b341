"""What report.html shows beside the counts: rejects, changes since a snapshot, lengths, coverage over time."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from qacrawl import schema
from qacrawl.publish.data import files, versions

EXAMPLES = 3
"""Pages shown of each reason."""


@dataclass(frozen=True)
class Rejected:
    """The pages that became no record for one reason."""

    reason: str
    pages: int
    examples: tuple[tuple[str, tuple[str, ...]], ...]
    """Some of them: URL, and the fields at fault."""


@dataclass(frozen=True)
class Earlier:
    """What the files' footers tell of a snapshot."""

    name: str
    records: int
    newest: datetime
    """The newest fetch."""
    coverage: dict[str, float]
    """Share of the records in which a field is not null, 0 to 1; lists are never null and not in it."""


def rejected(db: Any) -> list[Rejected]:
    """Return pages whose newest reading is a reject, by reason, most first; `db` has the tables of `versions`."""
    rows = db.execute(f"""
        SELECT reason, count(*), min(struct_pack(url, fields), {EXAMPLES})
        FROM verdicts WHERE reason <> ''
        GROUP BY 1 ORDER BY 2 DESC, 1
    """).fetchall()
    return [
        Rejected(reason, pages, tuple((page["url"], tuple(page["fields"])) for page in found))
        for reason, pages, found in rows
    ]


def lengths(snapshot: Path, field: str) -> dict[str, int]:
    """Return records by the length of a text, in characters, in steps that double; "16-31" to the longest there is."""
    with versions.look() as db:
        found = dict(
            db.execute(
                f"SELECT CAST(floor(log2(greatest(length({field}), 1))) AS INTEGER), count(*) "
                f"FROM read_parquet($1) WHERE {field} IS NOT NULL GROUP BY 1",
                [files.tables(snapshot / "data" / "qa")],
            ).fetchall()
        )
    steps = range(min(found), max(found) + 1) if found else ()
    return {f"{2**step:,}–{2 ** (step + 1) - 1:,}" if step else "1": found.get(step, 0) for step in steps}


def earlier(snapshots: Sequence[Path], skip: bool = False) -> list[Earlier]:
    """Return snapshots by their newest fetch, from the footers of their files alone: quick however large they are.

    With `skip`, those that can't be read are left out.
    """
    found = []
    for path in snapshots:
        try:
            found.append(_earlier(path))
        except (pa.ArrowException, OSError, ValueError):
            if not skip:
                raise
    return sorted(found, key=lambda one: (one.newest, one.name))


def _earlier(path: Path) -> Earlier:
    footers = [pq.read_metadata(file) for file in sorted((path / "data" / "qa").glob("*.parquet"))]
    groups = [column for footer in footers for column in _columns(footer)]
    records = sum(footer.num_rows for footer in footers)
    flat = [field.name for field in schema.ARROW if not pa.types.is_list(field.type)]
    nulls = {name: sum(said.null_count for at, said in groups if at == name) for name in flat}
    newest = max(said.max for at, said in groups if at == "fetched_at" and said.has_min_max)
    return Earlier(path.name, records, newest, {name: 1 - count / max(records, 1) for name, count in nulls.items()})


def _columns(footer: Any) -> Iterator[tuple[str, Any]]:
    """Yield the statistics of each column of each row group, by the column's path."""
    for group in range(footer.num_row_groups):
        for at in range(footer.num_columns):
            column = footer.row_group(group).column(at)
            if column.is_stats_set:
                yield column.path_in_schema, column.statistics
