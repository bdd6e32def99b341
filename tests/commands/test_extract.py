"""`qacrawl extract` and the other commands: a line a page, one line for an error, the right exit code."""

import json
import os
import pwd
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import jsonschema
import pytest
from support import acting, crawling, faults
from support.crawling import qacrawl
from support.places import FIXTURES, SHARED

from qacrawl import schema
from qacrawl.commands.extract import extract
from qacrawl.commands.reasons import WORDS
from qacrawl.redact.record import load_key, pseudonym, read_key

PAGES = FIXTURES / "doctorqna"
SEED = SHARED / "seed" / "000_5fa296f2facda51e.txt"


def answers(done: crawling.Done) -> list[dict]:
    return [json.loads(line) for line in done.out.splitlines()]


@pytest.mark.skipif(not SEED.exists(), reason="the seed page is not beside this checkout")
def test_the_seed_page_gives_the_whole_record():
    done = qacrawl("extract", str(SEED), "--asker-names", "keep")
    assert (done.code, done.err) == (0, "")
    (answer,) = answers(done)
    record, text = answer["record"], SEED.read_text()
    assert record["title"] == text.split(" - ")[0]
    assert record["specialty"] == record["reply_specialty"] == "Neurology"
    assert (record["asker"], record["asker_sex"]) == ("An An An", "female")
    assert (record["asker_age_min"], record["asker_age_max"]) == (10, 19)
    assert record["ask_date"] == record["reply_date"] == "2022-01-18"
    assert (record["doctor"], record["hospital"]) == ("Jiang Junyi", "Taoyuan Hospital")
    assert record["reply"].endswith("Taoyuan Hospital, cares about you.")
    assert record["question"] in text.replace("\r", "")
    assert record["more_info"] not in record["reply"]
    assert (len(record["similar_qa"]), len(record["related_faq"])) == (4, 10)
    assert record["notes"] == []


@pytest.mark.slow
def test_records_fit_the_published_schema():
    pages = [str(next(PAGES.glob(f"{name}/page.*"))) for name in ("plain-text", "semantic-sections", "unanswered")]
    shape = json.loads(qacrawl("schema").out)
    assert shape == schema.json_schema()
    for answer in answers(qacrawl("extract", *pages)):
        jsonschema.Draft202012Validator(shape).validate(answer["record"])


@pytest.mark.slow
def test_a_thousand_pages_in_one_start_in_their_order(tmp_path):
    paths = []
    for number in range(1000, 0, -1):
        paths.append(tmp_path / f"{number}.html")
        paths[-1].write_bytes(faults.article(number) if number % 10 else b"<h1>Under maintenance</h1>")
    done = qacrawl("extract", *map(str, paths))
    assert done.code == 1
    found = answers(done)
    assert [answer["path"] for answer in found] == list(map(str, paths))
    assert sum("record" in answer for answer in found) == 900
    assert {answer["reject"]["reason"] for answer in found if "reject" in answer} == {"maintenance"}
    assert found[1]["record"]["question"] == "Question 999, version 0."


BAD = {
    "missing_file": lambda path: None,
    "directory": lambda path: path.mkdir(),
    "empty": lambda path: path.touch(),
    "binary": lambda path: path.write_bytes(b"\x7fELF" + bytes(500)),
    "too_large": lambda path: path.write_bytes(bytes((16 << 20) + 1)),
    "listing": lambda path: path.write_bytes((PAGES / "listing-first-page" / "page.html").read_bytes()),
}


@pytest.mark.slow
@pytest.mark.parametrize("reason", BAD)
def test_what_is_no_page_is_one_clear_line_and_the_rest_is_read(tmp_path, reason):
    bad, good = tmp_path / "bad", tmp_path / "good.html"
    BAD[reason](bad)
    good.write_bytes(faults.article(1))
    done = qacrawl("extract", str(bad), str(good))
    assert (done.code, done.err) == (1, f"qacrawl: {bad}: {reason}, {WORDS[reason]}\n")
    first, second = answers(done)
    assert first == {"path": str(bad), "reject": {"reason": reason, "fields": []}}
    assert second["record"]["title"] == "Title 1"


