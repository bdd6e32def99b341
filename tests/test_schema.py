"""The schemas say what the model says, and data written under an older one stays readable."""

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import jsonschema
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from support.places import ROOT

from qacrawl import schema
from qacrawl.commands import schema as derived
from qacrawl.errors import QacrawlError
from qacrawl.records import SCHEMA_VERSION, QARecord, Reject, RelatedFAQ, SimilarQA

RELEASED = sorted(
    (ROOT / "schemas" / "released").glob("v*.arrow.json"), key=lambda path: int(path.name[1:].split(".")[0])
)

RECORD = QARecord(
    record_id="doctorqna:7",
    site="doctorqna",
    url="https://doctorqna.com/en/article/7",
    lang="en",
    question="Is it so?\nI wonder.\n\nThank you.",
    asker_age_min=10,
    asker_age_max=19,
    ask_date=date(2022, 1, 18),
    similar_qa=(SimilarQA(title="Other", doctor="Lee"), SimilarQA(url="https://doctorqna.com/en/article/8")),
    related_faq=(RelatedFAQ(name="Cough"),),
    fetched_at=datetime(2024, 2, 29, 8, tzinfo=timezone(timedelta(hours=8))),
    page_sha256="0" * 64,
    parser_version="doctorqna/1",
    notes=("unanswered",),
)
REJECT = Reject(
    site="doctorqna",
    url="https://doctorqna.com/en/article/9",
    reason="invalid",
    fields=("question",),
    fetched_at=datetime(2024, 2, 29, tzinfo=UTC),
    page_sha256="1" * 64,
    parser_version="doctorqna/1",
)


def test_columns_are_the_models_fields_in_their_order() -> None:
    assert schema.ARROW.names == list(QARecord.model_fields)
    assert schema.REJECTS.names == list(Reject.model_fields)


def test_types_and_nullability() -> None:
    assert schema.ARROW.field("ask_date") == pa.field("ask_date", pa.date32())
    assert schema.ARROW.field("asker_age_min") == pa.field("asker_age_min", pa.int16())
    assert schema.ARROW.field("fetched_at") == pa.field("fetched_at", pa.timestamp("us", tz="UTC"), nullable=False)
    assert schema.ARROW.field("asker_sex") == pa.field("asker_sex", pa.string())
    assert not schema.ARROW.field("question").nullable
    assert pa.types.is_struct(schema.ARROW.field("similar_qa").type.value_type)
    assert schema.ARROW.metadata == {b"qacrawl.schema_version": str(SCHEMA_VERSION).encode()}


def test_records_survive_parquet(tmp_path: Path) -> None:
    pq.write_table(schema.record_table([RECORD, RECORD]), tmp_path / "records.parquet")
    table = pq.read_table(tmp_path / "records.parquet")
    assert table.schema.equals(schema.ARROW, check_metadata=True)
    assert [QARecord(**row) for row in table.to_pylist()] == [RECORD, RECORD]
    assert table["fetched_at"][0].as_py() == datetime(2024, 2, 29, tzinfo=UTC)


def test_rejects_survive_parquet(tmp_path: Path) -> None:
    pq.write_table(schema.reject_table([REJECT]), tmp_path / "rejects.parquet")
    assert [Reject(**row) for row in pq.read_table(tmp_path / "rejects.parquet").to_pylist()] == [REJECT]


def test_no_rows_still_have_the_schema() -> None:
    assert schema.record_table([]).schema.equals(schema.ARROW, check_metadata=True)


def test_a_written_record_fits_the_json_schema() -> None:
    checker = jsonschema.Draft202012Validator(schema.json_schema())
    checker.check_schema(checker.schema)
    checker.validate(json.loads(RECORD.model_dump_json()))
    with pytest.raises(jsonschema.ValidationError):
        checker.validate(json.loads(RECORD.model_dump_json()) | {"asker_age_min": 200})


def test_every_column_says_what_it_means() -> None:
    for model in (QARecord, SimilarQA, RelatedFAQ, Reject):
        assert [name for name, field in model.model_fields.items() if not field.description] == []


@pytest.mark.parametrize("name", derived.files())
def test_derived_files_are_fresh(name: str) -> None:
    assert (ROOT / name).read_text("utf-8") == derived.files()[name], "run `qacrawl schema --write`"


