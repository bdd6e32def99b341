"""What an archive file came to, staged: kept until the file, the code that reads it or the key changes.

A file's rows lie in `staged/parts` and `staged/rejects` until they are published, and then in `parts` and `rejects`
under the same names; `staged/<key>.json`, which is written last, says which they are. So whoever is killed repeats
one file, and who comes later reads only what is new.
"""

import json
import time
from array import array
from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from functools import cache
from hashlib import sha256
from itertools import accumulate, pairwise
from pathlib import Path
from uuid import UUID

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

import qacrawl
from qacrawl import files, schema, steps
from qacrawl.archive import records
from qacrawl.files import local
from qacrawl.reader.messages import Setup
from qacrawl.rebuild import batches
from qacrawl.rebuild.batches import DAMAGE, Rows
from qacrawl.rebuild.pages import Piece, Wanted
from qacrawl.records import SCHEMA_VERSION
from qacrawl.store import STAGED
from qacrawl.usage import standing

PART = 5000
"""Rows of a Parquet file."""
_FOLDERS = {batches.RECORD: ("parts", schema.PARTS), batches.REJECT: ("rejects", schema.REFUSED)}
_BY_CHANCE = ("crashed", "too_large", "too_slow")
"""Reasons of rejects that may be none the next time."""
_LONG = 24 * 3600.0  # seconds
_CODE = (
    "archive",
    "departments",
    "parse",
    "redact",
    "reader",
    "rebuild",
    "sitefile",
    "usage",
    "nfc.py",
    "records.py",
    "steps.py",
    "urls.py",
    "validate.py",
)
"""What a page's reading rests on, beside the site's own modules."""


@dataclass
class Staged:
    """What some or all of an archive file came to."""

    key: str
    file: str
    """Its name."""
    address: str
    code: str
    """What `code` gave when it was read."""
    counts: Counter[str] = field(default_factory=Counter)
    """Rows by their kind."""
    parts: dict[str, int] = field(default_factory=dict)
    """Rows of each Parquet file of records, by name."""
    rejects: dict[str, int] = field(default_factory=dict)
    digests: dict[str, str] = field(default_factory=dict)
    """SHA-256 of those files, by name."""
    damages: list[tuple[int, str]] = field(default_factory=list)
    """Place and reason of each stretch that can't be read."""
    read: "array[int]" = field(default_factory=lambda: array("q"))
    """Where the responses start that could be read: their rows are made anew, whatever they come to today."""
    newest: int = 0
    """The highest number of a visit."""
    first: int | None = None
    """Where its first record begins; None where none does."""
    said: standing.Said = field(default_factory=dict)
    """What files of hosts say of the use of their pages, as far as they lie in it."""
    by_chance: bool = False
    """Whether some rejects may be none the next time."""

    @property
    def names(self) -> list[tuple[str, str]]:
        """Its Parquet files, as the manifest has them: kind and name."""
        return [("parts", name) for name in self.parts] + [("rejects", name) for name in self.rejects]


def key(piece: Piece, digest: str, setup: Setup, wanted: Wanted) -> str:
    """Return what changes when anything does that the rows depend on."""
    said = [
        *(digest, piece.name, piece.ours, piece.start, piece.end, code(setup.site), SCHEMA_VERSION),
        *(sha256(setup.key).hexdigest(), *_how(setup)),
        *(sorted(wanted.starts), sorted(wanted.asked), sorted(wanted.hosts), steps.version(setup.site)),
    ]
    return sha256(json.dumps(said).encode()).hexdigest()[:32]


def _how(setup: Setup) -> list[object]:
    """Return the settings that pages are read with; what quotes a forgotten page is no longer whole, see `load`."""
    return [value for name, value in setup._asdict().items() if name not in ("site", "key", "forgotten")]


