"""The snapshot: built beside, made durable, renamed into place; `dataset` then points to it in one step."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple
from uuid import uuid4

from filelock import FileLock, Timeout

from qacrawl import files, log
from qacrawl.errors import Exit, QacrawlError
from qacrawl.files import local
from qacrawl.publish import damage, marks
from qacrawl.publish.about import card, croissant, report, report_facts, stats
from qacrawl.publish.about.background import Background, is_invented
from qacrawl.publish.data import changes, configs, reserved, splits, versions
from qacrawl.publish.data import files as data_files
from qacrawl.publish.data.reserved import Withheld
from qacrawl.publish.gate import Gate, problems, reject_rate
from qacrawl.publish.parallel import columns
from qacrawl.usage import standing
from qacrawl.usage.hosts import Hosts

POINTER = files.POINTER
SNAPSHOTS = files.SNAPSHOTS
BUILD = ".publish-"
ABOUT = (card.NAME, croissant.NAME)
"""Files that describe the data."""


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
    """Why the gate held it back, if it did: then `dataset` does not point to it."""
    withheld: Withheld = field(default_factory=Withheld)
    """How many records are left out because their site says so. Where that is all, there is no snapshot: id ""."""


def publish(
    folder: Path,
    site: str,
    parts: Sequence[Path],
    *,
    rejects: Sequence[Path] = (),
    gone: Sequence[str] = (),
    forgotten: Sequence[str] = (),
    gate: Gate | None = None,
    run: Mapping[str, Any] | None = None,
    doubts: Sequence[str] = (),
    states: Mapping[str, int] | None = None,
    contact: str | None = None,
    keep_reserved: bool = False,
) -> Snapshot | None:
    """Publish the newest version of each record in `parts` to `folder` (output/<site>); None when there is none.

    `gone` holds canonical URLs that leave the snapshot; of those in `forgotten`, what other pages quote leaves it, too.
    The result is a function of the parts, whatever their order.
    What `gate` holds back is kept beside, and `dataset` points where it did; `accept` takes it, and then it is not held
    back again. `run` is the report of the run that ends with this, for report.html; `doubts` say what is wrong with
    what it read, and hold back as well. `states` counts the URLs of the frontier by state, and `contact` says whom to
    write to, both for the card. Records that their site reserves are left out, unless `keep_reserved`; where that
    leaves nothing, `dataset` points nowhere.
    """
    with alone(folder):
        before = follow(folder)
        with building(folder) as (build, made):
            with damage.named((*parts, *rejects), damage.mend(site)):
                hosts = standing.read(folder)
                found = _tables(build, made, parts, rejects, gone, forgotten, hosts, keep_reserved)
            if found is None:
                return None
            if not found.rows:
                withdraw(folder)
                return Snapshot("", folder, 0, new=False, withheld=found.withheld)
            rejected = found.rejected
            now = count(made)
            past, changed = _compare(folder, made, now.snapshot)
            taken = marks.named(folder) == now.snapshot
            held = () if taken or not gate else (*doubts, *_problems(gate, found, now, past, changed, build, folder))
            reasons = {one.reason: one.pages for one in rejected}
            background = Background(states, reasons, held, contact, is_invented(folder), found.withheld)
            if held:
                marks.hold(folder, now.snapshot, held)
            snapshot = finish(folder, site, made, now, background)
            report.write(snapshot.path, now, past, changed, run, rejected, background)
            files.put_tree(snapshot.path)
            if not held:
                move(folder, snapshot.id, before)
                release(folder, snapshot.id)
            return replace(snapshot, withheld=found.withheld)


class _Made(NamedTuple):
    """What became of parts and rejects."""

    rows: int
    """Records that are not left out."""
    withheld: Withheld
    rates: tuple[int, int] = (0, 0)
    rejected: Sequence[report_facts.Rejected] = ()


def _tables(
    build: Path,
    made: Path,
    parts: Sequence[Path],
    rejects: Sequence[Path],
    gone: Sequence[str],
    forgotten: Sequence[str],
    hosts: Hosts,
    keep_reserved: bool,
) -> _Made | None:
    """Write the data of the snapshot to `made`, if any is left; return what was rejected, None without records."""
    with versions.work(build, forgotten) as db:
        if not versions.load(db, build, parts, rejects, gone):
            return None
        withheld = reserved.withhold(db, hosts, keep=keep_reserved)
        rows = reserved.left(db)
        if not rows:
            return _Made(0, withheld)
        versions.find_changes(db)
    with versions.work(build, forgotten) as db:
        splits.read(db)
    with versions.work(build, forgotten) as db:
        splits.assign(db)
    with versions.work(build, forgotten) as db:
        configs.write(db, made)
        return _Made(rows, withheld, reject_rate(db), report_facts.rejected(db))


def _problems(
    gate: Gate,
    found: _Made,
    now: stats.Stats,
    past: stats.Stats | None,
    changed: changes.Changes | None,
    build: Path,
    folder: Path,
) -> Iterator[str]:
    """Yield what holds a snapshot back; what is left out because its site says so is no loss."""
    lost = changed.gone if changed else 0
    if past and found.withheld != Withheld(kept=found.withheld.kept):
        with reserved.before(build, (folder / POINTER).resolve()) as (db, withheld):
            past = replace(past, records=past.records - withheld, coverage=stats.coverage(db))
            lost -= withheld
    yield from problems(gate, found.rates, now, past, lost)


def withdraw(folder: Path) -> None:
    """Have `dataset` point nowhere, here and in the bucket; the snapshots stay."""
    if (folder / POINTER).is_symlink() or files.is_copy(folder):
        files.remove(folder / POINTER)


def _compare(folder: Path, made: Path, name: str) -> tuple[stats.Stats | None, changes.Changes | None]:
    """Return the counts of the snapshot that `dataset` points to, and what changed since.

    Return None for both if that is `name`, or can't be read.
    """
    old = (folder / POINTER).resolve()
    if not old.exists() or old.name == name:
        return None, None
    try:
        return stats.measure(old), changes.count(old, made)
    except damage.ERRORS:
        problem = damage.of_snapshot(old)
        if problem is None:
            raise
        log.complain(f"{problem}; nothing is compared with it")
        return None, None


def accept(folder: Path, name: str) -> Path:
    """Have `dataset` point to a snapshot that was held back; raises QacrawlError where there is none of that name."""
    made = folder / SNAPSHOTS / name
    named = "/" not in name and name[:1] not in ("", ".")
    if not named or not (files.fetch_tree(made) / "data" / "qa").is_dir():
        raise QacrawlError(f"no snapshot {name!r} in {folder / SNAPSHOTS}", Exit.USAGE)
    with alone(folder):
        move(folder, name, follow(folder))
        release(folder, name)
    return made


def release(folder: Path, name: str) -> None:
    """Have a snapshot, to which `dataset` points by now, no longer noted as held back."""
    if marks.release(folder, name) and report.accept(folder / SNAPSHOTS / name):
        files.put(folder / SNAPSHOTS / name / report.NAME)


def follow(folder: Path) -> tuple[str, str | None]:
    """Have `dataset` of a working copy name what the bucket's names; that name, and the version of that object."""
    name, version = files.pointer(folder)
    if name:
        files.fetch_tree(folder / SNAPSHOTS / name)
        point(folder, name)
    return name, version


