"""The documents tell the truth: their commands and code blocks run, what they name is there, nothing is left out."""

import json
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from support import faults
from support.faults import FaultSite
from support.pages import ACTIVATE, COMMANDS, blocks, in_checkout, lines, links, named_there, run
from support.places import ROOT

from qacrawl.errors import Exit

README = (ROOT / "README.md").read_text(encoding="utf-8")
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), ROOT / "output" / "README.md"])
# Where a row comes from and the name of its asker differ from demo to demo; the cluster is a hash of others, and the
# version is raised with each parser that reads something otherwise.
VOLATILE = {"url", "cluster_id", "asker", "fetched_at", "run_id", "page_sha256", "warc_file", "warc_offset"}
VOLATILE |= {"parser_version"}


@pytest.fixture
def reader(demo: Path, tmp_path: Path) -> Path:
    """The folder of somebody who has run the demo."""
    shutil.copytree(demo, tmp_path / "output", symlinks=True)
    return tmp_path


def on_real_site(line: str) -> bool:
    return line.startswith("qacrawl crawl ") and "--start-url" not in line


RUN = [line for line in lines(README) if not on_real_site(line) and not line.startswith("make ") and line != ACTIVATE]


@pytest.mark.slow
@pytest.mark.parametrize("line", RUN)
def test_shell_lines_of_the_readme_run(line: str, reader: Path) -> None:
    done = run(line, reader)
    assert done.returncode == 0, done.stderr
    assert not done.stderr


@pytest.mark.parametrize("line", [line for line in lines(README) if on_real_site(line)])
def test_commands_for_the_real_site_are_spelt_right(line: str) -> None:
    command, *options = shlex.split(line)[1:]
    assert COMMANDS[command].make_context(command, options).params["contact"]


