"""`qacrawl prune`: old snapshots removed, but for the newest, the published one and those that are kept by name."""

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import pyarrow as pa

from qacrawl import files
from qacrawl.errors import Exit, QacrawlError
from qacrawl.files import local
from qacrawl.publish import marks, snapshot
from qacrawl.publish.about import report_facts
from qacrawl.words import counted


@dataclass(frozen=True)
class Plan:
    """What a site has of snapshots, and which of them are to go."""

    remove: tuple[str, ...]
    keep: dict[str, str]
    """Name to the reason."""
    size: int
    """Bytes that are freed."""


def cite(folder: Path, names: list[str]) -> None:
    """Note snapshots to be kept whatever is pruned. Raise QacrawlError for a name that is none."""
    there = _newest_first(folder)
    for name in names:
        if name not in there:
            raise QacrawlError(f"no snapshot {name!r} in {folder / files.SNAPSHOTS}", Exit.USAGE)
    for name in names:
        marks.cite(folder, name)


def plan(folder: Path, keep: int) -> Plan:
    """Return what is to be removed when the `keep` newest stay. Raise QacrawlError where a bucket has them."""
    if files.is_copy(folder):
        raise QacrawlError(
            "prune works on a local folder; in a bucket, delete snapshots with its own tools", Exit.USAGE
        )
    found = _newest_first(folder)
    reasons = dict.fromkeys(found[:keep], f"one of the {keep:,} newest")
    reasons |= dict.fromkeys(marks.cited(folder).intersection(found), "kept by name")
    reasons |= {name: "published" for name in found if name == marks.named(folder)}
    gone = tuple(name for name in found if name not in reasons)
    return Plan(gone, {name: reasons[name] for name in found if name in reasons}, sum(_size(folder, n) for n in gone))


def remove(folder: Path, names: tuple[str, ...]) -> None:
    """Remove snapshots and what is noted of them: each is whole or not there, also after a kill."""
    for name in names:
        aside = folder / f"{snapshot.BUILD}{uuid4().hex}"
        (folder / files.SNAPSHOTS / name).rename(aside)
        marks.rename(folder, name, None)
        local.remove(aside)


def lines(found: Plan, done: bool) -> list[str]:
    """Return what was removed, or would be, in words."""
    said = [f"{'removed' if done else 'would remove'} {name}" for name in found.remove]
    said += [f"kept {name}: {why}" for name, why in found.keep.items()]
    size = f"{found.size / 1e6:,.1f} MB"
    if not found.remove:
        return [*said, "nothing to remove"]
    several = counted(len(found.remove), "snapshot")
    return [*said, f"{several}, {size}" if done else f"{several}, {size}: --yes removes them"]


def _newest_first(folder: Path) -> list[str]:
    """Return the snapshots by the newest fetch, and of equal ones by when they were made; unreadable ones last."""
    whole = [path for path in (folder / files.SNAPSHOTS).glob("*") if (path / "data" / "qa").is_dir()]
    return [path.name for path in sorted(whole, key=_age, reverse=True)]


def _age(path: Path) -> tuple[datetime, float, str]:
    try:
        newest = report_facts.earlier([path])[0].newest
    except (pa.ArrowException, OSError, ValueError):
        newest = datetime.min.replace(tzinfo=UTC)
    return newest, (path / "data").stat().st_mtime, path.name


def _size(folder: Path, name: str) -> int:
    place = folder / files.SNAPSHOTS / name
    return sum(path.stat().st_size for path in place.rglob("*") if path.is_file())
