"""Runs qacrawl and kills it, or freezes it, at a place: `dying.py PLACE[:N] ARGUMENTS...` (the N-th time)."""

import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest import mock

from qacrawl import cli, store
from qacrawl.archive import erase as erasing
from qacrawl.archive import write as writing
from qacrawl.files import local, s3
from qacrawl.frontier import Frontier, counter, queue
from qacrawl.publish import snapshot


def after(target: Any, name: str, at: int, end: signal.Signals = signal.SIGKILL) -> None:
    """Die when `target.name` has been called for the `at`-th time and has returned; or get another signal."""
    original: Callable[..., Any] = getattr(target, name)
    calls = 0

    def wrapped(*args: Any, **options: Any) -> Any:
        nonlocal calls
        result = original(*args, **options)
        calls += 1
        if calls == at:
            os.kill(os.getpid(), end)
        return result

    mock.patch.object(target, name, wrapped).start()


def half_write(at: int) -> None:
    """Die when half of the `at`-th archive record is on disk."""
    original = writing._write
    calls = 0

    def write(file: Any, data: bytes) -> None:
        nonlocal calls
        calls += 1
        if calls == at:
            original(file, data[: len(data) // 2])
            os.fsync(file.fileno())
            os.kill(os.getpid(), signal.SIGKILL)
        original(file, data)

    mock.patch.object(writing, "_write", write).start()


def half_erased(at: int) -> None:
    """Die when half of a record is overwritten, in the `at`-th archive file that has one to be overwritten."""
    original = erasing.overwrite
    calls = 0

    def erase(path: Path, places: list[tuple[int, int]]) -> None:
        nonlocal calls
        calls += 1
        if calls < at:
            original(path, places)
            return
        offset, length = places[0]
        with path.open("rb+") as file:
            file.seek(offset)
            file.write(erasing.blank(length)[: length // 2])
        os.kill(os.getpid(), signal.SIGKILL)

    mock.patch.object(erasing, "overwrite", erase).start()


def unfinished(folder: str, name: str) -> Callable[[int], None]:
    """Die when a file of that name, in `folder` or one below it, is written and does not have its name yet."""

    def patch(at: int) -> None:
        original = Path.rename

        def rename(self: Path, target: Path) -> Path:
            if Path(target).match(name) and folder in Path(target).parts[-3:-1]:
                os.kill(os.getpid(), signal.SIGKILL)
            return original(self, target)

        mock.patch.object(Path, "rename", rename).start()

    return patch


def snapshot_renamed(at: int) -> None:
    """Die when the `at`-th snapshot has its name, and `dataset` does not point to it yet."""
    original = Path.rename

    def rename(self: Path, target: Path) -> Path:
        result = original(self, target)
        if Path(target).parent.name == "snapshots":
            os.kill(os.getpid(), signal.SIGKILL)
        return result

    mock.patch.object(Path, "rename", rename).start()


PLACES: dict[str, Callable[[int], None]] = {
    "archived": lambda at: after(writing.Writer, "write", at),
    "half-archived": half_write,
    "synced": lambda at: after(writing.Writer, "sync", at),
    "renamed": lambda at: after(store, "write_table", at),
    "half-part": lambda at: after(store.pq, "write_table", at),
    "committed": lambda at: after(Frontier, "commit", at),
    "frozen-in-commit": lambda at: after(queue, "hold", at, signal.SIGSTOP),
    "frozen-in-lease": lambda at: after(counter, "take", at, signal.SIGSTOP),
    "frozen-in-beat": lambda at: after(queue, "prolong", at, signal.SIGSTOP),
    "leased": lambda at: after(Frontier, "lease", at),
    "half-report": unfinished("snapshots", "report.html"),
    "half-run-report": unfinished("runs", "*.json"),
    "reported": lambda at: after(local, "write", at),
    "snapshot-built": lambda at: after(snapshot, "snapshot_id", at),
    "snapshot-renamed": snapshot_renamed,
    "uploaded": lambda at: after(s3, "put", at),
    "forgotten": lambda at: after(Frontier, "forget", at),
    "swapped": lambda at: after(Frontier, "swap", at),
    "half-erased": half_erased,
    "erased": lambda at: after(erasing, "overwrite", at),
    "pointed": lambda at: after(snapshot, "point", at),
}

if __name__ == "__main__":
    place, _, number = sys.argv.pop(1).partition(":")
    PLACES[place](int(number or 1))
    cli.main()
