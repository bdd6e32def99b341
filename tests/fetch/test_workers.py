"""Several workers share one crawl through PostgreSQL: killed or frozen, nothing is lost and nothing is double."""

import random
import signal
import time
from pathlib import Path

import pytest
from support import crawling, faults
from support.faults import FaultSite

from qacrawl.errors import QacrawlError
from qacrawl.fetch import lifecycle
from qacrawl.frontier import open_frontier
from qacrawl.options import Options

ARTICLES = 60
QUICK = crawling.QUICK | {"QACRAWL_PART_RECORDS": "5", "QACRAWL_LEASE": "3"}

pytestmark = pytest.mark.slow


@pytest.fixture
def site():
    with FaultSite(articles=ARTICLES) as site:
        for number in range(1, ARTICLES + 1):
            site[f"/en/article/{number}"] = faults.late(faults.article(number, links=()), 0.03)
        yield site


def worker(site, output: Path, url: str, *options: str, die: str = ""):
    command = crawling.command(site.start, output, "--frontier", url, "--worker", *options, settings=QUICK)
    return crawling.start(command, die)


def committed(output: Path, url: str) -> list[str]:
    """Ids of the records in the parts of the manifest."""
    import pyarrow.parquet as pq

    folder = output / "doctorqna"
    with open_frontier(url, "doctorqna", folder) as frontier:
        names = list(frontier.files("parts"))
    return [row for name in names for row in pq.read_table(folder / "parts" / name)["record_id"].to_pylist()]


def check_whole(output: Path, url: str) -> None:
    expected = sorted(f"doctorqna:{number}" for number in range(1, ARTICLES + 1))
    assert sorted(committed(output, url)) == expected
    assert [row["record_id"] for row in crawling.records(output)] == expected
    assert not {row["state"] for row in crawling.rows(output, url).values()} & {"leased", "due", "waiting"}


def test_three_workers_share_a_crawl(site, tmp_path, postgres_url):
    workers = [worker(site, tmp_path, postgres_url) for _ in range(3)]
    done = [crawling.finish(process) for process in workers]
    assert [one.code for one in done] == [0, 0, 0], [one.err for one in done]
    check_whole(tmp_path, postgres_url)
    assert all(len(site.visits(path)) == 1 for path in site.article_paths())
    reports = crawling.reports(tmp_path)
    assert sum(report["outcomes"]["record"] for report in reports) == ARTICLES
    assert sum(report["outcomes"]["record"] > 0 for report in reports) >= 2
    assert sum("snapshot" in report and report["snapshot"] is not None for report in reports) >= 1


def test_killed_workers_lose_and_double_nothing(site, tmp_path, postgres_url):
    chance = random.Random(5)
    kills = 0
    workers = [worker(site, tmp_path, postgres_url) for _ in range(2)]
    for _ in range(4):
        victim = workers.pop(0)
        kills += crawling.kill_after(victim, chance.uniform(1.2, 2.5))
        workers.append(worker(site, tmp_path, postgres_url))
    for process in workers:
        done = crawling.finish(process)
        assert done.code == 0, done.err
    assert kills >= 1
    last = crawling.crawl(site.start, tmp_path, "--frontier", postgres_url, settings=QUICK)
    assert last.code == 0, last.err
    check_whole(tmp_path, postgres_url)


def test_a_worker_frozen_past_its_lease_doubles_nothing(site, tmp_path, postgres_url):
    frozen = worker(site, tmp_path, postgres_url)
    while len([visit for visit in site.log if "article" in visit.path]) < 8:
        assert frozen.poll() is None
        time.sleep(0.01)
    frozen.send_signal(signal.SIGSTOP)
    time.sleep(3.2)
    other = crawling.finish(worker(site, tmp_path, postgres_url))
    assert other.code == 0, other.err
    frozen.send_signal(signal.SIGCONT)
    assert crawling.finish(frozen).code == 0
    check_whole(tmp_path, postgres_url)


