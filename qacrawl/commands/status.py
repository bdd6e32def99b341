"""Shows how a site stands: the queue, the last runs, what failed; as tables or as JSON."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

from rich.console import Console
from rich.table import Column, Table
from rich.text import Text

from qacrawl import files
from qacrawl.escape import line, plain
from qacrawl.frontier import Frontier
from qacrawl.frontier.status import Status, rejected
from qacrawl.publish import committed, marks, rejects
from qacrawl.publish.data.reserved import Withheld
from qacrawl.publish.marks import Held

HELD = 5
"""Snapshots held back that are shown; JSON has them all, also those that a later one has superseded."""
DAYS = 7
"""Days of the queue that the table shows; JSON has them all."""


@dataclass(frozen=True)
class Kept:
    """What a site's files say beside its frontier."""

    rejects: Mapping[str, int]
    """Articles whose newest reading is a reject, by the reason; where a bucket has the parts, whose last visit was."""
    held: Sequence[Held]
    """Snapshots that are held back, the last first."""
    output: str
    withheld: Withheld | None = None
    """Records that the site reserves; None where a bucket has the parts."""


def look(frontier: Frontier, folder: Path, output: str) -> Kept:
    """Return what the files in a site's folder say; `output` is what the user named, for commands to give."""
    if files.is_copy(folder):
        return Kept(rejected(frontier), marks.candidates(folder), output)
    known = rejects.by_reason(frontier, folder)
    withheld = committed.count_reserved(frontier, folder, noindex="noindex" in known)
    return Kept(known, marks.candidates(folder), output, withheld)


def as_json(found: Status, kept: Kept) -> str:
    """Return the status as JSON; times in ISO 8601, UTC."""
    values = asdict(found) | {
        "counts": [count._asdict() for count in found.counts],
        "due_later": {day.isoformat(): number for day, number in found.due_later.items()},
        "runs": [run._asdict() for run in found.runs],
        "troubles": [trouble._asdict() for trouble in found.troubles],
        "rejects": dict(kept.rejects),
        "reserved": kept.withheld.reserved if kept.withheld else None,
        "unindexed": kept.withheld.unindexed if kept.withheld else None,
        "held_back": [
            asdict(held) | {"accept": marks.accept_command(found.site, kept.output, held.snapshot)}
            for held in kept.held
        ],
    }
    return json.dumps(values, indent=2, ensure_ascii=False, default=str)


def show(found: Status, kept: Kept, console: Console) -> None:
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
            troubles.add_row(Text(plain(trouble.url)), Text(plain(trouble.reason or "")), f"{trouble.failures}", due_at)
        console.print(troubles)
    if kept.rejects:
        refused = Table("rejects: why", _right("articles"))
        for reason, number in kept.rejects.items():
            refused.add_row(Text(plain(reason)), f"{number:,}")
        console.print(refused)
    if kept.withheld and (kept.withheld.reserved or kept.withheld.unindexed):
        reserved = Table("left out, as the site wants it", _right("records"))
        reserved.add_row("no training on it", f"{kept.withheld.reserved:,}")
        reserved.add_row("in no index", f"{kept.withheld.unindexed:,}")
        console.print(reserved)
    for held in [held for held in kept.held if not held.superseded][:HELD]:
        _show_held(held, found.site, kept.output, console)


def _show_held(held: Held, site: str, output: str, console: Console) -> None:
    """Print why a snapshot is held back, and how it is taken."""
    console.print(Text(f"held back: snapshot {line(held.snapshot)}, {held.at}", style="bold"), soft_wrap=True)
    for why in held.why:
        console.print(Text(f"  {plain(why, 300)}"), soft_wrap=True)
    accept = line(marks.accept_command(site, output, held.snapshot))
    console.print(Text(f"  If it is right: {accept}"), soft_wrap=True)


def _minute(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M}"


def _right(name: str) -> Column:
    return Column(name, justify="right")
