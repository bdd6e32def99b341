"""What a card says of its crawl, of the people in it and of itself; and that it leads `datasets` to its own rows."""

import re
from pathlib import Path

import datasets
import duckdb
import mlcroissant
import pandas as pd
import polars as pl
import pyarrow.parquet as pq
import pytest
import yaml
from support import crawling
from support.making import HOST, part, record, reject
from support.places import ROOT

import qacrawl
from qacrawl import codes
from qacrawl.forget import snapshots
from qacrawl.publish import marks
from qacrawl.publish.data import configs
from qacrawl.publish.gate import Gate
from qacrawl.publish.snapshot import Snapshot, publish
from qacrawl.records import SCHEMA_VERSION
from qacrawl.redact.quotes import Forgotten


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "doctorqna"


def put(folder: Path, rows: list, **options) -> Snapshot:
    made = publish(folder, "doctorqna", [part(folder, rows)], **options)
    assert made is not None
    return made


def card(made: Snapshot) -> str:
    return (made.path / "README.md").read_text(encoding="utf-8")


STATES = {"done": 40, "gone": 3, "failed": 2, "parked": 1, "forbidden": 4, "due": 0}


def test_a_card_says_how_the_crawl_went(folder):
    refused = [reject(900, reason="no_such_code"), *(reject(number) for number in (901, 902))]
    said = card(put(folder, [record(1)], rejects=[part(folder, refused)], states=STATES, contact="me@example.org"))
    assert "The crawl was complete" in said
    for row in ("(rejects) | 3 |", "is not in here | 3 |", "last visit | 2 |", "left alone | 1 |", "forbids | 4 |"):
        assert row in said
    assert f"| `maintenance` | 2 | {codes.REJECTS['maintenance']} |" in said
    assert "no&#95;such&#95;code" in said
    assert "Who collected this: me&#64;example&#46;org." in said
    assert f"Made by qacrawl {qacrawl.__version__}; the columns are those of schema version {SCHEMA_VERSION}" in said


@pytest.mark.parametrize("state", ["due", "leased", "waiting"])
def test_a_crawl_with_a_queue_is_not_complete(folder, state):
    said = card(put(folder, [record(1)], states=STATES | {state: 7}))
    assert "The crawl was not complete" in said
    assert "not visited yet | 7 |" in said


def test_what_is_not_known_is_not_said(folder):
    said = card(put(folder, [record(1)]))
    assert "complete" not in said.replace("How complete it is", "")
    assert "no address was given" in said


def test_a_card_says_who_is_named_and_what_it_is_for(folder):
    said = " ".join(card(put(folder, [record(1)])).split())
    assert "Doctors' names stand in clear" in said
    quasi = said[said.index("Quasi-identifiers") :].split("tell.")[0]
    assert (
        {"asker_age_min", "ask_date", "hospital", "specialty"}
        <= set(re.findall(r"`(\w+)`", quasi))
        <= set(configs.QA.names)
    )
    for word in ("Intended:", "Unsuitable: medical advice", "## Contact"):
        assert word in said


@pytest.mark.slow
def test_numbers_agree(folder, tmp_path):
    one = card(put(folder, [record(1)]))
    assert "replies: 1 record, asked" in one
    assert "(1 record)" in one
    assert not re.search(r"\b1 (records|clusters|pages|articles)\b", one)
    two = card(put(tmp_path / "two" / "doctorqna", [record(1), record(2)]))
    assert "replies: 2 records, asked" in two


@pytest.mark.slow
def test_the_citation_has_title_source_and_days_of_access(folder):
    made = put(folder, [record(1), record(2, day=3)])
    entry = card(made).split("```bibtex\n")[1].split("```")[0]
    assert re.search(rf"title = {{.*snapshot {made.id}}}", entry)
    assert "url = {https://doctorqna.com/}" in entry
    assert "accessed 2024-03-01 to 2024-03-04}" in entry
    evil = put(folder, [record(1, url="http://}\\evil/en/article/1")])
    assert "evil" not in card(evil).split("```bibtex\n")[1]


def test_every_note_is_explained_in_the_card_in_the_words_of_the_documentation(folder):
    made = put(folder, [record(at, notes=(code,)) for at, code in enumerate(codes.NOTES)])
    text = (ROOT / "docs" / "notes.md").read_text(encoding="utf-8").split("## Rejects")[0]
    documented = dict(re.findall(r"^\| `(\w+)` \| (.*) \|$", text, re.MULTILINE))
    assert documented == codes.NOTES
    for code, means in codes.NOTES.items():
        assert f"| `{code}` | 1 | {means} |" in card(made)
    assert "docs/notes.md explains" not in card(made)


