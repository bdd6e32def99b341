"""What a dataset holds, counted: records by department and year, coverage of each field, lengths."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
from rich.console import Console
from rich.table import Column, Table
from rich.text import Text

from qacrawl import schema
from qacrawl.escape import plain
from qacrawl.publish.data import files, versions
from qacrawl.records import TEXTS

_LISTS = [field.name for field in schema.ARROW if pa.types.is_list(field.type)]


@dataclass(frozen=True)
class Lengths:
    """Lengths of one field's texts, in characters; absent texts do not count."""

    shortest: int
    median: int
    mean: int
    p95: int
    longest: int


@dataclass(frozen=True)
class Stats:
    """The counts of one dataset."""

    snapshot: str
    records: int
    clusters: int
    near_duplicates: int
    splits: dict[str, int]
    """Records by split."""
    configs: dict[str, int]
    """Rows by config."""
    first_asked: date | None
    last_asked: date | None
    first_fetched: datetime
    last_fetched: datetime
    hosts: dict[str, int]
    """Records by the host of their pages, with its port; most first."""
    departments: dict[str, int]
    """Records by department, most first; those without one count as ""."""
    years: dict[str, int]
    """Records by year of the question; those without one count as ""."""
    coverage: dict[str, float]
    """Share of the records in which a field says something, 0 to 1."""
    lengths: dict[str, Lengths]
    notes: dict[str, int]
    """Records by note."""
    models: dict[str, int]
    """Records by the model that took names of third persons out of them; those that none has read count as ""."""
    reserved: int = 0
    """Records of pages on which their site lets no model be trained."""


def measure(dataset: Path) -> Stats:
    """Count what the snapshot in the folder `dataset` holds."""
    with versions.look() as db:
        db.read_parquet(files.tables(dataset / "data" / "qa"), filename=True).create_view("qa")
        columns = (
            "count(*) AS records",
            "count(DISTINCT cluster_id) AS clusters",
            "count(*) FILTER (is_near_duplicate) AS near_duplicates",
            "min(ask_date) AS first_asked",
            "max(ask_date) AS last_asked",
            "min(fetched_at) AS first_fetched",
            "max(fetched_at) AS last_fetched",
        )
        return Stats(
            snapshot=dataset.name,
            **one(db, f"SELECT {', '.join(columns)} FROM qa"),
            splits=counts(db, files.SPLIT),
            configs={folder.name: _rows(db, folder) for folder in sorted((dataset / "data").iterdir())},
            hosts=counts(db, "regexp_extract(url, '^[a-z]+://([^/?#]*)', 1)"),
            departments=counts(db, "coalesce(specialty, reply_specialty, '')"),
            years=dict(sorted(counts(db, "coalesce(cast(year(ask_date) AS VARCHAR), '')").items())),
            coverage=coverage(db),
            lengths=_lengths(db),
            notes=counts(db, "unnest(notes)"),
            models=counts(db, "split_part(parser_version, '/', 3)"),
            reserved=_reserved(db),
        )


def one(db: Any, query: str) -> dict[str, Any]:
    """Return the only row of a query, by column name."""
    row: dict[str, Any] = db.sql(query).to_arrow_table().to_pylist()[0]  # DuckDB's own way to datetimes needs pytz
    return row


def counts(db: Any, value: str, table: str = "qa") -> dict[str, int]:
    """Return the number of rows by a value, most first."""
    query = f"SELECT value, count(*) FROM (SELECT {value} AS value FROM {table}) GROUP BY 1 ORDER BY 2 DESC, 1"
    return dict(db.execute(query).fetchall())


def _rows(db: Any, folder: Path) -> int:
    return int(db.execute("SELECT count(*) FROM read_parquet($1)", [files.tables(folder)]).fetchone()[0])


def _reserved(db: Any) -> int:
    """Return the number of rows of pages whose use for training is reserved."""
    if "may_train" not in db.sql("FROM qa").columns:
        return 0
    return int(db.execute("SELECT count(*) FROM qa WHERE may_train = false").fetchone()[0])


def coverage(db: Any) -> dict[str, float]:
    """Return share of rows of the view `qa` whose field is neither null nor an empty list."""
    there = db.sql("FROM qa").columns  # a snapshot of an older schema has fewer
    said = {
        name: "false" if name not in there else f"len({name}) > 0" if name in _LISTS else f"{name} IS NOT NULL"
        for name in schema.ARROW.names
    }
    shares = [f"coalesce(avg(CASE WHEN {test} THEN 1 ELSE 0 END), 0) AS {name}" for name, test in said.items()]
    return {name: round(share, 4) for name, share in one(db, f"SELECT {', '.join(shares)} FROM qa").items()}


def _lengths(db: Any) -> dict[str, Lengths]:
    """Return lengths of the fields of TEXTS that have a text at all."""
    found = {}
    for name in TEXTS:
        row = one(
            db,
            f"SELECT min(n) AS shortest, quantile_disc(n, 0.5) AS median, cast(round(avg(n)) AS BIGINT) AS mean, "
            f"quantile_disc(n, 0.95) AS p95, max(n) AS longest "
            f"FROM (SELECT length({name}) AS n FROM qa WHERE {name} IS NOT NULL)",
        )
        if row["longest"] is not None:
            found[name] = Lengths(**row)
    return found


def as_json(stats: Stats) -> str:
    """Return the counts as JSON; days and times in ISO 8601."""
    return json.dumps(asdict(stats), indent=2, ensure_ascii=False, default=lambda value: value.isoformat())


def show(stats: Stats, console: Console, most: int = 20) -> None:
    """Print the counts as tables, the `most` largest departments of them."""
    console.print(
        f"{stats.snapshot}: {stats.records:,} records, asked {_period(stats.first_asked, stats.last_asked)}, "
        f"fetched {_period(stats.first_fetched.date(), stats.last_fetched.date())}",
        markup=False,
        highlight=False,
    )
    console.print(_table("Split", stats.splits))
    console.print(_table("Config", stats.configs, "rows"))
    console.print(_table("Department", dict(list(stats.departments.items())[:most])))
    console.print(_table("Year asked", stats.years))
    console.print(_table("Field", {name: f"{share:.1%}" for name, share in stats.coverage.items()}, "coverage"))
    lengths = Table("Characters", *(_right(name) for name in Lengths.__dataclass_fields__))
    for name, length in stats.lengths.items():
        lengths.add_row(name, *(f"{value:,}" for value in asdict(length).values()))
    console.print(lengths)
    if stats.notes:
        console.print(_table("Note", stats.notes))


def _period(first: date | None, last: date | None) -> str:
    return f"{first or 'unknown'} to {last or 'unknown'}"


def _table(name: str, values: Mapping[str, int | str], unit: str = "records") -> Table:
    """Return two columns, a name and a value; names may come from pages, so nothing in them is markup."""
    table = Table(name, _right(unit))
    for key, value in values.items():
        table.add_row(Text(plain(key) or "(none)"), f"{value:,}" if isinstance(value, int) else value)
    return table


def _right(name: str) -> Column:
    return Column(name, justify="right")
