"""What a run did, in figures: written to runs/<run_id>.json, and printed for people."""

import io
import json
import logging
import time
from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Column, Table
from rich.text import Text

from qacrawl import files
from qacrawl.escape import line, plain
from qacrawl.fetch.run import Run
from qacrawl.publish.snapshot import POINTER, Snapshot
from qacrawl.words import counted

logger = logging.getLogger(__name__)

WORDS = {
    "record": "records",
    "reject": "rejects",
    "listing": "listings, read for links",
    "gone": "gone (404, 410)",
    "unchanged": "unchanged",
    "failed": "failed",
}


def head(run: Run) -> str:
    """Return the line that a run's log begins with."""
    numbers = "articles {}-{} of ".format(*run.options.numbers) if run.options.numbers else ""
    where = f"{numbers}{', '.join(run.start_urls)}"
    return f"{run.started:%Y-%m-%d %H:%M} UTC: run {run.run_id} of {run.slug} begins, with {where}"


def warn(run: Run) -> None:
    """Warn where the site can't reach whoever crawls it; with --allow-private it is somebody's own."""
    if not run.options.contact and not run.options.allow_private:
        logger.warning("no contact is set: give --contact an address of yours, so that the site can reach you")


def make(run: Run) -> dict[str, Any]:
    """Return the figures of a run that has ended; `fetches` is the sum of `outcomes`."""
    finished = datetime.now(UTC)
    tally = run.tally
    return {
        "run_id": run.run_id,
        "site": run.slug,
        "started": run.started.isoformat(),
        "finished": finished.isoformat(),
        "seconds": round(time.monotonic() - run.begun, 3),
        "reason": run.reason or "finished",
        "problem": run.problem,
        "lasting": None,
        "waiting": 0,
        "doubts": [],
        "fetches": tally.outcomes.total(),
        "outcomes": dict(tally.outcomes),
        "changes": {name: tally.numbers[name] for name in ("new", "changed", "gone")}
        | {"rejected": tally.news["reject"]},
        "rejects": dict(tally.reasons["reject"].most_common()),
        "failures": dict(tally.reasons["failed"].most_common()),
        "failed": [list(pair) for pair in tally.failed],
        "slowest": [list(pair) for pair in tally.slowest],
        **{name: tally.numbers[name] for name in ("requests", "bytes", "retries", "from_archive", "new_urls")},
        **{name: tally.numbers[name] for name in ("redirect", "forbidden", "too_far", "moved")},
        "start_urls": list(run.start_urls),
        "user_agent": run.agent,
        "delay": run.options.delay,
        "concurrency": run.options.concurrency,
    }


def published(snapshot: Snapshot | None) -> dict[str, Any]:
    """Return what a report says of the snapshot that ends its run."""
    if snapshot is None:
        return {"snapshot": None, "records": 0, "held_back": None, "withheld": None}
    held = {"snapshot": snapshot.id, "why": list(snapshot.held)} if snapshot.held else None
    withheld = asdict(snapshot.withheld)
    return {"snapshot": snapshot.id or None, "records": snapshot.rows, "held_back": held, "withheld": withheld}


def earlier(run: Run) -> dict[str, Any] | None:
    """Return the report of the last run before `run` that has ended; None where there is none that can be read."""
    for run_id in run.frontier.run_ids():
        try:
            found: dict[str, Any] = json.loads((run.folder / "runs" / f"{run_id}.json").read_bytes())
        except (OSError, ValueError):
            continue
        if run_id != run.run_id:
            return found
    return None


def write(folder: Path, report: Mapping[str, Any]) -> Path:
    """Write a report to `folder`/runs; return its path."""
    path = folder / "runs" / f"{report['run_id']}.json"
    files.write(path, (json.dumps(report, indent=2, ensure_ascii=False) + "\n").encode())
    return path


def places(run: Run, snapshot: Snapshot | None) -> dict[str, str]:
    """Return where to look after a run, by what is there."""
    pages = {"report": str(snapshot.path / "report.html")} if snapshot and snapshot.id else {}
    dataset = run.folder / POINTER
    there = {"dataset": str(dataset)} if dataset.exists() else {}
    return pages | {"run": str(run.folder / "runs" / f"{run.run_id}.json")} | there


def text(report: Mapping[str, Any]) -> str:
    """Return the figures of a run as plain text."""
    said = io.StringIO()
    show(report, Console(file=said, width=100, force_terminal=False))
    return "\n".join(line.rstrip() for line in said.getvalue().splitlines())


def counts(report: Mapping[str, Any], title: str = "Pages") -> Table:
    """Return the outcomes of a run as a table that adds up."""
    table = Table(Column(title), Column("count", justify="right"))
    reasons = {"reject": report["rejects"], "failed": report["failures"]}
    for outcome, count in report["outcomes"].items():
        if count:
            table.add_row(WORDS[outcome], f"{count:,}")
        for reason, number in reasons.get(outcome, {}).items():
            table.add_row(Text(f"  {plain(reason)}"), f"{number:,}", style="dim")
    table.add_section()
    table.add_row("fetched", f"{report['fetches']:,}")
    return table


def show(report: Mapping[str, Any], console: Console) -> None:
    """Print how a run went."""
    console.print(counts(report))
    rate = report["fetches"] / report["seconds"] if report["seconds"] else 0.0
    also = {
        "requests": report["requests"],
        "read from the archive": report["from_archive"],
        "retries": report["retries"],
        "redirects": report["redirect"],
        "forbidden by robots.txt": report["forbidden"],
        "new URLs": report["new_urls"],
        "links left out, for they lie too many hops away": report["too_far"],
        "visits that sitemaps moved": report["moved"],
    }
    said = ", ".join(f"{name} {number:,}" for name, number in also.items() if number)
    changes = ", ".join(f"{number:,} {name}" for name, number in report["changes"].items())
    console.print(Text(f"since the last run: {changes}"))
    ended = plain(report["reason"])
    console.print(Text(f"{said}; {report['seconds']:.1f} s, {rate:.1f} pages/s; ended: {ended}"))
    withheld = report.get("withheld") or {}
    if number := withheld.get("reserved"):
        done = "kept all the same" if withheld["kept"] else "left out"
        console.print(Text(f"reserved by the site, and {done}: {counted(number, 'record')}"))
    if number := withheld.get("unindexed"):
        console.print(Text(f"wanted in no index any more, and left out: {counted(number, 'record')}"))
    for name, path in report.get("files", {}).items():
        console.print(Text(line(f"{name}: {path}")), soft_wrap=True)
