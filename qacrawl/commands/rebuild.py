"""The archive read again with today's parsers: PARSE to STORE without the network, the same functions as in a crawl."""

import os
from array import array
from collections import Counter, deque
from collections.abc import Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache, partial
from multiprocessing import get_context, parent_process
from pathlib import Path
from threading import Thread
from typing import NamedTuple
from urllib.parse import urlsplit

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from rich.console import Console
from rich.progress import Progress

from qacrawl import files, log, registry, sitefile, steps, store, urls
from qacrawl.archive import decode, read, warc
from qacrawl.codes import NOTICES
from qacrawl.errors import QacrawlError
from qacrawl.escape import plain
from qacrawl.frontier import Frontier
from qacrawl.parse import forward
from qacrawl.parse.links import links
from qacrawl.publish import damage
from qacrawl.reader.limits import Limits
from qacrawl.reader.messages import Setup
from qacrawl.reader.series import Series
from qacrawl.records import LARGEST, Page, QARecord, Reject, Signal, is_gone, records_of
from qacrawl.redact.record import load_key
from qacrawl.usage import hosts

ROWS = 5000
"""Rows of a part."""


@dataclass
class Made:
    """What one archive file came to."""

    file: str
    parts: dict[str, int] = field(default_factory=dict)
    """Rows by name."""
    rejects: dict[str, int] = field(default_factory=dict)
    counts: Counter[str] = field(default_factory=Counter)
    """record, reject, listing, damaged."""
    visits: dict[int, int | None] = field(default_factory=dict)
    """Number of the visit by the offset of its response, while the file is read."""
    newest: int = 0
    """The highest of those numbers."""
    read: "array[int]" = field(default_factory=lambda: array("q"))
    """Where the responses start that could be read: their rows are made anew, whatever they come to today."""


class Judge(NamedTuple):
    """What a crawl knows of addresses and an archive does not."""

    starts: frozenset[str]
    forgotten: frozenset[str]
    hosts: frozenset[str]
    """Those whose pages are the site's; empty where the frontier knows none."""


def rebuild(
    frontier: Frontier, folder: Path, site: str, workers: int, console: Console, limits: Limits
) -> Counter[str]:
    """Replace the rows of `folder`'s parts by what today's parser reads in its archive; return the counts.

    Rows whose response can't be read are kept. Old parts go when the new ones are in the manifest, all in one
    transaction; killed before that, nothing has changed. Call it with the site's lock held. Raise QacrawlError when a
    process that reads an archive file is killed.
    """
    lost = list(_lost(frontier, folder))
    found = warc.files(folder / "archive")
    setup = Setup(site, load_key(folder), limits, source=registry.source(site))
    judge = Judge(frontier.addresses(kind="start"), frontier.addresses(state="forgotten"), frontier.known_hosts())
    read_file = partial(_read_file, folder=folder, setup=setup, judge=judge)
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
    is_whole = not lost and not any(result.counts["damaged"] for result in made)
    lost += _swap(frontier, folder, made, is_whole)
    for line in lost:
        log.complain(line)
    return sum((result.counts for result in made), Counter())


def _lost(frontier: Frontier, folder: Path) -> Iterator[str]:
    """Fetch the archive files of the manifest; yield a line for each that is missing, or shorter than it was."""
    for name, size in frontier.files("archive").items():
        path = folder / "archive" / name
        try:
            there = files.fetch(path).stat().st_size
        except FileNotFoundError:
            yield f"{path} is missing; rows that came from it stay as they are"
            continue
        if there < size:
            yield f"{path} has {there:,} bytes of {size:,}; rows that came from its end stay as they are"


def _begin(setup: Setup) -> None:
    """Prepare a process of the pool: it ends with the one that started it, and has one of its own that reads pages."""
    _end_with_parent()
    if setup.source is not None:
        sitefile.use(setup.source)
    _series(setup).start()


@cache
def _series(setup: Setup) -> Series:
    """Return what reads the pages of all files that this process is given; it ends with this process."""
    return Series(setup)


def _end_with_parent() -> None:
    """Have this process end when the one that started it does: a pool's processes would wait for work for ever."""

    def wait() -> None:
        if parent := parent_process():
            parent.join()
            os._exit(1)

    Thread(target=wait, daemon=True).start()


