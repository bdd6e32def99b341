"""`qacrawl audit`: what is left in a dataset is told by kind and row, and never shown."""

import json
from pathlib import Path

import pytest
from support.crawling import Done, qacrawl
from support.making import part, record

from qacrawl.publish.snapshot import publish
from qacrawl.records import SimilarQA
from qacrawl.redact.record import redact

LEFT = {
    "email": "write to lin.mei@example.org",
    "phone": "call 0912-345-678",
    "id": "my ID is A123456789",
    "card": "card 4111 1111 1111 1111",
    "user": "my LINE ID: blue_bird77",
    "address": "I live at 12 Oak Street, Springfield",
    "name": "Hello, my name is Xiaoming Lin",
}


def dataset(folder: Path, rows) -> Path:
    folder.mkdir(parents=True)
    return publish(folder, "doctorqna", [part(folder, rows)]).path


def audit(path: Path, *options: str) -> Done:
    return qacrawl("audit", str(path), *options)


@pytest.mark.slow
def test_each_kind_is_found_with_its_row_and_no_text_of_it_is_printed(tmp_path):
    rows = [record(at, asker=None, question=f"{text}, {at}") for at, text in enumerate(LEFT.values(), 1)]
    rows.append(record(9, asker="Mei Lin", similar_qa=(SimilarQA(title="call 0911-222-333"),)))
    done = audit(dataset(tmp_path / "doctorqna", rows))
    assert done.code == 1
    assert "personal data may be left in" in done.err
    for at, kind in enumerate(LEFT, 1):
        assert f"{kind}\tdoctorqna:{at}\tqa.question\t" in done.out, kind
    assert "name\tdoctorqna:9\tqa.asker\txxx xxx" in done.out
    assert "phone\tdoctorqna:9\tqa.similar_qa.title\t0000-000-000" in done.out
    for text in ("lin.mei", "0912", "345", "A123", "4111", "blue", "Oak", "Xiaoming", "Mei", "222"):
        assert text not in done.out + done.err


@pytest.mark.slow
def test_signs_alone_are_named_and_are_no_failure(tmp_path):
    rows = [record(1, asker=None, question="PMID 12345678, see https://hospital.example.org/x and 5 @ 6")]
    done = audit(dataset(tmp_path / "doctorqna", rows), "--json")
    assert (done.code, done.err) == (0, "")
    found = json.loads(done.out)
    assert found["left"] == {}
    assert set(found["signs"]) == {"long number", "web address", "at sign"}


@pytest.mark.slow
def test_redacted_records_leave_nothing(tmp_path):
    rows = [
        redact(record(at, asker="Xiaoming Lin", question=text, reply=f"Hello Xiaoming: {text}"), key=bytes(32))
        for at, text in enumerate(LEFT.values(), 1)
    ]
    done = audit(dataset(tmp_path / "doctorqna", rows))
    assert (done.code, done.err) == (0, ""), done.out


@pytest.mark.slow
def test_a_sample_looks_at_so_many_rows_and_a_folder_without_data_is_an_error(tmp_path):
    path = dataset(tmp_path / "doctorqna", [record(at, asker=None) for at in range(1, 41)])
    assert (
        json.loads(audit(path, "--sample", "4", "--json").out)["rows"] < json.loads(audit(path, "--json").out)["rows"]
    )
    assert audit(tmp_path).code != 0
    next((path / "data" / "qa").glob("*.parquet")).write_bytes(b"no table")
    done = audit(path)
    assert (done.code, done.out) == (1, "")
    assert "can't be read" in done.err


@pytest.mark.slow
def test_nothing_is_left_in_the_demo(tmp_path):
    assert qacrawl("demo", "--parallel", "--output", str(tmp_path)).code == 0
    for path in sorted((tmp_path / "demo").glob("*/dataset")):
        done = audit(path)
        assert done.code == 0, done.out
