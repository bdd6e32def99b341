"""Files of odd names that lie in a site's folder: they stop nothing, and no terminal obeys them."""

import os
import re
import shutil
from pathlib import Path

import pytest
from support import crawling
from support.faults import FaultSite

NAMES = (b"\xff", b"\x1b[31mred", "\u202eevil".encode(), b"new\nline")
PLACES = {
    "archive": (b"", b".warc.gz"),
    "parts": (b"part-", b".parquet"),
    "rejects": (b"part-", b".parquet"),
    "snapshots": (b"2026-01-01-", b".json"),
    "runs": (b"", b".json"),
    ".": (b"", b".txt"),
}
UNSEEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\ud800-\udfff]")


@pytest.fixture(scope="module")
def crawled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The output of a crawl, with a stray file of each name in each folder, and folders beside the snapshots."""
    output = tmp_path_factory.mktemp("crawled")
    with FaultSite(articles=3) as site:
        assert crawling.crawl(site.start, output).code == 0
    for place, (before, after) in PLACES.items():
        folder = output / "doctorqna" / place
        folder.mkdir(exist_ok=True)
        for name in NAMES:
            (folder / os.fsdecode(before + name + after)).write_bytes(b"junk")
    for name in NAMES:
        (output / "doctorqna" / "snapshots" / os.fsdecode(name) / "data" / "qa").mkdir(parents=True)
    return output


@pytest.fixture
def output(crawled: Path, tmp_path: Path) -> Path:
    return shutil.copytree(crawled, tmp_path / "output", symlinks=True)


def url(output: Path) -> str:
    return str(crawling.records(output)[0]["url"])


COMMANDS = {
    "status": lambda output: ["status", "doctorqna", "--output", str(output)],
    "rejects": lambda output: ["rejects", "doctorqna", "--output", str(output)],
    "stats": lambda output: ["stats", str(output / "doctorqna")],
    "verify": lambda output: ["verify", str(output / "doctorqna")],
    "diff": lambda output: ["diff", str(output / "doctorqna"), str(output / "doctorqna")],
    "publish": lambda output: ["publish", "doctorqna", "--output", str(output)],
    "rebuild": lambda output: ["rebuild", "doctorqna", "--output", str(output), "--processes", "1"],
    "prune": lambda output: ["prune", "doctorqna", "--keep", "1", "--output", str(output)],
    "forget": lambda output: ["forget", url(output), "--output", str(output)],
}


@pytest.mark.slow
@pytest.mark.parametrize("command", COMMANDS)
def test_stray_files_stop_nothing_and_are_shown_escaped(command: str, output: Path) -> None:
    before = crawling.contents(output)
    done = crawling.qacrawl(*COMMANDS[command](output))
    assert done.code == 0, done
    assert "Traceback" not in done.err
    assert not UNSEEN.search(done.out + done.err), done
    assert not [text for text in (done.out + done.err).splitlines() if text.startswith("line")], (
        "a line break in a name"
    )
    assert crawling.contents(output) == before[command == "forget" :]


@pytest.mark.parametrize("name", NAMES)
def test_a_stray_folder_asked_for_is_one_clear_line(name: bytes, output: Path) -> None:
    done = crawling.qacrawl("stats", str(output / "doctorqna" / "snapshots" / os.fsdecode(name)))
    assert (done.code in (1, 2), done.out, done.err.count("\n")) == (True, "", 1), done
    assert not UNSEEN.search(done.err), done
