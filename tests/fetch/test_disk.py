"""A disk that is full or a database that is broken, at any moment: one line, no traceback, and nothing is lost."""

import asyncio
import shutil
import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path

import pytest
from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.utils.spider import DefaultSpider
from sqlalchemy import Engine
from sqlalchemy.exc import OperationalError
from support import crawling
from support.disk import limited
from support.faults import FaultSite

from qacrawl.fetch.downloader import Handler
from qacrawl.fetch.outcomes import Stopping
from qacrawl.fetch.run import Run, attach
from qacrawl.frontier import Frontier, open_frontier

ARTICLES = 25


@pytest.fixture(scope="module")
def crawled(tmp_path_factory):
    """A site, and an output into which it was crawled."""
    output = tmp_path_factory.mktemp("crawled")
    with FaultSite(articles=ARTICLES) as site:
        assert crawling.crawl(site.start, output).code == 0
        yield site, output


@pytest.fixture
def output(crawled, tmp_path) -> Path:
    """A copy of what was crawled."""
    return shutil.copytree(crawled[1], tmp_path / "output", symlinks=True)


def on_a_full_disk(megabytes: float, *arguments: str) -> crawling.Done:
    process = subprocess.Popen(
        crawling.program(arguments),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=limited(megabytes),  # noqa: PLW1509
    )
    return crawling.finish(process)


def is_one_line(done: crawling.Done) -> bool:
    return done.code == 1 and done.err.startswith("qacrawl: ") and done.err.count("\n") == 1


@pytest.mark.slow
@pytest.mark.parametrize(("command", "megabytes"), [("publish", 0.0), ("publish", 0.02), ("rebuild", 0.005)])
def test_a_disk_that_is_full_when_it_is_published(output, command, megabytes):
    before = (output / "doctorqna" / "dataset").readlink()
    done = on_a_full_disk(megabytes, command, "doctorqna", "--output", str(output))
    assert is_one_line(done), done
    assert (output / "doctorqna" / "dataset").readlink() == before
    assert crawling.qacrawl(command, "doctorqna", "--output", str(output)).code == 0
    assert len(crawling.records(output)) == ARTICLES


@pytest.mark.slow
@pytest.mark.parametrize("megabytes", [0.0, 0.04])
def test_status_of_a_full_disk(output, megabytes):
    done = on_a_full_disk(megabytes, "status", "doctorqna", "--output", str(output))
    assert done.code == 0 or is_one_line(done), done
    assert "Traceback" not in done.err


def break_pages(path: Path, table: str) -> None:
    """Overwrite the first page of a table and of its indexes in a SQLite file."""
    with closing(sqlite3.connect(path)) as db:
        (size,) = db.execute("PRAGMA page_size").fetchone()
        pages = [page for (page,) in db.execute("SELECT rootpage FROM sqlite_master WHERE tbl_name = ?", [table])]
    with path.open("r+b") as file:
        for page in pages:
            file.seek((page - 1) * size)
            file.write(b"\xa5" * size)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("command", "table"), [("crawl", "urls"), ("crawl", "hosts"), ("status", "runs"), ("publish", "files")]
)
def test_a_broken_database_is_one_line(crawled, output, command, table):
    break_pages(output / "doctorqna" / "frontier.sqlite", f"qacrawl_{table}")
    done = (
        crawling.crawl(crawled[0].start, output)
        if command == "crawl"
        else crawling.qacrawl(command, "doctorqna", "--output", str(output))
    )
    assert is_one_line(done), done
    assert "database disk image is malformed" in done.err


def test_a_disk_that_is_full_when_the_frontier_is_tidied_is_no_failure(tmp_path, monkeypatch):
    asked = []

    def refuse(self: Engine) -> None:
        asked.append(self)
        raise sqlite3.OperationalError("database or disk is full")

    def leave(problem: type[Exception] | None) -> None:
        with open_frontier(None, "doctorqna", tmp_path):
            monkeypatch.setattr(Engine, "raw_connection", refuse)
            if problem:
                raise problem

    leave(None)
    assert asked
    monkeypatch.undo()
    with pytest.raises(KeyError):  # what went wrong inside is what is said
        leave(KeyError)


def test_a_database_that_refuses_a_turn_ends_the_run(run: Run, monkeypatch):
    def refuse(self: Frontier, host: str) -> None:
        raise OperationalError("", {}, sqlite3.OperationalError("disk I/O error"))

    monkeypatch.setattr(Frontier, "pace", refuse)
    crawler = Crawler(DefaultSpider)
    attach(crawler, run)
    handler = Handler.__new__(Handler)  # a whole one wants a reactor
    handler.crawler = crawler
    with pytest.raises(Stopping):
        asyncio.run(handler.download_request(Request("http://doctorqna.com/en")))
    assert (run.reason, run.problem) == ("disk", "what was fetched can't be stored: disk I/O error")
