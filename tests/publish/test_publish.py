"""Snapshots: the newest version of each record, the same bytes for the same parts, whole or not there."""

import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import datasets
import duckdb
import pandas as pd
import polars as pl
import pyarrow.parquet as pq
import pytest
import yaml
from support.making import HOST, part, record, reject

from qacrawl import registry, schema
from qacrawl.errors import Exit, QacrawlError
from qacrawl.publish.about import stats
from qacrawl.publish.about.card import front_matter as front_matter_of
from qacrawl.publish.data import files
from qacrawl.publish.gate import Gate
from qacrawl.publish.snapshot import accept, locate, publish


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "doctorqna"


def put(folder: Path, *parts, **options):
    return publish(folder, "doctorqna", [part(folder, rows) for rows in parts], **options)


def rows(path: Path, config: str = "qa") -> list[dict]:
    return pq.read_table(path / "data" / config).to_pylist()


def digests(path: Path) -> dict[str, str]:
    lines = (line.split("  ") for line in (path / "SHA256SUMS").read_text().splitlines())
    return {name: digest for digest, name in lines}


def test_records_come_out_as_they_went_in_sorted(folder):
    made = [record(number) for number in (12, 3, 7, 101)]
    snapshot = put(folder, made[:2], made[2:])
    table = pq.read_table(snapshot.path / "data/qa").select(schema.ARROW.names)
    expected = schema.record_table(sorted(made, key=lambda one: one.record_id))
    assert table.sort_by("record_id").to_pylist() == expected.to_pylist()
    for path in (snapshot.path / "data/qa").iterdir():
        ids = pq.read_table(path, columns=["record_id"])["record_id"].to_pylist()
        assert ids == sorted(ids)
    assert snapshot.rows == 4


def test_the_newest_version_wins_and_history_has_all(folder):
    old, new = record(1), record(1, day=3, question="Changed.")
    snapshot = put(folder, [new], [old, record(2)], [record(2, day=5)])
    assert {row["record_id"]: row["question"] for row in rows(snapshot.path)}["doctorqna:1"] == "Changed."
    history = [row for row in rows(snapshot.path, "history") if row["record_id"] == "doctorqna:1"]
    assert [(row["question"], row["valid_from"], row["valid_to"]) for row in history] == [
        (old.question, old.fetched_at, new.fetched_at),
        ("Changed.", new.fetched_at, None),
    ]
    unchanged = [row for row in rows(snapshot.path, "history") if row["record_id"] == "doctorqna:2"]
    assert [row["valid_from"] for row in unchanged] == [record(2).fetched_at]


def test_a_newer_parser_wins_over_the_same_fetch(folder):
    again = record(1, question="Read better.", parser_version="doctorqna/10")
    again = again.model_copy(update={"page_sha256": record(1).page_sha256})
    snapshot = put(folder, [again], [record(1, parser_version="doctorqna/9")])
    assert [row["question"] for row in rows(snapshot.path)] == ["Read better."]
    assert len(rows(snapshot.path, "history")) == 1


def test_what_is_gone_leaves_the_snapshot(folder):
    parts = [part(folder, [record(1), record(2)])]
    snapshot = publish(folder, "doctorqna", parts, gone=[f"{HOST}/2"])
    assert [row["record_id"] for row in rows(snapshot.path)] == ["doctorqna:1"]
    assert [row["record_id"] for row in rows(snapshot.path, "history")] == ["doctorqna:1"]


def test_a_page_that_a_newer_parser_refuses_leaves_the_snapshot(folder):
    refused = reject(2, parser_version="doctorqna/2")
    parts, rejects = [part(folder, [record(1), record(2)])], [part(folder, [refused])]
    snapshot = publish(folder, "doctorqna", parts, rejects=rejects)
    assert [row["record_id"] for row in rows(snapshot.path)] == ["doctorqna:1"]


def test_similar_and_faq_are_edge_lists(folder):
    snapshot = put(folder, [record(1), record(2)])
    edges = [row for row in rows(snapshot.path, "similar") if row["record_id"] == "doctorqna:1"]
    assert [(edge["rank"], edge["target_record_id"], edge["title"]) for edge in edges] == [
        (1, "doctorqna:2", "Title 2"),
        (2, None, "Elsewhere"),
    ]
    tags = [row for row in rows(snapshot.path, "faq") if row["record_id"] == "doctorqna:2"]
    assert [(tag["rank"], tag["tag"], tag["specialty"]) for tag in tags] == [
        (1, "Itch", "Dermatology"),
        (2, "Rash", None),
    ]


