"""What comes over the wire: half a body is none, what lies in the archive is what came, heads have an end."""

import gzip
import socket
import threading
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from support import crawling, faults
from support.faults import FaultSite, Reply

from qacrawl.archive import read, warc
from qacrawl.archive.warc import Exchange

CODINGS: dict[str, Callable[[bytes], bytes]] = {"gzip": gzip.compress, "deflate": zlib.compress}


@contextmanager
def raw(answer: Callable[[str], Iterator[bytes]]) -> Iterator[str]:
    """Serve the bytes that `answer` gives for a path; yield the URL of the server."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve(connection: socket.socket) -> None:
            with connection, connection.makefile("rb") as file:
                path = file.readline().split()[1].decode()
                while file.readline().strip():
                    pass
                try:
                    for piece in answer(path):
                        connection.sendall(piece)
                except ConnectionError:
                    pass  # it heard enough

        def accept() -> None:
            while True:
                try:
                    connection, _ = server.accept()
                except OSError:
                    return
                threading.Thread(target=serve, args=(connection,), daemon=True).start()

        threading.Thread(target=accept, daemon=True).start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}"
        server.shutdown(socket.SHUT_RDWR)


def whole(body: bytes, *headers: bytes, status: bytes = b"200 OK") -> Iterator[bytes]:
    """A response with these headers in front of the usual ones, which are sent last."""
    yield b"HTTP/1.1 " + status + b"\r\n"
    for header in headers:
        yield header + b"\r\n"
    yield b"Content-Type: text/html; charset=utf-8\r\nContent-Length: %d\r\nConnection: close\r\n\r\n" % len(body)
    yield body


def site_of(pages: dict[str, Callable[[], Iterator[bytes]]]) -> Callable[[str], Iterator[bytes]]:
    links = [path for path in pages if path != "/robots.txt"]
    pages = {"/en": lambda: whole(faults.listing("Home", links)), **pages}
    return lambda path: pages.get(path, lambda: whole(b"", status=b"404 Not Found"))()


@pytest.mark.slow
def test_half_a_compressed_body_is_no_record_and_a_false_encoding_fails_in_rebuild_as_well(tmp_path: Path):
    page = faults.article(1)
    with FaultSite(articles=8) as site:
        for number, (coding, pack) in enumerate(CODINGS.items(), 1):
            packed = pack(faults.article(number))
            named = {"Content-Encoding": coding}
            site[f"/en/article/{number}"] = Reply(packed[: len(packed) // 2], headers=named)
            site[f"/en/article/{number + 2}"] = Reply(faults.article(number + 2), headers=named)
            half, good = Reply(packed[:-9], headers=named), Reply(pack(faults.article(number + 4)), headers=named)
            site[f"/en/article/{number + 4}"] = faults.sequence(half, good)
        site["/en/article/7"] = Reply(page, 404, {"Content-Encoding": "gzip"})
        done = crawling.crawl(site.start, tmp_path)
        assert len(site.visits("/en/article/1")) == 3
    assert done.code == 0, done.err
    assert "Traceback" not in done.err
    rows = crawling.rows(tmp_path)
    reasons = {number: rows[f"/en/article/{number}"]["reason"] for number in range(1, 5)}
    assert reasons == {1: "response_data_loss", 2: "response_data_loss", 3: "bad_encoding", 4: "bad_encoding"}
    assert rows["/en/article/7"]["outcome"] == "gone", "the status says it, whatever its body is"
    crawled = crawling.contents(tmp_path)
    assert [row["record_id"] for row in crawled] == [f"doctorqna:{number}" for number in (5, 6, 8)]
    done = crawling.qacrawl("rebuild", "doctorqna", "--output", str(tmp_path), "--processes", "1")
    assert done.code == 0, done.err
    assert crawling.contents(tmp_path) == crawled


@pytest.mark.slow
def test_headers_are_archived_byte_for_byte_and_read_back(tmp_path: Path):
    values = ["café".encode(), "café".encode("latin-1"), "小雨".encode("big5"), b"a\x00b\x7f"]
    headers = [b"X-Odd: " + value for value in values]
    with raw(site_of({"/en/article/1": lambda: whole(faults.article(1), *headers)})) as url:
        done = crawling.crawl(f"{url}/en", tmp_path)
    assert done.code == 0, done.err
    assert len(crawling.records(tmp_path)) == 1
    entries = [entry for path in warc.files(tmp_path / "doctorqna" / "archive") for _, entry in read.entries(path)]
    (found,) = [entry for entry in entries if isinstance(entry, Exchange) and entry.url.endswith("/en/article/1")]
    assert found.values("X-Odd") == values


def endless(line: bytes, most: int = 64 << 20) -> Iterator[bytes]:
    """A head that does not end before it has `most` bytes."""
    yield b"HTTP/1.1 200 OK\r\n"
    block = line * (1 + (64 << 10) // len(line))
    for _ in range(most // len(block)):
        yield block


@pytest.mark.slow
@pytest.mark.parametrize(
    "line",
    [b"X-A: b\r\n", b"a:\n", b" more\r\n", b"x" * 4096, b"nothing\r\n", b"\r\nHTTP/1.1 103 Early Hints\r\nA: b\r\n"],
    ids=["lines", "short", "folded", "one", "no colon", "interim"],
)
def test_headers_without_end_are_a_failed_page(tmp_path: Path, line: bytes):
    begin = b"X-B: c\r\n" if line.startswith(b" ") else b""
    sent = []

    def forever() -> Iterator[bytes]:
        for piece in endless(line):
            sent.append(len(piece))
            yield piece + begin if len(sent) == 1 else piece

    pages = {"/en/article/1": forever, "/en/article/2": lambda: whole(faults.article(2))}
    if line.startswith(b"\r\nHTTP"):
        pages["/en/article/1"] = lambda: iter([b"HTTP/1.1 103 Early Hints\r\n\r\n" * 40_000])
    with raw(site_of(pages)) as url:
        done = crawling.crawl(f"{url}/en", tmp_path)
    assert done.code == 0, done.err
    assert crawling.rows(tmp_path)["/en/article/1"]["reason"] == "headers_too_large"
    assert sum(sent) < 16 << 20, "the connection is closed long before that"
    assert len(crawling.records(tmp_path)) == 1


@pytest.mark.slow
def test_a_part_of_a_page_is_a_failure_and_all_of_it_is_a_page(tmp_path: Path):
    page, partial = faults.article(1), b"206 Partial Content"
    said = b"Content-Range: bytes 0-%d/%d"
    answers = {
        "/en/article/1": lambda: whole(page[:-100], said % (len(page) - 101, len(page)), status=partial),
        "/en/article/2": lambda: whole(page, said % (len(page) - 1, len(page)), status=partial),
    }
    with raw(site_of(answers)) as url:
        crawling.crawl(f"{url}/en", tmp_path)
    rows = crawling.rows(tmp_path)
    assert (rows["/en/article/1"]["outcome"], rows["/en/article/1"]["reason"]) == ("failed", "response_data_loss")
    crawled = crawling.contents(tmp_path)
    assert [row["record_id"] for row in crawled] == ["doctorqna:2"]
    done = crawling.qacrawl("rebuild", "doctorqna", "--output", str(tmp_path), "--processes", "1")
    assert done.code == 0, done.err
    assert crawling.contents(tmp_path) == crawled


@pytest.mark.slow
def test_large_headers_are_taken(tmp_path: Path):
    headers = [b"X-Large: " + b"x" * 100_000, b"X-Large: " + b"y" * 100_000]
    with raw(site_of({"/en/article/1": lambda: whole(faults.article(1), *headers)})) as url:
        crawling.crawl(f"{url}/en", tmp_path)
    assert len(crawling.records(tmp_path)) == 1


@pytest.mark.slow
def test_a_304_that_nobody_asked_for_is_a_failure(tmp_path: Path):
    with FaultSite(articles=2) as site:
        site["/en/article/1"] = Reply(status=304, content_type=None)
        assert crawling.crawl(site.start, tmp_path).code == 0
        row = crawling.rows(tmp_path)["/en/article/1"]
        assert (row["outcome"], row["reason"]) == ("failed", "http_304")
        site["/en/article/1"] = site.article(1)
        assert crawling.crawl(site.start, tmp_path, "--full").code == 0
        site["/en/article/1"] = Reply(status=304, content_type=None)
        assert crawling.crawl(site.start, tmp_path, "--refetch").code == 0
    row = crawling.rows(tmp_path)["/en/article/1"]
    assert (row["outcome"], row["reason"]) == ("failed", "http_304"), "a run that refetches asks without a condition"
    assert len(crawling.records(tmp_path)) == 2
