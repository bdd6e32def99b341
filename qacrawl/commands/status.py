"""Shows how a site stands: the queue, the last runs, what failed; as tables or as JSON."""

import json
from dataclasses import asdict
from datetime import datetime

from rich.console import Console
from rich.table import Column, Table
from rich.text import Text

from qacrawl.escape import plain
from qacrawl.frontier.status import Status

DAYS = 7
"""Days of the queue that the table shows; JSON has them all."""


def as_json(found: Status) -> str:
    """The status as JSON; times in ISO 8601, UTC."""
    values = asdict(found) | {
        "counts": [count._asdict() for count in found.counts],
        "due_later": {day.isoformat(): number for day, number in found.due_later.items()},
        "runs": [run._asdict() for run in found.runs],
        "troubles": [trouble._asdict() for trouble in found.troubles],
    }
    return json.dumps(values, indent=2, ensure_ascii=False, default=str)


def show(found: Status, console: Console) -> None:
    """Print the status as tables. URLs come from pages: nothing in them is markup."""
    queue = Table("URLs", "state", _right("number"), title=Text(f"{found.site}, {_minute(found.at)} UTC"))
    for count in found.counts:
        queue.add_row(count.kind, count.state, f"{count.number:,}")
    console.print(queue)
    due = Table("due", _right("URLs"))
    due.add_row("now", f"{found.due_now:,}")
    for day, number in sorted(found.due_later.items())[:DAYS]:
        due.add_row(f"{day}", f"{number:,}")
    console.print(due)
    runs = Table(
        Column("run", overflow="fold"), "started", "ended", _right("fetches"), _right("records"), _right("failed")
    )
    for run in found.runs:
        ended = run.reason or "still going on, or killed"
        numbers = (run.fetches, run.outcomes.get("record", 0), run.outcomes.get("failed", 0))
        runs.add_row(run.run_id, _minute(run.started), ended, *(f"{number:,}" for number in numbers))
    console.print(runs)
    if found.troubles:
        troubles = Table("failed or parked", "why", _right("times"), "next due")
        for trouble in found.troubles:
            due_at = _minute(trouble.next_due) if trouble.next_due else "parked until --full"
            troubles.add_row(Text(plain(trouble.url)), trouble.reason or "", f"{trouble.failures}", due_at)
        console.print(troubles)


def _minute(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M}"


def _right(name: str) -> Column:
    return Column(name, justify="right")
