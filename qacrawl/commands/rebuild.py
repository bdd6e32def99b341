"""The archive read again with today's parsers: PARSE to STORE without the network, the same functions as in a crawl."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow.parquet as pq
from rich.console import Console

from qacrawl import files, registry
from qacrawl.errors import Exit, QacrawlError
from qacrawl.frontier import Frontier
from qacrawl.options import Options
from qacrawl.reader.limits import of
from qacrawl.reader.messages import Setup
from qacrawl.rebuild import pool, sources, staged
from qacrawl.rebuild.batches import DAMAGE, Piece
from qacrawl.rebuild.pages import Wanted
from qacrawl.rebuild.pool import Job
from qacrawl.rebuild.staged import Staged
from qacrawl.redact.record import load_key


@dataclass
class Made:
    """What the archive came to."""

    staged: list[Staged]
    short: dict[str, tuple[int, str]] = field(default_factory=dict)
    """Place and reason for files that lost some of their bytes."""

    @property
    def counts(self) -> Counter[str]:
        """Rows by their kind: record, reject, listing, damage."""
        found = sum((one.counts for one in self.staged), Counter[str]())
        found[DAMAGE] += len(self.short)
        return found

    @property
    def damages(self) -> list[tuple[str, int, str]]:
        """File, place and reason of all that can't be read."""
        found = [(one.file, place, reason) for one in self.staged for place, reason in one.damages]
        return sorted([*found, *((file, *what) for file, what in self.short.items())])

    @property
    def whole(self) -> set[str]:
        """Names of the files without damage."""
        return {one.file for one in self.staged} - {file for file, _, _ in self.damages}


def stage(
    frontier: Frontier, folder: Path, options: Options, archive: Sequence[str], processes: int, console: Console
) -> Made:
    """Read the site's archive, or the files at the addresses `archive`, into staged parts; take those that are there.

    Raise QacrawlError when a process is killed, and when of more than a hundredth of the files nothing can be read.
    """
    committed = frontier.files("archive")
    found = sources.given(archive) if archive else sources.own(folder, committed)
    made = pool.read(job(frontier, folder, options), found, processes, console)
    short = {} if archive else sources.short(found, committed)
    pool.check(made, short)
    return Made(made, short)


def only(
    frontier: Frontier, folder: Path, options: Options, given: Sequence[str], processes: int, console: Console
) -> Made:
    """Stage some archive files, ours by their names or paths, and publish nothing; any number may be at it at once."""
    ours = folder / "archive"
    found = [Piece(str(path), path.name, ours=True) for name in given if (path := _own(ours, name))]
    found += sources.given([name for name in given if not _own(ours, name)])
    made = pool.read(job(frontier, folder, options), found, processes, console)
    pool.check(made)
    return Made(made)


def _own(archive: Path, name: str) -> Path | None:
    """Return the file of our archive that a name or a path means; None where it means another one."""
    if "://" in name:
        return None
    path = archive / Path(name).name
    is_ours = "/" not in name or Path(name).absolute().parent.resolve() == archive.resolve()
    return path if is_ours and files.fetch_if(path).exists() else None


def job(frontier: Frontier, folder: Path, options: Options) -> Job:
    """Return what is read and how."""
    site = frontier.site
    starts = frontier.addresses(kind="start") | {registry.load(site).canonical(url) for url in options.start_urls}
    wanted = Wanted(site, starts, frontier.addresses(state="forgotten"), registry.hosts(site, options.start_urls))
    known = frozenset((kind, name) for kind in ("parts", "rejects") for name in frontier.files(kind))
    return Job(folder, Setup(site, load_key(folder), of(options)), wanted, known)


def swap(frontier: Frontier, folder: Path, made: Made) -> None:
    """Put what is staged into the manifest in place of the old parts, all in one transaction, and delete those.

    Rows that no archive file in good order stands for are kept. Killed before the transaction, nothing has changed.
    Call it with the site's lock held.
    """
    known = {(kind, name) for kind in ("parts", "rejects") for name in frontier.files(kind)}
    add = list(staged.publish(folder, made.staged))
    new = {(kind, name) for kind, name, _ in add}
    remove = [one for one in sorted(known - new) if _sources(files.fetch(folder / one[0] / one[1])) <= made.whole]
    frontier.swap([one for one in add if one[:2] not in known], remove)
    for kind, name in remove:
        files.remove(folder / kind / name)
    staged.clear(folder, frontier.site, (known - set(remove)) | new)


def _sources(part: Path) -> set[str | None]:
    """Return the archive files that the rows of a part come from."""
    return set(pq.read_table(part, columns=["warc_file"])["warc_file"].to_pylist())


def processes(given: int | None) -> int:
    """Return how many processes are at work: as many as there are processors, unless it is said."""
    import os

    return given or os.cpu_count() or 1


def lines(made: Made, most: int = 100) -> list[str]:
    """Return what is said of it on stdout: the counts, then file and place of what can't be read."""
    counts = made.counts
    said = [", ".join(f"{name} {counts[name]:,}" for name in ("record", "reject", "listing"))]
    said += [f"damaged: {file}#{place}: {reason}" for file, place, reason in made.damages[:most]]
    if len(made.damages) > most:
        said.append(f"damaged: {len(made.damages) - most:,} more")
    return said


def complaint(made: Made) -> str | None:
    """Return what is said of it on stderr; None where all is well."""
    number = made.counts[DAMAGE]
    return f"{number} stretches of the archive can't be read" if number else None


def refuse_two(**chosen: object) -> None:
    """Raise QacrawlError where more than one of some options were given."""
    names = [f"--{name}" for name, value in chosen.items() if value]
    if len(names) > 1:
        raise QacrawlError(f"{' and '.join(names)} exclude each other", Exit.USAGE)