@pytest.mark.parametrize("place", ["frozen-in-lease:4", "frozen-in-commit:2", "frozen-in-beat:1"])
def test_a_worker_frozen_in_a_transaction_keeps_nobody_waiting(site, tmp_path, postgres_url, place):
    frozen = worker(site, tmp_path, postgres_url, die=place)
    while stat(frozen.pid) != "T":
        assert frozen.poll() is None
        time.sleep(0.01)
    other = crawling.finish(worker(site, tmp_path, postgres_url))
    assert other.code == 0, other.err
    frozen.send_signal(signal.SIGCONT)
    thawed = crawling.finish(frozen)
    assert thawed.code == 0, thawed.err
    check_whole(tmp_path, postgres_url)


def stat(pid: int) -> str:
    """Return the state of a process: "T" of one that is stopped."""
    return Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2][:1]


def test_the_delay_holds_across_workers(site, tmp_path, postgres_url):
    site.articles = 12
    for number in range(1, 13):
        site[f"/en/article/{number}"] = site.article(number)
    workers = [worker(site, tmp_path, postgres_url, "--delay", "0.5") for _ in range(3)]
    for process in workers:
        assert crawling.finish(process).code == 0
    gaps = site.gaps()
    assert min(gaps) >= 0.4 * 0.5  # one may be late
    assert sum(gaps) >= 0.97 * 0.5 * len(gaps)


def test_a_worker_waits_while_the_last_of_the_others_publishes(site, tmp_path, postgres_url):
    with open_frontier(postgres_url, "doctorqna", tmp_path) as frontier, frontier.alone():
        late = worker(site, tmp_path, postgres_url)
        assert crawling.crawl(site.start, tmp_path, "--frontier", postgres_url).code == 4
        time.sleep(1)
        assert late.poll() is None
    assert crawling.finish(late).code == 0
    check_whole(tmp_path, postgres_url)


def test_a_worker_does_not_wait_for_ever(tmp_path, postgres_url, monkeypatch):
    monkeypatch.setattr(lifecycle, "PATIENCE", 0.5)
    options = Options(output=str(tmp_path), frontier=postgres_url, worker=True)
    begun = time.monotonic()
    with (
        open_frontier(postgres_url, "doctorqna", tmp_path) as frontier,
        frontier.alone(),
        pytest.raises(QacrawlError, match="another run of doctorqna is going on"),
        lifecycle.opened("doctorqna", options, "test/1"),
    ):
        pass
    assert time.monotonic() - begun >= 0.5


def test_a_run_of_its_own_waits_for_no_worker(site, tmp_path, postgres_url):
    first = worker(site, tmp_path, postgres_url)
    while not site.log:
        time.sleep(0.01)
    second = crawling.crawl(site.start, tmp_path, "--frontier", postgres_url)
    assert second.code == 4
    first.kill()
    first.communicate()
    assert crawling.crawl(site.start, tmp_path, "--frontier", postgres_url, settings=QUICK).code == 0
    check_whole(tmp_path, postgres_url)


def test_kill_9_with_postgresql(site, tmp_path, postgres_url):
    options = ("--frontier", postgres_url)
    for place in ("renamed:2", "committed:3", "half-archived:20"):
        done = crawling.crawl(site.start, tmp_path, *options, settings=QUICK, die=place)
        assert done.code == -signal.SIGKILL, done.err
    assert crawling.crawl(site.start, tmp_path, *options, settings=QUICK).code == 0
    check_whole(tmp_path, postgres_url)
    assert len(crawling.parts(tmp_path)) == ARTICLES  # no orphans


def test_workers_need_a_frontier_that_they_can_share(site, tmp_path):
    done = crawling.crawl(site.start, tmp_path, "--worker")
    assert (done.code, done.err.count("\n")) == (2, 1)
    assert "postgresql://" in done.err