def let_others_in(folder: Path) -> None:
    """Let other users into a test's folder."""
    base = Path(tempfile.gettempdir())
    for inner in (folder, *folder.parents):
        if inner.is_relative_to(base) and inner != base:
            inner.chmod(0o755)


@pytest.mark.slow
def test_a_file_that_may_not_be_read_is_one_clear_line(tmp_path):
    path = tmp_path / "page.html"
    path.write_bytes(faults.article(1))
    path.chmod(0)
    if os.getuid():
        done = qacrawl("extract", str(path))
        assert (done.code, done.err) == (1, f"qacrawl: {path}: unreadable_file, the file can't be read\n")
        return
    # root may read it all the same: as somebody else, without starting another Python, who could not read ours
    let_others_in(tmp_path)
    code = f"""
import os, sys
import qacrawl.cli, qacrawl.commands.extract, qacrawl.commands.reasons, qacrawl.redact.record, qacrawl.registry
qacrawl.registry.load_parser("doctorqna")
list(qacrawl.commands.extract.extract([{str(path)!r}], "doctorqna"))  # imports all that is needed
os.setuid({pwd.getpwnam("nobody").pw_uid})
os.chdir("/")
sys.argv = ["qacrawl", "extract", {str(path)!r}]
qacrawl.cli.main()
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (1, f"qacrawl: {path}: unreadable_file, the file can't be read\n")


@pytest.mark.slow
def test_the_url_is_given_or_found_or_that_of_the_file(tmp_path):
    page = tmp_path / "page.html"
    link = b'<link rel="canonical" href="https://www.doctorqna.com/en/article/77?utm_source=x">'
    page.write_bytes(faults.article(1).replace(b"<head>", b"<head>" + link))
    assert answers(qacrawl("extract", str(page)))[0]["record"]["record_id"] == "doctorqna:77"
    given = answers(qacrawl("extract", str(page), "--url", "https://doctorqna.com/en/article/5/#x"))[0]["record"]
    assert (given["record_id"], given["url"]) == ("doctorqna:5", "https://doctorqna.com/en/article/5")
    page.write_bytes(faults.article(1))
    found = answers(qacrawl("extract", str(page)))[0]["record"]
    assert found["url"] == page.as_uri()
    assert len(found["record_id"]) == 16


@pytest.mark.slow
def test_names_and_redaction(tmp_path):
    page = tmp_path / "page.html"
    page.write_bytes(faults.article(1).replace(b"Question 1", b"Mail me: a.b@example.org. Question 1"))
    record = answers(qacrawl("extract", str(page)))[0]["record"]
    assert record["asker"].startswith("asker-")
    assert "[email]" in record["question"]
    assert record["notes"] == ["redacted_email"]
    record = answers(qacrawl("extract", str(page), "--asker-names", "drop", "--no-redact"))[0]["record"]
    assert record["asker"] is None
    assert "a.b@example.org" in record["question"]


@pytest.mark.slow
def test_pseudonyms_are_those_of_the_crawl_in_the_same_output(tmp_path):
    page = tmp_path / "page.html"
    page.write_bytes(faults.article(1))
    key = load_key(tmp_path / "doctorqna")
    record = answers(qacrawl("extract", str(page), "--output", str(tmp_path)))[0]["record"]
    assert record["asker"] == pseudonym("Asker 1", key)


@pytest.mark.slow
def test_pseudonyms_stay_the_same_with_a_key_in_a_file(tmp_path):
    page, key = tmp_path / "page.html", tmp_path / "my.key"
    page.write_bytes(faults.article(1))
    first, second = (answers(qacrawl("extract", str(page), "--key", str(key)))[0]["record"] for _ in range(2))
    assert first["asker"] == second["asker"] == pseudonym("Asker 1", read_key(key))
    assert key.stat().st_mode & 0o777 == 0o600
    key.write_text("not a key")
    done = qacrawl("extract", str(page), "--key", str(key))
    assert (done.code, done.out, done.err.count("\n")) == (1, "", 1)
    done = qacrawl("extract", str(page), "--key", str(tmp_path))
    assert (done.code, done.out, done.err) == (1, "", f"qacrawl: {tmp_path}: Is a directory\n")


def test_the_fields_that_are_wrong_are_named(tmp_path):
    page = tmp_path / "page.html"
    page.write_bytes(faults.article(1).replace(b"Question 1, version 0.", b""))
    done = qacrawl("extract", str(page))
    assert done.err == f"qacrawl: {page}: invalid, what was read makes no record (wrong or missing: question)\n"


@pytest.mark.slow
def test_a_pipe_that_closes_early_is_no_traceback(tmp_path):
    pages = []
    for number in range(300):
        pages.append(tmp_path / f"{number}.html")
        pages[-1].write_bytes(faults.article(number))
    process = crawling.start(["extract", *map(str, pages)])
    assert process.stdout.readline()
    process.stdout.close()
    assert "Traceback" not in process.stderr.read()
    process.stderr.close()
    process.wait()


USAGE = [
    ["extract", "x", "--site", "nowhere"],
    ["extract", "x", "--url", "ftp://example.org/1"],
    ["extract", "x", "--url", "no url"],
    ["extract", "x", "y", "--url", "https://doctorqna.com/en/article/1"],
    ["crawl", "nowhere"],
    ["crawl", "doctorqna", "--start-url", "doctorqna.com/en"],
    ["crawl", "doctorqna", "--start-url", "https://"],
    ["crawl", "doctorqna", "--start-url", "file:///etc/passwd"],
    ["crawl", "doctorqna", "--start-url", "http://127.0.0.1:9/en"],
    ["crawl", "doctorqna", "--start-url", "http://[::1]/en"],
    ["crawl", "doctorqna", "--numbers", "9-3"],
    ["crawl", "doctorqna", "--numbers", "0-3"],
    ["crawl", "doctorqna", "--numbers", "x"],
    ["crawl", "doctorqna", "--set", "QACRAWL_TRIES=many"],
    ["crawl", "doctorqna", "--set", "QACRAWL_TRIES"],
    ["crawl", "doctorqna", "--set", "QACRAWL_READ_SECONDS=0"],
    ["rebuild", "doctorqna", "--set", "QACRAWL_READ_SECONDS=nan"],
    ["extract", "x", "--set", "QACRAWL_READ_MEGABYTES=199"],
    ["extract", "x", "--set", "QACRAWL_READ_MEGABYTES=1e3"],
    ["crawl", "doctorqna", "--worker"],
    ["crawl", "doctorqna", "--frontier", "mysql://x"],
    ["publish", "nowhere"],
    ["publish", "doctorqna"],
    ["status", "doctorqna"],
    ["rebuild", "doctorqna"],
    ["stats", "nothing-here"],
]


@pytest.mark.slow
@pytest.mark.parametrize("arguments", USAGE, ids=" ".join)
def test_wrong_usage_is_one_line_and_exit_2(arguments, tmp_path):
    output = [] if arguments[0] in ("stats",) else ["--output", str(tmp_path / "output")]
    done = qacrawl(*arguments, *output)
    assert done.code == 2, done
    assert done.out == ""
    assert done.err.startswith("qacrawl: ")
    assert done.err.count("\n") == 1


@pytest.mark.parametrize(
    "arguments",
    [["crawl"], ["nothing"], ["extract", "x", "--asker-names", "publish"], ["crawl", "doctorqna", "--delay", "-1"]],
)
def test_what_the_parser_of_options_refuses_is_exit_2(arguments):
    done = qacrawl(*arguments)
    assert (done.code, done.out) == (2, "")
    assert "Traceback" not in done.err


@pytest.mark.slow
def test_an_output_that_can_not_be_written_is_one_line(tmp_path):
    (tmp_path / "file").touch()
    url = "https://doctorqna.com/en"
    done = qacrawl("crawl", "doctorqna", "--start-url", url, "--output", str(tmp_path / "file"), "--allow-private")
    assert (done.code, done.err) == (
        1,
        f"qacrawl: cannot write to {tmp_path / 'file' / 'doctorqna'}: Not a directory\n",
    )


@pytest.mark.slow
def test_a_frontier_that_is_none_is_left_alone(tmp_path):
    (tmp_path / "doctorqna").mkdir()
    (tmp_path / "doctorqna" / "frontier.sqlite").write_text("my notes, not a database, and long enough for a header")
    done = qacrawl("status", "doctorqna", "--output", str(tmp_path))
    assert (done.code, done.err.count("\n")) == (2, 1)
    assert "no frontier" in done.err
    assert (tmp_path / "doctorqna" / "frontier.sqlite").read_text().startswith("my notes")


def test_sites_and_version():
    assert qacrawl("sites").out.split("\t")[0] == "doctorqna"
    assert qacrawl("--version").out.startswith("qacrawl 0.")


@pytest.mark.slow
@pytest.mark.skipif(
    os.getuid() != 0, reason="only root can become somebody else; others have the test of a file in the way"
)
def test_a_folder_that_may_not_be_written_is_one_line(tmp_path):
    let_others_in(tmp_path)
    output = tmp_path / "output"
    code = f"""
