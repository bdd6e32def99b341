"""An archive file is read once: after a kill, after a crawl, by whatever scheduler; what is damaged is said."""

import json
import os
import shutil
import time
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from rich.console import Console
from support import crawling, warcs
from support.places import ROOT

from qacrawl.commands import rebuild as command
from qacrawl.options import Options
from qacrawl.reader.limits import of
from qacrawl.reader.messages import Setup
from qacrawl.rebuild import pool
from qacrawl.rebuild.batches import COLUMNS, iter_batches
from qacrawl.rebuild.pages import Piece, Wanted
from qacrawl.workspace import open_site

SETUP = Setup("doctorqna", b"k" * 32, of(Options()))


def make(folder: Path, files: int, pages: int, first: int = 0) -> Path:
    """Archive files of another crawler, each with some articles."""
    folder.mkdir(exist_ok=True)
    for number in range(first, first + files):
        numbers = range(number * pages + 1, (number + 1) * pages + 1)
        rows = [
            warcs.record(warcs.http(warcs.article(one, f"May I run {one} times?")), warcs.url(one)) for one in numbers
        ]
        (folder / f"{number}.warc.gz").write_bytes(warcs.members(warcs.warcinfo("Wget/1.21"), *rows))
    return folder


def rebuild(output: Path, *options: str) -> crawling.Done:
    return crawling.qacrawl("rebuild", "doctorqna", "--output", str(output), *options)


def notes(output: Path) -> dict[str, int]:
    """When each archive file was read, by the name of its note."""
    return {path.name: path.stat().st_mtime_ns for path in (output / "doctorqna" / "staged").glob("*.json")}


def numbers(output: Path) -> list[int]:
    return sorted(int(row["record_id"].rpartition(":")[2]) for row in crawling.records(output))


@pytest.mark.slow
def test_an_archive_of_any_hand_becomes_a_dataset(tmp_path):
    archive = tmp_path / "archive"
    archive.mkdir()
    for name, content in warcs.in_manners([1, 2, 3]).items():
        (archive / name).write_bytes(content)
    (archive / "padded.warc.gz").unlink()
    (archive / "other.warc.gz").write_bytes(
        warcs.members(warcs.record(warcs.http(warcs.article(9)), warcs.url(9, "elsewhere.example")))
    )
    done = rebuild(tmp_path / "output", "--archive", str(archive))
    assert (done.code, done.err) == (0, "")
    assert "record 27, reject 0, listing 0" in done.out
    rows = crawling.records(tmp_path / "output")
    assert [row["url"] for row in rows] == [warcs.url(number) for number in (1, 2, 3)]
    assert {row["run_id"] for row in rows} == {None}
    assert {row["fetched_at"].isoformat() for row in rows} == {"2024-03-01T12:00:00+00:00"}
    for row in rows:
        ((_, found),) = [
            one
            for one in enumerate(crawling.parts(tmp_path / "output"))
            if one[1]["warc_file"] == row["warc_file"] and one[1]["url"] == row["url"]
        ]
        assert found["warc_offset"] == row["warc_offset"]


@pytest.mark.slow
def test_killed_it_goes_on_and_repeats_one_file_a_process(tmp_path):
    archive = make(tmp_path / "archive", 6, 120)
    output = tmp_path / "output"
    arguments = ["rebuild", "doctorqna", "--output", str(output), "--archive", str(archive), "--processes", "1"]
    process = crawling.start(arguments)
    deadline = time.monotonic() + 120
    while len(notes(output)) < 2:
        assert process.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.002)
    process.kill()
    process.communicate()
    before = notes(output)
    assert 2 <= len(before) < 6
    assert not (output / "doctorqna" / "dataset").exists()
    done = rebuild(output, "--archive", str(archive))
    assert (done.code, done.err) == (0, "")
    assert before.items() <= notes(output).items()
    assert rebuild(tmp_path / "other", "--archive", str(archive)).code == 0
    assert crawling.contents(output)[0].keys() == crawling.contents(tmp_path / "other")[0].keys()
    assert numbers(output) == numbers(tmp_path / "other") == list(range(1, 721))


