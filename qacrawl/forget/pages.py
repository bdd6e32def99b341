"""Pages taken out everywhere, on request: of frontier, parts, archive and snapshots. Their addresses alone are left.

A journal is written first and deleted last, and each step does no harm when it is done again. So after a kill at any
moment the same command, or the next run, publish or rebuild of the site, completes it. Where a bucket holds the site,
the journal is there, too, and working copies on other machines are deleted when the site is next opened for work there.
"""

import json
import secrets
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from qacrawl import files, log, registry, store, urls
from qacrawl.archive import erase, read, warc
from qacrawl.errors import QacrawlError
from qacrawl.files import local
from qacrawl.forget import bucket, pairs, snapshots, words
from qacrawl.frontier import Frontier, recovery
from qacrawl.publish import damage, snapshot
from qacrawl.publish.data.quotes import without
from qacrawl.redact import quotes
from qacrawl.redact.quotes import Forgotten

JOURNAL = files.JOURNAL


@dataclass
class Taken:
    """What was taken out."""

    parts: int = 0
    """Records of the parts, all versions."""
    rejects: int = 0
    quotes: int = 0
    """Entries of other records' `similar_qa`, and sentences in their texts, in the parts."""
    responses: int = 0
    """Records of the archive."""
    damaged: int = 0
    """Stretches of the archive that can't be read and so may hold anything."""
    snapshots: dict[str, str | None] = field(default_factory=dict)
    """Old name to new name; None where no record was left."""
    pairs: dict[str, str | None] = field(default_factory=dict)
    """The same of snapshots of pairs that this site is one side of."""


def spellings(site: str, given: Iterable[str]) -> list[str]:
    """Return the canonical URLs of pages of `site`, and those under which the same articles stand on its other hosts.

    A wrong URL is a usage error.
    """
    about = registry.load(site)
    found = set()
    for url in given:
        canonical = about.canonical(urls.check(url))
        found.add(canonical)
        host, number = urlsplit(canonical).netloc, about.number(canonical)
        if number is not None:
            hosts = about.HOSTS if host in about.HOSTS else (host,)
            starts = [f"{scheme}://{one}/" for scheme in ("http", "https") for one in hosts]
            found.update(about.canonical(about.article_url(number, start)) for start in starts)
    return sorted(found)


def forget(frontier: Frontier, folder: Path, given: Iterable[str]) -> Taken:
    """Take pages out of all that lies in `folder` (output/<site>), and have them never fetched again.

    Raise QacrawlError for a wrong URL, and while a run or a publisher is at work.
    """
    gone = spellings(frontier.site, given)
    with _locked(frontier, folder):
        local.sweep(folder, JOURNAL)
        if _has_journal(folder):
            _complete(frontier, folder)
        _check(frontier, folder)
        _note(folder, {"urls": gone, "day": f"{datetime.now(UTC):%Y-%m-%d}"})
        return _complete(frontier, folder)


def _check(frontier: Frontier, folder: Path) -> None:
    """Raise QacrawlError where a part can't be read: it is to be made anew before anything is begun.

    In one that is missing there is nothing to take out.
    """
    for kind in ("parts", "rejects"):
        for name in frontier.files(kind):
            with suppress(FileNotFoundError):
                path = files.fetch(folder / kind / name)
                if path.exists() and (said := damage.unreadable(path)):
                    raise QacrawlError(f"{path} can't be read: {said}; {damage.mend(frontier.site)}")


def resume(frontier: Frontier, folder: Path) -> None:
    """Complete what a killed `forget` left; call it before the site's lock is taken."""
    if _has_journal(folder):
        with _locked(frontier, folder):
            if _has_journal(folder):  # another machine may have completed it meanwhile
                _complete(frontier, folder)


@contextmanager
def _locked(frontier: Frontier, folder: Path) -> Iterator[None]:
    """Hold the locks of runs and of publishers."""
    with frontier.alone(), frontier.publishing(alone=True), snapshot.alone(folder):
        yield


def _note(folder: Path, journal: dict[str, Any]) -> None:
    files.write(folder / JOURNAL, json.dumps(journal).encode())


def _has_journal(folder: Path) -> bool:
    """Return whether something is left to be done; where a bucket holds the site, as the bucket says."""
    return bool(files.read(folder / JOURNAL))


