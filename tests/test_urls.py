"""One spelling for each page; a wrong URL is a clear error."""

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
