"""A crawl of a site in order: everything is found and read once, politely; the next run asks for little."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from support import crawling, faults
from support.faults import FaultSite
from support.places import ROOT

from qacrawl.archive import read, warc
from qacrawl.usage.tdmrep import PATH as TDMREP


@pytest.fixture
def site():
    with FaultSite(articles=25) as site:
        yield site


def check_report(report: dict) -> None:
    """What always holds of a report."""
    assert sum(report["outcomes"].values()) == report["fetches"]
    assert sum(report["rejects"].values()) == report["outcomes"]["reject"]
    assert sum(report["failures"].values()) == report["outcomes"]["failed"]


@pytest.mark.slow
def test_every_page_is_fetched_once_and_read(site, tmp_path):
    done = crawling.crawl(site.start, tmp_path)
    assert (done.code, done.err) == (0, "")
    rows = crawling.records(tmp_path)
    assert [row["record_id"] for row in rows] == sorted(f"doctorqna:{number}" for number in range(1, 26))
    for row in rows:
        number = int(row["record_id"].partition(":")[2])
        said = faults.article_facts(number)
        del said["asker"]
        assert {name: row[name] for name in said} == said
        assert row["asker"].startswith("asker-")
        assert row["url"] == site.url(f"/en/article/{number}")
    paths = [visit.path for visit in site.log]
    assert sorted(paths) == sorted(["/robots.txt", TDMREP, "/en", *site.article_paths(), *listings(3)])
    (report,) = crawling.reports(tmp_path)
    assert report["outcomes"] == {
        "record": 25,
        "listing": 4,
        **dict.fromkeys(("reject", "gone", "unchanged", "failed"), 0),
    }
    assert (report["fetches"], report["requests"], report["records"]) == (29, 31, 25)
    assert "25 records in" in done.out


def listings(number: int) -> list[str]:
    return [f"/en/faq/general-test/{page}" for page in range(1, number + 1)]


@pytest.mark.slow
def test_records_say_where_they_lie_in_the_archive(site, tmp_path):
    crawling.crawl(site.start, tmp_path)
    for row in crawling.records(tmp_path):
        path = tmp_path / "doctorqna" / "archive" / row["warc_file"]
        place, exchange = next(read.entries(path, row["warc_offset"]))
        assert (exchange.url, exchange.fetched_at) == (row["url"], row["fetched_at"])
        assert place.offset == row["warc_offset"]
        assert warc.run_of(row["warc_file"]) == row["run_id"]
        assert f"Question {row['record_id'].partition(':')[2]}, ".encode() in exchange.body


@pytest.mark.slow
def test_everything_is_in_the_archive_as_it_came(site, tmp_path):
    site["/en/article/2"] = faults.gzipped(faults.article(2))
    crawling.crawl(site.start, tmp_path)
    (path,) = (tmp_path / "doctorqna" / "archive").iterdir()
    kept = {exchange.url: exchange for _, exchange in read.entries(path)}
    assert set(kept) == {site.url(visit.path) for visit in site.log}
    assert kept[site.url("/robots.txt")].status == 404
    packed = kept[site.url("/en/article/2")]
    assert packed.body == faults.gzipped(faults.article(2)).body
    assert dict(packed.headers)["Content-Encoding"] == "gzip"
    assert len(crawling.records(tmp_path)) == 25


@pytest.mark.slow
def test_a_second_run_asks_for_listings_and_transfers_little(site, tmp_path):
    crawling.crawl(site.start, tmp_path)
    first = sum(visit.sent for visit in site.log)
    before = crawling.records(tmp_path)
    site.forget()
    assert crawling.crawl(site.start, tmp_path).code == 0
    assert sorted(visit.path for visit in site.log) == sorted(["/robots.txt", TDMREP, "/en", *listings(3)])
    report = crawling.reports(tmp_path)[-1]
    assert report["outcomes"]["unchanged"] == report["fetches"] == 4
    assert sum(visit.sent for visit in site.log) <= first / 5  # listings of this site have no ETag
    assert crawling.records(tmp_path) == before


@pytest.mark.slow
def test_a_full_run_asks_for_everything_and_costs_the_site_nothing(site, tmp_path):
    crawling.crawl(site.start, tmp_path)
    dataset = (tmp_path / "doctorqna" / "dataset").readlink()
    site.forget()
    assert crawling.crawl(site.start, tmp_path, "--full").code == 0
    visits = [visit for visit in site.log if visit.path.startswith("/en/article/")]
    assert {visit.path for visit in visits} == set(site.article_paths())
    assert all(visit.status == 304 and "if-none-match" in visit.headers for visit in visits)
    assert (tmp_path / "doctorqna" / "dataset").readlink() == dataset, "what changes nothing publishes nothing new"
    assert len(list((tmp_path / "doctorqna" / "snapshots").iterdir())) == 1


@pytest.mark.slow
def test_a_refetch_asks_conditionally_for_nothing_and_doubles_nothing(site, tmp_path):
    crawling.crawl(site.start, tmp_path)
    before = crawling.contents(tmp_path)
    site.forget()
    crawling.crawl(site.start, tmp_path, "--refetch")
    assert len(site.visits("/en/article/7")) == 1
    assert "if-none-match" not in site.visits("/en/article/7")[0].headers
    assert crawling.contents(tmp_path) == before


@pytest.mark.slow
def test_new_articles_are_found_by_the_next_run(site, tmp_path):
    site.articles = 20
    crawling.crawl(site.start, tmp_path)
    site.articles = 25
    site.forget()
    crawling.crawl(site.start, tmp_path)
    assert len(crawling.records(tmp_path)) == 25
    assert not site.visits("/en/article/3")


@pytest.mark.slow
def test_what_is_due_is_asked_for_with_its_validators(site, tmp_path):
    crawling.crawl(site.start, tmp_path)
    make_due(tmp_path)
    site["/en/article/5"] = faults.conditional(faults.article(5, version=1))
    site.forget()
    crawling.crawl(site.start, tmp_path)
    assert site.visits("/en/article/4")[0].status == 304
    assert site.visits("/en/article/5")[0].status == 200
    outcomes = crawling.reports(tmp_path)[-1]["outcomes"]
    assert (outcomes["record"], outcomes["unchanged"]) == (1, 24 + 4)
    questions = {row["record_id"]: row["question"] for row in crawling.records(tmp_path)}
    assert questions["doctorqna:5"] == "Question 5, version 1."
    assert len(questions) == 25
    assert len(crawling.parts(tmp_path)) == 26  # both versions are kept


@pytest.mark.slow
def test_identical_bytes_without_validators_are_noted_and_not_read_again(site, tmp_path):
    site["/en/article/4"] = faults.Reply(faults.article(4))
    crawling.crawl(site.start, tmp_path)
    make_due(tmp_path)
    crawling.crawl(site.start, tmp_path)
    assert crawling.rows(tmp_path)["/en/article/4"]["outcome"] == "unchanged"
    newest = max((tmp_path / "doctorqna" / "archive").iterdir())
    entries = {entry.url: entry for _, entry in read.entries(newest)}
    revisit = entries[site.url("/en/article/4")]
    assert isinstance(revisit, warc.Revisit)
    assert revisit.payload == warc.digest(faults.article(4))


@pytest.mark.slow
def test_a_page_is_gone_after_three_visits_and_comes_back(site, tmp_path):
    crawling.crawl(site.start, tmp_path)
    site["/en/article/9"] = faults.error(410)
    for count in (25, 25, 24):
        make_due(tmp_path)
        crawling.crawl(site.start, tmp_path)
        assert len(crawling.records(tmp_path)) == count
    row = crawling.rows(tmp_path)["/en/article/9"]
    assert (row["state"], row["misses"], row["status"]) == ("gone", 3, 410)
    assert row["gone_at"] is not None
    assert any(row["record_id"] == "doctorqna:9" for row in crawling.parts(tmp_path))  # the log keeps it
    del site["/en/article/9"]
    make_due(tmp_path)
    crawling.crawl(site.start, tmp_path)
    assert len(crawling.records(tmp_path)) == 25


def make_due(output: Path) -> None:
    """Let the time pass until every page is to be visited again."""
    from sqlalchemy import update

    from qacrawl.frontier import open_frontier
    from qacrawl.frontier.tables import urls

    with open_frontier(None, "doctorqna", output / "doctorqna") as frontier, frontier.engine.begin() as db:
        db.execute(update(urls).values(due_at=0))


@pytest.mark.slow
def test_start_url_may_be_an_article(site, tmp_path):
    crawling.crawl(site.url("/en/article/20"), tmp_path)
    assert {row["record_id"] for row in crawling.records(tmp_path)} == {f"doctorqna:{n}" for n in range(20, 26)}


@pytest.mark.slow
def test_numbers_and_nothing_else(site, tmp_path):
    done = crawling.crawl(site.start, tmp_path, "--numbers", "7-9")
    assert done.code == 0
    articles = [f"/en/article/{number}" for number in (7, 8, 9)]
    assert [visit.path for visit in site.log] == ["/robots.txt", TDMREP, *articles]
    assert len(crawling.records(tmp_path)) == 3


@pytest.mark.slow
def test_max_pages_ends_a_run_and_the_next_goes_on(site, tmp_path):
    for _ in range(4):
        assert crawling.crawl(site.start, tmp_path, "--max-pages", "10").code == 0
    assert len(crawling.records(tmp_path)) == 25
    assert all(len(site.visits(path)) == 1 for path in site.article_paths())
    assert crawling.reports(tmp_path)[0]["fetches"] == 10
    assert crawling.reports(tmp_path)[0]["reason"] == "max_pages"


@pytest.mark.slow
def test_max_seconds_ends_a_run(site, tmp_path):
    done = crawling.crawl(site.start, tmp_path, "--max-seconds", "3", "--delay", "0.3")
    assert done.code == 0
    (report,) = crawling.reports(tmp_path)
    assert report["reason"] == "max_seconds"
    assert 1 < report["fetches"] < 15


@pytest.mark.slow
def test_sitemaps_of_robots_txt_are_read(site, tmp_path):
    site["/en"] = faults.Reply(faults.listing("Nothing here", ["/en/faq/none-here/1"]))
    entries = "".join(f"<url><loc>{site.url(f'/en/article/{number}')}</loc></url>" for number in (3, 24))
    index = f"<sitemapindex><sitemap><loc>{site.url('/map.xml')}</loc></sitemap></sitemapindex>"
    site["/index.xml"] = faults.Reply(index.encode(), content_type="application/xml")
    site["/map.xml"] = faults.Reply(f"<urlset>{entries}</urlset>".encode(), content_type="application/xml")
    site.robots = faults.Reply(f"User-agent: *\nSitemap: {site.url('/index.xml')}\n".encode())
    crawling.crawl(site.start, tmp_path)
    assert {"doctorqna:3", "doctorqna:24"} <= {row["record_id"] for row in crawling.records(tmp_path)}
    assert crawling.rows(tmp_path)["/index.xml"]["outcome"] == "listing"


@pytest.mark.slow
def test_addresses_are_canonical(site, tmp_path):
    ways = ["/en/article/3?utm_source=x", "/en/article/3/#top", "/en/article/003", "/en/article/3"]
    site["/en"] = faults.Reply(faults.listing("Home", ways))
    crawling.crawl(site.start, tmp_path)
    assert [visit.path for visit in site.log if visit.path.startswith("/en/article/3")] == ["/en/article/3"]


@pytest.mark.slow
def test_other_hosts_and_other_pages_are_left_alone(site, tmp_path):
    with FaultSite(articles=3) as other:
        links = [other.url("/en/article/1"), "/en/login", "/admin", "mailto:x@example.org", "javascript:alert(1)"]
        site["/en"] = faults.Reply(faults.listing("Home", [*links, "//[", "/en/article/3"]))
        assert crawling.crawl(site.start, tmp_path).code == 0
        assert not other.log
    assert not [visit for visit in site.log if "login" in visit.path or "admin" in visit.path]
    assert crawling.records(tmp_path)


@pytest.mark.slow
def test_a_calendar_without_end_is_no_trap(site, tmp_path):
    site.prefixes["/en/faq/day-"] = faults.calendar
    site["/en"] = faults.Reply(faults.listing("Home", ["/en/faq/day-0/1", *listings(3)]))
    assert crawling.crawl(site.start, tmp_path, "--concurrency", "8").code == 0
    assert len(crawling.records(tmp_path)) == 25
    assert len([visit for visit in site.log if "/day-" in visit.path]) < 200


@pytest.mark.slow
def test_pages_with_several_faults_become_rejects_that_say_why(site, tmp_path):
    site["/en/article/3"] = faults.Reply(b"<h1>Under maintenance</h1><p>Back soon.</p>")
    site["/en/article/4"] = faults.Reply(b"\x89PNG\r\n\x1a\n" + bytes(100), content_type="image/png")
    site["/en/article/5"] = faults.Reply(b"")
    crawling.crawl(site.start, tmp_path)
    reasons = {row["url"].rpartition("/")[2]: row["reason"] for row in crawling.parts(tmp_path, "rejects")}
    assert reasons == {"3": "maintenance", "4": "binary", "5": "empty"}
    (report,) = crawling.reports(tmp_path)
    assert report["rejects"] == {"maintenance": 1, "binary": 1, "empty": 1}
    check_report(report)


# Politeness


@pytest.mark.slow
def test_requests_come_one_at_a_time_with_the_delay_between(site, tmp_path):
    site.articles = 8
    crawling.crawl(site.start, tmp_path, "--delay", "0.2")
    assert site.most_at_once() == 1
    check_gaps(site, 0.2)


@pytest.mark.slow
def test_a_longer_crawl_delay_of_robots_txt_counts(site, tmp_path):
    site.articles = 5
    site.robots = faults.Reply(b"User-agent: qacrawl\nCrawl-delay: 0.3\n")
    crawling.crawl(site.start, tmp_path, "--concurrency", "8")
    check_gaps(site, 0.3)


def check_gaps(site: FaultSite, delay: float) -> None:
    """Requests start `delay` apart; that one takes longer to arrive than another is the network's doing."""
    gaps = site.gaps()
    assert min(gaps) >= 0.6 * delay
    assert sum(gaps) >= delay * (len(gaps) - 0.5)


