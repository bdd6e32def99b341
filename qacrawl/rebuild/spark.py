"""Archive files read by a cluster of Spark: what the pool does with a file, a task does on some machine.

Rows do not pass through Spark: a task stages its file in the site's folder, as a process of the pool does, and says
under which key. So that folder, and the archive, must be seen alike by all machines: shared, or s3://.
"""

import socket
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import pyarrow as pa

from qacrawl import files, sitefile
from qacrawl.errors import QacrawlError, refusal
from qacrawl.rebuild import cluster, pool, staged
from qacrawl.rebuild.pages import Piece
from qacrawl.rebuild.pool import Job
from qacrawl.rebuild.staged import Staged
from qacrawl.redact import third
from qacrawl.redact.record import KEY, read_key

_COLUMNS = pa.schema([("number", pa.int64()), ("key", pa.string()), ("refusal", pa.string())])
"""Of what a task says: which piece it was given, and the key of its note, or why there is none."""
_SQL = "number bigint, key string, refusal string"


@dataclass(frozen=True)
class Given:
    """What all tasks are given: the job, but for the key of the pseudonyms, which each reads from the folder."""

    job: Job
    pieces: Sequence[Piece]


def read(job: Job, found: Sequence[Piece], master: str | None) -> list[Staged]:
    """Stage what archive files come to, or take what is staged, as `pool.read` does, on the machines of a cluster.

    Raise QacrawlError when the job fails: what was staged is kept, and the same call goes on.
    """
    pieces = [piece._replace(address=_absolute(piece.address)) for file in found for piece in pool.ranges(file)]
    given = Given(replace(job, output=_absolute(job.output), setup=job.setup._replace(key=b"")), pieces)
    if not pieces:
        return []
    with cluster.session(master) as spark:
        numbers = spark.range(0, len(pieces), 1, len(pieces))
        rows = numbers.mapInArrow(partial(tasks, given=given), _SQL).collect()
    return [_note(job, row.key, row.refusal) for row in sorted(rows, key=lambda row: row.number)]


def _absolute(address: str) -> str:
    """Return an address that means the same on all machines."""
    return address if "://" in address else str(Path(address).absolute())


def _note(job: Job, key: str, said: str | None) -> Staged:
    """Return what a task has staged. Raise QacrawlError for what it refused, and where its note is not here."""
    found = None if said else staged.note(job.folder, key)
    if found is None:
        raise QacrawlError(said or f"what was staged is not in {job.folder}: all machines must see the same folder")
    if found.code != staged.code(job.setup.site):
        raise QacrawlError("the cluster has another version of qacrawl than this machine")
    return found


def tasks(batches: Iterator[pa.RecordBatch], given: Given) -> Iterator[pa.RecordBatch]:
    """Stage the pieces of some numbers; run by Spark, on any machine."""
    for batch in batches:
        for number in batch.column(0).to_pylist():
            key, said = "", None
            try:
                key = _stage(given.pieces[number], given.job)
            except Exception as error:
                said = refusal(error) or (str(error) if isinstance(error, QacrawlError) else None)
                if said is None:  # a fault of ours: Spark says so
                    raise
                said = f"{socket.gethostname()}: {said}"
            yield pa.RecordBatch.from_pylist([{"number": number, "key": key, "refusal": said}], _COLUMNS)


def _stage(piece: Piece, job: Job) -> str:
    """Stage what a piece comes to, as a process of the pool does, and return its key."""
    site = job.setup.site
    if job.setup.source is not None:
        sitefile.use(job.setup.source)
    if job.setup.names is not None:  # which may be on one machine only
        third.load(job.setup.names[0])
    folder = files.folder(job.output, site)
    if not files.read(folder / KEY):
        raise QacrawlError(f"{folder / KEY} is not there: all machines must see the same folder, or s3://")
    if piece.ours:
        piece = piece._replace(address=str(files.fetch_if(folder / "archive" / Path(piece.address).name)))
    setup = job.setup._replace(key=read_key(folder / KEY))
    return pool.stage((piece, pool.digest(piece)), replace(job, folder=folder, setup=setup)).key
