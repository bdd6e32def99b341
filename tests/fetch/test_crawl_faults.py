"""A site that misbehaves: each page gets its outcome, the report adds up, nothing else suffers."""

import pytest
from support import crawling, faults
from support.faults import FaultSite


@pytest.fixture
def site():
    with FaultSite(articles=30) as site:
        yield site


def outcome(output, path: str) -> tuple[str | None, str | None]:
    row = crawling.rows(output)[path]
    return row["outcome"], row["reason"]


@pytest.mark.slow
def test_every_fault_has_its_outcome(site, tmp_path):
    page = {number: faults.article(number) for number in range(1, 31)}
    site["/en/article/1"] = faults.sequence(faults.error(503), site.article(1))
    site["/en/article/2"] = faults.sequence(faults.retry_after(1), site.article(2))
    site["/en/article/3"] = faults.error(404)
    site["/en/article/4"] = faults.redirect("/en/article/4")
    site["/en/article/5"] = faults.redirect("/en/article/6")
    site["/en/article/6"] = faults.redirect("/en/article/5")
    site["/en/article/7"] = faults.redirect("http://169.254.169.254/en/article/7")
    site["/en/article/8"] = faults.redirect("/en/article/9", 301)
    site["/en/article/10"] = faults.cut(page[10])
    site["/en/article/11"] = faults.sequence(faults.cut(page[11]), site.article(11))
    site["/en/article/12"] = faults.reset()
    site["/en/article/13"] = faults.sequence(faults.reset(b"<p>half"), site.article(13))
    site["/en/article/14"] = faults.slow(page[14], 0.5)
    site["/en/article/15"] = faults.gzip_bomb(50 << 20)
    site["/en/article/16"] = faults.Reply(page[16], content_type="application/octet-stream")
    site["/en/article/17"] = faults.huge_header(page[17])
    site["/en/article/18"] = faults.Reply(b"x" * (17 << 20))
    site["/en/article/19"] = faults.error(500)
    site["/en/article/20"] = faults.error(403)
    site["/en/article/21"] = faults.Reply(page[21], content_type=None)
    site["/en/article/22"] = faults.redirect("/somewhere/else")
    site["/en/article/23"] = faults.Reply(page[23], status=203)
    site["/en/article/24"] = faults.Reply(page[24], headers={"Content-Encoding": "gzip"})  # it is not
    done = crawling.crawl(site.start, tmp_path, "--concurrency", "4")
    assert done.code == 0, done.err
    expected = {
        1: "record", 2: "record", 3: "gone", 4: "failed", 5: "redirect", 6: "redirect", 7: "failed", 8: "redirect",
        9: "record", 10: "failed", 11: "record", 12: "failed", 13: "record", 14: "record", 15: "failed", 16: "record",
        17: "failed", 18: "failed", 19: "failed", 20: "failed", 21: "record", 22: "failed", 23: "record",
        **dict.fromkeys(range(25, 31), "record"),
    }  # fmt: skip
    rows = crawling.rows(tmp_path)
    assert {number: rows[f"/en/article/{number}"]["outcome"] for number in expected} == expected
    reasons = {
        4: "bad_redirect", 7: "bad_redirect", 10: "response_data_loss", 15: "too_large", 18: "too_large",
        19: "http_500", 20: "http_403", 22: "bad_redirect",
    }  # fmt: skip
    assert {number: rows[f"/en/article/{number}"]["reason"] for number in reasons} == reasons
    assert not [row for row in rows.values() if row["state"] in ("due", "leased")]
    (report,) = crawling.reports(tmp_path)
    assert sum(report["outcomes"].values()) == report["fetches"]
    assert sum(report["failures"].values()) == report["outcomes"]["failed"]
    assert report["outcomes"]["record"] == len(crawling.records(tmp_path))
    assert report["redirect"] == 3
    assert "169.254" not in {visit.headers["host"] for visit in site.log}


@pytest.mark.slow
def test_a_retry_after_is_waited_for(site, tmp_path):
    site.articles = 3
    site["/en/article/2"] = faults.sequence(faults.retry_after(2), site.article(2))
    crawling.crawl(site.start, tmp_path)
    first, second = site.visits("/en/article/2")
    assert second.started - first.started >= 1.95
    following = [visit for visit in site.log if visit.started > first.started]
    assert following[0].started - first.started >= 1.95  # the host is left alone, not only the page
    assert len(crawling.records(tmp_path)) == 3


@pytest.mark.slow
def test_a_retry_after_may_be_a_date(site, tmp_path):
    site.articles = 2
    site["/en/article/2"] = faults.sequence(faults.retry_after(3, 503, as_date=True), site.article(2))
    crawling.crawl(site.start, tmp_path)
    first, second = site.visits("/en/article/2")
    assert second.started - first.started >= 1.5  # dates have whole seconds
    assert len(crawling.records(tmp_path)) == 2


