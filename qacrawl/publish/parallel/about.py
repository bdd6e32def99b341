"""What describes a dataset of pairs: the card that the Hub and `datasets` read, and croissant.json."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from qacrawl import __version__, registry
from qacrawl.publish.about import card, card_texts, croissant
from qacrawl.publish.data.splits import FILE
from qacrawl.publish.parallel import columns
from qacrawl.publish.parallel.agreement import NOTES, REASONS
from qacrawl.publish.parallel.counts import Counts
from qacrawl.records import SCHEMA_VERSION
from qacrawl.words import counted as number_of

_MOST = 30
LOAD = """```python
from datasets import load_dataset

pairs = load_dataset("path/to/{name}", "parallel")
good = pairs.filter(lambda pair: pair["agreement"])
```"""
SPLITS = """Split by a hash of the cluster, 80% / 10% / 10% of the clusters. Pairs whose translations or whose
originals are near-duplicates, equal or follow-ups of each other are one cluster, however many stand between them, and
a cluster lies in one split: {clusters:,} of them. The splits are not those of the two sites' own datasets: do not
train on one and test on the other. A pair that comes later may join two clusters; then the one that was founded later
may move to another split. `splits.json` names the two snapshots that the pairs are of."""
CAVEATS = (
    "Numbers are what both sites have in common: that a pair is one question rests on them, and on what `agreement` "
    "compares. Use the pairs that agree, and look at `reasons` before you use the others.",
    '`translation_sex` is unreliable: the translation says "female" on every page seen. Use `original_sex`.',
    "The translation is a machine's. `notes` says what it is known to have lost; what it got wrong, nothing says.",
    "Replies are general advice without an examination, some of them decades old. They are not medical advice to you.",
)
PRIVACY = """## Privacy

E-mail addresses, phone numbers and Taiwan ID numbers that were found in the texts are replaced by `[email]`, `[phone]`
and `[id]`; what the search misses may remain. Askers' names are left out, names inside texts are not looked for.
Doctors' names stand in clear, as they signed in public. What a pair says of its asker (sex, age, dates, department,
hospital, and the texts) may together single out who asked; `translation_url` and `original_url` lead to the pages,
which show the name. These are people's medical questions: do not try to find out who they are.

To have a page taken out, write to whoever published this copy: `qacrawl forget URL --site SITE` takes it out of its
site's data, and its pair out of this one."""


def texts(name: str, slugs: tuple[str, str], counted: Counts, made: Path, invented: bool, note: str) -> dict[str, str]:
    """Return the texts that describe the pairs in `made`, by the names of their files; `note` ends the card."""
    return {
        card.NAME: _card(name, slugs, counted, made, invented) + note,
        croissant.NAME: _croissant(name, slugs, counted, invented),
    }


def _title(slugs: tuple[str, str], invented: bool) -> str:
    title = f"Questions to doctors, {slugs[0]} beside {slugs[1]}"
    return f"Invented by a demo: {title}" if invented else title


def _card(name: str, slugs: tuple[str, str], counted: Counts, made: Path, invented: bool) -> str:
    title = _title(slugs, invented)
    facts = json.loads((made / FILE).read_text(encoding="utf-8"))
    said = (
        f"{number_of(counted.pairs, 'pair')} of a question and its translation with both replies, asked "
        f"{counted.first_asked or 'unknown'} to {counted.last_asked or 'unknown'}; {counted.agreeing:,} of them agree "
        f"in all that can be compared. This is snapshot `{name}`; it never changes. Made by qacrawl {__version__}; the "
        f"columns are those of schema version {SCHEMA_VERSION}."
    )
    parts = (
        f"---\n{_front_matter(slugs, title, counted.pairs, made, name, invented)}---",
        f"# {title}",
        *([f"> **{card_texts.INVENTED}**"] if invented else []),
        said,
        LOAD.format(name=name),
        "## Where it comes from",
        card.table(("site", "is", "snapshot"), _sources(slugs, facts["sources"])),
        "## What is in it",
        card.table(("config", "rows", "what"), [(f"`{columns.CONFIG}`", f"{counted.pairs:,}", columns.ABOUT)]),
        card.table(("split", "pairs"), ((f"`{key}`", f"{n:,}") for key, n in counted.splits.items())),
        SPLITS.format(clusters=facts["clusters"]),
        "### What speaks against pairs",
        _codes("reason", counted.reasons, REASONS),
        "### What the translation lost",
        _codes("note", counted.notes, NOTES),
        "### Departments",
        card.table(("department", "pairs"), ((key or "(none)", f"{n:,}") for key, n in _first(counted.departments))),
        "## Columns",
        card.table(
            ("column", "type", "meaning"),
            ((f"`{field.name}`", str(field.type), columns.MEANING[field.name]) for field in columns.PAIRS),
        ),
        card_texts.USES,
        "## What to know before use",
        "\n".join(f"- {sentence}" for sentence in CAVEATS),
        PRIVACY,
        card_texts.LICENCE_INVENTED if invented else card_texts.LICENCE,
        _citation(name, title, counted),
    )
    return "\n\n".join(parts) + "\n"


