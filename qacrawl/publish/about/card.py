"""README.md of a snapshot: the card that the Hub and `datasets.load_dataset` read, written from the data."""

import json
import re
from collections.abc import Iterable, Sequence
from pathlib import Path

from qacrawl import registry, schema
from qacrawl.escape import markdown
from qacrawl.publish.about.stats import Stats
from qacrawl.publish.data import configs, files, splits

_SIZES = "n<1K 1K<n<10K 10K<n<100K 100K<n<1M 1M<n<10M 10M<n<100M 100M<n<1B".split()
"""The Hub's names of sizes; each has a digit more."""
_HOST = re.compile(r"[\w.:-]+", re.ASCII)
_MOST = 30
"""Departments that the card lists."""


def card(name: str, site: str, counted: Stats, made: Path) -> str:
    """The card of snapshot `name` of `site` whose files lie in `made`."""
    about = registry.load(site)
    period = f"{counted.first_asked or 'unknown'} to {counted.last_asked or 'unknown'}"
    fetched = f"{counted.first_fetched.date()} to {counted.last_fetched.date()}"
    parts = (
        f"---\n{front_matter(about.TITLE, about.LANG, counted.records, made)}---",
        f"# {about.TITLE}",
        f"Questions to doctors and their replies: {counted.records:,} records, asked {period}, fetched {fetched}. "
        f"This is snapshot `{name}`; it never changes.",
        _LOAD.format(name=name),
        "## What is in it",
        _table(
            ("config", "rows", "what"),
            ((f"`{key}`", f"{counted.configs[key]:,}", about_it) for key, about_it in configs.ABOUT.items()),
        ),
        _table(("split", "records"), ((f"`{key}`", f"{n:,}") for key, n in counted.splits.items())),
        _splits(counted, made),
        "### Coverage",
        _table(("field", "says something"), ((f"`{key}`", f"{share:.1%}") for key, share in counted.coverage.items())),
        "### Lengths in characters",
        _table(
            ("field", "shortest", "median", "mean", "95 %", "longest"),
            ((f"`{key}`", *(f"{n:,}" for n in vars(length).values())) for key, length in counted.lengths.items()),
        ),
        "### Departments",
        _table(
            ("department", "records"),
            ((markdown(key) or "(none)", f"{n:,}") for key, n in list(counted.departments.items())[:_MOST]),
        ),
        "### Years",
        _table(("asked in", "records"), ((key or "(unknown)", f"{n:,}") for key, n in counted.years.items())),
        *_notes(counted),
        "## Columns",
        *(_columns(config) for config in configs.CONFIGS),
        "## What to know before use",
        "\n".join(f"- {sentence}" for sentence in caveats(site)),
        _TEXTS.format(site=about.TITLE, hosts=_hosts(counted), fetched=fetched),
        _citation(name, about.TITLE, counted),
    )
    return "\n\n".join(parts) + "\n"


def caveats(site: str) -> tuple[str, ...]:
    """What to know before use, in sentences: of the site's texts, then of all that qacrawl makes."""
    return (*getattr(registry.load(site), "CAVEATS", ()), *_CAVEATS)


def front_matter(title: str, lang: str, records: int, made: Path) -> str:
    """The YAML that names language, licence, and the files of each config and split."""
    lines = [
        f"pretty_name: {json.dumps(title)}",
        f"language:\n- {lang}",
        "license: other",
        "license_name: texts-belong-to-their-authors",
        "task_categories:\n- question-answering\n- text-generation",
        "tags:\n- medical\n- doctor-qa",
        f"size_categories:\n- {_SIZES[max(len(str(records)) - 3, 0)]}",
        "configs:",
    ]
    for config in configs.CONFIGS:
        lines += [f"- config_name: {config}", *(["  default: true"] if config == "qa" else []), "  data_files:"]
        for split in splits_of(made / "data" / config):
            lines += [f"  - split: {split}", f"    path: data/{config}/{split}-*.parquet"]
    return "\n".join(lines) + "\n"


