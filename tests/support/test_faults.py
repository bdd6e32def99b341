"""The misbehaving test site does what its names say: crawl tests rest on it."""

import http.client
import socket
import time
import zlib
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import pytest
from support import faults
from support.faults import FaultSite

from qacrawl import registry
from qacrawl.records import Article, Listing, Page


@pytest.fixture
def site():
    with FaultSite(articles=12) as site:
        yield site


def get(site, path, **headers):
    connection = http.client.HTTPConnection("127.0.0.1", site.port, timeout=5)
    try:
        connection.request("GET", path, headers={name.replace("_", "-"): value for name, value in headers.items()})
        response = connection.getresponse()
        return response, response.read()
    finally:
        connection.close()


def parse(site, path):
    page = Page(site="doctorqna", url=site.url(path), body=get(site, path)[1], fetched_at=datetime.now(UTC))
    return registry.load_parser("doctorqna").parse(page)


def test_articles_can_be_read_and_reached(site):
    assert parse(site, "/en") == Listing(
        (site.url("/en/faq/general-test/1"), site.url("/en/faq/general-test/2")),
    )
    found = [url for page in (1, 2) for url in parse(site, f"/en/faq/general-test/{page}").links]
    assert found == [site.url(path) for path in site.article_paths()]
    read = parse(site, "/en/article/3")
    assert isinstance(read, Article)
    assert read.fields.items() >= faults.article_facts(3).items()
    assert [entry.url for entry in read.fields["similar_qa"]] == [site.url(f"/en/article/{n}") for n in (4, 10)]


def test_what_is_not_there_is_404(site):
    for path in ("/robots.txt", "/en/article/13", "/en/article/0", "/en/faq/general-test/3", "/"):
        assert get(site, path)[0].status == 404


def test_answers_follow_each_other(site):
    site["/en/article/1"] = faults.sequence(faults.error(503), faults.retry_after(2), site.article(1))
    replies = [get(site, "/en/article/1")[0] for _ in range(4)]
    assert [reply.status for reply in replies] == [503, 429, 200, 200]
    assert replies[1].headers["Retry-After"] == "2"
    assert [visit.status for visit in site.visits("/en/article/1")] == [503, 429, 200, 200]


def test_retry_after_as_date_is_in_the_future(site):
    site["/x"] = faults.retry_after(3600, 503, as_date=True)
    value = get(site, "/x")[0].headers["Retry-After"]
    assert 3590 < (parsedate_to_datetime(value) - datetime.now(UTC)).total_seconds() <= 3600


def test_conditional_get(site):
    etag = get(site, "/en/article/2")[0].headers["ETag"]
    assert get(site, "/en/article/2", If_None_Match=etag)[0].status == 304
    assert get(site, "/en/article/2", If_None_Match='"other"')[0].status == 200
    site["/dated"] = faults.conditional(b"x", modified=datetime(2020, 1, 2, tzinfo=UTC), etag=False)
    modified = get(site, "/dated")[0].headers["Last-Modified"]
    assert modified == "Thu, 02 Jan 2020 00:00:00 GMT"
    assert get(site, "/dated", If_Modified_Since=modified)[0].status == 304
    assert get(site, "/dated")[0].status == 200


def test_a_changing_page_has_changing_etags(site):
    site["/en/article/2"] = faults.changing(lambda count: faults.article(2, version=count))
    (first, _), (second, body) = (get(site, "/en/article/2") for _ in range(2))
    assert first.headers["ETag"] != second.headers["ETag"]
    assert b"Question 2, version 1." in body


def test_cut_body(site):
    site["/cut"] = faults.cut(b"half")
    with pytest.raises(http.client.IncompleteRead):
        get(site, "/cut")


@pytest.mark.parametrize("body", [b"", b"half"])
def test_reset_connection(site, body):
    site["/reset"] = faults.reset(body)
    with pytest.raises((ConnectionResetError, http.client.IncompleteRead)):
        get(site, "/reset")


def test_slow_and_late_bodies(site):
    site["/slow"] = faults.slow(b"0123456789", seconds=0.3)
    site["/late"] = faults.late(b"x", seconds=0.3)
    for path in ("/slow", "/late"):
        start = time.monotonic()
        get(site, path)
        assert time.monotonic() - start >= 0.29
    assert site.most_at_once() == 1
    assert site.gaps()[0] >= 0.29


def test_gzip_bomb_unpacks_to_its_size(site):
    site["/bomb"] = faults.gzip_bomb(50_000_000)
    _, body = get(site, "/bomb")
    assert len(body) < 60_000
    assert len(zlib.decompress(body, 31)) == 50_000_000


def test_huge_header_is_too_much_for_a_client(site):
    site["/huge"] = faults.huge_header(b"x")
    with pytest.raises(http.client.LineTooLong):
        get(site, "/huge")


def test_redirects(site):
    site["/en/article/1"] = faults.redirect("/en/article/1", 301)
    reply, _ = get(site, "/en/article/1")
    assert (reply.status, reply.headers["Location"]) == (301, "/en/article/1")


def test_the_calendar_has_no_end(site):
    site.prefixes["/en/faq/day-"] = faults.calendar
    seen = set()
    path = "/en/faq/day-0/1"
    for _ in range(20):
        links = parse(site, path).links
        assert not seen & set(links)
        seen.update(links)
        path = links[-1].removeprefix(site.url(""))


def test_two_requests_under_way_at_once_are_seen(site):
    site["/slow"] = faults.late(b"x", seconds=0.2)
    sockets = [socket.create_connection(("127.0.0.1", site.port), timeout=5) for _ in range(3)]
    for connection in sockets:
        connection.sendall(b"GET /slow HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    for connection in sockets:
        while connection.recv(65536):
            pass
        connection.close()
    assert site.most_at_once() == 3


def test_an_error_inside_the_server_is_raised():
    def broken(visit):
        raise RuntimeError("an answer went wrong")

    with pytest.raises(RuntimeError, match="went wrong"), FaultSite() as site:  # noqa: PT012
        site["/broken"] = broken
        with pytest.raises(http.client.RemoteDisconnected):
            get(site, "/broken")
