"""Pages taken out of what is published: a snapshot that holds some is written anew without them, under a new name."""

import html
import shutil
from collections.abc import Collection, Sequence
from itertools import accumulate
from pathlib import Path
from typing import Any, NamedTuple

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from qacrawl.errors import QacrawlError
from qacrawl.publish import marks, snapshot
from qacrawl.publish.about import card, report
from qacrawl.publish.about.background import Background, is_invented
from qacrawl.publish.data import files, sorting, splits, versions
from qacrawl.publish.data.quotes import without
from qacrawl.redact import quotes
from qacrawl.redact.quotes import Forgotten

_QUOTES = f"len(similar_qa) - len({versions.UNQUOTED})"
_THEIRS = versions.is_forgotten("url")

_TOUCHED = {"qa": f"{_THEIRS} OR {_QUOTES} > 0", "history": f"{_THEIRS} OR {_QUOTES} > 0", "similar": _THEIRS}
"""By config: which of its rows hold or quote a page."""
_KEPT = {
    "qa": (f"REPLACE ({versions.UNQUOTED} AS similar_qa)", f"NOT {_THEIRS}"),
    "history": (f"REPLACE ({versions.UNQUOTED} AS similar_qa)", f"NOT {_THEIRS}"),
    "similar": (
        "REPLACE (CAST(row_number() OVER (PARTITION BY record_id ORDER BY rank) AS SMALLINT) AS rank)",
        f"NOT {_THEIRS} AND record_id NOT IN (FROM removed) AND (record_id, rank) NOT IN (FROM quoting)",
    ),
    "faq": ("", "record_id NOT IN (FROM removed)"),
}
"""By config: what changes in the rows that stay, and which those are."""


class _Quoted(NamedTuple):
    """What is quoted in a snapshot without a link."""

    entries: list[tuple[str, int]]
    """Of `similar_qa` of config `qa`: key of the record, and place in the list."""
    number: int = 0
    """Quotations in config `qa`."""
    before: int = 0
    """The same in older versions."""


class _Edit(NamedTuple):
    """What is changed in a snapshot."""

    folder: Path
    site: str
    old: Path
    day: str
    forgotten: Forgotten
    quoted: _Quoted


def remove(folder: Path, site: str, forgotten: Forgotten, day: str) -> dict[str, str | None]:
    """Take pages, and what others quote, out of all snapshots in `folder` (output/<site>); others stay as they are.

    Returns the old and the new name of each that changed; None for one that held nothing else. `dataset` follows.
    Call it with the publisher's lock held. Raise QacrawlError for a snapshot that can't be read.
    """
    found = sorted(path for path in (folder / snapshot.SNAPSHOTS).glob("*") if any((path / "data").rglob("*.parquet")))
    changed: dict[str, str | None] = {}
    for old in found:
        with snapshot.building(folder) as (build, made), versions.work(build, sorted(forgotten.urls)) as db:
            touched, quoted = _open(db, old), _quoted(old, forgotten)
            if touched or quoted.number or quoted.before:
                said = _Edit(folder, site, old, day, forgotten, quoted)
                changed[old.name] = name = _replace(db, said, made)
                snapshot.replaced(folder, old, name, build)
    _drop_reports(folder, forgotten.urls)
    return changed


def _quoted(old: Path, forgotten: Forgotten) -> _Quoted:
    """Return what is quoted in a snapshot without a link, which the sentences alone tell."""
    linkless, entries, numbers = forgotten._replace(urls=frozenset()), [], {"qa": 0, "history": 0}
    for config in numbers if forgotten.digests else ():
        for path in files.tables(old / "data" / config):
            with pq.ParquetFile(path) as file:
                there = [name for name in ("record_id", "url", *quotes.COLUMNS) if name in file.schema_arrow.names]
                for row in (row for batch in file.iter_batches(columns=there) for row in batch.to_pylist()):
                    if row["url"] in forgotten.urls:
                        continue
                    numbers[config] += quotes.clean(row, linkless)[1]
                    if config == "qa":
                        places = enumerate(row["similar_qa"], 1)
                        entries += [(row["record_id"], at) for at, one in places if quotes.is_quoted(one, linkless)]
    return _Quoted(entries, *numbers.values())


