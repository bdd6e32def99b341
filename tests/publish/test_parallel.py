"""Two sites side by side: which records are a pair, what speaks against it, and what is published of them."""

import json
from collections import Counter
from datetime import date
from pathlib import Path
from random import Random
from typing import Any

import duckdb
import mlcroissant
import pandas as pd
import polars as pl
import pyarrow.parquet as pq
import pytest
from datasets import load_dataset
from support import making

from qacrawl import schema
from qacrawl.errors import QacrawlError
from qacrawl.forget import pairs as forgetting
from qacrawl.publish import diff
from qacrawl.publish import snapshot as snapshots
from qacrawl.publish.parallel import agreement, columns, romanized, snapshot
from qacrawl.publish.verify import verify
from qacrawl.records import QARecord
from qacrawl.redact.quotes import Forgotten

SLUGS = ("doctorqna", "tweh")
ORIGINAL = "https://sp1.hso.mohw.gov.tw/doctor/All/ShowDetail.php?q_no="
CHARACTERS = "膝耳皮睡胃背眼喉心手足牙肺甲髮痛晨夜腫紅週月醫藥片走坐冷熱院左右"


def chinese(number: int, day: int = 0, **changes: Any) -> QARecord:
    """The original of `making.record(number, day)`."""
    english = making.record(number, day)
    own: dict[str, Any] = {
        "record_id": f"tweh:{number}",
        "site": "tweh",
        "url": f"{ORIGINAL}{number}",
        "lang": "zh-Hant",
        "title": None,
        "question_subject": f"題目{number}",
        "question": "".join(Random(number).choices(CHARACTERS, k=60)),
        "reply": f"第{number}號答復" + "多喝水，早睡覺。" * 6,
        "asker_sex": "male",
        "doctor": None,
        "hospital": "松濤醫院",
        "department": "neurology",
        "similar_qa": (),
        "related_faq": (),
        "parser_version": "tweh/1",
        "ask_date": english.ask_date,
        "reply_date": english.reply_date,
    }
    return making.record(number, day, **(own | changes))


def sites(output: Path, english: list[QARecord], originals: list[QARecord]) -> tuple[Path, Path]:
    """Both sites with these records published."""
    folders = tuple(output / slug for slug in SLUGS)
    for folder, slug, records in zip(folders, SLUGS, (english, originals), strict=True):
        assert snapshots.publish(folder, slug, [making.part(folder, records)])
    return folders[0], folders[1]


def publish(output: Path, english: list[QARecord], originals: list[QARecord]) -> Path:
    """The dataset of their pairs."""
    found = snapshot.publish(output / "doctorqna-tweh", SLUGS, sites(output, english, originals))
    assert found
    return found.path


def rows(dataset: Path) -> list[dict[str, Any]]:
    return pq.read_table(dataset / "data" / "parallel").to_pylist()


