"""Any WARC file is read, whoever wrote it; whatever is damaged is said with its place, and the rest counts."""

import gzip
import io
import os
from pathlib import Path

import pytest
from support import warcs
from warcio.archiveiterator import ArchiveIterator
from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from qacrawl.archive import read, records, unpack
from qacrawl.archive.warc import Damage, Exchange, Revisit

SAMPLES = Path(os.environ.get("QACRAWL_WARC_SAMPLES", "samples-that-are-not-here"))


def entries(tmp_path: Path, content: bytes, name: str = "x.warc.gz") -> list:
    path = tmp_path / name
    path.write_bytes(content)
    return list(read.entries(path))


def articles(found: list) -> list[tuple[str, bytes]]:
    return [(one.url, one.body) for _, one in found if isinstance(one, Exchange) and "/en/article/" in one.url]


@pytest.mark.parametrize("name", warcs.in_manners([1]))
def test_each_manner_gives_its_pages(tmp_path, name):
    found = entries(tmp_path, warcs.in_manners([1, 2, 3])[name], name)
    assert (
        not [one for _, one in found if isinstance(one, Damage) and "no gzip member" not in one.reason]
        or "padded" in name
    )
    pages = [one for _, one in found if isinstance(one, Exchange) and one.url.startswith("https://doctorqna.com/")]
    assert [one.url for one in pages] == [warcs.url(number) for number in (1, 2, 3)]
    assert {one.fetched_at.isoformat() for one in pages} == {"2024-03-01T12:00:00+00:00"}


def test_what_warcio_writes_is_read(tmp_path):
    made = io.BytesIO()
    writer = WARCWriter(made, gzip=True)
    for number in (1, 2):
        headers = StatusAndHeaders("200 OK", [("Content-Type", "text/html")], protocol="HTTP/1.1")
        body = warcs.article(number)
        writer.write_record(
            writer.create_warc_record(
                warcs.url(number), "response", payload=io.BytesIO(body), length=len(body), http_headers=headers
            )
        )
    writer.write_record(
        writer.create_revisit_record(
            warcs.url(1), digest="sha1:A", refers_to_uri=warcs.url(1), refers_to_date=warcs.DAY
        )
    )
    found = entries(tmp_path, made.getvalue())
    assert articles(found) == [(warcs.url(number), warcs.article(number)) for number in (1, 2)]
    assert isinstance(found[-1][1], Revisit)


def test_places_lead_back_to_the_records(tmp_path):
    for name in ("wget.warc.gz", "heritrix-plain.warc", "two-in-each.warc.gz"):
        path = tmp_path / name
        path.write_bytes(warcs.in_manners([1, 2, 3])[name])
        found = list(read.entries(path))
        for place, one in found:
            assert one in [again for at, again in read.entries(path, place.offset) if at == place]


def test_chunks_are_undone_where_there_are_some(tmp_path):
    body = warcs.article(1)
    te = "Transfer-Encoding: chunked"
    found = entries(
        tmp_path,
        warcs.members(
            warcs.record(warcs.http(warcs.chunked(body), te, length=-1), warcs.url(1)),
            warcs.record(warcs.http(body, te, length=-1), warcs.url(2)),  # undone, and the header left
            warcs.record(warcs.http(warcs.chunked(body, last=b""), te, length=-1), warcs.url(3)),
            warcs.record(warcs.http(warcs.chunked(body)[:-40], te, length=-1), warcs.url(4)),
        ),
    )
    assert articles(found) == [(warcs.url(1), body), (warcs.url(2), body)]
    assert [one.reason for _, one in found if isinstance(one, Damage)] == [
        f"cut off: its chunks have no end: {warcs.url(number)}" for number in (3, 4)
    ]


