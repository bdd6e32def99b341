"""The demo: each generated page reads as what it was made from, and `qacrawl demo` does what it prints."""

from datetime import UTC, datetime
from http.client import HTTPConnection
from urllib.parse import urlsplit

import pytest

from qacrawl import registry
from qacrawl.demo import markup, site
from qacrawl.demo.server import serve
from qacrawl.demo.styles import COMPACT, STYLES, Style
from qacrawl.demo.topics import topics
from qacrawl.records import Article, Fields, Listing, Page, Refusal

BASE = "http://127.0.0.1:8000"
ARTICLES = site.articles(BASE)
PAGES = site.pages(BASE)


def read(path: str, answer: markup.Answer) -> Article | Listing | Refusal:
    page = Page(
        site="doctorqna",
        url=BASE + path,
        body=answer.body,
        fetched_at=datetime(2026, 1, 1, tzinfo=UTC),
        content_type=answer.content_type,
    )
    return registry.load_parser("doctorqna").parse(page)


def shown(fields: Fields, style: Style) -> Fields:
    """What a style shows of an article: compact pages have no title and no empty lines."""
    if style is not COMPACT:
        return fields
    flat: Fields = {**fields}
    del flat["title"]
    if "reply" not in fields:
        del flat["specialty"]  # only the title said it
    for name in ("question", "reply", "more_info"):
        if name in fields:
            flat[name] = fields[name].replace("\n\n", "\n")
    return flat


@pytest.mark.parametrize("name", STYLES)
def test_every_article_in_every_markup_reads_as_what_it_was_made_from(name):
    style = STYLES[name]
    for number, fields in ARTICLES.items():
        assert read(site.path(number), markup.article(fields, style)) == Article(shown(fields, style)), number


def test_notices_are_refused_for_what_they_are():
    reasons = {number: read(site.path(number), PAGES[site.path(number)]) for number in site.NOTICES}
    assert reasons == {1901: Refusal("maintenance"), 1902: Refusal("login"), 1903: Refusal("error_page")}


def test_every_article_is_linked_to_and_the_members_pages_only_from_where_robots_txt_forbids():
    sitemap = [line.removeprefix("<url><loc>").removesuffix("</loc></url>") for line in lines("/sitemap.xml")]
    found = ["/en", *(url.removeprefix(BASE) for url in sitemap if url.startswith(BASE))]
    for path in found:  # grows while it is read
        found += [link for link in links(path) if link not in found and not link.startswith(site.MEMBERS)]
    assert {path for path in found if "article" in path} == {site.path(number) for number in [*ARTICLES, *site.NOTICES]}
    assert links(f"{site.MEMBERS}-only/1") == [site.path(1999)]
    assert f"Disallow: {site.MEMBERS}" in lines("/robots.txt")


def lines(path: str) -> list[str]:
    return PAGES[path].body.decode().splitlines()


def links(path: str) -> list[str]:
    """The paths that a page leads to, as its parser reads them."""
    match read(path, PAGES[path]):
        case Listing(urls):
            return [url.removeprefix(BASE) for url in urls]
        case Article(fields):
            urls = [entry.url for entry in [*fields["similar_qa"], *fields["related_faq"]]]
            return [url.removeprefix(BASE) for url in urls if url]
    return []


def test_the_site_is_varied_and_has_about_200_pages():
    assert 190 <= len(PAGES) <= 220
    assert {site.style_of(number) for number in ARTICLES} == set(STYLES.values())
    assert {len(topic) for topic in topics()} == {9}
    assert len({fields["question"] for fields in ARTICLES.values()}) == len(ARTICLES)
    for code in ("bad_ask_date", "age_open"):
        assert any(code in fields["notes"] for fields in ARTICLES.values())
    assert any("reply" not in fields for fields in ARTICLES.values())


def test_the_site_is_the_same_at_every_start():
    assert site.pages(BASE) == PAGES


def test_the_server_sends_pages_and_304_to_those_who_have_them():
    with serve() as start:
        address = urlsplit(start)
        connection = HTTPConnection(address.netloc)
        status, headers, body = get(connection, address.path)
        base = f"{address.scheme}://{address.netloc}"
        assert (status, body) == (200, site.pages(base)["/en"].body)
        assert get(connection, address.path, {"If-None-Match": headers["ETag"]})[::2] == (304, b"")
        assert get(connection, address.path, {"If-None-Match": '"another"'})[0] == 200
        assert get(connection, site.path(1903))[0] == get(connection, "/nowhere")[0] == 404
        assert f"Sitemap: {base}/sitemap.xml" in get(connection, "/robots.txt")[2].decode()
        connection.close()
    with pytest.raises(ConnectionRefusedError):
        connection.connect()


def get(connection: HTTPConnection, path: str, headers: dict[str, str] | None = None) -> tuple[int, dict, bytes]:
    connection.request("GET", path, headers=headers or {})
    response = connection.getresponse()
    return response.status, dict(response.headers), response.read()