@pytest.mark.slow
def test_the_same_parts_give_the_same_bytes_in_any_order(tmp_path):
    made = [record(number, day) for number in range(40) for day in (0, 1)]
    changed = [record(number, 2, question=f"Other {number}") for number in range(0, 40, 7)]
    one = put(tmp_path / "a" / "doctorqna", made, changed)
    two = put(tmp_path / "b" / "doctorqna", changed, made[50:], made[:50])
    assert one.id == two.id
    assert digests(one.path) == digests(two.path)
    for name in digests(one.path):
        assert (one.path / name).read_bytes() == (two.path / name).read_bytes()


@pytest.mark.slow
def test_publishing_again_changes_nothing(folder):
    parts = [part(folder, [record(1)])]
    first = publish(folder, "doctorqna", parts)
    before = {path: path.stat().st_mtime_ns for path in first.path.rglob("*")}
    second = publish(folder, "doctorqna", parts)
    assert (second.id, first.new, second.new) == (first.id, True, False)
    assert {path: path.stat().st_mtime_ns for path in first.path.rglob("*")} == before
    assert sorted(path.name for path in folder.iterdir()) == ["dataset", "parts", "publish.lock", "snapshots"]


@pytest.mark.slow
def test_a_new_snapshot_leaves_the_old_one_as_it_was(folder):
    one = part(folder, [record(1)])
    first = publish(folder, "doctorqna", [one])
    kept = digests(first.path)
    second = publish(folder, "doctorqna", [one, part(folder, [record(2, day=1)])])
    assert second.id != first.id
    assert digests(first.path) == kept
    assert (folder / "dataset").resolve() == second.path
    assert second.id.startswith("20240302-")


def test_checksums_are_those_that_sha256sum_checks(folder):
    snapshot = put(folder, [record(1), record(2)])
    done = subprocess.run(["sha256sum", "--check", "--strict", "SHA256SUMS"], cwd=snapshot.path, capture_output=True)
    assert done.returncode == 0
    files = {path.relative_to(snapshot.path).as_posix() for path in snapshot.path.rglob("*") if path.is_file()}
    assert set(digests(snapshot.path)) <= files
    assert {name for name in files if name.startswith("data/")} <= set(digests(snapshot.path))


def test_no_record_is_no_snapshot(folder):
    assert publish(folder, "doctorqna", []) is None
    assert publish(folder, "doctorqna", [], rejects=[part(folder, [reject(1)])]) is None
    assert not (folder / "dataset").exists()


def test_no_such_dataset_is_a_usage_error(tmp_path):
    with pytest.raises(QacrawlError, match="no dataset at") as error:
        locate(str(tmp_path))
    assert error.value.code == Exit.USAGE


@pytest.mark.parametrize("streaming", [False, True])
def test_datasets_loads_every_config(folder, streaming, tmp_path, monkeypatch):
    monkeypatch.setattr(datasets.config, "HF_HUB_OFFLINE", True)
    snapshot = put(folder, [record(number) for number in range(30)])
    for config, count in {"qa": 30, "similar": 60, "faq": 60, "history": 30}.items():
        loaded = datasets.load_dataset(
            str(snapshot.path), config, streaming=streaming, cache_dir=str(tmp_path / "cache")
        )
        assert sum(1 for split in loaded.values() for _ in split) == count
        if config == "qa":
            first = next(iter(loaded["train"]))
            assert first["similar_qa"][1]["title"] == "Elsewhere"
            assert first["fetched_at"].utcoffset().total_seconds() == 0


def test_pandas_polars_and_duckdb_read_the_same(folder):
    snapshot = put(folder, [record(number) for number in range(30)])
    files = str(snapshot.path / "data/qa/*.parquet")
    frame = pd.read_parquet(snapshot.path / "data/qa", dtype_backend="pyarrow")
    assert len(frame) == pl.scan_parquet(files).select(pl.len()).collect().item() == 30
    assert duckdb.read_parquet(files).count("*").fetchall() == [(30,)]
    titles = "SELECT similar_qa[1].title FROM read_parquet($1) WHERE record_id = 'doctorqna:7'"
    assert duckdb.execute(titles, [files]).fetchall() == [("Title 8",)]
    struct = pl.read_parquet(files).filter(pl.col("record_id") == "doctorqna:7")["similar_qa"][0][0]
    assert struct["title"] == "Title 8"


def test_files_have_statistics_page_index_and_one_schema(folder):
    snapshot = put(folder, [record(number) for number in range(50)])
    schemas = {config: set() for config in ("qa", "similar", "faq", "history")}
    for path in snapshot.path.glob("data/*/*.parquet"):
        assert re.fullmatch(r"(train|validation|test)-00000-of-00001\.parquet", path.name)
        with pq.ParquetFile(path) as file:
            column = file.metadata.row_group(0).column(0)
            assert column.is_stats_set
            assert column.compression == "ZSTD"
            assert column.has_offset_index
            schemas[path.parent.name].add(str(file.schema_arrow))
    assert {config: len(found) for config, found in schemas.items()} == dict.fromkeys(schemas, 1)


