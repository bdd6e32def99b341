"""Pages that take too much of the process that reads them cost themselves; a run ends in time all the same."""

import signal
import subprocess
import time
from pathlib import Path

import pytest
from support import acting, crawling, faults
from support.faults import FaultSite

LIMITS = {"QACRAWL_READ_SECONDS": "3", "QACRAWL_READ_MEGABYTES": "300"}
LINUX = pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="needs /proc")
FOREVER = {"QACRAWL_READ_SECONDS": "600"}


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return acting.make(tmp_path_factory.mktemp("project"))


@pytest.fixture
def site():
    with FaultSite(articles=12) as site:
        yield site


def say(site: FaultSite, number: int, act: str) -> None:
    """Have an article say what to do to who reads it; it has an ETag, and 304 for those who have it."""
    site[f"/en/article/{number}"] = faults.conditional(acting.page(faults.article(number), act))


def reasons(output: Path) -> dict[int, str]:
    """The reasons of the rejects, by the number of the article."""
    return {int(row["url"].rpartition("/")[2]): row["reason"] for row in crawling.parts(output, "rejects")}


def numbers(output: Path) -> list[int]:
    return sorted(int(row["record_id"].rpartition(":")[2]) for row in crawling.records(output))


@pytest.mark.slow
def test_the_first_the_middle_and_the_last_page_cost_themselves(site, project, tmp_path):
    acts = {1: "regex", 5: "broken", 6: "hoard", 7: "abort", 12: "loop"}
    for number, act in acts.items():
        say(site, number, act)
    env = acting.environment(project)
    done = crawling.crawl(site.start, tmp_path, "--numbers", "1-12", settings=LIMITS, env=env)
    assert done.code == 0, done.err
    expected = {1: "too_slow", 5: "crashed", 6: "too_large", 7: "crashed", 12: "too_slow"}
    assert reasons(tmp_path) == expected
    assert numbers(tmp_path) == [2, 3, 4, 8, 9, 10, 11]
    (report,) = crawling.reports(tmp_path)
    assert report["outcomes"]["reject"] == 5
    assert report["rejects"] == {"crashed": 2, "too_slow": 2, "too_large": 1}
    assert "ZeroDivisionError: a bug" in done.err
    assert f"{site.url('/en/article/1')}: takes more than 3 s to read" in done.err


@pytest.mark.slow
@pytest.mark.parametrize(("act", "reason"), [("loop", "too_slow"), ("huge", "too_large"), ("broken", "crashed")])
def test_a_page_that_could_not_be_read_is_read_again_though_it_has_not_changed(site, project, tmp_path, act, reason):
    say(site, 3, act)
    env = acting.environment(project)
    assert crawling.crawl(site.start, tmp_path, settings=LIMITS, env=env).code == 0
    assert reasons(tmp_path) == {3: reason}
    row = crawling.rows(tmp_path)["/en/article/3"]
    assert not any(row[name] for name in ("etag", "last_modified", "digest", "payload"))
    assert crawling.rows(tmp_path)["/en/article/4"]["etag"]
    make_due(tmp_path, "/en/article/3")
    assert crawling.crawl(site.start, tmp_path).code == 0  # with the parser that was mended
    assert numbers(tmp_path) == list(range(1, 13))
    assert crawling.rows(tmp_path)["/en/article/3"]["etag"]


@pytest.mark.slow
def test_a_record_that_can_not_be_read_any_more_forgets_what_it_looked_like(site, project, tmp_path):
    say(site, 3, "loop")
    assert crawling.crawl(site.start, tmp_path).code == 0
    assert crawling.rows(tmp_path)["/en/article/3"]["etag"]
    site["/en/article/3"] = faults.conditional(acting.page(faults.article(3, version=1), "loop"))
    make_due(tmp_path, "/en/article/3")
    assert crawling.crawl(site.start, tmp_path, settings=LIMITS, env=acting.environment(project)).code == 0
    row = crawling.rows(tmp_path)["/en/article/3"]
    assert not any(row[name] for name in ("etag", "last_modified", "digest", "payload"))


