"""Runs that can't even begin: told like failures, and remembered, so that the next good run is told as well.

They have no report: what one needs, the database or the lock, may be what is missing. A file beside the site's folder
says that there was one.
"""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from qacrawl import files, registry
from qacrawl.ending import Ending
from qacrawl.errors import Exit, QacrawlError, refusal
from qacrawl.fetch import metrics, notify
from qacrawl.options import Options

NAME = ".{site}.refused"
"""File in the folder of all sites."""


@contextmanager
def told(options: Options, site: str) -> Iterator[None]:
    """Tell of a run of `site` that fails inside as of one that failed, whatever it was."""
    try:
        yield
    except Exception as error:
        known = str(error) if isinstance(error, QacrawlError) else refusal(error) or repr(error)
        _tell(options, site, Ending(error.code if isinstance(error, QacrawlError) else Exit.FAILED, known))
        raise


def _tell(options: Options, site: str, ending: Ending) -> None:
    if not registry.is_known(site):  # a slip of the pen
        return
    with suppress(OSError, QacrawlError):
        path = _path(options, site)
        if path.parent.is_dir():
            path.write_text(f"{ending.line}\n", encoding="utf-8")
    with suppress(QacrawlError):
        notify.check(options.notify)
        notify.tell(options, site, ending, was_bad=True)
    with suppress(QacrawlError):
        metrics.check(options.metrics)
        if options.metrics:
            runs = files.folder(options.output, site) / "runs"
            metrics.try_to_write(options.metrics, _report(site), ending, runs)


def forget(options: Options, site: str) -> bool:
    """Note that a run has begun; return whether the one before it could not."""
    path = _path(options, site)
    there = path.exists()
    with suppress(OSError):
        path.unlink(missing_ok=True)
    return there


def _path(options: Options, site: str) -> Path:
    return files.folder(options.output, site).parent / NAME.format(site=site)


def _report(site: str) -> dict[str, Any]:
    """Return the figures of a run that fetched nothing."""
    empty: dict[str, Any] = {field: {} for _, field, _ in metrics.BY_LABEL.values()}
    return empty | {"site": site, "run_id": "", "changes": {}, "finished": datetime.now(UTC).isoformat()}
