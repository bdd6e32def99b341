"""The demo's two sites side by side: the original reads as what it was made from, and `demo --parallel` pairs both."""

import json
import shutil
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import polars as pl
import pyarrow.parquet as pq
import pytest
from datasets import load_dataset
from support.crawling import qacrawl

from qacrawl import registry
from qacrawl.demo import original, phrases
from qacrawl.parse.big5 import decode
from qacrawl.publish.parallel import romanized
from qacrawl.records import Article, Listing, Page, Refusal

BASE = "http://127.0.0.1:8000"
QUESTIONS = original.questions()
PAGES = original.pages(BASE)


def read(path: str) -> Article | Listing | Refusal:
    answer, at = PAGES[path], datetime(2026, 1, 1, tzinfo=UTC)
    page = Page(site="tweh", url=BASE + path, body=answer.body, fetched_at=at, content_type=answer.content_type)
    return registry.load_parser("tweh").parse(page)


def test_every_question_reads_as_what_it_was_made_from() -> None:
    for number, fields in QUESTIONS.items():
        assert read(original.path(number)) == Article(fields), number
    assert read(original.path(original.LOST)) == Refusal("gone")


def test_both_markups_are_shown_in_big5_that_nothing_declares() -> None:
    shown = [decode(PAGES[original.path(number)].body) for number in QUESTIONS]
    assert min(Counter("QAunit" in page for page in shown).values()) > 20
    assert not any(b"charset" in answer.body or "charset" in answer.content_type for answer in PAGES.values())


def test_the_index_and_its_listings_lead_to_every_question() -> None:
    found, seen = [BASE + original.HOME], set()
    while found:
        url = found.pop()
        if url not in seen:
            seen.add(url)
            answer = read(url.removeprefix(BASE))
            found += answer.links if isinstance(answer, Listing) else ()
    assert seen == {BASE + path for path in PAGES if path != "/robots.txt"}


def test_names_of_doctors_are_spelt_as_the_translation_spells_them() -> None:
    for topic in phrases.known():
        for name in {doctor.name for doctor in original.doctors(topic.department)}:
            assert romanized.spells(name, phrases.name(name))


