"""Which pages a page or a sitemap leads to; what is hostile or broken leads nowhere and hurts nothing."""

import gzip
import time
from datetime import UTC, datetime

import pytest
from scrapy import Spider
from scrapy.http import Response
from scrapy.settings import Settings

from qacrawl.fetch import spider as spiders
from qacrawl.parse import links
from qacrawl.records import Page

HOME = "https://doctorqna.com/en"
ARTICLE = f"{HOME}/article"
NAMESPACE = 'xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"'


class Doctor(Spider):
    name = "doctorqna"


def spider(**changed) -> Spider:
    made = Doctor()
    made.settings = Settings({"DOWNLOAD_MAXSIZE": 1 << 20} | changed)
    return made


def found(html: str | bytes, url: str = HOME, followed: set[str] | None = None) -> list[str]:
    body = html.encode() if isinstance(html, str) else html
    page = Page(site="doctorqna", url=url, body=body, fetched_at=datetime(2024, 1, 1, tzinfo=UTC))
    return list(links.links(page, set() if followed is None else followed))


def listed(body: bytes, url: str = f"{HOME}/sitemap.xml", **changed) -> list[tuple[str, str | None]]:
    requests = spiders.sitemap(spider(**changed), Response(url, body=body))
    return [(request.url, request.meta.get("kind")) for request in requests]


def urlset(*addresses: str) -> bytes:
    return f"<urlset {NAMESPACE}>{''.join(f'<url><loc>{one}</loc></url>' for one in addresses)}</urlset>".encode()


def test_articles_and_listings_in_the_order_of_the_page():
    html = '<a href="/en/article/2">b</a><a href="/en/faq/ent-tinnitus/2">l</a><a href="article/1">a</a>'
    assert found(html, f"{HOME}/") == [f"{ARTICLE}/2", f"{HOME}/faq/ent-tinnitus/2", f"{ARTICLE}/1"]


def test_each_once_and_nothing_else():
    html = """<a href="/en/article/1">x</a><a href=" /en/article/1 ">x</a><a href="/en/about">x</a><a>x</a><a href>x</a>
    <a href="mailto:x@example.org">x</a><a href="javascript:alert(1)">x</a><!-- <a href="/en/article/9">x</a> -->"""
    assert found(html) == [f"{ARTICLE}/1"]


@pytest.mark.parametrize(
    "base", ["https://doctorqna.com/en/", "/en/", "//doctorqna.com/en/", "https://doctorqna.com/en/x"]
)
def test_base_says_what_links_are_relative_to(base):
    html = f'<base href="{base}"><a href="article/1">x</a><a href="/en/article/2">x</a>'
    assert found(html, "https://doctorqna.com/deep/er/page") == [f"{ARTICLE}/1", f"{ARTICLE}/2"]


@pytest.mark.parametrize("href", ["http://[", "http://[x]/en/article/3", "//[/", "http://\x00/", "\ud83d", "%", "://"])
def test_broken_links_do_not_hide_the_others(href):
    html = f'<a href="/en/article/1">x</a><a href="{href}">x</a><a href="/en/article/2">x</a>'
    urls = found(html.encode("utf-8", "surrogatepass"))
    assert {f"{ARTICLE}/1", f"{ARTICLE}/2"} <= set(urls)


@pytest.mark.parametrize("base", ["http://[", "http://[x]/", "", "mailto:x@example.org", "://"])
def test_a_broken_base_is_no_error(base):
    html = f'<base href="{base}"><a href="https://doctorqna.com/en/article/1">x</a>'
    assert found(html) == [f"{ARTICLE}/1"]


SAME = ["/en/../en/article/1", "/./en/article/1", "en/x/../article/1", "\\en\\article\\1", "/en/art\n\ticle/1"]
SAME += [
    "/en/%61rticle/1",
    "/en/article/%31",
    "https:en/article/1",
    "//DOCTORQNA.com:443/en/article/1",
    "/en//../article/1",
]


@pytest.mark.parametrize("href", SAME)
def test_links_are_resolved_as_browsers_do(href):
    assert found(f'<a href="{href}">x</a>', "https://doctorqna.com/") == [f"{ARTICLE}/1"]


@pytest.mark.parametrize(
    ("codec", "kind"),
    [
        ("utf-8-sig", None),
        ("utf-16", None),
        ("utf-16-be", "text/html; charset=UTF-16BE"),
        ("big5", "text/html; charset=big5"),
    ],
)
def test_links_are_found_in_any_encoding(codec, kind):
    body = '<p>\u4e2d\u6587</p><base href="/en/"><a href="article/1?\u4e2d">\u4e2d</a>'.encode(codec)
    at = datetime(2024, 1, 1, tzinfo=UTC)
    page = Page(site="doctorqna", url=HOME, body=body, fetched_at=at, content_type=kind)
    assert links.links(page, set()) == (f"{ARTICLE}/1",)


