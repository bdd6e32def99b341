"""Which links become URLs: pages of the site, each once, and no endless ways."""

import pytest
from scrapy import Request
from scrapy.http import HtmlResponse, Response

from qacrawl.fetch.discovery import BARREN, CHAINED, DEEPEST, REDIRECTS, Discovery, counts
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


@pytest.mark.parametrize(
    ("to", "url"),
    [
        ("/en/faq/médecine-test/1".encode(), "https://doctorqna.com/en/faq/m%C3%A9decine-test/1"),
        ("/en/faq/médecine-test/1".encode("latin-1"), "https://doctorqna.com/en/faq/m%E9decine-test/1"),
        ("/en/faq/頭痛-神經/1".encode("big5"), None),
        ("http://bücher.example/en/article/7".encode(), None),
        (b"http://doctorqna.com:443x/en/article/7", None),
        (b"http://doctorqna.com:99999/en/article/7", None),
        (b"http://[broken/en/article/7", None),
        (b"http://[::1]:80:80/en/article/7", None),
        (b"http:///en/article/7", None),
        (b"https:", None),
        (b"\x00", None),
        (b"http://doctorqna.com\x00/en/article/7", None),
        (b"\xff\xfe", None),
        (b"mailto:someone@doctorqna.com", None),
        (b"javascript:alert(1)", None),
        (b"#top", None),
        (b"   ", None),
        (b"%" * 100_000, None),
        (b"/" * 100_000, None),
    ],
)
def test_a_location_may_be_any_bytes(discovery: Discovery, to: bytes, url: str | None):
    response = Response("https://doctorqna.com/en/article/1", 302, headers={"Location": to})
    led = discovery.redirect(row("https://doctorqna.com/en/article/1", "article"), response)
    assert led == bool(found(discovery.run))
    if url:
        assert [*found(discovery.run)] == [url]
    elif to.startswith(b"http"):
        assert not led


def test_a_redirect_is_relative_to_what_was_asked_for_not_to_the_base_of_its_page(discovery: Discovery):
    page = b'<html><head><base href="https://elsewhere.example/"></head><body>Moved.</body></html>'
    response = HtmlResponse("https://doctorqna.com/en/article/1", 302, headers={"Location": "7"}, body=page)
    assert discovery.redirect(row("https://doctorqna.com/en/article/1", "article"), response)
    assert [*found(discovery.run)] == [ARTICLE]


@pytest.mark.parametrize("hops", [0, 7, BARREN + 1, DEEPEST])
def test_a_redirect_costs_a_listing_no_hops_and_hops_cost_it_no_redirects(discovery: Discovery, hops: int):
    run = discovery.run
    run.frontier.add([Found(f"{HOME}/faq/a/0", "listing", hops)])
    for step in range(REDIRECTS):
        (leased,) = run.frontier.lease(1, run.run_id, run.lease_until())
        response = Response(leased.url, 301, headers={"Location": str(step + 1)})
        assert discovery.redirect(leased, response)
        run.batch.note_found()
    (leased,) = run.frontier.lease(1, run.run_id, run.lease_until())
    assert counts(leased) == (hops, REDIRECTS)
    assert not discovery.redirect(leased, Response(leased.url, 301, headers={"Location": "99"})), "redirects end"
    discovery.follow(leased, [f"{HOME}/faq/b/1", ARTICLE], [])
    assert run.batch.found.get(f"{HOME}/faq/b/1") == (
        Found(f"{HOME}/faq/b/1", "listing", hops + 1) if hops < DEEPEST else None
    )


def test_a_redirect_to_an_address_that_is_linked_as_well_counts_as_the_link(discovery: Discovery):
    discovery.follow(row(), [ARTICLE], [])
    assert discovery.redirect(row("https://doctorqna.com/en/article/1", "article", 3), moved(ARTICLE))
    assert found(discovery.run) == {ARTICLE: 0}


REFRESH = '<html><head><meta http-equiv="refresh" content="{}"></head><body></body></html>'


@pytest.mark.parametrize(
    "page",
    [
        REFRESH.format("0; url=/en/article/7"),
        REFRESH.format("0;URL='/en/article/7'"),
        REFRESH.format("0, url = 7"),
        REFRESH.format("0; https://doctorqna.com/en/article/7"),
        REFRESH.format(" 5.5 ; url=../article/7 "),
        "<meta content='0;url=7' HTTP-EQUIV=ReFresh><p>Moved. <a href=/about>Click here</a>",
        "<base href=/en/><meta http-equiv=refresh content='0; url=article/7'>",
        "<noscript><base href=/no/></noscript><meta http-equiv=refresh content='0; url=7'>",
    ],
)
def test_a_page_may_forward(discovery: Discovery, page: str):
    response = HtmlResponse("https://doctorqna.com/en/article/1", body=page.encode())
    assert discovery.refresh(row("https://doctorqna.com/en/article/1", "article", 2), response)
    assert found(discovery.run) == {ARTICLE: 3}


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16le", "utf-16be"])
def test_a_page_in_utf_16_may_forward(discovery: Discovery, encoding: str):
    page = "<!DOCTYPE html><html><head>" + REFRESH.format("0; url=/en/article/7")
    said = {"Content-Type": f"text/html; charset={encoding}"}
    response = Response("https://doctorqna.com/en/article/1", headers=said, body=page.encode(encoding))
    assert discovery.refresh(row("https://doctorqna.com/en/article/1", "article", 2), response)
    assert found(discovery.run) == {ARTICLE: 3}