@pytest.mark.slow
def test_concurrency_is_a_limit(site, tmp_path):
    for path in site.article_paths():
        site[path] = faults.late(faults.article(int(path.rpartition("/")[2])), 0.05)
    crawling.crawl(site.start, tmp_path, "--concurrency", "4")
    assert site.most_at_once() == 4


@pytest.mark.slow
def test_what_robots_txt_forbids_is_not_asked_for(site, tmp_path):
    site.robots = faults.Reply(b"User-agent: *\nDisallow: /en/article/1\n")
    crawling.crawl(site.start, tmp_path)
    asked = {visit.path for visit in site.log}
    assert not {path for path in asked if path.startswith("/en/article/1")}
    assert "/en/article/2" in asked
    (report,) = crawling.reports(tmp_path)
    assert report["forbidden"] == 11
    assert crawling.rows(tmp_path)["/en/article/1"]["state"] == "forbidden"
    check_report(report)


@pytest.mark.slow
@pytest.mark.parametrize("status", [500, 503, 429])
def test_nothing_is_asked_for_while_robots_txt_can_not_be_had(site, tmp_path, status):
    site.robots = faults.error(status)
    done = crawling.crawl(site.start, tmp_path)
    assert done.code == 1
    assert f"robots.txt (HTTP {status}); without it nothing is fetched" in done.err
    assert done.err.count("\n") == 1
    assert {visit.path for visit in site.log} == {"/robots.txt"}
    site.robots = faults.error(404)
    assert crawling.crawl(site.start, tmp_path).code == 0
    assert len(crawling.records(tmp_path)) == 25


