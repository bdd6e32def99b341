"""The articles that became no record, by the newest reading of each, and why: read from the committed parts."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from qacrawl import files
from qacrawl.frontier import Frontier
from qacrawl.publish import damage
from qacrawl.publish.data import versions

COLUMNS = (
    "url",
    "reason",
    "fields",
    "fetched_at",
    "run_id",
    "parser_version",
    "page_sha256",
    "warc_file",
    "warc_offset",
)
_STEP = 10_000

_NEWEST = f"""
    SELECT url, unnest(newest)
    FROM (SELECT r.url AS url,
                 arg_max(struct_pack({", ".join(f"{name} := r.{name}" for name in COLUMNS[1:])}),
                         {versions.moment("r")}) AS newest
          FROM refused r JOIN verdicts v ON v.url = r.url AND v.reason <> ''
          GROUP BY r.url)
"""


def find(frontier: Frontier, folder: Path, run: str | None = None) -> Iterator[dict[str, Any]]:
    """Yield the pages whose newest reading is a reject as rows with COLUMNS, by URL; of one run, or of all.

    Pages that are gone are none. Raise OSError when a part can't be had.
    """
    with _judged(frontier, folder) as db:
        if db is None:
            return
        db.execute("SET VARIABLE run = $1::VARCHAR", [run])
        of_run = "getvariable('run') IS NULL OR run_id = getvariable('run')"
        for batch in db.sql(f"SELECT * FROM ({_NEWEST}) WHERE {of_run} ORDER BY url").to_arrow_reader(_STEP):
            yield from batch.to_pylist()


def by_reason(frontier: Frontier, folder: Path) -> dict[str, int]:
    """Return how many there are by reason, most first."""
    with _judged(frontier, folder) as db:
        if db is None:
            return {}
        query = "SELECT reason, count(*) FROM verdicts WHERE reason <> '' GROUP BY 1 ORDER BY 2 DESC, 1"
        return dict(db.execute(query).fetchall())


@contextmanager
def _judged(frontier: Frontier, folder: Path) -> Iterator[Any]:
    """Yield a connection with the tables of `versions.judge`; None where no page was ever rejected."""
    rejects = [files.fetch(folder / "rejects" / name) for name in frontier.files("rejects")]
    if not rejects:
        yield None
        return
    parts = [files.fetch(folder / "parts" / name) for name in frontier.files("parts")]
    with TemporaryDirectory(prefix="qacrawl-") as place, versions.work(Path(place)) as db:
        with damage.named((*parts, *rejects), damage.mend(frontier.site)):
            versions.judge(db, Path(place), parts, rejects, frontier.gone())
        yield db