def test_what_was_cut_off_is_no_page(tmp_path):
    body = warcs.article(1)
    found = entries(
        tmp_path,
        warcs.members(
            warcs.record(warcs.http(body, length=len(body) + 1), warcs.url(1)),
            warcs.record(warcs.http(body), warcs.url(2), "WARC-Truncated: length"),
            warcs.record(warcs.http(body), warcs.url(3), "WARC-Segment-Number: 1"),
            warcs.record(warcs.http(body), warcs.url(4)),
        ),
    )
    assert [url for url, _ in articles(found)] == [warcs.url(4)]
    assert [warcs.url(number) in one.reason for number, (_, one) in zip((1, 2, 3), found, strict=False)] == [True] * 3


WHOLE = [warcs.record(warcs.http(warcs.article(number)), warcs.url(number)) for number in range(1, 6)]


def lengths(pack) -> list[int]:
    return [len(pack(one)) for one in WHOLE]


@pytest.mark.parametrize("pack", [warcs.members, warcs.plain])
@pytest.mark.parametrize("wrong", [-7, 7, 100_000, -100_000])
def test_a_wrong_length_costs_its_own_record_alone(tmp_path, pack, wrong):
    body = warcs.http(warcs.article(3))
    bad = warcs.record(body, warcs.url(3), length=max(0, len(body) + wrong))
    found = entries(tmp_path, pack(*WHOLE[:2], bad, *WHOLE[3:]), "x.warc")
    assert [url for url, _ in articles(found)] == [warcs.url(number) for number in (1, 2, 4, 5)]
    (damage,) = [place.offset for place, one in found if isinstance(one, Damage)]
    assert damage == sum(lengths(pack)[:2])


@pytest.mark.parametrize("pack", [warcs.members, warcs.plain])
def test_a_file_that_ends_too_early_says_where(tmp_path, pack):
    content = pack(*WHOLE)
    last = sum(lengths(pack)[:4])
    for cut in (1, 5, 30, 200):
        found = entries(tmp_path, content[: last + cut], "x.warc")
        assert [url for url, _ in articles(found)] == [warcs.url(number) for number in (1, 2, 3, 4)]
        assert [place.offset for place, one in found if isinstance(one, Damage)] == [last]


def test_a_garbled_member_in_the_middle_costs_itself(tmp_path):
    content = bytearray(warcs.members(*WHOLE))
    at = sum(lengths(warcs.members)[:2])
    content[at + 40 : at + 90] = bytes(50)
    found = entries(tmp_path, bytes(content))
    assert [url for url, _ in articles(found)] == [warcs.url(number) for number in (1, 2, 4, 5)]
    assert [place.offset for place, one in found if isinstance(one, Damage)] == [at]


def test_damage_in_the_one_member_of_a_file_costs_what_stands_behind(tmp_path):
    many = [warcs.record(warcs.http(os.urandom(4000)), warcs.url(number)) for number in range(1, 1001)]
    content = warcs.one_member(*many)
    found = entries(tmp_path, content[: len(content) // 2])
    assert 300 < len(articles(found)) < 600
    assert [one.reason for _, one in found[-1:]] == ["the file ends within a gzip member"]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "the file is empty"),
        (gzip.compress(b""), "the file is empty"),
        (b"filedesc://x.arc 0.0.0.0 20240301120000 text/plain 77\n1 0 InternetArchive\n", "an ARC file, not WARC"),
        (gzip.compress(b"filedesc://x.arc 0.0.0.0 20240301120000 text/plain 77\n"), "an ARC file, not WARC"),
        (b"<html>a saved page</html>" * 1000, "no WARC record where one should begin"),
        (gzip.compress(b"<html>a saved page</html>" * 1000), "no WARC record where one should begin"),
        (b"\x1f\x8b", "the file ends within a gzip member"),
        (b"PK\x03\x04" + os.urandom(5000), "a ZIP file, not WARC: if it is WACZ, `unzip` takes"),
        (b"\x28\xb5\x2f\xfd" + os.urandom(5000), "a file compressed with zstd: `zstd -d`"),
        (b"\x5d\x2a\x4d\x18" + os.urandom(5000), "a file compressed with zstd and a dictionary"),
    ],
    ids=["empty", "empty gzip", "arc", "arc.gz", "html", "html.gz", "magic alone", "zip", "zstd", "dictionary"],
)
def test_a_file_that_is_none_is_one_damage(tmp_path, content, reason):
    ((place, damage),) = entries(tmp_path, content)
    assert (place.offset, damage.reason[: len(reason)]) == (0, reason)


