"""The files derived from the models: `schemas/*.json` and `docs/fields.md` from the record, `docs/settings.md` from the
settings; `qacrawl schema --write` writes them.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
from pydantic import BaseModel

from qacrawl import options, schema
from qacrawl.publish.data import configs
from qacrawl.publish.parallel import columns as pairs
from qacrawl.records import SCHEMA_VERSION, OtherReply, QARecord, Reject, RelatedFAQ, SimilarQA

_TABLES: dict[str, type[BaseModel]] = {
    "## Records": QARecord,
    "### Each of `similar_qa`": SimilarQA,
    "### Each of `related_faq`": RelatedFAQ,
    "### Each of `other_replies`": OtherReply,
    "## Rejects": Reject,
}
_WITH_RECORD = ("qa", "history")
"""Configs that have all columns of a record."""
_REJECTS = "Not part of a dataset: the files in `rejects/` beside it, which `qacrawl rejects` lists."
_HEAD = f"""# The columns

<!-- Written by `qacrawl schema --write` from qacrawl/records.py and qacrawl/publish/data/configs.py; do not edit. -->

Schema version {SCHEMA_VERSION}. Text keeps its lines (one newline) and paragraphs (two), is NFC and has no trailing
spaces. What a page does not say is null, never "". A dataset has four configs: `qa`, `similar`, `faq` and `history`.
"""
_SETTINGS = """# The settings

<!-- Written by `qacrawl schema --write` from qacrawl/options.py; do not edit. -->

Each setting can be given in three ways; the first that is there counts:

1. an option of the command: `qacrawl crawl SITE --delay 3`;
2. by its name: `--set QACRAWL_DELAY=3`, or `scrapy crawl SITE -s QACRAWL_DELAY=3`;
3. a variable of the environment: `QACRAWL_DELAY=3`. An empty one counts as none.

A wrong value, or a name that begins with `QACRAWL_` and is none of these, ends the command with exit code 2 before
anything is done. `--set` also takes the settings of Scrapy (https://docs.scrapy.org/en/latest/topics/settings.html);
where the project differs from it, `qacrawl/settings.py` says why. With `scrapy crawl`, `-a numbers=A-B` and
`-a start_url=URL` choose pages as the options do.
"""


def write(root: Path) -> list[Path]:
    """Write the derived files below `root`; return their paths."""
    paths = []
    for name, text in files().items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        paths.append(path)
    return paths


def files() -> dict[str, str]:
    """Return the text of each derived file, by its path in the repository."""
    return {
        "schemas/qa_record.schema.json": _dump(schema.json_schema()),
        "schemas/qa_record.arrow.json": _dump(describe(schema.ARROW)),
        "docs/fields.md": "\n".join([_HEAD, *_tables()]),
        "docs/settings.md": "\n".join([_SETTINGS, *_settings(), ""]),
    }


def describe(arrow: pa.Schema) -> dict[str, Any]:
    """Return an Arrow schema as plain values."""
    return {"schema_version": int(arrow.metadata[schema.VERSION_KEY]), "fields": [_plain(field) for field in arrow]}


def _plain(field: pa.Field) -> dict[str, Any]:
    """Return one field and those inside it as plain values."""
    plain = {"name": field.name, "type": str(field.type), "nullable": field.nullable}
    if pa.types.is_list(field.type):
        return plain | {"type": "list", "fields": [_plain(field.type.value_field)]}
    if pa.types.is_struct(field.type):
        return plain | {"type": "struct", "fields": [_plain(child) for child in field.type]}
    return plain


def _dump(value: object) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False) + "\n"


def _tables() -> Iterator[str]:
    """Yield the lines of docs/fields.md that say what each column means."""
    models = list(_TABLES.items())
    for heading, model in models[:-1]:
        yield from _table(heading, "", schema.arrow_schema(model), _meanings(model))
    for config, columns in configs.CONFIGS.items():
        more = [field for field in columns if config not in _WITH_RECORD or field.name not in schema.ARROW.names]
        about = configs.ABOUT[config]
        said = f"{about[0].upper()}{about[1:]}."
        if config in _WITH_RECORD:
            said += " The columns of a record, all those above under Records, and:"
        yield from _table(f"## Config `{config}`", said, more, configs.MEANING[config])
    said = f"{pairs.ABOUT[0].upper()}{pairs.ABOUT[1:]}. Of a dataset of its own: `qacrawl publish --parallel`."
    yield from _table(f"## Config `{pairs.CONFIG}`", said, pairs.PAIRS, pairs.MEANING)
    for heading, model in models[-1:]:
        yield from _table(heading, _REJECTS, schema.arrow_schema(model), _meanings(model))


def _meanings(model: type[BaseModel]) -> dict[str, str]:
    return {name: field.description or "" for name, field in model.model_fields.items()}


def _table(heading: str, said: str, columns: Iterable[pa.Field], meanings: Mapping[str, str]) -> Iterator[str]:
    """Yield the lines of a table of columns below its heading."""
    yield from (heading, "", *([said, ""] if said else []))
    yield from ("| column | type | null | meaning |", "|---|---|---|---|")
    for field in columns:
        meaning = meanings[field.name].replace("|", "\\|")
        yield f"| `{field.name}` | {_kind(field.type)} | {'yes' if field.nullable else 'no'} | {meaning} |"
    yield ""


def _settings() -> Iterator[str]:
    """Yield the lines of docs/settings.md that say what each setting means."""
    yield from ("| option | setting | takes | default | meaning |", "|---|---|---|---|---|")
    for name, field in options.NAMES.items():
        meaning = options.Options.model_fields[field].description
        default = f"`{given}`" if (given := options.default(field)) else ""
        yield f"| `{options.flag(field)}` | `{name}` | {options.allowed(field)} | {default} | {meaning} |"
    yield from ("", "Variables of the environment that are no settings:", "", "| variable | meaning |", "|---|---|")
    yield from (f"| `{name}` | {meaning} |" for name, meaning in options.VARIABLES.items())


def _kind(kind: pa.DataType) -> str:
    """Return the name of an Arrow type, short for lists."""
    if not pa.types.is_list(kind):
        return str(kind)
    return f"list of {'struct' if pa.types.is_struct(kind.value_type) else kind.value_type}"