def _complete(frontier: Frontier, folder: Path) -> Taken:
    """Do all that the journal asks for."""
    journal = json.loads(files.read(folder / JOURNAL))
    taken = Taken()
    bucket.pull(folder)
    frontier.take_back(expired_only=False)
    recovery.recover(folder, frontier)  # torn ends of the archive, and parts that nobody knows
    frontier.forget(journal["urls"])
    forgotten = _known(frontier, folder, journal)
    taken.parts = _take_out(frontier, folder, "parts", forgotten, taken)
    taken.rejects = _take_out(frontier, folder, "rejects", forgotten, taken)
    for kind in ("parts", "rejects"):
        for path in files.below(folder, f"{store.STAGED}/{kind}"):  # a rebuild makes it again, without them
            files.remove(path)
    _erase(frontier.site, folder, journal, taken)
    taken.snapshots = snapshots.remove(folder, frontier.site, forgotten, journal["day"])
    taken.pairs = pairs.remove(folder, frontier.site, forgotten, journal["day"])
    bucket.push(folder, journal["places"], {kind: frontier.files(kind) for kind in ("parts", "rejects")})
    files.remove(folder / JOURNAL)
    local.sync(folder)
    return taken


def _known(frontier: Frontier, folder: Path, journal: dict[str, Any]) -> Forgotten:
    """Return what the pages are known by where they are quoted; it is in the journal, and kept, before they go."""
    if "said" not in journal:
        salt = quotes.read(folder).salt or secrets.token_hex(16)
        parts = [path for name in frontier.files("parts") if (path := folder / "parts" / name).exists()]
        try:
            journal["said"] = salt, sorted(words.known_by(parts, journal["urls"], salt))
        except damage.ERRORS:  # it was damaged since `_check`, and goes below
            journal["said"] = salt, []
        _note(folder, journal)
    salt, digests = journal["said"]
    if digests:
        quotes.add(folder, salt, digests)
    return Forgotten(frozenset(journal["urls"]), salt, frozenset(digests))


def _take_out(frontier: Frontier, folder: Path, kind: str, forgotten: Forgotten, taken: Taken) -> int:
    """Rewrite the parts that hold or quote the pages; return how many rows were theirs."""
    rows, add, remove = 0, [], []
    for name in frontier.files(kind):
        table = _read(frontier, folder / kind / name)
        if table is None:
            continue
        theirs = pc.is_in(table["url"], pa.array(sorted(forgotten.urls), pa.string()))
        kept, number = without(table.filter(pc.invert(theirs)), forgotten)
        if number or kept.num_rows < table.num_rows:
            remove.append((kind, name))
            if kept.num_rows:
                add.append((kind, store.write_table(folder / kind, kept), kept.num_rows))
        rows += table.num_rows - kept.num_rows
        taken.quotes += number
    frontier.swap(add, remove)
    for _, name in remove:
        (folder / kind / name).unlink()
    return rows


def _read(frontier: Frontier, part: Path) -> pa.Table | None:
    """Return the rows of a part; None where they can't be read.

    That happens where it was damaged after all this was begun. It may hold the pages and is deleted; the manifest keeps
    its name, so that nothing is published until its other rows are made anew.
    """
    try:
        with pq.ParquetFile(part) as file:
            return file.read()
    except damage.ERRORS:
        files.remove(part)
        log.complain(f"{part} can't be read, may hold the pages and is deleted; {damage.mend(frontier.site)}")
        return None


def _erase(site: str, folder: Path, journal: dict[str, Any], taken: Taken) -> None:
    """Overwrite the archived responses. Their places are in the journal first: half overwritten they can't be read."""
    if "places" not in journal:
        journal["places"] = dict(_places(site, folder, frozenset(journal["urls"]), taken))
        _note(folder, journal)
    for name, places in journal["places"].items():
        erase.overwrite(folder / "archive" / name, places)
        taken.responses += len(places)


def _places(
    site: str, folder: Path, gone: Collection[str], taken: Taken
) -> Iterator[tuple[str, list[tuple[int, int]]]]:
    """Yield where the responses of the pages lie in each archive file, and those that redirect to them."""
    wanted = erase.leads_to(gone, registry.load(site).canonical)
    for path in warc.files(folder / "archive"):
        taken.damaged += sum(isinstance(entry, warc.Damage) for _, entry in read.entries(path))
        if places := list(erase.find(path, wanted)):
            yield path.name, places
