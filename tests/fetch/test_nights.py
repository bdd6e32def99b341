"""A night job, as cron runs it: bare environment, default delay; exit code and last line tell how it went."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import update
from support import crawling
from support.crawling import records
from support.faults import FaultSite, Reply, article, error, listing

from qacrawl.frontier import open_frontier
from qacrawl.frontier.tables import urls

ODD = Reply(b"<html><body><h1>Tea</h1><p>All is new here, and nothing is as before.</p></body></html>")
MAINTENANCE = Reply(b"<html><body><h1>Maintenance</h1><p>We will be back soon.</p></body></html>")


def night(output: Path, site: FaultSite) -> tuple[int, str]:
    """The exit code and the last line of a crawl in the environment that cron gives."""
    bare = {"HOME": str(output.parent), "PATH": "/usr/bin:/bin", "SHELL": "/bin/sh", "LOGNAME": "crawler"}
    if path := os.environ.get("PYTHONPATH"):  # where the tests run beside an installed copy
        bare["PYTHONPATH"] = path
    line = (
        f"{sys.executable} -m qacrawl crawl doctorqna --output {output} --start-url {site.start} --allow-private 2>&1"
    )
    done = subprocess.run(["/bin/sh", "-c", line], env=bare, stdin=subprocess.DEVNULL, capture_output=True, timeout=280)
    said = done.stdout.decode().splitlines()
    assert not any("Traceback" in one for one in said), said
    return done.returncode, said[-1]


def a_day_later(output: Path) -> None:
    """Have all that is due in a day be due now."""
    with open_frontier(None, "doctorqna", output / "doctorqna") as frontier, frontier.engine.begin() as db:
        db.execute(update(urls).values(due_at=urls.c.due_at - 86_400))


def without_signature(page: bytes) -> bytes:
    """A page as a parser reads it that no longer finds the doctor: half of the record is lost."""
    return page.replace(b"Dr. ", b"Doctor ").replace(b"Dr.", b"Doctor")


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_eight_nights_of_an_unattended_crawl(tmp_path: Path):
    output = tmp_path / "out"
    with FaultSite(articles=60) as site:

        def offer(first: int, last: int) -> None:
            """Link to these articles from the home page, and to nothing else."""
            links = [f"/en/article/{number}" for number in range(first, last + 1)]
            site["/en"] = Reply(listing("Doctors answer", links))
            for number in range(first, last + 1):
                site[f"/en/article/{number}"] = Reply(article(number))

        offer(1, 12)
        code, line = night(output, site)
        assert code == 0
        assert "12 records" in line
        whole = records(output)
        assert len(whole) == 12

        offer(1, 17)
        for number in range(13, 18):
            site[f"/en/article/{number}"] = ODD
        code, line = night(output, site)
        assert code == 3, "a new layout: the pages are there, but no parser reads them"
        assert "5 of the 5 articles that this run read became rejects" in line
        assert len(records(output)) == 12

        kept = dict(site.pages)
        site.pages.clear()
        site.prefixes["/"] = error(500)
        code, line = night(output, site)
        assert code == 1, "an outage"
        assert "http_500" in line

        site.prefixes.clear()
        site.pages |= kept
        offer(18, 22)
        site.robots = Reply(b"User-agent: *\nDisallow: /\n", content_type="text/plain")
        code, line = night(output, site)
        assert code == 1
        assert "robots.txt forbids the start page" in line

        site.robots = error(404)
        site["/en"] = MAINTENANCE
        code, line = night(output, site)
        assert code == 1
        assert "maintenance" in line
        assert len(records(output)) == 12

        offer(23, 34)
        for number in range(23, 35):
            site[f"/en/article/{number}"] = Reply(without_signature(article(number)))
        code, line = night(output, site)
        assert code == 3, "a parser that half broke: records, but a field is gone"
        assert "doctor is in 0% of the records that this run read, and in 100% of the dataset" in line

        a_day_later(output)
        code, line = night(output, site)
        assert code == 3, "nothing has changed: ten such nights are not ten times 0"
        assert "still, since run" in line

        offer(13, 40)
        a_day_later(output)
        code, line = night(output, site)
        assert code == 0, line
        assert "records in" in line
        found = records(output)
        assert all(row["doctor"] for row in found), "what was read badly is read again"
    assert {row["record_id"] for row in whole} < {row["record_id"] for row in found}


def quick(output: Path, site: FaultSite, *options: str) -> tuple[int, str]:
    """The exit code and the last line of a crawl without delays."""
    done = crawling.crawl(site.start, output, *options)
    return done.code, (done.err or done.out).splitlines()[-1]


def test_articles_that_fail_night_after_night_are_never_well(tmp_path: Path):
    with FaultSite(articles=4) as site:
        site.prefixes["/en/article/"] = error(403)
        code, line = quick(tmp_path, site)
        assert (code, "4 of 6 pages failed with http_403" in line) == (1, True), line
        code, line = quick(tmp_path, site)
        assert code == 1, "what failed waits, and nothing says that it is well"
        assert "still, since run" in line
        assert "4 of 6 pages failed" in line
        with open_frontier(None, "doctorqna", tmp_path / "doctorqna") as frontier, frontier.engine.begin() as db:
            db.execute(update(urls).where(urls.c.kind == "article").values(failures=7, due_at=0.0))
        code, line = quick(tmp_path, site)
        assert (code, "4 of 6 pages failed with http_403" in line) == (1, True), line

        site.prefixes.clear()
        a_day_later(tmp_path)
        code, line = quick(tmp_path, site)
        assert code == 0, "the healthy night brings what failed, however often it did"
        assert "4 records" in line


def test_a_robots_txt_that_forbids_the_articles_is_said_until_it_is_mended(tmp_path: Path):
    with FaultSite(articles=4) as site:
        site.robots = Reply(b"User-agent: *\nDisallow: /en/article/\n", content_type="text/plain")
        code, line = quick(tmp_path, site)
        assert (code, "robots.txt forbids all 4 articles that were due" in line) == (1, True), line
        a_day_later(tmp_path)
        code, line = quick(tmp_path, site)
        assert (code, "still, since run" in line) == (1, True), line
        site.robots = error(404)
        a_day_later(tmp_path)
        code, line = quick(tmp_path, site)
        assert (code, "4 records" in line) == (0, True), line


@pytest.mark.parametrize(
    ("reply", "said"),
    [
        (Reply(b""), "empty"),
        (Reply(b"", 204), "empty"),
        (Reply(b"%PDF-1.4 x", content_type="application/pdf"), "binary"),
        (Reply(b"<html><body><h1>This domain is for sale</h1><a href='https://x.example/'>Buy</a></body></html>"), ""),
    ],
)
def test_a_start_page_that_is_none_is_no_good_night(tmp_path: Path, reply: Reply, said: str):
    with FaultSite(articles=2) as site:
        site["/en"] = reply
        code, line = quick(tmp_path, site)
        assert (code, f"the start page is no page to start from: {said}" in line) == (1, True), line


def test_a_start_page_that_leads_nowhere_any_more_is_no_good_night(tmp_path: Path):
    with FaultSite(articles=2) as site:
        assert quick(tmp_path, site)[0] == 0
        site["/en"] = Reply(listing("Doctors answer", []))
        for _ in range(2):
            code, line = quick(tmp_path, site)
            assert code == 1, line
            assert "the start page is no page to start from" in line
        del site["/en"]
        assert quick(tmp_path, site)[0] == 0


def test_a_limit_of_one_page_gets_somewhere_and_says_what_waits(tmp_path: Path):
    with FaultSite(articles=1) as site:
        site["/en"] = Reply(listing("Doctors answer", ["/en/article/1"]))
        code, line = quick(tmp_path, site, "--max-pages", "1")
        assert (code, line) == (0, "no records yet: nothing was published; 1 page waits, the same command goes on")
        code, line = quick(tmp_path, site, "--max-pages", "1")
        assert code == 0
        assert line.startswith("1 record in "), "the article comes before the start page, which was visited just now"
        site.forget()
        assert quick(tmp_path, site, "--max-pages", "1")[0] == 0
        assert site.visits("/en"), "when nothing waits, it is looked at again"