@cache
def code(site: str) -> str:
    """Return a digest of the modules that read a page: a parser may be mended and its version forgotten."""
    folder, made = Path(qacrawl.__file__).parent, sha256()
    for name in (*_CODE, f"sites/{site}"):
        place = folder / name
        found = sorted(place.rglob("*")) if place.is_dir() else [place]
        for path in (one for one in found if one.is_file() and one.suffix != ".pyc"):
            made.update(path.relative_to(folder).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    return made.hexdigest()


def load(folder: Path, key: str, committed: Iterable[tuple[str, str]], forgotten: frozenset[str]) -> Staged | None:
    """Return what is staged or published under a key in a site's folder; None where it is not whole.

    `committed` are the files of the manifest. What holds a forgotten page, or a reject that came by chance, does not
    count.
    """
    found = note(folder, key)
    if found is None or found.by_chance:
        return None
    known = frozenset(committed)
    for kind, name in found.names:
        path = files.fetch_if(place(folder, kind, name, known))
        try:
            if files.digest(str(path)) != found.digests[name] or (forgotten and _holds(path, forgotten)):
                return None
        except OSError:  # it is missing, or can't be read
            return None
    return found


def place(folder: Path, kind: str, name: str, committed: Collection[tuple[str, str]]) -> Path:
    """Return where a Parquet file lies: beside the parts if it is one of `committed`, else where it was staged."""
    return (folder if (kind, name) in committed else folder / STAGED) / kind / name


def _holds(path: Path, urls: frozenset[str]) -> bool:
    """Return whether a part has a row of one of these pages."""
    column = pq.read_table(path, columns=["url"])["url"]
    return bool(pc.any(pc.is_in(column, pa.array(sorted(urls), pa.string()))).as_py())


def stage(folder: Path, piece: Piece, key: str, setup: Setup, wanted: Wanted) -> Staged:
    """Read some or all of an archive file, stage its rows in a site's folder, and say what they are."""
    made = Staged(key, piece.name, piece.address, code(setup.site))
    begin = _first(piece, made)
    if begin is not None:
        writer, rows = _Writer(folder, made), Rows(piece._replace(start=begin), setup, wanted)
        for batch in rows.batches():
            writer.add(batch)
        writer.close()
        damaged = {place for place, _ in made.damages}
        made.read = array("q", (place for place in rows.seen.places if place not in damaged))
        made.newest, made.said = rows.seen.newest, standing.said(rows.seen.hosts)
    steps_between = [place - before for before, place in pairwise([0, *made.read])]
    files.write(folder / STAGED / f"{key}.json", json.dumps(vars(made) | {"read": steps_between}).encode())
    return made


def _first(piece: Piece, made: Staged) -> int | None:
    """Return where the first record of a piece begins, and note it."""
    if piece.end is None:
        return piece.start
    with files.opened(piece.address) as file:
        made.first = records.first(file, piece.start, piece.end)
    return made.first


class _Writer:
    """Writes batches as Parquet files of PART rows, one after the other of each kind."""

    def __init__(self, folder: Path, made: Staged) -> None:
        self.folder = folder
        self.made = made
        self.held: dict[str, list[pa.Table]] = {kind: [] for kind in _FOLDERS}

    def add(self, batch: pa.RecordBatch) -> None:
        """Count the rows of a batch, and keep them."""
        kind = batch["kind"][0].as_py()
        self.made.counts[kind] += batch.num_rows
        if kind == DAMAGE:
            self.made.damages += zip(batch["warc_offset"].to_pylist(), batch["reason"].to_pylist(), strict=True)
        elif kind in _FOLDERS:
            self.held[kind].append(batches.select(batch, _FOLDERS[kind][1]))
            if sum(table.num_rows for table in self.held[kind]) >= PART:
                self._write(kind)
        if kind == batches.REJECT:
            found = pc.any(pc.is_in(batch["reason"], pa.array(_BY_CHANCE))).as_py()
            self.made.by_chance = self.made.by_chance or bool(found)

    def close(self) -> None:
        """Write what is left."""
        for kind, held in self.held.items():
            if held:
                self._write(kind)

    def _write(self, kind: str) -> None:
        name, table = _FOLDERS[kind][0], pa.concat_tables(self.held[kind])
        written: dict[str, int] = getattr(self.made, name)
        path = self.folder / STAGED / name / _name(self.made.key, kind, len(written))
        path.parent.mkdir(parents=True, exist_ok=True)
        with local.replacing(path) as unfinished, unfinished.open("wb") as file:
            pq.write_table(table, file, compression="zstd")
        files.put(path)
        written[path.name] = table.num_rows
        self.made.digests[path.name] = files.digest(str(path))
        self.held[kind] = []


def _name(key: str, kind: str, number: int) -> str:
    """Return the name of a Parquet file: the same rows have the same one, wherever they are made."""
    return f"part-{UUID(bytes=sha256(f'{key} {kind} {number}'.encode()).digest()[:16])}.parquet"


def publish(folder: Path, made: Iterable[Staged]) -> Iterator[tuple[str, str, int]]:
    """Put the Parquet files that are still staged beside the parts; yield all of them, as the manifest takes them."""
    for one in made:
        for kind, name in one.names:
            target, source = folder / kind / name, folder / STAGED / kind / name
            if files.fetch_if(source).exists() and not (target.exists() and target.samefile(source)):
                target.parent.mkdir(parents=True, exist_ok=True)
                with local.replacing(target) as unfinished:
                    unfinished.hardlink_to(source)  # a kill before the manifest has it leaves it staged
                files.put(target)
            yield kind, name, getattr(one, kind)[name]


def names(folder: Path, but: Collection[str]) -> set[tuple[str, str]]:
    """Return the Parquet files, kind and name, of all notes but those about the archive files `but`."""
    return {name for one in _notes(folder).values() if one.file not in but for name in one.names}


def addresses(folder: Path) -> dict[str, str]:
    """Return where the archive files lie that were read, by their names."""
    return {one.file: one.address for one in _notes(folder).values()}


def clear(folder: Path, site: str, committed: Iterable[tuple[str, str]]) -> None:
    """Delete what is staged and no longer needed: published files, and what other code has read.

    `committed` are the files of the manifest. What somebody else is staging stays.
    """
    known, needed, there = frozenset(committed), set(), _staged(folder)
    for path, found in _notes(folder).items():
        names = set(found.names)
        if found.code == code(site) and names <= known | there:
            needed |= {path, *(folder / STAGED / kind / name for kind, name in names - known)}
    for path in files.below(folder, STAGED):
        if path not in needed and (path.suffix == ".json" or _is_old(path) or (path.parent.name, path.name) in known):
            files.remove(path)


def _staged(folder: Path) -> set[tuple[str, str]]:
    """Return the Parquet files that are staged: kind and name."""
    return {(path.parent.name, path.name) for path in files.below(folder, STAGED) if path.suffix == ".parquet"}


def _is_old(path: Path) -> bool:
    """Return whether a file is older than anybody takes to stage an archive file."""
    return path.exists() and path.stat().st_mtime < time.time() - _LONG


def _notes(folder: Path) -> dict[Path, Staged]:
    """Return what all notes say that can be read."""
    found = {path: _note(path) for path in files.below(folder, STAGED) if path.suffix == ".json"}
    return {path: one for path, one in found.items() if one}


def note(folder: Path, key: str) -> Staged | None:
    """Return what the note of a key says in a site's folder; None where there is none, or it can't be read."""
    return _note(folder / STAGED / f"{key}.json")


def _note(path: Path) -> Staged | None:
    """Return what a note says; None where it can't be read."""
    try:
        found = Staged(**json.loads(files.read(path) or b"null"))
    except (TypeError, ValueError):
        return None
    found.counts = Counter(found.counts)
    found.read = array("q", accumulate(found.read))
    return found