@pytest.mark.slow
@pytest.mark.parametrize("status", [401, 403, 404, 410])
def test_a_missing_robots_txt_allows_everything(site, tmp_path, status):
    site.articles = 3
    site.robots = faults.error(status)
    crawling.crawl(site.start, tmp_path)
    assert len(crawling.records(tmp_path)) == 3


@pytest.mark.slow
def test_robots_txt_is_followed_through_redirects(site, tmp_path):
    site.robots = faults.redirect("/rules")
    site["/rules"] = faults.Reply(b"User-agent: *\nDisallow: /\n", content_type="text/plain")
    crawling.crawl(site.start, tmp_path)
    assert {visit.path for visit in site.log} == {"/robots.txt", "/rules"}


@pytest.mark.slow
def test_the_user_agent_names_the_project_and_a_contact(site, tmp_path):
    site.articles = 1
    crawling.crawl(site.start, tmp_path, "--contact", "data@\nexample.org")
    agents = {visit.headers["user-agent"] for visit in site.log}
    assert len(agents) == 1
    agent = agents.pop()
    assert agent.endswith("(research crawler; obeys robots.txt; contact: data@ example.org)")
    assert "(+https://github.com/qacrawl/qacrawl/blob/main/docs/crawler.md)" in agent


# The ways to start


