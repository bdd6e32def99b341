"""A bucket and its working copy made to agree in both directions, so that what is taken out of one is in neither."""

from collections.abc import Iterable, Mapping
from pathlib import Path

from qacrawl import files
from qacrawl.publish import marks, snapshot
from qacrawl.publish.data import files as data_files


def pull(folder: Path) -> None:
    """Have all archive files, parts, rejects and whole snapshots of the bucket in `folder`, if it is a working copy."""
    if not files.is_copy(folder):
        return
    there = frozenset(files.names(folder))
    for name in sorted(there):
        if name.partition("/")[0] in ("archive", "parts", "rejects") or marks.is_mark(name):
            files.fetch(folder / name)
    for made in {name.split("/")[1] for name in there if name.startswith(f"{snapshot.SNAPSHOTS}/")}:
        if _is_whole(folder, made, there):
            files.fetch_tree(folder / snapshot.SNAPSHOTS / made)
    snapshot.follow(folder)


def _is_whole(folder: Path, made: str, there: frozenset[str]) -> bool:
    """Return whether all files of a snapshot are in the bucket; not so where its publisher was killed."""
    place = f"{snapshot.SNAPSHOTS}/{made}"
    sums = files.read(folder / place / data_files.SUMS).decode()
    named = {f"{place}/{line.partition('  ')[2]}" for line in sums.splitlines()}
    return bool(named) and named <= there


def push(folder: Path, changed: Iterable[str], kept: Mapping[str, Iterable[str]]) -> None:
    """Have the bucket hold what `folder`, if it is a working copy, holds, and nothing else, but for files of runs.

    `changed` names archive files to be replaced; `kept` names the files of parts and rejects that count. Working copies
    on other machines are deleted when the site is next opened for work there.
    """
    if not files.is_copy(folder):
        return
    for name in changed:
        files.put(folder / "archive" / name)
    there = frozenset(files.names(folder))
    here = {f"{snapshot.SNAPSHOTS}/{name}" for name in data_files.names(folder / snapshot.SNAPSHOTS)}
    for name in sorted(here - there):
        files.put(folder / name)
    _point(folder)
    here |= {f"{kind}/{name}" for kind, names in kept.items() for name in names}
    for name in sorted(there - here):
        if name.partition("/")[0] in (snapshot.SNAPSHOTS, *kept):
            files.remove(folder / name)
    files.note_taken_out(folder)


def _point(folder: Path) -> None:
    """Have the bucket's `dataset` name the snapshot that the working copy's points to, or none."""
    pointer = folder / snapshot.POINTER
    if pointer.is_symlink():
        snapshot.move(folder, pointer.readlink().name, files.pointer(folder))
    else:
        files.remove(pointer)
