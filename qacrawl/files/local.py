"""What is on disk, and not only said to be: syncing, and files that appear whole or not at all."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from uuid import uuid4


def sync(path: Path) -> None:
    """Have a file's content, or a folder's list of names, on disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def sync_tree(path: Path) -> None:
    """Have a file, or a folder and everything below it, on disk. A link needs no more than its folder's sync."""
    for found in () if path.is_symlink() else (*path.rglob("*"), path):
        sync(found)


def rename(made: Path, path: Path) -> None:
    """Give a finished file, link or tree its name: its content is on disk before, the name afterwards."""
    sync_tree(made)
    made.rename(path)
    sync(path.parent)


@contextmanager
def replacing(path: Path, only_new: bool = False) -> Iterator[Path]:
    """Give a name beside `path`, for a file, link or tree that takes the place of `path` when the block ends.

    Others see what was there or what will be, never something in between. A block that fails leaves `path` as it was
    and nothing beside it; what a kill leaves is removed by `sweep`. With `only_new`, a file that is there stays.
    """
    unfinished = path.with_name(f".{path.name}.{uuid4().hex}.tmp")
    try:
        yield unfinished
        if only_new:
            sync(unfinished)
            with suppress(FileExistsError):
                path.hardlink_to(unfinished)
            unfinished.unlink()
            sync(path.parent)
        else:
            rename(unfinished, path)
    except BaseException:
        remove(unfinished)
        raise


def write(path: Path, content: bytes, mode: int = 0o666, only_new: bool = False) -> None:
    """Write a file whole or not at all, as `replacing` does; its folder is made."""
    path.parent.mkdir(parents=True, exist_ok=True)
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL
    with replacing(path, only_new) as unfinished, open(os.open(unfinished, flags, mode), "wb") as file:  # noqa: PTH123 (mode)
        file.write(content)


def remove(path: Path) -> None:
    """Delete a file, a link or a tree, if it is there."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def sweep(folder: Path, name: str = "*") -> None:
    """Remove what a kill within `replacing` left of files of that name; nobody may be writing them now."""
    for left in folder.glob(f".{name}.*.tmp"):
        remove(left)