def test_a_card_that_was_held_back_says_why_without_markup(folder):
    made = put(folder, [record(1)], gate=Gate(), doubts=("<b>x</b> is | lost",))
    assert "**Held back.**" in card(made)
    assert "<b>" not in card(made)
    assert yaml.safe_load(card(made).split("---\n")[1])["configs"]


@pytest.mark.slow
def test_the_demo_says_that_it_is_invented(demo):
    folder = demo / "demo" / "doctorqna" / "dataset"
    said = (folder / "README.md").read_text()
    front = yaml.safe_load(said.split("---\n")[1])
    assert said.split("---\n")[2].strip().startswith("# Invented by a demo")
    assert "> **All of this is invented" in said
    assert "machine translations" not in said
    assert ("synthetic" in front["tags"], front["license"]) == (True, "apache-2.0")
    assert "Invented" in front["pretty_name"]
    assert "All of this is invented" in (folder / "report.html").read_text()
    assert "All of this is invented" in (folder / "croissant.json").read_text()
    assert "The crawl was complete" in said
    assert "invented" not in card(put(demo.parent / "real" / "doctorqna", [record(1)]))


@pytest.mark.slow
def test_the_demo_prints_that_it_is_invented(tmp_path):
    done = crawling.qacrawl("demo", "--output", str(tmp_path))
    assert "invented" in done.out
    assert crawling.qacrawl("rebuild", "doctorqna", "--output", str(tmp_path / "demo")).code == 0
    (again,) = (tmp_path / "demo" / "doctorqna").glob("snapshots/*/README.md")
    assert "> **All of this is invented" in again.read_text()


# Loading


def load(path: Path, config: str, cache: Path, **options) -> dict[str, int]:
    loaded = datasets.load_dataset(str(path), config, cache_dir=str(cache), **options)
    return {split: sum(1 for _ in rows) for split, rows in loaded.items()}


@pytest.mark.slow
def test_datasets_gives_the_rows_of_the_snapshot_that_is_named(tmp_path):
    """Its cache tells two folders of one name apart by what their cards say of the configs alone."""
    cache, one, two = tmp_path / "cache", tmp_path / "a" / "doctorqna", tmp_path / "b" / "doctorqna"
    put(one, [record(number) for number in range(30)])
    assert sum(load(one / "dataset", "qa", cache).values()) == 30
    put(one, [record(number) for number in range(33)])
    assert sum(load(one / "dataset", "qa", cache).values()) == 33
    put(two, [record(number, question=f"Other {number}") for number in range(33)])  # as many, but others
    for config in configs.CONFIGS:
        assert load(two / "dataset", config, cache)
    loaded = datasets.load_dataset(str(two / "dataset"), "qa", cache_dir=str(cache))
    assert {row["question"][:5] for split in loaded.values() for row in split} == {"Other"}


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore:The inplace keyword")
@pytest.mark.parametrize("number", [1, 2])
def test_what_has_no_rows_loads_in_every_reader_that_is_named(folder, tmp_path, number):
    made = put(folder, [record(at, related_faq=(), similar_qa=()) for at in range(number)])
    offered = {entry["config_name"]: entry for entry in yaml.safe_load(card(made).split("---\n")[1])["configs"]}
    assert list(offered) == ["qa", "history"]
    for config, entry in offered.items():
        splits = {one["split"] for one in entry["data_files"]}
        for streaming in (False, True):
            assert load(made.path, config, tmp_path / "cache", streaming=streaming).keys() == splits
    assert "`faq` has no rows here" in card(made)
    assert "No row of `qa` is in " in card(made)
    for config, columns in configs.CONFIGS.items():
        files = str(made.path / "data" / config / "*.parquet")
        rows = number if config in offered else 0
        assert duckdb.read_parquet(files).columns == columns.names
        frame = pd.read_parquet(made.path / "data" / config, dtype_backend="pyarrow")
        assert (len(frame), list(frame.columns)) == (rows, columns.names)
        assert pl.scan_parquet(files).select(pl.len()).collect().item() == rows
        assert pq.read_table(made.path / "data" / config).num_rows == rows
        described = mlcroissant.Dataset(str(made.path / "croissant.json"))
        assert sum(1 for _ in described.records(config)) == rows


@pytest.mark.slow
def test_a_forgotten_page_leaves_the_mark_of_a_candidate(folder):
    put(folder, [record(1)])
    held = put(folder, [record(1), record(2), record(7)], gate=Gate(), doubts=("looks wrong",))
    marks.cite(folder, held.id)
    changed = snapshots.remove(folder, "doctorqna", Forgotten(frozenset([f"{HOST}/7"])), "2024-03-05")
    assert set(changed) == {held.id}
    (one,) = marks.candidates(folder)
    assert (one.snapshot, one.why) == (changed[held.id], ("looks wrong",))
    assert marks.cited(folder) == {changed[held.id]}