def make_due(output: Path, path: str) -> None:
    """Have a page visited by the next run."""
    import sqlite3
    from contextlib import closing

    with closing(sqlite3.connect(output / "doctorqna" / "frontier.sqlite")) as db:
        db.execute("UPDATE qacrawl_urls SET due_at = 0 WHERE url LIKE ?", (f"%{path}",))
        db.commit()


@pytest.mark.slow
@pytest.mark.parametrize("act", ["loop", "regex"])
def test_max_seconds_ends_a_run_whatever_the_reader_does(site, project, tmp_path, act):
    say(site, 1, act)
    say(site, 2, act)
    env, options = acting.environment(project), ("--numbers", "1-12", "--concurrency", "4")
    begun = time.monotonic()
    done = crawling.crawl(site.start, tmp_path, *options, "--max-seconds", "4", settings=FOREVER, env=env)
    assert 4 < time.monotonic() - begun < 14 + START_AND_PUBLISH
    assert done.code == 0, done.err
    (report,) = crawling.reports(tmp_path)
    assert report["reason"] == "max_seconds"
    assert report["outcomes"]["reject"] == report["outcomes"]["failed"] == 0
    check_the_next_run_reads_them_from_the_archive(site, tmp_path)


START_AND_PUBLISH = 40
"""Seconds that a slow machine takes for what is not the crawl."""


@pytest.mark.slow
@pytest.mark.parametrize("act", ["loop", "regex"])
def test_sigterm_ends_a_run_whatever_the_reader_does(site, project, tmp_path, act):
    say(site, 1, act)
    command = crawling.command(site.start, tmp_path, "--numbers", "1-12", settings=crawling.QUICK | FOREVER)
    process = crawling.start(command, env=acting.environment(project))
    wait_for_archive(process, site)
    process.send_signal(signal.SIGTERM)
    begun = time.monotonic()
    done = crawling.finish(process, timeout=60)
    assert time.monotonic() - begun < 40
    assert done.code == 1
    assert "interrupted" in done.err
    assert "Traceback" not in done.err
    check_the_next_run_reads_them_from_the_archive(site, tmp_path)


def wait_for_archive(process: "subprocess.Popen[str]", site: FaultSite) -> None:
    """Wait until the pages were sent, and the process that reads is at one of them."""
    deadline = time.monotonic() + 60
    while len(site.visits("/en/article/12")) < 1:
        assert process.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.05)
    time.sleep(1)


def wait_for_end(pid: int) -> None:
    """Wait a moment for the end of a process."""
    deadline = time.monotonic() + 30
    while Path(f"/proc/{pid}").exists():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def check_the_next_run_reads_them_from_the_archive(site: FaultSite, output: Path) -> None:
    """Crawl again with the parser that was mended: everything is there, and nothing was asked for twice."""
    assert crawling.crawl(site.start, output, "--numbers", "1-12").code == 0
    assert numbers(output) == list(range(1, 13))
    for path in site.article_paths():
        assert len(site.visits(path)) == 1, path


@pytest.mark.slow
@LINUX
@pytest.mark.parametrize("act", ["loop", "regex"])
def test_kill_9_while_the_reader_loops_leaves_no_process_behind(site, project, tmp_path, act):
    say(site, 1, act)
    command = crawling.command(site.start, tmp_path, "--numbers", "1-12", settings=crawling.QUICK | FOREVER)
    process = crawling.start(command, env=acting.environment(project))
    wait_for_archive(process, site)
    (reader,) = crawling.children(process.pid)
    process.kill()
    process.communicate()
    wait_for_end(reader)
    check_the_next_run_reads_them_from_the_archive(site, tmp_path)


@pytest.mark.slow
@LINUX
def test_a_second_signal_stops_at_once_also_while_the_reader_loops(site, project, tmp_path):
    say(site, 1, "loop")
    command = crawling.command(site.start, tmp_path, "--numbers", "1-12", settings=crawling.QUICK | FOREVER)
    process = crawling.start(command, env=acting.environment(project))
    wait_for_archive(process, site)
    (reader,) = crawling.children(process.pid)
    process.send_signal(signal.SIGTERM)
    time.sleep(0.3)
    process.send_signal(signal.SIGTERM)
    done = crawling.finish(process, timeout=40)
    assert done.code == 1
    wait_for_end(reader)
    check_the_next_run_reads_them_from_the_archive(site, tmp_path)
