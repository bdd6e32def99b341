"""`qacrawl audit`: what is left of personal data in a published dataset, told by kind, row and shape, never in full."""

import json
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq

from qacrawl.escape import plain as on_one_line
from qacrawl.publish import damage
from qacrawl.redact import loose, people
from qacrawl.redact.spans import Span, plain, without_format
from qacrawl.redact.text import search, suspicious
from qacrawl.words import counted

_PSEUDONYM = re.compile(r"asker-[0-9a-f]{16}")
_SKIPPED = re.compile(
    r"(?:.*[._])?(?:record_id|id|url|run_id|page_sha256|warc_file|parser_version|site|lang|notes|department|follows|"
    r"cluster_id|split)"
)
"""Columns that hold what qacrawl made, and addresses of pages."""
_ROWS = 20
"""Finds that are listed by row, of each kind."""
_SHAPE = 16
"""Characters of a find whose shape is shown."""


class Find(NamedTuple):
    """Something that may be personal data."""

    kind: str
    sure: bool
    """Whether redaction takes it out; else it is only a sign of some."""
    record_id: str
    config: str
    column: str
    shape: str
    """Its letters as "x", its digits as "0", cut."""


class Audit(NamedTuple):
    """What was found in a dataset."""

    rows: int
    """Rows that were looked at."""
    counts: dict[str, Counter[str]]
    """By "left" and "signs": how often each kind was found."""
    finds: list[Find]
    """The first of each kind."""


def audit(folder: Path, sample: int | None = None) -> Audit:
    """Look through the texts of all tables of a dataset; with `sample`, through so many evenly spread rows of each.

    Raise QacrawlError for a table that can't be read.
    """
    rows, finds = 0, []
    counts: dict[str, Counter[str]] = {"left": Counter(), "signs": Counter()}
    with damage.named(damage.tables(folder), damage.MEND):
        for config, row in _rows(folder, sample):
            rows += 1
            for find in _in_row(config, row):
                of_kind = counts["left" if find.sure else "signs"]
                of_kind[find.kind] += 1
                if of_kind[find.kind] <= _ROWS:
                    finds.append(find)
    return Audit(rows, counts, finds)


def _rows(folder: Path, sample: int | None) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the config and the text columns of each row, or of evenly spread ones."""
    for config in sorted(path for path in (folder / "data").iterdir() if path.is_dir()):
        files = [pq.ParquetFile(path) for path in sorted(config.glob("*.parquet"))]
        total = sum(file.metadata.num_rows for file in files)
        step = max(1, total // sample) if sample else 1
        at = 0
        for file in files:
            names = [field.name for field in file.schema_arrow if _is_text(field.type)]
            for batch in file.iter_batches(500, columns=names):
                chosen = [place for place in range(batch.num_rows) if (at + place) % step == 0]
                at += batch.num_rows
                yield from ((config.name, row) for row in batch.take(pa.array(chosen, pa.int64())).to_pylist())
        for file in files:
            file.close()


def _is_text(kind: pa.DataType) -> bool:
    """Return whether a column has texts, also inside lists and structs."""
    if pa.types.is_list(kind):
        return _is_text(kind.value_type)
    return bool(pa.types.is_string(kind) or pa.types.is_struct(kind))


def _texts(value: Any, name: str) -> Iterator[tuple[str, str]]:
    """Yield each text in a value of a column, with its name; inside structs with a dot."""
    if _SKIPPED.fullmatch(name):
        return
    if isinstance(value, str):
        yield name, value
    elif isinstance(value, list):
        for one in value:
            yield from _texts(one, name)
    elif isinstance(value, dict):
        for inner, one in value.items():
            yield from _texts(one, f"{name}.{inner}")


def _in_row(config: str, row: dict[str, Any]) -> Iterator[Find]:
    """Yield what may be left in a row."""
    record = next((str(row[name]) for name in ("record_id", "pair_id") if row.get(name)), "?")
    for name, value in row.items():
        for column, text in _texts(value, name):
            if column.rpartition(".")[2].endswith("asker"):
                if not _PSEUDONYM.fullmatch(text):
                    yield Find("name", True, record, config, column, _shape(text))
                continue
            for kind, sure, some in _in_text(column, text):
                yield Find(kind, sure, record, config, column, _shape(some))


def _in_text(column: str, text: str) -> Iterator[tuple[str, bool, str]]:
    """Yield the kind of what may be left in a text, whether redaction takes it out, and what it is."""
    seen = plain(without_format(text)[0])
    left = search(seen) if suspicious(text) else []
    left += [(start, end, "name") for start, end in _names(column, seen) if "[" not in seen[start:end]]
    yield from ((kind, True, seen[start:end]) for start, end, kind in left)
    for kind, look in loose.FINDERS:
        for start, end in look(seen):
            if not any(first < end and start < last for first, last, _ in left):
                yield kind, False, seen[start:end]


def _names(column: str, text: str) -> Iterator[Span]:
    """Yield the names in introductions, greetings and farewells."""
    yield from people.called(text)
    if column.endswith(("reply", "reply_excerpt")):
        yield from people.greeted(text)
    if column.endswith("question"):
        yield from people.signed(text)


def _shape(text: str) -> str:
    """Return how something is written, without what it says."""
    shape = "".join("0" if char.isdigit() else "x" if char.isalpha() else char for char in text)
    return on_one_line(shape if len(shape) <= _SHAPE else f"{shape[:_SHAPE]}...", 80)


def as_text(audited: Audit) -> Iterator[str]:
    """Yield the lines that tell what was found."""
    yield f"looked through {counted(audited.rows, 'row')}"
    for title, what in (("left", "what redaction takes out"), ("signs", "signs, to be looked at by hand")):
        for kind, number in sorted(audited.counts[title].items()):
            yield f"{kind}\t{number:,}\t{what}"
    for find in audited.finds:
        yield f"{find.kind}\t{find.record_id}\t{find.config}.{find.column}\t{find.shape}"


def as_json(audited: Audit) -> str:
    """Return what was found as JSON."""
    finds = [find._asdict() for find in audited.finds]
    return json.dumps({"rows": audited.rows, **audited.counts, "finds": finds}, ensure_ascii=False)
