"""What today's parser reads otherwise than the published snapshot: counts by field, examples, records won and lost."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from qacrawl import schema
from qacrawl.publish import damage, diff
from qacrawl.publish.data import files, reserved, versions
from qacrawl.usage.hosts import Hosts

EXAMPLES = 10
"""Of each kind, at most."""


@dataclass(frozen=True)
class Example:
    """A record that reads otherwise in one field."""

    record_id: str
    url: str
    before: str | None
    """The value as text; None is null."""
    after: str | None


@dataclass(frozen=True)
class Field:
    """What changed in one column."""

    name: str
    records: int
    examples: list[Example]


@dataclass(frozen=True)
class Other:
    """A record that only one side has."""

    record_id: str
    url: str
    reason: str | None
    """Code of the reject that the page is today; None for one that was won, or that the archive does not have."""


@dataclass(frozen=True)
class Comparison:
    """The published snapshot against what a rebuild would publish."""

    snapshot: str
    before: int
    """Records."""
    after: int
    changed: int
    won: int
    lost: int
    fields: list[Field]
    """Those that differ anywhere, in the record's order."""
    won_examples: list[Other]
    lost_examples: list[Other]

    def as_dict(self) -> dict[str, Any]:
        """Return it as plain values."""
        return asdict(self)


def compare(
    snapshot: Path,
    parts: Sequence[Path],
    rejects: Sequence[Path],
    gone: Sequence[str],
    forgotten: Sequence[str],
    hosts: Hosts,
    *,
    keep_reserved: bool = False,
) -> Comparison:
    """Compare a snapshot with the newest records of `parts`, as publishing would choose them; nothing is changed.

    What the site reserves is left out as there: `hosts` has what the files of its hosts say by now. Raise QacrawlError
    for a file that can't be read.
    """
    read = (*parts, *rejects, *damage.tables(snapshot))
    with _opened(forgotten) as (db, folder), damage.named(read, "`qacrawl rebuild` of its site makes it anew"):
        versions.load(db, folder, parts, rejects, gone)
        reserved.withhold(db, hosts, keep=keep_reserved)
        return _measured(db, snapshot.name, _sides(db, snapshot))


@contextmanager
def _opened(forgotten: Sequence[str]) -> Iterator[tuple[Any, Path]]:
    """Yield a database in a temporary folder, and that folder."""
    with TemporaryDirectory(prefix="qacrawl-compare-") as place, versions.work(Path(place), forgotten) as db:
        yield db, Path(place)


def _sides(db: Any, snapshot: Path) -> int:
    """Make the views `a` and `b` of the records before and after, and the table `changes`; return the number of `a`."""
    db.execute("CREATE VIEW b AS SELECT r.* FROM records r JOIN newest n ON r.file = n.file AND r.row = n.row")
    published = db.read_parquet(files.tables(snapshot / "data" / "qa"))
    published.create_view("a")
    before = dict(zip(published.columns, map(str, published.types), strict=True))
    now = {str(name): str(kind) for name, kind, *_ in db.execute("DESCRIBE b").fetchall()}
    diff.find(db, [name for name in schema.ARROW.names if before.get(name, "") == now.get(name)])
    return int(_row(db, "SELECT count(*) FROM a")[0])


def _measured(db: Any, snapshot: str, before: int) -> Comparison:
    """Return what the table `changes` says."""
    counts = dict(db.execute("SELECT change, count(*) FROM changes GROUP BY change").fetchall())
    fields = dict(
        db.execute("SELECT name, count(*) FROM (SELECT unnest(fields) AS name FROM changes) GROUP BY name").fetchall()
    )
    won, lost = counts.get("added", 0), counts.get("gone", 0)
    return Comparison(
        snapshot,
        before,
        before + won - lost,
        counts.get("changed", 0),
        won,
        lost,
        [Field(name, fields[name], _examples(db, name)) for name in schema.ARROW.names if name in fields],
        _others(db, "added", "b", "NULL"),
        _others(db, "gone", "a", "(SELECT nullif(v.reason, '') FROM verdicts v WHERE v.url = s.url)"),
    )


def _examples(db: Any, field: str) -> list[Example]:
    """Return the first records that differ in a field."""
    rows = db.execute(f"""
        WITH picked AS (SELECT record_id FROM changes WHERE change = 'changed' AND list_contains(fields, '{field}')
                      ORDER BY record_id LIMIT {EXAMPLES})
        SELECT a.record_id, b.url, CAST(a.{field} AS VARCHAR), CAST(b.{field} AS VARCHAR)
        FROM a JOIN picked USING (record_id) JOIN b USING (record_id) ORDER BY record_id
    """).fetchall()
    return [Example(*row) for row in rows]


def _others(db: Any, change: str, side: str, reason: str) -> list[Other]:
    """Return the first records that only one side has."""
    rows = db.execute(f"""
        WITH picked AS (SELECT record_id FROM changes WHERE change = '{change}' ORDER BY record_id LIMIT {EXAMPLES})
        SELECT s.record_id, s.url, {reason} FROM {side} s JOIN picked USING (record_id) ORDER BY s.record_id
    """).fetchall()
    return [Other(*row) for row in rows]


def _row(db: Any, query: str) -> tuple[Any, ...]:
    """Return the only row of a query."""
    (row,) = db.execute(query).fetchall()
    return tuple(row)