@pytest.fixture
def small_files(monkeypatch):
    """Row groups of two steps and files of two row groups or so, as if rows were megabytes."""
    for name, value in {"STEP": 3, "GROUP": 3000, "FILE": 12_000}.items():
        monkeypatch.setattr(files, name, value)


@pytest.mark.slow
def test_much_data_is_cut_into_files_and_row_groups_the_same_way_each_time(tmp_path, small_files):
    made = [record(number) for number in range(60)]
    one = put(tmp_path / "a" / "doctorqna", made)
    two = put(tmp_path / "b" / "doctorqna", *(made[start : start + 7] for start in range(0, 60, 7)))
    assert digests(one.path) == digests(two.path)
    train = sorted((one.path / "data/qa").glob("train-*"))
    assert [path.name for path in train] == [f"train-{at:05}-of-{len(train):05}.parquet" for at in range(len(train))]
    assert len(train) > 2
    assert max(pq.ParquetFile(path).num_row_groups for path in train) > 1
    ids = [key for path in train for key in pq.read_table(path, columns=["record_id"])["record_id"].to_pylist()]
    assert ids == sorted(ids)
    loaded = datasets.load_dataset(str(one.path), "qa", cache_dir=str(tmp_path / "cache"))
    assert loaded["train"]["record_id"] == ids


def test_a_part_of_an_older_schema_is_published_with_the_others(folder):
    old = part(folder, [record(1, similar_qa=(), title=None)])
    pq.write_table(pq.read_table(old).drop_columns(["title", "similar_qa"]), old)
    snapshot = publish(folder, "doctorqna", [old, part(folder, [record(2)])])
    assert [(row["record_id"], row["title"], len(row["similar_qa"])) for row in rows(snapshot.path)] == [
        ("doctorqna:1", None, 0),
        ("doctorqna:2", "Title 2", 2),
    ]


def front_matter(path: Path) -> dict:
    return yaml.safe_load((path / "README.md").read_text().split("---\n")[1])


def test_the_card_says_what_there_is(folder):
    snapshot = put(folder, [record(number) for number in range(12)])
    card = (snapshot.path / "README.md").read_text()
    for said in ("12 records", "machine translations", "unreliable", "robots.txt", "forget", "Apache-2.0", snapshot.id):
        assert said in card
    assert "pages of `doctorqna.com` (12 records), fetched 2024-03-01 to 2024-03-01" in card
    facts = front_matter(snapshot.path)
    assert (facts["license"], facts["language"], facts["size_categories"]) == ("other", ["en"], ["n<1K"])
    assert [config["config_name"] for config in facts["configs"]] == ["qa", "similar", "faq", "history"]
    for config in facts["configs"]:
        for entry in config["data_files"]:
            assert list(snapshot.path.glob(entry["path"]))


@pytest.mark.parametrize(("records", "size"), [(1, "n<1K"), (999, "n<1K"), (1000, "1K<n<10K"), (10**7, "10M<n<100M")])
def test_the_card_has_the_size_by_the_hubs_name(tmp_path, records, size):
    assert yaml.safe_load(front_matter_of("T", "en", records, tmp_path))["size_categories"] == [size]


def test_the_card_of_another_site_does_not_warn_of_this_ones_texts(folder, monkeypatch):
    monkeypatch.delattr(registry.load("doctorqna"), "CAVEATS")
    snapshot = put(folder, [record(1, notes=("bad_age",))])
    card = (snapshot.path / "README.md").read_text()
    assert "machine translations" not in card
    assert "What a page does not say is null" in card
    assert "| `bad_age` | 1 |" in card


def test_text_from_pages_is_no_markup_in_the_card(folder):
    evil = "<script>alert(1)</script> | [x](javascript:y) `z` *b*\n# Heading\n---\u202e"
    snapshot = put(folder, [record(1, specialty=evil, url="http://<script>alert(1)|.example/en/article/1")])
    card = (snapshot.path / "README.md").read_text()
    assert "<script" not in card
    assert "](javascript" not in card
    assert "\n# Heading" not in card
    assert "\u202e" not in card
    assert front_matter(snapshot.path)["configs"]


def test_counts_are_right(folder):
    made = [record(number) for number in range(1, 21)]
    made[0] = record(1, reply=None, doctor=None, reply_date=None, notes=("unanswered",), ask_date=None)
    counted = stats.measure(put(folder, made).path)
    assert (counted.records, counted.departments) == (20, {"Dermatology": 14, "Neurology": 6})
    assert counted.coverage["reply"] == 0.95
    assert counted.coverage["question"] == 1.0
    assert counted.years == {"": 1, "2020": 19}
    assert counted.notes == {"unanswered": 1}
    assert counted.lengths["title"].longest == 8
    assert json.loads(stats.as_json(counted))["records"] == 20