def splits_of(folder: Path) -> list[str]:
    """The splits that have files in the folder of a config, train first."""
    found = {files.split_of(path) for path in folder.glob("*.parquet")}
    return [split for split in files.SPLITS if split in found]


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A Markdown table."""
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _columns(config: str) -> str:
    """The columns of a config; those that `history` shares with `qa` are not said again."""
    columns, meaning = configs.CONFIGS[config], configs.MEANING[config]
    own = columns if config != "history" else [field for field in columns if field.name not in schema.ARROW.names]
    shared = "" if own is columns else "The columns of `qa` up to `notes`, and:\n\n"
    rows = ((f"`{field.name}`", str(field.type), meaning[field.name]) for field in own)
    return f"### `{config}`\n\n{shared}{_table(('column', 'type', 'meaning'), rows)}"


def _notes(counted: Stats) -> list[str]:
    """How many records have which note, if any has one."""
    rows = [(f"`{key}`", f"{n:,}") for key, n in counted.notes.items()]
    return (
        ["### Notes: what was found missing, doubtful or taken out", _table(("note", "records"), rows)] if rows else []
    )


def _hosts(counted: Stats) -> str:
    """Where the pages lay, the places that have most."""
    shown = list(counted.hosts.items())[:_MOST]
    return ", ".join(f"{f'`{host}`' if _HOST.fullmatch(host) else markdown(host)} ({n:,} records)" for host, n in shown)


def _splits(counted: Stats, made: Path) -> str:
    """What the splits rest on, and what they spare."""
    facts = json.loads((made / splits.FILE).read_text(encoding="utf-8"))
    shares = " / ".join(f"{share:.0%}" for share in facts["shares"].values())
    return _SPLITS.format(
        shares=shares, clusters=counted.clusters, near_duplicates=counted.near_duplicates, **facts["pairs"]
    )


_SPLITS = """Split by a hash of the cluster, {shares} of the clusters. Near-duplicates, equal questions (also one
question under two numbers) and follow-ups that name another number are one cluster, and a cluster lies in one split:
{clusters:,} clusters; {near_duplicates:,} records ask what an earlier one asked, or nearly that. A record keeps its
cluster and its split in later snapshots, so two old clusters stay apart when a later record is linked with both: of
{linked:,} linked pairs, {torn:,} lie in different splits. A random split of the records in the same shares would tear
{torn_at_random:,} apart. `splits.json` has these numbers."""

_LOAD = """```python
from datasets import load_dataset

qa = load_dataset("path/to/{name}", "qa")
```"""

_CAVEATS = (
    "What a page does not say is null; `notes` names what was found missing, doubtful or taken out of a record.",
    "The splits follow clusters, not time: to test models that may have read the site, split by `reply_date`.",
)

_TEXTS = """## How it was collected

Source: {site}; pages of {hosts}, fetched {fetched} by qacrawl. It obeys robots.txt (RFC 9309) with its delays, asks one
page at a time unless told otherwise, and calls itself "qacrawl" with its version and a contact address in the user
agent. Each response is archived as WARC before it is read; `warc_file` and `warc_offset` say where a record's page
lies there, `page_sha256` which bytes they were and `parser_version` what read them.

## Privacy

Askers' names are replaced by keyed hashes, whose key is not published. E-mail addresses, phone numbers and Taiwan ID
numbers that were found in the texts are replaced by `[email]`, `[phone]` and `[id]`; what the search misses may remain.
Names inside texts are not looked for: a reply may greet its asker by the name that the asker chose.
These are people's medical questions: do not try to find out who they are.

To have a page taken out, write to whoever published this copy: `qacrawl forget URL` takes it out of data and archive
and makes sure that it is never fetched again.

## Licence

The texts belong to their authors and to the site that published them; nothing here grants rights in them. The code
that made this dataset, qacrawl, is licensed under Apache-2.0."""


def _citation(name: str, title: str, counted: Stats) -> str:
    return f"""## Citation

```bibtex
@misc{{qacrawl-{name},
  title = {{{title}, snapshot {name}}},
  year = {{{counted.last_fetched.year}}},
  note = {{{counted.records} records, collected with qacrawl}}
}}
```"""