@pytest.mark.slow
def test_scrapy_crawl_does_the_same(site, tmp_path):
    settings = {
        "QACRAWL_START_URLS": site.start,
        "QACRAWL_OUTPUT": str(tmp_path),
        "QACRAWL_DELAY": "0",
        "QACRAWL_ALLOW_PRIVATE": "1",
    }
    options = [part for name, value in settings.items() for part in ("-s", f"{name}={value}")]
    done = subprocess.run(
        [sys.executable, "-m", "scrapy", "crawl", "doctorqna", *options],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert len(crawling.records(tmp_path)) == 25
    assert "records" in done.stderr
    check_report(crawling.reports(tmp_path)[0])


@pytest.mark.slow
def test_scrapy_lists_the_spiders():
    done = subprocess.run(
        [sys.executable, "-m", "scrapy", "list"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["doctorqna", "tweh"]


@pytest.mark.slow
def test_two_runs_at_once_are_one_too_many(site, tmp_path):
    first = crawling.start(crawling.command(site.start, tmp_path, "--delay", "0.3"))
    while not site.log:
        assert first.poll() is None
    second = crawling.crawl(site.start, tmp_path)
    assert (second.code, second.out) == (4, "")
    assert second.err == "qacrawl: another run of doctorqna is going on; this one ends\n"
    assert crawling.kill_after(first, 0)
    assert crawling.crawl(site.start, tmp_path).code == 0  # a dead run's lock stops nobody
    assert len(crawling.records(tmp_path)) == 25


@pytest.mark.slow
def test_private_addresses_need_leave(site, tmp_path):
    done = crawling.qacrawl("crawl", "doctorqna", "--start-url", site.start, "--output", str(tmp_path))
    assert (done.code, done.err.count("\n")) == (2, 1)
    assert "--allow-private" in done.err
    assert not site.log


@pytest.mark.slow
def test_no_network_is_one_clear_line(tmp_path):
    done = crawling.crawl("http://nowhere.invalid/en", tmp_path)
    assert done.code == 1
    assert done.err.count("\n") == 1
    assert "cannot read http://nowhere.invalid/robots.txt" in done.err


@pytest.mark.slow
def test_a_terminal_shows_how_it_goes(site, tmp_path):
    site.articles = 8
    master, terminal = os.openpty()
    process = subprocess.Popen(
        crawling.program(crawling.command(site.start, tmp_path, "--delay", "0.3")),
        stdout=subprocess.PIPE,
        stderr=terminal,
    )
    os.close(terminal)
    shown = b""
    while True:
        try:
            shown += os.read(master, 65536)
        except OSError:  # the other end is closed
            break
    os.close(master)
    assert process.wait() == 0
    process.stdout.close()
    assert b"doctorqna: " in shown
    assert b"to go" in shown
