"""Files of other tools, page by page: what is garbled in them is said, and what is no page of the site is not."""

import io

import pytest
from support import warcs

from qacrawl.archive.warc import Damage
from qacrawl.rebuild.pages import Piece, Wanted, pages

BLOCK = warcs.http(warcs.article(1))
GOOD = warcs.record(BLOCK, warcs.url(1))
NEXT = warcs.record(warcs.http(warcs.article(2)), warcs.url(2))
URI = b"WARC-Target-URI: " + warcs.url(1).encode()


def read(content: bytes) -> list[tuple[int, str | bytes]]:
    """The place and the body of each page, or what is wrong with it."""
    found = pages(io.BytesIO(content), Piece("x.warc", "x.warc"), Wanted("doctorqna"))
    return [(place, one.reason if isinstance(one, Damage) else one.page.body) for place, one in found]


def damage(record: bytes) -> str:
    """What is said of a record, behind which another one is read."""
    (place, reason), (after, body) = read(record + NEXT)
    assert (place, after, body) == (0, len(record), warcs.article(2))
    assert isinstance(reason, str)
    return reason


@pytest.mark.parametrize(
    ("record", "said"),
    [
        (GOOD.replace(b"WARC-Type: response\r\n", b""), "it has no WARC-Type"),
        (GOOD.replace(b"WARC-Type", b"WARC-Typ\0"), "it has no WARC-Type"),
        (GOOD.replace(b": response", b": resqonse", 1), "its WARC-Type is 'resqonse'"),
        (GOOD.replace(URI + b"\r\n", b""), "it has no WARC-Target-URI"),
        (GOOD.replace(URI + b"\r\n", b"").replace(b": response", b": revisit", 1), "it has no WARC-Target-URI"),
        (GOOD.replace(URI + b"\r\n", b"").replace(b": response", b": resource", 1), "it has no WARC-Target-URI"),
        (GOOD.replace(b"https:", b"h\0tps:", 1), "is no address"),
        (GOOD.replace(b"https:", b"hxtps:", 1), "is no address"),
        (GOOD.replace(b"https://", b"https", 1), "is no address"),
        (GOOD.replace(b"//doctorqna", b"//[doctorqna", 1), "is no address"),
        (GOOD.replace(b"/article/", b"/art\1cle/", 1), "is no address"),
        (warcs.record(BLOCK, warcs.url(1), newline="\r"), "no WARC record where one should begin"),
        (warcs.record(BLOCK, warcs.url(1), newline="\r", kind="resource"), "no WARC record where one should begin"),
    ],
)
def test_a_record_that_does_not_say_what_it_is_is_damage(record, said):
    assert said in damage(record)


@pytest.mark.parametrize(
    "record",
    [
        *(warcs.record(BLOCK, warcs.url(1), kind=kind) for kind in ("metadata", "request", "conversion", "Request")),
        warcs.record(BLOCK, warcs.url(1), "WARC-Segment-Number: 2", kind="continuation"),
        warcs.record(BLOCK, warcs.url(1, "other.example")),
        warcs.record(BLOCK, "https://other.example/a\1b"),
        warcs.record(BLOCK, "https://other.example/", kind="screenshot"),
        warcs.record(b"1", "dns:doctorqna.com", content="text/dns"),
        *(
            warcs.record(b"1", target, kind="resource", content="text/plain")
            for target in (
                f"urn:view:{warcs.url(1)}",
                "metadata://gnu.org/software/wget/warc/MANIFEST.txt",
                "whois://whois.example/doctorqna.com",
                "ftp://doctorqna.com/en/article/1",
                "filedesc:x",
            )
        ),
    ],
)
def test_what_is_no_page_of_the_site_is_not_spoken_of(record):
    assert read(record + NEXT) == [(len(record), warcs.article(2))]


@pytest.mark.parametrize("kind", ["Response", "RESPONSE"])
def test_types_have_any_case(kind):
    assert read(warcs.record(BLOCK, warcs.url(1), kind=kind)) == [(0, warcs.article(1))]


def test_headers_may_be_folded():
    head = "HTTP/1.1 200 OK\r\nContent-Type: text/html;\r\n charset=koi8-r\r\n"
    block = f"{head}X-Robots-Tag: noarchive,\r\n\tnoindex\r\nTDM-Reservation:\n 1\r\n\r\n".encode() + warcs.article(1)
    record = warcs.record(block, warcs.url(1)).replace(b"WARC-Target-URI: ", b"WARC-Target-URI:\r\n ")
    ((_, found),) = pages(io.BytesIO(record), Piece("x.warc", "x.warc"), Wanted("doctorqna"))
    assert found.response.url == warcs.url(1)
    assert dict(found.response.headers) == {
        "Content-Type": "text/html; charset=koi8-r",
        "X-Robots-Tag": "noarchive, noindex",
        "TDM-Reservation": "1",
    }
    assert {signal.rule for signal in found.page.signals} >= {"X-Robots-Tag: noarchive, noindex"}
