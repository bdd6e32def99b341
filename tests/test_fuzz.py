"""Any response at all, from the archive to redaction: a record, a listing or a reject.

`FUZZ_SECONDS` says for how many seconds the slow test goes on; CI gives two minutes.
"""

import os
import random
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest
from support.places import FIXTURES

from qacrawl import registry, steps
from qacrawl.archive import decode, read, warc
from qacrawl.archive.write import Writer
from qacrawl.parse import forward, links
from qacrawl.records import LARGEST, Listing, QARecord, Reject

AT = datetime(2026, 1, 1, tzinfo=UTC)
SECONDS = float(os.environ.get("FUZZ_SECONDS", "20"))
PER_MEGABYTE = 10.0
"""Seconds: a page that takes longer hangs, even on a machine that has other things to do."""
URL = "https://doctorqna.com/en/article/7"
SEEDS = [path.read_bytes() for path in sorted(FIXTURES.glob("doctorqna/*/page.*")) if path.suffix in (".html", ".txt")]
PIECES = [
    b"<", b">", b"&#", b"&amp;", b"<!--", b"-->", b"<table><tr><td>", b"<br><br>", b"<base href=//[>", b"<template>",
    b'<a href="http://[">', b'<a href="\\\\x\x00">', b"<meta charset=utf-7>",
    b"<meta http-equiv=refresh content='0;url=",
    b"\xff\xfe", b"\xef\xbb\xbf", b"\x00", b"\xed\xa0\x80", b"\xa1", b"\x1b[31m", b"\xe2\x80\xae", b"\xcc\x81" * 40,
    b"Ask Date: 9999/99/99", b"20~19 year old female.", b"Dr.  reply ", b"Similar Q&A", b"Related FAQ", b"Reply Date:",
    b" " * 300, b"a@b." * 40, b"0912345678 " * 20,
]  # fmt: skip
HEADERS = [
    ("Content-Type", ["text/html; charset=big5", "text/html; charset=\udcff", ";;=", "text/html; charset=utf-16", ""]),
    ("Content-Encoding", ["gzip", "br, gzip", "zstd", "deflate", "\udcfe", "identity", "gzip, " * 9]),
    ("Refresh", ["0; url=http://[", "0;url=/en/article/8", "9" * 400, "0;url='\udcff"]),
    ("Location", ["\udcff\udcfe", "http://[", "/en/article/9"]),
    ("ETag", ['"\udce9"', "x" * 2000]),
]  # fmt: skip


def mutated(chance: random.Random) -> tuple[list[tuple[str, str]], bytes]:
    """Headers and a body: a fixture of which pieces are cut, doubled, moved or replaced."""
    body = bytearray(chance.choice(SEEDS))
    for _ in range(chance.randrange(12)):
        start = chance.randrange(len(body) + 1)
        end = min(len(body), start + chance.choice((1, 8, 200)))
        how = chance.randrange(5)
        piece = bytes(body[start:end])
        if how == 0:
            body[start:end] = b""
        elif how == 1:
            body[start:start] = piece * chance.randrange(1, 30)
        elif how == 2:
            body[start:end] = chance.randbytes(len(piece))
        elif how == 3:
            body[start:start] = chance.choice(PIECES)
        else:
            body[start:end] = chance.choice(SEEDS)[start : start + 400]
    headers = [(name, chance.choice(values)) for name, values in HEADERS if chance.random() < 0.3]
    return headers, bytes(body)


def go_through(place: Path, number: int) -> str:
    """Take one response all the way; return what it came to."""
    headers, body = mutated(random.Random(number))
    writer = Writer(place, f"run-{number}")
    writer.write(warc.Exchange(URL, 200, headers, body, AT))
    writer.close()
    ((at, entry),) = read.entries(place / writer.name)
    (place / writer.name).unlink()
    assert isinstance(entry, warc.Exchange)
    assert entry.body == body
    assert entry.values("Content-Encoding") == [
        warc.as_bytes(value).strip() for name, value in headers if name == "Content-Encoding"
    ]
    try:
        text = decode.body(entry.body, entry.values("Content-Encoding"), LARGEST)
    except decode.DecodeError:
        text = body  # what comes after is tried all the same
    page = steps.page("doctorqna", URL, text, 200, entry.values("Content-Type"), AT, at)
    forward.refresh(URL, text, next(iter(entry.values("Refresh")), None))
    for url in links.links(page, set()):
        assert registry.load("doctorqna").canonical(url) == url
    result = steps.result(page, b"k" * 32)
    assert isinstance(result, QARecord | Reject | Listing)
    return type(result).__name__


def check(place: Path, number: int) -> str:
    begun = time.process_time()
    try:
        came_to = go_through(place, number)
    except Exception as error:
        raise AssertionError(f"response {number}: {error!r}") from error
    size = len(mutated(random.Random(number))[1])
    assert time.process_time() - begun < PER_MEGABYTE * max(size / 1e6, 0.1), f"response {number} of {size} bytes"
    return came_to


def test_some_responses_come_to_something(tmp_path: Path) -> None:
    assert {check(tmp_path, number) for number in range(150)} >= {"QARecord", "Reject"}


@pytest.mark.slow
@pytest.mark.timeout(0)
def test_any_response_comes_to_something(tmp_path: Path) -> None:
    deadline, number = time.monotonic() + SECONDS, 1000
    while time.monotonic() < deadline:
        check(tmp_path, number)
        number += 1
