"""A site's folder and frontier, opened."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from qacrawl import registry
from qacrawl.errors import Exit, QacrawlError
from qacrawl.files import s3
from qacrawl.frontier import Frontier, open_frontier


@contextmanager
def open_site(site: str, output: str, address: str | None) -> Iterator[tuple[Path, Frontier]]:
    """The folder and the frontier of a site that has been crawled. Raises QacrawlError where there is none."""
    registry.load(site)
    folder = s3.folder(output, site)
    if s3.is_mirrored(folder):
        make_folder(folder)
    elif not folder.is_dir():
        raise QacrawlError(f"{site} has not been crawled into {output}", Exit.USAGE)
    with open_frontier(address, site, folder) as frontier:
        yield folder, frontier


def make_folder(folder: Path) -> Path:
    """The folder, made for its owner alone if need be. Raises QacrawlError when nothing can be written there."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)  # it holds names
    except OSError as error:
        raise QacrawlError(f"cannot write to {folder}: {error.strerror}") from None
    if not os.access(folder, os.W_OK | os.X_OK):
        raise QacrawlError(f"cannot write to {folder}: Permission denied")
    return folder
