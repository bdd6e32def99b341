"""Standard input, output and error as they may be: another encoding, closed, full."""

import json
import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from support import crawling, faults
from support.faults import FaultSite

STRANGE = "Żółć 中文 🩺 “quoted” é"
CLOSED = ["2>&-", "<&- >&- 2>&-"]
OTHER = [
    {"PYTHONIOENCODING": "ascii"},
    {"PYTHONIOENCODING": "cp1252"},
    {"PYTHONIOENCODING": "latin-1:strict"},
    {"LC_ALL": "C"},
    {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
    {"LC_ALL": "POSIX", "PYTHONIOENCODING": "utf-8:strict"},
]


@pytest.fixture(scope="module")
def crawled(tmp_path_factory):
    """A site with a page in many scripts, and an output into which it was crawled."""
    output = tmp_path_factory.mktemp("crawled")
    with FaultSite(articles=3) as site:
        page = faults.article(2).replace(b"Question 2", f"Question {STRANGE}".encode())
        site["/en/article/2"] = faults.Reply(page)
        assert crawling.crawl(site.start, output).code == 0
        yield site, output, page


def shell(arguments: list[str], redirects: str) -> subprocess.CompletedProcess[str]:
    """Run qacrawl from a shell that closes or redirects streams."""
    line = f"exec {shlex.join([sys.executable, '-m', 'qacrawl', *arguments])} {redirects}"
    return subprocess.run(["/bin/sh", "-c", line], capture_output=True, text=True, timeout=120)


@pytest.mark.slow
@pytest.mark.parametrize("env", OTHER, ids=str)
def test_json_is_the_same_json_in_every_encoding(crawled, tmp_path, env):
    page = tmp_path / "page.html"
    page.write_bytes(crawled[2])
    done = crawling.qacrawl("extract", str(page), "--asker-names", "drop", env=env)
    assert (done.code, done.err) == (0, "")
    assert STRANGE in json.loads(done.out)["record"]["question"]


@pytest.mark.slow
def test_tables_and_reports_fit_every_encoding(crawled, tmp_path):
    site, before, _ = crawled
    env = {"PYTHONIOENCODING": "ascii"}
    done = crawling.crawl(site.start, tmp_path, env=env)
    assert (done.code, done.err) == (0, "")
    assert "3 records in" in done.out
    assert done.out.isascii()
    assert crawling.qacrawl("stats", str(tmp_path / "doctorqna"), env=env).code == 0
    assert crawling.contents(tmp_path)[1]["question"] == crawling.contents(before)[1]["question"]


@pytest.mark.slow
def test_a_name_that_is_no_text_is_printed_all_the_same(crawled, tmp_path):
    path = os.fsencode(tmp_path) + b"/\xff.html"
    Path(os.fsdecode(path)).write_bytes(crawled[2])
    line = [os.fsencode(sys.executable), b"-m", b"qacrawl", b"extract", path]
    done = subprocess.run(line, capture_output=True, timeout=60)
    assert (done.returncode, done.stderr) == (0, b"")
    assert os.fsencode(json.loads(done.stdout)["path"]) == path


@pytest.mark.slow
@pytest.mark.parametrize("redirects", CLOSED)
def test_a_crawl_without_some_stream_is_like_any_other(crawled, tmp_path, redirects):
    site, before, _ = crawled
    done = shell(crawling.command(site.start, tmp_path), redirects)
    assert (done.returncode, done.stderr) == (0, "")
    assert len(crawling.records(tmp_path)) == len(crawling.records(before)) == 3
    assert crawling.qacrawl("verify", str(tmp_path / "doctorqna")).code == 0


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full here")
@pytest.mark.parametrize("arguments", [["schema"], ["sites"], ["--version"], ["crawl", "doctorqna"], ["status"]])
def test_a_result_that_can_not_be_written_is_one_line(crawled, arguments: list[str]):
    site, output, _ = crawled
    if arguments[0] == "crawl":
        arguments = crawling.command(site.start, output)
    elif arguments[0] == "status":
        arguments = ["status", "doctorqna", "--output", str(output)]
    done = shell(arguments, ">/dev/full")
    assert (done.returncode, done.stderr) == (1, "qacrawl: No space left on device\n")
    assert shell(["schema"], ">/dev/full 2>&1").returncode == 1


def test_a_reader_that_goes_away_is_no_line(crawled):
    done = subprocess.run(
        ["/bin/bash", "-c", f"{sys.executable} -m qacrawl schema | head -c 1; exit ${{PIPESTATUS[0]}}"],
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert (done.returncode, done.stderr) in {(0, ""), (1, "")}, "all may have been written before that"
