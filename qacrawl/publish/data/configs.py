"""The tables of a snapshot, each a query: `qa`, and what follows from it: `similar`, `faq` and `history`."""

from pathlib import Path
from typing import Any

import pyarrow as pa

from qacrawl import schema
from qacrawl.publish.data import files, sorting, splits, versions
from qacrawl.records import SCHEMA_VERSION, QARecord, RelatedFAQ, SimilarQA

TEXT = pa.string()
TIME = pa.timestamp("us", tz="UTC")


def _columns(*fields: pa.Field) -> pa.Schema:
    return pa.schema(fields, {schema.VERSION_KEY: str(SCHEMA_VERSION)})


QA = _columns(
    *schema.ARROW,
    pa.field("cluster_id", TEXT, nullable=False),
    pa.field("is_near_duplicate", pa.bool_(), nullable=False),
)
SIMILAR = _columns(
    pa.field("record_id", TEXT, nullable=False),
    pa.field("rank", pa.int16(), nullable=False),
    pa.field("target_record_id", TEXT),
    pa.field("title", TEXT),
    pa.field("url", TEXT),
)
FAQ = _columns(
    pa.field("record_id", TEXT, nullable=False),
    pa.field("rank", pa.int16(), nullable=False),
    pa.field("tag", TEXT, nullable=False),
    pa.field("specialty", TEXT),
    pa.field("url", TEXT),
)
HISTORY = _columns(*schema.ARROW, pa.field("valid_from", TIME, nullable=False), pa.field("valid_to", TIME))

CONFIGS = {"qa": QA, "similar": SIMILAR, "faq": FAQ, "history": HISTORY}

ABOUT = {
    "qa": "the records: the newest version of each question with its reply, one row each",
    "similar": 'the site\'s "Similar Q&A" as an edge list: from a record to another page',
    "faq": 'the site\'s "Related FAQ": the tags of each record',
    "history": "every version of each record that the crawler saw, with the time from which it was seen",
}


def _described(model: Any, *names: str) -> dict[str, str]:
    return {name: model.model_fields[name].description for name in names or model.model_fields}


_KEY = {
    "record_id": "The record on whose page this stands.",
    "rank": "Place in the page's list, from 1.",
}
MEANING: dict[str, dict[str, str]] = {
    "qa": _described(QARecord)
    | {
        "cluster_id": "Cluster of near-duplicates and follow-ups, 16 hex digits; a cluster lies in one split.",
        "is_near_duplicate": "Whether a record seen before this one asks nearly the same; "
        "the rows where it is false hold each question once.",
    },
    "similar": _KEY
    | {"target_record_id": "The record it leads to; null where this snapshot has none."}
    | _described(SimilarQA, "title", "url"),
    "faq": _KEY
    | {"tag": RelatedFAQ.model_fields["name"].description or ""}
    | _described(RelatedFAQ, "specialty", "url"),
    "history": _described(QARecord)
    | {
        "valid_from": "When the page was first seen like this, UTC; where a clock was behind, a microsecond after the "
        "version before.",
        "valid_to": "When it was first seen otherwise, UTC; null for the version in `qa`.",
    },
}
"""What each column of each config means."""


def write(db: Any, folder: Path) -> None:
    """Write all configs into `folder`/data, and beside it how they were split.

    `db` has the tables of both, and those of `reserved`.
    """
    data = folder / "data"
    _write_wide(db, folder, "qa", _QA_PLACES, _QA)
    qa = files.tables(data / "qa")
    db.execute("CREATE TABLE targets AS SELECT url, min(record_id) AS target FROM read_parquet($1) GROUP BY url", [qa])
    db.read_parquet(qa, filename=True).create_view("qa")
    _write(db, data / "similar", SIMILAR, _SIMILAR)
    _write(db, data / "faq", FAQ, _FAQ)
    _write_wide(db, folder, "history", _HISTORY_PLACES, _HISTORY)
    (folder / splits.FILE).write_text(splits.report(db), encoding="utf-8")


def _write(db: Any, folder: Path, columns: pa.Schema, query: str) -> None:
    files.write(db.sql(query).to_arrow_reader(files.STEP), columns, folder)


def _write_wide(db: Any, folder: Path, config: str, places: str, query: str) -> None:
    """Write the rows of `query` over `some_records`, in the order of `<config>_places`, which `places` makes."""
    db.execute(places)
    ((rows,),) = db.execute(f"SELECT count(*) FROM {config}_places").fetchall()
    batches = (batch for _ in versions.some_records(db) for batch in db.sql(query).to_arrow_reader(sorting.STEP))
    files.write(sorting.in_order(batches, rows, folder.parent / "piles"), CONFIGS[config], folder / "data" / config)
    db.execute(f"DROP TABLE {config}_places")


# Of the use of a record counts what was said last, also for its older versions (`reserved.py`).
_LAST = {"may_train": "u.may_train", "usage_signals": "coalesce(u.usage_signals, [])"}
_RECORD = ", ".join(f"{_LAST[name]} AS {name}" if name in _LAST else f"r.{name}" for name in schema.ARROW.names)

_QA_PLACES = """
    CREATE TABLE qa_places AS
    SELECT row_number() OVER (ORDER BY s.split, n.record_id) - 1 AS place,
           n.file, n.row, s.split, s.cluster_id, s.is_near_duplicate
    FROM newest n JOIN splits s ON s.record_id = n.record_id
    ORDER BY n.file, n.row
"""
_QA = f"""
    SELECT p.place, p.split, {_RECORD}, p.cluster_id, p.is_near_duplicate
    FROM some_records r JOIN (FROM qa_places WHERE {versions.OF_SOME}) p ON p.file = r.file AND p.row = r.row
    LEFT JOIN usage u ON u.record_id = r.record_id
"""
_SPLIT = "split_part(parse_filename(filename), '-', 1)"
# An unnested list keeps its order only beside its index.
_SIMILAR = f"""
    SELECT q.split, q.record_id, q.rank, t.target AS target_record_id, q.item.title AS title, q.item.url AS url
    FROM (SELECT {_SPLIT} AS split, record_id,
                 unnest(similar_qa) AS item, generate_subscripts(similar_qa, 1) AS rank FROM qa) q
    LEFT JOIN targets t ON t.url = q.item.url
    ORDER BY q.split, q.record_id, q.rank
"""
_FAQ = f"""
    SELECT q.split, q.record_id, q.rank, q.item.name AS tag, q.item.specialty AS specialty, q.item.url AS url
    FROM (SELECT {_SPLIT} AS split, record_id,
                 unnest(related_faq) AS item, generate_subscripts(related_faq, 1) AS rank FROM qa) q
    ORDER BY q.split, q.record_id, q.rank
"""
_HISTORY_PLACES = """
    CREATE TABLE history_places AS
    SELECT row_number() OVER (ORDER BY s.split, c.record_id, c.valid_from) - 1 AS place,
           c.file, c.row, s.split, c.valid_from, c.valid_to
    FROM changes c JOIN splits s ON s.record_id = c.record_id
    ORDER BY c.file, c.row
"""
_HISTORY = f"""
    SELECT p.place, p.split, {_RECORD}, p.valid_from, p.valid_to
    FROM some_records r JOIN (FROM history_places WHERE {versions.OF_SOME}) p ON p.file = r.file AND p.row = r.row
    LEFT JOIN usage u ON u.record_id = r.record_id
"""
