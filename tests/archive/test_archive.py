"""The archive holds each response as it came; torn and damaged stretches hurt nothing else."""

import gzip
import io
import os
import resource
import signal
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.places import ROOT
from warcio.archiveiterator import ArchiveIterator

from qacrawl.archive import read, warc
from qacrawl.archive import write as writing
from qacrawl.archive.warc import Damage, Exchange, Revisit
from qacrawl.archive.write import Writer

AT = datetime(2024, 2, 29, 12, 30, 15, 123456, UTC)


def exchange(number: int = 1, body: bytes = b"<p>Hello", status: int = 200, headers=(("Content-Type", "text/html"),)):
    return Exchange(f"https://example.org/{number}", status, headers, body, AT)


def write(folder: Path, *exchanges: Exchange) -> tuple[Path, list[warc.Place]]:
    writer = Writer(folder, "run", {"robots": "obeyed"})
    places = [writer.write(one) for one in exchanges]
    writer.sync()
    writer.close()
    return folder / writer.name, places


def said(one: Exchange) -> tuple:
    """What must come back: Content-Length is ours."""
    headers = [pair for pair in one.headers if pair[0].lower() not in ("content-length", "transfer-encoding")]
    return one.url, one.status, headers, one.body, one.fetched_at


def test_what_is_written_is_read(tmp_path):
    made = [
        exchange(1),
        exchange(2, b"", 404),
        exchange(3, gzip.compress(b"x"), headers=(("Content-Encoding", "gzip"),)),
    ]
    path, places = write(tmp_path, *made)
    found = list(read.entries(path))
    assert [place for place, _ in found] == places
    assert [said(entry) for _, entry in found] == [said(one) for one in made]
    assert [said(next(read.entries(path, place.offset))[1]) for place in places] == [said(one) for one in made]
    assert warc.run_of(path.name) == "run"


def test_it_is_warc_1_1_with_a_member_a_record_and_warcinfo_first(tmp_path):
    path, places = write(tmp_path, exchange(1), exchange(2))
    with path.open("rb") as file:
        records = [(record.rec_type, record.rec_headers.protocol) for record in ArchiveIterator(file)]
    assert records == [("warcinfo", "WARC/1.1"), ("response", "WARC/1.1"), ("response", "WARC/1.1")]
    body = path.read_bytes()
    for place in places:
        assert gzip.GzipFile(fileobj=io.BytesIO(body[place.offset :])).read(8) == b"WARC/1.1"
    assert b"robots: obeyed" in gzip.decompress(body)
    done = subprocess.run(
        [sys.executable, "-m", "warcio.cli", "check", "-v", str(path)], capture_output=True, text=True
    )
    assert done.returncode == 0
    assert done.stdout.count("digest pass") == 3


def test_a_revisit_names_what_it_repeats(tmp_path):
    writer = Writer(tmp_path, "run")
    writer.write(exchange(1))
    payload = warc.digest(b"<p>Hello")
    writer.write_revisit(exchange(1, b"", 304), payload, "https://example.org/1", AT)
    writer.close()
    (_, first), (_, second) = read.entries(tmp_path / writer.name)
    assert isinstance(first, Exchange)
    assert second == Revisit("https://example.org/1", AT, payload)
    with (tmp_path / writer.name).open("rb") as file:
        record = list(ArchiveIterator(file))[-1]
    headers = [name for name, _ in record.rec_headers.headers]
    assert headers.count("WARC-Profile") == headers.count("WARC-Payload-Digest") == 1


@pytest.mark.parametrize(
    "headers",
    [
        (("X-Name", "one"), ("X-Name", "again")),
        (("X-Empty", ""),),
        (("X-Long", "x" * 12_000),),
        (("Transfer-Encoding", "chunked"), ("Content-Length", "3")),
        (),
    ],
)
def test_strange_headers(tmp_path, headers):
    path, _ = write(tmp_path, exchange(1, headers=headers), exchange(2))
    entries = [entry for _, entry in read.entries(path)]
    assert [said(entry) for entry in entries] == [said(exchange(1, headers=headers)), said(exchange(2))]


@pytest.mark.parametrize(
    "value",
    [
        "caf\u00e9".encode(),
        "caf\u00e9".encode("latin-1"),
        "\u5c0f\u96e8".encode("big5"),
        "\u5c0f\u96e8; x=\u96e8".encode(),
        bytes(byte for byte in range(1, 256) if byte not in b"\t\r\n "),
        b"a\x00b",
        b"one\rtwo",
        b'inline; filename="caf\xc3\xa9.html"',
        b": :",
    ],
    ids=ascii,
)
def test_headers_are_kept_byte_for_byte(tmp_path, value):
    headers = (("X-Name", warc.as_text(value)), ("X-Other", "v"))
    path, _ = write(tmp_path, exchange(1, headers=headers), exchange(2))
    first, second = [entry for _, entry in read.entries(path)]
    assert said(first) == said(exchange(1, headers=headers))
    assert first.values("x-name") == [value]
    assert said(second) == said(exchange(2))
    unpacked = gzip.decompress(path.read_bytes())
    assert b"\r\nX-Name: " + value + b"\r\nX-Other: v\r\n" in unpacked


