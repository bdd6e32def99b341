"""Arrow and JSON schemas of the record and the reject, derived from their models; tables made from them.

One Parquet schema for every part: a reader that finds a column in one file only may fail on all of them.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa
from pydantic import BaseModel

from qacrawl.errors import QacrawlError
from qacrawl.records import READS, SCHEMA_VERSION, QARecord, Reject

VERSION_KEY = b"qacrawl.schema_version"

_ARROW: dict[str, Any] = {
    "string": pa.string(),
    "date": pa.date32(),
    "date-time": pa.timestamp("us", tz="UTC"),
    "int16": pa.int16(),
    "int32": pa.int32(),
    "integer": pa.int64(),
    "boolean": pa.bool_(),
}


def json_schema(model: type[BaseModel] = QARecord) -> dict[str, Any]:
    """Return JSON Schema of a model as it is written out: every field is there, absent ones as null."""
    derived = model.model_json_schema(mode="serialization")
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "x-schema-version": SCHEMA_VERSION,
        **derived,
    }


def arrow_schema(model: type[BaseModel]) -> pa.Schema:
    """Return Arrow schema of a model: one column a field, in its order; the schema version is in the metadata."""
    derived = model.model_json_schema(mode="serialization")
    return pa.schema(_fields(derived, derived.get("$defs", {})), {VERSION_KEY: str(SCHEMA_VERSION)})


def _fields(shape: Mapping[str, Any], models: Mapping[str, Any]) -> list[pa.Field]:
    """Return Arrow fields of the properties of an object."""
    return [_field(name, prop, models) for name, prop in shape["properties"].items()]


def _field(name: str, prop: Mapping[str, Any], models: Mapping[str, Any]) -> pa.Field:
    """Return Arrow field of one property; it is nullable when null is one of its types."""
    choices = prop.get("anyOf", [prop])
    (kind,) = (choice for choice in choices if choice.get("type") != "null")
    return pa.field(name, _type(kind, models), nullable=len(choices) > 1)


def _type(kind: Mapping[str, Any], models: Mapping[str, Any]) -> pa.DataType:
    """Return Arrow type of a JSON Schema type; `arrow` in the model's `json_schema_extra` names a narrower one."""
    if "$ref" in kind:
        return pa.struct(_fields(models[kind["$ref"].rpartition("/")[2]], models))
    if kind["type"] == "array":
        return pa.list_(_field("element", kind["items"], models))
    return _ARROW[kind.get("arrow") or kind.get("format") or kind["type"]]


ARROW: pa.Schema = arrow_schema(QARecord)
REJECTS: pa.Schema = arrow_schema(Reject)

VISIT = pa.field("visit", pa.int64())
"""Column of parts alone: the number of the visit that fetched the page, by the frontier's counter. Of two readings the
one with the higher number is the newer; null, of what was fetched before there was a counter, is the oldest."""
PARTS: pa.Schema = ARROW.append(VISIT)
REFUSED: pa.Schema = REJECTS.append(VISIT)


def record_table(records: Sequence[QARecord]) -> pa.Table:
    """Return the records as a table of schema `ARROW`, in the given order."""
    return _table(records, ARROW)


def reject_table(rejects: Sequence[Reject]) -> pa.Table:
    """Return the rejects as a table of schema `REJECTS`, in the given order."""
    return _table(rejects, REJECTS)


def _table(rows: Sequence[BaseModel], schema: pa.Schema) -> pa.Table:
    """Return rows in the columns of `schema`; each model has a field for each column."""
    columns = []
    for field in schema:
        values: list[Any] = [getattr(row, field.name) for row in rows]
        if pa.types.is_list(field.type) and pa.types.is_struct(field.type.value_type):
            values = [[item.__dict__ for item in items] for items in values]  # much faster than model_dump()
        columns.append(pa.array(values, field.type))
    return pa.Table.from_arrays(columns, schema=schema)


def upgrade(table: pa.Table, schema: pa.Schema = ARROW) -> pa.Table:
    """Return `table`, written under an older schema, under `schema`: columns added since are null, [], 0 or false.

    Raise QacrawlError for a table of a schema version that is none of `READS`.
    """
    version = int((table.schema.metadata or {}).get(VERSION_KEY, b"0"))
    if version not in READS:
        raise QacrawlError(
            f"data of schema version {version}, this qacrawl reads {SCHEMA_VERSION}: "
            "`qacrawl rebuild SITE` makes it anew from the archive"
        )
    names = set(table.column_names)
    columns = [
        table[field.name].cast(field.type) if field.name in names else _blank(field, table.num_rows) for field in schema
    ]
    return pa.table(columns, schema=schema)


def _blank(field: pa.Field, rows: int) -> pa.Array:
    """Return a column of nulls; of empty lists, 0 or false where the field can't be null."""
    if field.nullable:
        return pa.nulls(rows, field.type)
    return pa.array([[] if pa.types.is_list(field.type) else 0] * rows).cast(field.type)