def _swap(frontier: Frontier, folder: Path, made: list[Made], is_whole: bool) -> list[str]:
    """Put the new rows into the manifest in place of the old ones, and delete those; return what to complain of.

    A part that can't be read is replaced where the archive `is_whole`, else it is put aside.
    """
    read = {result.file: pa.array(result.read, pa.int64()) for result in made}
    add = [("parts", name, rows) for result in made for name, rows in result.parts.items()]
    add += [("rejects", name, rows) for result in made for name, rows in result.rejects.items()]
    for kind, name, _ in add:
        files.put(folder / kind / name)
    remove: list[tuple[str, str]] = []
    aside: list[tuple[str, str]] = []
    for kind in ("parts", "rejects"):
        for name in frontier.files(kind):
            try:
                left = _left(files.fetch(folder / kind / name), read)
            except damage.ERRORS:
                (remove if is_whole else aside).append((kind, name))
                continue
            if left is not None:
                remove.append((kind, name))
                if left.num_rows:
                    add.append((kind, store.write_table(folder / kind, left), left.num_rows))
    frontier.swap(add, [*remove, *aside], max((result.newest for result in made), default=0))
    for kind, name in remove:
        files.remove(folder / kind / name)
    return [line for kind, name in aside if (line := _put_aside(folder / kind / name))]


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


def _read_file(path: Path, folder: Path, setup: Setup, judge: Judge) -> Made:
    """Write the parts of one archive file."""
    made = Made(path.name)
    records: list[tuple[QARecord, int | None]] = []
    rejects: list[tuple[Reject, int | None]] = []
    asked: deque[tuple[Page, warc.Exchange]] = deque()
    for result in _series(setup).results(_pages(path, setup.site, judge, made, asked)):
        page, response = asked.popleft()
        visit = made.visits[page.warc_offset or 0]
        if is_gone(result):
            continue  # the frontier knows since the crawl
        if found := records_of(result):
            records += [(record, visit) for record in found]
            made.counts["record"] += len(found)
        elif isinstance(result, Reject) and _forwards(page, result, response):
            continue  # a redirect in the crawl, too
        elif isinstance(result, Reject):
            rejects.append((result, visit))
            made.counts["reject"] += 1
        else:
            made.counts["listing"] += 1
        if len(records) >= ROWS:
            made.parts[store.write_visited(folder, records)] = len(records)
            records = []
    if records:
        made.parts[store.write_visited(folder, records)] = len(records)
    if rejects:
        made.rejects[store.write_visited(folder, rejects)] = len(rejects)
    made.newest = max((visit or 0 for visit in made.visits.values()), default=0)
    made.visits.clear()
    return made


def _pages(path: Path, site: str, judge: Judge, made: Made, asked: deque[tuple[Page, warc.Exchange]]) -> Iterator[Page]:
    """Yield the pages in an archive file that a crawl would have given to the parser; note the response of each."""
    for place, entry, signals in hosts.signalled(read.entries(path)):
        try:
            page = _page(entry, site, judge, place, signals) if isinstance(entry, warc.Exchange) else None
        except Exception as error:  # costs that page, and its rows stay as they are
            log.complain(f"{place.file}, byte {place.offset:,}: {plain(repr(error), 300)}")
            made.counts["damaged"] += 1
            continue
        if isinstance(entry, warc.Damage):
            made.counts["damaged"] += 1
            continue
        made.read.append(place.offset)
        made.visits[place.offset] = entry.visit if isinstance(entry, warc.Exchange) else None
        if page and isinstance(entry, warc.Exchange):
            asked.append((page, entry))
            yield page


def _page(entry: warc.Exchange, site: str, judge: Judge, place: warc.Place, signals: tuple[Signal, ...]) -> Page | None:
    """Return the page that a response is; None where a crawl reads nothing in it."""
    if not entry.is_page or not 200 <= entry.status < 300:
        return None
    about = registry.load(site)
    url = about.canonical(entry.url)
    kind = about.kind(url)
    if url in judge.forgotten or (kind is None and url not in judge.starts):
        return None  # a sitemap, for one
    if judge.hosts and urlsplit(url).netloc not in judge.hosts:
        return None
    try:
        body = decode.body(entry.body, entry.values("Content-Encoding"), LARGEST)
    except decode.DecodeError:  # a failure in the crawl, too
        return None
    types, at = entry.values("Content-Type"), entry.fetched_at
    return steps.page(site, url, body, entry.status, types, at, place, entry.url, signals)


def _is_another(page: Page, target: str, url: str) -> bool:
    """Return whether a target, canonically `url`, is another page than this one, or another address of it."""
    asked = registry.address(page.site) or urls.address
    return url != page.url or asked(target) != (page.address or page.url)


def _forwards(page: Page, reject: Reject, response: warc.Exchange) -> bool:
    """Return whether a page that is no record does nothing but forward to another page of the site."""
    headers = response.values("Refresh")
    target = forward.refresh(response.url, page.body, headers[-1] if headers else None)
    if target is None or reject.reason in NOTICES:
        return False
    about = registry.load(page.site)
    try:
        url = about.canonical(target)
    except ValueError:
        return False
    of_site = urlsplit(url).netloc == urlsplit(page.url).netloc and about.kind(url) is not None
    return of_site and _is_another(page, target, url) and (about.kind(page.url) == "article" or not links(page, set()))
