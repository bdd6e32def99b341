"""The command line: options to calls, errors to one line and an exit code. stdout has the result, stderr the rest."""

import os
import sys
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from qacrawl import __version__, files, log, registry, streams
from qacrawl.errors import Exit, QacrawlError, refusal
from qacrawl.flags import Given, takes
from qacrawl.options import Options
from qacrawl.rebuild import Engine
from qacrawl.redact import AskerNames

if TYPE_CHECKING:
    from qacrawl.ending import Ending

app = typer.Typer(
    name="qacrawl",
    no_args_is_help=True,
    add_completion=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="Doctor Q&A sites as clean, citable Parquet datasets.",
)

Site = Annotated[str, typer.Argument(help="A source, as `qacrawl sites` lists it, or its TOML file.", metavar="SITE")]
PLACE = ("output", "frontier")
GATE = ("gate_rejects", "gate_coverage", "gate_gone", "keep_reserved")
READ = ("read_seconds", "read_megabytes", "keep_own_names", "names_model")
"""Settings that a command takes which opens a site, one that publishes, and one that reads pages."""
Dataset = Annotated[str, typer.Argument(help="A snapshot, or the folder of a site that has published.")]
MovedFile = Annotated[Path, typer.Argument(help="A file of JSON Lines.", metavar="FILE")]


def main() -> None:
    """Entry point of the `qacrawl` script."""
    streams.prepare()
    log.use("text")
    try:
        _run()
    except QacrawlError as error:
        _complain(str(error), error.code)
        raise SystemExit(error.code) from None
    except BrokenPipeError:  # `qacrawl extract ... | head`
        sys.stderr.close()
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # Python writes what it still holds when it ends
        raise SystemExit(Exit.FAILED) from None
    except Exception as error:
        said = refusal(error)
        if said is None:
            raise
        named = isinstance(error, OSError) and error.filename and error.strerror
        _complain(f"{error.filename}: {said}" if named else said)  # type: ignore[attr-defined]
        raise SystemExit(Exit.FAILED) from None
    finally:
        streams.give_up()


def _run() -> None:
    """Do what the command line says. Raise OSError when the result can't be written."""
    try:
        app()
    except SystemExit:
        sys.stdout.flush()
        raise


def _complain(line: str, code: Exit = Exit.FAILED) -> None:
    """Say what is wrong, behind the result in a log that holds both."""
    with suppress(OSError):  # a disk that is full may be what is wrong
        sys.stdout.flush()
    with suppress(OSError):
        log.complain(line, code=int(code))


@app.callback(invoke_without_command=True)
def _version(
    version: Annotated[bool, typer.Option("--version", help="Print the version and end.", is_eager=True)] = False,
) -> None:
    if version:
        print(f"qacrawl {__version__}")
        raise typer.Exit


@app.command()
@takes(*Options.model_fields)
def crawl(site: Site, given: Given) -> None:
    """Fetch what is new or due, politely; go on where a killed run stopped; publish at the end."""
    from qacrawl import sitefile
    from qacrawl.commands.crawl import crawl as run
    from qacrawl.fetch import report

    result = run(site, sitefile.chosen(given.options, site), Console(stderr=True), given.scrapy)
    if not given.options.quiet:
        report.show(result.report, Console())
    _end(result.ending)


def _end(ending: "Ending") -> None:
    """Say the last line, on stdout if all is well; else raise QacrawlError with its exit code."""
    if ending.code != Exit.DONE:
        raise QacrawlError(ending.line, ending.code)
    print(ending.line)
    log.note(ending.line, code=int(ending.code))


