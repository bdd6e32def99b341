"""README.md of a snapshot: the card that the Hub and `datasets.load_dataset` read, written from the data."""

import json
import re
from collections.abc import Iterable, Sequence
from pathlib import Path

import pyarrow.parquet as pq

from qacrawl import __version__, registry, schema
from qacrawl.codes import NOTES, REJECTS
from qacrawl.escape import markdown
from qacrawl.publish.about import card_texts as texts
from qacrawl.publish.about.background import Background
from qacrawl.publish.about.stats import Stats
from qacrawl.publish.data import configs, files, splits
from qacrawl.publish.data.reserved import Withheld
from qacrawl.records import SCHEMA_VERSION
from qacrawl.words import counted as number_of

NAME = "README.md"
_SIZES = "n<1K 1K<n<10K 10K<n<100K 100K<n<1M 1M<n<10M 10M<n<100M 100M<n<1B".split()
"""The Hub's names of sizes; each has a digit more."""
_HOST = re.compile(r"[\w.:-]+", re.ASCII)
_MOST = 30
"""Departments that the card lists."""
_STATES = {
    "gone": "pages that are gone (404, 410): what they said is not in here",
    "failed": "pages that failed on the last visit",
    "forbidden": "pages that robots.txt forbids",
}


def card(name: str, site: str, counted: Stats, made: Path, background: Background) -> str:
    """Return the card of snapshot `name` of `site` whose files lie in `made`."""
    about = registry.load(site)
    front = front_matter(about.TITLE, about.LANG, counted.records, made, name, background.invented)
    parts = (
        f"---\n{front}---",
        *_opening(name, about.TITLE, counted, background),
        texts.LOAD.format(name=name),
        *_contents(counted, made),
        *_notes(counted),
        *_crawl(background),
        "## Columns",
        *(_columns(config) for config in configs.CONFIGS),
        texts.USES,
        "## What to know before use",
        "\n".join(f"- {sentence}" for sentence in caveats(site, background.invented)),
        *_collection(about.TITLE, counted, background),
        _citation(name, about.TITLE, source(about.HOSTS, counted), counted, background),
    )
    return "\n\n".join(parts) + "\n"


def caveats(site: str, invented: bool = False) -> tuple[str, ...]:
    """Return what to know before use, in sentences: of the site's texts, then of all that qacrawl makes."""
    own = (texts.INVENTED,) if invented else getattr(registry.load(site), "CAVEATS", ())
    return (*own, *texts.CAVEATS)


def source(hosts: Sequence[str], counted: Stats) -> str:
    """Return the address of where most pages lay: that of the site, or of a copy as the demo serves one."""
    host = next(iter(counted.hosts))
    return f"{'https' if host in hosts else 'http'}://{host}/"


def front_matter(title: str, lang: str, records: int, made: Path, snapshot: str = "", invented: bool = False) -> str:
    """Return the YAML that names language, licence, and the files of each config and split.

    `datasets` takes two folders of one name for one, and gives the rows of the one that it read first, unless their
    cards tell otherwise: so each config says which snapshot it is of. Nor can it load a table without rows: such a
    config is left out.
    """
    lines = [
        f"pretty_name: {json.dumps(f'Invented by a demo, in the manner of {title}' if invented else title)}",
        f"language:\n- {lang}",
        licence(invented),
        "task_categories:\n- question-answering\n- text-generation",
        f"tags:\n- medical\n- doctor-qa{chr(10) + '- synthetic' if invented else ''}",
        f"size_categories:\n- {size(records)}",
        "configs:",
    ]
    for config in configs.CONFIGS:
        if not has_rows(made / "data" / config) and records:
            continue
        lines.append(config_of(config, made, snapshot, is_default=config == "qa"))
    return "\n".join(lines) + "\n"


def config_of(config: str, made: Path, snapshot: str, *, is_default: bool) -> str:
    """Return the YAML that names the files of a config's splits."""
    lines = [f"- config_name: {config}", *(["  default: true"] if is_default else [])]
    lines += [*([f"  description: snapshot {snapshot}"] if snapshot else []), "  data_files:"]
    for split in splits_of(made / "data" / config):
        lines += [f"  - split: {split}", f"    path: data/{config}/{split}-*.parquet"]
    return "\n".join(lines)


def licence(invented: bool) -> str:
    """Return the YAML that names the licence."""
    return "license: apache-2.0" if invented else "license: other\nlicense_name: texts-belong-to-their-authors"