@pytest.mark.slow
def test_only_what_is_new_is_read_and_only_stages(tmp_path):
    archive, output = make(tmp_path / "archive", 3, 3), tmp_path / "output"
    places = [str(path) for path in sorted(archive.iterdir())]
    jobs = [crawling.start(["rebuild", "doctorqna", "--output", str(output), "--only", one]) for one in places[:2]]
    done = [crawling.finish(job) for job in jobs]
    assert [(one.code, one.err, one.out) for one in done] == [(0, "", "record 3, reject 0, listing 0\n")] * 2
    assert not (output / "doctorqna" / "dataset").exists()
    assert not crawling.parts(output)
    before = notes(output)
    assert rebuild(output, "--archive", str(archive)).code == 0
    assert numbers(output) == list(range(1, 10))
    assert len(notes(output)) == 3
    assert before.items() <= notes(output).items()
    first = (output / "doctorqna" / "dataset").readlink(), notes(output)
    assert not list((output / "doctorqna" / "staged").rglob("*.parquet"))
    assert rebuild(output, "--archive", str(archive)).code == 0
    assert ((output / "doctorqna" / "dataset").readlink(), notes(output)) == first
    make(archive, 1, 3, first=3)
    assert rebuild(output, "--archive", str(archive)).code == 0
    assert numbers(output) == list(range(1, 13))
    assert first[1].items() <= notes(output).items()


def read(output: Path, *archive: Path) -> command.Made:
    with open_site("doctorqna", str(output), None, new=True) as (folder, frontier), frontier.alone():
        by = command.reading("pool", None, 1, Console(stderr=True))
        made = command.stage(frontier, folder, Options(output=str(output)), [str(path) for path in archive], by)
        command.swap(frontier, folder, made)
        return made


@pytest.mark.slow
def test_a_large_file_is_read_in_ranges(tmp_path, monkeypatch):
    archive = make(tmp_path / "archive", 1, 40)
    whole = read(tmp_path / "whole", archive)
    monkeypatch.setattr(pool, "RANGE", 3000)
    ranges = read(tmp_path / "ranges", archive)
    assert len(whole.staged) == 1
    assert len(ranges.staged) > 3
    assert (whole.counts, whole.is_whole) == (ranges.counts, ranges.is_whole)
    rows = [sorted(crawling.parts(tmp_path / one), key=lambda row: row["url"]) for one in ("whole", "ranges")]
    key = [{row["asker"] for row in one} for one in rows]
    assert [{**row, "asker": None} for row in rows[0]] == [{**row, "asker": None} for row in rows[1]]
    assert key[0] != key[1]  # each folder has a key of its own


@pytest.mark.slow
def test_damage_is_named_with_file_and_place_and_the_rest_counts(tmp_path):
    archive = make(tmp_path / "archive", 2, 5)
    content = (archive / "0.warc.gz").read_bytes()
    (archive / "0.warc.gz").write_bytes(content[:-30])
    done = rebuild(tmp_path / "output", "--archive", str(archive))
    assert done.code == 0
    assert done.err == "qacrawl: 1 stretches of the archive can't be read\n"
    place = content.rindex(b"\x1f\x8b\x08")
    assert f"damaged: 0.warc.gz#{place}: the file ends within a gzip member" in done.out
    assert numbers(tmp_path / "output") == [1, 2, 3, 4, 6, 7, 8, 9, 10]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "the file is empty"),
        (b"filedesc://x.arc 0.0.0.0 20240301120000 text/plain 77\n", "an ARC file, not WARC: `warcio recompress`"),
        (b"<html>", "no WARC record where one should begin"),
    ],
)
def test_files_of_which_nothing_can_be_read_end_it_with_one_line(tmp_path, content, said):
    archive = make(tmp_path / "archive", 2, 2)
    (archive / "x.warc").write_bytes(content)
    done = rebuild(tmp_path / "output", "--archive", str(archive))
    assert (done.code, done.out) == (1, "")
    assert done.err.startswith(f"qacrawl: 1 of 3 archive files can't be read, {archive / 'x.warc'}#0 for one: {said}")
    assert done.err.count("\n") == 1
    assert not crawling.parts(tmp_path / "output")


@pytest.mark.slow
def test_wrong_places_are_usage_errors(tmp_path):
    (tmp_path / "a").mkdir()
    for folder in ("a", "b"):
        make(tmp_path / folder, 1, 1)
    for options, said in (
        (["--archive", str(tmp_path / "none")], f"no WARC file at {tmp_path / 'none'}"),
        (["--archive", str(tmp_path)], "two archive files are named 0.warc.gz: records tell files by their names"),
        (["--archive", "x", "--only", "y"], "--archive and --only exclude each other"),
    ):
        done = rebuild(tmp_path / "output", *options)
        assert (done.code, done.err) == (2, f"qacrawl: {said}\n")


def fixed(tmp_path: Path) -> Path:
    """A folder with the archive of a crawl."""
    folder = tmp_path / "output" / "doctorqna"
    shutil.copytree(ROOT / "tests" / "fixed" / "archive", folder / "archive")
    shutil.copy(ROOT / "tests" / "fixed" / "asker.key", folder)
    return tmp_path / "output"


