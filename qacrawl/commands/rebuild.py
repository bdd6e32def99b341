"""The archive read again with today's parsers: PARSE to STORE without the network, the same functions as in a crawl."""

import os
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from rich.console import Console

from qacrawl import files, log, registry
from qacrawl.errors import Exit, QacrawlError
from qacrawl.files import local
from qacrawl.frontier import Frontier
from qacrawl.options import Options
from qacrawl.publish.snapshot import locate
from qacrawl.reader.messages import setup
from qacrawl.rebuild import Engine, cluster, comparison, pool, replace, sources, spark
from qacrawl.rebuild import compare as comparing
from qacrawl.rebuild.batches import DAMAGE
from qacrawl.rebuild.compare import Comparison
from qacrawl.rebuild.pages import Piece, Wanted
from qacrawl.rebuild.pool import Job
from qacrawl.rebuild.staged import Staged
from qacrawl.redact import quotes
from qacrawl.redact.record import load_key
from qacrawl.usage import standing

Read = Callable[[Job, Sequence[Piece]], list[Staged]]
"""What stages archive files: the processes of this machine, or a cluster."""


@dataclass
class Made:
    """What the archive came to."""

    staged: list[Staged]
    lost: dict[str, str] = field(default_factory=dict)
    """Lines about files of ours that are missing, or shorter than they were, by their names."""
    given: bool = False
    """Whether it is an archive elsewhere."""

    @property
    def counts(self) -> Counter[str]:
        """Rows by their kind: record, reject, listing, damage."""
        return sum((one.counts for one in self.staged), Counter())

    @property
    def damages(self) -> list[tuple[str, int, str]]:
        """File, place and reason of all that can't be read."""
        return sorted((one.file, place, reason) for one in self.staged for place, reason in one.damages)

    @property
    def said(self) -> standing.Said:
        """What hosts say of the use of their pages in an archive elsewhere: it counts for all pages of it.

        In our own, runs have kept what was said last.
        """
        found = standing.newest(one.said for one in self.staged) if self.given else {}
        return standing.by_any_scheme(found)

    @property
    def is_whole(self) -> bool:
        """Whether all that was ever fetched was read."""
        return not (self.given or self.lost or self.damages)


def reading(engine: Engine, master: str | None, processes: int | None, console: Console) -> Read:
    """Return what stages archive files. Raise QacrawlError where options do not go together or something is missing."""
    if engine == "pool":
        refuse_without(False, "--engine spark", master=master)
        return partial(pool.read, processes=processes or os.cpu_count() or 1, console=console)
    if processes:
        raise QacrawlError("--processes goes with --engine pool: a cluster has its own settings", Exit.USAGE)
    cluster.check(master)
    return partial(spark.read, master=master)


def stage(frontier: Frontier, folder: Path, options: Options, archive: Sequence[str], read: Read) -> Made:
    """Read the site's archive, or the files at the addresses `archive`, into staged parts; take those that are there.

    Raise QacrawlError when a process is killed, and when of more than a hundredth of the files nothing can be read.
    """
    committed = {} if archive else frontier.files("archive")
    lost = sources.lost(folder, committed)
    found = sources.given(archive) if archive else sources.own(folder)
    made = read(job(frontier, folder, options, given=bool(archive)), found)
    pool.check(made, lost.keys() | sources.strays(found, committed))
    return Made(made, lost, given=bool(archive))


def only(frontier: Frontier, folder: Path, options: Options, given: Sequence[str], read: Read) -> Made:
    """Stage some archive files, ours by their names or paths, and publish nothing; any number may be at it at once."""
    ours = folder / "archive"
    own = [sources.own_piece(path) for name in given if (path := _own(ours, name))]
    found = sources.given([name for name in given if not _own(ours, name)])
    made = read(job(frontier, folder, options), own) if own else []
    made += read(job(frontier, folder, options, given=True), found) if found else []
    pool.check(made)
    return Made(made)


def _own(archive: Path, name: str) -> Path | None:
    """Return the file of our archive that a name or a path means; None where it means another one."""
    if "://" in name:
        return None
    path = archive / Path(name).name
    is_ours = "/" not in name or Path(name).absolute().parent.resolve() == archive.resolve()
    return path if is_ours and files.fetch_if(path).exists() else None


def job(frontier: Frontier, folder: Path, options: Options, given: bool = False) -> Job:
    """Return what is read and how; `given` is an archive elsewhere, whose hosts this frontier need not know."""
    site = frontier.site
    starts = frontier.addresses(kind="start") | {registry.load(site).canonical(url) for url in options.start_urls}
    asked = frozenset() if given else frontier.known_hosts()
    gone = frontier.addresses(state="forgotten")
    wanted = Wanted(site, starts, gone, asked, registry.hosts(site, options.start_urls))
    how = setup(site, load_key(folder), options, forgotten=quotes.read(folder, gone))
    return Job(folder, options.output, how, wanted, replace.committed(frontier))


def swap(frontier: Frontier, folder: Path, made: Made) -> None:
    """Put what is staged in place of the old parts, and say on stderr what is lost. Hold the site's lock."""
    standing.add(folder, made.said)
    said = replace.swap(frontier, folder, made.staged, made.is_whole)
    for line in (*made.lost.values(), *said):
        log.complain(line)


def compare(frontier: Frontier, folder: Path, options: Options, made: Made) -> Comparison:
    """Return what a rebuild would change in the published snapshot, and change nothing. Hold the site's lock.

    What can't be read is said on stderr. Raise QacrawlError where nothing is published.
    """
    snapshot = locate(f"{options.output}/{frontier.site}")
    for line in (*made.lost.values(), *filter(None, [complaint(made)])):
        log.complain(line)
    with TemporaryDirectory(prefix="qacrawl-rebuild-") as scratch:
        found = replace.would_be(frontier, folder, made.staged, Path(scratch))
        forgotten = sorted(frontier.addresses(state="forgotten"))
        hosts, keep = standing.read(folder, made.said), options.keep_reserved
        made_of = found["parts"], found["rejects"], frontier.gone(), forgotten
        return comparing.compare(snapshot, *made_of, hosts, keep_reserved=keep)


def show(found: Comparison, as_json: bool, html: Path | None) -> None:
    """Print a comparison, and write it as HTML. Raise QacrawlError where that file can't be written."""
    if html:
        try:
            local.write(html, comparison.html(found).encode())
        except OSError as error:
            raise QacrawlError(f"can't write {html}: {error.strerror or error}") from None
    if as_json:
        print(comparison.as_json(found))
    else:
        comparison.show(found, Console())


def lines(made: Made, most: int = 100) -> list[str]:
    """Return what is said of it on stdout: the counts, then file and place of what can't be read."""
    counts, damages = made.counts, made.damages
    said = [", ".join(f"{name} {counts[name]:,}" for name in ("record", "reject", "listing"))]
    said += [f"damaged: {file}#{place}: {reason}" for file, place, reason in damages[:most]]
    if len(damages) > most:
        said.append(f"damaged: {len(damages) - most:,} more")
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


def refuse_without(needed: bool, what: str, **chosen: object) -> None:
    """Raise QacrawlError where an option was given that only says something beside another one, `what`."""
    for name, value in chosen.items():
        if value and not needed:
            raise QacrawlError(f"--{name} goes with {what}", Exit.USAGE)
