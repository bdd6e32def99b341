"""What a dataset of pairs holds, counted."""

from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

from qacrawl.publish.data import files, versions
from qacrawl.publish.parallel.columns import CONFIG


@dataclass(frozen=True)
class Counts:
    """The counts of one dataset of pairs."""

    pairs: int
    agreeing: int
    splits: dict[str, int]
    departments: dict[str, int]
    """Pairs by department, most first; those without one count as ""."""
    reasons: dict[str, int]
    notes: dict[str, int]
    first_asked: date | None
    last_asked: date | None
    first_fetched: datetime
    last_fetched: datetime


def measure(dataset: Path) -> Counts:
    """Count what the snapshot of pairs in a folder holds."""
    with versions.look() as db:
        db.read_parquet(files.tables(dataset / "data" / CONFIG), filename=True).create_view("pairs")
        row: dict[str, Any] = db.sql(_COUNTS).to_arrow_table().to_pylist()[0]
        return Counts(
            **row,
            splits=_by(db, files.SPLIT),
            departments=_by(db, "coalesce(department, '')"),
            reasons=_by(db, "unnest(reasons)"),
            notes=_by(db, "unnest(notes)"),
        )


_COUNTS = """
    SELECT count(*) AS pairs, count(*) FILTER (agreement) AS agreeing,
           min(original_ask_date) AS first_asked, max(original_ask_date) AS last_asked,
           min(least(original_fetched_at, translation_fetched_at)) AS first_fetched,
           max(greatest(original_fetched_at, translation_fetched_at)) AS last_fetched
    FROM pairs
"""


def _by(db: Any, value: str) -> dict[str, int]:
    """Pairs by a value, most first."""
    query = f"SELECT value, count(*) FROM (SELECT {value} AS value FROM pairs) GROUP BY 1 ORDER BY 2 DESC, 1"
    return dict(db.execute(query).fetchall())
