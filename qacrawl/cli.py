"""The command line: options to calls, errors to one line and an exit code. stdout has the result, stderr the rest."""

import sys
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from qacrawl import __version__, registry
from qacrawl.errors import Exit, QacrawlError
from qacrawl.files import s3
from qacrawl.redact.record import AskerNames

if TYPE_CHECKING:
    from qacrawl.publish.snapshot import Snapshot

app = typer.Typer(
    name="qacrawl",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="Doctor Q&A sites as clean, citable Parquet datasets.",
)

Site = Annotated[str, typer.Argument(help="A source, as `qacrawl sites` lists it.", metavar="SITE")]
Output = Annotated[str, typer.Option(help="Folder of all sites, or s3://bucket/prefix.", metavar="DIR")]
FrontierAddress = Annotated[
    str | None,
    typer.Option(
        help="sqlite:///path or postgresql://user@host/db; by default a SQLite file in the site's folder.",
        envvar="QACRAWL_FRONTIER",
        metavar="URL",
    ),
]
Dataset = Annotated[str, typer.Argument(help="A snapshot, or the folder of a site that has published.")]
MovedFile = Annotated[Path, typer.Argument(help="A file of JSON Lines.", metavar="FILE")]
Settings = Annotated[
    list[str] | None, typer.Option("--set", "-s", help="A setting, of qacrawl or of Scrapy.", metavar="NAME=VALUE")
]


def main() -> None:
    """Entry point of the `qacrawl` script."""
    try:
        app()
    except QacrawlError as error:
        _complain(str(error))
        raise SystemExit(error.code) from None
    except BrokenPipeError:  # `qacrawl extract ... | head`
        sys.stderr.close()
        raise SystemExit(Exit.FAILED) from None
    except OSError as error:  # the disk, or the bucket
        said = f"{error.filename}: {error.strerror}" if error.filename and error.strerror else str(error)
        _complain(" ".join(said.split()))
        raise SystemExit(Exit.FAILED) from None


def _complain(line: str) -> None:
    """Say what is wrong, behind the result in a log that holds both."""
    sys.stdout.flush()
    print(f"qacrawl: {line}", file=sys.stderr)


@app.callback(invoke_without_command=True)
def _version(
    version: Annotated[bool, typer.Option("--version", help="Print the version and end.", is_eager=True)] = False,
) -> None:
    if version:
        print(f"qacrawl {__version__}")
        raise typer.Exit


def _pairs(texts: list[str] | None) -> dict[str, str]:
    """NAME=VALUE settings."""
    pairs = [text.partition("=") for text in texts or ()]
    for name, equals, _ in pairs:
        if not equals or not name.isidentifier():
            raise QacrawlError(f"--set takes NAME=VALUE, not {name!r}", Exit.USAGE)
    return {name: value for name, _, value in pairs}


@app.command()
def crawl(
    site: Site,
    start_url: Annotated[
        list[str] | None, typer.Option(help="Start here instead of at the site's home page; its host is crawled.")
    ] = None,
    numbers: Annotated[str | None, typer.Option(help="Only the articles with these numbers.", metavar="A-B")] = None,
    output: Output = "output",
    frontier: FrontierAddress = None,
    delay: Annotated[float | None, typer.Option(help="Seconds between two requests to a host; 1.", min=0)] = None,
    concurrency: Annotated[int | None, typer.Option(help="Requests to a host at once; 1.", min=1, max=64)] = None,
    max_pages: Annotated[int | None, typer.Option(help="End after so many pages; go on next time.", min=1)] = None,
    max_seconds: Annotated[float | None, typer.Option(help="End after so many seconds.", min=0.001)] = None,
    full: Annotated[bool, typer.Option("--full", help="Ask for every page again, changed or not.")] = False,
    worker: Annotated[bool, typer.Option("--worker", help="Share the crawl with others (PostgreSQL).")] = False,
    allow_private: Annotated[
        bool, typer.Option("--allow-private", help="Admit loopback and private addresses.")
    ] = False,
    contact: Annotated[
        str | None, typer.Option(help="Your address, for the user agent.", envvar="QACRAWL_CONTACT")
    ] = None,
    setting: Settings = None,
) -> None:
    """Fetch what is new or due, politely; go on where a killed run stopped; publish at the end."""
    from qacrawl.commands.crawl import crawl as run
    from qacrawl.fetch import report
    from qacrawl.options import Options

    options = Options(
        output, tuple(start_url or ()), registry.number_range(numbers), frontier, delay, concurrency, max_pages,
        max_seconds, full, worker, allow_private, contact, _pairs(setting),
    )  # fmt: skip
    result = run(site, options, Console(stderr=True))
    report.show(result.report, Console())
    if result.problem:
        raise QacrawlError(f"{result.problem}; what was fetched is kept, the same command goes on")
    if worker and result.snapshot is None:
        print("other workers are at work: the last one publishes")
    else:
        _say_snapshot(result.snapshot)


