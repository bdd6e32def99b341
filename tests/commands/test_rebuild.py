"""The archive read again: the same parser gives the same records, a better one better records, without the network."""

import os
import shutil
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest
from support import acting, crawling, faults
from support.faults import FaultSite
from support.places import ROOT

from qacrawl.archive import read


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


def rebuild(output, *options, env=None):
    return crawling.qacrawl("rebuild", "doctorqna", "--output", str(output), *options, env=env)


@pytest.mark.slow
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


BETTER = """

VERSION = 2
_parse = parse


def parse(page):
    answer = _parse(page)
    if isinstance(answer, Article):
        answer.fields["title"] = "Better"
    return answer
"""


@pytest.mark.slow
def test_a_better_parser_gives_better_records(output, tmp_path):
    project = tmp_path / "project"
    shutil.copytree(ROOT / "qacrawl", project / "qacrawl")
    with (project / "qacrawl" / "sites" / "doctorqna" / "parser.py").open("a") as parser:
        parser.write(BETTER)
    done = rebuild(output, env=acting.environment(project))
    assert (done.code, done.err) == (0, "")
    assert {row["title"] for row in crawling.records(output)} == {"Better"}
    assert {row["parser_version"] for row in crawling.parts(output)} == {"doctorqna/2"}


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    return acting.make(tmp_path_factory.mktemp("project"))


def crawl_acts(output, acts: dict[int, str], articles: int) -> None:
    """Crawl a site some of whose articles say what to do, with the parser that does not care."""
    with FaultSite(articles=articles) as site:
        for number, act in acts.items():
            site[f"/en/article/{number}"] = faults.Reply(acting.page(faults.article(number), act))
        assert crawling.crawl(site.start, output, "--numbers", f"1-{articles}").code == 0


@pytest.mark.slow
def test_pages_that_break_or_take_too_much_cost_themselves(project, tmp_path):
    acts = {1: "broken", 2: "abort", 8: "regex", 9: "hoard", 16: "loop"}
    crawl_acts(tmp_path, acts, 16)
    before = crawling.records(tmp_path)
    assert len(before) == 16
    limits = ["--set", "QACRAWL_READ_SECONDS=1", "--set", "QACRAWL_READ_MEGABYTES=300"]
    begun = time.monotonic()
    done = rebuild(tmp_path, *limits, env=acting.environment(project))
    assert time.monotonic() - begun < 60
    assert done.code == 0, done.err
    assert "record 11, reject 5" in done.out
    assert crawling.records(tmp_path) == [row for row in before if int(row["record_id"].split(":")[1]) not in acts]
    rejects = {int(row["url"].rpartition("/")[2]): row["reason"] for row in crawling.parts(tmp_path, "rejects")}
    assert rejects == {1: "crashed", 2: "crashed", 8: "too_slow", 9: "too_large", 16: "too_slow"}
    assert "ZeroDivisionError: a bug" in done.err
    again = rebuild(tmp_path)  # mended
    assert (again.code, again.err) == (0, "")
    assert crawling.records(tmp_path) == before


@pytest.mark.slow
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="needs /proc")
@pytest.mark.parametrize("act", ["loop", "regex"])
def test_no_process_outlives_a_rebuild_that_is_killed_while_a_page_is_read(project, tmp_path, act):
    crawl_acts(tmp_path, {1: act}, 1)
    process = crawling.start(["rebuild", "doctorqna", "--output", str(tmp_path)], env=acting.environment(project))
    deadline = time.monotonic() + 60
    while not (made := [one for one in descendants(process.pid) if seconds_used(one) > 1.5]):  # it is at the page
        assert process.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.05)
    made = descendants(process.pid)
    process.kill()
    process.communicate()
    while any(Path(f"/proc/{one}").exists() for one in made):
        assert time.monotonic() < deadline
        time.sleep(0.05)


def descendants(pid: int) -> list[int]:
    """The processes that a process has started, and those that they have."""
    with suppress(FileNotFoundError):
        return [one for child in crawling.children(pid) for one in (child, *descendants(child))]
    return []


def seconds_used(pid: int) -> float:
    """Processor time of a process."""
    with suppress(FileNotFoundError):
        return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[11]) / os.sysconf("SC_CLK_TCK")
    return 0.0


@pytest.mark.slow
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
    assert done.err == (
        f"qacrawl: {second} is missing; rows that came from it stay as they are\n"
        "qacrawl: 1 stretches of the archive can't be read\n"
    )
    assert crawling.contents(output) == before
    again = [(row["record_id"], row["fetched_at"]) for row in crawling.parts(output)]
    assert len(again) == len(set(again)), "no copies"


