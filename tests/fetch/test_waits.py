"""How long a host is left alone: as robots.txt and its answers say, across runs, and no longer than that."""

import time
from itertools import pairwise
from pathlib import Path

import pytest
from support import crawling, faults
from support.faults import FaultSite, Reply


@pytest.fixture
def site():
    with FaultSite(articles=3) as site:
        yield site


def crawl_delay(seconds: str) -> Reply:
    return Reply(f"User-agent: *\nCrawl-delay: {seconds}\n".encode(), content_type="text/plain")


def asked(site: FaultSite) -> list[str]:
    return [visit.path for visit in site.log]


@pytest.mark.slow
@pytest.mark.parametrize("seconds", ["1000000000", "901", "9" * 400])
def test_a_crawl_delay_beyond_the_longest_wait_is_one_line_and_binds_nobody_once_it_is_mended(
    site: FaultSite, tmp_path: Path, seconds: str
):
    site.robots = crawl_delay(seconds)
    begun = time.monotonic()
    done = crawling.crawl(site.start, tmp_path)
    assert time.monotonic() - begun < 60
    assert (done.code, done.err.count("qacrawl:")) == (1, 1)
    assert "Crawl-delay" in done.err
    assert "QACRAWL_LONGEST_WAIT" in done.err
    assert asked(site) == ["/robots.txt"]
    site.robots = crawl_delay("0.1")
    assert crawling.crawl(site.start, tmp_path).code == 0
    assert len(crawling.records(tmp_path)) == 3


@pytest.mark.slow
def test_a_site_that_is_slow_for_days_is_reached_a_page_a_run(site: FaultSite, tmp_path: Path):
    site.robots = crawl_delay("4")
    pages = []
    for _ in range(4):
        done = crawling.crawl(site.start, tmp_path, settings={"QACRAWL_LONGEST_WAIT": "0.5"})
        assert done.code == 1
        pages = [visit for visit in site.log if visit.path != "/robots.txt"]
        time.sleep(1.5)
    assert len({visit.path for visit in pages}) == len(pages) >= 2, "each run goes on where the last one ended"
    assert min(site.gaps()) >= 3.9
    site.robots = faults.error(404)
    site.forget()
    assert crawling.crawl(site.start, tmp_path).code == 0
    assert "/en" in asked(site)[2:], "what was left, and then what each run asks for"
    assert len(crawling.records(tmp_path)) == 3


@pytest.mark.slow
def test_the_first_page_waits_after_robots_txt(site: FaultSite, tmp_path: Path):
    site.robots = crawl_delay("1.5")
    for _ in range(2):
        site.forget()
        crawling.crawl(site.start, tmp_path, "--max-pages", "1")
        first, second = site.log[:2]
        assert first.path == "/robots.txt"
        assert second.started - first.started >= 1.45


@pytest.mark.slow
def test_a_pause_from_an_earlier_run_holds_without_a_delay_and_for_all_requests(site: FaultSite, tmp_path: Path):
    site["/en/article/1"] = faults.sequence(faults.retry_after(8), site.article(1))
    assert crawling.crawl(site.start, tmp_path, settings={"QACRAWL_LONGEST_WAIT": "1"}).code == 1
    told = site.visits("/en/article/1")[0].started
    number = len(site.log)
    assert crawling.crawl(site.start, tmp_path, "--concurrency", "8").code == 0
    assert min(visit.started for visit in site.log[number:]) - told >= 7.9
    assert len(crawling.records(tmp_path)) == 3


@pytest.mark.slow
@pytest.mark.parametrize("status", [403, 404, 418, 500, 503])
def test_a_retry_after_is_heeded_whatever_the_failure(site: FaultSite, tmp_path: Path, status: int):
    site["/en/article/1"] = faults.retry_after(1.0, status)
    crawling.crawl(site.start, tmp_path, settings={"QACRAWL_TRIES": "1"})
    at = next(at for at, visit in enumerate(site.log) if visit.path == "/en/article/1")
    assert site.log[at + 1].started - site.log[at].started >= 0.95


@pytest.mark.slow
def test_a_last_page_that_waits_for_too_long_ends_the_run(site: FaultSite, tmp_path: Path):
    site.articles = 1
    site["/en/article/1"] = faults.retry_after(3000)
    done = crawling.crawl(site.start, tmp_path)
    assert (done.code, done.err.count("qacrawl:")) == (1, 1)
    assert "QACRAWL_LONGEST_WAIT" in done.err


@pytest.mark.slow
@pytest.mark.parametrize("status", [500, 403, 502])
def test_a_storm_slows_down_and_a_site_that_only_fails_is_left_alone(site: FaultSite, tmp_path: Path, status: int):
    site.articles = 20
    for path in site.article_paths():
        site[path] = faults.error(status)
    settings = {"QACRAWL_TRIES": "1", "QACRAWL_FAILURES_IN_A_ROW": "6"}
    done = crawling.crawl(site.start, tmp_path, settings=settings)
    assert (done.code, done.err.count("qacrawl:")) == (1, 1)
    assert f"http_{status}" in done.err
    failed = [visit.started for visit in site.log if visit.status == status]
    assert len(failed) == 6
    gaps = [later - sooner for sooner, later in pairwise(failed)]
    assert gaps[2] >= 0.45
    assert gaps[4] >= 1.9, "as after a 503, twice as long each time"
    site.pages.clear()
    assert crawling.crawl(site.start, tmp_path).code == 0, "the healthy night after"
    assert len(crawling.records(tmp_path)) == 14


@pytest.mark.slow
def test_a_site_whose_connections_break_is_left_alone(site: FaultSite, tmp_path: Path):
    site.articles = 20
    for path in site.article_paths():
        site[path] = faults.reset()
    done = crawling.crawl(site.start, tmp_path, settings={"QACRAWL_TRIES": "1", "QACRAWL_FAILURES_IN_A_ROW": "5"})
    assert done.code == 1
    assert len({path for path in asked(site) if "article" in path}) == 5


@pytest.mark.slow
def test_broken_pages_among_good_ones_are_no_storm(site: FaultSite, tmp_path: Path):
    site.articles = 16
    for number in range(1, 17, 2):
        site[f"/en/article/{number}"] = faults.error(500)
    done = crawling.crawl(site.start, tmp_path, settings={"QACRAWL_TRIES": "1", "QACRAWL_FAILURES_IN_A_ROW": "3"})
    assert "left alone" not in done.err
    assert len(crawling.records(tmp_path)) == 8


@pytest.mark.slow
def test_three_workers_ask_one_at_a_time(site: FaultSite, tmp_path: Path, postgres_url: str):
    site.articles = 20
    for number in range(1, 21):
        site[f"/en/article/{number}"] = faults.late(faults.article(number), 0.05)
    options = ("--frontier", postgres_url, "--worker", "--concurrency", "1")
    workers = [crawling.start(crawling.command(site.start, tmp_path, *options)) for _ in range(3)]
    assert [crawling.finish(worker).code for worker in workers] == [0, 0, 0]
    assert site.most_at_once() == 1
    assert len(crawling.records(tmp_path)) == 20