def _say_snapshot(snapshot: "Snapshot | None") -> None:
    """Where the snapshot lies; if the gate held it back, why, and end with exit code 3."""
    if snapshot is None:
        print("no records yet: nothing was published")
        return
    dataset = snapshot.path.parent.parent / "dataset"
    if snapshot.held:
        _complain(f"snapshot {snapshot.id} was held back: {'; '.join(snapshot.held)}")
        _complain(f"if it is right, `qacrawl publish SITE --accept {snapshot.id}` takes it")
        raise typer.Exit(Exit.HELD_BACK)
    print(f"{snapshot.rows:,} records in {dataset} -> {snapshot.id}")


@app.command()
def extract(
    paths: Annotated[list[str], typer.Argument(help="Saved pages.", metavar="PATH...")],
    site: Annotated[str, typer.Option(help="Whose pages these are.")] = "doctorqna",
    url: Annotated[str | None, typer.Option(help="Where the one page was.")] = None,
    asker_names: Annotated[AskerNames, typer.Option(help="What becomes of the asker's name.")] = "pseudonym",
    no_redact: Annotated[bool, typer.Option("--no-redact", help="Leave e-mail, phone and ID numbers in.")] = False,
    output: Annotated[
        str, typer.Option(help="Folder whose key, if it has one, makes the pseudonyms.", metavar="DIR")
    ] = "output",
    setting: Settings = None,
) -> None:
    """Saved pages to JSON Lines: a record, or why it is none, for each path in its order."""
    from qacrawl.commands.extract import dump
    from qacrawl.commands.extract import extract as read
    from qacrawl.reader.limits import DEFAULT, of
    from qacrawl.redact.record import KEY, load_key

    registry.load(site)
    limits = DEFAULT
    if setting:
        from qacrawl.options import settings_of  # half a second: it imports Scrapy

        limits = of(settings_of(site, _pairs(setting)))
    folder = s3.folder(output, site)
    key = load_key(folder) if (folder / KEY).exists() else None
    rejected = 0
    for answer in read(paths, site, url, key=key, askers=asker_names, texts=not no_redact, limits=limits):
        print(dump(answer))
        if refusal := answer.get("reject"):
            rejected += 1
            _complain(f"{answer['path']}: {refusal['reason']} {' '.join(refusal['fields'])}".rstrip())
    if rejected:
        raise typer.Exit(Exit.FAILED)


@app.command()
def publish(
    site: Site,
    output: Output = "output",
    frontier: FrontierAddress = None,
    accept: Annotated[str | None, typer.Option(help="Take this snapshot, which was held back.", metavar="ID")] = None,
    setting: Settings = None,
) -> None:
    """Publish what is committed as a snapshot."""
    from qacrawl.forget import pages
    from qacrawl.options import settings_of
    from qacrawl.publish import snapshot as snapshots
    from qacrawl.publish.committed import publish_site
    from qacrawl.workspace import open_site

    settings = settings_of(site, _pairs(setting))
    with open_site(site, output, frontier) as (folder, opened):
        pages.resume(opened, folder)
        if accept:
            with opened.publishing():
                print(f"{folder / snapshots.POINTER} -> {snapshots.accept(folder, accept).name}")
            return
        snapshot = publish_site(opened, folder, site, settings)
    _say_snapshot(snapshot)


@app.command()
def rebuild(
    site: Site,
    output: Output = "output",
    frontier: FrontierAddress = None,
    processes: Annotated[int | None, typer.Option(help="Processes at work; one a processor.", min=1)] = None,
    setting: Settings = None,
) -> None:
    """Read the archive again with today's parsers, without the network, and publish."""
    import os

    from qacrawl.commands.rebuild import rebuild as run
    from qacrawl.forget import pages
    from qacrawl.options import settings_of
    from qacrawl.publish.committed import publish_site
    from qacrawl.reader.limits import of
    from qacrawl.workspace import open_site

    settings = settings_of(site, _pairs(setting))
    with open_site(site, output, frontier) as (folder, opened), ExitStack() as lock:
        pages.resume(opened, folder)
        lock.enter_context(opened.alone())
        counts = run(opened, folder, site, processes or os.cpu_count() or 1, Console(stderr=True), of(settings))
        print(", ".join(f"{name} {counts[name]:,}" for name in ("record", "reject", "listing")))
        if counts["damaged"]:
            _complain(f"{counts['damaged']} stretches of the archive can't be read")
        snapshot = publish_site(opened, folder, site, settings)
    _say_snapshot(snapshot)


@app.command()
def forget(
    urls: Annotated[list[str], typer.Argument(help="Addresses of pages.", metavar="URL...")],
    site: Annotated[str, typer.Option(help="Whose pages these are.")] = "doctorqna",
    output: Output = "output",
    frontier: FrontierAddress = None,
) -> None:
    """Take pages out of archive, parts and snapshots; they are never fetched again."""
    from qacrawl.forget.pages import forget as run
    from qacrawl.workspace import open_site

    with open_site(site, output, frontier) as (folder, opened):
        taken = run(opened, folder, urls)
    print(
        f"taken out: {taken.parts:,} records of all versions, {taken.rejects:,} rejects, {taken.quotes:,} quotations "
        f"on other pages, {taken.responses:,} archived responses"
    )
    for old, new in taken.snapshots.items():
        print(f"snapshot {old} is now {new}" if new else f"snapshot {old} held nothing else and was removed")
    if taken.damaged:
        _complain(f"{taken.damaged} stretches of the archive can't be read; look there by hand")


