"""croissant.json of a snapshot: its files, tables and columns in Croissant 1.1, for tools that read any dataset.

https://docs.mlcommons.org/croissant/docs/croissant-spec-1.1.html
"""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa
from pydantic import BaseModel

from qacrawl import registry
from qacrawl.publish.about import card, card_texts
from qacrawl.publish.about.background import Background
from qacrawl.publish.about.stats import Stats
from qacrawl.publish.data import configs, files
from qacrawl.records import OtherReply, RelatedFAQ, SimilarQA, UsageSignal
from qacrawl.words import counted as number_of

NAME = "croissant.json"
_SPLIT = rf".*[\\/]({'|'.join(files.SPLITS)})-[^\\/]*$"
"""What the name of a file says of the split of its rows."""

_TYPES = {
    pa.string(): "sc:Text",
    pa.bool_(): "sc:Boolean",
    pa.int16(): "cr:Int16",
    pa.int32(): "cr:Int32",
    pa.int64(): "cr:Int64",
    pa.date32(): "sc:Date",
    configs.TIME: "sc:DateTime",
}
_ITEMS: dict[str, type[BaseModel]] = {
    "similar_qa": SimilarQA,
    "related_faq": RelatedFAQ,
    "other_replies": OtherReply,
    "usage_signals": UsageSignal,
}

# The specification's own context: readers warn of any other.
_CONTEXT: dict[str, Any] = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "cr": "http://mlcommons.org/croissant/",
    "rai": "http://mlcommons.org/croissant/RAI/",
    "dct": "http://purl.org/dc/terms/",
    "sc": "https://schema.org/",
    "conformsTo": "dct:conformsTo",
    "name": {"@container": "@language"},
    "description": {"@container": "@language"},
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "examples": {"@id": "cr:examples", "@type": "@json"},
    **{
        name: f"cr:{name}"
        for name in "arrayShape citeAs column containedIn equivalentProperty extract field fileObject fileProperty "
        "fileSet format includes isArray isLiveDataset jsonPath key md5 parentField path recordSet references regex "
        "repeated replace samplingRate separator source subField transform".split()
    },
}


def croissant(name: str, site: str, counted: Stats, made: Path, background: Background) -> str:
    """Return the metadata of snapshot `name` of `site`, whose data files lie in `made`.

    The same data give the same text.
    """
    there = [config for config in configs.CONFIGS if any((made / "data" / config).glob("*.parquet"))]
    key = {"qa": "record_id"}
    tables = [
        Table(config, configs.CONFIGS[config], configs.ABOUT[config], configs.MEANING[config], key.get(config))
        for config in there
    ]
    return described(_about(name, site, counted, background), tables)


class Table(NamedTuple):
    """A config, as it is described."""

    config: str
    columns: pa.Schema
    about: str
    meaning: Mapping[str, str]
    """What each column means."""
    key: str | None = None
    """The column that no two rows share."""


def described(about: Mapping[str, Any], tables: Sequence[Table]) -> str:
    """Return the metadata of a dataset, of which `about` is said as a whole, with its tables."""
    whole = {
        "@context": _CONTEXT,
        "@type": "sc:Dataset",
        "conformsTo": "http://mlcommons.org/croissant/1.1",
        **about,
        "distribution": [_files(table.config) for table in tables],
        "recordSet": [_record_set(table) for table in tables],
    }
    return json.dumps(whole, indent=2, ensure_ascii=False) + "\n"


def licence(invented: bool) -> str:
    """Return the licence of the texts."""
    if invented:
        return "https://spdx.org/licenses/Apache-2.0"
    return "The texts belong to their authors and to the site that published them; no rights are granted."


CREATOR = {"@type": "sc:Organization", "name": "qacrawl", "description": "The program that collected it."}
COLLECTED = "Fetched page by page, with waits, as far as robots.txt allows; each response archived."


