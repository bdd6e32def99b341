"""Wide rows in order, out of core: DuckDB sorts their keys, files on disk sort the rows.

DuckDB's own sort spills narrow rows, but of wide ones (kilobytes of text each) it must hold whole runs in memory.
"""

from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

PILE = 10_000
"""Rows that are sorted in memory at a time, as long as that makes no more than PILES files."""
PILES = 250
"""Files that are open at once: below the 1,024 that a process may usually have."""

STEP = 5_000
"""Rows to take from DuckDB at a time."""


def in_order(batches: Iterable[pa.RecordBatch], rows: int, folder: Path) -> Iterator[pa.RecordBatch]:
    """Yield the rows by their column `place`, without that column; places are below `rows`, none comes twice.

    `folder` holds a copy of the rows until they have been taken.
    """
    for path in _pile_up(batches, pile_size(rows), folder):
        with pa.OSFile(str(path)) as file, pa.ipc.open_stream(file) as stream:
            pile = stream.read_all()
        path.unlink()
        yield from pile.sort_by("place").drop_columns("place").to_batches()
    folder.rmdir()


def pile_size(rows: int) -> int:
    """Return how many of `rows` go into a pile."""
    return max(PILE, -(-rows // PILES))


def _pile_up(batches: Iterable[pa.RecordBatch], size: int, folder: Path) -> list[Path]:
    """Write each row to the file of its `size` places; return the files in order."""
    folder.mkdir()
    options = pa.ipc.IpcWriteOptions(compression="lz4")
    piles: dict[int, pa.ipc.RecordBatchStreamWriter] = {}
    with ExitStack() as opened:
        for batch in batches:
            numbers = pc.divide(batch["place"], size)
            for number in pc.unique(numbers).to_pylist():
                if number not in piles:
                    sink = opened.enter_context(pa.OSFile(str(folder / f"{number:05}.arrow"), "wb"))
                    piles[number] = opened.enter_context(pa.ipc.new_stream(sink, batch.schema, options=options))
                piles[number].write_batch(batch.filter(pc.equal(numbers, number)))
    return sorted(folder.iterdir())