@app.command()
def stats(
    dataset: Dataset,
    as_json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
) -> None:
    """Counts and coverage of a dataset."""
    from qacrawl.publish.about import stats as counting
    from qacrawl.publish.snapshot import locate

    found = counting.measure(locate(dataset))
    if as_json:
        print(counting.as_json(found))
    else:
        counting.show(found, Console())


@app.command()
def status(
    site: Site,
    output: Output = "output",
    frontier: FrontierAddress = None,
    as_json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
) -> None:
    """The queue, the last runs, what failed, what is due when."""
    from qacrawl.commands import status
    from qacrawl.frontier.status import status as look
    from qacrawl.workspace import open_site

    with open_site(site, output, frontier) as (_, opened):
        found = look(opened)
    if as_json:
        print(status.as_json(found))
    else:
        status.show(found, Console())


moving = typer.Typer(no_args_is_help=True, help="Move a frontier from one database to another.")
app.add_typer(moving, name="frontier")


@moving.command(name="export")
def export_frontier(site: Site, file: MovedFile, output: Output = "output", frontier: FrontierAddress = None) -> None:
    """Write a site's frontier to a file of JSON Lines."""
    from qacrawl.frontier.transfer import dump
    from qacrawl.workspace import open_site

    with open_site(site, output, frontier) as (_, opened), opened.alone():
        try:
            with file.open("x", encoding="utf-8", newline="\n") as lines:
                _say_moved(dump(opened, lines))
        except OSError as error:
            raise QacrawlError(f"cannot write {file}: {error.strerror}") from None


@moving.command(name="import")
def import_frontier(site: Site, file: MovedFile, output: Output = "output", frontier: FrontierAddress = None) -> None:
    """Read a site's frontier from such a file into a database that does not have the site yet."""
    from qacrawl.frontier import open_frontier
    from qacrawl.frontier.transfer import load
    from qacrawl.workspace import make_folder

    registry.load(site)
    folder = make_folder(s3.folder(output, site))
    with open_frontier(frontier, site, folder) as opened, opened.alone():
        try:
            with file.open(encoding="utf-8", newline="\n") as lines:
                _say_moved(load(opened, lines))
        except (OSError, UnicodeDecodeError) as error:
            raise QacrawlError(f"cannot read {file}: {getattr(error, 'strerror', None) or error}") from None


def _say_moved(counts: dict[str, int]) -> None:
    print(", ".join(f"{name} {number:,}" for name, number in counts.items()))


@app.command()
def diff(
    before: Dataset,
    after: Dataset,
    as_json: Annotated[bool, typer.Option("--json", help="As JSON, all of it.")] = False,
    parquet: Annotated[
        Path | None, typer.Option(help="Also write record_id, change and fields to this file.", metavar="FILE")
    ] = None,
) -> None:
    """What changed between two datasets: records added, changed and in which columns, gone."""
    from qacrawl.publish import diff as comparing
    from qacrawl.publish.snapshot import locate

    with comparing.compare(locate(before), locate(after)) as found:
        if parquet:
            comparing.write_parquet(found, parquet)
        if as_json:
            for line in comparing.as_json(found):
                print(line)
        else:
            comparing.show(found, Console())


@app.command()
def verify(dataset: Dataset) -> None:
    """Check a dataset: checksums, schema, and what holds of its rows."""
    from qacrawl.publish.about import stats as counting
    from qacrawl.publish.snapshot import locate
    from qacrawl.publish.verify import verify as check

    folder = locate(dataset)
    problems = check(folder)
    for problem in problems:
        print(problem)
    if problems:
        raise typer.Exit(Exit.FAILED)
    print(f"{folder.name}: {counting.measure(folder).records:,} records, all in order")


@app.command(name="sites")
def list_sites() -> None:
    """The sites that can be crawled."""
    for slug in registry.names():
        print(f"{slug}\t{registry.load(slug).TITLE}")


@app.command()
def schema(
    write: Annotated[bool, typer.Option("--write", help="Write schemas/ and docs/fields.md of a checkout.")] = False,
) -> None:
    """The record's JSON Schema."""
    import json

    from qacrawl.commands import schema
    from qacrawl.schema import json_schema

    if not write:
        print(json.dumps(json_schema(), indent=2, ensure_ascii=False))
        return
    root = Path(__file__).parents[1]
    if not (root / "pyproject.toml").exists():
        raise QacrawlError("--write is for a checkout of the project", Exit.USAGE)
    for path in schema.write(root):
        print(path.relative_to(root))


@app.command()
def demo(output: Output = "output") -> None:
    """Serve a small Q&A site on loopback, crawl it, publish, and show the result."""
    from qacrawl.demo import run

    run(Path(output))


if __name__ == "__main__":
    main()
