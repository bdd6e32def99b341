"""Which records a snapshot leaves out because their site says so: training reserved, or no index wanted."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from qacrawl import schema
from qacrawl.publish.data import files, versions
from qacrawl.records import Signal
from qacrawl.usage import signals as usage
from qacrawl.usage.hosts import Hosts

_SIGNALS = schema.ARROW.field("usage_signals").type
_STEP = 10_000


@dataclass(frozen=True)
class Withheld:
    """How many records are left out, or would be."""

    reserved: int = 0
    """Of pages on which the site lets no model be trained."""
    unindexed: int = 0
    """Of pages that the site wants in no index, but which were records before."""
    kept: bool = False
    """Whether those that are reserved are in the snapshot all the same."""


def withhold(db: Any, hosts: Hosts, *, keep: bool) -> Withheld:
    """Take what is reserved, unless it is to be kept, and what may be in no index out of `newest` and `readings`.

    `db` has the tables of `versions.load`; `hosts` has what the files of hosts say by now, which counts beside what was
    said when a page was visited. Makes the tables `usage`, with what is said of each record of which anything is, and
    `withheld`, with the ids of the records that are left out.
    """
    db.execute(_USAGE)
    if hosts.files:
        with db.cursor() as reading:  # a connection is at one query at a time
            for batch in reading.sql(_URLS).to_arrow_reader(_STEP):
                db.register("some_standing", _standing(batch, hosts))
                db.execute("INSERT INTO standing FROM some_standing")
    db.execute(_MERGED)
    reserved, unindexed = db.execute(_COUNTED).fetchone()
    db.execute(_WITHHELD + ("" if keep else _RESERVED) + _LEFT_OUT)
    if not keep:
        db.execute(_PAST)
    return Withheld(int(reserved), int(unindexed), keep)


def left(db: Any) -> int:
    """Return how many records there are still."""
    return int(db.execute("SELECT count(*) FROM newest").fetchone()[0])


@contextmanager
def before(build: Path, old: Path) -> Iterator[tuple[Any, int]]:
    """Yield a connection with the view `qa` of what the snapshot `old` has that is not `withheld` by now.

    `build` has the tables. With it comes how many records of `old` are withheld.
    """
    with versions.work(build) as db:
        db.read_parquet(files.tables(old / "data" / "qa")).create_view("was")
        db.execute("CREATE TEMP VIEW qa AS FROM was WHERE record_id NOT IN (FROM withheld)")
        ((number,),) = db.execute("SELECT count(*) FROM was WHERE record_id IN (FROM withheld)").fetchall()
        yield db, int(number)


def reserves(parts: list[Path]) -> bool:
    """Return whether any row of some parts is reserved, by the footers of the files alone."""
    return any(said.has_min_max and said.min is False for part in parts for said in _statistics(part))


def _statistics(part: Path) -> Iterator[Any]:
    """Yield the statistics of `may_train` in a part; nothing where an older version wrote it."""
    footer = pq.read_metadata(part)
    for group in range(footer.num_row_groups):
        for at in range(footer.num_columns):
            column = footer.row_group(group).column(at)
            if column.path_in_schema == "may_train" and column.is_stats_set:
                yield column.statistics


def _standing(batch: pa.RecordBatch, hosts: Hosts) -> pa.Table:
    """Return those records of a batch that the files of hosts reserve by now, with what they say."""
    ids, said = [], []
    for record_id, url in zip(batch["record_id"].to_pylist(), batch["url"].to_pylist(), strict=True):
        found = hosts.signals(url)
        if usage.judge(found) is False:
            ids.append(record_id)
            said.append([_row(signal) for signal in usage.kept(found)])
    return pa.table({"record_id": pa.array(ids, pa.string()), "usage_signals": pa.array(said, _SIGNALS)})


def _row(signal: Signal) -> dict[str, Any]:
    return {"source": signal.source, "rule": signal.rule, "seen_at": signal.seen_at}


_USAGE = """
    CREATE TABLE said AS
    SELECT n.record_id, r.may_train, r.usage_signals
    FROM (SELECT file, row, may_train, usage_signals FROM records
          WHERE may_train IS NOT NULL OR len(usage_signals) > 0) r
    JOIN newest n ON n.file = r.file AND n.row = r.row;
    CREATE TABLE standing AS SELECT record_id, usage_signals FROM said LIMIT 0
"""
_URLS = "SELECT a.record_id, a.url FROM accepted a JOIN newest n ON n.file = a.file AND n.row = a.row"
# What a file says now stands beside what was said when the page was visited; the same rule is there once.
_MERGED = """
    CREATE TABLE usage AS
    SELECT record_id,
           CASE WHEN t.record_id IS NULL THEN s.may_train ELSE false END AS may_train,
           list_concat(coalesce(s.usage_signals, []),
                       list_filter(coalesce(t.usage_signals, []), lambda new: NOT coalesce(list_contains(
                           list_transform(s.usage_signals, lambda old: old.source || ' ' || old.rule),
                           new.source || ' ' || new.rule), false))) AS usage_signals
    FROM said s FULL JOIN standing t USING (record_id);
    CREATE TABLE unindexed AS
    SELECT DISTINCT n.record_id
    FROM newest n JOIN accepted a ON a.file = n.file AND a.row = n.row JOIN verdicts v ON v.url = a.url
    WHERE v.reason = 'noindex'
"""
_COUNTED = """
    SELECT (SELECT count(*) FROM usage WHERE may_train = false AND record_id NOT IN (FROM unindexed)),
           (SELECT count(*) FROM unindexed)
"""
_WITHHELD = "CREATE TABLE withheld AS FROM unindexed;"
_RESERVED = "INSERT INTO withheld SELECT record_id FROM usage WHERE may_train = false;"
_LEFT_OUT = """
    DELETE FROM newest WHERE record_id IN (FROM withheld);
    DELETE FROM readings WHERE record_id IN (FROM withheld)
"""
# What was reserved when it was said so is no version of its record, though a later one is.
_PAST = """
    DELETE FROM readings WHERE (file, row) IN (SELECT (file, row) FROM records WHERE may_train = false)
"""
