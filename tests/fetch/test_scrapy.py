"""qacrawl is a good Scrapy project: what people know from Scrapy works, and nothing of ours gets in its way."""

import csv
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from scrapy.settings import default_settings
from support.faults import FaultSite, Reply
from support.places import ROOT

from qacrawl import settings

LOGIN = Reply(b"<html><body><p>Please log in to continue.</p></body></html>")
QUIET = ("-s", "QACRAWL_ALLOW_PRIVATE=1", "-s", "QACRAWL_DELAY=0")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A folder in which Scrapy finds the project."""
    shutil.copy(ROOT / "scrapy.cfg", tmp_path)
    return tmp_path


def scrapy(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    clean = {name: value for name, value in os.environ.items() if not name.startswith("QACRAWL_")}
    return subprocess.run(
        [sys.executable, "-m", "scrapy", *arguments], cwd=folder, env=clean, capture_output=True, text=True, timeout=120
    )


def left(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()} - {"scrapy.cfg"}


@pytest.mark.slow
def test_a_feed_holds_the_records_and_nothing_else(project: Path):
    with FaultSite(articles=12) as site:
        site["/en/article/4"] = LOGIN
        start = ("-a", f"start_url={site.start}")
        done = scrapy(project, "crawl", "doctorqna", *QUIET, *start, "-O", "out.jsonl", "-O", "out.csv")
    assert done.returncode == 0, done.stderr
    rows = [json.loads(line) for line in (project / "out.jsonl").read_text().splitlines()]
    assert {row["record_id"] for row in rows} == {f"doctorqna:{number}" for number in range(1, 13) if number != 4}
    assert all(row["question"] and row["asker"].startswith("asker-") for row in rows)
    with (project / "out.csv").open(newline="") as file:
        table = list(csv.DictReader(file))
    assert {row["record_id"] for row in table} == {row["record_id"] for row in rows}
    assert all(isinstance(json.loads(row["similar_qa"] or "[]"), list) for row in table)
    assert "rejects" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.slow
def test_scrapy_counts_what_the_report_counts(project: Path):
    with FaultSite(articles=5) as site:
        site["/en/article/2"] = LOGIN
        start = ("-a", f"start_url={site.start}", "-s", "LOG_LEVEL=INFO")
        done = scrapy(project, "crawl", "doctorqna", *QUIET, *start)
    assert done.returncode == 0, done.stderr
    for said in ("'finish_reason': 'finished'", "'item_scraped_count': 4", "'qacrawl/outcome/record': 4"):
        assert said in done.stderr, said
    assert "'qacrawl/reject/login': 1" in done.stderr


@pytest.mark.slow
@pytest.mark.parametrize("arguments", [("-a", "numbers=2-3"), ("-s", "QACRAWL_NUMBERS=2-3")])
def test_numbers_may_be_an_argument_of_the_spider(project: Path, arguments: tuple[str, str]):
    with FaultSite(articles=5) as site:
        start = ("-a", f"start_url={site.start}")
        done = scrapy(project, "crawl", "doctorqna", *QUIET, *start, *arguments, "-O", "a.jsonl")
        assert done.returncode == 0, done.stderr
        assert not site.visits("/en")
    found = [json.loads(line)["record_id"] for line in (project / "a.jsonl").read_text().splitlines()]
    assert sorted(found) == ["doctorqna:2", "doctorqna:3"]


@pytest.mark.slow
@pytest.mark.parametrize(
    "command",
    [
        ("fetch",),
        ("fetch", "--spider=doctorqna"),
        ("parse", "--spider=doctorqna"),
        ("shell", "-c", "response.text"),
        ("shell", "--spider=doctorqna", "-c", "response.text"),
    ],
    ids=" ".join,
)
def test_one_page_is_looked_at_and_nothing_is_left(project: Path, command: tuple[str, ...]):
    with FaultSite(articles=2) as site:
        page = site.url("/en/article/1")
        options = [part for part in command[1:] if part != "response.text" and part != "-c"]
        code = ["-c", "response.text"] if "-c" in command else []
        done = scrapy(project, command[0], *options, page, *code)
        assert [visit.path for visit in site.log if visit.path != "/robots.txt"] == ["/en/article/1"]
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
    assert "Asker 1" in done.stdout or "'record_id': 'doctorqna:1'" in done.stdout
    assert left(project) == set()


@pytest.mark.slow
def test_what_goes_wrong_is_one_line(project: Path):
    done = scrapy(project, "crawl", "doctorqna", "-s", "QACRAWL_DELAY=abc")
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert done.stderr.startswith("qacrawl: QACRAWL_DELAY takes a number")
    assert left(project) == set()


@pytest.mark.slow
def test_a_bad_run_ends_with_a_code_that_is_not_0(project: Path):
    with FaultSite(articles=2) as site:
        site["/en"] = Reply(b"", 403)
        start = ("-s", f"QACRAWL_START_URLS={site.start}")
        bad = scrapy(project, "crawl", "doctorqna", *QUIET, *start)
        del site["/en"]
        good = scrapy(project, "crawl", "doctorqna", *QUIET, *start)
    assert (bad.returncode, bad.stderr.splitlines()[-1][:24]) == (1, "qacrawl: the start page "), bad.stderr
    assert good.returncode == 0, good.stderr


def test_settings_are_differences_only():
    same = [
        name
        for name, value in vars(settings).items()
        if name.isupper() and hasattr(default_settings, name) and getattr(default_settings, name) == value
    ]
    assert same == []