import os, sys
import qacrawl.cli, qacrawl.commands.crawl, qacrawl.frontier, qacrawl.fetch.report
qacrawl.cli.registry.check("doctorqna")  # likewise
os.setuid({pwd.getpwnam("nobody").pw_uid})
os.chdir("/")
sys.argv = ["qacrawl", "crawl", "doctorqna", "--output", {str(output)!r}]
qacrawl.cli.main()
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (
        1,
        f"qacrawl: cannot write to {output / 'doctorqna'}: Permission denied\n",
    )
    assert not output.exists()


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    return acting.make(tmp_path_factory.mktemp("project"))


@pytest.mark.slow
def test_a_page_that_takes_too_much_costs_that_page(tmp_path, project):
    acts = {1: "loop", 2: "", 3: "hoard", 4: "broken", 5: "", 6: "abort", 7: "", 8: "regex"}
    for number, act in acts.items():
        (tmp_path / f"{number}.html").write_bytes(
            acting.page(faults.article(number), act) if act else faults.article(number)
        )
    paths = [str(tmp_path / f"{number}.html") for number in acts]
    limits = ["--set", "QACRAWL_READ_SECONDS=1", "--set", "QACRAWL_READ_MEGABYTES=300"]
    begun = time.monotonic()
    done = qacrawl("extract", *paths, *limits, env=acting.environment(project))
    assert time.monotonic() - begun < 50
    assert done.code == 1
    found = answers(done)
    assert [answer["path"] for answer in found] == paths
    reasons = {number: answer["reject"]["reason"] for number, answer in enumerate(found, 1) if "reject" in answer}
    assert reasons == {1: "too_slow", 3: "too_large", 4: "crashed", 6: "crashed", 8: "too_slow"}
    assert [found[number - 1]["record"]["title"] for number in (2, 5, 7)] == ["Title 2", "Title 5", "Title 7"]
    assert f"qacrawl: {paths[0]}: too_slow, " in done.err
    assert "ZeroDivisionError: a bug" in done.err


