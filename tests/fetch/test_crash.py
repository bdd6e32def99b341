"""kill -9 at any moment, the same command again: the dataset is that of a run that was never killed."""

import random
import signal
import subprocess
import time
from pathlib import Path

import pytest
from support import crawling, faults
from support.disk import limited
from support.faults import FaultSite

from qacrawl.archive import read, warc
from qacrawl.redact import record

ARTICLES = 60
QUICK = crawling.QUICK | {"QACRAWL_PART_RECORDS": "7"}


@pytest.fixture(scope="module")
def site():
    with FaultSite(articles=ARTICLES) as site:
        site["/en/article/5"] = faults.error(404)
        site["/en/article/6"] = faults.Reply(b"<h1>Under maintenance</h1>")
        yield site


@pytest.fixture(scope="module")
def never_killed(site, tmp_path_factory):
    """What a crawl without a kill comes to: its rows and its rejects."""
    output = with_key(tmp_path_factory.mktemp("whole"))
    assert crawling.crawl(site.start, output, settings=QUICK).code == 0
    return crawling.contents(output), rejects(output)


@pytest.fixture
def output(tmp_path) -> Path:
    return with_key(tmp_path)


def with_key(output: Path) -> Path:
    """An output folder whose pseudonyms are those of all others here."""
    (output / "doctorqna").mkdir()
    (output / "doctorqna" / record.KEY).write_text("5a" * 32)
    return output


def rejects(output: Path) -> list[tuple[str, str]]:
    return sorted((row["url"], row["reason"]) for row in crawling.parts(output, "rejects"))


def check_whole(output: Path, never_killed) -> None:
    """The dataset is whole, nothing is double, and the archive is in order."""
    rows, refused = never_killed
    assert crawling.contents(output) == rows
    assert rejects(output) == refused
    committed = [row["record_id"] for row in crawling.parts(output)]
    assert len(committed) == len(set(committed)) == len(rows)
    folder = output / "doctorqna"
    for path in (folder / "archive").iterdir():
        assert not [entry for _, entry in read.entries(path) if isinstance(entry, warc.Damage)]
    for row in crawling.records(output):
        _, exchange = next(read.entries(folder / "archive" / row["warc_file"], row["warc_offset"]))
        assert exchange.url == row["url"]
    assert not list(folder.glob("*/*.tmp")) + list(folder.glob(".*.tmp"))
    states = {row["state"] for row in crawling.rows(output).values()}
    assert not states & {"leased", "due"}


def finish(site, output: Path) -> None:
    done = crawling.crawl(site.start, output, settings=QUICK)
    assert done.code == 0, done.err


PLACES = [
    "archived:1", "archived:30", "half-archived:1", "half-archived:2", "half-archived:31", "synced:2", "half-part:1",
    "half-part:3", "renamed:1", "renamed:4", "committed:1", "committed:5", "leased:1", "leased:2", "reported:2",
    "snapshot-built:1", "snapshot-renamed:1", "pointed:1", "half-report", "half-run-report",
]  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("place", PLACES)
def test_killed_at_a_certain_place(site, never_killed, output, place):
    done = crawling.crawl(site.start, output, settings=QUICK, die=place)
    assert done.code == -signal.SIGKILL, (done.code, done.err)
    finish(site, output)
    check_whole(output, never_killed)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(3))
def test_killed_again_and_again(site, never_killed, output, seed):
    chance = random.Random(seed)
    kills = 0
    while kills < 5:
        process = crawling.start(crawling.command(site.start, output, settings=QUICK))
        kills += crawling.kill_after(process, chance.uniform(0.8, 2.5))
        assert kills or (output / "doctorqna").exists()
        if (output / "doctorqna" / "dataset").exists():
            break
    finish(site, output)
    check_whole(output, never_killed)


