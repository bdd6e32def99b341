"""The differences of two snapshots: exactly the edits made, in every form in which they are given."""

import json
import shutil
from datetime import date
from io import StringIO
from pathlib import Path
from tempfile import TemporaryDirectory

import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.console import Console
from support.crawling import qacrawl
from support.making import part, record

from qacrawl import schema
from qacrawl.errors import QacrawlError
from qacrawl.publish import diff
from qacrawl.publish.snapshot import publish
from qacrawl.records import RelatedFAQ, SimilarQA

EDITS = {
    "title": ("Other title", None),
    "question": ("Other question",),
    "asker_age_min": (0, None),
    "ask_date": (date(1999, 12, 31), None),
    "reply": ("Other reply",),
    "similar_qa": ((SimilarQA(title="Other"),), ()),
    "related_faq": ((RelatedFAQ(name="Itch", specialty="Neurology"), RelatedFAQ(name="Rash")), ()),
    "notes": (("bad_age",),),
}
"""Values that differ from those of any `making.record`."""


def snapshot(folder: Path, rows) -> Path:
    return publish(folder, "doctorqna", [part(folder, rows)]).path


def only_rows(folder: Path, rows) -> Path:
    """As much of a snapshot as is compared, much quicker than a whole one."""
    (folder / "data/qa").mkdir(parents=True)
    pq.write_table(schema.record_table(rows), folder / "data/qa/train-00000-of-00001.parquet")
    return folder


def found(before: Path, after: Path) -> list[diff.Change]:
    with diff.compare(before, after) as differences:
        changes = list(differences.changes())
        assert sum(differences.counts.values()) == len(changes)
    return changes


@pytest.fixture
def two(tmp_path: Path) -> tuple[Path, Path]:
    """Record 1 stays, 2 is changed, 3 goes, 4 comes."""
    before = snapshot(tmp_path / "a", [record(1), record(2), record(3)])
    after = snapshot(tmp_path / "b", [record(1, day=9), record(2, day=9, title=None, reply="New."), record(4, day=9)])
    return before, after


CHANGES = [
    ("doctorqna:2", "changed", ["title", "reply"]),
    ("doctorqna:3", "gone", []),
    ("doctorqna:4", "added", []),
]


@pytest.mark.slow
def test_added_changed_and_gone_are_told_apart_and_provenance_does_not_count(two):
    assert found(*two) == CHANGES
    with diff.compare(*two) as differences:
        assert differences.counts == {"added": 1, "changed": 1, "gone": 1}


EDIT = st.dictionaries(st.sampled_from(sorted(EDITS)), st.integers(0, 1), max_size=4)


@pytest.mark.slow
@settings(max_examples=20, deadline=None)
@given(
    before=st.sets(st.integers(1, 30), min_size=1, max_size=12),
    gone=st.sets(st.integers(1, 30)),
    added=st.sets(st.integers(31, 40), min_size=1, max_size=4),
    edits=st.dictionaries(st.integers(1, 30), EDIT),
)
def test_random_edits_are_found_exactly(before, gone, added, edits):
    after = {number: {} for number in added}
    for number in before - gone:
        edit = edits.get(number, {})
        after[number] = {name: EDITS[name][choice % len(EDITS[name])] for name, choice in edit.items()}
    expected = {f"doctorqna:{number}": ("added", set()) for number in added}
    expected |= {f"doctorqna:{number}": ("gone", set()) for number in before & gone}
    expected |= {f"doctorqna:{number}": ("changed", set(edit)) for number, edit in after.items() if edit}
    with TemporaryDirectory() as folder:
        one = only_rows(Path(folder, "a"), [record(number) for number in before])
        two = only_rows(Path(folder, "b"), [record(number, 1, **edit) for number, edit in after.items()])
        assert {key: (change, set(names)) for key, change, names in found(one, two)} == expected


@pytest.mark.slow
def test_a_snapshot_does_not_differ_from_itself(two):
    assert found(two[0], two[0]) == []


def test_json_and_parquet_have_all(two, tmp_path):
    with diff.compare(*two) as differences:
        said = json.loads("\n".join(diff.as_json(differences)))
        diff.write_parquet(differences, tmp_path / "changes.parquet")
    assert (said["before"], said["after"]) == (two[0].name, two[1].name)
    assert (said["added"], said["changed"], said["gone"]) == (1, 1, 1)
    assert [tuple(change.values()) for change in said["changes"]] == CHANGES
    table = pq.read_table(tmp_path / "changes.parquet")
    assert table.schema.equals(diff.COLUMNS)
    assert [tuple(row.values()) for row in table.to_pylist()] == CHANGES


def test_the_table_has_counts_first_and_says_what_it_leaves_out(two):
    out = StringIO()
    with diff.compare(*two) as differences:
        diff.show(differences, Console(file=out, width=100), most=2)
    lines = out.getvalue().splitlines()
    assert lines[0] == f"{two[0].name} -> {two[1].name}: 1 added, 1 changed, 1 gone"
    assert any("doctorqna:2" in line and "title, reply" in line for line in lines)
    assert "doctorqna:4" not in out.getvalue()
    assert lines[-1].startswith("and 1 more")


@pytest.mark.slow
@pytest.mark.parametrize("cut", [0, 100])
def test_a_damaged_snapshot_is_one_clear_line(two, tmp_path, cut):
    damaged = tmp_path / "damaged"
    shutil.copytree(two[1], damaged)
    for path in (damaged / "data/qa").iterdir():
        path.write_bytes(path.read_bytes()[:cut])
    with pytest.raises(QacrawlError, match=r"\Acan't compare .*\Z"), diff.compare(two[0], damaged):
        pass


def test_a_file_that_cannot_be_written_is_one_clear_line(two, tmp_path):
    with (
        diff.compare(*two) as differences,
        pytest.raises(QacrawlError, match=r"\Acan't write .*No such file or directory\Z"),
    ):
        diff.write_parquet(differences, tmp_path / "none" / "changes.parquet")


@pytest.mark.slow
def test_the_command_prints_and_writes(two, tmp_path):
    file = tmp_path / "changes.parquet"
    done = qacrawl("diff", str(two[0]), str(two[1].parent.parent), "--json", "--parquet", str(file))
    assert (done.code, done.err) == (0, "")
    assert [tuple(change.values()) for change in json.loads(done.out)["changes"]] == CHANGES
    assert pq.read_table(file).num_rows == len(CHANGES)
    assert "1 added, 1 changed, 1 gone" in qacrawl("diff", str(two[0]), str(two[1])).out


def test_the_command_says_what_is_no_dataset(two, tmp_path):
    done = qacrawl("diff", str(two[0]), str(tmp_path / "none"))
    assert (done.code, done.out) == (2, "")
    assert done.err == f"qacrawl: no dataset at {tmp_path / 'none'}\n"
