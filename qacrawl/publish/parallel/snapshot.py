"""A snapshot of pairs: made of what two sites have published, and made anew when a page is taken out."""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from qacrawl import files, registry
from qacrawl.errors import Exit, QacrawlError
from qacrawl.files import local
from qacrawl.publish import snapshot as snapshots
from qacrawl.publish.about import card
from qacrawl.publish.about.background import is_invented
from qacrawl.publish.data import files as data_files
from qacrawl.publish.data import quotes, versions
from qacrawl.publish.data.splits import FILE
from qacrawl.publish.parallel import about, counts, pairs
from qacrawl.publish.parallel.columns import CONFIG, PAIRS, SIDES
from qacrawl.publish.snapshot import Snapshot
from qacrawl.redact.quotes import Forgotten


def name(slugs: tuple[str, str]) -> str:
    """Return the name of the folder beside its sites' that holds the pairs of a translation and an original."""
    return "-".join(slugs)


def check(given: Sequence[str]) -> tuple[str, str]:
    """Return the slugs of a translation and its original. Raise QacrawlError for anything but two sites."""
    if len(given) != 2 or given[0] == given[1]:
        raise QacrawlError("--parallel takes two sites: the translation, then the original", Exit.USAGE)
    for slug in given:
        registry.load(slug)
    return given[0], given[1]


def publish(
    folder: Path, slugs: tuple[str, str], folders: tuple[Path, Path], *, keep_reserved: bool = False
) -> Snapshot | None:
    """Publish the pairs of what two sites (translation, original) have published to `folder`; None if there are none.

    Records that their site reserves have no pair, unless `keep_reserved`. The result follows from the two snapshots.
    Raise QacrawlError where a site has published none.
    """
    datasets = [_dataset(slug, place) for slug, place in zip(slugs, folders, strict=True)]
    with snapshots.alone(folder):
        before = snapshots.follow(folder)
        with snapshots.building(folder) as (build, made), versions.work(build) as db:
            if not pairs.write(db, made, slugs, (datasets[0], datasets[1]), keep_reserved=keep_reserved):
                return None
            found = _finish(folder, slugs, made)
            files.put_tree(found.path)
            snapshots.move(folder, found.id, before)
            return found


def _dataset(slug: str, folder: Path) -> Path:
    """Return the snapshot that a site has published."""
    snapshots.follow(folder)
    dataset = (folder / snapshots.POINTER).resolve()
    if not (dataset / "data" / "qa").is_dir():
        raise QacrawlError(f"{slug} has published no dataset in {folder}", Exit.USAGE)
    if any("department" not in pq.read_schema(path).names for path in (dataset / "data" / "qa").glob("*.parquet")):
        raise QacrawlError(f"the dataset of {slug} is of an older schema: publish it anew first", Exit.USAGE)
    return dataset


def _finish(folder: Path, slugs: tuple[str, str], made: Path, note: str = "") -> Snapshot:
    """Add what describes the pairs in `made`, and checksums; move them to their name, or keep what has it already."""
    counted = counts.measure(made)
    sums = data_files.sums(made, data_files.names(made))
    found = snapshots.snapshot_id(sums, counted.last_fetched)
    target = folder / snapshots.SNAPSHOTS / found
    new = not target.exists()
    if new:
        for file, text in about.texts(found, slugs, counted, made, is_invented(folder), note).items():
            (made / file).write_text(text, encoding="utf-8")
        (made / data_files.SUMS).write_text(data_files.sums(made, data_files.names(made)), encoding="utf-8")
        target.parent.mkdir(exist_ok=True)
        local.rename(made, target)
    return Snapshot(found, target, counted.pairs, new)


def remove(folder: Path, slugs: tuple[str, str], forgotten: Forgotten, day: str) -> dict[str, str | None]:
    """Take the pairs of pages, and what others quote, out of all snapshots in `folder`; others stay as they are.

    Returns the old and the new name of each that changed; None for one that held nothing else. `dataset` follows.
    """
    changed: dict[str, str | None] = {}
    with snapshots.alone(folder):
        for old in sorted((folder / snapshots.SNAPSHOTS).glob(f"*/data/{CONFIG}")):
            snapshot = old.parent.parent
            changes = [(table.num_rows, *_without(table, forgotten)) for _, table in _tables(snapshot)]
            taken = sum(rows - kept.num_rows for rows, kept, _ in changes)
            quoted = sum(number for _, _, number in changes)
            if taken or quoted:
                said = f"{day}: pairs {taken:,}" + (f", quotations {quoted:,}." if quoted else ".")
                with snapshots.building(folder) as (build, made):
                    found = _replace(folder, slugs, snapshot, forgotten, made, said)
                    snapshots.replaced(folder, snapshot, found, build)
                changed[snapshot.name] = found
    return changed


def _replace(
    folder: Path, slugs: tuple[str, str], old: Path, forgotten: Forgotten, made: Path, said: str
) -> str | None:
    """Make a snapshot without the pairs of some pages, in `made` first; return its name, None where none is left."""
    kept = [(split, _without(table, forgotten)[0]) for split, table in _tables(old)]
    if not any(table.num_rows for _, table in kept):
        return None
    data_files.write(_batches(kept), PAIRS, made / "data" / CONFIG)
    facts = json.loads((old / FILE).read_text(encoding="utf-8"))
    clusters = {one for _, table in kept for one in table["cluster_id"].to_pylist()}
    (made / FILE).write_text(json.dumps(facts | {"clusters": len(clusters)}, indent=2) + "\n", encoding="utf-8")
    return _finish(folder, slugs, made, card.taken_out(old, said)).id


def _tables(snapshot: Path) -> Iterator[tuple[str, pa.Table]]:
    """Yield the rows of a snapshot in their order, a row group at a time, each with its split."""
    paths = sorted((snapshot / "data" / CONFIG).glob("*.parquet"))
    for path in paths:
        with pq.ParquetFile(path) as file:
            for group in range(file.num_row_groups):
                yield data_files.split_of(path), file.read_row_group(group)


def _without(table: pa.Table, forgotten: Forgotten) -> tuple[pa.Table, int]:
    """Return the rows of other pages without what they quote, and how many quotations there were."""
    gone = pa.array(sorted(forgotten.urls), pa.string())
    theirs = [pc.is_in(table[f"{side}_url"], gone) for side in SIDES]
    table, number = table.filter(pc.invert(pc.or_(*theirs))), 0
    for side in SIDES:
        table, quoted = quotes.without(table, forgotten, f"{side}_")
        number += quoted
    return table, number


def _batches(kept: Sequence[tuple[str, pa.Table]]) -> Iterator[pa.RecordBatch]:
    """Yield the rows as batches that have a column `split`."""
    for split, table in kept:
        yield from table.append_column("split", pa.array([split] * table.num_rows, pa.string())).to_batches()