@pytest.fixture(scope="module")
def output(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the sites that `qacrawl demo --parallel` made."""
    folder = tmp_path_factory.mktemp("demo")
    done = qacrawl("demo", "--parallel", "--output", str(folder))
    assert done.code == 0, done.err
    assert "63 invented pairs, 55 of which agree" in done.out
    assert "四十歲新長的痣" in done.out
    assert f"63 pairs in {folder / 'demo' / 'doctorqna-tweh' / 'dataset'} -> " in done.out
    return folder / "demo"


def pairs(output: Path) -> dict[int, dict[str, Any]]:
    """The rows of the pairs by their number."""
    rows = pq.read_table(output / "doctorqna-tweh" / "dataset" / "data" / "parallel").to_pylist()
    return {int(row["pair_id"].partition(":")[2]): row for row in rows}


@pytest.mark.slow
def test_pairs_are_a_dataset_for_every_tool(output: Path) -> None:
    folder = output / "doctorqna-tweh" / "dataset"
    files = str(folder / "data" / "parallel" / "*.parquet")
    assert len(pd.read_parquet(folder / "data" / "parallel", dtype_backend="pyarrow")) == 63
    assert pl.scan_parquet(files).filter(pl.col("agreement")).select(pl.len()).collect().item() == 55
    assert duckdb.read_parquet(files).filter("department = 'dermatology'").count("*").fetchall() == [(42,)]
    assert sum(split.num_rows for split in load_dataset(str(folder), "parallel").values()) == 63
    done = qacrawl("verify", str(output / "doctorqna-tweh"))
    assert (done.code, done.out.partition(": ")[2]) == (0, "63 pairs, all in order\n")


def test_what_differs_between_the_sites_is_said(output: Path) -> None:
    found = pairs(output)
    assert set(found) == set(QUESTIONS)
    for number, row in found.items():
        typed = QUESTIONS[number]["question"].replace("early.bird@example.org", "[email]")
        assert row["original_question"] == typed
        assert ("ask_date" in row["reasons"]) == (number % 16 == original.OTHER_DAY and number % 50 != 31)
        assert ("doctor" in row["reasons"]) == (number % 16 == original.OTHER_DOCTOR and "reply" in QUESTIONS[number])
        assert ("sex_differs" in row["notes"]) == (number % 2 == 1)
        assert row["agreement"] == (not row["reasons"])


def test_the_question_that_does_not_exist_is_gone_and_no_reject(output: Path) -> None:
    (report,) = (json.loads(path.read_text()) for path in (output / "tweh" / "runs").glob("*.json"))
    assert (report["outcomes"]["gone"], report["outcomes"]["reject"], report["outcomes"]["record"]) == (1, 0, 63)
    assert sum(report["outcomes"].values()) == 70


@pytest.fixture
def copy(output: Path, tmp_path: Path) -> Path:
    return shutil.copytree(output, tmp_path / "copy", symlinks=True)


@pytest.mark.slow
def test_the_original_is_rebuilt_and_paired_again_to_the_same_bytes(copy: Path) -> None:
    before = {slug: (copy / slug / "dataset").resolve().name for slug in ("tweh", "doctorqna-tweh")}
    done = qacrawl("rebuild", "tweh", "--output", str(copy))
    assert done.out.startswith("record 63, reject 0, listing 6\n"), done.err
    assert qacrawl("publish", "--parallel", "doctorqna", "tweh", "--output", str(copy)).code == 0
    assert before == {slug: (copy / slug / "dataset").resolve().name for slug in before}


@pytest.mark.slow
def test_a_saved_page_is_read(copy: Path, tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    page.write_bytes(PAGES[original.path(1003)].body)
    url = f"https://sp1.hso.mohw.gov.tw{original.path(1003)}&sat=1&email=x@example.org"
    done = qacrawl("extract", str(page), "--site", "tweh", "--url", url, "--output", str(copy))
    record = json.loads(done.out)["record"]
    assert (record["record_id"], record["department"], record["asker_sex"]) == ("tweh:1003", "dermatology", "male")
    assert record["url"] == "https://sp1.hso.mohw.gov.tw/doctor/All/ShowDetail.php?q_no=1003"


@pytest.mark.slow
@pytest.mark.parametrize("side", ["translation", "original"])
def test_a_page_forgotten_on_either_side_leaves_the_pairs(side: str, copy: Path) -> None:
    gone = pairs(copy)[1007]
    old = (copy / "doctorqna-tweh" / "dataset").resolve().name
    slug = gone[f"{side}_id"].partition(":")[0]
    done = qacrawl("forget", gone[f"{side}_url"], "--site", slug, "--output", str(copy))
    assert done.code == 0, done.err
    assert set(pairs(copy)) == set(QUESTIONS) - {1007}
    assert f"snapshot {old} is now {(copy / 'doctorqna-tweh' / 'dataset').resolve().name}\n" in done.out
    again = qacrawl("publish", "--parallel", "doctorqna", "tweh", "--output", str(copy))
    assert again.out.startswith("62 pairs in ")
    done = qacrawl("diff", str(copy / "doctorqna-tweh"), str(copy / "doctorqna-tweh"), "--json")
    assert json.loads(done.out)["changes"] == []


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["publish", "--parallel", "tweh"], "--parallel takes two sites: the translation, then the original"),
        (["publish", "--parallel", "doctorqna", "nowhere"], "unknown site 'nowhere'"),
        (["publish", "doctorqna", "tweh"], "publish takes one site; with --parallel two"),
    ],
)
def test_what_is_asked_for_wrongly_is_said(arguments: list[str], said: str, output: Path) -> None:
    done = qacrawl(*arguments, "--output", str(output))
    assert (done.code, done.out) == (2, "")
    assert said in done.err
    assert done.err.count("\n") == 1


def test_counts_of_records_are_not_those_of_pairs(output: Path) -> None:
    done = qacrawl("stats", str(output / "doctorqna-tweh"))
    assert done.code == 2
    assert "has pairs, no records" in done.err
