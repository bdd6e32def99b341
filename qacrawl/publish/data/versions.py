"""Which row of which part is the newest version of a record: narrow tables in a DuckDB file, so memory stays small."""

import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory, mkdtemp
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from qacrawl import schema
from qacrawl.files import local

MEMORY = "700MB"
"""What DuckDB may hold before it spills to the work folder; the process needs about 600 MB beside it."""

THREADS = 4
"""Of DuckDB, at most: each wants memory of its own."""
_LINK = "work"
FILES = 100
"""Parts that `some_records` shows at a time."""

# Which of two readings is the newer: by the number of the visit, without one by the page's fetch, then by the parser's
# version; the rest only makes the choice the same in every run. Rows without a number, which is 0 here, are older than
# all that have one. Two rows equal in all of these came from the same bytes by the same parser.
NEWEST_FIRST = "visit DESC, fetched_at DESC, parser DESC, page_sha256, warc_file, warc_offset, run_id"

PROVENANCE = ("fetched_at", "run_id", "page_sha256", "warc_file", "warc_offset", "parser_version", "usage_signals")
"""Columns of a record that say where it comes from: they differ from fetch to fetch of a page that did not change."""

NO_CONTENT = (*PROVENANCE, "department", "may_train")
"""Columns that may differ between readings of a page which did not change: a department's slug is ours, not its, and
what may be done with it is no part of what it says."""

PARSER = "coalesce(try_cast(split_part(parser_version, '/', 2) AS BIGINT), 0)"
"""SQL for the number in `parser_version`."""


def moment(row: str) -> str:
    """Return SQL for what tells which of two rows of parts is the newer reading: the greater one."""
    return f"struct_pack(visit := coalesce({row}.visit, 0), fetched_at := {row}.fetched_at, parser := {PARSER})"


def is_forgotten(url: str) -> str:
    """Return SQL that says whether the value of `url` is one of `forgotten` in `work`; false for null."""
    return f"coalesce(list_contains(getvariable('forgotten'), {url}), false)"


UNQUOTED = f"list_filter(similar_qa, lambda entry: NOT {is_forgotten('entry.url')})"
"""SQL for `similar_qa` without what it quotes of forgotten pages."""


@contextmanager
def work(folder: Path, forgotten: Sequence[str] = ()) -> Iterator[Any]:
    """Yield a DuckDB connection with its database and its spill files in `folder`.

    What `records` quotes of the pages in `forgotten` is left out. Opened anew, it has its memory for itself again:
    what one has read and written it does not always give back.
    """
    place = _work_place(folder)
    with duckdb.connect(str(place / "work.duckdb"), config=_config(place)) as db:
        db.execute("SET TimeZone = 'UTC'")
        db.execute("SET VARIABLE forgotten = $1::VARCHAR[]", [list(forgotten)])
        yield db


def _work_place(folder: Path) -> Path:
    """Return where the database of `folder` is: there, or in a temporary folder that a link in it leads to.

    DuckDB takes "?" in the path of a database for the start of parameters, and a backslash for a slash.
    """
    if not {"?", "\\"} & set(str(folder.absolute())):
        return folder
    link = folder / _LINK
    if not link.is_symlink():
        link.symlink_to(mkdtemp(prefix="qacrawl-"))
    return link.readlink()


def clear(folder: Path) -> None:
    """Remove a folder in which `work` was at work, and the temporary one that it may have."""
    link = folder / _LINK
    if link.is_symlink():
        shutil.rmtree(link.readlink(), ignore_errors=True)
    local.remove(folder)


@contextmanager
def look() -> Iterator[Any]:
    """Yield a DuckDB connection to ask about files, with its spill files in a temporary folder."""
    with TemporaryDirectory(prefix="qacrawl-") as folder, duckdb.connect(config=_config(Path(folder))) as db:
        db.execute("SET TimeZone = 'UTC'")
        yield db


def _config(folder: Path) -> dict[str, Any]:
    threads = min(THREADS, os.cpu_count() or 1)
    return {"memory_limit": MEMORY, "threads": threads, "temp_directory": str(folder / "spill")}


