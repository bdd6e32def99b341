"""Any response at all, from the archive to redaction: a record, a listing or a reject.

Hypothesis draws the responses, the same ones in each run. `FUZZ_SECONDS` says for how many seconds the slow test draws
more; CI gives two minutes.
"""

import ast
import json
import os
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from hypothesis.vendor.pretty import RepresentationPrinter
from support.places import FIXTURES, SHARED

from qacrawl import registry, sitefile, steps
from qacrawl.archive import decode, read, warc
from qacrawl.archive.write import Writer
from qacrawl.parse import forward, links
from qacrawl.records import LARGEST, Listing, QARecord, Reject, Several

AT = datetime(2026, 1, 1, tzinfo=UTC)
SECONDS = float(os.environ.get("FUZZ_SECONDS", "20"))
PER_MEGABYTE = 30.0
"""Seconds of the processor, also for a smaller page: one where the machine does nothing else, a hang takes minutes."""
LARGE = 1 << 20
"""Bytes to which a piece may be repeated."""
CASES = SHARED / "cases"
PIECES = [
    b"<", b">", b"&#", b"&amp;", b"<!--", b"-->", b"<table><tr><td>", b"<br><br>", b"<base href=//[>", b"<template>",
    b'<a href="http://[">', b'<a href="\\\\x\x00">', b"<meta charset=utf-7>",
    b"<meta http-equiv=refresh content='0;url=",
    b"\xff\xfe", b"\xef\xbb\xbf", b"\x00", b"\xed\xa0\x80", b"\xa1", b"\x1b[31m", b"\xe2\x80\xae", b"\xcc\x81" * 40,
    b"Ask Date: 9999/99/99", b"20~19 year old female.", b"Dr.  reply ", b"Similar Q&A", b"Related FAQ", b"Reply Date:",
    b" " * 300, b"a@b." * 40, b"0912345678 " * 20, b"[[{", b'{"@type":"QAPage","mainEntity":', b'"text": 1e999,',
    b"<div itemscope itemref='a a' id=a itemprop=suggestedAnswer>", b"<script type=application/ld+json>", b"</script>",
]  # fmt: skip
HEADERS = {
    "Content-Type": ["text/html; charset=big5", "text/html; charset=\udcff", ";;=", "text/html; charset=utf-16", "",
                     "application/xhtml+xml", "text/plain", "text/html; charset=utf-8"],
    "Content-Encoding": ["gzip", "br, gzip", "zstd", "deflate", "\udcfe", "identity", "gzip, " * 9],
    "Refresh": ["0; url=http://[", "0;url=/en/article/8", "9" * 400, "0;url='\udcff"],
    "Location": ["\udcff\udcfe", "http://[", "/en/article/9"],
    "ETag": ['"\udce9"', "x" * 2000],
}  # fmt: skip


@dataclass(frozen=True)
class Seed:
    """A page to begin with."""

    site: str
    url: str
    content_type: str | None
    body: bytes


@dataclass(frozen=True)
class Response:
    """What a site might send."""

    site: str
    url: str
    headers: list[tuple[str, str]]
    body: bytes

    def __repr__(self) -> str:
        """Return the start of a large one: a failure should be read."""
        return f"{self.site} {self.url} {self.headers} {self.body[:3000]!r} ({len(self.body)} bytes)"

    def _repr_pretty_(self, printer: RepresentationPrinter, _: bool) -> None:
        """What Hypothesis shows is that as well, not all fields: it refuses to show a megabyte."""
        printer.text(repr(self))


def fixtures() -> list[Seed]:
    """The saved pages of all sites; one that is not built in is made known."""
    for file in FIXTURES.glob("*/site.toml"):
        sitefile.use(file.read_text("utf-8"), str(file))
    found = []
    for path in sorted(FIXTURES.glob("*/*/page.*")):
        if path.suffix in (".html", ".txt"):
            facts = json.loads(path.with_name("page.json").read_text("utf-8"))
            found.append(Seed(path.parts[-3], facts["url"], facts.get("content_type"), path.read_bytes()))
    return found


def cases() -> list[Seed]:
    """What the cases beside the checkout send: saved texts, and the markup in programs, "1" for what they put in."""
    found = [path.read_bytes() for path in sorted(CASES.glob("texts/*.txt"))]
    for path in sorted(CASES.glob("*.py")):
        for node in ast.walk(ast.parse(path.read_bytes())):
            if isinstance(node, ast.Constant | ast.JoinedStr):
                body = literal(node)
                found += [body] if b"<" in body and len(body) > 20 else []
    url = "https://doctorqna.com/en/article/7"
    return [Seed("doctorqna", url, "text/html; charset=utf-8", body) for body in dict.fromkeys(found)]


def literal(node: ast.Constant | ast.JoinedStr) -> bytes:
    """The bytes of a text in a program; none for numbers."""
    if isinstance(node, ast.JoinedStr):
        return b"".join(literal(part) if isinstance(part, ast.Constant) else b"1" for part in node.values)
    value = node.value
    return value if isinstance(value, bytes) else value.encode("utf-8", "replace") if isinstance(value, str) else b""


