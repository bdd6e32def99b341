"""Pairs: the records of two snapshots that have the same number, clustered by both sides, split by the cluster."""

import json
import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa

from qacrawl.publish.data import files, sorting, splits, versions
from qacrawl.publish.data.splits import FILE, SHARES
from qacrawl.publish.parallel import agreement
from qacrawl.publish.parallel.columns import CONFIG, KEY, PAIRS, SHARED, SIDES

_STEP = 500


def write(
    db: Any, folder: Path, slugs: tuple[str, str], datasets: tuple[Path, Path], *, keep_reserved: bool = False
) -> int:
    """Write the pairs of two snapshots, and how they were split, into `folder`; return their number.

    Records that their site reserves have no pair, unless `keep_reserved`. `slugs` and `datasets` are of the translation
    and the original. `db` is a connection of `versions.work`.
    """
    for side, dataset in zip(SIDES, datasets, strict=True):
        rows = db.read_parquet(files.tables(dataset / "data" / "qa"))
        has_word = "may_train" in rows.columns and not keep_reserved
        (rows.filter("may_train IS DISTINCT FROM false") if has_word else rows).create_view(side)
    db.execute(_NUMBERED)
    ((count,),) = db.execute("SELECT count(*) FROM numbered").fetchall()
    if count:
        links = [link for side, dataset in zip(SIDES, datasets, strict=True) for link in _links(folder, side, dataset)]
        db.register("founders", _founders(db, links))
        db.execute(_PLACES)
        batches = db.sql(_rows(slugs)).to_arrow_reader(sorting.STEP)
        ordered = sorting.in_order(batches, count, folder / "piles")
        files.write(_judged(ordered), PAIRS, folder / "data" / CONFIG)
        (folder / FILE).write_text(_report(db, slugs, datasets), encoding="utf-8")
    return int(count)


def _links(folder: Path, side: str, dataset: Path) -> Iterator[tuple[int, int]]:
    """Yield the numbers of near-duplicates and follow-ups of a side, in twos, also where its clusters part them."""
    work = folder / side
    work.mkdir()
    with versions.work(work) as db:
        versions.load(db, work, sorted((dataset / "data" / "qa").glob("*.parquet")), (), ())
    with versions.work(work) as db:
        splits.read(db)
    with versions.work(work) as db:
        splits.assign(db)
        for batch in db.sql(_LINKED).to_arrow_reader(sorting.STEP):
            yield from zip(*(column.to_pylist() for column in batch.columns), strict=True)
    shutil.rmtree(work)


def _founders(db: Any, links: Iterable[tuple[int, int]]) -> pa.Table:
    """Return the first number of each number's component; those that share a cluster on either side are linked, too."""
    first: dict[int, int] = {}

    def find(number: int) -> int:
        while first[number] != number:
            first[number] = first[first[number]]
            number = first[number]
        return number

    def join(one: int, other: int) -> None:
        one, other = find(one), find(other)
        first[max(one, other)] = min(one, other)

    seen: dict[tuple[str, str], int] = {}
    for batch in db.sql("SELECT number, translated, own FROM numbered ORDER BY number").to_arrow_reader(sorting.STEP):
        for row in batch.to_pylist():
            number = first[row["number"]] = row["number"]
            for key in (("translation", row["translated"]), ("original", row["own"])):
                join(seen.setdefault(key, number), number)
    for one, other in links:
        if one in first and other in first:
            join(one, other)
    numbers = list(first)
    return pa.table({"number": pa.array(numbers, pa.int64()), "founder": pa.array(map(find, numbers), pa.int64())})


def _judged(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """Yield the rows with what speaks for and against each."""
    for whole in batches:
        for start in range(0, whole.num_rows, _STEP):
            batch = whole.slice(start, _STEP)
            rows = batch.to_pylist()
            reasons = [agreement.reasons(row) for row in rows]
            columns = {name: batch[name] for name in batch.schema.names if name != "translation_notes"}
            columns |= {
                "agreement": pa.array([not one for one in reasons], pa.bool_()),
                "reasons": pa.array(reasons, PAIRS.field("reasons").type),
                "notes": pa.array([agreement.notes(row) for row in rows], PAIRS.field("notes").type),
            }
            yield pa.RecordBatch.from_pydict(columns)


def _report(db: Any, slugs: tuple[str, str], datasets: tuple[Path, Path]) -> str:
    """Return how the pairs were split, and of which snapshots they are, as JSON."""
    ((clusters,),) = db.execute("SELECT count(DISTINCT cluster_id) FROM places").fetchall()
    sources = dict(zip(slugs, (dataset.name for dataset in datasets), strict=True))
    facts = {"sources": sources, "shares": SHARES, "clusters": clusters}
    return json.dumps(facts, indent=2) + "\n"


def _rows(slugs: tuple[str, str]) -> str:
    """Return the query for the pairs' columns, and the place of each."""
    both = (f"{side}.{column} AS {side}_{name}" for name, (column, _, _) in SHARED.items() for side in SIDES)
    key = f"'{slugs[0]}-{slugs[1]}:' || p.number AS {KEY}"
    return f"""
        SELECT p.place, p.split, {key}, {", ".join(both)}, original.hospital AS original_hospital,
               coalesce(original.department, translation.department) AS department,
               translation.notes AS translation_notes, p.cluster_id
        FROM places p JOIN translation ON translation.record_id = p.translation_id
        JOIN original ON original.record_id = p.original_id
    """


_NUMBER = "try_cast(split_part(record_id, ':', 2) AS BIGINT)"
_LINKED = """
    SELECT try_cast(split_part(one.record_id, ':', 2) AS BIGINT) AS later,
           try_cast(split_part(other.record_id, ':', 2) AS BIGINT) AS earlier
    FROM links JOIN asked one ON one.rank = links.later JOIN asked other ON other.rank = links.earlier
"""
_NUMBERED = f"""
    CREATE TABLE numbered AS
    SELECT t.number, t.record_id AS translation_id, o.record_id AS original_id, t.cluster_id AS translated,
           o.cluster_id AS own
    FROM (SELECT record_id, cluster_id, {_NUMBER} AS number FROM translation) t
    JOIN (SELECT record_id, cluster_id, {_NUMBER} AS number FROM original) o ON t.number = o.number
"""
# Named after its first number, as long as that is there: later pairs that join leave the others where they are.
_PLACES = f"""
    CREATE TABLE places AS
    SELECT row_number() OVER (ORDER BY split, number) - 1 AS place, *
    FROM (
        SELECT *, {splits.SPLIT} AS split
        FROM (
            SELECT n.number, n.translation_id, n.original_id,
                   substr(sha256('pair ' || f.founder), 1, 16) AS cluster_id
            FROM numbered n JOIN founders f ON f.number = n.number
        )
    )
"""