def test_files_are_written_where_asked(tmp_path: Path) -> None:
    assert [path.relative_to(tmp_path).as_posix() for path in derived.write(tmp_path)] == list(derived.files())
    assert (tmp_path / "docs/fields.md").read_text("utf-8").startswith("# The columns")


# What happens to old data when the model changes.


def test_a_breaking_change_raises_the_schema_version() -> None:
    released = json.loads(RELEASED[-1].read_text("utf-8"))
    changes = list(breaking(released["fields"], derived.describe(schema.ARROW)["fields"]))
    assert not changes or released["schema_version"] < SCHEMA_VERSION, "\n".join(["raise SCHEMA_VERSION:", *changes])


def breaking(old: Sequence[Mapping[str, Any]], new: Sequence[Mapping[str, Any]], where: str = "") -> Iterator[str]:
    """What keeps data written under the fields `old` from being read under `new`, both as `derived.describe` has them.

    Columns may be added if they can be null or are lists; those that were there keep their name, order and type.
    """
    was = {field["name"]: field for field in old}
    now = {field["name"]: field for field in new}
    yield from (f"{where}{name} is gone" for name in was if name not in now)
    if [name for name in was if name in now] != [name for name in now if name in was]:
        yield f"{where or 'columns'} stand in another order"
    for name, field in now.items():
        if name not in was:
            if not field["nullable"] and field["type"] != "list":
                yield f"{where}{name} is new and can't be null"
            continue
        if was[name]["type"] != field["type"]:
            yield f"{where}{name} was {was[name]['type']}, is {field['type']}"
        if was[name]["nullable"] and not field["nullable"]:
            yield f"{where}{name} can no longer be null"
        yield from breaking(was[name].get("fields", ()), field.get("fields", ()), f"{where}{name}.")


def plain(*fields: pa.Field) -> Any:
    return derived.describe(pa.schema(fields, {schema.VERSION_KEY: "1"}))["fields"]


OLD = (pa.field("a", pa.string()), pa.field("b", pa.list_(pa.struct([pa.field("c", pa.int16())])), nullable=False))


@pytest.mark.parametrize(
    ("new", "change"),
    [
        ((OLD[0],), "b is gone"),
        ((OLD[1], OLD[0]), "columns stand in another order"),
        ((pa.field("a", pa.int64()), OLD[1]), "a was string, is int64"),
        ((pa.field("a", pa.string(), nullable=False), OLD[1]), "a can no longer be null"),
        ((*OLD, pa.field("d", pa.string(), nullable=False)), "d is new and can't be null"),
        (
            (OLD[0], pa.field("b", pa.list_(pa.struct([pa.field("x", pa.int16())])), nullable=False)),
            "b.item.c is gone",
        ),
    ],
)
def test_what_breaks(new: tuple[pa.Field, ...], change: str) -> None:
    assert change in breaking(plain(*OLD), plain(*new))


def test_what_does_not_break() -> None:
    more = (pa.field("new", pa.string()), *OLD, pa.field("tags", pa.list_(pa.string()), nullable=False))
    assert list(breaking(plain(*OLD), plain(*more))) == []


def test_parts_of_an_older_schema_are_read_with_nulls() -> None:
    similar = schema.ARROW.field("similar_qa")
    shorter = pa.list_(pa.field("element", pa.struct(list(similar.type.value_type)[:2]), nullable=False))
    old = schema.record_table([RECORD]).drop_columns(["hospital", "notes"])
    old = old.set_column(
        old.schema.get_field_index("similar_qa"),
        pa.field("similar_qa", shorter, nullable=False),
        pa.array([[{"title": "Other", "url": None}]], shorter),
    )
    table = schema.upgrade(old)
    assert table.schema.equals(schema.ARROW, check_metadata=True)
    row = QARecord(**table.to_pylist()[0])
    assert row == RECORD.model_copy(update={"hospital": None, "notes": (), "similar_qa": (SimilarQA(title="Other"),)})


@pytest.mark.parametrize("metadata", [None, {schema.VERSION_KEY: str(SCHEMA_VERSION + 1)}])
def test_parts_of_another_schema_version_are_refused(metadata: dict[bytes, str] | None) -> None:
    table = schema.record_table([RECORD]).replace_schema_metadata(metadata)
    with pytest.raises(QacrawlError, match="schema version"):
        schema.upgrade(table)
