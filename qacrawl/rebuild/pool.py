"""Archive files read by several processes, each a file or a range of one at a time; what was staged is taken."""

import os
from collections.abc import Callable, Collection, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from multiprocessing import get_context, parent_process
from pathlib import Path, PurePosixPath
from threading import Thread
from typing import Protocol, TypeVar

from rich.console import Console
from rich.progress import Progress

from qacrawl import files, log, sitefile
from qacrawl.errors import QacrawlError
from qacrawl.reader.messages import Setup
from qacrawl.rebuild import staged
from qacrawl.rebuild.batches import DAMAGE
from qacrawl.rebuild.pages import Piece, Wanted
from qacrawl.rebuild.staged import Staged

RANGE = 256 << 20
"""Bytes of a file that are read as one piece."""
_SAID = 5
"""Files of which nothing can be read that are named, beside the first."""

_One = TypeVar("_One")
_Result = TypeVar("_Result")


class Map(Protocol):
    """A pool's `map`, in which each result is shown as progress."""

    def __call__(self, action: Callable[[_One], _Result], values: Sequence[_One], /) -> Iterator[_Result]:
        """Return the results in order."""


@dataclass(frozen=True)
class Job:
    """What is read, how, and into which folder."""

    folder: Path
    output: str
    """The output folder or address that it lies in."""
    setup: Setup
    wanted: Wanted
    committed: frozenset[tuple[str, str]] = frozenset()
    """The Parquet files of the manifest: kind and name."""


def read(job: Job, found: Sequence[Piece], processes: int, console: Console) -> list[Staged]:
    """Stage what archive files come to, or take what is staged; return it in their order, piece by piece.

    Raise QacrawlError when a process is killed: what was staged is kept, and the same call goes on.
    """
    with _pool(job, max(1, processes), console) as run:
        digests = run(digest, found)
        pieces = [(piece, content) for file, content in zip(found, digests, strict=True) for piece in ranges(file)]
        return list(run(partial(stage, job=job), pieces))


def ranges(file: Piece) -> list[Piece]:
    """Return the pieces in which a file is read.

    A range begins with the next record. In a compressed file that is the next gzip member with a record: one inside an
    archived file that is itself a WARC would pass for it, if it lay just where a range begins.
    """
    try:
        size = files.size(file.address)
    except OSError:  # it is said when it is read
        return [file]
    if size <= RANGE:
        return [file]
    starts = range(0, size, RANGE)
    return [file._replace(start=start, end=start + RANGE) for start in starts]


def digest(file: Piece) -> str:
    """Return the digest of a file; nothing for one that can't be read."""
    try:
        return files.digest(file.address)
    except OSError:
        return ""


def stage(given: tuple[Piece, str], job: Job) -> Staged:
    """Return what a piece of a file comes to: staged before, or now."""
    piece, content = given
    key = staged.key(piece, content, job.setup, job.wanted)
    found = staged.load(job.folder, key, job.committed, job.wanted.skip) if content else None
    return found or staged.stage(job.folder, piece, key, job.setup, job.wanted)


@contextmanager
def _pool(job: Job, processes: int, console: Console) -> Iterator[Map]:
    """Yield the `map` of a pool, whose processes end with this one."""
    context = get_context("spawn")
    pool = ProcessPoolExecutor(processes, mp_context=context, initializer=_begin, initargs=(job,))
    with pool, Progress(console=console, transient=True, disable=not console.is_terminal) as progress:

        def run(action: Callable[[_One], _Result], values: Sequence[_One], /) -> Iterator[_Result]:
            bar = progress.add_task("archive files", total=len(values))
            for result in pool.map(action, values):
                yield result
                progress.advance(bar)

        try:
            yield run
        except BrokenProcessPool:
            raise QacrawlError(
                "a process that read the archive was killed; what is staged is kept, and nothing else has changed"
            ) from None


def _begin(job: Job) -> None:
    """Prepare a process of the pool, which ends with the one that started it."""
    _end_with_parent()
    if job.setup.source is not None:
        sitefile.use(job.setup.source)
    files.folder(job.output, job.setup.site)  # which may be the working copy of a bucket


def _end_with_parent() -> None:
    """Have this process end when the one that started it does: a pool's processes would wait for work for ever."""

    def wait() -> None:
        if parent := parent_process():
            parent.join()
            os._exit(1)

    Thread(target=wait, daemon=True).start()


def check(made: Sequence[Staged], known: Collection[str] = ()) -> None:
    """Raise QacrawlError when of more than a hundredth of the files nothing could be read.

    Files that are `known`, by name, do not count: those of ours that lost some of their bytes, whose rows stay, and
    those that no run has put there.
    """
    read = {one.address for one in made if one.counts.total() > one.counts[DAMAGE]}
    lost = {one.address: one.damages[0] for one in made if one.damages and one.address not in read}
    lost = {address: first for address, first in lost.items() if PurePosixPath(address).name not in known}
    number = len({one.address for one in made})
    if len(lost) * 100 > number:
        (address, (place, reason)), *others = lost.items()
        for other, (at, why) in others[:_SAID]:
            log.complain(f"{other}#{at}: {why}")
        raise QacrawlError(
            f"{len(lost)} of {number} archive files can't be read, {address}#{place} for one: {reason}; "
            "nothing has changed"
        )