def size(rows: int) -> str:
    """Return the Hub's name of a size."""
    return _SIZES[max(len(str(rows)) - 3, 0)]


def has_rows(folder: Path) -> bool:
    """Return whether any file in the folder of a config holds a row."""
    return any(pq.read_metadata(path).num_rows for path in folder.glob("*.parquet"))


def _opening(name: str, title: str, counted: Stats, background: Background) -> list[str]:
    """Return what this is, in a few lines; first what nobody must miss."""
    period = f"{counted.first_asked or 'unknown'} to {counted.last_asked or 'unknown'}"
    what = (
        "Invented questions to doctors and replies" if background.invented else "Questions to doctors and their replies"
    )
    lines = [f"# {'Invented by a demo, in the manner of ' if background.invented else ''}{title}"]
    if background.invented:
        lines.append(f"> **{texts.INVENTED}**")
    if counted.reserved:
        said = texts.reserved(counted.reserved).replace("\n", "\n> ")
        lines.append(f"> **{said}**")
    if background.held:
        reasons = "\n".join(f"> - {markdown(why, 300)}" for why in background.held)
        lines.append(f"{texts.HELD}\n>\n{reasons}")
    said = f"{what}: {number_of(counted.records, 'record')}, asked {period}, fetched {_fetched(counted)}."
    made = f"Made by qacrawl {__version__}; the columns are those of schema version {SCHEMA_VERSION}."
    return [*lines, f"{said} This is snapshot `{name}`; it never changes. {made}"]


def _fetched(counted: Stats) -> str:
    return f"{counted.first_fetched.date()} to {counted.last_fetched.date()}"


def _contents(counted: Stats, made: Path) -> list[str]:
    """Return what is in it, in tables."""
    lengths = ((f"`{key}`", *(f"{n:,}" for n in vars(length).values())) for key, length in counted.lengths.items())
    departments = list(counted.departments.items())[:_MOST]
    return [
        "## What is in it",
        table(
            ("config", "rows", "what"),
            ((f"`{key}`", f"{counted.configs[key]:,}", about_it) for key, about_it in configs.ABOUT.items()),
        ),
        table(("split", "records"), ((f"`{key}`", f"{n:,}") for key, n in counted.splits.items())),
        *_missing(counted, made),
        _splits(counted, made),
        "### Coverage",
        table(("field", "says something"), ((f"`{key}`", f"{share:.1%}") for key, share in counted.coverage.items())),
        "### Lengths in characters",
        table(("field", "shortest", "median", "mean", "95 %", "longest"), lengths),
        "### Departments",
        table(("department", "records"), ((markdown(key) or "(none)", f"{n:,}") for key, n in departments)),
        "### Years",
        table(("asked in", "records"), ((key or "(unknown)", f"{n:,}") for key, n in counted.years.items())),
    ]


def _missing(counted: Stats, made: Path) -> Iterable[str]:
    """Yield which configs and splits have no rows, and what that means to those who load them."""
    for config in configs.CONFIGS:
        if not counted.configs[config]:
            yield texts.EMPTY.format(config=config)
            continue
        without = [f"`{split}`" for split in files.SPLITS if split not in splits_of(made / "data" / config)]
        if without:
            yield f"No row of `{config}` is in {' or '.join(without)}: there is no such split of it to load."


def _crawl(background: Background) -> list[str]:
    """Return how complete this is: what became no record, and what was not visited."""
    states, rejects, queued = background.states, background.rejects, background.queued
    if states is None and rejects is None:
        return []
    rows = [("articles that became no record (rejects)", sum(rejects.values()))] if rejects is not None else []
    if states:
        rows += [(what, states.get(state, 0)) for state, what in _STATES.items()]
        rows.append(("addresses that were failing and are left alone", states.get("parked", 0)))
    if background.withheld:
        rows += _withheld(background.withheld)
    if queued is not None:
        rows.append(("addresses found and not visited yet", queued))
    said = [] if queued is None else [texts.PARTIAL if queued else texts.COMPLETE]
    found = [
        "## How complete it is",
        *said,
        table(("when this snapshot was made", "number"), ((a, f"{n:,}") for a, n in rows)),
    ]
    if rejects:
        why = (
            (f"`{markdown(key)}`" if key not in REJECTS else f"`{key}`", f"{n:,}", REJECTS.get(key, ""))
            for key, n in rejects.items()
        )
        found += ["### Rejects by reason", table(("reason", "articles", "means"), why)]
    return found


