"""A site's folder and frontier, opened."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from qacrawl import files, registry
from qacrawl.errors import Exit, QacrawlError
from qacrawl.frontier import Frontier, open_frontier


@contextmanager
def open_site(site: str, output: str, address: str | None) -> Iterator[tuple[Path, Frontier]]:
    """The folder and the frontier of a site that has been crawled. Raises QacrawlError where there is none."""
    registry.load(site)
    folder = files.folder(output, site)
    if files.is_copy(folder):
        ready(output, site)
    elif not folder.is_dir():
        raise QacrawlError(f"{site} has not been crawled into {output}", Exit.USAGE)
    with open_frontier(address, site, folder) as frontier:
        yield folder, frontier


def ready(output: str, site: str) -> Path:
    """The folder of a site, ready for work: made if need be, and without stale copies of what was taken out elsewhere.

    Raises QacrawlError when nothing can be written there, and OSError when its bucket can't be had.
    """
    folder = _writable(files.folder(output, site))
    files.catch_up(folder)
    return folder


def _writable(folder: Path) -> Path:
    """The folder, made if need be. Raises QacrawlError when nothing can be written there."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise QacrawlError(f"cannot write to {folder}: {error.strerror}") from None
    if not os.access(folder, os.W_OK | os.X_OK):
        raise QacrawlError(f"cannot write to {folder}: Permission denied")
    return folder
