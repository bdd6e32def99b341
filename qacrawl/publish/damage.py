"""Files that can't be read, named, with what mends them: DuckDB and Arrow say what is wrong, not always where."""

import hashlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from qacrawl.errors import QacrawlError
from qacrawl.escape import plain
from qacrawl.publish.data import configs, files

NOT_SUMMED = {files.SUMS, "report.html"}
"""The report tells of the run as well, so it is no part of the data."""
ERRORS = (duckdb.Error, pa.ArrowException, OSError)
"""What reading a damaged file raises."""
MEND = "`qacrawl publish` of its site writes the snapshot anew"
"""What mends a snapshot that is the site's newest."""


def mend(site: str) -> str:
    """Return what mends the parts and rejects of a site."""
    return f"`qacrawl rebuild {site}` makes it anew from the archive"


def unreadable(path: Path) -> str | None:
    """Return in one line why a Parquet file can't be read to its end; None where it can."""
    try:
        with pq.ParquetFile(path) as file:
            for _ in file.iter_batches():
                pass
    except (pa.ArrowException, OSError, ValueError) as error:
        return "it is missing" if isinstance(error, FileNotFoundError) else plain(str(error), 200)
    return None


@contextmanager
def named(paths: Iterable[Path], how: str) -> Iterator[None]:
    """Have an error inside that comes of one of these Parquet files be a QacrawlError that names it.

    `how` says what mends it. Other errors stay as they are.
    """
    try:
        yield
    except ERRORS as error:
        for path in paths:
            if said := unreadable(path):
                raise QacrawlError(f"{path} can't be read: {said}; {how}") from error
        raise


def tables(snapshot: Path) -> list[Path]:
    """Return the Parquet files of a snapshot."""
    return sorted((snapshot / "data").rglob("*.parquet"))


def of_snapshot(snapshot: Path) -> str | None:
    """Return in one line which file of a snapshot is missing or can't be read; None where all can."""
    for config in configs.CONFIGS:
        if not files.tables(snapshot / "data" / config):
            return f"{snapshot / 'data' / config} has no Parquet files"
    return next((f"{path} can't be read: {said}" for path in tables(snapshot) if (said := unreadable(path))), None)


def checksums(dataset: Path) -> Iterator[str]:
    """Yield the files that are missing, changed, or not in the list of checksums."""
    try:
        lines = (dataset / files.SUMS).read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        yield f"{files.SUMS} can't be read"
        return
    listed = {name: digest for digest, _, name in (line.partition("  ") for line in lines)}
    there = set(files.names(dataset)) - NOT_SUMMED
    yield from (f"{plain(name)} is missing" for name in sorted(set(listed) - there))
    yield from (f"{plain(name)} is not in {files.SUMS}" for name in sorted(there - set(listed)))
    for name in sorted(there & set(listed)):
        with (dataset / name).open("rb") as file:
            if hashlib.file_digest(file, "sha256").hexdigest() != listed[name]:
                yield f"{plain(name)} has another checksum than {files.SUMS} says"
