"""What is on disk, and not only said to be: syncing, and files that appear whole or not at all."""

import os
from contextlib import suppress
from pathlib import Path
from uuid import uuid4


def sync(path: Path) -> None:
    """Have a file's content, or a folder's list of names, on disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def write(path: Path, content: bytes, mode: int = 0o666, only_new: bool = False) -> None:
    """Write a file that others see as it was or as it will be, never in between; its folder is made.

    With `only_new`, a file that is there already stays as it is.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f".{path.name}.{uuid4().hex}.tmp")
    try:
        with open(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as file:  # noqa: PTH123 (mode)
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        if only_new:
            with suppress(FileExistsError):
                path.hardlink_to(unfinished)
            unfinished.unlink()
        else:
            unfinished.rename(path)
    except BaseException:
        unfinished.unlink(missing_ok=True)
        raise
    sync(path.parent)


def sweep(folder: Path, name: str = "*") -> None:
    """Remove what a process that was killed in `write` left of files of that name; nobody may be writing them now."""
    for left in folder.glob(f".{name}.*.tmp"):
        left.unlink(missing_ok=True)
