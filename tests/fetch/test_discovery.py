"""Which links become URLs: pages of the site, each once, and no endless ways."""

import pytest
from scrapy import Request
from scrapy.http import Response

from qacrawl.fetch.discovery import BARREN, DEEPEST, REDIRECTS, Discovery
from qacrawl.fetch.run import Run
from qacrawl.frontier import Found, Row

HOME = "https://doctorqna.com/en"
ARTICLE = "https://doctorqna.com/en/article/7"
LISTING = "https://doctorqna.com/en/faq/heart-pain/1"


def row(url: str = HOME, kind: str = "start", hops: int = 0) -> Row:
    known = dict.fromkeys(Row._fields)
    return Row(**known | {"id": 1, "url": url, "kind": kind, "hops": hops})


@pytest.fixture
def discovery(run: Run) -> Discovery:
    return Discovery(run)


def found(run: Run) -> dict[str, int]:
    return {item.url: item.hops for item in run.batch.found.values()}


def test_links_of_the_site_are_noted_once(discovery: Discovery):
    links = [ARTICLE, LISTING, ARTICLE, "https://elsewhere.example/en/article/8", f"{HOME}/about"]
    discovery.follow(row(), links, [])
    assert found(discovery.run) == {ARTICLE: 0, LISTING: 1}


def test_listings_without_articles_soon_lead_nowhere(discovery: Discovery):
    discovery.follow(row(LISTING, "listing", DEEPEST - BARREN), [f"{LISTING[:-1]}2"], [])
    assert found(discovery.run) == {f"{LISTING[:-1]}2": DEEPEST}
    discovery.follow(row(LISTING, "listing", DEEPEST - BARREN + 1), [f"{LISTING[:-1]}3"], [])
    assert f"{LISTING[:-1]}3" not in found(discovery.run)
    discovery.follow(row(LISTING, "listing", DEEPEST), [ARTICLE], [])
    assert ARTICLE in found(discovery.run), "articles are followed however deep they lie"


def test_what_a_spider_asks_for_is_noted_as_the_kind_it_says(discovery: Discovery):
    discovery.follow(row(), [], [Request("https://doctorqna.com/map.xml", meta={"kind": "sitemap"}), Request(ARTICLE)])
    assert {item.kind for item in discovery.run.batch.found.values()} == {"sitemap", "article"}
    assert not discovery.ask(Request("https://doctorqna.com/en/about"))
    assert not discovery.ask(Request("https://elsewhere.example/en/article/1"))


def test_a_start_page_is_due_once_in_each_run(discovery: Discovery):
    frontier = discovery.run.frontier
    assert discovery.ask(Request(HOME, meta={"kind": "start"}, dont_filter=True))
    assert discovery.ask(Request(HOME, meta={"kind": "start"}, dont_filter=True))
    assert [leased.url for leased in frontier.lease(9, discovery.run.run_id, discovery.run.lease_until())] == [HOME]


def moved(to: str, status: int = 302) -> Response:
    return Response("https://doctorqna.com/en/article/1", status, headers={"Location": to})


@pytest.mark.parametrize(
    "to", [ARTICLE, "/en/article/7", "7", "/en/article/007?from=1", "//doctorqna.com/en/article/7"]
)
def test_a_redirect_leads_to_a_url_of_its_own(discovery: Discovery, to: str):
    assert discovery.redirect(row("https://doctorqna.com/en/article/1", "article", 2), moved(to))
    assert found(discovery.run) == {ARTICLE: 3}


@pytest.mark.parametrize("to", ["", "https://elsewhere.example/", "/en/article/1", "/en/about"])
def test_a_redirect_that_leads_nowhere(discovery: Discovery, to: str):
    assert not discovery.redirect(row("https://doctorqna.com/en/article/1", "article"), moved(to))
    assert found(discovery.run) == {}


def test_redirects_end(discovery: Discovery):
    assert not discovery.redirect(row("https://doctorqna.com/en/article/1", "article", REDIRECTS), moved(ARTICLE))


def test_a_start_page_may_have_moved(discovery: Discovery):
    response = Response(HOME, 301, headers={"Location": "/en/home"})
    assert discovery.redirect(row(), response)
    assert discovery.run.batch.found["https://doctorqna.com/en/home"] == Found(
        "https://doctorqna.com/en/home", "start", 1
    )