def test_the_two_commands_are_targets_of_the_makefile() -> None:
    named = {line.split()[1] for line in lines(README) if line.startswith("make ")}
    targets = re.findall(r"^(\w+):", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert {"demo", "test"} <= named <= set(targets)


@pytest.mark.parametrize("name", ["README.md", "CONTRIBUTING.md"])
def test_a_fresh_shell_has_the_programs_once_it_did_what_stands_above_them(name: str, tmp_path: Path) -> None:
    (tmp_path / ".venv").symlink_to(sys.prefix)
    named = [line for line in lines((ROOT / name).read_text(encoding="utf-8")) if not line.startswith("make ")]
    assert named.index(ACTIVATE) == 0  # but for make, which needs no environment
    for program in {line.split()[0] for line in named[1:]}:
        line = ["env", "-i", "PATH=/usr/bin:/bin", "sh", "-c", f"{ACTIVATE} && command -v {program}"]
        done = subprocess.run(line, cwd=tmp_path, capture_output=True, text=True)
        assert Path(done.stdout.strip()).parent.resolve() == (Path(sys.prefix) / "bin").resolve(), (program, done)


@pytest.mark.slow
@pytest.mark.parametrize("code", blocks(README, "python"))
def test_python_blocks_of_the_readme_print_what_they_say(code: str, reader: Path) -> None:
    done = run([sys.executable, "-c", code], reader)
    assert done.returncode == 0, done.stderr
    said = re.findall(r"^print\(.*\)  # (.*)$", code, re.MULTILINE)
    assert not said or done.stdout.splitlines() == said
    assert done.stdout


def test_the_row_is_one_of_the_demo(demo: Path) -> None:
    (row,) = (json.loads(block) for block in blocks(README, "json"))
    rows = pq.read_table(demo / "demo" / "doctorqna" / "dataset" / "data" / "qa").to_pylist()
    (made,) = (other for other in rows if other["record_id"] == row["record_id"])
    assert list(row) == list(made)
    assert re.fullmatch(r"doctorqna/\d+", row["parser_version"])
    for name in row.keys() - VOLATILE:
        assert shortened(plain(made[name]), row[name]) == row[name], name


def plain(value: Any) -> Any:
    """A value as JSON has it, without the port that the demo had."""
    return re.sub(r"127\.0\.0\.1:\d+", "127.0.0.1:37911", value) if isinstance(value, str) else value and each(value)


def each(value: Any) -> Any:
    if isinstance(value, list):
        return [plain(item) for item in value]
    if isinstance(value, dict):
        return {name: plain(item) for name, item in value.items()}
    return value if isinstance(value, bool | int) else str(value)


def shortened(made: Any, shown: Any) -> Any:
    """A value cut where the page cuts it: lists to as many items, texts before " ..."."""
    if isinstance(shown, list):
        return made[: len(shown)]
    if isinstance(shown, str) and shown.endswith(" ..."):
        return made[: len(shown) - len(" ...")] + " ..."
    return made


def table(heading: str) -> dict[str, str]:
    """The first two columns of the table whose first head is `heading`."""
    body = re.search(rf"^\| {heading} \|.*\n\|[-|]+\|\n((?:\|.*\n)+)", README, re.MULTILINE)
    assert body
    rows = [[cell.strip() for cell in line.strip().strip("|").split("|")] for line in body[1].splitlines()]
    return {row[0]: row[1] for row in rows}


def test_every_command_is_in_the_readme_with_its_own_words() -> None:
    written = {
        re.sub("[A-Z].*", "", name.strip("`")).split(" ", 1)[1].strip(): words
        for name, words in table("command").items()
    }
    assert written == {name: " ".join(command.help.split()) for name, command in COMMANDS.items()}


def test_every_exit_code_is_in_the_readme() -> None:
    assert [int(code) for code in table("code")] == [code.value for code in Exit]


def test_the_output_folder_is_as_the_readme_draws_it(demo: Path) -> None:
    (drawing,) = (block for block in blocks(README, "text") if block.startswith("output/<site>/"))
    drawn = {line.split()[0].rstrip("/") for line in drawing.splitlines()[1:]}
    made = {path.name for path in (demo / "demo" / "doctorqna").iterdir()}
    made = {name for name in made if not name.endswith(".lock") and not name.startswith("frontier.sqlite-")}
    assert drawn == made | {
        "staged",
        "usage.json",
    }  # which a rebuild leaves, and a site that says how pages may be used


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_what_a_page_names_is_there(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    for target in links(text):
        assert (path := in_checkout(target, page)) is None or path.exists(), target
    tops = "qacrawl|docs|tests|benchmarks|schemas|output"
    for name in re.findall(
        rf"`((?:{tops})/[\w./-]*|[\w-]+\.(?:py|md|toml|txt|cfg))`", re.sub(r"(?s)```.*?```", "", text)
    ):
        if not name.startswith("output/"):
            assert name in files(text) or (ROOT / name).exists() or (page.parent / name).exists(), name


def test_the_readme_reads_well_on_a_package_index() -> None:
    """There, a link or a picture that is relative leads nowhere, and one that is not listed stays in its brackets."""
    assert all(target.startswith("https://") for target in links(README))
    assert named_there(README) == set(re.findall(r"^\[([^\]]+)\]: ", README, re.MULTILINE))
    assert {"docs/flow.svg", "CONTRIBUTING.md", "docs/architecture.md"} <= {
        str(path.relative_to(ROOT)) for target in links(README) if (path := in_checkout(target, ROOT / "README.md"))
    }


# CONTRIBUTING.md


GUIDE = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")


def files(text: str) -> dict[str, str]:
    """The files that a page has one write: a paragraph that begins with "`path`, " and ends with ":", then a block."""
    found = re.findall(r"^`([\w./-]+)`(?:,.*?|):\n\n```\w+\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    return dict(found)


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A copy of the project with the site that CONTRIBUTING.md adds."""
    shutil.copytree(ROOT / "qacrawl", tmp_path / "qacrawl")
    shutil.copytree(
        ROOT / "tests", tmp_path / "tests", ignore=shutil.ignore_patterns("fixed", "fixtures", "__pycache__")
    )
    for path in [ROOT / "scrapy.cfg", ROOT / "pyproject.toml"]:
        shutil.copy(path, tmp_path / path.relative_to(ROOT))
    for name, text in files(GUIDE).items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path


@pytest.mark.slow
def test_a_site_is_added_as_the_guide_says(checkout: Path) -> None:
    *_, update, compare, sites, spiders = lines(GUIDE)
    done = run(update, checkout)
    assert done.returncode == 1
    assert "expected.json was rewritten: look at what changed" in done.stdout
    done = run(compare, checkout)
    assert done.returncode == 0, done.stdout
    assert "askclinic\tAsk Clinic, questions to a practice" in run(sites, checkout).stdout.splitlines()
    assert "askclinic" in run(spiders, checkout).stdout.split()
    written = json.loads((checkout / "tests/fixtures/askclinic/answered/expected.json").read_text())["record"]
    assert {name: value for name, value in written.items() if value} == {
        "title": "May I run with a cold?",
        "question": "I have had a cold since Monday.\nThe race is on Sunday.",
        "doctor": "Ida Example",
        "reply": "Not with a fever.",
        "reply_date": "2024-03-01",
    }


@pytest.mark.slow
def test_the_added_site_is_crawled_and_keeps_the_style(checkout: Path) -> None:
    modules = " ".join(name for name in files(GUIDE) if name.endswith(".py"))
    done = run(f"ruff check {modules} && ruff format --check {modules}", checkout)
    assert done.returncode == 0, done.stdout
    with FaultSite() as site:
        site.robots = faults.error(404)
        site["/"] = faults.Reply(b'<p>Questions: <a href="/q/12?from=home">12</a>')
        site["/q/12"] = faults.Reply((checkout / "tests/fixtures/askclinic/answered/page.html").read_bytes())
        done = run(f"qacrawl crawl askclinic --start-url {site.url('/')} --allow-private --delay 0", checkout)
    assert done.returncode == 0, done.stderr
    (row,) = pq.read_table(checkout / "output/askclinic/dataset/data/qa").to_pylist()
    assert (row["record_id"], row["reply"]) == ("askclinic:12", "Not with a fever.")
