"""Clocks that are wrong: which text is the newest is no matter of theirs, and no time that they note holds a run up."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from support import crawling, faults
from support.crawling import HERE
from support.faults import FaultSite

HOUR = 3600.0
DAY = 24 * HOUR


@pytest.fixture
def site() -> Iterator[FaultSite]:
    with FaultSite(articles=4) as site:
        yield site


def clock(ahead: float) -> dict[str, str]:
    """Environment of a process whose clock is so many seconds ahead."""
    path = os.pathsep.join(filter(None, [str(HERE / "clock"), os.environ.get("PYTHONPATH")]))
    return {"PYTHONPATH": path, "CLOCK_AHEAD": str(ahead)}


def write(site: FaultSite, version: int) -> None:
    """Have the first article say what its version says; the others stay."""
    site["/en/article/1"] = faults.conditional(faults.article(1, version=version))


def crawl(site: FaultSite, output: Path, *options: str, ahead: float = 0) -> crawling.Done:
    done = crawling.crawl(site.start, output, *options, env=clock(ahead) if ahead else None)
    assert done.code == 0, done.err
    return done


def published(output: Path) -> int:
    """The version of the first article that the dataset has."""
    return version(crawling.records(output)[0])


def version(row: dict[str, Any]) -> int:
    return int(row["question"].rpartition(" ")[2].rstrip("."))


def versions(output: Path) -> list[dict[str, Any]]:
    """The history of the first article, by the times of its versions."""
    rows = pq.read_table(output / "doctorqna" / "dataset" / "data" / "history").to_pylist()
    mine = [row for row in rows if row["record_id"] == "doctorqna:1"]
    return sorted(mine, key=lambda row: row["valid_from"])


@pytest.mark.slow
@pytest.mark.parametrize("ahead", [HOUR, 400 * DAY, -HOUR])
def test_after_a_run_with_a_wrong_clock_the_newer_text_is_published(site, tmp_path, ahead):
    output, shifts = tmp_path / "output", (0, ahead, 0)
    for number, shift in enumerate(shifts, 1):
        write(site, number)
        crawl(site, output, "--full", ahead=shift)
        assert published(output) == number
        assert crawling.qacrawl("verify", str(output / "doctorqna")).code == 0
    found = versions(output)
    assert [version(row) for row in found] == [1, 2, 3]
    assert [row["valid_to"] for row in found] == [*(row["valid_from"] for row in found[1:]), None]
    splits = [path.read_text() for path in (output / "doctorqna" / "snapshots").glob("*/splits.json")]
    assert len(splits) == 3
    before = crawling.records(output)
    rebuilt = crawling.qacrawl("rebuild", "doctorqna", "--output", str(output))
    assert rebuilt.code == 0, rebuilt.err
    assert crawling.records(output) == before
    assert [version(row) for row in versions(output)] == [1, 2, 3]


@pytest.mark.slow
def test_rebuild_into_another_frontier_keeps_the_order_and_so_do_runs_after_it(site, tmp_path):
    output = tmp_path / "output"
    write(site, 1)
    crawl(site, output, ahead=HOUR)
    write(site, 2)
    crawl(site, output, "--full")
    (output / "doctorqna" / "frontier.sqlite").unlink()
    assert crawling.qacrawl("rebuild", "doctorqna", "--output", str(output)).code == 0
    assert published(output) == 2
    write(site, 3)
    crawl(site, output, "--full")
    assert [version(row) for row in versions(output)] == [1, 2, 3]
    assert published(output) == 3


@pytest.mark.slow
def test_a_plain_run_after_one_that_was_far_ahead_asks_for_what_is_due(site, tmp_path):
    crawl(site, tmp_path, ahead=400 * DAY)
    seen = len(site.log)
    site.articles = 5
    done = crawl(site, tmp_path)
    assert "/en" in {visit.path for visit in site.log[seen:]}
    assert [row["record_id"] for row in crawling.records(tmp_path)][-1] == "doctorqna:5"
    assert "new 1" in done.out or "1 new" in done.out


@pytest.mark.slow
def test_rejects_and_gone_pages_are_judged_by_the_last_visit_whatever_its_clock_said(site, tmp_path):
    broken = faults.Reply(b"<h1>Under maintenance</h1><p>We will be back soon.")
    site["/en/article/2"] = broken
    crawl(site, tmp_path, ahead=HOUR)
    del site["/en/article/2"]
    site["/en/article/3"] = broken
    crawl(site, tmp_path, "--full")
    listed = crawling.qacrawl("rejects", "doctorqna", "--output", str(tmp_path))
    assert listed.code == 0, listed.err
    assert [line.split()[0] for line in listed.out.splitlines() if line.startswith("http")] == [
        site.url("/en/article/3")
    ]
    site["/en/article/4"] = faults.error(410)
    for _ in range(3):
        crawl(site, tmp_path, "--full", "--set", "QACRAWL_GATE_GONE=1")
    assert "doctorqna:4" not in {row["record_id"] for row in crawling.records(tmp_path)}
    del site["/en/article/4"]
    crawl(site, tmp_path, "--full", ahead=-HOUR)
    assert "doctorqna:4" in {row["record_id"] for row in crawling.records(tmp_path)}


@pytest.mark.slow
def test_diff_and_forget_after_a_run_with_a_wrong_clock(site, tmp_path):
    write(site, 1)
    crawl(site, tmp_path, ahead=HOUR)
    first = (tmp_path / "doctorqna" / "dataset").resolve()
    write(site, 2)
    crawl(site, tmp_path, "--full")
    compared = crawling.qacrawl("diff", str(first), str(tmp_path / "doctorqna"), "--json")
    assert '"added": 0, "changed": 1, "gone": 0' in compared.out
    newest = published(tmp_path)
    forgotten = crawling.qacrawl("forget", site.url("/en/article/2"), "--output", str(tmp_path))
    assert forgotten.code == 0, forgotten.err
    assert published(tmp_path) == newest == 2
    assert {row["record_id"] for row in crawling.records(tmp_path)} == {f"doctorqna:{n}" for n in (1, 3, 4)}


@pytest.mark.slow
def test_what_a_killed_run_archived_with_a_wrong_clock_is_read_once(site, tmp_path):
    write(site, 1)
    crawl(site, tmp_path, ahead=HOUR)
    write(site, 2)
    done = crawling.crawl(site.start, tmp_path, "--full", die="renamed:1", env=None)
    assert done.code == -9
    asked = len(site.visits("/en/article/1"))
    crawl(site, tmp_path, "--full")
    assert len(site.visits("/en/article/1")) == asked
    assert [version(row) for row in versions(tmp_path)] == [1, 2]
    assert published(tmp_path) == 2


@pytest.mark.slow
def test_runs_are_in_order_whatever_their_clocks_said(site, tmp_path):
    crawl(site, tmp_path, ahead=HOUR)
    site["/en"] = faults.error(403)
    assert crawling.crawl(site.start, tmp_path).code == 1
    said = crawling.qacrawl("status", "doctorqna", "--output", str(tmp_path), "--json").out
    by_name = sorted(path.stem for path in (tmp_path / "doctorqna" / "runs").glob("*.json"))
    assert said.index(by_name[0]) < said.index(by_name[1]), "the later run has the earlier name"


@pytest.mark.slow
def test_a_worker_ten_minutes_ahead(site, tmp_path, postgres_url):
    output, options = tmp_path / "output", ("--frontier", postgres_url, "--worker", "--full")
    write(site, 1)
    crawl(site, output, *options, ahead=600)
    assert published(output) == 1
    write(site, 2)
    crawl(site, output, *options)
    assert published(output) == 2
    assert [version(row) for row in versions(output)] == [1, 2]
    rebuilt = crawling.qacrawl("rebuild", "doctorqna", "--output", str(output), "--frontier", postgres_url)
    assert rebuilt.code == 0, rebuilt.err
    assert published(output) == 2