def load(db: Any, folder: Path, parts: Sequence[Path], rejects: Sequence[Path], gone: Sequence[str]) -> int:
    """Make the views `records` and `refused` of the parts, and the tables `readings`, `first`, `newest` and `verdicts`.

    URLs in `gone` are left out, and so are readings of a page that a newer parser refused.
    Returns the number of rows of `newest`: record_id, file, row. The table `first` has the same columns, visit and
    first_seen for the first fetch of each record, as the newest parser reads it, also of those that are gone. For
    `verdicts` see `judge`.
    """
    judge(db, folder, parts, rejects, gone)
    db.execute(f"""
        CREATE TABLE accepted AS
        SELECT record_id, url, coalesce(visit, 0) AS visit, fetched_at, {PARSER} AS parser, page_sha256, warc_file,
               warc_offset, run_id, file, row
        FROM records r
        WHERE NOT EXISTS (FROM (SELECT url, page_sha256, {PARSER} AS parser FROM refused) f
                          WHERE f.url = r.url AND f.page_sha256 = r.page_sha256 AND f.parser > {PARSER})
    """)
    db.execute("CREATE TABLE readings AS FROM accepted a WHERE NOT EXISTS (FROM gone WHERE gone.url = a.url)")
    db.execute(f"""
        CREATE TABLE first AS
        SELECT record_id, file, row, visit, fetched_at AS first_seen
        FROM accepted
        QUALIFY row_number() OVER (PARTITION BY record_id ORDER BY visit, fetched_at, {NEWEST_FIRST}) = 1
    """)
    db.execute(f"""
        CREATE TABLE newest AS
        SELECT record_id, file, row
        FROM (SELECT record_id, file, row,
                     row_number() OVER (PARTITION BY record_id ORDER BY {NEWEST_FIRST}) AS place,
                     rank() OVER (PARTITION BY url ORDER BY visit DESC, fetched_at DESC, parser DESC) AS reading
              FROM readings)
        WHERE place = 1 AND reading = 1
    """)
    return int(db.execute("SELECT count(*) FROM newest").fetchone()[0])


def judge(db: Any, folder: Path, parts: Sequence[Path], rejects: Sequence[Path], gone: Sequence[str]) -> None:
    """Make the views `records` and `refused` of the parts, and the tables `gone` and `verdicts`.

    `verdicts` says of each page that is not gone why its newest reading is a reject (reason, fields); the reason is ""
    where it is none.
    """
    _view(db, "records", _current(parts, schema.PARTS, folder), schema.PARTS)
    _view(db, "refused", _current(rejects, schema.REFUSED, folder), schema.REFUSED)
    db.register("gone", pa.table({"url": pa.array(gone, pa.string())}))
    read, refused = (f"{moment(name)} AS moment" for name in ("records", "refused"))
    db.execute(f"""
        CREATE TABLE verdicts AS
        SELECT url, newest.reason AS reason, newest.fields AS fields
        FROM (SELECT url, arg_max(struct_pack(reason, fields), moment) AS newest
              FROM (SELECT url, {read}, '' AS reason, CAST([] AS VARCHAR[]) AS fields FROM records
                    UNION ALL
                    SELECT url, {refused}, reason, fields FROM refused) r
              WHERE NOT EXISTS (FROM gone WHERE gone.url = r.url)
              GROUP BY url)
    """)


def _view(db: Any, name: str, files: Sequence[Path], columns: pa.Schema) -> None:
    """Make a view of all rows of `files`, with the columns `file` and `row` that say where each lies.

    `file` is an enum, a number in memory: paths would fill it where there are millions of rows.
    """
    if files:
        paths = [str(file) for file in files]
        db.execute(f"CREATE TYPE file_of_{name} AS ENUM (SELECT unnest($1::VARCHAR[]))", [paths])
        _select(db, name, paths, name, columns)
    else:
        db.register(
            name, columns.append(pa.field("file", pa.string())).append(pa.field("row", pa.int64())).empty_table()
        )


