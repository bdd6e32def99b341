"""Parquet files of a snapshot: the same rows give the same bytes; checksums."""

import hashlib
from collections.abc import Iterable, Iterator
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

STEP = 500
"""Rows taken at a time; row groups are whole steps."""
GROUP = 32 << 20
"""Bytes of text after which a row group ends: small enough for the Hub's viewer to load one."""
FILE = 224 << 20
"""Bytes after which a file ends; with the row group that crosses the line it stays below 256 MB."""
SUMS = "SHA256SUMS"
SPLITS = ("train", "validation", "test")
"""Names of the splits, in the order in which they are shown."""
SPLIT = "regexp_extract(filename, '([a-z]+)-[^/]*$', 1)"
"""The split of a row, in SQL, by the name of its file."""

# Page index and statistics let readers skip; content-defined pages let the Hub store only what changed.
_WRITER: dict[str, Any] = {
    "compression": "zstd",
    "compression_level": 6,
    "version": "2.6",
    "write_statistics": True,
    "write_page_index": True,
    "use_content_defined_chunking": True,
    "store_schema": True,
}


def write(batches: Iterable[pa.RecordBatch], columns: pa.Schema, folder: Path) -> None:
    """Write `<split>-00000-of-0000N.parquet` into `folder`; `batches` are sorted by their column `split`."""
    folder.mkdir(parents=True)
    for split, tables in groupby(_by_split(batches), key=itemgetter(0)):
        _write_split(split, _groups(_steps(table for _, table in tables), columns), columns, folder)
    if not any(folder.iterdir()):
        _write_split("train", iter([columns.empty_table()]), columns, folder)  # so that readers know the columns


def _by_split(batches: Iterable[pa.RecordBatch]) -> Iterator[tuple[str, pa.Table]]:
    """Yield the batches cut where the split changes, without that column."""
    for batch in batches:
        table = pa.Table.from_batches([batch])
        for split in pc.unique(table["split"]).to_pylist():
            yield split, table.filter(pc.field("split") == split).drop_columns("split")


def _steps(tables: Iterable[pa.Table]) -> Iterator[pa.Table]:
    """Yield the same rows in tables of STEP rows, however they came."""
    held: list[pa.Table] = []
    rows = 0
    for table in tables:
        held.append(table)
        rows += table.num_rows
        if rows >= STEP:
            joined = pa.concat_tables(held)
            whole = rows - rows % STEP
            yield from (joined.slice(start, STEP) for start in range(0, whole, STEP))
            held, rows = [joined.slice(whole)], rows - whole
    if rows:
        yield pa.concat_tables(held)


def _groups(steps: Iterable[pa.Table], columns: pa.Schema) -> Iterator[pa.Table]:
    """Yield steps joined into row groups of about GROUP bytes of text, with the types of `columns`."""
    held: list[pa.Table] = []
    weight = 0
    for step in steps:
        held.append(step.select(columns.names).cast(columns))
        weight += sum(_weight(column) for column in step.columns)
        if weight >= GROUP:
            yield pa.concat_tables(held).combine_chunks()
            held, weight = [], 0
    if held:
        yield pa.concat_tables(held).combine_chunks()


def _weight(column: Any) -> int:
    """Return bytes of the values alone: unlike `nbytes` it does not depend on how the column lies in memory."""
    if pa.types.is_list(column.type):
        return _weight(pc.list_flatten(column))
    if pa.types.is_struct(column.type):
        return sum(_weight(pc.struct_field(column, index)) for index in range(column.type.num_fields))
    if pa.types.is_string(column.type):
        return pc.sum(pc.binary_length(column)).as_py() or 0
    return 8 * len(column)


def _write_split(split: str, groups: Iterator[pa.Table], columns: pa.Schema, folder: Path) -> None:
    """Write one split; the files get their names when their number is known."""
    files: list[Path] = []
    for group in groups:
        path = folder / f"{split}-{len(files):05}.parquet"
        with pa.OSFile(str(path), "wb") as sink, pq.ParquetWriter(sink, columns, **_WRITER) as writer:
            writer.write_table(group, row_group_size=max(group.num_rows, 1))
            while sink.tell() < FILE and (more := next(groups, None)) is not None:
                writer.write_table(more, row_group_size=more.num_rows)
        files.append(path)
    for number, path in enumerate(files):
        path.rename(folder / f"{split}-{number:05}-of-{len(files):05}.parquet")


def split_of(path: Path) -> str:
    """Return the split whose rows are in a file, by its name."""
    return path.name.partition("-")[0]


def sums(folder: Path, names: Iterable[str]) -> str:
    """Return lines as `sha256sum` writes them, sorted by name, for files below `folder`."""
    return "".join(f"{_sha256(folder / name)}  {name}\n" for name in sorted(names))


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def tables(folder: Path) -> list[str]:
    """Return the paths of the Parquet files in a folder, by name: DuckDB takes a folder in a glob for a pattern."""
    return sorted(str(path) for path in folder.glob("*.parquet"))


def names(folder: Path) -> list[str]:
    """Return the files below `folder`, as sorted relative names with slashes."""
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
