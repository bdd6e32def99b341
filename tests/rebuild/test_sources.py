"""Which files of a folder are read: WARC files by whatever name their tools give them; none is left out in silence."""

import os
from pathlib import Path

import pytest
from support import crawling, warcs

from qacrawl.rebuild import sources

GOOD = warcs.members(warcs.record(warcs.http(warcs.article(1)), warcs.url(1)))


def names(folder: Path) -> list[str]:
    return sorted(piece.name for piece in sources.given([str(folder)]))


def test_names_have_any_case_and_what_is_still_open_is_read(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    taken = ["B.WARC.GZ", "a.warc.gz", "c.warc.gz.open", "d.warc.zst", "e.wacz", "f.Arc.gz", "g.warc"]
    for name in [*taken, "readme.txt", "archive.zip"]:
        (tmp_path / name).touch()
    assert names(tmp_path) == taken
    assert capsys.readouterr().err == ""


def test_other_files_that_are_called_warc_are_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    for name in ["a.warc.gz", *(f"{number}.warc.gz.md5" for number in range(7)), "warc.paths"]:
        (tmp_path / name).touch()
    assert names(tmp_path) == ["a.warc.gz"]
    said = ", ".join(f"{number}.warc.gz.md5" for number in range(5))
    assert capsys.readouterr().err == f"qacrawl: {tmp_path}: not read, as no WARC file is named so: {said} and 3 more\n"


def test_packed_archives_are_refused_with_a_way_to_unpack_them(tmp_path: Path):
    given = tmp_path / "in"
    given.mkdir()
    (given / "a.warc.gz").write_bytes(GOOD)
    (given / "b.warc.zst").write_bytes(b"\x28\xb5\x2f\xfd" + os.urandom(50))
    (given / "c.wacz").write_bytes(b"PK\x03\x04" + os.urandom(50))
    for command in (
        ["rebuild", "doctorqna", "--archive", str(given), "--output", str(tmp_path / "out"), "--processes", "1"],
        ["extract", *map(str, sorted(given.iterdir()))],
    ):
        done = crawling.qacrawl(*command)
        assert done.code == 1
        (zstd,) = [line for line in done.err.splitlines() if "b.warc.zst" in line]
        (wacz,) = [line for line in done.err.splitlines() if "c.wacz" in line]
        assert "`zstd -d` makes a WARC file of it" in zstd
        assert "`unzip` takes the WARC files" in wacz