def move(folder: Path, name: str, before: tuple[str, str | None]) -> None:
    """Point to a snapshot, in the bucket first: there another publisher may have been quicker."""
    if name != before[0]:
        files.point(folder, name, before[1])
    point(folder, name)


def count(made: Path) -> stats.Stats:
    """Return the counts of the data in `made`, under the name that its snapshot has or will have."""
    data = data_files.sums(made, data_files.names(made))
    counted = stats.measure(made)
    return replace(counted, snapshot=snapshot_id(data, counted.last_fetched))


def finish(
    folder: Path, site: str, made: Path, counted: stats.Stats, background: Background, note: str = ""
) -> Snapshot:
    """Add what describes the data in `made`, and checksums; move it to its name, or keep the one that has it already.

    One that is damaged is replaced. `counted` is what `count` gives; `note` is Markdown that the card ends with.
    """
    name = counted.snapshot
    target = folder / SNAPSHOTS / name
    new = not target.exists()
    if not new and (problem := next(damage.checksums(target), None)):
        log.complain(f"{target} is damaged: {problem}; it is written anew")
        target.rename(made.with_name("damaged"))
        new = True
    if new:
        for file, text in (_kept(target) or _described(site, made, counted, background, note)).items():
            (made / file).write_text(text, encoding="utf-8")
        (made / data_files.SUMS).write_text(data_files.sums(made, data_files.names(made)), encoding="utf-8")
        target.parent.mkdir(exist_ok=True)
        local.rename(made, target)
    return Snapshot(name, target, counted.records, new, background.held)