# The gate


def many(numbers, day: int = 0, **changes):
    return [record(number, day, **changes) for number in numbers]


@pytest.mark.slow
def test_too_many_rejects_are_held_back_and_accepted_by_hand(folder):
    good = part(folder, many(range(80)))
    first = publish(folder, "doctorqna", [good], gate=Gate())
    more = part(folder, many(range(80, 90), day=1))
    bad = part(folder, [reject(number, 1) for number in range(100, 120)])
    second = publish(folder, "doctorqna", [good, more], rejects=[bad], gate=Gate())
    assert second.held == ("20 of 110 articles were rejected (18%, at most 10%)",)
    assert (folder / "dataset").resolve() == first.path
    assert len(rows(second.path)) == 90  # a whole snapshot, beside
    again = publish(folder, "doctorqna", [good, more], rejects=[bad], gate=Gate())
    assert (again.id, again.held) == (second.id, second.held)
    accept(folder, second.id)
    assert (folder / "dataset").resolve() == second.path
    assert publish(folder, "doctorqna", [good, more], rejects=[bad], gate=Gate()).held == ()  # somebody has looked


def test_an_article_that_was_mended_is_no_reject(folder):
    parts = [part(folder, many(range(30), day=1))]
    rejects = [part(folder, [reject(number, 0) for number in range(30)])]
    assert publish(folder, "doctorqna", parts, rejects=rejects, gate=Gate()).held == ()


def test_of_two_readings_of_a_fetch_the_newer_parsers_counts(folder):
    parts = [part(folder, many(range(30), parser_version="doctorqna/10"))]
    rejects = [part(folder, [reject(number, parser_version="doctorqna/9") for number in range(30)])]
    assert publish(folder, "doctorqna", parts, rejects=rejects, gate=Gate()).held == ()


@pytest.mark.slow
def test_lost_coverage_is_held_back(folder):
    first = put(folder, many(range(40)), gate=Gate())
    second = put(folder, many(range(40), day=1, hospital=None), gate=Gate())
    assert second.held == ("coverage of hospital fell from 100% to 0%",)
    assert (folder / "dataset").resolve() == first.path
    assert put(folder, many(range(40), day=2, hospital=None), gate=Gate(coverage=1.0)).held == ()


@pytest.mark.slow
def test_lost_records_are_held_back(folder):
    parts = [part(folder, many(range(100)))]
    publish(folder, "doctorqna", parts, gate=Gate())
    few = publish(folder, "doctorqna", parts, gone=[f"{HOST}/{number}" for number in range(4)], gate=Gate())
    assert few.held == ()
    lost = publish(folder, "doctorqna", parts, gone=[f"{HOST}/{number}" for number in range(20)], gate=Gate())
    assert lost.held == ("16 of 96 records are gone (17%, at most 5%)",)


@pytest.mark.slow
def test_of_few_records_shares_say_nothing(folder):
    parts = [part(folder, many(range(10)))]
    publish(folder, "doctorqna", parts, gate=Gate())
    half = publish(folder, "doctorqna", parts, gone=[f"{HOST}/{number}" for number in range(5)], gate=Gate())
    assert half.held == ()


@pytest.mark.parametrize("name", ["nothing", "../x", "", ".", "a/b"])
def test_accepting_what_is_not_there_is_a_usage_error(folder, name):
    put(folder, [record(1)])
    with pytest.raises(QacrawlError, match="no snapshot") as error:
        accept(folder, name)
    assert error.value.code == Exit.USAGE


# Faults


def test_what_a_killed_publisher_left_is_cleared_away(folder):
    put(folder, [record(1)])
    (folder / ".publish-left" / "snapshot").mkdir(parents=True)
    (folder / ".publish-link").symlink_to("snapshots/none")
    put(folder, [record(1)])
    assert not list(folder.glob(".publish-*"))


@pytest.mark.slow
def test_two_publishers_at_once_are_one_too_many(folder):
    put(folder, [record(1)])
    code = "\n".join(
        (
            "import filelock, sys",
            "lock = filelock.FileLock(sys.argv[1])",
            "lock.acquire()",
            "print('held', flush=True)",
            "input()",
        )
    )
    with subprocess.Popen(
        [sys.executable, "-c", code, str(folder / "publish.lock")], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as other:
        assert other.stdout.readline() == b"held\n"
        with pytest.raises(QacrawlError, match="another publisher") as error:
            put(folder, [record(2)])
        assert error.value.code == Exit.LOCKED
        os.kill(other.pid, signal.SIGKILL)
    assert put(folder, [record(2)]).rows == 1