def responses(seeds: list[Seed], most: int) -> st.SearchStrategy[Response]:
    """Pages of which pieces are cut, repeated up to `most` bytes, replaced or put in, with headers of any kind."""
    place, length = st.integers(0, 1 << 16), st.sampled_from((1, 8, 200))
    others = st.sampled_from(seeds).flatmap(
        lambda other: place.map(lambda at: other.body[at % (len(other.body) + 1) :][:400])
    )
    put = st.sampled_from(PIECES) | st.binary(max_size=200) | others
    times = st.sampled_from([*range(30), LARGE, *[0] * 20])
    change = st.tuples(place, length, times, put) | st.tuples(place, length, st.integers(0, 1), st.just(b""))
    headers = st.fixed_dictionaries({}, optional={name: st.sampled_from(said) for name, said in HEADERS.items()})
    return st.builds(response, st.sampled_from(seeds), st.lists(change, max_size=12), headers, st.just(most))


def response(start: Seed, changes: list[tuple[int, int, int, bytes]], headers: dict[str, str], most: int) -> Response:
    """A page after changes: where, over how many bytes, how often these come, and what comes behind them."""
    body = start.body
    for place, length, times, put in changes:
        at = place % (len(body) + 1)
        piece = body[at : at + length]
        room = max(0, most - len(body)) // max(1, len(piece))
        body = body[:at] + piece * min(times, room) + put + body[at + length :]
    said = ({"Content-Type": start.content_type} if start.content_type else {}) | headers
    return Response(start.site, start.url, list(said.items()), body)


def go_through(place: Path, sent: Response) -> str:
    """Take one response all the way; return what it came to."""
    writer = Writer(place, "run")
    writer.write(warc.Exchange(sent.url, 200, sent.headers, sent.body, AT))
    writer.close()
    ((at, entry),) = read.entries(place / writer.name)
    (place / writer.name).unlink()
    assert isinstance(entry, warc.Exchange)
    assert entry.body == sent.body
    for name, value in sent.headers:
        assert entry.values(name) == [warc.as_bytes(value).strip()]
    try:
        text = decode.body(entry.body, entry.values("Content-Encoding"), LARGEST)
    except decode.DecodeError:
        text = entry.body  # what comes after is tried all the same
    page = steps.page(sent.site, sent.url, text, 200, entry.values("Content-Type"), AT, at)
    forward.refresh(page, next(iter(entry.values("Refresh")), None))
    for url in links.links(page, set()):
        assert registry.load(sent.site).canonical(url) == url
    result = steps.result(page, b"k" * 32)
    assert isinstance(result, QARecord | Several | Reject | Listing)
    return type(result).__name__


def check(sent: Response) -> str:
    """Take one response all the way, within its time: once more where it took longer, for a machine has other work."""
    allowed = PER_MEGABYTE * max(len(sent.body) / 1e6, 1)
    with TemporaryDirectory() as folder:
        for _ in range(2):
            begun = time.process_time()
            came_to = go_through(Path(folder), sent)
            if (took := time.process_time() - begun) < allowed:
                return came_to
    raise AssertionError(f"{took:.1f} s for {len(sent.body)} bytes")


def drawn(seeds: list[Seed], examples: int, most: int, number: int | None = None) -> Callable[[], Counter[str]]:
    """A test of so many responses, which returns what they came to: those of a number, or the first ones."""
    came_to: Counter[str] = Counter()

    @settings(
        max_examples=examples,
        deadline=None,
        database=None,
        derandomize=number is None,
        phases=[Phase.generate],  # what takes a minute would be made smaller for an hour
        suppress_health_check=list(HealthCheck),
    )
    @given(responses(seeds, most))
    def each(sent: Response) -> None:
        came_to[check(sent)] += 1

    def run() -> Counter[str]:
        (each if number is None else seed(number)(each))()
        return came_to

    return run


@pytest.mark.parametrize("site", registry.names())
def test_some_responses_come_to_something(site: str) -> None:
    seeds = [one for one in fixtures() if one.site == site]
    assert drawn(seeds, 80, LARGE >> 6)().keys() >= {"QARecord", "Reject"}


@pytest.mark.skipif(not CASES.is_dir(), reason="the cases are not beside the checkout")
def test_some_bodies_of_the_cases_come_to_something() -> None:
    assert drawn(cases(), 80, LARGE >> 6)().keys() >= {"QARecord", "Reject"}


def test_the_same_responses_are_drawn_each_time() -> None:
    found: list[Response] = []

    @settings(max_examples=10, database=None, derandomize=True)
    @given(responses(fixtures()[:5], 1000))
    def each(sent: Response) -> None:
        found.append(sent)

    each()
    first = found.copy()
    found.clear()
    each()
    assert found == first


@pytest.mark.slow
@pytest.mark.timeout(0)
def test_any_response_comes_to_something() -> None:
    deadline, number, seeds = time.monotonic() + SECONDS, 1, fixtures() + cases()
    while time.monotonic() < deadline:
        drawn(seeds, 50, LARGE, number)()
        number += 1