def test_a_nul_in_a_path_is_a_reject():
    (answer,) = extract(["page\0.html"], "doctorqna")
    assert answer == {"path": "page\0.html", "reject": {"reason": "unreadable_file", "fields": []}}


@pytest.mark.parametrize("arguments", [["sites"], ["schema"], ["--version"]], ids=" ".join)
def test_a_pipe_that_is_closed_from_the_start_is_no_noise(arguments):
    read, write = os.pipe()
    os.close(read)
    with os.fdopen(write, "w") as closed:
        done = subprocess.run(crawling.program(arguments), stdout=closed, stderr=subprocess.PIPE, text=True)
    assert (done.returncode, done.stderr) == (1, "")


def test_a_terminal_finds_nothing_to_obey_in_pages_and_names_of_files(tmp_path):
    odd = "\x1b[31m\x9b2J\u202e\x07"
    page = tmp_path / f"a{odd}.html"
    page.write_bytes(faults.article(1).replace(b"Subject 1", f"Subject {odd}1".encode()))
    missing = os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9" + odd.encode())
    done = qacrawl("extract", str(page), missing)
    assert (done.code, done.out.count("\n"), done.err.count("\n")) == (1, 2, 1), done
    assert not set("\x1b\x9b\u202e\x07") & set(done.out + done.err)
    assert json.loads(done.out.splitlines()[0])["path"] == str(page)
