"""The archive read again with today's parsers: PARSE to STORE without the network, the same functions as in a crawl."""

import os
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, field
from functools import cache, partial
from multiprocessing import get_context, parent_process
from pathlib import Path
from threading import Thread

import pyarrow.parquet as pq
from rich.console import Console
from rich.progress import Progress

from qacrawl import files, registry, store
from qacrawl.archive import decode, read, warc
from qacrawl.errors import QacrawlError
from qacrawl.frontier import Frontier
from qacrawl.reader.limits import Limits
from qacrawl.reader.messages import Setup
from qacrawl.reader.series import Series
from qacrawl.records import LARGEST, Listing, Page, QARecord, Reject
from qacrawl.redact.record import load_key

ROWS = 5000
"""Rows of a part."""

_WORDS = {QARecord: "record", Reject: "reject", Listing: "listing"}


@dataclass
class Made:
    """What one archive file came to."""

    file: str
    parts: dict[str, int] = field(default_factory=dict)
    """Rows by name."""
    rejects: dict[str, int] = field(default_factory=dict)
    counts: Counter[str] = field(default_factory=Counter)
    """record, reject, listing, damaged."""


def rebuild(
    frontier: Frontier, folder: Path, site: str, workers: int, console: Console, limits: Limits, own: bool = True
) -> Counter[str]:
    """Replace the parts of `folder` by what today's parser reads in its archive; return the counts.

    Rows that no archive file in good order stands for are kept. Old parts go when the new ones are in the manifest,
    all in one transaction; killed before that, nothing has changed. Call it with the site's lock held. Raises
    QacrawlError when a process that reads an archive file is killed.
    """
    for name in frontier.files("archive"):
        files.fetch(folder / "archive" / name)
    found = warc.files(folder / "archive")
    setup = Setup(site, load_key(folder), limits, own=own)
    starts, forgotten = frontier.addresses(kind="start"), frontier.addresses(state="forgotten")
    read_file = partial(_read_file, folder=folder, setup=setup, starts=starts, forgotten=forgotten)
    made: list[Made] = []
    number = max(1, min(workers, len(found)))
    pool = ProcessPoolExecutor(number, mp_context=get_context("spawn"), initializer=_begin, initargs=(setup,))
    with pool, Progress(console=console, transient=True, disable=not console.is_terminal) as progress:
        bar = progress.add_task("archive files", total=len(found))
        try:
            for result in pool.map(read_file, found):
                made.append(result)
                progress.advance(bar)
        except BrokenProcessPool:
            raise QacrawlError("a process that read the archive was killed; nothing has changed") from None
    _swap(frontier, folder, made)
    return sum((result.counts for result in made), Counter())


def _begin(setup: Setup) -> None:
    """Prepare a process of the pool: it ends with the one that started it, and has one of its own that reads pages."""
    _end_with_parent()
    _series(setup).start()


@cache
def _series(setup: Setup) -> Series:
    """What reads the pages of all files that this process is given; it ends with this process."""
    return Series(setup)


def _end_with_parent() -> None:
    """Have this process end when the one that started it does: a pool's processes would wait for work for ever."""

    def wait() -> None:
        if parent := parent_process():
            parent.join()
            os._exit(1)

    Thread(target=wait, daemon=True).start()


def _swap(frontier: Frontier, folder: Path, made: list[Made]) -> None:
    """Put the new parts into the manifest in place of the old ones, and delete those."""
    whole = {result.file for result in made if not result.counts["damaged"]}
    add = [("parts", name, rows) for result in made for name, rows in result.parts.items()]
    add += [("rejects", name, rows) for result in made for name, rows in result.rejects.items()]
    new = {name for _, name, _ in add}
    old = [(kind, name) for kind in ("parts", "rejects") for name in frontier.files(kind) if name not in new]
    remove = [(kind, name) for kind, name in old if _sources(files.fetch(folder / kind / name)) <= whole]
    for kind, name, _ in add:
        files.put(folder / kind / name)
    frontier.swap(add, remove)
    for kind, name in remove:
        files.remove(folder / kind / name)


def _sources(part: Path) -> set[str | None]:
    """The archive files that the rows of a part come from."""
    return set(pq.read_table(part, columns=["warc_file"])["warc_file"].to_pylist())


def _read_file(path: Path, folder: Path, setup: Setup, starts: frozenset[str], forgotten: frozenset[str]) -> Made:
    """Write the parts of one archive file."""
    made = Made(path.name)
    records: list[QARecord] = []
    rejects: list[Reject] = []
    pages = (page for page in _pages(path, setup.site, starts, made) if page.url not in forgotten)
    for result in _series(setup).results(pages):
        if isinstance(result, QARecord):
            records.append(result)
        elif isinstance(result, Reject):
            rejects.append(result)
        made.counts[_WORDS[type(result)]] += 1
        if len(records) >= ROWS:
            made.parts[store.write_part(folder, records)] = len(records)
            records = []
    if records:
        made.parts[store.write_part(folder, records)] = len(records)
    if rejects:
        made.rejects[store.write_part(folder, rejects)] = len(rejects)
    return made


def _pages(path: Path, site: str, starts: frozenset[str], made: Made) -> Iterator[Page]:
    """The pages in an archive file that a crawl would have given to the parser."""
    about = registry.load(site)
    for place, entry in read.entries(path):
        if isinstance(entry, warc.Damage):
            made.counts["damaged"] += 1
        if not isinstance(entry, warc.Exchange) or entry.is_robots or not 200 <= entry.status < 300:
            continue
        url = about.canonical(entry.url)
        if about.kind(url) is None and url not in starts:
            continue  # a sitemap, for one
        try:
            body = decode.body(entry.body, entry.values("Content-Encoding"), LARGEST)
        except decode.DecodeError:  # a failure in the crawl, too
            continue
        kinds = entry.values("Content-Type")
        yield Page(
            site=site,
            url=url,
            body=body,
            fetched_at=entry.fetched_at,
            content_type=kinds[-1].decode("latin-1") if kinds else None,
            status=entry.status,
            run_id=warc.run_of(place.file),
            warc_file=place.file,
            warc_offset=place.offset,
        )