def _front_matter(slugs: tuple[str, str], title: str, pairs: int, made: Path, name: str, invented: bool) -> str:
    """Return the YAML that names languages, licence and files; `datasets` tells snapshots apart by it."""
    languages = "".join(f"- {registry.load(slug).LANG}\n" for slug in slugs)
    return (
        f"pretty_name: {json.dumps(title)}\nlanguage:\n{languages}{card.licence(invented)}\n"
        "task_categories:\n- translation\n- question-answering\n"
        f"tags:\n- medical\n- doctor-qa\n- parallel-corpus\n{'- synthetic' + chr(10) if invented else ''}"
        f"size_categories:\n- {card.size(pairs)}\nconfigs:\n"
        f"{card.config_of(columns.CONFIG, made, name, is_default=True)}\n"
    )


def _sources(slugs: tuple[str, str], sources: dict[str, str]) -> Iterator[tuple[str, str, str]]:
    for slug, side in zip(slugs, columns.SIDES, strict=True):
        yield f"`{slug}`", f"the {side}: {registry.load(slug).TITLE}", f"`{sources[slug]}`"


def _codes(what: str, found: dict[str, int], meaning: dict[str, str]) -> str:
    return card.table((what, "pairs", "means"), ((f"`{key}`", f"{n:,}", meaning[key]) for key, n in found.items()))


def _first(departments: dict[str, int]) -> list[tuple[str, int]]:
    return list(departments.items())[:_MOST]


def _citation(name: str, title: str, counted: Counts) -> str:
    days = f"{counted.first_fetched.date()} to {counted.last_fetched.date()}"
    return (
        f"## Citation\n\n```bibtex\n@misc{{qacrawl-{name},\n  title = {{{title}, snapshot {name}}},\n"
        f"  year = {{{counted.last_fetched.year}}},\n  note = {{{number_of(counted.pairs, 'pair')}, collected with "
        f"qacrawl {__version__}; accessed {days}}}\n}}\n```"
    )


def _croissant(name: str, slugs: tuple[str, str], counted: Counts, invented: bool) -> str:
    title = _title(slugs, invented)
    day = counted.last_fetched.date().isoformat()
    about: dict[str, Any] = {
        "name": f"{'-'.join(slugs)}-{name}",
        "description": f"{title}. {number_of(counted.pairs, 'pair')}. README.md beside this file says what to know "
        "before use.",
        "url": registry.load(slugs[1]).START[0],
        "version": f"1.0.0+{name}",
        "datePublished": day,
        "inLanguage": [registry.load(slug).LANG for slug in slugs],
        "license": croissant.licence(invented),
        "keywords": ["medical", "doctor Q&A", "parallel corpus"],
        "creator": croissant.CREATOR,
        "isLiveDataset": False,
        "citeAs": f"@misc{{qacrawl-{name}, title = {{{title}, snapshot {name}}}, year = {{{day[:4]}}}}}",
        "rai:dataCollection": croissant.COLLECTED,
        "rai:dataLimitations": " ".join(CAVEATS).replace("`", ""),
        "rai:personalSensitiveInformation": "Medical questions. E-mail addresses, phone numbers and ID numbers that "
        "were found are replaced; what the search misses may remain. Names of doctors stand in clear.",
    }
    table = croissant.Table(columns.CONFIG, columns.PAIRS, columns.ABOUT, columns.MEANING, columns.KEY)
    return croissant.described(about, [table])