@app.command()
@takes("output", *READ)
def extract(
    paths: Annotated[list[str], typer.Argument(help="Saved pages, or WARC files, also on s3://.", metavar="PATH...")],
    given: Given,
    site: Annotated[str, typer.Option(help="Whose pages these are.")] = "doctorqna",
    url: Annotated[str | None, typer.Option(help="Where the one page was.")] = None,
    asker_names: Annotated[AskerNames, typer.Option(help="What becomes of the asker's name.")] = "pseudonym",
    no_redact: Annotated[bool, typer.Option("--no-redact", help="Leave personal data in the texts.")] = False,
    key: Annotated[
        Path | None,
        typer.Option(help="Key with which pseudonyms stay the same; made if it is not there.", metavar="FILE"),
    ] = None,
) -> None:
    """Saved pages and WARC files to JSON Lines: a record, or why it is none, for each page in its order."""
    from qacrawl.commands.extract import dump
    from qacrawl.commands.extract import extract as read
    from qacrawl.commands.reasons import in_words
    from qacrawl.reader.limits import of
    from qacrawl.reader.messages import model
    from qacrawl.redact.record import KEY, read_key

    registry.load_parser(site)
    own = files.folder(given.options.output, site) / KEY  # that of a crawl makes the pseudonyms, if there is one
    secret = read_key(key or own) if key or own.exists() else None
    rejected = 0
    limits = of(given.options)
    texts, own_names = not no_redact, not given.options.keep_own_names
    names = model(given.options) if texts else None
    for answer in read(
        paths, site, url, key=secret, askers=asker_names, texts=texts, own=own_names, limits=limits, names=names
    ):
        print(dump(answer))
        if refusal := answer.get("reject"):
            rejected += 1
            said = f": {refusal['said']}" if "said" in refusal else ""
            _complain(f"{answer['path']}: {in_words(refusal['reason'], refusal['fields'])}{said}")
    if rejected:
        raise typer.Exit(Exit.FAILED)


@app.command()
@takes(*PLACE, *GATE)
def publish(
    sites: Annotated[
        list[str], typer.Argument(help="A source, as `qacrawl sites` lists it, or its TOML file.", metavar="SITE...")
    ],
    given: Given,
    accept: Annotated[str | None, typer.Option(help="Take this snapshot, which was held back.", metavar="ID")] = None,
    parallel: Annotated[
        bool, typer.Option("--parallel", help="Of two sites, a translation and its original: pair what they published.")
    ] = False,
) -> None:
    """Publish what is committed as a snapshot; with --parallel, what two sites have published as one of pairs."""
    if parallel:
        from qacrawl.commands.parallel import publish as pair

        print(pair(sites, given.options))
        return
    if len(sites) != 1:
        raise QacrawlError("publish takes one site; with --parallel two, the translation and the original", Exit.USAGE)
    (site,) = sites
    from qacrawl.ending import of_snapshot
    from qacrawl.publish import snapshot as snapshots
    from qacrawl.publish.committed import publish_site
    from qacrawl.redact.record import check_key
    from qacrawl.workspace import open_site

    with open_site(site, given.options.output, given.options.frontier) as (folder, opened):
        check_key(folder)
        if accept:
            with opened.publishing():
                print(f"{folder / snapshots.POINTER} -> {snapshots.accept(folder, accept).name}")
            return
        snapshot = publish_site(opened, folder, site, given.options)
    _end(of_snapshot(site, given.options.output, snapshot))