@pytest.mark.slow
def test_a_host_that_asks_for_a_long_wait_ends_the_run_and_the_next_run_waits_too(site, tmp_path):
    site.articles = 3
    site["/en/article/2"] = faults.sequence(faults.retry_after(3000), site.article(2))
    done = crawling.crawl(site.start, tmp_path)
    assert done.code == 1
    assert "asks not to be asked for another" in done.err
    asked = len(site.log)
    again = crawling.crawl(site.start, tmp_path)
    assert again.code == 1
    assert len(site.log) == asked
    assert not [row for row in crawling.rows(tmp_path).values() if row["state"] == "leased"]


@pytest.mark.slow
def test_an_overloaded_host_is_asked_more_slowly_and_then_as_before(site, tmp_path):
    site.articles = 14
    site["/en/article/3"] = faults.sequence(faults.error(503), site.article(3))
    crawling.crawl(site.start, tmp_path)
    at = next(at for at, visit in enumerate(site.log) if visit.status == 503)
    starts = [visit.started for visit in site.log]
    assert starts[at + 1] - starts[at] >= 0.45
    assert starts[-1] - starts[-2] < 0.3
    assert len(crawling.records(tmp_path)) == 14


@pytest.mark.slow
def test_failures_are_tried_again_after_growing_pauses_and_then_parked(site, tmp_path):
    site.articles = 2
    site["/en/article/2"] = faults.error(500)
    pauses = []
    for _ in range(8):
        make_failed_due(tmp_path)
        assert crawling.crawl(site.start, tmp_path).code == 0
        row = crawling.rows(tmp_path)["/en/article/2"]
        pauses.append(row["due_at"] - row["checked_at"])
    assert pauses == sorted(pauses)
    assert pauses[0] == pytest.approx(3600)
    assert pauses[3] == pytest.approx(64 * 3600)
    assert pauses[-1] == pytest.approx(30 * 86400)
    assert (row["state"], row["failures"], row["reason"]) == ("parked", 8, "http_500")
    site.forget()
    make_failed_due(tmp_path)
    crawling.crawl(site.start, tmp_path)
    assert not site.visits("/en/article/2")
    del site["/en/article/2"]
    crawling.crawl(site.start, tmp_path, "--full")
    assert len(crawling.records(tmp_path)) == 2


def make_failed_due(output) -> None:
    from sqlalchemy import update

    from qacrawl.frontier import open_frontier
    from qacrawl.frontier.tables import urls

    folder = output / "doctorqna"
    folder.mkdir(exist_ok=True)
    with open_frontier(None, "doctorqna", folder) as frontier, frontier.engine.begin() as db:
        db.execute(update(urls).where(urls.c.state == "failed").values(due_at=0))


@pytest.mark.slow
def test_each_try_is_counted_within_a_run(site, tmp_path):
    site.articles = 1
    site["/en/article/1"] = faults.error(502)
    crawling.crawl(site.start, tmp_path)
    assert len(site.visits("/en/article/1")) == 3
    assert crawling.reports(tmp_path)[0]["retries"] == 2


@pytest.mark.slow
def test_a_timeout_is_a_failure(site, tmp_path):
    site.articles = 2
    site["/en/article/2"] = faults.late(faults.article(2), 30)
    crawling.crawl(site.start, tmp_path, settings={"DOWNLOAD_TIMEOUT": "0.5", "QACRAWL_TRIES": "2"})
    assert outcome(tmp_path, "/en/article/2") == ("failed", "download_timeout")


@pytest.mark.slow
def test_a_spider_that_breaks_on_a_page_fails_that_page_only(site, tmp_path):
    site.articles = 2
    site["/map.xml"] = faults.Reply(b"<html>no sitemap</html>", content_type="application/xml")
    site.robots = faults.Reply(f"Sitemap: {site.url('/map.xml')}\n".encode())
    done = crawling.crawl(site.start, tmp_path)
    assert done.code == 0
    assert "Traceback" not in done.err
    assert outcome(tmp_path, "/map.xml")[0] == "failed"
    assert len(crawling.records(tmp_path)) == 2


@pytest.mark.slow
def test_listings_that_vanish_do_not_take_articles_with_them(site, tmp_path):
    crawling.crawl(site.start, tmp_path)
    site["/en"] = faults.error(500)
    site.prefixes["/en/faq/"] = faults.error(404)
    assert crawling.crawl(site.start, tmp_path).code == 1, "a start page that fails is no good night"
    assert len(crawling.records(tmp_path)) == 30
