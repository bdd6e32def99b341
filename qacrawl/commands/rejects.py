"""`qacrawl rejects`: the articles that became no record, as lines for people or programs."""

import json
from collections.abc import Iterable, Iterator
from typing import Any

from qacrawl.codes import REJECTS
from qacrawl.escape import plain
from qacrawl.words import counted


def as_json(rows: Iterable[dict[str, Any]]) -> Iterator[str]:
    """Yield a line of JSON for each row; times in ISO 8601, UTC."""
    for row in rows:
        yield json.dumps(row, ensure_ascii=False, default=lambda value: value.isoformat())


def as_text(rows: Iterable[dict[str, Any]]) -> Iterator[str]:
    """Yield a line for each row (URL, reason, fields at fault), then what the reasons mean and how many have them."""
    numbers: dict[str, int] = {}
    for row in rows:
        numbers[row["reason"]] = numbers.get(row["reason"], 0) + 1
        yield "\t".join(map(plain, (row["url"], row["reason"], ", ".join(row["fields"])))).rstrip()
    for reason, number in sorted(numbers.items(), key=lambda pair: (-pair[1], pair[0])):
        means = f": {REJECTS[reason]}" if reason in REJECTS else ""
        yield f"{counted(number, 'page')} {plain(reason)}{means}"
    if not numbers:
        yield "no rejects"
