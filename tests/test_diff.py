"""The differences of two snapshots: exactly the edits made, in every form in which they are given."""

import json
import shutil
from datetime import date
from io import StringIO
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from crawling import qacrawl
from hypothesis import given, settings
from hypothesis import strategies as st
from making import part, record
from rich.console import Console

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


def test_added_changed_and_gone_are_told_apart_and_provenance_does_not_count(two):
    assert found(*two) == CHANGES
    with diff.compare(*two) as differences:
        assert differences.counts == {"added": 1, "changed": 1, "gone": 1}


EDIT = st.dictionaries(st.sampled_from(sorted(EDITS)), st.integers(0, 1), max_size=4)


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
        one = in_one_split(Path(folder, "a"), "train", [record(number) for number in before])
        new = [record(n, day=1, **{name: EDITS[name] for name in changed.get(n, ())}) for n in after]
        found = fields(diff(one, in_one_split(Path(folder, "b"), "train", new)))
    expected = {f"doctorqna:{number}": ("gone", set()) for number in before - after}
    expected |= {f"doctorqna:{number}": ("added", set()) for number in after - before}
    expected |= {f"doctorqna:{number}": ("changed", names) for number, names in changed.items()}
    assert {key: (kind, set(names)) for key, (kind, names) in found.items()} == expected