@app.command()
@takes(*PLACE, "start_urls", *GATE, *READ)
def rebuild(
    site: Site,
    given: Given,
    processes: Annotated[int | None, typer.Option(help="Processes at work; one a processor.", min=1)] = None,
    engine: Annotated[Engine, typer.Option(help="Who reads: processes of this machine, or a cluster.")] = "pool",
    master: Annotated[
        str | None, typer.Option(help="Of a Spark cluster: spark://host:7077, yarn, ...", metavar="URL")
    ] = None,
    archive: Annotated[
        list[str] | None,
        typer.Option(help="WARC files of anybody: a file, a folder, or s3://bucket/prefix.", metavar="PATH"),
    ] = None,
    only: Annotated[
        list[str] | None,
        typer.Option(help="Stage what this archive file comes to; publish nothing.", metavar="FILE"),
    ] = None,
    compare: Annotated[
        bool, typer.Option("--compare", help="Say what would change against the published snapshot; change nothing.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="The comparison as JSON.")] = False,
    html: Annotated[
        Path | None, typer.Option(help="Also write the comparison to this file, as HTML.", metavar="FILE")
    ] = None,
) -> None:
    """Read the archive again with today's parsers, without the network, and publish."""
    from qacrawl.commands import rebuild as run
    from qacrawl.ending import of_snapshot
    from qacrawl.publish.committed import publish_site
    from qacrawl.redact.record import check_key
    from qacrawl.workspace import open_site

    run.refuse_two(compare=compare, only=only)
    run.refuse_two(archive=archive, only=only)
    run.refuse_without(compare, "--compare", json=as_json, html=html)
    read = run.reading(engine, master, processes, Console(stderr=True))
    place = open_site(site, given.options.output, given.options.frontier, new=bool(archive or only) and not compare)
    with place as (folder, opened), ExitStack() as lock:
        check_key(folder)
        registry.load_parser(site)  # before a process a file
        lock.enter_context(opened.publishing() if only else opened.alone())
        made = (run.only if only else run.stage)(opened, folder, given.options, only or archive or (), read)
        if compare:
            run.show(run.compare(opened, folder, given.options, made), as_json, html)
            return
        if not only:
            run.swap(opened, folder, made)
        for line in run.lines(made):
            print(line)
        if complaint := run.complaint(made):
            _complain(complaint)
        snapshot = None if only else publish_site(opened, folder, site, given.options)
    if not only:
        _end(of_snapshot(site, given.options.output, snapshot))


@app.command()
@takes(*PLACE)
def fixture(
    place: Annotated[str, typer.Argument(help="A page's URL, or FILE#OFFSET in an archive.", metavar="PLACE")],
    given: Given,
    to: Annotated[Path, typer.Option(help="The folder to be made.", metavar="FOLDER")],
    site: Annotated[str, typer.Option(help="Whose page it is.")] = "doctorqna",
) -> None:
    """Save a page of the archive as a fixture: its markup, dates and landmarks, in other words than people's."""
    from qacrawl.commands.fixture import save
    from qacrawl.workspace import open_site

    with open_site(site, given.options.output, given.options.frontier) as (folder, opened), opened.publishing():
        saved = save(opened, folder, place, to)
    print(f"{saved.folder}: {saved.after}")
    if saved.before != saved.after:
        raise QacrawlError(f"in other words it is read otherwise: the page itself is {saved.before}")


@app.command()
@takes(*PLACE)
def forget(
    given: Given,
    urls: Annotated[list[str] | None, typer.Argument(help="Addresses of pages.", metavar="URL...")] = None,
    site: Annotated[str, typer.Option(help="Whose pages these are.")] = "doctorqna",
    asker: Annotated[
        str | None, typer.Option(help="Instead: the pages that somebody of this name asked.", metavar="NAME")
    ] = None,
    yes: Annotated[
        bool, typer.Option("--yes", help="With --asker: take them out; without it, only say which.")
    ] = False,
) -> None:
    """Take pages out of archive, parts and snapshots; they are never fetched again."""
    from qacrawl.forget import asker as askers
    from qacrawl.forget.pages import forget as run
    from qacrawl.words import counted
    from qacrawl.workspace import open_site

    if bool(urls) == (asker is not None):
        raise QacrawlError("forget takes addresses of pages, or --asker NAME", Exit.USAGE)
    with open_site(site, given.options.output, given.options.frontier) as (folder, opened):
        if asker is not None:
            urls = askers.pages(opened, folder, asker)
            for url in urls:
                print(url)
            if not yes or not urls:
                print(f"{counted(len(urls), 'page')} of this asker" + (": --yes takes them out" if urls else ""))
                return
        taken = run(opened, folder, urls or ())
    print(
        f"taken out: {taken.parts:,} records of all versions, {taken.rejects:,} rejects, {taken.quotes:,} quotations "
        f"on other pages, {taken.responses:,} archived responses"
    )
    for old, new in (*taken.snapshots.items(), *taken.pairs.items()):
        print(f"snapshot {old} is now {new}" if new else f"snapshot {old} held nothing else and was removed")
    if taken.damaged:
        _complain(f"{taken.damaged} stretches of the archive can't be read; look there by hand")


@app.command()
def stats(
    dataset: Dataset,
    as_json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
) -> None:
    """Counts and coverage of a dataset."""
    from qacrawl.publish import damage
    from qacrawl.publish.about import stats as counting
    from qacrawl.publish.snapshot import locate

    folder = locate(dataset)
    if not (folder / "data" / "qa").is_dir():
        raise QacrawlError(f"{folder} has pairs, no records; its README.md has the counts", Exit.USAGE)
    with damage.named(damage.tables(folder), damage.MEND):
        found = counting.measure(folder)
    if as_json:
        print(counting.as_json(found))
    else:
        counting.show(found, Console())


@app.command()
@takes(*PLACE)
def status(
    site: Site,
    given: Given,
    as_json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
) -> None:
    """The queue, the last runs, what failed, what was rejected or held back, what is due when."""
    from qacrawl.commands import status
    from qacrawl.frontier.status import status as look
    from qacrawl.workspace import look_at

    with look_at(site, given.options.output, given.options.frontier) as (folder, opened):
        found = look(opened)
        kept = status.look(opened, folder, given.options.output)
    if as_json:
        print(status.as_json(found, kept))
    else:
        status.show(found, kept, Console())


@app.command()
@takes(*PLACE)
def rejects(
    site: Site,
    given: Given,
    run: Annotated[str | None, typer.Option(help="Only those that this run read.", metavar="ID")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="As JSON Lines.")] = False,
) -> None:
    """The articles that became no record, and why: a line each, by the newest reading of each."""
    from qacrawl.commands import rejects
    from qacrawl.publish.rejects import find
    from qacrawl.workspace import look_at

    with look_at(site, given.options.output, given.options.frontier) as (folder, opened):
        found = find(opened, folder, run)
        for line in rejects.as_json(found) if as_json else rejects.as_text(found):
            print(line)


@app.command()
@takes(*PLACE)
def prune(
    site: Site,
    given: Given,
    keep: Annotated[int, typer.Option(help="So many of the newest stay.", metavar="N", min=0)],
    cite: Annotated[
        list[str] | None, typer.Option(help="A snapshot that somebody cites: it stays, now and later.", metavar="ID")
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Remove them; without it, only say which.")] = False,
) -> None:
    """Remove old snapshots: all but the newest, the published one, and those kept by name."""
    from qacrawl.commands import prune
    from qacrawl.publish import snapshot as snapshots
    from qacrawl.workspace import open_site

    opening = open_site(site, given.options.output, given.options.frontier)
    with opening as (folder, opened), opened.publishing(), snapshots.alone(folder):
        if cite:
            prune.cite(folder, cite)
        found = prune.plan(folder, keep)
        if yes:
            prune.remove(folder, found.remove)
    for line in prune.lines(found, yes):
        print(line)


describing = typer.Typer(no_args_is_help=True, help="Describe a site in a TOML file, and try that.")
app.add_typer(describing, name="site")


@describing.command(name="new")
@takes("contact", "delay", "allow_private")
def new_site(
    name: Annotated[str, typer.Argument(help="What the site is to be called.", metavar="NAME")],
    page: Annotated[str, typer.Argument(help="One of its articles: an address, or a saved page.", metavar="PAGE")],
    given: Given,
) -> None:
    """Look at one page of a site and write NAME.toml with what it says, and the page as a first fixture."""
    from qacrawl.commands.site_new import create

    for line in create(name, page, given.options, Console(stderr=True)):
        print(line)


@describing.command(name="check")
@takes("contact", "delay", "allow_private")
def check_site(
    file: Annotated[str, typer.Argument(help="TOML file of a site.", metavar="FILE")],
    given: Given,
    pages: Annotated[int, typer.Option(help="So many pages at most.", metavar="N", min=1, max=1000)] = 5,
) -> None:
    """Fetch a few pages of a site politely; show what is read, followed and skipped. Nothing is published or kept."""
    from qacrawl.commands.site_check import check

    for line in check(file, pages, given.options, Console(stderr=True)):
        print(line)


moving = typer.Typer(no_args_is_help=True, help="Move a frontier from one database to another.")
app.add_typer(moving, name="frontier")


@moving.command(name="export")
@takes(*PLACE)
def export_frontier(site: Site, file: MovedFile, given: Given) -> None:
    """Write a site's frontier to a file of JSON Lines."""
    from qacrawl.frontier.transfer import dump
    from qacrawl.workspace import open_site

    with open_site(site, given.options.output, given.options.frontier) as (_, opened), opened.alone():
        try:
            with file.open("x", encoding="utf-8", newline="\n") as lines:
                _say_moved(dump(opened, lines))
        except OSError as error:
            raise QacrawlError(f"cannot write {file}: {error.strerror}") from None


@moving.command(name="import")
@takes(*PLACE)
def import_frontier(site: Site, file: MovedFile, given: Given) -> None:
    """Read a site's frontier from such a file into a database that does not have the site yet."""
    from qacrawl.frontier.transfer import load
    from qacrawl.workspace import open_site

    place = open_site(site, given.options.output, given.options.frontier, new=True)
    with place as (_, opened), opened.alone():
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
    from qacrawl.escape import line, plain
    from qacrawl.publish import marks
    from qacrawl.publish.about import stats as counting
    from qacrawl.publish.parallel.columns import CONFIG
    from qacrawl.publish.parallel.counts import measure
    from qacrawl.publish.snapshot import locate
    from qacrawl.publish.verify import verify as check
    from qacrawl.words import counted

    folder = locate(dataset)
    problems, name = check(folder), line(folder.name)
    for problem in problems:
        print(problem)
    if held := marks.held(folder.parent.parent, folder.name):
        print(f"{name} is held back, not published: {'; '.join(plain(why, 300) for why in held.why)}")
    if problems:
        raise typer.Exit(Exit.FAILED)
    if (folder / "data" / CONFIG).is_dir():
        print(f"{name}: {counted(measure(folder).pairs, 'pair')}, all in order")
        return
    print(f"{name}: {counted(counting.measure(folder).records, 'record')}, all in order")


@app.command()
def audit(
    dataset: Dataset,
    sample: Annotated[
        int | None, typer.Option(help="Look at so many rows of each table, evenly spread.", metavar="N", min=1)
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="As JSON.")] = False,
) -> None:
    """What is left of personal data in a dataset: kinds, counts and rows; exit code 1 where there is some."""
    from qacrawl.commands import audit
    from qacrawl.publish.snapshot import locate

    folder = locate(dataset)
    found = audit.audit(folder, sample)
    for line in [audit.as_json(found)] if as_json else audit.as_text(found):
        print(line)
    if number := found.counts["left"].total():
        raise QacrawlError(f"{folder.name}: personal data may be left in {number:,} places")


@app.command(name="sites")
def list_sites() -> None:
    """The sites that can be crawled."""
    broken = False
    for slug in registry.names():
        try:
            print(f"{slug}\t{registry.load(slug).TITLE}")
        except QacrawlError as error:
            broken = True
            _complain(str(error))
    if broken:
        raise typer.Exit(Exit.FAILED)


@app.command()
def schema(
    write: Annotated[bool, typer.Option("--write", help="Write the derived files of a checkout.")] = False,
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
@takes("output")
def demo(
    given: Given,
    parallel: Annotated[
        bool, typer.Option("--parallel", help="Also serve the original that the site translates; show both in pairs.")
    ] = False,
    which: Annotated[
        str,
        typer.Option("--site", help="doctorqna, or qapage: a forum with schema.org markup, crawled from a TOML file."),
    ] = "doctorqna",
) -> None:
    """Serve a small Q&A site on loopback, crawl it, publish, and show the result."""
    from qacrawl.demo import run, run_forum, run_parallel

    shown = {"doctorqna": run_parallel if parallel else run, "qapage": run_forum}
    if which not in shown or (parallel and which == "qapage"):
        raise QacrawlError("the demo has two sites, doctorqna and qapage; --parallel is of the first", Exit.USAGE)
    shown[which](Path(given.options.output))


if __name__ == "__main__":
    main()
