"""A snapshot held back is a fact one can find: in status, verify, its card and its report; rejects can be listed."""

import json
import shlex
import shutil
from pathlib import Path

import pytest
from support import crawling, faults
from support.faults import FaultSite

from qacrawl.publish import marks

BROKEN = 14


@pytest.fixture(scope="module")
def crawled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The output of a good night, then one on which some pages changed and most were under maintenance."""
    output = tmp_path_factory.mktemp("held")
    with FaultSite(articles=30) as site:
        assert crawling.crawl(site.start, output).code == 0
        paths = site.article_paths()
        for path in paths[:BROKEN]:
            site[path] = faults.Reply(b"<h1>Under maintenance</h1><p>Back soon.</p>")
        for path in paths[BROKEN : BROKEN + 3]:
            site[path] = faults.Reply(faults.article(int(path.rpartition("/")[2]), version=1))
        done = crawling.crawl(site.start, output, "--refetch")
        assert done.code == 3, done.err
    return output


@pytest.fixture
def output(crawled: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(crawled, tmp_path / "out put", symlinks=True))


def run(*arguments: str, output: Path) -> crawling.Done:
    return crawling.qacrawl(*arguments, "--output", str(output))


def candidate(output: Path) -> str:
    (held,) = marks.candidates(output / "doctorqna")
    return held.snapshot


@pytest.mark.slow
def test_status_says_what_is_held_back_and_how_to_take_it(output):
    name = candidate(output)
    accept = shlex.join(["qacrawl", "publish", "doctorqna", "--output", str(output), "--accept", name])
    (held,) = json.loads(run("status", "doctorqna", "--json", output=output).out)["held_back"]
    assert (held["snapshot"], held["accept"]) == (name, accept)
    assert any(f"{BROKEN} of the" in why for why in held["why"])
    said = run("status", "doctorqna", output=output)
    assert said.code == 0
    assert f"held back: snapshot {name}" in said.out
    assert f"If it is right: {accept}\n" in said.out
    taken = crawling.qacrawl(*shlex.split(accept)[1:])  # as the line says
    assert (taken.code, taken.err) == (0, "")
    after = run("status", "doctorqna", output=output)
    assert "held back" not in after.out
    assert json.loads(run("status", "doctorqna", "--json", output=output).out)["held_back"] == []
    assert not list((output / "doctorqna" / "snapshots").glob("*.json"))


@pytest.mark.slow
def test_the_candidate_itself_says_so(output):
    made = output / "doctorqna" / "snapshots" / candidate(output)
    said = crawling.qacrawl("verify", str(made))
    assert said.code == 0
    assert f"{made.name} is held back, not published: " in said.out
    assert "maintenance" in said.out
    card, report = (made / "README.md").read_text(), (made / "report.html").read_text()
    assert "**Held back.**" in card
    assert "maintenance" in card.split("load_dataset")[0]
    assert "Held back: not published" in report
    published = (output / "doctorqna" / "dataset").resolve()
    assert "held back" not in crawling.qacrawl("verify", str(published)).out
    assert "Held back" not in (published / "README.md").read_text() + (published / "report.html").read_text()


@pytest.mark.slow
def test_once_accepted_it_is_held_back_no_more(output):
    made = output / "doctorqna" / "snapshots" / candidate(output)
    sums = (made / "SHA256SUMS").read_bytes()
    assert run("publish", "doctorqna", "--accept", made.name, output=output).code == 0
    said = crawling.qacrawl("verify", str(output / "doctorqna"))
    assert (said.code, "held back" in said.out) == (0, False)
    assert "Held back: not published" not in (made / "report.html").read_text()
    assert "accepted on" in (made / "report.html").read_text()
    assert (made / "SHA256SUMS").read_bytes() == sums  # a snapshot never changes


@pytest.mark.slow
def test_rejects_are_counted_and_listed(output):
    assert json.loads(run("status", "doctorqna", "--json", output=output).out)["rejects"] == {"maintenance": BROKEN}
    assert "maintenance" in run("status", "doctorqna", output=output).out
    listed = run("rejects", "doctorqna", output=output)
    assert (listed.code, listed.err) == (0, "")
    *lines, last = listed.out.splitlines()
    assert len(lines) == BROKEN
    assert all(line.split("\t")[0].startswith("http://") and line.split("\t")[1] == "maintenance" for line in lines)
    assert last == f"{BROKEN} pages maintenance: the page says that the site is down for maintenance"
    first, second = (report["run_id"] for report in crawling.reports(output))
    assert run("rejects", "doctorqna", "--run", first, output=output).out == "no rejects\n"
    rows = run("rejects", "doctorqna", "--run", second, "--json", output=output).out.splitlines()
    found = [json.loads(row) for row in rows]
    assert [(row["reason"], row["run_id"]) for row in found] == [("maintenance", second)] * BROKEN
    assert [row["url"] for row in found] == sorted(line.split("\t")[0] for line in lines)


@pytest.mark.slow
def test_a_site_without_rejects_or_candidates_says_so(tmp_path):
    with FaultSite(articles=2) as site:
        assert crawling.crawl(site.start, tmp_path).code == 0
    assert run("rejects", "doctorqna", output=tmp_path).out == "no rejects\n"
    assert run("rejects", "doctorqna", "--json", output=tmp_path).out == ""
    found = json.loads(run("status", "doctorqna", "--json", output=tmp_path).out)
    assert (found["rejects"], found["held_back"]) == ({}, [])
