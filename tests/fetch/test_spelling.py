"""A page is one page however it is spelt, and is asked for as it was found: sites answer to what they link to."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import select
from support import crawling, faults
from support.faults import FaultSite, Reply

from qacrawl.archive import read
from qacrawl.frontier import open_frontier
from qacrawl.frontier.tables import urls
from qacrawl.usage.tdmrep import PATH as TDMREP

PAGE = "/en/article/3"
SPELLINGS = {
    "tracking": f"{PAGE}?utm_source=home&b=2&a=1",
    "order": f"{PAGE}?b=2&a=1",
    "slash": f"{PAGE}/",
    "encoding": "/en/%61rticle/3",
    "lower-case encoding": f"{PAGE}?q=%c3%a9",
    "zeros": "/en/article/003",
    "plus": f"{PAGE}?q=a+b%20c",
    "parameter without a value": f"{PAGE}?print",
}


@pytest.fixture
def site() -> Iterator[FaultSite]:
    with FaultSite(articles=3) as site:
        yield site


def links_to(site: FaultSite, *found: str) -> None:
    site["/en"] = Reply(faults.listing("Home", list(found)))


def asked(site: FaultSite) -> list[str]:
    """What was asked for but the start page and robots.txt."""
    return [visit.path for visit in site.log if visit.path not in ("/en", "/robots.txt", TDMREP)]


def record(output: Path) -> tuple[str, str]:
    (row,) = crawling.records(output)
    return row["record_id"], "/" + row["url"].split("/", 3)[3]


def addresses(output: Path) -> dict[str, str | None]:
    with open_frontier(None, "doctorqna", output / "doctorqna") as frontier, frontier.engine.connect() as db:
        return {row.url: row.address for row in db.execute(select(urls.c.url, urls.c.address))}


@pytest.mark.slow
@pytest.mark.parametrize("found", SPELLINGS.values(), ids=SPELLINGS)
def test_a_page_is_asked_for_as_it_was_found_and_kept_by_its_one_url(
    site: FaultSite, found: str, tmp_path: Path
) -> None:
    site[PAGE] = faults.error(404)  # only the spelling of the site is there
    site[found] = site.article(3)
    links_to(site, found)
    assert crawling.crawl(site.start, tmp_path).code == 0
    assert asked(site) == [found]
    assert record(tmp_path) == ("doctorqna:3", PAGE)
    assert addresses(tmp_path)[site.url(PAGE)] == site.url(found)
    site.forget()
    assert crawling.crawl(site.start, tmp_path, "--full").code == 0
    assert asked(site) == [found]
    assert site.visits(found)[0].status == 304, "it is the same address, so what it said holds"


@pytest.mark.slow
@pytest.mark.parametrize("typed", ["/en?b=2&a=1", "/en/?utm_source=x", "/%65n", "/en?q=%c3%a9+x"])
def test_a_start_page_is_asked_for_as_it_was_typed(site: FaultSite, typed: str, tmp_path: Path) -> None:
    site["/en"] = faults.error(404)
    site[typed] = Reply(faults.listing("Home", [PAGE]))
    done = crawling.crawl(site.url(typed) + "#top", tmp_path)
    assert (done.code, done.err) == (0, "")
    assert [visit.path for visit in site.log] == ["/robots.txt", TDMREP, typed, PAGE]


@pytest.mark.slow
def test_a_start_page_typed_otherwise_is_asked_for_so(site: FaultSite, tmp_path: Path) -> None:
    typed = "/en?b=2&a=1"
    site[typed] = Reply(faults.listing("Home", [PAGE]))
    assert crawling.crawl(site.start, tmp_path).code == 0
    site.forget()
    assert crawling.crawl(site.url(typed), tmp_path).code == 0
    assert [visit.path for visit in site.log].count(typed) == 1


@pytest.mark.slow
def test_a_host_in_upper_case_and_the_port_of_the_scheme_are_no_other_spelling(site: FaultSite, tmp_path: Path) -> None:
    links_to(site, site.url(PAGE).replace("http://", "HTTP://"), f"/en/./x/../article/3#{'top'}")
    crawling.crawl(site.start, tmp_path)
    assert asked(site) == [PAGE]
    assert addresses(tmp_path)[site.url(PAGE)] is None


@pytest.mark.slow
def test_of_several_spellings_one_is_asked_for(site: FaultSite, tmp_path: Path) -> None:
    links_to(site, f"{PAGE}?b=2", f"{PAGE}/", f"{PAGE}?a=1")
    crawling.crawl(site.start, tmp_path)
    assert asked(site) == [f"{PAGE}?b=2"]
    assert record(tmp_path) == ("doctorqna:3", PAGE)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("found", "there"),
    [
        (f"{PAGE}?from=a@b.example", PAGE),
        (f"{PAGE}?to=a%40b.example&x=1", f"{PAGE}?x=1"),
        (f"{PAGE}?EMail=anybody&x=1", f"{PAGE}?x=1"),
        (f"{PAGE}?x=1#about-me", f"{PAGE}?x=1"),
        (f"http://me:secret@HOST{PAGE}/", f"{PAGE}/"),
    ],
)
def test_who_reads_is_not_told(site: FaultSite, found: str, there: str, tmp_path: Path) -> None:
    site[f"{PAGE}/"] = site.article(3)
    links_to(site, found.replace("HOST", f"127.0.0.1:{site.port}"))
    assert crawling.crawl(site.start, tmp_path).code == 0
    assert asked(site) == [there]
    assert "authorization" not in site.visits(there)[0].headers
    archive = b"".join(
        entry.url.encode() for path in (tmp_path / "doctorqna" / "archive").iterdir() for _, entry in read.entries(path)
    )
    assert not re.search(b"@|secret|about-me", archive)


@pytest.mark.slow
@pytest.mark.parametrize(
    "answer",
    [
        faults.error(404),
        faults.error(410),
        faults.error(403),
        faults.error(500),
        faults.redirect("https://elsewhere.example/"),
        faults.redirect("/en/login"),
        faults.redirect("/en"),
        faults.redirect(PAGE),
        faults.redirect(""),
        faults.redirect(f"{PAGE}?x=1"),
        faults.reset(),
        faults.Reply(b"<meta http-equiv=refresh content='0;url=/en/article/3'>"),
    ],
)
def test_where_a_spelling_brings_nothing_the_page_is_asked_for_by_its_url(
    site: FaultSite, answer: faults.Answer, tmp_path: Path
) -> None:
    site[f"{PAGE}?x=1"] = answer
    links_to(site, f"{PAGE}?x=1")
    done = crawling.crawl(site.start, tmp_path)
    assert done.code == 0, done.err
    assert asked(site)[-1] == PAGE
    assert record(tmp_path) == ("doctorqna:3", PAGE)
    assert addresses(tmp_path)[site.url(PAGE)] is None
    site.forget()
    crawling.crawl(site.start, tmp_path, "--full")
    assert asked(site) == [PAGE], "from then on at once"


@pytest.mark.slow
def test_a_page_that_redirects_to_its_other_spelling_is_read_there(site: FaultSite, tmp_path: Path) -> None:
    site[PAGE] = faults.redirect(f"{PAGE}/", 301)
    site[f"{PAGE}/"] = site.article(3)
    links_to(site, PAGE)
    assert crawling.crawl(site.start, tmp_path).code == 0
    assert asked(site) == [PAGE, f"{PAGE}/"]
    assert record(tmp_path) == ("doctorqna:3", PAGE)
    site.forget()
    crawling.crawl(site.start, tmp_path, "--full")
    assert asked(site) == [f"{PAGE}/"]


@pytest.mark.slow
def test_spellings_that_lead_in_a_circle_end(site: FaultSite, tmp_path: Path) -> None:
    site[PAGE] = faults.redirect(f"{PAGE}?a=1")
    site[f"{PAGE}?a=1"] = faults.redirect(f"{PAGE}?a=2")
    site[f"{PAGE}?a=2"] = faults.redirect(PAGE)
    links_to(site, PAGE, "/en/article/1")
    assert crawling.crawl(site.start, tmp_path, "--max-pages", "5").code == 0
    assert [path for path in asked(site) if path.startswith(PAGE)] == [PAGE, f"{PAGE}?a=1", f"{PAGE}?a=2"]
    assert crawling.reports(tmp_path)[-1]["failures"] == {"bad_redirect": 1}


@pytest.mark.slow
def test_a_spelling_that_leads_further_and_further_ends(site: FaultSite, tmp_path: Path) -> None:
    site[PAGE] = lambda visit: faults.redirect(f"{PAGE}?n={visit.path.partition('=')[2]}1")
    links_to(site, PAGE, "/en/article/1")
    assert crawling.crawl(site.start, tmp_path).code == 0
    assert len([path for path in asked(site) if path.startswith(PAGE)]) <= 6


@pytest.mark.slow
@pytest.mark.parametrize(
    ("rule", "wanted"), [("/*?", [PAGE]), ("/en/article/3$", []), ("/en/article/3", []), ("/nothing", [f"{PAGE}?x=1"])]
)
def test_robots_txt_is_asked_for_what_is_requested_and_for_the_page(
    site: FaultSite, rule: str, wanted: list[str], tmp_path: Path
) -> None:
    site.robots = Reply(f"User-agent: *\nDisallow: {rule}\n".encode(), content_type="text/plain")
    links_to(site, f"{PAGE}?x=1", "/en/article/1")
    crawling.crawl(site.start, tmp_path)
    assert [path for path in asked(site) if path.startswith(PAGE)] == wanted


@pytest.mark.slow
def test_one_page_is_enough_for_max_pages_also_where_its_spelling_brings_nothing(
    site: FaultSite, tmp_path: Path
) -> None:
    site[f"{PAGE}?x=1"] = faults.error(404)
    assert crawling.crawl(site.url(f"{PAGE}?x=1"), tmp_path, "--max-pages", "1").code == 0
    assert record(tmp_path) == ("doctorqna:3", PAGE)


@pytest.mark.slow
def test_links_are_relative_to_where_the_page_was(site: FaultSite, tmp_path: Path) -> None:
    site[f"{PAGE}/"] = Reply(faults.article(3).replace(b"</body>", b"<a href='../../article/2'>next</a></body>"))
    site["/en/article/1"] = faults.error(404)
    links_to(site, f"{PAGE}/")
    assert crawling.crawl(site.start, tmp_path).code == 0
    assert asked(site) == [f"{PAGE}/", "/en/article/2"]
    before = crawling.contents(tmp_path)
    assert crawling.qacrawl("rebuild", "doctorqna", "--output", str(tmp_path)).code == 0
    assert crawling.contents(tmp_path) == before


@pytest.mark.slow
def test_what_a_sitemap_names_and_the_sitemap_are_asked_for_as_they_are_spelt(site: FaultSite, tmp_path: Path) -> None:
    site.robots = Reply(f"Sitemap: {site.url('/map.xml?b=2&a=1')}\n".encode())
    site["/map.xml?b=2&a=1"] = Reply(f"<urlset><url><loc>{site.url(PAGE)}/?z=1&amp;a=1</loc></url></urlset>".encode())
    site[f"{PAGE}/"] = site.article(3)
    links_to(site)
    crawling.crawl(site.start, tmp_path)
    assert sorted(asked(site)) == [f"{PAGE}/?z=1&a=1", "/map.xml?b=2&a=1"]


@pytest.mark.slow
def test_killed_between_two_spellings_the_page_is_not_lost(site: FaultSite, tmp_path: Path) -> None:
    site[f"{PAGE}?x=1"] = faults.error(404)
    site[PAGE] = faults.sequence(faults.late(b"", 60), site.article(3))
    links_to(site, f"{PAGE}?x=1")
    process = crawling.start(crawling.command(site.start, tmp_path))
    while not site.visits(PAGE):
        assert process.poll() is None
    process.kill()
    process.communicate()
    assert crawling.crawl(site.start, tmp_path).code == 0
    assert record(tmp_path) == ("doctorqna:3", PAGE)


@pytest.mark.slow
def test_a_forgotten_page_leaves_no_spelling(site: FaultSite, tmp_path: Path) -> None:
    links_to(site, f"{PAGE}?name=somebody", "/en/article/1")
    crawling.crawl(site.start, tmp_path)
    done = crawling.qacrawl("forget", site.url(f"{PAGE}/"), "--output", str(tmp_path))
    assert done.code == 0, done.err
    assert addresses(tmp_path)[site.url(PAGE)] is None
    left = b"".join(path.read_bytes() for path in tmp_path.rglob("*") if path.is_file() and path.suffix != ".sqlite")
    assert b"somebody" not in left
    site.forget()
    crawling.crawl(site.start, tmp_path)
    assert not [path for path in asked(site) if path.startswith(PAGE)]
