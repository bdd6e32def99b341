"""A site that is broken is one line and exit code 2, before anything is asked for; it keeps no other from work."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from support.crawling import Done, command
from support.faults import FaultSite
from support.places import FIXTURES, ROOT

PAGE = FIXTURES / "doctorqna" / "plain-text" / "page.txt"


@pytest.fixture(scope="module")
def site():
    with FaultSite(articles=2) as site:
        yield site


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A copy of the package, to break a site in."""
    shutil.copytree(ROOT / "qacrawl", tmp_path / "qacrawl", ignore=shutil.ignore_patterns("__pycache__"))
    return tmp_path


def qacrawl(checkout: Path, *arguments: str) -> Done:
    line = [sys.executable, "-m", "qacrawl", *arguments]
    done = subprocess.run(line, cwd=checkout, capture_output=True, text=True, timeout=60)
    return Done(done.returncode, done.stdout, done.stderr)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "code", "said"),
    [
        (
            "parser",
            "import no_such",
            "can't be loaded: its parser.py: ModuleNotFoundError: No module named 'no_such'\n",
        ),
        ("parser", "VERSION = 1", "can't be loaded: its parser.py lacks parse\n"),
        ("spider", "def parse(:", "can't be loaded: its spider.py: SyntaxError: "),
        ("spider", "", "can't be crawled: its spider.py has no spider named 'doctorqna'\n"),
        ("addresses", "raise ValueError('one\\ntwo')", "can't be loaded: its addresses.py: ValueError: one two\n"),
    ],
)
def test_a_site_that_can_not_be_loaded_is_one_line_before_the_first_request(site, checkout, name, code, said):
    (checkout / "qacrawl" / "sites" / "doctorqna" / f"{name}.py").write_text(f"{code}\n")
    site.forget()
    done = qacrawl(checkout, *command(site.start, checkout / "output"))
    assert (done.code, done.out, done.err.count("\n")) == (2, "", 1), done.err
    assert done.err.startswith(f"qacrawl: the site doctorqna {said}")
    assert (site.log, (checkout / "output").exists()) == ([], False)


@pytest.mark.slow
def test_extract_says_that_its_parser_can_not_be_loaded(checkout):
    (checkout / "qacrawl" / "sites" / "doctorqna" / "parser.py").write_text("1 / 0\n")
    done = qacrawl(checkout, "extract", str(PAGE))
    assert (done.code, done.out, done.err.count("\n")) == (2, "", 1)


@pytest.mark.slow
def test_a_broken_site_keeps_no_other_from_work(site, checkout):
    for name in ("parser", "spider", "addresses"):
        other = shutil.copytree(checkout / "qacrawl/sites/doctorqna", checkout / f"qacrawl/sites/bad_{name}")
        (other / f"{name}.py").write_text("1 / 0\n")
    done = qacrawl(checkout, *command(site.start, checkout / "output"))
    assert (done.code, done.err) == (0, ""), done.err
    listed = qacrawl(checkout, "sites")
    assert "doctorqna\t" in listed.out
    assert (listed.code, listed.err.count("\n")) == (1, 1)
    assert "bad_addresses" in listed.err
