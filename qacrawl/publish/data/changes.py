"""How many records differ between two snapshots; which ones, and in what, says `publish/diff.py`."""

from dataclasses import dataclass
from pathlib import Path

from qacrawl import schema
from qacrawl.publish.data import files, versions
from qacrawl.publish.data.versions import NO_CONTENT


@dataclass(frozen=True)
class Changes:
    """Records of a snapshot against those of another."""

    added: int
    changed: int
    gone: int
    same: int


def count(before: Path, now: Path) -> Changes:
    """Count the records of the snapshot folder `now` against those of `before`; provenance is no change."""
    with versions.look() as db:
        there = [set(db.read_parquet(files.tables(folder / "data" / "qa")).columns) for folder in (now, before)]
        both = [name for name in schema.ARROW.names if name in there[0] & there[1]]  # one may be of an older schema
        content = ", ".join(name for name in both if name not in NO_CONTENT)
        side = f"SELECT record_id, hash(row({content})) AS content FROM read_parquet"
        row = db.execute(
            f"""
            SELECT count(*) FILTER (b.record_id IS NULL), count(*) FILTER (n.content <> b.content),
                   count(*) FILTER (n.record_id IS NULL), count(*) FILTER (n.content = b.content)
            FROM ({side}($1)) n FULL JOIN ({side}($2)) b ON n.record_id = b.record_id
            """,
            [files.tables(folder / "data" / "qa") for folder in (now, before)],
        ).fetchone()
    return Changes(*row) if row else Changes(0, 0, 0, 0)
