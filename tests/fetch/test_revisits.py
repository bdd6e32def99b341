"""When pages are visited again, over real crawls: what headers, sitemaps and their past say, and slow hosts."""

import os
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from hashlib import sha256
from itertools import pairwise
from pathlib import Path
from statistics import median

import pytest
from sqlalchemy import update
from support import crawling, faults
from support.crawling import HERE
from support.faults import Answer, FaultSite, Reply, Visit

from qacrawl.frontier import open_frontier
from qacrawl.frontier.tables import runs, urls

pytestmark = pytest.mark.slow

DAY = 86_400.0
TEN_DAYS = {"QACRAWL_REVISIT_ANSWERED": "36500:10", "QACRAWL_REVISIT_OPEN": "36500:4"}


@pytest.fixture
def site() -> Iterator[FaultSite]:
    with FaultSite(articles=5) as site:
        yield site


@pytest.fixture(params=["sqlite", "postgresql"])
def frontier(request: pytest.FixtureRequest) -> tuple[str, ...]:
    """Options of a crawl with either frontier; with PostgreSQL it is a worker."""
    if request.param == "sqlite":
        return ()
    return ("--frontier", request.getfixturevalue("postgres_url"), "--worker")


def crawl(
    site: FaultSite, output: Path, *options: str, settings: Mapping[str, str] = TEN_DAYS, ahead: float = 0
) -> str:
    """A crawl that ends well; what it says on stderr."""
    path = os.pathsep.join(filter(None, [str(HERE / "clock"), os.environ.get("PYTHONPATH")]))
    env = {"PYTHONPATH": path, "CLOCK_AHEAD": str(ahead)} if ahead else None
    done = crawling.crawl(site.start, output, *options, settings=settings, env=env)
    assert done.code == 0, done.err
    return done.err


def address(options: tuple[str, ...]) -> str | None:
    return options[1] if options else None


def pauses(output: Path, options: tuple[str, ...] = ()) -> dict[int, float]:
    """Days from the last visit of each article to its next, to the tenth."""
    found = crawling.rows(output, address(options))
    return {
        int(path.rpartition("/")[2]): round((row["due_at"] - row["checked_at"]) / DAY, 1)
        for path, row in sorted(found.items())
        if row["kind"] == "article"
    }


def days_later(output: Path, days: float, options: tuple[str, ...] = ()) -> None:
    """Have all times that the frontier knows be so many days older."""
    with open_frontier(address(options), "doctorqna", output / "doctorqna") as opened, opened.engine.begin() as db:
        for table, names in ((urls, ("due_at", "checked_at", "first_seen")), (runs, ("started", "finished"))):
            db.execute(update(table).values({name: table.c[name] - days * DAY for name in names}))


def asked(site: FaultSite) -> list[int]:
    """The articles that were asked for since the log was emptied, sorted."""
    return sorted(int(visit.path.rpartition("/")[2]) for visit in site.log if "/article/" in visit.path)