def test_no_links_are_read_from_what_is_no_text():
    assert found(b'%PDF-1.7 <a href="/en/article/1">x</a>') == []


def test_a_page_of_links_is_read_to_a_limit_and_quickly():
    html = "".join(f'<a href="/en/article/{number}">x</a>' for number in range(1, 50_001))
    start = time.process_time()
    assert len(found(html)) == links.MOST_LINKS
    assert time.process_time() - start < 10


def test_listings_are_asked_for_once_articles_always():
    followed, html = set(), '<a href="/en/faq/ent-tinnitus/1">x</a><a href="/en/article/1">x</a>'
    assert len(found(html, followed=followed)) == 2
    assert found(html, followed=followed) == [f"{ARTICLE}/1"]


def test_canonical_urls_each_once():
    hrefs = ("/en/article/007/", "/en/article/7?share=x#reply", "//doctorqna.com/en/faq/a/")
    html = "".join(f'<a href="{href}">x</a>' for href in hrefs)
    assert found(html) == [f"{ARTICLE}/7", f"{HOME}/faq/a"]


def test_a_sitemap_and_an_index_of_sitemaps():
    assert listed(urlset(f"{ARTICLE}/1", f" {ARTICLE}/2\n")) == [(f"{ARTICLE}/1", None), (f"{ARTICLE}/2", None)]
    index = f"<sitemapindex {NAMESPACE}><sitemap><loc>{HOME}/1.xml</loc></sitemap></sitemapindex>".encode()
    assert listed(index) == [(f"{HOME}/1.xml", "sitemap")]
    assert listed(b"\n" + urlset("/en/article/3")) == [(f"{ARTICLE}/3", None)]
    assert listed(gzip.compress(urlset(f"{ARTICLE}/4"))) == [(f"{ARTICLE}/4", None)]
    assert listed(f"{ARTICLE}/5\r\n{ARTICLE}/6\n".encode()) == [(f"{ARTICLE}/5", None), (f"{ARTICLE}/6", None)]


def test_an_article_in_an_index_of_sitemaps_is_one():
    index = f"<sitemapindex><sitemap><loc>{ARTICLE}/1</loc></sitemap><sitemap><loc>map</loc></sitemap></sitemapindex>"
    assert listed(index.encode()) == [(f"{ARTICLE}/1", None), (f"{HOME}/map", "sitemap")]


def test_a_sitemap_is_read_to_a_limit(monkeypatch):
    monkeypatch.setattr(spiders, "MOST_ADDRESSES", 100)
    addresses = [f"{ARTICLE}/{number}" for number in range(1, 150)]
    for body in (urlset(*addresses), "\n".join(addresses).encode()):
        assert [address for address, _ in listed(body)] == addresses[:100]


NO_SITEMAPS = {
    "page": b"<html><body>Not found</body></html>",
    "feed": b"<rss><channel><item/></channel></rss>",
    "text": b"not found",
    "broken": b"<",
    "empty element": b"<>",
    "bytes": bytes(range(256)),
    "torn gzip": gzip.compress(b"not a sitemap" * 100)[:30],
    "torn head": gzip.compress(b"")[:5],
    "broken gzip": gzip.compress(b"")[:10] + b"\xff" * 50,
    "no gzip": b"\x1f\x8bnothing of the kind",
}


@pytest.mark.parametrize("name", NO_SITEMAPS)
def test_what_is_no_sitemap_is_said_to_be_none(name):
    with pytest.raises(ValueError, match=r".+"):
        listed(NO_SITEMAPS[name])


def test_a_gzip_bomb_is_not_unpacked():
    with pytest.raises(ValueError, match=r".+"):
        listed(gzip.compress(urlset(f"{ARTICLE}/1") + b" " * (2 << 20)))


def test_a_broken_address_in_a_sitemap_does_not_hide_the_others():
    addresses = listed(urlset(f"{ARTICLE}/1", "http://[", "", f"{ARTICLE}/2"))
    assert [address for address, _ in addresses] == [f"{ARTICLE}/1", f"{ARTICLE}/2"]


def test_entities_of_files_are_not_read(tmp_path):
    (tmp_path / "secret").write_text("hidden")
    entity = f'<!DOCTYPE x [<!ENTITY e SYSTEM "{(tmp_path / "secret").as_uri()}">]>'.encode()
    assert not any("hidden" in address for address, _ in listed(entity + urlset("https://doctorqna.com/&e;")))


def test_entities_that_grow_are_not_unfolded():
    names = "".join(f'<!ENTITY e{at} "{f"&e{at - 1};" * 10}">' for at in range(1, 10))
    bomb = f'<!DOCTYPE x [<!ENTITY e0 "ha">{names}]>'.encode() + urlset("https://doctorqna.com/&e9;")
    start = time.process_time()
    assert all(len(address) < 1000 for address, _ in listed(bomb))
    assert time.process_time() - start < 2