NUMBERS = range(1, 61)


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Sixty pairs, and records on each side that the other does not have."""
    output = tmp_path_factory.mktemp("pairs")
    english = [making.record(number) for number in (*NUMBERS, 501)]
    return publish(output, english, [chinese(number) for number in (*NUMBERS, 502, 503)])


@pytest.mark.slow
def test_a_pair_is_what_has_one_number_on_both_sites(dataset: Path) -> None:
    found = {row["pair_id"]: row for row in rows(dataset)}
    assert set(found) == {f"doctorqna-tweh:{number}" for number in NUMBERS}
    row, english, original = found["doctorqna-tweh:7"], making.record(7), chinese(7)
    for side, record in (("translation", english), ("original", original)):
        assert (row[f"{side}_id"], row[f"{side}_url"]) == (record.record_id, record.url)
        assert (row[f"{side}_subject"], row[f"{side}_question"]) == (record.question_subject, record.question)
        assert (row[f"{side}_reply"], row[f"{side}_ask_date"]) == (record.reply, record.ask_date)
    assert (row["original_sex"], row["translation_sex"]) == ("male", "female")
    assert (row["original_hospital"], row["department"]) == ("松濤醫院", "neurology")
    assert (row["agreement"], row["reasons"], row["notes"]) == (True, [], ["sex_differs"])


def test_it_opens_in_every_tool(dataset: Path) -> None:
    files = str(dataset / "data" / "parallel" / "*.parquet")
    assert len(pd.read_parquet(dataset / "data" / "parallel", dtype_backend="pyarrow")) == 60
    assert pl.scan_parquet(files).filter("agreement").select(pl.len()).collect().item() == 60
    assert duckdb.read_parquet(files).filter("original_sex = 'male'").count("*").fetchall() == [(60,)]
    splits = load_dataset(str(dataset), "parallel")
    assert sum(split.num_rows for split in splits.values()) == 60
    assert sorted(splits) == sorted({path.name.partition("-")[0] for path in dataset.glob("data/*/*.parquet")})


# mlcroissant 1.1 uses what rdflib and pandas will drop.
@pytest.mark.filterwarnings("ignore:ConjunctiveGraph is deprecated:DeprecationWarning")
@pytest.mark.filterwarnings("ignore:The inplace keyword in DataFrame.reset_index")
def test_croissant_reads_it(dataset: Path) -> None:
    found = mlcroissant.Dataset(str(dataset / "croissant.json"))
    assert [one.name for one in found.metadata.record_sets] == ["parallel"]
    first = next(iter(found.records("parallel")))
    assert first["parallel/pair_id"].startswith(b"doctorqna-tweh:")
    said = json.loads((dataset / "croissant.json").read_text())
    assert said["inLanguage"] == ["en", "zh-Hant"]


def test_the_card_says_where_it_comes_from_and_what_each_column_is(dataset: Path) -> None:
    card = (dataset / "README.md").read_text()
    assert "\nlanguage:\n- en\n- zh-Hant\n" in card
    for name in columns.PAIRS.names:
        assert f"| `{name}` |" in card
    sources = json.loads((dataset / "splits.json").read_text())["sources"]
    for slug in SLUGS:
        assert f"`{sources[slug]}`" in card
        assert (dataset.parent.parent.parent / slug / "snapshots" / sources[slug]).is_dir()
    assert "60 pairs" in card
    assert set(columns.MEANING) == set(columns.PAIRS.names)


def test_verify_finds_it_in_order_and_says_what_is_not(dataset: Path, tmp_path: Path) -> None:
    assert verify(dataset) == []
    table = pq.read_table(dataset / "data" / "parallel")
    assert table.schema.metadata[schema.VERSION_KEY] == str(schema.SCHEMA_VERSION).encode()
    wrong = table.set_column(
        table.schema.get_field_index("agreement"), table.schema.field("agreement"), [[False] * len(table)]
    )
    copy = tmp_path / "wrong"
    (copy / "data" / "parallel").mkdir(parents=True)
    pq.write_table(wrong, copy / "data" / "parallel" / "train-00000-of-00001.parquet")
    said = "\n".join(verify(copy))
    assert "60 pairs that agree for reasons, or do not for none" in said
    assert "SHA256SUMS can't be read" in said


@pytest.mark.slow
def test_the_same_snapshots_give_the_same_bytes(dataset: Path, tmp_path: Path) -> None:
    english = [making.record(number) for number in (501, *reversed(NUMBERS))]
    again = publish(tmp_path, english, [chinese(number) for number in (503, *NUMBERS, 502)])
    assert again.name == dataset.name
    for name in ("SHA256SUMS", "README.md", "croissant.json"):
        assert (again / name).read_bytes() == (dataset / name).read_bytes()


@pytest.mark.slow
def test_no_pair_and_no_near_duplicate_is_in_two_splits(tmp_path: Path) -> None:
    """2 is in translation what 1 is, 3 in the original what 2 is: one cluster, twenty times."""
    english, originals = [], []
    for first in range(1, 61, 3):
        english += [
            making.record(first),
            making.record(first + 1, question=making.record(first).question),
            making.record(first + 2),
        ]
        originals += [
            chinese(first),
            chinese(first + 1),
            chinese(first + 2, question=chinese(first + 1).question),
        ]
    found = rows(publish(tmp_path, english, originals))
    clusters = Counter(row["cluster_id"] for row in found)
    assert set(clusters.values()) == {3}
    splits: dict[str, set[str]] = {}
    for path in (tmp_path / "doctorqna-tweh" / "dataset" / "data" / "parallel").glob("*.parquet"):
        for cluster in pq.read_table(path)["cluster_id"].to_pylist():
            splits.setdefault(cluster, set()).add(path.name.partition("-")[0])
    assert {len(one) for one in splits.values()} == {1}
    assert len({one for some in splits.values() for one in some}) > 1
    assert verify(tmp_path / "doctorqna-tweh" / "dataset") == []


@pytest.mark.slow
def test_what_a_sites_own_clusters_keep_apart_is_one_cluster_of_pairs(tmp_path: Path) -> None:
    """A follow-up of two questions joins the cluster of one; in its site's dataset the other one stays where it is."""
    numbers = [*range(101, 141, 2)]
    english = [making.record(number) for number in (*numbers, *(number + 1 for number in numbers))]
    originals = [chinese(number) for number in (*numbers, *(number + 1 for number in numbers))]
    for number in numbers:
        named = f"{chinese(number + 400).question} 續問#{number} 和 #{number + 1}"
        originals.append(chinese(number + 400, day=2, question=named))
        english.append(making.record(number + 400, day=2))
    dataset = publish(tmp_path, english, originals)
    own = pq.read_table(tmp_path / "tweh" / "dataset" / "data" / "qa").to_pylist()
    assert max(Counter(row["cluster_id"] for row in own).values()) == 2
    assert set(Counter(row["cluster_id"] for row in rows(dataset)).values()) == {3}
    assert verify(dataset) == []