def _drop_reports(folder: Path, urls: Collection[str]) -> None:
    """Delete the reports that name a page, as a reject or a failure, also of snapshots that never held it."""
    for path in (folder / snapshot.SNAPSHOTS).glob("*/report.html"):
        text = html.unescape(path.read_text(encoding="utf-8"))
        if any(url in text for url in urls):
            path.unlink()


def _open(db: Any, old: Path) -> bool:
    """Make a view of each config of a snapshot; whether one of them holds or quotes a page."""
    try:
        for config in _KEPT:
            source = db.read_parquet(files.tables(old / "data" / config), filename=True, file_row_number=True)
            source.create_view(config)
        tests = (f'EXISTS (FROM "{config}" WHERE {which})' for config, which in _TOUCHED.items())
        return bool(_row(db, f"SELECT {' OR '.join(tests)}")[0])
    except duckdb.Error as error:
        line = str(error).splitlines()[0]
        raise QacrawlError(f"{old} can't be read; delete it, then the same command goes on: {line}") from None


def _row(db: Any, query: str) -> tuple[Any, ...]:
    """Return the only row of a query."""
    (row,) = db.execute(query).fetchall()
    return tuple(row)


def _replace(db: Any, edit: _Edit, made: Path) -> str | None:
    """Make a snapshot without the pages, in `made` first; return its name, None where nothing is left of the old."""
    folder, old, name = edit.folder, edit.old, None
    if _write(db, edit, made):
        shutil.copy(old / splits.FILE, made)
        counted = snapshot.count(made)
        held = marks.held(folder, old.name)
        background = Background(held=held.why if held else (), invented=is_invented(folder))
        new = snapshot.finish(folder, edit.site, made, counted, background, _notes(db, edit))
        report.write(new.path, counted, None, None, None, (), background)
        name = new.id
    marks.rename(folder, old.name, name)
    return name


def _write(db: Any, edit: _Edit, made: Path) -> int:
    """Write the rows that stay, in their order; return how many records there are."""
    db.execute(f"CREATE TABLE removed AS SELECT record_id FROM qa WHERE {_THEIRS}")
    keys, ranks = [key for key, _ in edit.quoted.entries], [rank for _, rank in edit.quoted.entries]
    db.register("quoting", pa.table({"record_id": pa.array(keys, pa.string()), "rank": pa.array(ranks, pa.int16())}))
    for config, (change, which) in _KEPT.items():
        paths = sorted((edit.old / "data" / config).glob("*.parquet"))
        rows = _place(db, paths)
        query = f"""
            SELECT p.start + k.file_row_number AS place, p.split, k.* EXCLUDE (filename, file_row_number)
            FROM (SELECT * {change} FROM "{config}" WHERE {which}) k JOIN places p ON p.filename = k.filename
        """
        found = (_unquoted(batch, edit.forgotten) for batch in db.sql(query).to_arrow_reader(sorting.STEP))
        batches = sorting.in_order(found, rows, made.parent / "piles")
        files.write(batches, pq.read_schema(paths[0]), made / "data" / config)
    return int(_row(db, f"SELECT count(*) FROM qa WHERE NOT {_THEIRS}")[0])


def _unquoted(batch: pa.RecordBatch, forgotten: Forgotten) -> pa.RecordBatch:
    """Return rows without what they quote."""
    table, _ = without(pa.Table.from_batches([batch]), forgotten)
    return table.combine_chunks().to_batches()[0] if table.num_rows else batch


def _notes(db: Any, edit: _Edit) -> str:
    """Return the section of the card that says what was taken out, now and before."""
    query = f"""
        SELECT count(DISTINCT url) FILTER ({_THEIRS}), coalesce(sum({_QUOTES}) FILTER (NOT {_THEIRS} AND newest), 0)
        FROM (SELECT url, similar_qa, true AS newest FROM qa UNION ALL SELECT url, similar_qa, false FROM history)
    """
    pages, linked = _row(db, query)
    said = f"{edit.day}: pages {pages:,}, quotations on other pages {linked + edit.quoted.number:,}."
    return card.taken_out(edit.old, said)


def _place(db: Any, paths: Sequence[Path]) -> int:
    """Register the table `places`: the split of each file and how many rows stand before it; return those of all."""
    counts = [pq.read_metadata(path).num_rows for path in paths]
    starts: list[int] = list(accumulate(counts, initial=0))
    names = {"filename": list(map(str, paths)), "split": list(map(files.split_of, paths))}
    db.register("places", pa.table(names | {"start": starts[:-1]}))
    return starts[-1]
