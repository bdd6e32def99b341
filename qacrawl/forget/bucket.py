"""A bucket and its working copy made to agree in both directions, so that what is taken out of one is in neither."""

from collections.abc import Iterable, Mapping
from pathlib import Path

from qacrawl.files import s3
from qacrawl.publish import snapshot
from qacrawl.publish.data import files


def pull(folder: Path) -> None:
    """Have all that the bucket has of archive, parts, rejects and whole snapshots in the working copy `folder`."""
    there = frozenset(s3.names(folder))
    for name in sorted(there):
        if name.partition("/")[0] in ("archive", "parts", "rejects"):
            s3.get(folder / name)
    for made in {name.split("/")[1] for name in there if name.startswith(f"{snapshot.SNAPSHOTS}/")}:
        if _is_whole(folder, made, there):
            s3.get_tree(folder / snapshot.SNAPSHOTS / made)
    snapshot.follow(folder)


def _is_whole(folder: Path, made: str, there: frozenset[str]) -> bool:
    """Whether all files of a snapshot are in the bucket; not so where its publisher was killed."""
    place = f"{snapshot.SNAPSHOTS}/{made}"
    sums = s3.read(folder / place / files.SUMS).decode()
    named = {f"{place}/{line.partition('  ')[2]}" for line in sums.splitlines()}
    return bool(named) and named <= there


def push(folder: Path, changed: Iterable[str], kept: Mapping[str, Iterable[str]]) -> None:
    """Have the bucket hold what the working copy `folder` holds, and nothing else, but for files of runs.

    `changed` names archive files to be replaced; `kept` names the files of parts and rejects that count.
    """
    for name in changed:
        s3.put(folder / "archive" / name)
    there = frozenset(s3.names(folder))
    here = {f"{snapshot.SNAPSHOTS}/{name}" for name in files.names(folder / snapshot.SNAPSHOTS)}
    for name in sorted(here - there):
        s3.put(folder / name)
    _point(folder)
    here |= {f"{kind}/{name}" for kind, names in kept.items() for name in names}
    for name in sorted(there - here):
        if name.partition("/")[0] in (snapshot.SNAPSHOTS, *kept):
            s3.drop(folder / name)


def _point(folder: Path) -> None:
    """Have the bucket's `dataset` name the snapshot that the working copy's points to, or none."""
    pointer = folder / snapshot.POINTER
    if pointer.is_symlink():
        snapshot.move(folder, pointer.readlink().name, s3.pointer(folder))
    else:
        s3.drop(pointer)
