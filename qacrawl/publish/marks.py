"""What is noted of a snapshot beside it: that it was held back and why, and that it is kept by name.

A snapshot never changes, so these are files of their own: `snapshots/<id>.held.json` and `snapshots/<id>.cited`. They
are in no checksum, and who does not know them takes them for no snapshot.
"""

import json
import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from qacrawl import files

HELD = ".held.json"
CITED = ".cited"


@dataclass(frozen=True)
class Held:
    """A snapshot that the quality gate held back, and nobody has accepted."""

    snapshot: str
    why: tuple[str, ...]
    at: str
    """When it was last held back; ISO 8601, UTC."""
    dataset: str | None
    """The snapshot that `dataset` pointed to then."""
    superseded: bool
    """Whether `dataset` points to another one by now, so that there is nothing left to decide."""


def hold(folder: Path, name: str, why: Sequence[str]) -> None:
    """Note that the snapshot `name` of the site's folder is held back."""
    said = {"snapshot": name, "why": list(why), "at": f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"}
    text = json.dumps(said | {"dataset": named(folder)}, indent=2, ensure_ascii=False)
    files.write(_path(folder, name, HELD), f"{text}\n".encode())


def release(folder: Path, name: str) -> bool:
    """Take that note away; return whether there was one."""
    path = _path(folder, name, HELD)
    there = bool(files.read(path))
    if there:
        files.remove(path)
    return there


def held(folder: Path, name: str) -> Held | None:
    """Return why the snapshot `name` is held back; None where it is not, or `dataset` points to it."""
    now = named(folder)
    try:
        said = json.loads(files.read(_path(folder, name, HELD)) or b"null")
        if said is None or name == now:
            return None
        return Held(name, tuple(map(str, said["why"])), said["at"], said["dataset"], said["dataset"] != now)
    except (ValueError, TypeError, KeyError):
        return Held(name, ("the note that says why can't be read",), "", None, False)


def candidates(folder: Path) -> list[Held]:
    """Return the snapshots that are held back, the one that was held back last first."""
    found = [one for name in _marked(folder, HELD) if (one := held(folder, name))]
    return sorted(found, key=lambda one: (one.at, one.snapshot), reverse=True)


def cite(folder: Path, name: str) -> None:
    """Note that the snapshot `name` is kept whatever is pruned."""
    files.write(_path(folder, name, CITED), b"kept by `qacrawl prune --cite`\n")


def cited(folder: Path) -> set[str]:
    """Return the snapshots that are kept by name."""
    return set(_marked(folder, CITED))


def rename(folder: Path, old: str, new: str | None) -> None:
    """Have what is noted of a snapshot noted of the one that takes its place; with None, of none."""
    for kind in (HELD, CITED):
        path = _path(folder, old, kind)
        if said := files.read(path):
            if new and not (kind == HELD and new == named(folder)):
                files.write(_path(folder, new, kind), said.replace(old.encode(), new.encode()))
            files.remove(path)
    for name in _marked(folder, HELD) if new else ():
        path = _path(folder, name, HELD)
        if (said := files.read(path)) != (renamed := said.replace(old.encode(), str(new).encode())):
            files.write(path, renamed)


def is_mark(name: str) -> bool:
    """Return whether a name below a site's folder is that of such a note."""
    return name.startswith(f"{files.SNAPSHOTS}/") and name.count("/") == 1 and name.endswith((HELD, CITED))


def accept_command(site: str, output: str, name: str) -> str:
    """Return the command that takes a snapshot which was held back."""
    return shlex.join(["qacrawl", "publish", site, "--output", output, "--accept", name])


def named(folder: Path) -> str | None:
    """Return the snapshot that `dataset` points to."""
    pointer = folder / files.POINTER
    return pointer.readlink().name if pointer.is_symlink() else None


def _path(folder: Path, name: str, kind: str) -> Path:
    return folder / files.SNAPSHOTS / f"{name}{kind}"


def _marked(folder: Path, kind: str) -> Iterator[str]:
    """Yield the snapshots of which there is a note of a kind, sorted."""
    if files.is_copy(folder):
        found = [name.rpartition("/")[2] for name in files.names(folder) if is_mark(name)]
    else:
        found = [path.name for path in (folder / files.SNAPSHOTS).glob(f"*{kind}")]
    yield from sorted(name.removesuffix(kind) for name in found if name.endswith(kind))
