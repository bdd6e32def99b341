"""STORE: rows become immutable Parquet parts, whole or not at all; the frontier's manifest says which count."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from uuid import uuid4

import pyarrow as pa
import pyarrow.parquet as pq

from qacrawl import files, schema
from qacrawl.files import local
from qacrawl.records import QARecord, Reject

STAGED = "staged"
"""Folder in output/<site> of what `rebuild` has read of archive files and not published."""


def write_part(
    folder: Path, rows: Sequence[QARecord] | Sequence[Reject], visits: Sequence[int | None] | None = None
) -> str:
    """Write records to `folder`/parts, or rejects to `folder`/rejects, as one file; return its name.

    `visits` are the numbers of the visits that fetched them, in their order; None: none has one. When this returns,
    the file is on disk under its name. Raise OSError when the disk refuses.
    """
    records = [row for row in rows if isinstance(row, QARecord)]
    rejects = [row for row in rows if isinstance(row, Reject)]
    table = schema.record_table(records) if records else schema.reject_table(rejects)
    numbers = pa.array([None] * len(rows) if visits is None else visits, schema.VISIT.type)
    return write_table(folder / ("parts" if records else "rejects"), table.append_column(schema.VISIT, numbers))


def write_visited(
    folder: Path, rows: Sequence[tuple[QARecord, int | None]] | Sequence[tuple[Reject, int | None]]
) -> str:
    """Write rows, each with the number of the visit that fetched it, as `write_part` does; return the file's name."""
    return write_part(folder, [row for row, _ in rows], [visit for _, visit in rows])  # type: ignore[arg-type]


def write_table(folder: Path, table: pa.Table) -> str:
    """Write a table to `folder` as part-<uuid>.parquet; return that name."""
    folder.mkdir(parents=True, exist_ok=True)
    name = f"part-{uuid4()}.parquet"
    with local.replacing(folder / name) as unfinished, unfinished.open("wb") as file:
        pq.write_table(table, file, compression="zstd")
    files.put(folder / name)
    return name


def sweep(folder: Path, known: Iterable[str]) -> list[str]:
    """Remove parts in `folder` that are not in the manifest, finished or not; return their names.

    They are what a killed run wrote and did not acknowledge: their pages are read again. An unfinished copy of one that
    is in the manifest stays, a publisher may be downloading it.
    """
    kept = frozenset(known)
    found = [*folder.glob("part-*.parquet*"), *folder.glob(".part-*.parquet.*.tmp")]
    left = sorted(path for path in found if _finished(path.name) not in kept)
    for path in left:
        path.unlink()
    return [path.name for path in left]


def _finished(name: str) -> str:
    """Return the name that a part has when it is finished."""
    return f"{name.removeprefix('.').partition('.parquet')[0]}.parquet"