@pytest.mark.slow
def test_pages_in_the_archive_are_not_asked_for_again(site, never_killed, output):
    site.forget()
    no_commit = QUICK | {"QACRAWL_PART_RECORDS": "1000", "QACRAWL_PART_SECONDS": "1000"}
    crawling.crawl(site.start, output, settings=no_commit, die="archived:40")
    asked = {visit.path for visit in site.log if "article" in visit.path}
    assert len(asked) > 30
    site.forget()
    finish(site, output)
    assert not asked & {visit.path for visit in site.log}
    assert crawling.reports(output)[-1]["from_archive"] >= len(asked)
    check_whole(output, never_killed)


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_finishes_what_is_in_flight(site, never_killed, output, number):
    process = crawling.start(crawling.command(site.start, output, "--delay", "0.05", settings=QUICK))
    wait_for(site, output, 25)
    process.send_signal(number)
    done = crawling.finish(process, 60)
    assert (done.code, done.err) == (1, "qacrawl: interrupted; what was fetched is kept, the same command goes on\n")
    assert crawling.reports(output)[0]["reason"] == "interrupted"
    kept = len(crawling.parts(output))
    assert kept >= 5
    assert {row["state"] for row in crawling.rows(output).values()} <= {"due", "done"}
    finish(site, output)
    check_whole(output, never_killed)


@pytest.mark.slow
def test_under_nohup_a_closed_terminal_ends_nothing(site, output):
    ignoring = ["/bin/sh", "-c", "trap '' HUP; exec \"$@\"", "sh"]
    command = crawling.program(crawling.command(site.start, output, "--delay", "0.02", settings=QUICK))
    process = subprocess.Popen([*ignoring, *command], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    wait_for(site, output, 10)
    process.send_signal(signal.SIGHUP)
    done = crawling.finish(process, 60)
    assert (done.code, done.err) == (0, "")
    assert crawling.reports(output)[0]["reason"] == "finished"


def wait_for(site: FaultSite, output: Path, number: int) -> None:
    """Until a run that writes to `output` has fetched some pages."""
    folder = output / "doctorqna" / "archive"
    deadline = time.monotonic() + 30
    while not any(len(list(read.entries(path))) >= number for path in folder.glob("*")):
        assert time.monotonic() < deadline
        time.sleep(0.02)


@pytest.mark.slow
def test_a_second_signal_stops_at_once(site, never_killed, output):
    with FaultSite(articles=30) as slow:
        for path in slow.article_paths():
            slow[path] = faults.late(b"", 90)
        process = crawling.start(crawling.command(slow.start, output, settings=QUICK))
        while not [visit for visit in slow.log if "article" in visit.path]:
            time.sleep(0.02)
        for _ in range(2):
            process.send_signal(signal.SIGTERM)
            time.sleep(0.5)
        started = time.monotonic()
        assert crawling.finish(process, 60).code == 1
        assert time.monotonic() - started < 40
    states = {row["state"] for row in crawling.rows(output).values()}
    assert "leased" not in states


@pytest.mark.slow
@pytest.mark.parametrize("megabytes", [0.006, 0.02, 0.15])
def test_a_full_disk_is_one_clear_line_and_loses_nothing(site, never_killed, output, megabytes):
    finish_first(site, output)
    process = subprocess.Popen(
        crawling.program(crawling.command(site.start, output, settings=QUICK)),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=limited(megabytes),  # noqa: PLW1509
    )
    done = crawling.finish(process)
    assert done.code == 1
    assert done.err.count("\n") == 1, done.err
    assert "File too large" in done.err or "disk" in done.err
    finish(site, output)
    check_whole(output, never_killed)


def finish_first(site, output: Path) -> None:
    """A few pages are there already, so that there is a frontier."""
    crawling.crawl(site.start, output, "--max-pages", "3", settings=QUICK)


@pytest.mark.slow
def test_a_frontier_that_does_not_know_the_parts_is_refused(site, never_killed, output):
    finish(site, output)
    (output / "doctorqna" / "frontier.sqlite").rename(output / "elsewhere.sqlite")
    kept = crawling.parts(output)
    done = crawling.crawl(site.start, output, settings=QUICK)
    assert (done.code, done.err.count("\n")) == (2, 1)
    assert "parts that this frontier knows nothing of" in done.err
    assert crawling.parts(output) == kept
    (output / "doctorqna" / "frontier.sqlite").unlink()
    assert crawling.crawl(site.start, output, "--frontier", f"sqlite:///{output}/elsewhere.sqlite").code == 0
    rebuilt = crawling.qacrawl("rebuild", "doctorqna", "--output", str(output))
    assert rebuilt.code == 0, rebuilt.err
    assert len(crawling.records(output)) == len(never_killed[0])
