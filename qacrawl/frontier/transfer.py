"""Move a site's rows from one frontier to another, or to a file of JSON Lines and back: all of them or none.

Both frontiers' locks have to be held. What was leased is due at the other place: nobody there holds it.
"""

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import groupby, islice
from typing import IO, Any

from sqlalchemy import Column, Connection, Double, Table, insert, select
from sqlalchemy.exc import DBAPIError

from qacrawl.errors import Exit, QacrawlError
from qacrawl.frontier import Frontier, counter, database
from qacrawl.frontier.tables import VERSION, counters, files, hosts, runs, urls

TABLES: dict[str, Table] = {"urls": urls, "files": files, "runs": runs, "hosts": hosts, "counters": counters}
READABLE = range(1, VERSION + 1)
"""Versions of files that `load` reads: what an older one lacks may be null."""
_BATCH = 1000
Line = tuple[str, dict[str, Any]]


def copy(source: Frontier, target: Frontier) -> dict[str, int]:
    """Write the site's rows of `source` to `target`; return how many of each table.

    Raise QacrawlError, and write nothing, where `target` knows the site already.
    """
    with database.snapshot(source.engine) as db:
        return _fill(target, _lines(db, source.site))


def dump(frontier: Frontier, file: IO[str]) -> dict[str, int]:
    """Write the site's rows as JSON Lines, a head and an end around them; return how many of each table."""
    written: Counter[str] = Counter()
    _write(file, {"qacrawl_frontier": VERSION, "site": frontier.site})
    with database.snapshot(frontier.engine) as db:
        for table, row in _lines(db, frontier.site):
            written[table] += 1
            _write(file, {"table": table} | {name: value for name, value in row.items() if value is not None})
    _write(file, {"end": written.total()})
    return dict(written)


def load(frontier: Frontier, file: IO[str]) -> dict[str, int]:
    """Add rows that `dump` wrote; return how many of each table.

    Raise QacrawlError, and write nothing, for a file that is not whole, of another site or version, or of a site that
    the frontier knows already.
    """
    lines = enumerate(file, 1)
    head = _parse(*next(lines, (1, "")))
    if head.get("qacrawl_frontier") not in READABLE:
        raise _refused(f"line 1 is not the head of a frontier of version {VERSION}")
    if head.get("site") != frontier.site:
        raise _refused(f"it is of the site {head.get('site')!r}, not {frontier.site}")
    try:
        return _fill(frontier, _read(lines))
    except DBAPIError as error:
        raise _refused(" ".join(str(error.orig).split())) from None


def _columns(table: Table) -> list[Column[Any]]:
    """Return what of a table is moved: not the site, nor the numbers that the database gives its rows."""
    return [column for column in table.columns if column.name not in ("site", "id")]


def _lines(db: Connection, site: str) -> Iterator[Line]:
    """Yield the name of the table and the values of each row."""
    for row in _urls(db, site):
        yield "urls", _at_rest(row)
    for name, table in list(TABLES.items())[1:]:
        rows = select(*_columns(table)).order_by(*table.primary_key)
        rows = rows.where(table.c.site == site) if "site" in table.c else rows
        for found in db.execute(rows).mappings():
            yield name, dict(found)


def _urls(db: Connection, site: str) -> Iterator[dict[str, Any]]:
    """Yield the rows of the URLs in order of their ids, which is that of their discovery."""
    last = -1
    while True:
        some = select(urls.c.id, *_columns(urls)).where(urls.c.site == site, urls.c.id > last).order_by(urls.c.id)
        batch = db.execute(some.limit(_BATCH)).mappings().all()
        yield from ({name: value for name, value in row.items() if name != "id"} for row in batch)
        if not batch:
            return
        last = batch[-1]["id"]


def _at_rest(row: dict[str, Any]) -> dict[str, Any]:
    """Return a row as one that nobody holds."""
    state = "due" if row["state"] == "leased" else row["state"]
    return row | {"state": state, "owner": None, "lease_until": None}


def _fill(target: Frontier, lines: Iterable[Line]) -> dict[str, int]:
    written: Counter[str] = Counter()
    with target.engine.begin() as db:
        database.may_pause(db)
        for table in (urls, files, runs, counters):
            if db.execute(select(table.c.site).where(table.c.site == target.site).limit(1)).first():
                raise QacrawlError(f"the frontier to fill knows {target.site} already; it was left alone", Exit.USAGE)
        for name, group in groupby(lines, key=lambda line: line[0]):
            rows = (row for _, row in group)
            while batch := list(islice(rows, _BATCH)):
                _insert(db, target.site, TABLES[name], batch)
                written[name] += len(batch)
        if leased := counter.highest(db, target.site):
            counter.pass_by(db, target.site, leased)
    return dict(written)


def _insert(db: Connection, site: str, table: Table, batch: list[dict[str, Any]]) -> None:
    if table is hosts:  # other sites may know the host too, and what they were told last holds
        db.execute(database.insert(db, hosts).on_conflict_do_nothing(), batch)
    else:
        db.execute(insert(table), [row | {"site": site} for row in batch])


# Lines


def _write(file: IO[str], value: dict[str, Any]) -> None:
    file.write(json.dumps(value, ensure_ascii=False) + "\n")


def _refused(why: str) -> QacrawlError:
    return QacrawlError(f"this can't be loaded, nothing was: {why}", Exit.USAGE)


def _parse(number: int, line: str) -> dict[str, Any]:
    try:
        value = json.loads(line)
    except ValueError:
        value = None
    if not isinstance(value, dict):
        raise _refused(f"line {number} is no JSON object")
    return value


def _read(lines: Iterable[tuple[int, str]]) -> Iterator[Line]:
    """Yield the rows after the head, each checked. Raise QacrawlError where the end is missing."""
    for read, (number, line) in enumerate(lines):
        row = _parse(number, line)
        if "end" in row:
            if row["end"] != read:
                raise _refused(f"it holds {read} rows of {row['end']}")
            return
        name = row.pop("table", None)
        if name not in TABLES:
            raise _refused(f"line {number} is of no table")
        yield name, _checked(TABLES[name], row, number)
    raise _refused("its end is missing")


def _checked(table: Table, row: dict[str, Any], number: int) -> dict[str, Any]:
    """Return all columns of a row. Raise QacrawlError for one that is missing, unknown or of the wrong type."""
    columns = {column.name: column for column in _columns(table)}
    if unknown := sorted(row.keys() - columns.keys()):
        raise _refused(f"line {number} has the unknown column {unknown[0]!r}")
    for name, column in columns.items():
        value = row.get(name)
        fits = column.nullable if value is None else type(value) in _types(column)
        if not fits:
            raise _refused(f"line {number} has no good {name!r}")
    return {name: row.get(name) for name in columns}


def _types(column: Column[Any]) -> tuple[type, ...]:
    return (int, float) if isinstance(column.type, Double) else (column.type.python_type,)
