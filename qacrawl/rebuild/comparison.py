"""A comparison shown: as tables for people, as a page of HTML, as JSON."""

import json
from collections.abc import Iterable, Iterator
from itertools import takewhile
from typing import NamedTuple

from rich.console import Console
from rich.table import Table
from rich.text import Text

from qacrawl.escape import plain, visible
from qacrawl.publish.about.report_page import Cell, page, section, table
from qacrawl.rebuild.compare import Comparison, Example, Other
from qacrawl.words import counted

_FOOTER = "Made by qacrawl rebuild --compare, which changes nothing. Texts of people stand in it: do not publish it."
_SHOWN = 100
"""Characters of a value that are shown."""
_LEAD = 20
"""Of those, before the first one that differs."""


class Row(NamedTuple):
    """An example in the words of a table."""

    what: str
    """The field, or "lost" or "won"."""
    record_id: str
    before: str
    after: str


def headline(found: Comparison) -> str:
    """Return the counts in one line."""
    same = found.before - found.changed - found.lost
    return (
        f"{found.snapshot}: {counted(found.before, 'record')}, a rebuild would have {found.after:,}: "
        f"{same:,} the same, {found.changed:,} changed, {found.won:,} won, {found.lost:,} lost"
    )


def as_json(found: Comparison) -> str:
    """Return it as a JSON object, in which a terminal finds nothing to obey."""
    return visible(json.dumps(found.as_dict(), ensure_ascii=False))


def show(found: Comparison, console: Console) -> None:
    """Print the counts, a table of the fields, and one of the examples."""
    console.print(headline(found), markup=False, highlight=False, soft_wrap=True)
    if found.fields:
        fields = Table("Field", "Records")
        for one in found.fields:
            fields.add_row(one.name, f"{one.records:,}")
        console.print(fields)
    rows = list(_rows(found))
    if rows:
        examples = Table("What", "Record", "Published", "Today")
        for row in rows:
            examples.add_row(*(Text(text) for text in row))
        console.print(examples)


def html(found: Comparison) -> str:
    """Return it as a page that needs nothing else and in which nothing runs."""
    facts = {
        "records published": f"{found.before:,}",
        "after a rebuild": f"{found.after:,}",
        "changed": f"{found.changed:,}",
        "won": f"{found.won:,}",
        "lost": f"{found.lost:,}",
    }
    fields = [(Cell(one.name), Cell.number(one.records)) for one in found.fields]
    sections = [section("Fields that read otherwise", table(("field", "records"), fields))] if fields else []
    kinds = ("", "", "long", "long")
    rows = [[Cell(text, 2 * _SHOWN, kind) for text, kind in zip(row, kinds, strict=True)] for row in _rows(found)]
    if rows:
        sections.append(section("Examples", table(("what", "record", "published", "today"), rows), wide=True))
    return page(f"{found.snapshot} against today's parser", facts, sections, _FOOTER)


def _rows(found: Comparison) -> Iterator[Row]:
    """Yield all examples: lost and won records first."""
    yield from (Row("lost", one.record_id, one.url, _why(one)) for one in found.lost_examples)
    yield from (Row("won", one.record_id, "", one.url) for one in found.won_examples)
    for field in found.fields:
        yield from (Row(field.name, one.record_id, *_cut(one)) for one in field.examples)


def _why(lost: Other) -> str:
    """Return why there is no such record today."""
    return f"reject: {lost.reason}" if lost.reason else "the archive has no such page"


def _cut(one: Example) -> Iterable[str]:
    """Return both values on one line each, around the first character that differs."""
    pairs = zip(one.before or "", one.after or "", strict=False)
    begin = max(0, sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs)) - _LEAD)
    for value in (one.before, one.after):
        lead = "..." if begin and value else ""
        yield "null" if value is None else plain(lead + value[begin:], _SHOWN)
