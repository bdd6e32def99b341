"""verify finds nothing in a snapshot that we made, and names what somebody has broken."""

from datetime import date, timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from support import crawling
from support.making import START, part, record

from qacrawl.publish.data import files
from qacrawl.publish.snapshot import publish
from qacrawl.publish.verify import verify


@pytest.fixture
def snapshot(tmp_path: Path) -> Path:
    folder = tmp_path / "doctorqna"
    rows = [record(number) for number in range(1, 31)]
    rows[3] = record(4, reply=None, notes=("unanswered",))
    parts = [part(folder, rows), part(folder, [record(5, 2, question="Changed.")])]
    return publish(folder, "doctorqna", parts).path


def change(snapshot: Path, config: str, edit, sums: bool = True) -> None:
    """Rewrite the train split of a config, and the checksums, as somebody would who means it."""
    (path,) = (snapshot / "data" / config).glob("train-*.parquet")
    table = edit(pq.read_table(path))
    pq.write_table(table, path)
    if sums:
        names = [name for name in files.names(snapshot) if name not in (files.SUMS, "report.html")]
        (snapshot / files.SUMS).write_text(files.sums(snapshot, names))


def with_first(column: str, value):
    """An edit that sets a column of the first row."""

    def edit(table: pa.Table) -> pa.Table:
        at = table.column_names.index(column)
        values = [value, *table[column].to_pylist()[1:]]
        return table.set_column(at, table.schema.field(column), pa.array(values, table.schema.field(column).type))

    return edit


def test_what_we_publish_is_in_order(snapshot):
    assert verify(snapshot) == []


@pytest.mark.slow
def test_a_demo_is_in_order(demo):
    done = crawling.qacrawl("verify", str(demo / "demo" / "doctorqna"))
    assert (done.code, done.err) == (0, "")
    assert done.out.endswith(": 168 records, all in order\n")


EDITS = {
    "another checksum": ("qa", with_first("title", "Other"), False),
    "records that occur twice": ("qa", lambda table: pa.concat_tables([table, table.slice(0, 1)]), True),
    "records that are not sorted": ("qa", lambda table: table.take(pa.array(range(table.num_rows))[::-1]), True),
    "ages that are none": ("qa", with_first("asker_age_max", 3), True),
    "replies that do not go with the note": ("qa", with_first("reply", None), True),
    "days after the fetch": ("qa", with_first("ask_date", START.date() + timedelta(days=9)), True),
    'rows of qa with "" in place of null': ("qa", with_first("title", ""), True),
    "rows of qa with": ("qa", with_first("related_faq", [{"name": "", "specialty": None, "url": None}]), True),
    "whose record_id is not that of their url": (
        "qa",
        with_first("url", "https://doctorqna.com/en/article/7777"),
        True,
    ),
    "another schema": ("qa", lambda table: table.append_column("more", pa.array([1] * table.num_rows)), True),
    "rows of faq that belong to no record": ("faq", with_first("record_id", "doctorqna:9999"), True),
    "edges to records that are not there": ("similar", with_first("target_record_id", "doctorqna:9999"), True),
    "without an open version": ("history", lambda table: table.filter(pc.field("valid_to").is_valid()), True),
    "whose open version says something else": ("history", with_first("title", "Otherwise"), True),
    "times do not follow": ("history", with_first("valid_to", START - timedelta(days=1)), True),
}


@pytest.mark.parametrize("said", EDITS)
def test_what_is_broken_is_named(snapshot, said):
    config, edit, sums = EDITS[said]
    change(snapshot, config, edit, sums)
    problems = verify(snapshot)
    assert [problem for problem in problems if said in problem], problems
    assert all("\n" not in problem for problem in problems)


def test_clusters_in_two_splits_are_found(snapshot):
    (other,) = (snapshot / "data" / "qa").glob("validation-*.parquet")
    cluster = pq.read_table(other)["cluster_id"][0].as_py()
    change(snapshot, "qa", with_first("cluster_id", cluster))
    assert [problem for problem in verify(snapshot) if "clusters in several splits" in problem]


def test_files_that_are_missing_extra_or_torn(snapshot):
    (path,) = (snapshot / "data" / "qa").glob("train-*.parquet")
    (snapshot / "extra.txt").touch()
    path.write_bytes(path.read_bytes()[:1000])
    problems = verify(snapshot)
    name = f"data/qa/{path.name}"
    assert "extra.txt is not in SHA256SUMS" in problems
    assert f"{name} has another checksum than SHA256SUMS says" in problems
    assert [problem for problem in problems if problem.startswith(f"{name} can't be read")]
    assert [problem for problem in problems if problem.startswith("the tables can't be read")]
    path.unlink()
    assert f"{name} is missing" in verify(snapshot)
    (snapshot / "SHA256SUMS").unlink()
    assert "SHA256SUMS can't be read" in verify(snapshot)


@pytest.mark.slow
def test_the_command_prints_the_problems_and_fails(snapshot):
    change(snapshot, "qa", with_first("ask_date", date(2099, 1, 1)))
    done = crawling.qacrawl("verify", str(snapshot))
    assert (done.code, done.err) == (1, "")
    assert "days after the fetch" in done.out
    assert crawling.qacrawl("verify", str(snapshot.parent)).code == 2
