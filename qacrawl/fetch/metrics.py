"""Figures of the last run for Prometheus: a file for the textfile collector of its node exporter."""

import json
import logging
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from qacrawl.ending import Ending
from qacrawl.errors import Exit, QacrawlError, refusal
from qacrawl.fetch.notify import went_well
from qacrawl.files import local

logger = logging.getLogger(__name__)

FIGURES = {
    "qacrawl_run_pages": ("fetches", "Pages that the last run fetched."),
    "qacrawl_run_requests": ("requests", "Requests of the last run."),
    "qacrawl_run_bytes": ("bytes", "Bytes of the bodies that the last run received."),
    "qacrawl_run_seconds": ("seconds", "Seconds that the last run took."),
    "qacrawl_run_new_records": ("new", "Pages that were read as records for the first time in the last run."),
    "qacrawl_dataset_records": ("records", "Records of the snapshot that the last run published or held back."),
}
"""Gauges by name: the field of the report, and what it is."""
BY_LABEL = {
    "qacrawl_run_outcomes": ("outcome", "outcomes", "Pages of the last run by what they ended as."),
    "qacrawl_run_rejects": ("reason", "rejects", "Rejects of the last run by reason."),
    "qacrawl_run_failures": ("reason", "failures", "Failed pages of the last run by reason."),
}


def check(path: str | None) -> None:
    """Raise QacrawlError where the library is not installed, or the folder of the file is not there."""
    if path is None:
        return
    try:
        import prometheus_client  # noqa: F401
    except ImportError:
        raise QacrawlError("--metrics needs `pip install 'qacrawl[metrics]'`", Exit.USAGE) from None
    if not Path(path).parent.is_dir() or Path(path).is_dir():
        raise QacrawlError(f"--metrics takes a file in a folder that is there, not {path}", Exit.USAGE)


def try_to_write(path: str, report: Mapping[str, Any], ending: Ending, runs: Path) -> None:
    """Write the figures of a run as `write` does; what the disk refuses is a line in the log."""
    try:
        write(path, report, ending, runs)
    except OSError as error:
        logger.warning("the metrics can't be written to %s: %s", path, refusal(error))


def write(path: str, report: Mapping[str, Any], ending: Ending, runs: Path) -> None:
    """Write the figures of a run to a file, whole or not at all. Raise OSError when the disk refuses.

    `runs` is the folder with the reports of all runs: the last one that went well is looked up there.
    """
    from prometheus_client import CollectorRegistry, Gauge, generate_latest

    registry, site = CollectorRegistry(), report["site"]
    figures = {**report, **report["changes"]}
    for name, (field, words) in FIGURES.items():
        Gauge(name, words, ["site"], registry=registry).labels(site).set(figures.get(field) or 0)
    for name, (label, field, words) in BY_LABEL.items():
        gauge = Gauge(name, words, ["site", label], registry=registry)
        for value, number in report[field].items():
            gauge.labels(site, value).set(number)
    code = Gauge("qacrawl_run_exit_code", "Exit code of the last run.", ["site"], registry=registry)
    code.labels(site).set(ending.code)
    at = Gauge("qacrawl_last_run_timestamp_seconds", "When the last run ended.", ["site"], registry=registry)
    at.labels(site).set(_seconds(report))
    good = Gauge(
        "qacrawl_last_success_timestamp_seconds",
        "When the last run ended that went well; 0: none did.",
        ["site"],
        registry=registry,
    )
    good.labels(site).set(_last_success(report, ending, runs))
    local.write(Path(path), generate_latest(registry))


def _last_success(report: Mapping[str, Any], ending: Ending, runs: Path) -> float:
    if ending.code == Exit.DONE:
        return _seconds(report)
    for path in sorted(runs.glob("*.json"), reverse=True):
        try:
            earlier = json.loads(path.read_bytes())
            if earlier["run_id"] != report["run_id"] and went_well(earlier):
                return _seconds(earlier)
        except (OSError, ValueError, KeyError):
            continue
    return 0.0


def _seconds(report: Mapping[str, Any]) -> float:
    return datetime.fromisoformat(report["finished"]).timestamp()