def test_a_header_may_say_that_a_page_forwards(discovery: Discovery):
    response = Response("https://doctorqna.com/en/article/1", headers={"Refresh": "0; url=/en/article/7"})
    assert discovery.refresh(row("https://doctorqna.com/en/article/1", "article"), response)
    assert [*found(discovery.run)] == [ARTICLE]


@pytest.mark.parametrize(
    "page",
    [
        "",
        REFRESH.format("300; url=/en/article/7"),
        REFRESH.format("9" * 5000 + "; url=/en/article/7"),
        REFRESH.format("0"),
        REFRESH.format("0; url="),
        REFRESH.format("0; url=/en/article/1"),
        REFRESH.format("0; url=http://[broken"),
        REFRESH.format("0; url=javascript:alert(1)"),
        REFRESH.format("0; url=https://elsewhere.example/en/article/7"),
        "<noscript><meta http-equiv=refresh content='0; url=/en/article/7'></noscript>",
        "<!-- <meta http-equiv=refresh content='0; url=/en/article/7'> -->",
        "<meta http-equiv=refresh>",
    ],
)
def test_a_page_that_does_not_forward(discovery: Discovery, page: str):
    response = HtmlResponse("https://doctorqna.com/en/article/1", body=page.encode())
    assert not discovery.refresh(row("https://doctorqna.com/en/article/1", "article"), response)
    assert found(discovery.run) == {}


def test_a_start_page_may_have_moved(discovery: Discovery):
    response = Response(HOME, 301, headers={"Location": "/en/home"})
    assert discovery.redirect(row(), response)
    assert discovery.run.batch.found["https://doctorqna.com/en/home"] == Found(
        "https://doctorqna.com/en/home", "start", 1
    )


def lead(discovery: Discovery, kind: str, hops: int, url: str, as_kind: str | None = None) -> int | None:
    """Follow the one link of a page so many hops away; return the number noted for it, None where it is left out."""
    discovery.run.batch.found.clear()
    if as_kind:
        discovery.follow(row(HOME, kind, hops), [], [Request(url, meta={"kind": as_kind})])
    else:
        discovery.follow(row(HOME, kind, hops), [url], [])
    return found(discovery.run).get(url)


def test_articles_that_only_link_to_each_other_end(discovery: Discovery):
    hops, length = lead(discovery, "listing", 70, ARTICLE), 0
    while hops is not None:
        hops, length = lead(discovery, "article", hops, ARTICLE), length + 1
    assert length == 1 + DEEPEST // CHAINED
    assert discovery.run.tally.numbers["too_far"] == 1
    assert lead(discovery, "listing", DEEPEST, ARTICLE) == 0, "what a listing leads to is no chain"


def test_a_redirect_makes_a_chain_of_articles_neither_longer_nor_shorter(discovery: Discovery):
    assert discovery.redirect(row("https://doctorqna.com/en/article/1", "article", 10 * 35 + 2), moved(ARTICLE))
    assert found(discovery.run) == {ARTICLE: 10 * 35 + 3}
    assert counts(row(ARTICLE, "article", 10 * 35 + 3)) == (35, 3)


def test_sitemaps_that_name_sitemaps_are_followed_three_deep_and_end(discovery: Discovery):
    url = "https://doctorqna.com/map.xml"
    hops, depth = lead(discovery, "start", 0, url, "sitemap"), 0
    while hops is not None:
        assert lead(discovery, "sitemap", hops, ARTICLE) == 0
        assert lead(discovery, "sitemap", hops, LISTING) in (1, BARREN)
        hops, depth = lead(discovery, "sitemap", hops, url, "sitemap"), depth + 1
    assert 3 < depth <= 20


def test_a_chain_stays_as_long_as_it_is_in_later_runs(run: Run):
    frontier = run.frontier
    frontier.add([Found(ARTICLE, "article", 10 * 35 + 2), Found(LISTING, "listing", 7)])
    for leased in frontier.lease(9, run.run_id, run.lease_until()):
        run.batch.settle(leased, "listing" if leased.kind == "listing" else "record")
    run.batch.commit()
    frontier.promote(frontier.now(), everything=True)
    assert {leased.kind: leased.hops for leased in frontier.lease(9, run.run_id, run.lease_until())} == {
        "article": 10 * 35,
        "listing": 0,
    }


@pytest.mark.parametrize("articles", [[], [ARTICLE]])
def test_new_listings_without_news_have_a_budget(run: Run, articles: list[str], caplog):
    run.options = run.options.model_copy(update={"listings_without_news": 2})
    frontier, discovery = run.frontier, Discovery(run)
    frontier.add([Found(ARTICLE, "article"), *(Found(f"{LISTING[:-1]}{page}", "listing") for page in range(1, 6))])
    rows = {leased.url: leased for leased in frontier.lease(9, run.run_id, run.lease_until())}
    one, two, three, four, five = (rows[f"{LISTING[:-1]}{page}"] for page in range(1, 6))
    discovery.follow(one, articles, [])
    discovery.follow(two, ["https://doctorqna.com/en/article/8"], [])
    discovery.follow(three._replace(visits=1), articles, [])
    assert (discovery.fruitless, frontier.new_listings) == (1, True), "two brings news, three was known before"
    discovery.follow(four, articles, [])
    assert not frontier.new_listings
    assert "2 new listings led to no new article" in caplog.text
    frontier.release([four, five, rows[ARTICLE]])
    assert [leased.url for leased in frontier.lease(9, run.run_id, run.lease_until())] == [ARTICLE]
    assert frontier.pending()[0] == 1, "what waits for the next run keeps none from ending"
