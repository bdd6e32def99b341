"""The archive read again: the same parser gives the same records, a better one better records, without the network."""

import shutil
import sys
import time
from pathlib import Path

import pytest
from support import crawling, faults
from support.faults import FaultSite

from qacrawl import validate
from qacrawl.archive import read
from qacrawl.sites.doctorqna import parser


@pytest.fixture(scope="module")
def crawled(tmp_path_factory):
    """The output of two runs over a site that changed in between."""
    output = tmp_path_factory.mktemp("crawled")
    with FaultSite(articles=20) as site:
        site["/en/article/3"] = faults.gzipped(faults.article(3))
        site["/en/article/4"] = faults.Reply(b"<h1>Under maintenance</h1>")
        site["/en/article/5"] = faults.gzip_bomb(40 << 20)
        site.robots = faults.Reply(f"Sitemap: {site.url('/map.xml')}\n".encode())
        site["/map.xml"] = faults.Reply(f"<urlset><url><loc>{site.url('/en/article/7')}</loc></url></urlset>".encode())
        crawling.crawl(site.start, output)
        site["/en/article/6"] = faults.conditional(faults.article(6, version=1))
        crawling.crawl(site.start, output, "--refetch")
    return output


@pytest.fixture
def output(crawled, tmp_path):
    shutil.copytree(crawled, tmp_path / "output", symlinks=True)
    return tmp_path / "output"


def rows(output) -> list[dict]:
    return sorted(crawling.parts(output), key=lambda row: (row["record_id"], row["fetched_at"]))


def rebuild(output, *options):
    return crawling.qacrawl("rebuild", "doctorqna", "--output", str(output), *options)


def test_the_same_parser_gives_the_same_rows_and_the_same_snapshot(output):
    before, refused = rows(output), crawling.parts(output, "rejects")
    snapshot = (output / "doctorqna" / "dataset").readlink()
    done = rebuild(output, "--processes", "2")
    assert (done.code, done.err) == (0, "")
    assert rows(output) == before
    assert sorted(map(str, crawling.parts(output, "rejects"))) == sorted(map(str, refused))
    assert (output / "doctorqna" / "dataset").readlink() == snapshot
    assert "record 36" in done.out
    assert "listing 6" in done.out


def test_a_better_parser_gives_better_records(output, monkeypatch):
    from qacrawl.commands.rebuild import _read_file, _swap
    from qacrawl.options import Options
    from qacrawl.publish.committed import publish_site
    from qacrawl.workspace import open_site

    monkeypatch.setattr(parser, "VERSION", 2)
    original = validate.validate
    monkeypatch.setattr(
        validate, "validate", lambda page, fields, version: original(page, {**fields, "title": "Better"}, version)
    )
    with open_site("doctorqna", str(output), None) as (folder, frontier), frontier.alone():
        starts = frontier.addresses(kind="start")
        made = [_read_file(path, folder, "doctorqna", starts, frozenset()) for path in (folder / "archive").iterdir()]
        _swap(frontier, folder, made)
        publish_site(frontier, folder, "doctorqna", Options())
    assert {row["title"] for row in crawling.records(output)} == {"Better"}
    assert {row["parser_version"] for row in crawling.parts(output)} == {"doctorqna/2"}


def test_rows_of_archive_files_that_are_damaged_or_gone_are_kept(output):
    before = crawling.contents(output)
    first, second = sorted((output / "doctorqna" / "archive").iterdir())
    second.unlink()
    places = [place.offset for place, _ in read.entries(first)]
    body = bytearray(first.read_bytes())
    body[places[5] + 20 : places[5] + 40] = bytes(20)
    first.write_bytes(body)
    done = rebuild(output)
    assert done.code == 0
    assert done.err == "qacrawl: 1 stretches of the archive can't be read\n"
    assert crawling.contents(output) == before


def test_forgotten_pages_do_not_come_back(output):
    from qacrawl.workspace import open_site

    url = crawling.records(output)[0]["url"]
    with open_site("doctorqna", str(output), None) as (_, frontier):
        frontier.forget([url])
    rebuild(output)
    assert url not in {row["url"] for row in crawling.records(output)}
    assert url not in {row["url"] for row in crawling.parts(output)}


def test_a_site_that_was_never_crawled_is_a_usage_error(tmp_path):
    done = crawling.qacrawl("rebuild", "doctorqna", "--output", str(tmp_path))
    assert (done.code, done.err) == (2, f"qacrawl: doctorqna has not been crawled into {tmp_path}\n")


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="needs /proc")
def test_no_process_outlives_a_rebuild_that_is_killed(output):
    process = crawling.start(["rebuild", "doctorqna", "--output", str(output), "--processes", "2"])
    deadline = time.monotonic() + 60
    while len(made := crawling.children(process.pid)) < 3:  # two that read, one that looks after their semaphores
        assert process.poll() is None
        time.sleep(0.005)
    process.kill()
    process.wait()
    while any(Path(f"/proc/{one}").exists() for one in made):
        assert time.monotonic() < deadline
        time.sleep(0.05)
