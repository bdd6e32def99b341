"""`qacrawl demo`: an invented Q&A site on loopback, to see a crawl from the first request to the dataset."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

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

    from qacrawl.commands.crawl import crawl
    from qacrawl.demo.server import serve
    from qacrawl.demo.show import show
    from qacrawl.options import Options

    with _emptied(output / "demo") as folder:
        with serve() as start:
            # No delay: the site is our own. The rest is as in any crawl.
            options = Options(output=str(folder), start_urls=(start,), delay=0, allow_private=True)
            result = crawl("doctorqna", options, Console(stderr=True))
        if result.snapshot is None:
            raise QacrawlError("the demo's crawl found no records", Exit.FAILED)
        show(result.report, folder / "doctorqna" / "dataset", Console())


def run_parallel(output: Path) -> None:
    """Serve the demo site and its invented original, crawl both into `output`/demo, and print their questions in pairs.

    As with `run`, that folder is emptied first.
    """
    from rich.console import Console

    from qacrawl.commands.parallel import publish
    from qacrawl.demo import original
    from qacrawl.demo.server import serve
    from qacrawl.demo.show import show_pairs
    from qacrawl.options import Options
    from qacrawl.publish.parallel.snapshot import name

    slugs = ("doctorqna", "tweh")
    with _emptied(output / "demo") as folder:
        for slug, served in zip(slugs, (serve(), serve(original.pages, original.HOME)), strict=True):
            with served as start:
                _crawl(slug, start, folder)
        said = publish(slugs, Options(output=str(folder)))
        show_pairs(folder / name(slugs) / "dataset", said, Console())


def _crawl(slug: str, start: str, folder: Path) -> None:
    """Crawl a site in a process of its own: one process has one reactor of Twisted's, which runs once."""
    options = ["--start-url", start, "--output", str(folder), "--delay", "0", "--allow-private", "--quiet"]
    env = {name: value for name, value in os.environ.items() if not name.startswith("QACRAWL_")}
    env["PYTHONPATH"] = os.pathsep.join(filter(None, sys.path))
    line = [sys.executable, "-P", "-m", "qacrawl", "crawl", slug, *options]
    done = subprocess.run(line, env=env, stdout=subprocess.DEVNULL, check=False)  # noqa: S603 (our own program)
    if done.returncode:
        raise QacrawlError(f"the demo's crawl of {slug} failed", Exit.FAILED)


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
    """Return the marker of the demo's folder, which is made if need be."""
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
