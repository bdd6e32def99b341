"""Wide rows in order: as a sort in memory would have it, with little memory and few open files."""

import random
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qacrawl.publish.data import sorting


def table(rows: int) -> pa.Table:
    """Rows in no order, numbered by `place`."""
    places = list(range(rows))
    random.Random(rows).shuffle(places)
    texts = [f"text {place} " * 3 for place in places]
    return pa.table({"place": pa.array(places, pa.int64()), "text": texts, "list": [[text, None] for text in texts]})


@pytest.mark.parametrize(("pile", "piles"), [(10_000, 250), (7, 250), (1, 3), (1, 1)])
@pytest.mark.parametrize("rows", [0, 1, 7, 8, 500])
def test_rows_come_in_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, rows: int, pile: int, piles: int) -> None:
    monkeypatch.setattr(sorting, "PILE", pile)
    monkeypatch.setattr(sorting, "PILES", piles)
    made = table(rows)
    found = list(sorting.in_order(made.to_batches(3), rows, tmp_path / "piles"))
    assert [row for batch in found for row in batch.to_pylist()] == made.sort_by("place").drop_columns(
        "place"
    ).to_pylist()
    assert not list(tmp_path.iterdir())


@settings(max_examples=50, deadline=None)
@given(rows=st.integers(1, 10**9))
def test_few_files_are_open_at_once(rows: int) -> None:
    size = sorting.pile_size(rows)
    assert -(-rows // size) <= sorting.PILES
    assert size == sorting.PILE or rows > sorting.PILE * sorting.PILES


@pytest.mark.slow
def test_rows_that_duckdb_cannot_sort_in_its_memory_are_sorted(tmp_path: Path) -> None:
    config = {"memory_limit": "150MB", "temp_directory": str(tmp_path / "spill")}
    wide = "SELECT (i * 77_777) % 100_003 AS place, repeat(md5(i::VARCHAR), 90) AS text FROM range(100_003) r(i)"
    with duckdb.connect(str(tmp_path / "work.duckdb"), config=config) as db:
        last = -1
        batches = db.sql(f"SELECT *, place AS kept FROM ({wide})").to_arrow_reader(sorting.STEP)
        for batch in sorting.in_order(batches, 100_003, tmp_path / "piles"):
            for kept in batch["kept"].to_pylist():
                assert kept == last + 1
                last = kept
    assert last == 100_002
