"""croissant.json: mlcroissant takes it without complaint and reads back through it what the files hold."""

import hashlib
import json
import logging
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import mlcroissant
import pandas as pd
import pyarrow.parquet as pq
import pytest
from support.making import part, record

from qacrawl import registry
from qacrawl.publish.data import configs
from qacrawl.publish.snapshot import Snapshot, publish
from qacrawl.records import SimilarQA

# mlcroissant 1.1 uses what rdflib and pandas will drop.
pytestmark = [
    pytest.mark.filterwarnings("ignore:ConjunctiveGraph is deprecated:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:The inplace keyword in DataFrame.reset_index"),
]

SPARSE = {"similar_qa": (), "related_faq": (), "hospital": None, "ask_date": None, "asker_age_min": None}


@pytest.fixture(scope="module")
def snapshot(tmp_path_factory: pytest.TempPathFactory) -> Snapshot:
    folder = tmp_path_factory.mktemp("croissant") / "doctorqna"
    rows = [record(number) for number in range(1, 40)]
    rows.append(record(40, **SPARSE))
    rows.append(record(41, notes=("unanswered", "bad_ask_date"), similar_qa=(SimilarQA(question_excerpt="頭痛..."),)))
    rows.append(record(1, day=2, question='A "quoted"\nquestion, 頭痛'))
    made = publish(folder, "doctorqna", [part(folder, rows)])
    assert made is not None
    return made


@pytest.fixture(scope="module")
def dataset(snapshot: Snapshot) -> mlcroissant.Dataset:
    return mlcroissant.Dataset(str(snapshot.path / "croissant.json"))


def plain(value: object) -> object:
    """What mlcroissant gives, as Arrow would: texts are not bytes, names of columns have no table before them."""
    if isinstance(value, bytes):
        return value.decode()
    if isinstance(value, list):
        return [plain(item) for item in value]
    if isinstance(value, dict):
        return {name.rpartition("/")[2]: plain(item) for name, item in value.items()}
    if isinstance(value, pd.Timestamp):
        return value.to_pydatetime()
    return value


def expected(snapshot: Snapshot, config: str) -> Iterator[dict]:
    """The rows of a config as pyarrow reads them, days as midnights and each with its split."""
    for path in (snapshot.path / "data" / config).iterdir():
        for row in pq.read_table(path, partitioning=None).to_pylist():
            days = {name: datetime(*value.timetuple()[:3]) for name, value in row.items() if type(value) is date}
            yield {"split": path.name.partition("-")[0], **row, **days}


def key(row: dict) -> tuple:
    return row["record_id"], row.get("rank"), row.get("valid_from")


@pytest.mark.parametrize("config", configs.CONFIGS)
def test_records_read_back_as_pyarrow_reads_them(snapshot, dataset, config):
    read = sorted((plain(row) for row in dataset.records(config)), key=key)
    assert read == sorted(expected(snapshot, config), key=key)
    assert len(read) >= 40


def test_lists_of_structs_keep_their_order_and_their_nulls(dataset):
    rows = {row["record_id"]: row for row in (plain(row) for row in dataset.records("qa"))}
    assert [item["title"] for item in rows["doctorqna:5"]["similar_qa"]] == ["Title 6", "Elsewhere"]
    assert [item["specialty"] for item in rows["doctorqna:5"]["related_faq"]] == ["Dermatology", None]
    assert rows["doctorqna:40"]["similar_qa"] == []
    assert rows["doctorqna:41"]["similar_qa"][0]["question_excerpt"] == "頭痛..."
    assert rows["doctorqna:41"]["notes"] == ["unanswered", "bad_ask_date"]


def test_mlcroissant_has_nothing_to_say_against_it(snapshot, caplog):
    with caplog.at_level(logging.WARNING):
        read = mlcroissant.Dataset(str(snapshot.path / "croissant.json"))
    assert read.metadata.ctx.issues.report() == ""
    assert caplog.messages == []
    assert read.metadata.ctx.is_v1_1()


def test_every_column_of_every_config_is_described(snapshot):
    described = json.loads((snapshot.path / "croissant.json").read_text())
    fields = {
        table["@id"]: {field["name"]: field["description"] for field in table["field"]}
        for table in described["recordSet"]
    }
    assert {config: list(found)[1:] for config, found in fields.items()} == {
        config: columns.names for config, columns in configs.CONFIGS.items()
    }
    assert all(text for found in fields.values() for text in found.values())
    assert described["datePublished"] == f"{datetime(2024, 3, 3, tzinfo=UTC):%Y-%m-%d}"  # the newest fetch


def test_it_says_where_the_pages_were_and_what_to_know_of_that_site(snapshot, tmp_path, monkeypatch):
    described = json.loads((snapshot.path / "croissant.json").read_text())
    assert described["url"] == "https://doctorqna.com/"
    assert "from doctorqna.com: DoctorQnA" in described["description"]
    assert described["rai:dataLimitations"].startswith("The texts are machine translations from Chinese")
    assert "notes names what was found missing" in described["rai:dataLimitations"]
    monkeypatch.delattr(registry.load("doctorqna"), "CAVEATS")
    rows = [record(1), *(record(number, url=f"http://localhost:8080/en/article/{number}") for number in (8, 9))]
    made = publish(tmp_path / "doctorqna", "doctorqna", [part(tmp_path / "doctorqna", rows)])
    described = json.loads((made.path / "croissant.json").read_text())
    assert described["url"] == "http://localhost:8080/"
    assert "machine" not in described["rai:dataLimitations"]


def test_its_checksum_is_listed(snapshot):
    sums = (snapshot.path / "SHA256SUMS").read_text()
    assert f"{hashlib.sha256((snapshot.path / 'croissant.json').read_bytes()).hexdigest()}  croissant.json\n" in sums


def test_the_same_parts_give_the_same_text(snapshot, tmp_path: Path):
    texts = set()
    for name in "ab":
        folder = tmp_path / name / "doctorqna"
        made = publish(folder, "doctorqna", [part(folder, [record(1), record(2)])])
        texts.add((made.path / "croissant.json").read_text())
    assert len(texts) == 1