@pytest.mark.slow
def test_a_file_of_ours_that_lost_its_end_costs_no_record(tmp_path):
    output = fixed(tmp_path)
    assert rebuild(output).code == 0
    before, files = crawling.contents(output), sorted((output / "doctorqna" / "archive").iterdir())
    parts = sorted(map(str, crawling.parts(output)))
    with open_site("doctorqna", str(output), None) as (_, frontier):
        frontier.swap([("archive", path.name, path.stat().st_size) for path in files], [])
    was = files[1].stat().st_size
    content = files[1].read_bytes()
    for at in (content.index(b"\x1f\x8b\x08", was // 2), 0):
        files[1].write_bytes(content[:at])
        done = rebuild(output)
        assert done.code == 0
        lost = f"has {at:,} bytes of {was:,}; rows that came from its end stay as they are"
        assert done.err == f"qacrawl: {files[1]} {lost}\n"
        assert crawling.contents(output) == before
        assert sorted(map(str, crawling.parts(output))) == parts, "no copies"
    files[1].write_bytes(content)
    assert (rebuild(output).err, sorted(map(str, crawling.parts(output)))) == ("", parts)


@pytest.mark.slow
def test_what_was_published_of_an_archive_file_is_made_anew_where_it_is_damaged(tmp_path):
    output = fixed(tmp_path)
    assert rebuild(output).code == 0
    before = {path.name: path.read_bytes() for path in (output / "doctorqna" / "parts").iterdir()}
    for path in sorted((output / "doctorqna" / "parts").iterdir())[:1]:
        path.write_bytes(before[path.name][:300])
    done = rebuild(output)
    assert (done.code, done.err) == (0, "")
    assert {path.name: path.read_bytes() for path in (output / "doctorqna" / "parts").iterdir()} == before


@pytest.mark.slow
def test_rows_of_another_archive_stay_and_a_damaged_part_of_it_is_put_aside(tmp_path):
    output, archive = fixed(tmp_path), make(tmp_path / "archive", 1, 3)
    assert rebuild(output).code == 0
    own = len(crawling.records(output))
    before = {path.name for path in (output / "doctorqna" / "parts").iterdir()}
    assert rebuild(output, "--archive", str(archive)).code == 0
    assert len(crawling.records(output)) == own + 3
    (part,) = [path for path in (output / "doctorqna" / "parts").iterdir() if path.name not in before]
    assert rebuild(output).code == 0
    assert len(crawling.records(output)) == own + 3
    content = part.read_bytes()
    part.write_bytes(content[:300])
    done = rebuild(output)
    assert f"it lies beside as damaged-{part.name}" in done.err
    assert part.with_name(f"damaged-{part.name}").read_bytes() == content[:300]
    assert rebuild(output, "--archive", str(archive)).code == 0
    assert len(crawling.records(output)) == own + 3


@pytest.mark.slow
def test_the_newest_visit_counts_also_in_an_archive_of_ours_that_lies_elsewhere(tmp_path):
    """By the counter's number, which only archives of ours have: a clock may be wrong."""
    number, url = 7, warcs.url(7)
    rows = [
        warcs.record(warcs.http(warcs.article(number, reply=reply)), url, f"Qacrawl-Visit: {visit}")
        for visit, reply in ((12, "Newer."), (3, "Older."))
    ]
    for software, newest in (("qacrawl/1.0", "Newer."), ("Wget/1.21", None)):
        archive = tmp_path / software[:4] / "archive"
        archive.mkdir(parents=True)
        (archive / "x.warc.gz").write_bytes(warcs.members(warcs.warcinfo(software), *rows))
        output = archive.parent / "output"
        assert rebuild(output, "--archive", str(archive)).code == 0
        found = {row["reply"]: row["visit"] for row in crawling.parts(output)}
        assert found == ({"Newer.": 12, "Older.": 3} if newest else {"Newer.": None, "Older.": None})
        if newest:
            assert [row["reply"] for row in crawling.records(output)] == [newest]
            with open_site("doctorqna", str(output), None) as (_, frontier):
                assert frontier.start_run("a", 0.0) > 12


@pytest.mark.slow
def test_the_same_pages_in_other_files_and_order_are_the_same_records(tmp_path):
    one, other = fixed(tmp_path / "one"), fixed(tmp_path / "other")
    archive, pieces = other / "doctorqna" / "archive", []
    for path in sorted(archive.iterdir()):
        content = path.read_bytes()
        places = [at for at in range(len(content)) if content.startswith(b"\x1f\x8b\x08", at)]
        pieces += [content[at:end] for at, end in zip(places, [*places[1:], None], strict=True)]
        path.unlink()
    for number in range(5):
        (archive / f"20260101T000000Z-{number:08}-00000.warc.gz").write_bytes(b"".join(pieces[number::5][::-1]))
    assert (rebuild(one).code, rebuild(other).code) == (0, 0)
    assert crawling.contents(one) == crawling.contents(other)


@pytest.mark.slow
def test_a_page_with_several_questions_is_as_many_records(tmp_path):
    case = ROOT / "tests" / "fixtures" / "qapage" / "faq"
    expected = json.loads((case / "expected.json").read_text(encoding="utf-8"))
    url = json.loads((case / "page.json").read_text(encoding="utf-8"))["url"]
    (tmp_path / "x.warc").write_bytes(warcs.record(warcs.http((case / "page.html").read_bytes()), url))
    made = ["--archive", str(tmp_path / "x.warc"), "--output", str(tmp_path / "output")]
    for _ in range(2):
        done = crawling.qacrawl("rebuild", "qapage", *made)
        assert (done.code, done.err) == (0, "")
        rows = pq.read_table(tmp_path / "output" / "qapage" / "parts").to_pylist()
        found = {row["rank"]: row["question"] for row in rows}
        assert found == {rank: one["question"] for rank, one in enumerate(expected["records"])}
        assert {row["warc_offset"] for row in rows} == {0}
        assert f"record {len(found)}, reject 0" in done.out


@pytest.mark.slow
def test_batches_have_one_schema_and_say_what_is_damaged(tmp_path):
    archive = make(tmp_path / "archive", 1, 1500)
    path = archive / "0.warc.gz"
    path.write_bytes(path.read_bytes() + os.urandom(50))
    batches = list(iter_batches(str(path), SETUP))
    assert {batch.schema for batch in batches} == {COLUMNS}
    assert [(batch["kind"][0].as_py(), batch.num_rows) for batch in batches] == [
        ("record", 1000),
        ("record", 500),
        ("damage", 1),
    ]
    table = pa.Table.from_batches(batches)
    assert table["url"].null_count == 1
    assert list(iter_batches(Piece(str(path), "0.warc.gz"), SETUP, Wanted("doctorqna"))) == batches
    ((row,),) = [batch.to_pylist() for batch in iter_batches(str(tmp_path / "none.warc"), SETUP)]
    assert (row["kind"], row["warc_file"], row["warc_offset"]) == ("damage", "none.warc", 0)
    assert row["reason"] == "can't be read: No such file or directory"


def said(path: str, body: bytes, day: str = warcs.DAY) -> bytes:
    """A file in which a host says how its pages may be used."""
    found = warcs.record(warcs.http(body), f"https://doctorqna.com{path}")
    return found.replace(warcs.DAY.encode(), day.encode())


NO = said("/robots.txt", b"User-agent: *\nContent-Signal: /en/article/1 ai-train=no\n")
NOTHING = said("/robots.txt", b"User-agent: *\nAllow: /\n", "2019-01-01T00:00:00Z")
TDMREP = said("/.well-known/tdmrep.json", b'[{"location": "/en/article/1", "tdm-reservation": 1}]')


def page(number: int) -> bytes:
    return warcs.record(warcs.http(warcs.article(number)), warcs.url(number))


@pytest.mark.parametrize(
    "files",
    [
        {"a": [NO], "b": [page(1), page(2)]},
        {"a": [page(1), page(2)], "b": [TDMREP]},
        {"a": [page(1), page(2), NO]},
        {"a": [NO, NOTHING, page(1), page(2)]},
        {"a": [NO.replace(b"URI: https:", b"URI: http:")], "b": [page(1), page(2)]},
        {"a": [page(1)], "b": [NO], "c": [NOTHING, page(2)]},
    ],
)
def test_what_a_host_reserves_counts_for_all_files_of_an_archive(tmp_path, files):
    """Wherever it lies; the newest counts."""
    archive, output = tmp_path / "in", tmp_path / "out"
    archive.mkdir()
    for name, content in files.items():
        (archive / f"{name}.warc.gz").write_bytes(warcs.members(*content))
    done = rebuild(output, "--archive", str(archive))
    assert done.code == 0, done.err
    assert numbers(output) == [2]
    assert [row["may_train"] for row in crawling.parts(output) if row["url"].endswith("/1")] in ([None], [False])
    before = notes(output)
    again = rebuild(output, "--archive", str(archive))
    assert again.code == 0, again.err
    assert (numbers(output), notes(output)) == ([2], before)


def test_only_stages_what_is_said_as_well(tmp_path):
    archive, output = tmp_path / "in", tmp_path / "out"
    archive.mkdir()
    (archive / "a.warc.gz").write_bytes(warcs.members(NO))
    (archive / "b.warc.gz").write_bytes(warcs.members(page(1), page(2)))
    for name in ("b", "a"):
        assert rebuild(output, "--only", str(archive / f"{name}.warc.gz")).code == 0
    before = notes(output)
    assert not (output / "doctorqna" / "usage.json").exists()
    assert rebuild(output, "--archive", str(archive)).code == 0
    assert (numbers(output), notes(output)) == ([2], before)
