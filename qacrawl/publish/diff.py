"""What changed between two snapshots: records added, changed (in which columns), gone; found by DuckDB, out of core."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
from rich.console import Console
from rich.table import Table
from rich.text import Text

from qacrawl import schema
from qacrawl.errors import Exit, QacrawlError
from qacrawl.escape import plain
from qacrawl.files import local
from qacrawl.publish import damage
from qacrawl.publish.data import files, versions
from qacrawl.publish.parallel import columns

COLUMNS = pa.schema(
    [
        pa.field("record_id", pa.string(), nullable=False),
        pa.field("change", pa.string(), nullable=False),
        pa.field("fields", pa.list_(pa.field("element", pa.string(), nullable=False)), nullable=False),
    ]
)
"""Of the Parquet file: the record, "added", "changed" or "gone", and the columns that changed."""
_STEP = 10_000  # rows taken at a time


class Change(NamedTuple):
    """A record that differs."""

    record_id: str
    change: str
    """added, changed or gone."""
    fields: list[str]
    """Of a changed record, the columns that differ, in the record's order; provenance does not count."""


class Diff:
    """The differences between two snapshots, held in DuckDB; made by `compare`."""

    def __init__(self, db: Any, before: str, after: str) -> None:
        self._db = db
        self.before = before
        """Name of the one snapshot."""
        self.after = after
        """Name of the other."""
        found = dict(db.execute("SELECT change, count(*) FROM changes GROUP BY change").fetchall())
        self.counts: dict[str, int] = {change: found.get(change, 0) for change in ("added", "changed", "gone")}

    def batches(self, most: int | None = None) -> Any:
        """Return the changes as a reader of Arrow batches with COLUMNS, by record_id; `most` of them, or all."""
        limit = "" if most is None else f" LIMIT {most}"
        return self._db.sql(f"FROM changes ORDER BY record_id{limit}").to_arrow_reader(_STEP)

    def changes(self, most: int | None = None) -> Iterator[Change]:
        """Yield the changes by record_id; `most` of them, or all."""
        for batch in self.batches(most):
            yield from (Change(**row) for row in batch.to_pylist())


@contextmanager
def compare(before: Path, after: Path) -> Iterator[Diff]:
    """Yield the differences from the snapshot folder `before` to `after`, for as long as the context lasts.

    Of two datasets of pairs, those of pairs. Raise QacrawlError where the files of one can't be read, or where only
    one has pairs.
    """
    pairs = [(path / "data" / columns.CONFIG).is_dir() for path in (before, after)]
    if pairs[0] != pairs[1]:
        raise QacrawlError(f"can't compare {before} and {after}: only one of them has pairs", Exit.USAGE)
    with TemporaryDirectory(prefix="qacrawl-diff-") as folder, versions.work(Path(folder)) as db:
        try:
            with damage.named((*damage.tables(before), *damage.tables(after)), damage.MEND):
                types = [_read(db, name, path) for name, path in (("a", before), ("b", after))]
                names = columns.PAIRS.names if pairs[0] else schema.ARROW.names
                find(db, [name for name in names if types[0].get(name, 0) == types[1].get(name, 1)])
        except QacrawlError as error:
            raise QacrawlError(f"can't compare {before} and {after}: {error}") from None
        except duckdb.Error as error:
            raise QacrawlError(f"can't compare {before} and {after}: {plain(str(error), 300)}") from None
        yield Diff(db, before.name, after.name)


def _read(db: Any, name: str, snapshot: Path) -> dict[str, str]:
    """Make the view `name` of the records in a snapshot; return the type of each column."""
    if (pairs := snapshot / "data" / columns.CONFIG).is_dir():
        rows = db.read_parquet(files.tables(pairs)).project(f"*, {columns.KEY} AS record_id")
    else:
        rows = db.read_parquet(files.tables(snapshot / "data" / "qa"))
    rows.create_view(name)
    return {column: str(kind) for column, kind in zip(rows.columns, rows.types, strict=True)}


def find(db: Any, both: list[str]) -> None:
    """Make the table `changes` from the views `a` and `b`, which have the columns `both` in common.

    Texts are compared by their 64-bit hashes, so that the join stays narrow: of ten million changes one is missed
    with a chance of 1 in 10^12.
    """
    key = ("record_id", columns.KEY)
    names = [name for name in both if name not in (*key, *versions.PROVENANCE, *columns.PROVENANCE)]
    hashes = ", ".join(f"hash({name}) AS {name}" for name in names)
    for view in ("a", "b"):
        db.execute(f"CREATE TABLE hashes_{view} AS SELECT record_id, {hashes} FROM {view}")
    differing = ", ".join(f"CASE WHEN a.{name} <> b.{name} THEN '{name}' END" for name in names)
    db.execute(f"""
        CREATE TABLE changes AS
        SELECT * FROM (
            SELECT coalesce(a.record_id, b.record_id) AS record_id,
                   CASE WHEN a.record_id IS NULL THEN 'added' WHEN b.record_id IS NULL THEN 'gone' ELSE 'changed' END
                       AS change,
                   list_filter([{differing}], lambda name: name IS NOT NULL) AS fields
            FROM hashes_a a FULL JOIN hashes_b b ON a.record_id = b.record_id
        ) WHERE change <> 'changed' OR len(fields) > 0
    """)


def write_parquet(found: Diff, path: Path) -> None:
    """Write the changes to a Parquet file with COLUMNS; `path` is there when it is whole."""
    try:
        with local.replacing(path) as beside, pq.ParquetWriter(beside, COLUMNS, compression="zstd") as writer:
            for batch in found.batches():
                writer.write_table(pa.Table.from_batches([batch]).cast(COLUMNS))
    except OSError as error:
        raise QacrawlError(f"can't write {path}: {error.strerror or error}") from None


def as_json(found: Diff) -> Iterator[str]:
    """Yield the differences as the lines of one JSON object, one change a line."""
    head = json.dumps({"before": found.before, "after": found.after, **found.counts}, ensure_ascii=False)
    yield head[:-1] + ', "changes": ['
    held = None
    for change in found.changes():
        if held is not None:
            yield held + ","
        held = json.dumps(change._asdict(), ensure_ascii=False)
    if held is not None:
        yield held
    yield "]}"


def show(found: Diff, console: Console, most: int = 50) -> None:
    """Print the counts, then a table of up to `most` changes."""
    counts = ", ".join(f"{number:,} {change}" for change, number in found.counts.items())
    console.print(f"{found.before} -> {found.after}: {counts}", markup=False, highlight=False, soft_wrap=True)
    total = sum(found.counts.values())
    if total:
        table = Table("Record", "Change", "Fields")
        for record_id, change, fields in found.changes(most):
            table.add_row(Text(plain(record_id)), change, ", ".join(fields))
        console.print(table)
    if total > most:
        console.print(f"and {total - most:,} more: --json and --parquet have them all", highlight=False)
