"""The key of the pseudonyms, when it is lost: nothing is done that would rename every asker without a word."""

import shutil

import pytest
from support import crawling
from support.faults import FaultSite
from support.places import ROOT

from qacrawl.redact.record import KEY


@pytest.fixture(scope="module")
def crawled(tmp_path_factory):
    """A site, and an output into which it was crawled."""
    output = tmp_path_factory.mktemp("crawled")
    with FaultSite(articles=2) as site:
        assert crawling.crawl(site.start, output).code == 0
        yield site, output


@pytest.mark.slow
@pytest.mark.parametrize("command", ["crawl", "rebuild", "publish"])
def test_a_lost_key_is_asked_for_and_nothing_changes(crawled, tmp_path, command):
    site, before = crawled
    output = shutil.copytree(before, tmp_path / "output", symlinks=True)
    key = output / "doctorqna" / KEY
    key.unlink()
    site.forget()
    done = (
        crawling.crawl(site.start, output)
        if command == "crawl"
        else crawling.qacrawl(command, "doctorqna", "--output", str(output))
    )
    assert (done.code, done.out, done.err.count("\n")) == (1, "", 1), done.err
    assert done.err.startswith(f"qacrawl: {key} is missing")
    assert "put it back from a copy" in done.err
    assert (key.exists(), site.log) == (False, [])
    assert crawling.records(output) == crawling.records(before)
    shutil.copy(before / "doctorqna" / KEY, key)
    assert crawling.qacrawl("publish", "doctorqna", "--output", str(output)).code == 0


def test_status_works_without_the_key(crawled, tmp_path):
    output = shutil.copytree(crawled[1], tmp_path / "output", symlinks=True)
    (output / "doctorqna" / KEY).unlink()
    assert crawling.qacrawl("status", "doctorqna", "--output", str(output)).code == 0


def test_others_on_the_machine_do_not_see_what_was_crawled(crawled):
    assert (crawled[1] / "doctorqna").stat().st_mode & 0o777 == 0o700


def test_no_image_holds_what_was_crawled():
    lines = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    assert "output/*" in lines
    assert ".git" in lines
    ours = [line for line in lines if line.startswith("!")]
    assert ours == ["!output/README.md"]
