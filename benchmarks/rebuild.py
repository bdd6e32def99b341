"""Seconds for an archive: our rebuild, whole, against what reads the same files to text, side by side in one run.

python benchmarks/rebuild.py [--pages N] [--files N] [--processes N] [--saved DIR] [--alone]

With `--saved`, the pages are those that lie in DIR (.html or .html.gz), over and over; with `--alone`, only the rebuild
is measured: several sizes one after the other say whether its time grows as they do.
Seconds of the processors count, in all processes: those on the wall depend on what else the machine does. fastwarc,
which the project does not need, has to be installed: `pip install fastwarc`.
"""

import argparse
import ctypes
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from contextlib import suppress
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import pages

from qacrawl.archive.warc import Exchange
from qacrawl.archive.write import Writer

AT = datetime(2024, 1, 1, tzinfo=UTC)


def synthetic(number: int) -> tuple[str, bytes]:
    """Return the URL and the body of an article."""
    return f"https://doctorqna.com/en/article/{number + 1}", pages.page(number + 1)


def saved(folder: Path) -> Callable[[int], tuple[str, bytes]]:
    """Return what gives URL and body of a page that lies in a folder, over and over."""
    bodies = pages.saved(folder)
    return lambda number: (f"https://pages.example/q/{number}", bodies[number % len(bodies)])


def make(folder: Path, number: int, files: int, page: Callable[[int], tuple[str, bytes]] = synthetic) -> None:
    """Write an archive of pages, in files of the same number of pages."""
    for file in range(files):
        writer = Writer(folder, f"20240101T000000Z-{file:08}")
        for url, body in map(page, range(file, number, files)):
            writer.write(Exchange(url, 200, [("Content-Type", "text/html; charset=utf-8")], body, AT))
        writer.sync()
        writer.close()


def fast(path: Path, out: Path) -> int:
    """fastwarc, selectolax and text, and nothing else."""
    from fastwarc.warc import ArchiveIterator, WarcRecordType
    from selectolax.lexbor import LexborHTMLParser

    read = 0
    with path.open("rb") as file:
        for record in ArchiveIterator(file, record_types=WarcRecordType.response):
            read += bool(LexborHTMLParser(record.reader.read()).text())
    return read


def plain(path: Path, out: Path) -> int:
    """warcio, BeautifulSoup(lxml), get_text and JSON Lines."""
    from bs4 import BeautifulSoup
    from warcio.archiveiterator import ArchiveIterator

    read = 0
    with path.open("rb") as file, (out / f"{path.name}.jsonl").open("w", encoding="utf-8") as lines:
        for record in ArchiveIterator(file):
            if record.rec_type == "response":
                text = BeautifulSoup(record.content_stream().read(), "lxml").get_text()
                url = record.rec_headers.get_header("WARC-Target-URI")
                lines.write(json.dumps({"url": url, "text": text}, ensure_ascii=False) + "\n")
                read += 1
    return read


def in_pool(action: Callable[[Path, Path], int], archive: Path, out: Path, processes: int) -> int:
    """Read each file in a pool; return the number of pages."""
    with ProcessPoolExecutor(processes) as pool:
        return sum(pool.map(partial(action, out=out), sorted(archive.iterdir())))


def whole(output: Path, site: str, processes: int) -> int:
    """Run `qacrawl rebuild`: read, parse, validate, redact, write, choose the newest, publish."""
    command = [sys.executable, "-m", "qacrawl", "rebuild", site, "--output", str(output)]
    done = subprocess.run(
        [*command, "--processes", str(processes)], check=True, capture_output=True, text=True, env=os.environ
    )
    return int(done.stdout.split(", reject")[0].removeprefix("record ").replace(",", ""))


def skipped(output: Path, archive: Path, processes: int) -> int:
    """Run `qacrawl rebuild` for a site that has none of the pages: they are left out by their addresses."""
    command = [sys.executable, "-m", "qacrawl", "rebuild", "tweh", "--output", str(output)]
    files = [word for path in sorted(archive.iterdir()) for word in ("--only", str(path))]
    subprocess.run([*command, "--processes", str(processes), *files], check=True, capture_output=True)
    return 0


def adopt_orphans() -> None:
    """Have processes whose parent ends become children of this one: their seconds count, too. Only on Linux."""
    ctypes.CDLL(None).prctl(36, 1, 0, 0, 0)  # PR_SET_CHILD_SUBREAPER


def wait_for_orphans() -> None:
    """Wait until those have ended, such as the processes that read pages."""
    with suppress(ChildProcessError):
        while True:
            os.waitpid(-1, 0)


def measured(action: Callable[[], int]) -> tuple[float, float, int]:
    """Return the seconds on the wall, those of the processors, and the pages."""
    before, begun = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    number = action()
    wait_for_orphans()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return time.perf_counter() - begun, used, number


def main() -> None:
    options = argparse.ArgumentParser()
    options.add_argument("--pages", type=int, default=8000)
    options.add_argument("--files", type=int, default=8)
    options.add_argument("--processes", type=int, default=2)
    options.add_argument("--saved", type=Path)
    options.add_argument("--alone", action="store_true")
    given = options.parse_args()
    site = "qapage" if given.saved else "doctorqna"
    adopt_orphans()
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        archive = folder / "output" / site / "archive"
        archive.mkdir(parents=True)
        make(archive, given.pages, given.files, saved(given.saved) if given.saved else synthetic)
        others = {
            "fastwarc + selectolax + text": partial(in_pool, fast, archive, folder, given.processes),
            "warcio + BeautifulSoup(lxml) + get_text + JSON Lines": partial(
                in_pool, plain, archive, folder, given.processes
            ),
        }
        ours = {
            "qacrawl rebuild, first": partial(whole, folder / "output", site, given.processes),
            "qacrawl rebuild, again": partial(whole, folder / "output", site, given.processes),
            "qacrawl rebuild, pages of another site": partial(skipped, folder / "output", archive, given.processes),
        }
        for name, job in (ours if given.alone else others | ours).items():
            seconds, used, number = measured(job)
            print(
                f"{name}: {seconds:.1f} s, {used:.1f} CPU s, {1000 * used / given.pages:.2f} CPU ms a page, {number:,}"
            )
        peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024
        print(f"largest process: {peak:,} MB")


if __name__ == "__main__":
    main()