@pytest.mark.slow
@pytest.mark.parametrize("kept", ["half", "nothing"])
def test_rows_of_an_archive_file_that_lost_its_end_are_kept(output, kept):
    before = rows(output)
    first = min((output / "doctorqna" / "archive").iterdir())
    ends = [place.offset for place, _ in read.entries(first)]
    size = first.stat().st_size
    os.truncate(first, ends[len(ends) // 2] if kept == "half" else 0)
    done = rebuild(output)
    now = first.stat().st_size
    assert done.err == f"qacrawl: {first} has {now:,} bytes of {size:,}; rows that came from its end stay as they are\n"
    assert rows(output) == before


@pytest.mark.slow
def test_a_damaged_part_is_named_and_made_anew(output):
    before = rows(output)
    part = min((output / "doctorqna" / "parts").iterdir())
    part.write_bytes(part.read_bytes()[:200])
    for command, about in (("publish", "doctorqna"), ("forget", before[0]["url"])):
        done = crawling.qacrawl(command, about, "--output", str(output))
        assert (done.code, done.err.count("\n")) == (1, 1), done
        assert done.err.startswith(f"qacrawl: {part} can't be read: ")
        assert "`qacrawl rebuild doctorqna` makes it anew" in done.err
    done = rebuild(output)
    assert (done.code, done.err) == (0, "")
    assert rows(output) == before


@pytest.mark.slow
def test_a_page_that_only_forwards_is_no_reject_nor_is_a_robots_txt_that_looks_like_an_article(tmp_path):
    with FaultSite(articles=3) as site, FaultSite(articles=3) as other:
        site.robots = faults.redirect(other.url("/en/article/2"))
        refresh = b'<html><head><meta http-equiv="refresh" content="0; url=/en/article/1"></head><body></body></html>'
        site["/en/article/2"] = faults.Reply(refresh)
        assert crawling.crawl(site.start, tmp_path).code == 0
    before, refused = rows(tmp_path), crawling.parts(tmp_path, "rejects")
    assert (len(before), refused) == (2, [])
    done = rebuild(tmp_path)
    assert (done.code, done.err) == (0, "")
    assert (rows(tmp_path), crawling.parts(tmp_path, "rejects")) == (before, [])


@pytest.mark.slow
@pytest.mark.parametrize("name", ["[2024] 50%25", "why?#*", "a\\b?", "-dash\nline"])
def test_a_folder_may_have_any_name(tmp_path, name):
    output = tmp_path / name
    with FaultSite(articles=2) as site:
        for _ in range(2):
            done = crawling.crawl(site.start, output)
            assert (done.code, "Traceback" in done.err) == (0, False), done
        url = site.url("/en/article/2")
    for command in (["rebuild", "doctorqna"], ["publish", "doctorqna"], ["status", "doctorqna"], ["forget", url]):
        done = crawling.qacrawl(*command, f"--output={output}")
        assert (done.code, done.err) == (0, ""), done
    assert len(crawling.records(output)) == 1
    place = str(output / "doctorqna")
    for command in (["verify", place], ["stats", place], ["diff", place, place]):
        assert crawling.qacrawl(*command).code == 0, command


def test_a_folder_whose_name_no_database_takes_is_said_before_anything_is_fetched(tmp_path):
    output = os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9")
    with FaultSite(articles=1) as site:
        done = crawling.crawl(site.start, output)
        assert (done.code, done.err.count("\n"), site.log) == (2, 1, []), done
    assert "--output takes text" in done.err


@pytest.mark.slow
def test_a_damaged_snapshot_is_named_and_written_anew(output):
    before = crawling.records(output)
    file = min((output / "doctorqna" / "dataset" / "data" / "qa").iterdir()).resolve()
    file.write_bytes(file.read_bytes()[:200])
    done = crawling.qacrawl("stats", str(output / "doctorqna"))
    assert (done.code, done.err.count("\n")) == (1, 1), done
    assert done.err.startswith(f"qacrawl: {file} can't be read: ")
    done = crawling.qacrawl("publish", "doctorqna", "--output", str(output))
    assert (done.code, done.err.count("\n")) == (0, 1), done
    assert "it is written anew" in done.err
    assert crawling.records(output) == before
    assert crawling.qacrawl("verify", str(output / "doctorqna")).code == 0


@pytest.mark.slow
def test_forgotten_pages_do_not_come_back(output):
    from qacrawl.workspace import open_site

    url = crawling.records(output)[0]["url"]
    with open_site("doctorqna", str(output), None) as (_, frontier):
        frontier.forget([url])
    rebuild(output)
    assert url not in {row["url"] for row in crawling.records(output)}
    assert url not in {row["url"] for row in crawling.parts(output)}


@pytest.mark.slow
def test_a_site_that_was_never_crawled_is_a_usage_error(tmp_path):
    done = crawling.qacrawl("rebuild", "doctorqna", "--output", str(tmp_path))
    assert (done.code, done.err) == (2, f"qacrawl: doctorqna has not been crawled into {tmp_path}\n")


@pytest.mark.slow
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