@pytest.mark.slow
@pytest.mark.parametrize(
    ("english", "original", "reasons"),
    [
        ({}, {}, []),
        ({"ask_date": date(2020, 1, 9)}, {}, ["ask_date"]),
        ({"ask_date": None}, {}, []),
        ({"reply_date": date(2024, 1, 9)}, {}, ["reply_date"]),
        ({"asker_age_min": 30, "asker_age_max": 39}, {}, ["age"]),
        ({"asker_age_min": None, "asker_age_max": None}, {}, []),
        ({"doctor": "Jiang Junyi"}, {"doctor": "江俊逸"}, []),
        ({"doctor": "Wu Min"}, {"doctor": "江俊逸"}, ["doctor"]),
        ({"question": "Why?"}, {}, ["question_length"]),
        ({"reply": "So."}, {}, ["reply_length"]),
        ({"reply": None, "notes": ("unanswered",)}, {}, ["reply_missing"]),
        ({"notes": ("translator_refusal",)}, {}, ["translator_refusal"]),
        ({"ask_date": date(2020, 1, 9), "doctor": "Wu Min"}, {"doctor": "江俊逸"}, ["ask_date", "doctor"]),
    ],
)
def test_what_speaks_against_a_pair_is_said(tmp_path: Path, english, original, reasons) -> None:
    (row,) = rows(publish(tmp_path, [making.record(7, **english)], [chinese(7, **original)]))
    assert (row["reasons"], row["agreement"]) == (reasons, not reasons)
    assert set(reasons) <= set(agreement.REASONS)


@pytest.mark.slow
def test_what_the_translation_lost_is_noted(tmp_path: Path) -> None:
    lost = ("translator_refusal", "reply_repeats_question", "age_open")
    (row,) = rows(publish(tmp_path, [making.record(7, notes=lost)], [chinese(7)]))
    assert row["notes"] == ["reply_repeats_question", "sex_differs", "translator_refusal"]
    assert set(row["notes"]) == set(agreement.NOTES)


@pytest.mark.parametrize(
    ("latin", "own", "same"),
    [
        ("Jiang Junyi", "江俊逸", True),
        ("Junyi Jiang", "江俊逸", True),
        ("Chiang Chun-Yi", "江俊逸", True),
        ("HSIEH CHIH-HAO", "謝志豪", True),
        ("Lü Shaowei", "呂紹威", True),
        ("Ouyang Te-Hui", "歐陽德慧", True),
        ("Lee An", "李安", True),
        ("Jiang Junyi", "方清嵐", False),
        ("Green River", "綠河", False),
        ("Jiang", "江俊逸", False),
        ("江俊逸", "江俊逸", None),
        ("Jiang", "𨋢", None),
        ("", "江", None),
    ],
)
def test_a_name_spells_another_one_or_does_not(latin: str, own: str, same: bool | None) -> None:
    assert romanized.spells(latin, own) is same


