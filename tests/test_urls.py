"""One spelling for each page; a wrong URL is a clear error."""

import json
from pathlib import Path

import ada_url
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qacrawl import urls
from qacrawl.errors import Exit, QacrawlError
from qacrawl.sites.doctorqna import addresses

PAGE = "https://doctorqna.com/en/article/77"


@pytest.mark.parametrize(
    "url",
    [
        PAGE,
        f" {PAGE}\n",
        f"{PAGE}/",
        f"{PAGE}#reply",
        f"{PAGE}?utm_source=x&UTM_Medium=y&fbclid=z",
        f"{PAGE}?page=2",
        "HTTPS://DoctorQnA.com:443/en/article/77",
        "https://doctorqna.com/en/article/00077",
        "https://user:secret@doctorqna.com/en/article/77",
    ],
)
def test_an_article_has_one_url(url):
    assert addresses.canonical(url) == PAGE


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("http://example.org", "http://example.org/"),
        ("http://example.org/?b=2&a=1&gclid=x&c=", "http://example.org/?a=1&b=2&c="),
        ("http://example.org/?source=x&ref=y#top", "http://example.org/"),
        ("http://example.org:8080/x", "http://example.org:8080/x"),
        ("http://example.org:80/x", "http://example.org/x"),
        ("https://example.org:80/x", "https://example.org:80/x"),
        ("http://[::1]:8000/x", "http://[::1]:8000/x"),
        ("http://example.org/a b/\u9580\u8a3a", "http://example.org/a%20b/%E9%96%80%E8%A8%BA"),
        ("http://example.org/%e9%96%80", "http://example.org/%E9%96%80"),
    ],
)
def test_other_pages_keep_what_makes_them(url, expected):
    assert urls.canonical(url) == expected


WRONG = ["", "doctorqna.com/en", "/en/article/1", "ftp://example.org/", "file:///etc/passwd", "javascript:alert(1)"]
WRONG += ["https://", "https:///en", "http://example.org:port/", "http://example.org:99999/", "http://[::1/x"]


@pytest.mark.parametrize("url", WRONG)
def test_what_is_no_url_is_a_usage_error(url):
    with pytest.raises(ValueError, match=r".+"):
        urls.canonical(url)
    with pytest.raises(QacrawlError, match="wrong URL") as caught:
        urls.check(url)
    assert caught.value.code == Exit.USAGE
    assert "\n" not in str(caught.value)


@given(st.text(max_size=40) | st.text(max_size=40).map("https://doctorqna.com/".__add__))
@settings(max_examples=300, deadline=None)
def test_the_one_spelling_stays_as_it_is(text):
    try:
        once = urls.canonical(text)
    except ValueError:
        return
    assert urls.canonical(once) == once
    assert once.startswith(("http://", "https://"))
    assert once.isascii()
    assert addresses.canonical(addresses.canonical(text)) == addresses.canonical(text)


WEB = [
    case for case in json.loads(Path(__file__).with_name("web_addresses.json").read_text()) if isinstance(case, list)
]
NOT_REFUSED = ("xn--pokxncvks", "https://xn--/")  # names that no resolver knows: the library does not check punycode


def opened(reference: str, base: str | None) -> str:
    return urls.join(base, reference) if base else ada_url.normalize_url(reference)


def test_links_lead_where_browsers_go():
    """The cases of the URL Standard's own tests (https://url.spec.whatwg.org/)."""
    wrong = [case for case in WEB if case[2] and opened(case[0], case[1]) != case[2]]
    assert not wrong
    assert sum(case[2] is not None for case in WEB) > 200


def test_what_browsers_refuse_is_refused():
    for reference, base, href in WEB:
        if href is None and not reference.lower().endswith(NOT_REFUSED):
            with pytest.raises(ValueError, match=r".+"):
                opened(reference, base)


def test_every_address_has_one_spelling():
    for _, _, href in WEB:
        if href is not None:
            once = urls.canonical(href)
            assert urls.canonical(once) == urls.join("http://other.example/", once) == once
            assert addresses.canonical(href) == addresses.canonical(once)


@pytest.mark.parametrize(
    ("reference", "expected"),
    [
        ("/a/../b/./c", "http://h.example/b/c"),
        ("/a/%2E%2e/b", "http://h.example/b"),
        ("../../../x", "http://h.example/x"),
        ("\\a\\b", "http://h.example/a/b"),
        ("\\\\other.example\\a", "http://other.example/a"),
        (" \t\n/a\tb\r\nc \x1f", "http://h.example/abc"),
        ("ht\ntp://h.example:80/", "http://h.example/"),
        ("//h.example:443/", "http://h.example:443/"),
        ("HTTPS://H.Example:443", "https://h.example/"),
        ("http://b\u00fccher.example/\u00fc?\u00fc#\u00fc", "http://xn--bcher-kva.example/%C3%BC?%C3%BC#%C3%BC"),
        ("http://\uff48.example/", "http://h.example/"),
        ("?q=1", "http://h.example/dir/page?q=1"),
        ("#top", "http://h.example/dir/page?old#top"),
        ("", "http://h.example/dir/page?old"),
        ("http:x", "http://h.example/dir/x"),
        ("http://0x7f.1/", "http://127.0.0.1/"),
    ],
)
def test_a_reference_and_its_page_make_an_address(reference, expected):
    assert urls.join("http://h.example/dir/page?old", reference) == expected


@pytest.mark.parametrize(
    ("encoding", "query", "expected"),
    [
        ("big5hkscs", "\u4e2d\u6587&b=1", "%A4%A4%A4%E5&b=1"),
        ("big5hkscs", "\u529f", "%A5\\"),
        ("gb18030", "\u4e2d", "%D6%D0"),
        ("cp1252", "\u20ac", "%80"),
        ("cp1252", "\u4e2d", "%26%2320013%3B"),
        ("shift_jis", "\u8868", "%95\\"),
        ("utf-8", "\u4e2d", "%E4%B8%AD"),
    ],
)
def test_a_query_is_sent_in_the_encoding_of_its_page(encoding, query, expected):
    page = "http://h.example/"
    assert urls.join(page, f"/x?{query}#\u4e2d", encoding) == f"http://h.example/x?{expected}#%E4%B8%AD"
    assert urls.join(page, f"/\u4e2d?{query}", encoding) == f"http://h.example/%E4%B8%AD?{expected}"
    assert urls.join(page, "/\u4e2d#?\u4e2d", encoding) == "http://h.example/%E4%B8%AD#?%E4%B8%AD"


def test_a_query_that_is_no_utf_8_stays_what_it_is():
    assert urls.canonical("http://h.example/?b=%A4%A4&a=%a5%5C&ref=%A4") == "http://h.example/?a=%A5%5C&b=%A4%A4"
