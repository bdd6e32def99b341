"""A site's folder and frontier, opened."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from qacrawl import files, registry
from qacrawl.errors import Exit, QacrawlError
from qacrawl.forget import pages
from qacrawl.frontier import Frontier, open_frontier


@contextmanager
def look_at(site: str, output: str, address: str | None) -> Iterator[tuple[Path, Frontier]]:
    """Yield the folder and the frontier of a site that has been crawled, to be read; nothing is changed.

    Raise QacrawlError where there is none.
    """
    registry.load(site)
    folder = files.folder(output, site)
    if files.is_copy(folder):
        _writable(folder)
    elif not folder.is_dir():
        raise QacrawlError(f"{site} has not been crawled into {output}", Exit.USAGE)
    with open_frontier(address, site, folder) as frontier:
        yield folder, frontier


@contextmanager
def open_site(site: str, output: str, address: str | None, new: bool = False) -> Iterator[tuple[Path, Frontier]]:
    """Yield the folder and the frontier of a site, ready for work: what a killed `forget` left is completed.

    The site must have been crawled, unless it may be `new`: then its folder is made. Raise QacrawlError where there is
    no such site, where nothing can be written, and while a run is at work that keeps `forget` from being completed.
    """
    registry.load(site)
    folder = files.folder(output, site)
    if not new and not files.is_copy(folder) and not folder.is_dir():
        raise QacrawlError(f"{site} has not been crawled into {output}", Exit.USAGE)
    with open_frontier(address, site, ready(output, site)) as frontier:
        pages.resume(frontier, folder)
        yield folder, frontier


def ready(output: str, site: str) -> Path:
    """Return the folder of a site, ready for work: made if need be, without copies of what was taken out elsewhere.

    Raise QacrawlError when nothing can be written there, and OSError when its bucket can't be had.
    """
    folder = _writable(files.folder(output, site))
    files.catch_up(folder)
    return folder


def _writable(folder: Path) -> Path:
    """Return the folder, made if need be. Raise QacrawlError when nothing can be written there."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)  # it holds names
    except OSError as error:
        raise QacrawlError(f"cannot write to {folder}: {error.strerror}") from None
    if not os.access(folder, os.W_OK | os.X_OK):
        raise QacrawlError(f"cannot write to {folder}: Permission denied")
    return folder
