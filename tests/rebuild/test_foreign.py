"""Files of other tools, page by page: what is garbled in them is said, and what is no page of the site is not."""

import gzip
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


BODY = warcs.article(1)
CHUNKS = warcs.chunked(BODY)
CHUNKED = "Transfer-Encoding: chunked"


def response(body: bytes, *headers: str, status: str = "200 OK", length: int | None = -1) -> bytes:
    return warcs.record(warcs.http(body, *headers, status=status, length=length), warcs.url(1))


@pytest.mark.parametrize(
    ("body", "headers"),
    [
        (CHUNKS.replace(b"64;", b"66;", 1), [CHUNKED]),
        (CHUNKS.replace(b"64;", b"60;", 1), [CHUNKED]),
        (CHUNKS.replace(b"64;x=1", b"zz", 1), [CHUNKED]),
        (CHUNKS.replace(b"64;x=1", b"-64", 1), [CHUNKED]),
        (CHUNKS.replace(b"64;x=1", b"0x64"), [CHUNKED]),
        (CHUNKS.replace(b"64;x=1", b"0x64")[:-20], [CHUNKED]),
        (CHUNKS.removeprefix(b"64;x=1\r\n"), [CHUNKED]),
        (b"\r\n" + CHUNKS, [CHUNKED]),
        (CHUNKS[:300], []),
        (CHUNKS.removesuffix(b"0\r\n\r\n"), []),
    ],
)
def test_no_size_of_a_chunk_is_taken_for_text(body, headers):
    assert damage(response(body, *headers)).startswith("cut off: its chunks ")


@pytest.mark.parametrize("lead", [b"", b"\n <!-- a -->\r\n", b"\xef\xbb\xbf"])
def test_bodies_whose_chunks_are_undone_already_are_read(lead):
    assert read(response(lead + BODY, CHUNKED)) == [(0, lead + BODY)]
    assert read(response(gzip.compress(lead + BODY), CHUNKED, "Content-Encoding: gzip")) == [(0, lead + BODY)]


@pytest.mark.parametrize("text", [b"12\n" + BODY, b"face\nto face", b"5\r\n" + BODY])
def test_a_body_that_begins_with_a_number_is_not_chunked(text):
    assert read(response(text)) == [(0, text)]


@pytest.mark.parametrize("coding", ["identity", "UTF-8", "none", ""])
def test_half_a_body_is_no_page_whatever_its_encoding_is_called(coding):
    short = response(BODY[:-60], f"Content-Encoding: {coding}", length=len(BODY))
    assert damage(short).startswith(f"cut off: {len(BODY) - 60} of {len(BODY)} bytes")
    assert read(response(BODY, f"Content-Encoding: {coding}", length=len(BODY))) == [(0, BODY)]


@pytest.mark.parametrize(
    ("said", "is_whole"),
    [
        ("bytes 0-{last}/{size}", True),
        ("Bytes 0-{last}/{size} ", True),
        ("bytes 0-{last}/9999", False),
        ("bytes 1-{size}/{size}", False),
        ("bytes 0-{last}/*", False),
        ("bytes garbled", False),
    ],
)
def test_a_part_is_no_page(said, is_whole):
    said = said.format(last=len(BODY) - 1, size=len(BODY))
    record = response(BODY, f"Content-Range: {said}", status="206 Partial Content")
    if is_whole:
        assert read(record) == [(0, BODY)]
    else:
        assert "206 with a part of the page" in damage(record)


PACKED = gzip.compress(BODY)


@pytest.mark.parametrize("headers", [["Content-Encoding: gzip"], []], ids=["said", "unsaid"])
@pytest.mark.parametrize(
    "body", [PACKED[:-8] + bytes(8), PACKED[:60] + bytes(20) + PACKED[80:], PACKED[:-20]], ids=["crc", "middle", "cut"]
)
def test_a_broken_gzip_body_is_damage(body, headers):
    assert damage(response(body, *headers)).endswith(warcs.url(1))


def test_a_gzip_body_without_its_first_bytes_is_damage():
    assert damage(response(b"??" + PACKED[2:], "Content-Encoding: gzip")).endswith(warcs.url(1))


@pytest.mark.parametrize("coding", ["gzip", "br", "zstd", "deflate"])
@pytest.mark.parametrize("body", [b"\xef\xbb\xbf" + BODY, ("\ufeff" + BODY.decode()).encode("utf-16-le"), b"no tag"])
def test_bodies_that_are_decoded_already_are_read(coding, body):
    assert read(response(body, f"Content-Encoding: {coding}")) == [(0, body)]


@pytest.mark.parametrize("head", ["100 Continue\r\n", "103 Early Hints\r\nLink: </a>\r\n", "102\r\n"])
@pytest.mark.parametrize("times", [1, 3])
def test_the_response_is_read_behind_interim_ones(head, times):
    block = f"HTTP/1.1 {head}\r\n".encode() * times + BLOCK
    assert read(warcs.record(block, warcs.url(1))) == [(0, BODY)]
