"""The archive read again with today's parsers: PARSE to STORE without the network, the same functions as in a crawl."""

import logging
import os
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from multiprocessing import get_context, parent_process
from pathlib import Path
from threading import Thread

import pyarrow.parquet as pq
from rich.console import Console
from rich.progress import Progress
from scrapy import Request, Spider
from scrapy.crawler import Crawler
from scrapy.downloadermiddlewares.httpcompression import HttpCompressionMiddleware
from scrapy.exceptions import IgnoreRequest
from scrapy.http import Headers, Response
from scrapy.statscollectors import DummyStatsCollector

from qacrawl import registry, steps, store
from qacrawl.archive import read, warc
from qacrawl.files import s3
from qacrawl.frontier import Frontier
from qacrawl.records import Listing, Page, QARecord, Reject
from qacrawl.redact.record import load_key

ROWS = 5000
"""Rows of a part."""
LARGEST = 16 << 20
"""Bytes of a page after decompression, as in a crawl."""

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


def rebuild(frontier: Frontier, folder: Path, site: str, workers: int, console: Console) -> Counter[str]:
    """Replace the parts of `folder` by what today's parser reads in its archive; return the counts.

    Rows that no archive file in good order stands for are kept. Old parts go when the new ones are in the manifest,
    all in one transaction; killed before that, nothing has changed. Call it with the site's lock held.
    """
    for name in frontier.files("archive") if s3.is_mirrored(folder) else ():
        s3.get(folder / "archive" / name)
    files = sorted((folder / "archive").glob(f"*{warc.SUFFIX}"))
    read = [
        (path, folder, site, frontier.addresses(kind="start"), frontier.addresses(state="forgotten")) for path in files
    ]
    made: list[Made] = []
    pool = ProcessPoolExecutor(workers, mp_context=get_context("spawn"), initializer=_end_with_parent)
    with pool, Progress(console=console, transient=True, disable=not console.is_terminal) as progress:
        bar = progress.add_task("archive files", total=len(read))
        for result in pool.map(_read_file, *zip(*read, strict=True)) if read else ():
            made.append(result)
            progress.advance(bar)
    _swap(frontier, folder, made)
    return sum((result.counts for result in made), Counter())


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
    remove = [(kind, name) for kind, name in old if _sources(s3.get(folder / kind / name)) <= whole]
    for kind, name, _ in add:
        s3.put(folder / kind / name)
    frontier.swap(add, remove)
    for kind, name in remove:
        s3.drop(folder / kind / name)


def _sources(part: Path) -> set[str | None]:
    """The archive files that the rows of a part come from."""
    return set(pq.read_table(part, columns=["warc_file"])["warc_file"].to_pylist())


def _read_file(path: Path, folder: Path, site: str, starts: frozenset[str], forgotten: frozenset[str]) -> Made:
    """Write the parts of one archive file."""
    made, key = Made(path.name), load_key(folder)
    records: list[QARecord] = []
    rejects: list[Reject] = []
    for page in _pages(path, site, starts, made):
        if page.url in forgotten:
            continue
        result = steps.result(page, key)
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
    logging.getLogger(HttpCompressionMiddleware.__module__).setLevel(logging.ERROR)  # of pages that are too large
    about = registry.load(site)
    crawler = Crawler(Spider, {"DOWNLOAD_MAXSIZE": LARGEST})  # never started: what Scrapy's decoder is made from
    crawler.stats = DummyStatsCollector(crawler)
    decode = HttpCompressionMiddleware(crawler=crawler)
    for place, entry in read.entries(path):
        if isinstance(entry, warc.Damage):
            made.counts["damaged"] += 1
        if not isinstance(entry, warc.Exchange) or entry.is_robots or not 200 <= entry.status < 300:
            continue
        url = about.canonical(entry.url)
        if about.kind(url) is None and url not in starts:
            continue  # a sitemap, for one
        try:
            response = _decoded(entry, decode)
        except IgnoreRequest:  # too large: a failure in the crawl, too
            continue
        kind = response.headers.get("Content-Type")
        yield Page(
            site=site,
            url=url,
            body=response.body,
            fetched_at=entry.fetched_at,
            content_type=kind.decode("latin-1") if kind else None,
            status=entry.status,
            run_id=warc.run_of(place.file),
            warc_file=place.file,
            warc_offset=place.offset,
        )


def _decoded(entry: warc.Exchange, decode: HttpCompressionMiddleware) -> Response:
    """The response with its body unpacked, as Scrapy does it in a crawl."""
    response = Response(entry.url, entry.status, headers=Headers(list(entry.headers)), body=entry.body)
    result = decode.process_response(Request(entry.url), response)
    assert isinstance(result, Response)  # noqa: S101 (a middleware could answer with a request, this one does not)
    return result
