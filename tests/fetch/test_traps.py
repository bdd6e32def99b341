"""Sites without end, deep sitemaps, several start hosts, and long first crawls: real crawls that end and say so."""

import time
from pathlib import Path

import pytest
from support import crawling, faults
from support.faults import FaultSite, Reply, Visit


def map_of(site: FaultSite, kind: str, *paths: str) -> Reply:
    """A sitemap ("urlset") or an index of sitemaps ("sitemapindex")."""
    entry = "url" if kind == "urlset" else "sitemap"
    rows = "".join(f"<{entry}><loc>{site.url(path)}</loc></{entry}>" for path in paths)
    return Reply(f"<{kind}>{rows}</{kind}>".encode(), content_type="application/xml")


@pytest.mark.slow
def test_sitemap_indexes_three_deep_are_followed(tmp_path: Path):
    with FaultSite(articles=1) as site:
        site["/en/article/77"] = faults.conditional(faults.article(77))
        site.robots = Reply(f"Sitemap: {site.url('/one.xml')}\n".encode())
        site["/one.xml"] = map_of(site, "sitemapindex", "/two.xml")
        site["/two.xml"] = map_of(site, "sitemapindex", "/three.xml")
        site["/three.xml"] = map_of(site, "sitemapindex", "/four.xml")
        site["/four.xml"] = map_of(site, "urlset", "/en/article/77")
        assert crawling.crawl(site.start, tmp_path).code == 0
    assert [row["record_id"] for row in crawling.records(tmp_path)] == ["doctorqna:1", "doctorqna:77"]


def trap(visit: Visit) -> Reply:
    """A listing that leads to an article that everybody knows, and to two more listings."""
    here = visit.path.split("/")[-2]
    more = [f"/en/faq/{here}{letter}/1" for letter in "ab"]
    return Reply(faults.listing("General FAQ - Page 1", ["/en/article/1", *more]))


@pytest.mark.slow
def test_listings_without_news_wait_for_the_next_run(tmp_path: Path):
    with FaultSite(articles=1) as site:
        site.prefixes["/en/faq/trap"] = trap
        site["/en"] = Reply(faults.listing("Home", ["/en/article/1", "/en/faq/trap/1"]))
        done = crawling.crawl(site.start, tmp_path, "--set", "QACRAWL_LISTINGS_WITHOUT_NEWS=12")
        assert done.code == 0, done.err
        asked = len([visit for visit in site.log if "trap" in visit.path])
        assert 12 <= asked < 20, "what is in flight is finished"
        assert "12 new listings led to no new article" in done.err
        assert "QACRAWL_LISTINGS_WITHOUT_NEWS" in done.err
        site["/en/faq/trap/1"] = Reply(faults.listing("General FAQ - Page 1", ["/en/article/1", "/en/article/2"]))
        site["/en/article/2"] = faults.conditional(faults.article(2))
        assert crawling.crawl(site.start, tmp_path, "--set", "QACRAWL_LISTINGS_WITHOUT_NEWS=12").code == 0
        assert [row["record_id"] for row in crawling.records(tmp_path)] == ["doctorqna:1", "doctorqna:2"]
        known = len({visit.path for visit in site.log if "trap" in visit.path})
        assert asked < known < asked + 20, "known listings are asked in each run, and some more"


@pytest.mark.slow
def test_a_long_first_crawl_has_something_to_show_before_it_ends(tmp_path: Path):
    with FaultSite(articles=60) as site:
        for number in range(1, 61):
            site[f"/en/article/{number}"] = faults.late(faults.article(number), 0.2)
        command = crawling.command(site.start, tmp_path, "--set", "QACRAWL_PUBLISH_HOURS=0.0005")
        process = crawling.start(command)
        deadline = time.monotonic() + 100
        while not (tmp_path / "doctorqna" / "dataset").exists() and time.monotonic() < deadline:
            time.sleep(0.05)
        between = len(crawling.records(tmp_path))
        assert process.poll() is None, "it goes on"
        done = crawling.finish(process)
    assert done.code == 0, done.err
    assert 0 < between < 60 == len(crawling.records(tmp_path))


@pytest.mark.slow
def test_start_pages_on_two_hosts_are_refused_for_their_numbers_would_be_the_same(tmp_path: Path):
    with FaultSite(articles=3) as one, FaultSite(articles=3) as two:
        done = crawling.crawl(one.start, tmp_path, "--start-url", two.start)
        assert (done.code, done.err.count("\n"), one.log, two.log) == (2, 1, [], [])
        assert f"127.0.0.1:{one.port}" in done.err
        assert "--output" in done.err
        assert crawling.crawl(one.start, tmp_path, "--start-url", one.url("/en/faq/general-test/1")).code == 0
        done = crawling.crawl(two.start, tmp_path)
        assert (done.code, done.err.count("\n")) == (0, 1)
        assert all(f"127.0.0.1:{site.port}" in done.err for site in (one, two))
