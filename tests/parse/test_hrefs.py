"""Where the links of a page lead: the same for the crawl and for records, whatever the page's encoding and base."""

from datetime import UTC, datetime

import pytest

from qacrawl.parse.encoding import decode
from qacrawl.parse.hrefs import base, resolver
from qacrawl.parse.links import links
from qacrawl.records import Page
from qacrawl.registry import load_parser

HOME = "https://doctorqna.com/en"


def page(body: bytes, content_type: str | None = "text/html", url: str = HOME) -> Page:
    at = datetime(2024, 1, 1, tzinfo=UTC)
    return Page(site="doctorqna", url=url, body=body, fetched_at=at, content_type=content_type)


def leads(href: str, body: bytes = b"<p>x", content_type: str | None = "text/html") -> str | None:
    made = page(body, content_type)
    return resolver(made, decode(body, content_type) or "")(href)


BASES = {
    '<base href="/a/">': "https://doctorqna.com/a/",
    '<!-- <base href="/b/"> --><base href="/a/">': "https://doctorqna.com/a/",
    '<!-- <base href="/b/"> -->': HOME,
    '<base target="_top"><base href="/a/"><base href="/b/">': "https://doctorqna.com/a/",
    '<base href="http://["><base href="/b/">': HOME,
    "<base href=a/>": "https://doctorqna.com/a/",
    "<BASE\nTARGET=x HREF = ' /a/./b/../ '>": "https://doctorqna.com/a/",
    '<base href="&#x2F;a&#47;">': "https://doctorqna.com/a/",
    '<base href="">': HOME,
    '<noscript><base href="/b/"></noscript>': HOME,
    '<noscript><base href="/b/"></NoScript ><base href="/a/">': "https://doctorqna.com/a/",
    '<noscript><base href="/b/">': HOME,
    '<!-- <noscript> --><base href="/a/"><!-- </noscript> -->': "https://doctorqna.com/a/",
    '<script>"<noscript>"</script><base href="/a/"><noscript></noscript>': "https://doctorqna.com/a/",
    "<base href>": HOME,
    '<base href="javascript:void(0)//">': HOME,
    '<base href="mailto:x@example.org">': HOME,
    '<template><base href="/b/"></template>': HOME,
    "<script>'<base href=/b/>'</script>": HOME,
    '<title><base href="/b/"></title>': HOME,
    '<textarea><base href="/b/"></textarea><base href="/a/">': "https://doctorqna.com/a/",
    '<basefont href="/b/">': HOME,
    '<?xml version="1.0"?><html xmlns="http://www.w3.org/1999/xhtml"><title/><base href="/a/"/>': "https://doctorqna.com/a/",
    '<a href="/x">x</a><base href="/a/">': "https://doctorqna.com/a/",
    "<p title='<base href=\"/b/\">'>": HOME,
    "x" * 30_000 + '<base href="/a/">': "https://doctorqna.com/a/",
}


@pytest.mark.parametrize("markup", BASES, ids=[f"{at} {markup[:40]}" for at, markup in enumerate(BASES)])
def test_what_links_are_relative_to(markup):
    assert base(markup, HOME) == BASES[markup]


@pytest.mark.parametrize(
    ("codec", "content_type", "query"),
    [
        ("big5", "text/html; charset=big5", "%A4%A4"),
        ("gb18030", "text/html; charset=gb2312", "%D6%D0"),
        ("shift_jis", "text/html; charset=Shift_JIS", "%92%86"),
        ("utf-8", "text/html; charset=big5", "%E4%B8%AD"),  # the bytes are UTF-8, whatever is claimed
        ("utf-8", None, "%E4%B8%AD"),
        ("utf-16", "text/html", "%E4%B8%AD"),
        ("utf-16-le", "text/html; charset=utf-16le", "%E4%B8%AD"),
    ],
)
def test_a_query_goes_out_in_the_encoding_of_the_page(codec, content_type, query):
    body = ("<p>" + "\u4e2d\u6587\u7684\u95ee\u9898".replace("\u95ee\u9898", "\u6587\u4e2d") * 20).encode(codec)
    assert leads("/x?q=\u4e2d", body, content_type) == f"https://doctorqna.com/x?q={query}"
    assert leads("/\u4e2d", body, content_type) == "https://doctorqna.com/%E4%B8%AD"


def test_an_element_that_xml_closes_hides_no_link():
    head = '<html xmlns="http://www.w3.org/1999/xhtml"><head><script src="/a.js"/><title/></head>'
    body = f'{head}<body><a href="/en/article/1">x</a></body></html>'.encode()
    for kind in ("application/xhtml+xml", "application/xhtml+xml; charset=utf-8"):
        assert links(page(body, kind), set()) == ("https://doctorqna.com/en/article/1",)


def test_a_meta_tag_says_the_encoding_as_well():
    body = ('<meta charset="big5"><p>' + "\u4e2d\u6587" * 20).encode("big5")
    assert leads("?q=\u6587", body, None) == f"{HOME}?q=%A4%E5"


def test_an_encoding_that_nobody_knows_is_none():
    for label in ("klingon", "base64", "rot13", "x" * 99, ""):
        assert leads("?q=\u6587", "caf\u00e9 ".encode() * 9, f"text/html; charset={label}") == f"{HOME}?q=%E6%96%87"


@pytest.mark.parametrize("href", ["http://[", "//[/", "http://h:port/", "\ud83d", "http://a b/", "http://%00/"])
def test_what_leads_nowhere(href):
    assert leads(href) is None


@pytest.mark.parametrize("codec", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize(
    "href",
    [
        "/en/article/7", "/en/../en/article/7", "/./en/article/7", "article/x/../7", "\\en\\article\\7",
        " /en/art\ticle/7\n", "//doctorqna.com:443/en/article/7", "https:/en/article/7", "/en/%61rticle/7",
        "/en/article/7?\u4e2d#\u6587", "HTTPS://DOCTORQNA.COM/en/article/7",
    ],
)  # fmt: skip
def test_records_name_the_pages_that_are_crawled(codec, href):
    """A listing's links come from the parser, in the way of an article's."""
    markup = f'<base href="/en/"><h1>Tea</h1><p><a href="{href}">Read more</a></p>'
    label = codec.replace("utf-16-", "utf-16")  # the label of the Encoding Standard
    kind = "text/html" if codec in ("utf-8-sig", "utf-16") else f"text/html; charset={label}"
    found = load_parser("doctorqna").parse(page(markup.encode(codec), kind, f"{HOME}/faq/tea"))
    assert getattr(found, "links", found) == (f"{HOME}/article/7",)
