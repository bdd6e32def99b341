"""Every write fails once: one line says so, nothing is lost, and the same command ends as if it never had.

`WRITES_SECONDS=all` tries each write of each command; a number, as many seconds for each command.
"""

import os
import re
import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from support import crawling, failing
from support.faults import FaultSite

pytestmark = pytest.mark.skipif(failing.MISSING, reason="needs Linux and a C compiler")

COMMANDS = ("crawl", "publish", "rebuild", "forget")
ARTICLES = 2
SECONDS = os.environ.get("WRITES_SECONDS", "30")
SCRATCH = re.compile(r"/\.publish-\w+/(work\.duckdb|piles|spill)")
"""What a publisher only computes with: of each kind of write the first and the last are tried."""


@dataclass
class Tried:
    """A command, from the state that it begins with."""

    disk: failing.Disk
    arguments: list[str]
    before: Path
    """A copy of the output as it was before."""
    expected: list[dict[str, object]]
    """The rows that it publishes."""
    writes: list[int]
    """Numbers of the writes to be tried."""
    trace: list[tuple[str, str]]

    def restore(self) -> None:
        """Have the output as it was before the command."""
        shutil.rmtree(self.disk.folder, ignore_errors=True)
        if self.before.exists():
            shutil.copytree(self.before, self.disk.folder, symlinks=True)

    def fail(self, number: int) -> None:
        """Have one write fail, then run the command with room."""
        kind, path = self.trace[number - 1]
        how = failing.HOW[number % 3] if kind == "write" else "full" if kind in ("open", "mkdir", "link") else "eio"
        about = f"{self.arguments[0]}, write {number} ({how}): {kind} {path}"
        self.restore()
        failed = self.disk.run(self.arguments, number, how)
        lines = [line for line in failed.err.splitlines() if line.startswith("qacrawl: ")]
        said = f"{about}\n{failed.code}\n{failed.out}{failed.err}"
        assert failed.code in (0, 1), said
        assert len(lines) == failed.code, said
        assert "Traceback" not in failed.err, said
        assert self.arguments[0] == "crawl" or len(failed.err.splitlines()) == failed.code, said
        again = self.disk.run(self.arguments)
        said += f"\nand again: {again.code}\n{again.out}{again.err}"
        assert (again.code, "qacrawl: " in again.err) == (0, False), said
        assert published(self.disk.folder) == self.expected, said
        assert not list(self.disk.folder.rglob(".*")), said


@pytest.fixture(scope="module")
def site() -> Iterator[FaultSite]:
    with FaultSite(articles=ARTICLES) as site:
        yield site


@pytest.fixture(scope="module")
def disk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[failing.Disk]:
    place = tmp_path_factory.mktemp("disk")
    with failing.Disk(place / "output", place / "own") as disk:
        yield disk


@pytest.fixture
def tried(request: pytest.FixtureRequest, site: FaultSite, disk: failing.Disk, tmp_path: Path) -> Tried:
    """The command of the test's parameter, tried once on a disk that is in order."""
    command = request.param
    shutil.rmtree(disk.folder, ignore_errors=True)
    crawl = crawling.command(site.start, disk.folder)
    own = ["--output", str(disk.folder)]
    arguments = {
        "crawl": crawl,
        "publish": ["publish", "doctorqna", *own],
        "rebuild": ["rebuild", "doctorqna", *own, "--processes", "1"],
        "forget": ["forget", site.url("/en/article/2"), *own],
    }[command]
    before = tmp_path / "before"
    if command != "crawl":
        assert disk.run(crawl).code == 0
        if command == "publish":
            shutil.rmtree(disk.folder / "doctorqna" / "snapshots")
            (disk.folder / "doctorqna" / "dataset").unlink()
        shutil.copytree(disk.folder, before, symlinks=True)
    done = disk.run(arguments)
    assert (done.code, "qacrawl: " in done.err) == (0, False), done
    expected = published(disk.folder)
    assert len(expected) == ARTICLES - (command == "forget")
    return Tried(disk, arguments, before, expected, chosen(done.trace), done.trace)


def published(output: Path) -> list[dict[str, object]]:
    """The rows of the dataset, but for pseudonyms: each new output makes others."""
    return [row | {"asker": bool(row["asker"])} for row in crawling.contents(output)]


def chosen(trace: list[tuple[str, str]]) -> list[int]:
    """The numbers of the writes to be tried, those that lie far from each other first."""
    scratch: dict[tuple[str, str], list[int]] = {}
    numbers = []
    for number, (kind, path) in enumerate(trace, 1):
        if found := SCRATCH.search(path):
            scratch.setdefault((kind, found[1]), []).append(number)
        else:
            numbers.append(number)
    numbers = sorted({*numbers, *(one for some in scratch.values() for one in (some[0], some[-1]))})
    order = sorted(range(len(numbers)), key=lambda place: f"{place:010b}"[::-1])
    return [numbers[place] for place in order]


@pytest.mark.slow
@pytest.mark.parametrize("tried", COMMANDS, indirect=True)
def test_a_write_that_fails_is_one_line_and_loses_nothing(tried: Tried) -> None:
    for number in tried.writes[1:4]:
        tried.fail(number)


@pytest.mark.slow
@pytest.mark.timeout(0 if SECONDS == "all" else 900)
@pytest.mark.parametrize("tried", COMMANDS, indirect=True)
def test_any_write_may_fail(tried: Tried) -> None:
    deadline = time.monotonic() + (1e9 if SECONDS == "all" else float(SECONDS))
    wrong = []
    for number in tried.writes:
        if time.monotonic() >= deadline:
            break
        try:
            tried.fail(number)
        except AssertionError as error:
            wrong.append(str(error).partition("\nassert ")[0])
    assert not wrong, "\n\n".join(wrong)