def test_the_largest_body_survives_and_does_not_hide_what_follows(tmp_path):
    body = os.urandom(1 << 20) * 16
    path, _ = write(tmp_path, exchange(1, body), exchange(2))
    first, second = [entry for _, entry in read.entries(path)]
    assert first.body == body
    assert said(second) == said(exchange(2))


class Grudging:
    """A file that takes five bytes at a time."""

    def __init__(self) -> None:
        self.content = b""

    def write(self, data: memoryview) -> int:
        self.content += data[:5]
        return min(5, len(data))


def test_short_writes_are_gone_on_with():
    file = Grudging()
    writing._write(file, bytes(range(256)))
    assert file.content == bytes(range(256))


@pytest.mark.parametrize("status", [200, 299, 404, 599, 999])
def test_strange_statuses(tmp_path, status):
    path, _ = write(tmp_path, exchange(status=status))
    assert [entry.status for _, entry in read.entries(path)] == [status]


@given(st.lists(st.binary(max_size=3000), min_size=1, max_size=5))
@settings(max_examples=40, deadline=None)
def test_any_bodies_survive(tmp_path_factory, bodies):
    path, _ = write(tmp_path_factory.mktemp("bodies"), *(exchange(at, body) for at, body in enumerate(bodies)))
    assert [entry.body for _, entry in read.entries(path)] == bodies


def test_a_torn_end_is_found_wherever_it_is(tmp_path):
    path, places = write(tmp_path, exchange(1), exchange(2), exchange(3, b"last" * 20))
    body = path.read_bytes()
    for size in range(places[2].offset + 1, len(body)):
        path.write_bytes(body[:size])
        assert read.whole(path) == read.whole(path, places[1].offset) == places[2].offset
        assert [type(entry) for _, entry in read.entries(path)] == [Exchange, Exchange, Damage]
    path.write_bytes(body)
    assert read.whole(path) == len(body)


def test_what_stands_behind_damage_is_read(tmp_path):
    path, places = write(tmp_path, *(exchange(number, os.urandom(500)) for number in range(5)))
    body = bytearray(path.read_bytes())
    body[places[1].offset + 30 : places[1].offset + 60] = bytes(30)
    body[places[3].offset : places[3].offset + 2] = b"??"
    path.write_bytes(body)
    found = list(read.entries(path))
    assert [type(entry) for _, entry in found] == [Exchange, Damage, Exchange, Damage, Exchange]
    assert [place.offset for place, _ in found] == [place.offset for place in places]


def test_a_record_that_is_none_is_damage(tmp_path):
    path = tmp_path / "run-00000.warc.gz"
    bad = b"WARC/1.1\r\nWARC-Type: response\r\nWARC-Date: never\r\nContent-Length: 0\r\n\r\n\r\n\r\n"
    path.write_bytes(gzip.compress(bad) + gzip.compress(b"nothing of the kind"))
    assert [type(entry) for _, entry in read.entries(path)] == [Damage, Damage]


def test_a_run_begins_a_new_file_when_one_is_large(tmp_path, monkeypatch):
    monkeypatch.setattr(writing, "LARGEST", 2000)
    writer = Writer(tmp_path, "run")
    places = [writer.write(exchange(number, os.urandom(700))) for number in range(6)]
    sizes = writer.sync()
    writer.close()
    assert len(sizes) >= 3
    assert {path.name: path.stat().st_size for path in tmp_path.iterdir()} == sizes
    for place in places:
        assert isinstance(next(read.entries(tmp_path / place.file, place.offset))[1], Exchange)


WRITE = """
import resource, signal, sys
from pathlib import Path
from archive.test_archive import exchange
from qacrawl.archive.write import Writer
writer = Writer(Path(sys.argv[1]), "run")
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (3000, resource.RLIM_INFINITY))
import os
try:
    for number in range(100):
        writer.write(exchange(number, os.urandom(400)))
except OSError:
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    writer.write(exchange(1000))
    writer.sync()
    print("refused")
"""


def test_nothing_follows_half_a_record_after_a_full_disk(tmp_path):
    env = os.environ | {"PYTHONPATH": str(ROOT / "tests")}
    done = subprocess.run([sys.executable, "-c", WRITE, str(tmp_path)], capture_output=True, text=True, env=env)
    assert done.stdout == "refused\n", done.stderr
    (path,) = tmp_path.iterdir()
    entries = [entry for _, entry in read.entries(path)]
    assert {type(entry) for entry in entries} == {Exchange}
    assert entries[-1].url == "https://example.org/1000"
    assert read.whole(path) == path.stat().st_size


def test_a_file_that_can_not_be_begun_leaves_nothing(tmp_path):
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10, before[1]))
    try:
        writer = Writer(tmp_path, "run")
        with pytest.raises(OSError, match="too large"):
            writer.write(exchange())
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert not list(tmp_path.iterdir())
    writer.write(exchange())
    writer.close()
    assert len(list(read.entries(tmp_path / writer.name))) == 1