def _withheld(withheld: Withheld) -> Iterable[tuple[str, int]]:
    """Yield what was left out, or kept, against what the site says of the use of its pages."""
    if withheld.reserved:
        done = "kept all the same" if withheld.kept else "and left out"
        yield f"records of pages whose site lets no model be trained on them, {done}", withheld.reserved
    if withheld.unindexed:
        yield "records of pages whose site wants them in no index any more, and left out", withheld.unindexed


def splits_of(folder: Path) -> list[str]:
    """Return the splits that have files in the folder of a config, train first."""
    found = {files.split_of(path) for path in folder.glob("*.parquet")}
    return [split for split in files.SPLITS if split in found]


def taken_out(old: Path, said: str) -> str:
    """Return the section of the card that says what was taken out of the snapshot `old`, now and before."""
    before = re.search(rf"(?s)\n{texts.TAKEN_OUT}\n\n(- .*)", (old / NAME).read_text(encoding="utf-8"))
    now = f"- {said} Before, this was snapshot `{old.name}`."
    return f"\n{texts.TAKEN_OUT}\n\n{before[1] if before else ''}{now}\n"


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a Markdown table."""
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _columns(config: str) -> str:
    """Return the columns of a config; those that `history` shares with `qa` are not said again."""
    columns, meaning = configs.CONFIGS[config], configs.MEANING[config]
    own = columns if config != "history" else [field for field in columns if field.name not in schema.ARROW.names]
    shared = "" if own is columns else "The columns of `qa` up to `notes`, and:\n\n"
    meaning = meaning | {"notes": "Soft findings, as codes; those of this snapshot are explained above."}
    rows = ((f"`{field.name}`", str(field.type), meaning[field.name]) for field in own)
    return f"### `{config}`\n\n{shared}{table(('column', 'type', 'meaning'), rows)}"


def _notes(counted: Stats) -> list[str]:
    """Return how many records have which note, and what it means; nothing if none has one."""
    rows = [(f"`{key}`", f"{n:,}", NOTES.get(key, "").replace("|", "\\|")) for key, n in counted.notes.items()]
    if not rows:
        return []
    heading = "### Notes: what was found missing, doubtful or taken out"
    return [heading, texts.NOTES, table(("note", "records", "means"), rows)]


def _hosts(counted: Stats) -> str:
    """Return where the pages lay, the places that have most."""
    shown = list(counted.hosts.items())[:_MOST]
    return ", ".join(
        f"{f'`{host}`' if _HOST.fullmatch(host) else markdown(host)} ({number_of(n, 'record')})" for host, n in shown
    )


def _splits(counted: Stats, made: Path) -> str:
    """Return what the splits rest on, and what they spare."""
    facts = json.loads((made / splits.FILE).read_text(encoding="utf-8"))
    shares = " / ".join(f"{share:.0%}" for share in facts["shares"].values())
    return texts.SPLITS.format(
        shares=shares, clusters=counted.clusters, near_duplicates=counted.near_duplicates, **facts["pairs"]
    )


def _collection(title: str, counted: Stats, background: Background) -> list[str]:
    """Return where it comes from, whom it is about, whom to write to, and who has which rights."""
    collected = texts.COLLECTED.format(site=title, hosts=_hosts(counted), fetched=_fetched(counted))
    contact = texts.CONTACT.format(whom=markdown(background.contact)) if background.contact else texts.NO_CONTACT
    licence = texts.LICENCE_INVENTED if background.invented else texts.LICENCE
    return [collected, texts.PRIVACY.format(third=_third(counted)), contact, licence]


def _third(counted: Stats) -> str:
    """Return in how many records a model looked for names of third persons, as an exception."""
    said = [f"{number_of(n, 'record')} by `{name}`" for name, n in counted.models.items() if name]
    return f" (but in {', '.join(said)})" if said else ""


def _citation(name: str, title: str, url: str, counted: Stats, background: Background) -> str:
    """Return an entry for a bibliography: title, source, and the days of access."""
    titled = f"{title}, snapshot {name}"
    if background.invented:
        titled = f"Invented by a demo, in the manner of {titled}"
    address = f"  url = {{{url}}},\n" if _HOST.fullmatch(url.split("/")[2]) else ""
    return (
        f"## Citation\n\n```bibtex\n@misc{{qacrawl-{name},\n  title = {{{titled}}},\n"
        f"  year = {{{counted.last_fetched.year}}},\n{address}"
        f"  note = {{{number_of(counted.records, 'record')}, collected with qacrawl {__version__}; "
        f"accessed {_fetched(counted)}}}\n}}\n```"
    )