def _about(name: str, site: str, counted: Stats, background: Background) -> dict[str, Any]:
    """Return what is said of the dataset as a whole; dates are those of the data, not of the clock."""
    about = registry.load(site)
    day = counted.last_fetched.date().isoformat()
    url = card.source(about.HOSTS, counted)
    host = url.split("/")[2]
    described = f"Questions to doctors and their replies from {host}: {about.TITLE}."
    if background.invented:
        described = f"{card_texts.INVENTED.replace('`', '')} In the manner of: {about.TITLE}."
    return {
        "name": f"{site}-{name}",
        "description": f"{_reserved(counted)}{described} {number_of(counted.records, 'record')}. "
        "README.md beside this file says what to know before use.",
        "url": url,
        "version": f"1.0.0+{name}",
        "datePublished": day,
        "inLanguage": about.LANG,
        "license": licence(background.invented),
        "keywords": ["medical", "doctor Q&A", "question answering"],
        "creator": CREATOR,
        "isLiveDataset": False,
        "citeAs": f"@misc{{qacrawl-{name}, title = {{{about.TITLE}, snapshot {name}}}, year = {{{day[:4]}}}}}",
        "rai:dataCollection": COLLECTED,
        "rai:dataLimitations": " ".join(card.caveats(site, background.invented)).replace("`", ""),
        "rai:personalSensitiveInformation": "Medical questions. Names of askers are keyed hashes; e-mail addresses, "
        "phone numbers and other contact data that were found are replaced; what the search misses may remain. "
        "Names of doctors stand in clear.",
    }


def _reserved(counted: Stats) -> str:
    """Return what nobody must miss of a dataset that holds what its site reserves."""
    if not counted.reserved:
        return ""
    return card_texts.reserved(counted.reserved).replace("`", "").replace("\n", " ") + " "


def _files(config: str) -> dict[str, Any]:
    return {
        "@type": "cr:FileSet",
        "@id": f"{config}-files",
        "name": f"{config}-files",
        "description": f"The files of {config}.",
        "encodingFormat": "application/x-parquet",
        "includes": f"data/{config}/*.parquet",
    }


def _record_set(table: Table) -> dict[str, Any]:
    """Return one table; its rows also say which split they are in."""
    config = table.config
    split = {
        "@type": "cr:Field",
        "@id": f"{config}/split",
        "name": "split",
        "description": "The split: train, validation or test.",
        "dataType": "sc:Text",
        "source": {
            "fileSet": {"@id": f"{config}-files"},
            "extract": {"fileProperty": "fullpath"},
            "transform": {"regex": _SPLIT},
        },
    }
    return {
        "@type": "cr:RecordSet",
        "@id": config,
        "name": config,
        "description": table.about,
        **({"key": {"@id": f"{config}/{table.key}"}} if table.key else {}),
        "field": [split, *(_field(table, column) for column in table.columns)],
    }


def _field(table: Table, column: pa.Field) -> dict[str, Any]:
    """Return a column.

    A list repeats its field, and the parts of a struct are sub-fields that say where in it they lie.
    """
    config, place = table.config, f"{table.config}/{column.name}"
    repeated = pa.types.is_list(column.type)
    kind = column.type.value_type if repeated else column.type
    field = {
        "@type": "cr:Field",
        "@id": place,
        "name": column.name,
        "description": table.meaning[column.name],
        **({"repeated": True} if repeated else {}),
    }
    if not pa.types.is_struct(kind):
        return field | {"dataType": _TYPES[kind], "source": _source(config, column.name)}
    meaning = _ITEMS[column.name].model_fields
    parts = [
        {
            "@type": "cr:Field",
            "@id": f"{place}/{part.name}",
            "name": part.name,
            "description": meaning[part.name].description,
            "dataType": _TYPES[part.type],
            "source": _source(config, column.name) | {"transform": {"jsonPath": part.name}},
        }
        for part in kind
    ]
    return field | {"subField": parts}


def _source(config: str, column: str) -> dict[str, Any]:
    return {"fileSet": {"@id": f"{config}-files"}, "extract": {"column": column}}
