"""Runs real crawls, as processes of their own, and reads what they left."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from qacrawl import schema
from qacrawl.frontier import open_frontier

HERE = Path(__file__).parent
# Retries without much waiting; batches small enough that a run has several.
QUICK = {"QACRAWL_RETRY_PAUSE": "0.05", "QACRAWL_PART_RECORDS": "20", "QACRAWL_PART_SECONDS": "0.5"}
# Where a record comes from, which differs from run to run.
PROVENANCE = {"fetched_at", "run_id", "page_sha256", "warc_file", "warc_offset"}

started: list[subprocess.Popen[str]] = []
"""Processes of the current test."""


@dataclass
class Done:
    """A command that has ended."""

    code: int
    out: str
    err: str


def command(url: str, output: Path | str, *options: str, settings: Mapping[str, str] = QUICK) -> list[str]:
    """The command line of a crawl of the site at `url`, without delay unless `options` have one."""
    options = options if "--delay" in options else (*options, "--delay", "0")
    more = [part for name, value in settings.items() for part in ("--set", f"{name}={value}")]
    return ["crawl", "doctorqna", "--start-url", url, "--output", str(output), "--allow-private", *options, *more]


def program(arguments: Sequence[str], die: str = "") -> list[str]:
    """The whole command line of `qacrawl` with arguments."""
    module = [str(HERE / "dying.py"), die] if die else ["-m", "qacrawl"]
    return [sys.executable, "-X", "faulthandler", *module, *arguments]


def start(arguments: Sequence[str], die: str = "", env: Mapping[str, str] | None = None) -> subprocess.Popen[str]:
    """Start `qacrawl` with arguments; with `die`, it is killed where tests/support/dying.py says."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("QACRAWL_")}
    process = subprocess.Popen(
        program(arguments, die),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=clean | {"QACRAWL_CHARTS": "0"} | dict(env or {}),
        start_new_session=True,
    )
    started.append(process)
    return process


def end_started() -> None:
    """Kill what a test that failed or ran out of time left running: it would take the machine from the others."""
    while started:
        with started.pop() as process:  # which waits for it and closes its pipes
            process.kill()  # nothing happens to one that has ended


def finish(process: subprocess.Popen[str], timeout: float = 120) -> Done:
    """Wait for the end of a process."""
    try:
        out, err = process.communicate(timeout=timeout)
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGABRT)  # faulthandler says where it hangs
        out, err = process.communicate()
        raise AssertionError(f"did not end in {timeout} s:\n{err[-5000:]}") from None
    return Done(process.returncode, out, err)


def crawl(
    url: str,
    output: Path | str,
    *options: str,
    settings: Mapping[str, str] | None = None,
    die: str = "",
    env: Mapping[str, str] | None = None,
) -> Done:
    """Crawl the site at `url` into `output`; see `command`."""
    return finish(start(command(url, output, *options, settings=QUICK | dict(settings or {})), die, env))


def qacrawl(*arguments: str, env: Mapping[str, str] | None = None) -> Done:
    """Run any command."""
    return finish(start(arguments, env=env))


def kill_after(process: subprocess.Popen[str], seconds: float) -> bool:
    """Kill a process -9 after some time; False when it had ended by itself."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline and process.poll() is None:
        time.sleep(0.005)
    alive = process.poll() is None
    process.kill()
    process.communicate()
    return alive


def children(pid: int) -> list[int]:
    """The processes that a process has started and that go on; on Linux."""
    return [int(one) for one in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def records(output: Path, site: str = "doctorqna") -> list[dict[str, Any]]:
    """The rows of the published dataset, all splits, sorted by record_id."""
    rows = pq.read_table(output / site / "dataset" / "data" / "qa").select(schema.ARROW.names).to_pylist()
    return sorted(rows, key=lambda row: str(row["record_id"]))


def contents(output: Path) -> list[dict[str, Any]]:
    """The published rows without where they come from: equal for equal pages."""
    return [{name: value for name, value in row.items() if name not in PROVENANCE} for row in records(output)]


def parts(output: Path, kind: str = "parts") -> list[dict[str, Any]]:
    """The rows of all parts on disk."""
    return [row for path in (output / "doctorqna" / kind).glob("*") for row in pq.read_table(path).to_pylist()]


def reports(output: Path) -> list[dict[str, Any]]:
    """The reports of all runs, the oldest first."""
    return [json.loads(path.read_text()) for path in sorted((output / "doctorqna" / "runs").glob("*.json"))]


def rows(output: Path, address: str | None = None) -> dict[str, dict[str, Any]]:
    """What the frontier knows of each URL, by its path."""
    from sqlalchemy import select

    from qacrawl.frontier.tables import urls

    folder = output / "doctorqna"
    with open_frontier(address, "doctorqna", folder) as frontier, closing(frontier.engine.connect()) as db:
        found = db.execute(select(urls).where(urls.c.site == "doctorqna"))
        return {"/" + row.url.split("/", 3)[3]: dict(row._mapping) for row in found}
