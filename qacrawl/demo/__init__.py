"""`qacrawl demo`: an invented Q&A site on loopback, to see a crawl from the first request to the dataset."""

import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from qacrawl.errors import Exit, QacrawlError
from qacrawl.publish.about.background import INVENTED

MARKER = INVENTED


def run(output: Path) -> None:
    """Serve the demo site, crawl it into `output`/demo, and print to stdout what came of it.

    That folder is emptied first: each start has a port, and so addresses, of its own. A folder that holds
    anything else is refused.
    """
    from rich.console import Console

    from qacrawl.demo.show import show

    with _emptied(output / "demo") as folder:
        report = _crawl("doctorqna", folder)
        show(report, folder / "doctorqna" / "dataset", Console())


def run_parallel(output: Path) -> None:
    """Serve the demo site and its invented original, crawl both into `output`/demo, and print their questions in pairs.

    As with `run`, that folder is emptied first.
    """
    from rich.console import Console

    from qacrawl.commands.parallel import publish
    from qacrawl.demo import original
    from qacrawl.demo.show import show_pairs
    from qacrawl.options import Options
    from qacrawl.publish.parallel.snapshot import name

    slugs = ("doctorqna", "tweh")
    with _emptied(output / "demo") as folder:
        _crawl("doctorqna", folder)
        _crawl("tweh", folder, original.pages, original.HOME)
        said = publish(slugs, Options(output=str(folder)))
        show_pairs(folder / name(slugs) / "dataset", said, Console())


def _crawl(slug: str, folder: Path, *served: Any) -> Mapping[str, Any]:
    """Serve one of the demo's sites (see `serve`), crawl it into the folder of all, and return the run's report."""
    from rich.console import Console

    from qacrawl.commands.crawl import crawl
    from qacrawl.demo.server import serve
    from qacrawl.options import Options

    with serve(*served) as start:
        # No delay: the site is our own. The rest is as in any crawl.
        options = Options(output=str(folder), start_urls=(start,), delay=0, allow_private=True)
        result = crawl(slug, options, Console(stderr=True))
    if result.snapshot is None:
        raise QacrawlError("the demo's crawl found no records", Exit.FAILED)
    return result.report


@contextmanager
def _emptied(folder: Path) -> Iterator[Path]:
    """Hold the demo's folder, empty but for its marker, which is the lock as well."""
    marker = _mark(folder)
    try:
        with FileLock(marker, blocking=False):
            for left in folder.iterdir():
                if left.is_dir() and not left.is_symlink():
                    shutil.rmtree(left)
                elif left != marker:
                    left.unlink()
            yield folder
    except Timeout:
        raise QacrawlError(f"another demo is at work in {folder}", Exit.LOCKED) from None


def _mark(folder: Path) -> Path:
    """The marker of the demo's folder, which is made if need be."""
    marker = folder / MARKER
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if not marker.exists():
            if any(folder.iterdir()):
                raise QacrawlError(f"{folder} holds files that no demo made; choose another --output", Exit.USAGE)
            marker.touch()
    except OSError as error:
        raise QacrawlError(f"cannot write to {folder}: {error.strerror}") from None
    return marker