@pytest.mark.slow
@pytest.mark.parametrize("side", ["doctorqna", "tweh"])
def test_a_page_forgotten_on_either_side_leaves_the_pairs(tmp_path: Path, side: str) -> None:
    made = publish(tmp_path, [making.record(n) for n in NUMBERS], [chinese(n) for n in NUMBERS])
    folder = tmp_path / "doctorqna-tweh"
    url = making.record(7).url if side == "doctorqna" else chinese(7).url
    assert forgetting.remove(tmp_path / side, side, Forgotten(frozenset(["https://example.org/"])), "2026-01-01") == {}
    changed = forgetting.remove(tmp_path / side, side, Forgotten(frozenset([url])), "2026-01-01")
    now = (folder / "dataset").resolve()
    assert changed == {made.name: now.name}
    assert not made.exists()
    left = rows(now)
    assert {row["pair_id"] for row in left} == {f"doctorqna-tweh:{n}" for n in NUMBERS if n != 7}
    assert not [path for path in folder.rglob("*") if path.is_file() and url.encode() in path.read_bytes()]
    assert verify(now) == []
    card = (now / "README.md").read_text()
    assert f"- 2026-01-01: pairs 1. Before, this was snapshot `{made.name}`." in card
    assert "59 pairs" in card


@pytest.mark.slow
def test_when_the_last_pair_is_forgotten_nothing_is_left(tmp_path: Path) -> None:
    made = publish(tmp_path, [making.record(7)], [chinese(7)])
    assert forgetting.remove(tmp_path / "tweh", "tweh", Forgotten(frozenset([chinese(7).url])), "2026-01-01") == {
        made.name: None
    }
    assert not (tmp_path / "doctorqna-tweh" / "dataset").exists()
    assert not list((tmp_path / "doctorqna-tweh" / "snapshots").iterdir())


@pytest.mark.slow
def test_diff_says_which_pairs_changed(tmp_path: Path) -> None:
    first = publish(tmp_path / "a", [making.record(n) for n in (1, 2, 3)], [chinese(n) for n in (1, 2, 3)])
    later = [chinese(1), chinese(2, hospital="綠港醫院"), chinese(4)]
    second = publish(tmp_path / "b", [making.record(n) for n in (1, 2, 4)], later)
    with diff.compare(first, second) as found:
        assert found.counts == {"added": 1, "changed": 1, "gone": 1}
        assert {change.record_id: change.fields for change in found.changes()} == {
            "doctorqna-tweh:2": ["original_hospital"],
            "doctorqna-tweh:3": [],
            "doctorqna-tweh:4": [],
        }
    with (
        pytest.raises(QacrawlError, match="only one of them has pairs"),
        diff.compare(first, tmp_path / "a/tweh/dataset"),
    ):
        pass


def test_sites_without_common_numbers_have_no_pairs(tmp_path: Path) -> None:
    folders = sites(tmp_path, [making.record(1)], [chinese(2)])
    assert snapshot.publish(tmp_path / "doctorqna-tweh", SLUGS, folders) is None
    assert not (tmp_path / "doctorqna-tweh" / "dataset").exists()


@pytest.mark.parametrize("given", [[], ["tweh"], ["tweh", "tweh"], ["doctorqna", "tweh", "tweh"], ["doctorqna", "x"]])
def test_it_takes_two_sites(given: list[str]) -> None:
    with pytest.raises(QacrawlError):
        snapshot.check(given)


@pytest.mark.slow
def test_a_site_that_has_published_nothing_is_named(tmp_path: Path) -> None:
    folders = sites(tmp_path, [making.record(1)], [chinese(1)])
    (folders[1] / "dataset").unlink()
    with pytest.raises(QacrawlError, match="tweh has published no dataset"):
        snapshot.publish(tmp_path / "doctorqna-tweh", SLUGS, folders)


def test_a_dataset_of_the_older_schema_is_to_be_published_anew(tmp_path: Path) -> None:
    folders = sites(tmp_path, [making.record(1)], [chinese(1)])
    (path,) = (folders[0] / "dataset").glob("data/qa/*.parquet")
    pq.write_table(pq.read_table(path).drop_columns(["department", "follows"]), path)
    with pytest.raises(QacrawlError, match="the dataset of doctorqna is of an older schema"):
        snapshot.publish(tmp_path / "doctorqna-tweh", SLUGS, folders)