def test_a_record_larger_than_a_page_may_be_is_not_held(tmp_path):
    large = warcs.record(warcs.http(bytes(records.MOST)), warcs.url(2))
    for pack in (warcs.members, warcs.plain, warcs.one_member):
        found = entries(tmp_path, pack(WHOLE[0], large, WHOLE[2]))
        assert [url for url, _ in articles(found)] == [warcs.url(1), warcs.url(3)]
        (damage,) = [one for _, one in found if isinstance(one, Damage)]
        assert damage.reason == f"a record of {records.MOST + len(warcs.http(b'')) + 7:,} bytes, more than are read"


def test_a_lying_length_in_a_plain_file_hides_nothing(tmp_path):
    lying = warcs.record(warcs.http(b"short"), warcs.url(2), length=10**12)
    found = entries(tmp_path, warcs.plain(WHOLE[0], lying, *WHOLE[2:]), "x.warc")
    assert [url for url, _ in articles(found)] == [warcs.url(number) for number in (1, 3, 4, 5)]
    assert sum(isinstance(one, Damage) for _, one in found) == 1


@pytest.mark.parametrize("name", ["wget.warc.gz", "heritrix-plain.warc", "two-in-each.warc.gz", "one-member.warc.gz"])
@pytest.mark.parametrize("step", [1, 700, 5000])
def test_ranges_have_each_record_once(tmp_path, name, step):
    path = tmp_path / name
    path.write_bytes(warcs.in_manners(range(1, 4))[name])
    with path.open("rb") as file:
        whole = [place for place, _ in records.records(file)]
        size, found = path.stat().st_size, []
        for start in range(0, size, step):
            begin = records.first(file, start, start + step)
            if begin is not None:
                found += [place for place, _ in records.records(file, begin, start + step)]
    assert found == whole


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("2024-03-01T12:00:00Z", "2024-03-01T12:00:00+00:00"),
        ("2024-03-01T12:00:00.123456789Z", "2024-03-01T12:00:00.123456+00:00"),
        ("2024-03-01t12:00:00z", "2024-03-01T12:00:00+00:00"),
        ("20240301120000", "2024-03-01T12:00:00+00:00"),
        ("2024-03-01T12:00:00", "2024-03-01T12:00:00+00:00"),
        ("2024-03-01", "2024-03-01T00:00:00+00:00"),
        ("2024", "2024-01-01T00:00:00+00:00"),
    ],
)
def test_dates(text, at):
    assert read.moment(text).isoformat() == at


def test_headers_fold_and_have_any_case():
    found = records._headers("WARC/1.0\r\nWARC-TYPE: response\r\nWARC-Target-URI: https://a.example/\r\n x\r\nno colon")
    assert found == {"warc-type": "response", "warc-target-uri": "https://a.example/ x"}


def test_members_are_found_from_anywhere(tmp_path):
    content = warcs.members(*WHOLE)
    places = [sum(lengths(warcs.members)[:number]) for number in range(5)]
    with io.BytesIO(content) as file:
        for start in range(len(content)):
            assert unpack.next_member(file, start) == next((place for place in places if place >= start), None)


@pytest.mark.parametrize(
    "path", sorted(path for path in SAMPLES.rglob("*arc*") if path.is_file()), ids=lambda path: path.name
)
def test_sample_files_give_what_warcio_finds_or_say_why_not(path):
    """Of folders with other projects' sample files, named by QACRAWL_WARC_SAMPLES; they are read in place."""
    wanted = 0
    try:
        with path.open("rb") as file:
            for record in ArchiveIterator(file, no_record_parse=True):
                wanted += record.rec_type in ("response", "revisit", "resource")
                record.raw_stream.read()
    except Exception:
        wanted += 1
    found = [one for _, one in read.entries(path)]
    damages = sum(isinstance(one, Damage) for one in found)
    assert len(found) >= wanted or (".arc" in path.name and damages == 1)
