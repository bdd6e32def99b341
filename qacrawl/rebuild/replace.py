"""What was staged takes the place of the old parts, all in one transaction; rows that nothing stands for are kept."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from qacrawl import files, store
from qacrawl.frontier import Frontier
from qacrawl.publish import damage
from qacrawl.rebuild import staged
from qacrawl.rebuild.staged import Staged

_File = tuple[str, str]
"""A file of the manifest: its kind and its name."""


def committed(frontier: Frontier) -> frozenset[_File]:
    """Return the Parquet files of the manifest."""
    return frozenset((kind, name) for kind in ("parts", "rejects") for name in frontier.files(kind))


def swap(frontier: Frontier, folder: Path, made: Sequence[Staged], is_whole: bool) -> list[str]:
    """Put what is staged into the manifest in place of the old parts, and delete those; return what to complain of.

    Rows whose response could not be read are kept. A part that can't be read is replaced where the archive `is_whole`
    and it came from there, else it is put aside. Killed before the transaction, nothing has changed. Call it with the
    site's lock held.
    """
    known = committed(frontier)
    add = list(staged.publish(folder, made))
    old = sorted(known - {(kind, name) for kind, name, _ in add})
    left, damaged = _sorted_out(folder, old, _read(made))
    add += [(kind, store.write_table(folder / kind, rows), rows.num_rows) for kind, rows in _some(left)]
    elsewhere = staged.names(folder, but={one.file for one in made})
    aside = [one for one in damaged if not is_whole or one in elsewhere]
    remove = [*left, *(one for one in damaged if one not in aside)]
    frontier.swap(
        [one for one in add if one[:2] not in known], [*remove, *aside], max((one.newest for one in made), default=0)
    )
    for kind, name in remove:
        files.remove(folder / kind / name)
    staged.clear(folder, frontier.site, (known - {*remove, *aside}) | {(kind, name) for kind, name, _ in add})
    return [line for kind, name in aside if (line := _put_aside(folder / kind / name))]


def would_be(frontier: Frontier, folder: Path, made: Sequence[Staged], scratch: Path) -> dict[str, list[Path]]:
    """Return the Parquet files that `swap` would leave, by their kind, and change nothing.

    Those that it would write lie in `scratch`.
    """
    known = committed(frontier)
    new = {place for one in made for place in one.names}
    old = sorted(known - new)
    left, damaged = _sorted_out(folder, old, _read(made))
    found = [(kind, folder / kind / name) for kind, name in old if (kind, name) not in {*left, *damaged}]
    found += [(kind, staged.place(folder, kind, name, known)) for kind, name in sorted(new)]
    found += [(kind, scratch / kind / store.write_table(scratch / kind, rows)) for kind, rows in _some(left)]
    return {kind: [path for one, path in found if one == kind] for kind in ("parts", "rejects")}


def _read(made: Iterable[Staged]) -> dict[str, pa.Array]:
    """Return where the responses start that could be read in each archive file."""
    places: dict[str, list[pa.Array]] = {}
    for one in made:
        places.setdefault(one.file, []).append(pa.array(one.read, pa.int64()))
    return {file: pa.concat_arrays(found) for file, found in places.items()}


def _sorted_out(
    folder: Path, old: Iterable[_File], read: Mapping[str, pa.Array]
) -> tuple[dict[_File, pa.Table], list[_File]]:
    """Return what is left of each old part of which rows were made anew, and the parts that can't be read."""
    left: dict[_File, pa.Table] = {}
    damaged = []
    for kind, name in old:
        try:
            rows = _left(files.fetch(folder / kind / name), read)
        except damage.ERRORS:
            damaged.append((kind, name))
            continue
        if rows is not None:
            left[kind, name] = rows
    return left, damaged


def _some(left: Mapping[_File, pa.Table]) -> Iterator[tuple[str, pa.Table]]:
    """Yield the rows that are left, and their kind."""
    yield from ((kind, rows) for (kind, _), rows in left.items() if rows.num_rows)


def _left(part: Path, read: Mapping[str, pa.Array]) -> pa.Table | None:
    """Return the rows of a part whose responses could not be read; None where that is all of them."""
    with pq.ParquetFile(part) as file:
        places = file.read(columns=["warc_file", "warc_offset"])
        again = pa.chunked_array([pa.array([False] * places.num_rows)])
        for name in pc.unique(places["warc_file"]).to_pylist():
            if name in read:
                of_file = pc.equal(places["warc_file"], name)
                here = pc.and_(of_file, pc.is_in(places["warc_offset"], read[name]))
                again = pc.or_(again, pc.fill_null(here, False))
        return file.read().filter(pc.invert(again)) if pc.any(again).as_py() else None


def _put_aside(part: Path) -> str | None:
    """Keep a part that can't be read under another name; return what is to be said of it."""
    with suppress(FileNotFoundError):
        part.rename(part.with_name(f"damaged-{part.name}"))
        return (
            f"{part} can't be read, and the archive is not whole: it lies beside as damaged-{part.name}, its rows are "
            "those that the archive still has"
        )
    return f"{part} is missing, and the archive is not whole: its rows are those that the archive still has"
