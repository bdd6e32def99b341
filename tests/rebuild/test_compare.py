"""What a better parser would change is said before it counts: nothing moves until somebody has looked."""

import json
import shutil
from pathlib import Path

import pytest
from support import acting, crawling, warcs
from support.places import ROOT

OTHER = """

VERSION = 2
_parse = parse


def parse(page):
    answer = _parse(page)
    number = int(page.url.rpartition("/")[2])
    if isinstance(answer, Article) and number == 1:
        answer.fields["title"] = answer.fields["title"] + "\\x1b[31m <b>better</b>"
    if isinstance(answer, Article) and number in (1, 2):
        answer.fields["hospital"] = "Sample Clinic"
    if number == 3:
        return Refusal("maintenance")
    if number == 4 and not isinstance(answer, Article):
        return _parse(page.model_copy(update={"body": page.body.partition(b"<!--")[2][:-3]}))
    return answer
"""


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An output folder with what is published of an archive, and the archive beside."""
    folder = tmp_path_factory.mktemp("compare")
    bodies = {number: warcs.article(number) for number in range(1, 7)}
    bodies[4] = b"<h1>Under maintenance</h1><!--" + bodies[4] + b"-->"
    rows = [warcs.record(warcs.http(body), warcs.url(number)) for number, body in bodies.items()]
    (folder / "archive").mkdir()
    (folder / "archive" / "x.warc.gz").write_bytes(warcs.members(warcs.warcinfo("Wget/1.21"), *rows))
    made = ["--archive", str(folder / "archive"), "--output", str(folder / "output"), "--gate-rejects", "1"]
    assert crawling.qacrawl("rebuild", "doctorqna", *made).code == 0
    assert [row["record_id"] for row in crawling.records(folder / "output")] == [
        f"doctorqna:{number}" for number in (1, 2, 3, 5, 6)
    ]
    return folder


@pytest.fixture
def place(published: Path, tmp_path: Path) -> Path:
    shutil.copytree(published, tmp_path / "place", symlinks=True)
    return tmp_path / "place"


@pytest.fixture(scope="module")
def better(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The environment of a project with another parser."""
    project = tmp_path_factory.mktemp("project")
    shutil.copytree(ROOT / "qacrawl", project / "qacrawl")
    with (project / "qacrawl" / "sites" / "doctorqna" / "parser.py").open("a") as parser:
        parser.write(OTHER)
    return acting.environment(project)


def rebuild(place: Path, *options: str, env: dict[str, str] | None = None) -> crawling.Done:
    arguments = ["--archive", str(place / "archive"), "--output", str(place / "output")]
    return crawling.qacrawl("rebuild", "doctorqna", *arguments, *options, env=env)


def state(place: Path) -> dict[str, bytes]:
    """All files of the output but what is staged and the database, which a look may touch."""
    folder = place / "output" / "doctorqna"
    found = [path for path in folder.rglob("*") if path.is_file() and "staged" not in path.parts]
    names = {path.relative_to(folder).as_posix(): path for path in found if "sqlite" not in path.name}
    return {name: path.read_bytes() for name, path in names.items() if not name.endswith(".lock")}


@pytest.mark.slow
def test_the_same_parser_changes_nothing(place):
    done = rebuild(place, "--compare")
    assert (done.code, done.err) == (0, "")
    assert done.out.rstrip().endswith("5 records, a rebuild would have 5: 5 the same, 0 changed, 0 won, 0 lost")
    assert done.out.count("\n") == 1


@pytest.mark.slow
def test_it_says_what_changes_and_a_rebuild_takes_what_it_staged(place, better):
    before = state(place)
    page = place / "page.html"
    done = rebuild(place, "--compare", "--json", "--html", str(page), env=better)
    assert (done.code, done.err) == (0, "")
    assert state(place) == before
    found = json.loads(done.out)
    assert {name: found[name] for name in ("before", "after", "changed", "won", "lost")} == {
        "before": 5,
        "after": 5,
        "changed": 2,
        "won": 1,
        "lost": 1,
    }
    assert [(field["name"], field["records"], len(field["examples"])) for field in found["fields"]] == [
        ("title", 1, 1),
        ("hospital", 2, 2),
    ]
    (title,) = found["fields"][0]["examples"]
    assert (title["record_id"], title["url"], title["before"]) == ("doctorqna:1", warcs.url(1), "Tea 1")
    assert [example["before"] for example in found["fields"][1]["examples"]] == [None, None]
    assert found["won_examples"] == [{"record_id": "doctorqna:4", "url": warcs.url(4), "reason": None}]
    assert found["lost_examples"] == [{"record_id": "doctorqna:3", "url": warcs.url(3), "reason": "maintenance"}]
    text = page.read_text(encoding="utf-8")
    assert "&lt;b&gt;better&lt;/b&gt;" in text
    assert "<b>better" not in text
    assert "reject: maintenance" in text
    shown = rebuild(place, "--compare", env=better)
    assert "\x1b[31m" not in shown.out + done.out
    for said in ("5 records, a rebuild would have 5: 2 the same, 2 changed, 1 won, 1 lost", "hospital", "doctorqna:4"):
        assert said in shown.out
    notes = {path: path.stat().st_mtime_ns for path in (place / "output" / "doctorqna" / "staged").glob("*.json")}
    gate = ["--gate-rejects", "1", "--gate-coverage", "1", "--gate-gone", "1"]
    assert rebuild(place, *gate, env=better).code == 0
    assert [row["record_id"] for row in crawling.records(place / "output")] == [
        f"doctorqna:{number}" for number in (1, 2, 4, 5, 6)
    ]
    newest = max(notes.values())
    now = {path: path.stat().st_mtime_ns for path in (place / "output" / "doctorqna" / "staged").glob("*.json")}
    assert newest in now.values(), "nothing was read again"
    assert max(now.values()) == newest


@pytest.mark.slow
def test_wrong_uses_are_usage_errors(place, tmp_path):
    for options, said in (
        (["--json"], "--json goes with --compare"),
        (["--html", "x.html"], "--html goes with --compare"),
        (["--compare", "--only", "x"], "--compare and --only exclude each other"),
    ):
        done = rebuild(place, *options)
        assert (done.code, done.err) == (2, f"qacrawl: {said}\n")
    shutil.rmtree(place / "output" / "doctorqna" / "snapshots")
    (place / "output" / "doctorqna" / "dataset").unlink()
    done = rebuild(place, "--compare")
    assert (done.code, done.err) == (2, f"qacrawl: no dataset at {place / 'output' / 'doctorqna'}\n")
    done = rebuild(place, "--compare", "--html", str(tmp_path / "none" / "x" / "y.html"))
    assert done.code == 2