def with_headers(site: FaultSite, number: int, **headers: str) -> Answer:
    """The article that the site has by itself; each answer has these headers, a 304 too."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}

    def answer(visit: Visit) -> Reply:
        reply = faults.resolve(site.article(number), visit)
        return replace(reply, headers={**reply.headers, **named})

    return answer


def test_headers_put_the_next_visit_off(site: FaultSite, tmp_path: Path, frontier: tuple[str, ...]) -> None:
    in_20_days = format_datetime(datetime.now(UTC) + timedelta(days=20), usegmt=True)
    site["/en/article/1"] = with_headers(site, 1, Cache_Control=f"public, max-age={30 * 86_400}")
    site["/en/article/2"] = with_headers(site, 2, Expires=in_20_days)
    site["/en/article/3"] = with_headers(site, 3, Cache_Control="no-store, max-age=0", Expires="0")
    site["/en/article/4"] = with_headers(site, 4, Cache_Control="max-age=999999999")
    crawl(site, tmp_path, *frontier)
    assert pauses(tmp_path, frontier) == {1: 30, 2: 20, 3: 10, 4: 365, 5: 10}
    days_later(tmp_path, 11, frontier)
    site.forget()
    crawl(site, tmp_path, *frontier)
    assert asked(site) == [3, 5]
    days_later(tmp_path, 10, frontier)
    site.forget()
    crawl(site, tmp_path, *frontier)
    assert asked(site) == [2], "the two that were as before wait twice as long"


def test_the_headers_of_a_304_count_and_a_user_has_the_last_word(site: FaultSite, tmp_path: Path) -> None:
    crawl(site, tmp_path)
    site["/en/article/1"] = with_headers(site, 1, Cache_Control="max-age=8640000")
    crawl(site, tmp_path, "--full")
    assert [visit.status for visit in site.visits("/en/article/1")] == [200, 304]
    assert pauses(tmp_path)[1] == 100
    crawl(site, tmp_path, "--full", settings=TEN_DAYS | {"QACRAWL_REVISIT_LONGEST": "0"})
    assert pauses(tmp_path)[1] == 10


def test_what_changed_is_visited_sooner_and_what_did_not_later(
    site: FaultSite, tmp_path: Path, frontier: tuple[str, ...]
) -> None:
    head, _, _ = faults.article(4).partition(b"<p>Dr. Doctor")
    site["/en/article/1"] = faults.changing(lambda visit: faults.article(1, version=visit))
    site["/en/article/2"] = lambda visit: Reply(faults.article(2) + b"<!-- page %d -->" % visit.count)
    site["/en/article/4"] = faults.conditional(head)
    found = []
    for _ in range(4):
        crawl(site, tmp_path, *frontier, "--full")
        found.append(pauses(tmp_path, frontier))
    assert [one[1] for one in found] == [10, 5, 2.5, 2.5], "another text each time"
    assert [one[2] for one in found] == [10, 20, 40, 40], "another page, and the same text"
    assert [one[3] for one in found] == [10, 20, 40, 40], "the same page"
    assert [one[4] for one in found] == [4, 4, 4, 4], "without a reply"


# Sitemaps


def name_sitemap(site: FaultSite, **modified: str) -> None:
    """Have robots.txt name a sitemap of all articles, with an ETag; `_1="2024-05-03"` is the lastmod of the first."""
    site.robots = Reply(f"Sitemap: {site.url('/map.xml')}\n".encode(), content_type="text/plain")
    stamps = {int(name[1:]): f"<lastmod>{value}</lastmod>" for name, value in modified.items()}
    entries = "".join(
        f"<url><loc>{site.url(path)}</loc>{stamps.get(number, '')}</url>"
        for number, path in enumerate(site.article_paths(), 1)
    )
    body = f"<urlset>{entries}</urlset>".encode()
    tag = {"ETag": f'"{sha256(body).hexdigest()[:8]}"'}

    def answer(visit: Visit) -> Reply:
        known = visit.headers.get("if-none-match") == tag["ETag"]
        return Reply(b"" if known else body, 304 if known else 200, tag, "application/xml")

    site["/map.xml"] = answer


def ago(days: float) -> str:
    return (datetime.now(UTC) - timedelta(days=days)).isoformat(timespec="seconds")


def test_a_sitemap_says_what_need_not_be_visited_and_what_must(
    site: FaultSite, tmp_path: Path, frontier: tuple[str, ...]
) -> None:
    name_sitemap(site, _1="2021-02-03", _2="2021-02-03")
    crawl(site, tmp_path, *frontier)
    days_later(tmp_path, 11, frontier)
    site.forget()
    name_sitemap(site, _1="2021-02-03", _2=ago(2))
    crawl(site, tmp_path, *frontier)
    assert asked(site) == [2, 3, 4, 5], "the first was not modified since"
    assert crawling.reports(tmp_path)[-1]["moved"] == 1
    days_later(tmp_path, 2, frontier)
    site.forget()
    name_sitemap(site, _1="2021-02-03", _2=ago(2.5), _3=ago(0.5))
    crawl(site, tmp_path, *frontier)
    assert asked(site) == [3], "modified since, and not due by itself"
    days_later(tmp_path, 8, frontier)
    site.forget()
    crawl(site, tmp_path, *frontier)
    assert site.visits("/map.xml")[-1].status == 304
    assert asked(site) == [1], "after twice as long it is visited, whatever the sitemap says"


def test_a_sitemap_that_is_as_it_was_still_holds_back(site: FaultSite, tmp_path: Path) -> None:
    name_sitemap(site, _1="2021-02-03", _2="2021-02-03", _3="2021-02-03")
    crawl(site, tmp_path)
    days_later(tmp_path, 11)
    site.forget()
    crawl(site, tmp_path)
    assert site.visits("/map.xml")[-1].status == 304
    assert asked(site) == [4, 5]
    site.forget()
    crawl(site, tmp_path, "--full")
    assert asked(site) == [1, 2, 3, 4, 5]


def test_a_sitemap_that_always_says_now_brings_nobody_each_night(site: FaultSite, tmp_path: Path) -> None:
    nights = []
    for night in range(6):
        site.forget()
        name_sitemap(site, _1=ago(0))
        crawl(site, tmp_path)
        nights += [night] if 1 in asked(site) else []
        days_later(tmp_path, 1)
    assert nights == [0, 1, 2, 5]


# Clocks and slow hosts


def test_after_a_night_with_a_clock_that_was_ahead_pages_are_due_as_ever(site: FaultSite, tmp_path: Path) -> None:
    crawl(site, tmp_path, ahead=200 * DAY)
    site.forget()
    said = crawl(site, tmp_path)
    assert asked(site) == []
    assert "5 pages were visited by a clock that was ahead" in said
    assert "the clock is behind that of an earlier run" in said
    assert crawl(site, tmp_path) == "", "that is said once"
    days_later(tmp_path, 9)
    crawl(site, tmp_path)
    assert asked(site) == []
    days_later(tmp_path, 2)
    crawl(site, tmp_path)
    assert asked(site) == [1, 2, 3, 4, 5]


def test_a_host_that_gets_slower_is_asked_less_often_until_it_recovers(
    site: FaultSite, tmp_path: Path, frontier: tuple[str, ...]
) -> None:
    site.articles = 18

    def late(number: int) -> Answer:
        """The first eight that are asked for come late, whichever they are."""
        return lambda visit: replace(
            faults.resolve(site.article(number), visit), wait=0.7 if len(asked(site)) <= 8 else 0.0
        )

    for number in range(1, 19):
        site[f"/en/article/{number}"] = late(number)
    crawl(site, tmp_path, *frontier)
    visits = [visit for visit in site.log if "/article/" in visit.path]
    assert len(visits) == 18
    gaps = [later.started - sooner.started for sooner, later in pairwise(visits)]
    assert min(gaps[:2]) < 1.3, "two slow answers are no trouble"
    assert min(gaps[4:8]) >= 1.39, "then twice as long as an answer takes"
    assert median(gaps[12:]) < 0.7, "it has recovered"