def _select(db: Any, view: str, paths: list[str], name: str, columns: pa.Schema) -> None:
    """Make or replace a view of the rows of some of the files of the view `name`."""
    db.read_parquet(paths, filename=True, file_row_number=True).create_view(f"raw_{view}", replace=True)
    kept = f"REPLACE ({UNQUOTED} AS similar_qa)" if "similar_qa" in columns.names else ""
    place = f"CAST(filename AS file_of_{name}) AS file, file_row_number AS row"
    db.execute(f"CREATE OR REPLACE VIEW {view} AS SELECT * {kept}, {place} FROM raw_{view}")


def some_records(db: Any) -> Iterator[None]:
    """Make the view `some_records` of FILES of the files of `records` at a time; `first` and `last` are its ends.

    A join with all files would hold the other table whole, or spill the texts.
    """
    ((paths,),) = db.execute("SELECT enum_range(NULL::file_of_records)::VARCHAR[]").fetchall()
    for start in range(0, len(paths), FILES):
        some = paths[start : start + FILES]
        _select(db, "some_records", some, "records", schema.PARTS)
        for name, path in (("first", some[0]), ("last", some[-1])):
            db.execute(f"SET VARIABLE {name} = $1::file_of_records", [path])
        yield


OF_SOME = "file BETWEEN getvariable('first') AND getvariable('last')"
"""SQL that says whether a row is about one of `some_records`."""


def _current(files: Sequence[Path], columns: pa.Schema, folder: Path) -> list[Path]:
    """Return the files, those of an older schema as upgraded copies in `folder`; in a fixed order."""
    return [_upgraded(file, columns, folder) for file in sorted(files, key=lambda file: file.name)]


def _upgraded(file: Path, columns: pa.Schema, folder: Path) -> Path:
    with pq.ParquetFile(file) as source:
        if source.schema_arrow.equals(columns, check_metadata=True):
            return file
        copy = folder / file.name
        with pq.ParquetWriter(copy, columns) as writer:
            for group in range(source.num_row_groups):
                writer.write_table(schema.upgrade(source.read_row_group(group), columns))
    return copy


def find_changes(db: Any) -> None:
    """Make the table `changes`: the first reading of each version, and from when to when it was the newest.

    A fetch counts once, as the newest parser reads it; only provenance differs between fetches of one version. Where a
    clock was behind that of the version before, a version begins a microsecond after that.
    """
    content = ", ".join(f"r.{name}" for name in schema.ARROW.names if name not in NO_CONTENT)
    db.execute(f"""
        CREATE TABLE changes AS
        WITH fetches AS (
            SELECT record_id, visit, fetched_at, file, row, count(*) OVER (PARTITION BY record_id) AS versions
            FROM (FROM readings
                  QUALIFY row_number() OVER (PARTITION BY record_id, visit, fetched_at ORDER BY {NEWEST_FIRST}) = 1)
        ), seen AS (
            SELECT record_id, visit, fetched_at, file, row, 0 AS content FROM fetches WHERE versions = 1
            UNION ALL
            SELECT f.record_id, f.visit, f.fetched_at, f.file, f.row, hash(row({content})) AS content
            FROM fetches f JOIN records r ON f.file = r.file AND f.row = r.row WHERE f.versions > 1
        ), changed AS (
            FROM seen
            QUALIFY content IS DISTINCT FROM lag(content) OVER (PARTITION BY record_id ORDER BY visit, fetched_at)
        ), counted AS (
            SELECT record_id, file, row, epoch_us(fetched_at) AS us,
                   row_number() OVER (PARTITION BY record_id ORDER BY visit, fetched_at) AS place
            FROM changed
        ), dated AS (
            SELECT record_id, file, row, place,
                   max(us - place) OVER (PARTITION BY record_id ORDER BY place) + place AS us
            FROM counted
        )
        SELECT record_id, file, row, make_timestamptz(us) AS valid_from,
               make_timestamptz(lead(us) OVER (PARTITION BY record_id ORDER BY place)) AS valid_to
        FROM dated
    """)
