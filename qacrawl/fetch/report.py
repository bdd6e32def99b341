"""What a run did, in figures: written to runs/<run_id>.json, and printed for people."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Column, Table
from rich.text import Text

from qacrawl import files
from qacrawl.escape import plain
from qacrawl.fetch.run import Session

WORDS = {
    "record": "records",
    "reject": "rejects",
    "listing": "listings, read for links",
    "gone": "gone (404, 410)",
    "unchanged": "unchanged",
    "failed": "failed",
}


def make(session: Session) -> dict[str, Any]:
    """The figures of a run that has ended; `fetches` is the sum of `outcomes`."""
    finished = datetime.now(UTC)
    settings = session.settings
    return {
        "run_id": session.run_id,
        "site": session.slug,
        "started": session.started.isoformat(),
        "finished": finished.isoformat(),
        "seconds": round((finished - session.started).total_seconds(), 3),
        "reason": session.reason or "finished",
        "problem": session.problem,
        "fetches": session.counts.total(),
        "outcomes": dict(session.counts),
        "rejects": dict(session.reasons["reject"].most_common()),
        "failures": dict(session.reasons["failed"].most_common()),
        "failed": [list(pair) for pair in session.failed],
        "slowest": [list(pair) for pair in session.slowest],
        **{name: session.tally[name] for name in ("requests", "bytes", "retries", "from_archive", "new_urls")},
        **{name: session.tally[name] for name in ("redirect", "forbidden")},
        "start_urls": list(session.start_urls),
        "user_agent": settings["USER_AGENT"],
        "delay": settings["QACRAWL_DELAY"],
        "concurrency": settings["QACRAWL_CONCURRENCY"],
    }


def write(folder: Path, report: Mapping[str, Any]) -> Path:
    """Write a report to `folder`/runs; return its path."""
    path = folder / "runs" / f"{report['run_id']}.json"
    files.write(path, (json.dumps(report, indent=2, ensure_ascii=False) + "\n").encode())
    return path


def counts(report: Mapping[str, Any], title: str = "Pages") -> Table:
    """The outcomes of a run as a table that adds up."""
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
    }
    said = ", ".join(f"{name} {number:,}" for name, number in also.items() if number)
    console.print(Text(f"{said}; {report['seconds']:.1f} s, {rate:.1f} pages/s; ended: {report['reason']}"))