def _described(site: str, made: Path, counted: stats.Stats, background: Background, note: str) -> dict[str, str]:
    """Return the texts that describe the data in `made`, by the names of their files."""
    name = counted.snapshot
    return {
        card.NAME: card.card(name, site, counted, made, background) + note,
        croissant.NAME: croissant.croissant(name, site, counted, made, background),
    }


def _kept(target: Path) -> dict[str, str]:
    """Return those texts as another machine has uploaded them under this name: they tell of its crawl, and stay."""
    if not files.is_copy(target.parent.parent):
        return {}
    sums = files.read(target / data_files.SUMS).decode()
    found = {name: files.read(target / name) for name in ABOUT}
    whole = all(f"{sha256(text).hexdigest()}  {name}\n" in sums for name, text in found.items())
    return {name: text.decode() for name, text in found.items()} if whole else {}


def snapshot_id(sums: str, newest: datetime) -> str:
    """Return the UTC day of the newest fetch, and a digest of the checksums of the data files."""
    return f"{newest:%Y%m%d}-{sha256(sums.encode()).hexdigest()[:12]}"


def point(folder: Path, name: str) -> None:
    """Have `dataset` point to the snapshot `name`, in one step."""
    target = Path(SNAPSHOTS, name)
    pointer = folder / POINTER
    if pointer.is_symlink() and pointer.readlink() == target:
        return
    with local.replacing(pointer) as link:
        link.symlink_to(target)


@contextmanager
def building(folder: Path) -> Iterator[tuple[Path, Path]]:
    """Yield a folder to build in, and in it one for the snapshot; both are removed at the end."""
    build = folder / f"{BUILD}{uuid4().hex}"
    made = build / "snapshot"
    made.mkdir(parents=True)
    try:
        yield build, made
    finally:
        versions.clear(build)


def replaced(folder: Path, old: Path, name: str | None, build: Path) -> None:
    """Take the snapshot `old` away into `build`; where `dataset` points to it, have it point to `name`, or be gone."""
    pointer = folder / POINTER
    if pointer.is_symlink() and pointer.readlink().name == old.name:
        if name:
            point(folder, name)
        else:
            pointer.unlink()
    old.rename(build / "old")
    local.sync(old.parent)


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Hold the publisher's lock of `folder` and clear away what a killed publisher left."""
    folder.mkdir(parents=True, exist_ok=True)
    try:
        with FileLock(folder / "publish.lock", blocking=False):
            for left in folder.glob(f"{BUILD}*"):
                versions.clear(left)
            local.sweep(folder, POINTER)
            for made in (folder / SNAPSHOTS).glob("*"):
                local.sweep(made)
            yield
    except Timeout:
        raise QacrawlError(f"another publisher is at work in {folder}", Exit.LOCKED) from None


def locate(address: str) -> Path:
    """Return the snapshot folder that `address` means: itself, a link to it, or a site's folder with a snapshot."""
    path = files.dataset(address)
    for place in (path, path / POINTER) if path else ():
        if any(any((place / "data" / config).glob("*.parquet")) for config in ("qa", columns.CONFIG)):
            return place.resolve()
    raise QacrawlError(f"no dataset at {address}", Exit.USAGE)
