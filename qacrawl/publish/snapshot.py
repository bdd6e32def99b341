"""The snapshot: built beside, made durable, renamed into place; `dataset` then points to it in one step."""

import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from uuid import uuid4

from filelock import FileLock, Timeout

from qacrawl.errors import Exit, QacrawlError
from qacrawl.publish import card, configs, files, splits, stats, versions

POINTER = "dataset"
SNAPSHOTS = "snapshots"
_BUILD = ".publish-"


@dataclass(frozen=True)
class Snapshot:
    """What a publish came to."""

    id: str
    path: Path
    rows: int
    """Records, the rows of config `qa`."""
    new: bool
    """False when this content had been published before."""
    held: tuple[str, ...] = ()


def publish(
    folder: Path,
    site: str,
    parts: Sequence[Path],
    *,
    rejects: Sequence[Path] = (),
    gone: Sequence[str] = (),
) -> Snapshot | None:
    """Publish the newest version of each record in `parts` to `folder` (output/<site>); None when there is none.

    `gone` holds canonical URLs that leave the snapshot. The result is a function of the parts, whatever their order.
    """
    with _alone(folder):
        build = folder / f"{_BUILD}{uuid4().hex}"
        made = build / "snapshot"
        made.mkdir(parents=True)
        try:
            if not _tables(build, made, parts, rejects, gone):
                return None
            snapshot = _finish(folder, site, made)
            point(folder, snapshot.id)
            return snapshot
        finally:
            shutil.rmtree(build)


def _tables(build: Path, made: Path, parts: Sequence[Path], rejects: Sequence[Path], gone: Sequence[str]) -> int:
    """Write the data of the snapshot to `made`; return the number of records."""
    with versions.work(build) as db:
        rows = versions.load(db, build, parts, rejects, gone)
        if rows:
            versions.find_changes(db)
            splits.assign(db)
            configs.write(db, made)
        return rows


def _finish(folder: Path, site: str, made: Path) -> Snapshot:
    """Add card and checksums to the data in `made` and move it to its name; keep the one that has it already."""
    data = files.sums(made, files.names(made))
    counted = stats.measure(made)
    name = snapshot_id(data, counted.last_fetched)
    target = folder / SNAPSHOTS / name
    new = not target.exists()
    if new:
        (made / "README.md").write_text(card.card(name, site, counted, made), encoding="utf-8")
        (made / files.SUMS).write_text(files.sums(made, files.names(made)), encoding="utf-8")
        target.parent.mkdir(exist_ok=True)
        files.sync(made)
        made.rename(target)
        files.sync_one(target.parent)
    return Snapshot(name, target, counted.records, new)


def snapshot_id(sums: str, newest: datetime) -> str:
    """The UTC day of the newest fetch, and a digest of the checksums of the data files."""
    return f"{newest:%Y%m%d}-{sha256(sums.encode()).hexdigest()[:12]}"


def point(folder: Path, name: str) -> None:
    """Have `dataset` point to the snapshot `name`, in one step."""
    target = Path(SNAPSHOTS, name)
    pointer = folder / POINTER
    if pointer.is_symlink() and pointer.readlink() == target:
        return
    link = folder / f"{_BUILD}{uuid4().hex}"
    link.symlink_to(target)
    link.replace(pointer)
    files.sync_one(folder)


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Hold the publisher's lock of `folder` and clear away what a killed publisher left."""
    folder.mkdir(parents=True, exist_ok=True)
    try:
        with FileLock(folder / "publish.lock", blocking=False):
            for left in folder.glob(f"{_BUILD}*"):
                left.unlink() if left.is_symlink() else shutil.rmtree(left)
            yield
    except Timeout:
        raise QacrawlError(f"another publisher is at work in {folder}", Exit.LOCKED) from None


def locate(address: str) -> Path:
    """The snapshot folder that `address` means: itself, a link to it, or the folder of a site that has published."""
    path = Path(address)
    for place in (path, path / POINTER):
        if (place / "data" / "qa").is_dir():
            return place.resolve()
    raise QacrawlError(f"no dataset at {address}", Exit.USAGE)
