"""What a dataset of pairs holds, counted."""

from dataclasses import dataclass
from datetime import date, datetime
from functools import partial
from pathlib import Path

from qacrawl.publish.about.stats import counts, one
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
        by = partial(counts, db, table="pairs")
        return Counts(
            **one(db, _COUNTS),
            splits=by(files.SPLIT),
            departments=by("coalesce(department, '')"),
            reasons=by("unnest(reasons)"),
            notes=by("unnest(notes)"),
        )


_COUNTS = """
    SELECT count(*) AS pairs, count(*) FILTER (agreement) AS agreeing,
           min(original_ask_date) AS first_asked, max(original_ask_date) AS last_asked,
           min(least(original_fetched_at, translation_fetched_at)) AS first_fetched,
           max(greatest(original_fetched_at, translation_fetched_at)) AS last_fetched
    FROM pairs
"""
