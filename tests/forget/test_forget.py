"""`qacrawl forget`: nothing of a page is left, it does not come back, and everything else is as it was."""

import gzip
import os
import shutil
import signal
import subprocess
import sys
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support import crawling, faults
from support.faults import FaultSite
from support.making import HOST, part, record, reject

from qacrawl import schema, workspace
from qacrawl.archive import erase, read, warc, write
from qacrawl.errors import Exit, QacrawlError
from qacrawl.files import s3
from qacrawl.forget import pages
from qacrawl.frontier import File, Frontier, open_frontier, recovery
from qacrawl.options import Options
from qacrawl.publish import snapshot
from qacrawl.publish.about import stats
from qacrawl.publish.committed import publish_site
from qacrawl.records import SimilarQA
from qacrawl.redact import quotes
from qacrawl.redact.record import load_key

GATE = Options(gate_rejects=1.0, gate_coverage=1.0, gate_gone=1.0)
OWN = ("Subject 3", "Question 3, version", "Reply 3.", "Under maintenance 4")
"""What only the pages say that are taken out."""
QUOTED = ("Title 3", "Question 3 ...", "Title 4")
"""What pages say that quote them, too."""


@pytest.fixture(scope="module")
def site():
    with FaultSite(articles=12) as site:
        site["/en/article/4"] = faults.Reply(b"<h1>Under maintenance 4</h1>")
        site["/en/article/9"] = faults.redirect("/en/article/3")
        yield site


@pytest.fixture(scope="module")
def crawled(site, tmp_path_factory) -> Path:
    """The output of three runs: article 3 changes before the second, nothing before the third."""
    output = tmp_path_factory.mktemp("crawled")
    assert crawling.crawl(site.start, output).code == 0
    site["/en/article/3"] = faults.Reply(faults.article(3, version=1))
    assert crawling.crawl(site.start, output, "--refetch").code == 0
    assert crawling.crawl(site.start, output, "--refetch").code == 0
    return output


@pytest.fixture
def output(crawled, tmp_path) -> Path:
    return shutil.copytree(crawled, tmp_path / "output", symlinks=True)


def gone(site: FaultSite) -> list[str]:
    return [site.url("/en/article/3"), site.url("/en/article/4/?utm_source=x#top")]


def forget(site: FaultSite, output: Path, die: str = "") -> crawling.Done:
    return crawling.finish(crawling.start(["forget", *gone(site), "--output", str(output)], die))


def text(path: Path) -> str:
    """All that a file says, packed or not."""
    said = path.read_bytes().decode("utf-8", "replace")
    if path.suffix == ".parquet":
        said += str(pq.ParquetFile(path).read().to_pylist())
    if path.name.endswith(warc.SUFFIX):
        said += gzip.decompress(path.read_bytes()).decode("utf-8", "replace")
    return said


def left(output: Path) -> set[str]:
    """The pages' sentences that are left in any file; what other pages quote of them may be in the archive."""
    found = set()
    for path in (path for path in output.rglob("*") if path.is_file() and not path.is_symlink()):
        own = (*OWN, *QUOTED) if path.parent.name != "archive" else OWN
        said = text(path)
        found |= {sentence for sentence in own if sentence in said}
    return found


def snapshots(output: Path) -> set[str]:
    return {path.name for path in (output / "doctorqna" / "snapshots").iterdir()}


def members(output: Path) -> dict[tuple[str, int], bytes]:
    """Each response in the archive by its place."""
    paths = sorted((output / "doctorqna" / "archive").iterdir())
    return {place: (entry.url, entry.body) for path in paths for place, entry in read.entries(path)}


def check_sums(folder: Path) -> None:
    for line in (folder / "SHA256SUMS").read_text().splitlines():
        digest, name = line.split("  ")
        assert sha256((folder / name).read_bytes()).hexdigest() == digest, name


@pytest.mark.slow
def test_nothing_of_the_pages_is_left(site, output):
    assert left(output) == {*OWN, *QUOTED}
    before = snapshots(output)
    done = forget(site, output)
    assert (done.code, done.err) == (0, "")
    assert done.out.startswith("taken out: 3 records of all versions, 3 rejects, ")
    assert left(output) == set()
    assert not before & snapshots(output)
    assert all(name in done.out for name in before)
    assert not (output / "doctorqna" / pages.JOURNAL).exists()
    assert {row["state"] for path, row in crawling.rows(output).items() if path[-2:] in ("/3", "/4")} == {"forgotten"}


@pytest.mark.slow
def test_everything_else_is_as_it_was(site, output):
    archived, records = members(output), crawling.records(output)
    sizes = {path: path.stat().st_size for path in (output / "doctorqna" / "archive").iterdir()}
    forget(site, output)
    assert {path: path.stat().st_size for path in (output / "doctorqna" / "archive").iterdir()} == sizes
    taken = {place for place, (url, _) in archived.items() if url.rsplit("/")[-1] in ("3", "4", "9")}
    assert len(taken) == 9
    assert members(output) == {place: entry for place, entry in archived.items() if place not in taken}
    urls = set(gone(site))
    kept = [
        row | {"similar_qa": [entry for entry in row["similar_qa"] if entry["url"].rsplit("/")[-1] not in "34"]}
        for row in records
        if row["url"] not in urls
    ]
    assert crawling.records(output) == kept
    for row in crawling.records(output):
        _, exchange = next(read.entries(output / "doctorqna" / "archive" / row["warc_file"], row["warc_offset"]))
        assert exchange.url == row["url"]
    for path in sizes:
        check = subprocess.run([sys.executable, "-m", "warcio.cli", "check", path], capture_output=True, text=True)
        assert (check.returncode, check.stdout, check.stderr) == (0, "", "")
    for path in (output / "doctorqna" / "parts").iterdir():
        assert pq.read_schema(path).equals(schema.PARTS, check_metadata=True)


@pytest.mark.slow
def test_it_is_never_fetched_again_and_does_not_come_back(site, output):
    forget(site, output)
    site.forget()
    for options in ((), ("--full",), ("--numbers", "1-12")):
        done = crawling.crawl(site.start, output, *options)
        assert done.code == 0, done.err
    assert len(site.log) > 12
    assert not {visit.path for visit in site.log} & {"/en/article/3", "/en/article/4"}
    done = crawling.qacrawl("rebuild", "doctorqna", "--output", str(output))
    assert done.code == 0, done.err
    for name in snapshots(output):
        assert left(output / "doctorqna" / "snapshots" / name) == set()
    assert "doctorqna:2" in {row["record_id"] for row in crawling.records(output)}


@pytest.mark.slow
def test_again_there_is_nothing_left_to_take(site, output):
    forget(site, output)
    before = {path: path.read_bytes() for path in (output / "doctorqna" / "snapshots").rglob("*") if path.is_file()}
    done = forget(site, output)
    assert (done.code, done.err) == (0, "")
    assert done.out == (
        "taken out: 0 records of all versions, 0 rejects, 0 quotations on other pages, 0 archived responses\n"
    )
    assert {path: path.read_bytes() for path in before} == before


@pytest.fixture(scope="module")
def never_killed(site, crawled, tmp_path_factory) -> Path:
    output = shutil.copytree(crawled, tmp_path_factory.mktemp("whole") / "output", symlinks=True)
    assert forget(site, output).code == 0
    return output


PLACES = [
    "reported:1", "reported:2", "forgotten", "renamed:1", "renamed:2", "swapped:1", "swapped:2", "half-erased:1",
    "half-erased:2", "erased:1", "snapshot-built:1", "snapshot-renamed", "snapshot-built:2", "pointed",
]  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("then", ["forget", "publish"])
def test_killed_anywhere_the_next_command_completes_it(site, never_killed, output, place, then):
    done = forget(site, output, die=place)
    assert done.code == -signal.SIGKILL, done.err
    again = crawling.qacrawl("publish", "doctorqna", "--output", str(output)) if then == "publish" else None
    done = again or forget(site, output)
    assert (done.code, done.err) == (0, "")
    assert left(output) == set()
    assert crawling.records(output) == crawling.records(never_killed)
    assert snapshots(output) == snapshots(never_killed)
    assert members(output) == members(never_killed)
    folder = output / "doctorqna"
    assert {path.name for path in folder.iterdir()} == {path.name for path in (never_killed / "doctorqna").iterdir()}
    with open_frontier(None, "doctorqna", folder) as frontier:
        for kind in ("parts", "rejects"):
            assert set(frontier.files(kind)) == {path.name for path in (folder / kind).iterdir()}


@pytest.mark.slow
def test_killed_beside_a_part_that_is_damaged_meanwhile_the_same_command_completes_it(site, never_killed, output):
    """The part may hold the pages: it goes, and what else it held is made anew from the archive."""
    assert forget(site, output, die="reported:1").code == -signal.SIGKILL
    folder = output / "doctorqna"
    part = max((folder / "parts").iterdir(), key=lambda path: path.stat().st_size)
    part.write_bytes(part.read_bytes()[:-100])
    done = forget(site, output)
    assert done.code == 0, done
    assert set(done.err.splitlines()) == {
        f"qacrawl: {part} can't be read, may hold the pages and is deleted; `qacrawl rebuild doctorqna` makes it anew "
        "from the archive"
    }
    assert left(output) == set()
    assert not part.exists()
    assert not (folder / pages.JOURNAL).exists()
    assert crawling.records(output) == crawling.records(never_killed)
    done = crawling.qacrawl("publish", "doctorqna", "--output", str(output))
    assert (done.code, done.err.count("\n"), part.name in done.err) == (1, 1, True), done
    done = crawling.qacrawl("rebuild", "doctorqna", "--output", str(output))
    assert done.code == 0, done
    assert all(left(folder / "snapshots" / name) == set() for name in snapshots(output))
    assert crawling.records(output) == crawling.records(never_killed)
    assert forget(site, output).code == 0


@pytest.mark.slow
def test_a_crawl_completes_it_before_it_fetches_anything(site, output):
    assert forget(site, output, die="reported:1").code == -signal.SIGKILL
    site.forget()
    assert crawling.crawl(site.start, output, "--refetch").code == 0
    assert not {visit.path for visit in site.log} & {"/en/article/3", "/en/article/4"}
    assert not (output / "doctorqna" / pages.JOURNAL).exists()
    for name in snapshots(output):
        assert left(output / "doctorqna" / "snapshots" / name) == set()


@pytest.mark.slow
def test_a_page_that_a_killed_run_left_unread_is_taken_too(site, tmp_path):
    crawling.crawl(site.start, tmp_path, die="archived:14")
    assert any(url.endswith("/3") for url, _ in members(tmp_path).values())
    done = forget(site, tmp_path)
    assert (done.code, done.err) == (0, "")
    assert left(tmp_path) == set()
    site.forget()
    assert crawling.crawl(site.start, tmp_path).code == 0
    assert len({visit.path for visit in site.log if "article" in visit.path}) < 10
    assert not {visit.path for visit in site.log} & {"/en/article/3", "/en/article/4"}
    assert left(tmp_path / "doctorqna" / "dataset/") == set()


# Snapshots from parts


@pytest.fixture
def folder(tmp_path) -> Path:
    (tmp_path / "doctorqna").mkdir()
    return tmp_path / "doctorqna"


@pytest.fixture
def frontier(folder):
    with open_frontier(None, "doctorqna", folder) as frontier:
        yield frontier


def put(frontier: Frontier, folder: Path, rows) -> snapshot.Snapshot:
    """Publish what is there with a part of these rows."""
    path = part(folder, rows)
    frontier.swap([(path.parent.name, path.name, len(rows))], [])
    return publish_site(frontier, folder, "doctorqna", GATE)


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.slow
def test_snapshots_without_the_page_stay_and_others_are_what_publish_makes(frontier, folder):
    first = put(frontier, folder, [record(number) for number in (1, 5, 9)])
    second = put(frontier, folder, [record(2), record(3), record(1, day=2, title="Changed")])
    put(frontier, folder, [reject(7), reject(3, day=1)])
    untouched = contents(first.path)
    taken = pages.forget(frontier, folder, [f"{HOST}/3"])
    assert (taken.parts, taken.rejects, taken.quotes, taken.responses, taken.damaged) == (1, 1, 1, 0, 0)
    assert contents(first.path) == untouched
    assert list(taken.snapshots) == [second.id]
    new = folder / "snapshots" / taken.snapshots[second.id]
    assert (folder / "dataset").resolve() == new
    assert snapshots(folder.parent) == {first.id, new.name}
    check_sums(new)
    assert publish_site(frontier, folder, "doctorqna", GATE).id == new.name
    table = {config: pq.read_table(new / "data" / config).to_pylist() for config in ("qa", "similar", "faq", "history")}
    assert all(
        {row["record_id"] for row in rows} == {f"doctorqna:{number}" for number in (1, 2, 5, 9)}
        for rows in table.values()
    )
    assert [row["rank"] for row in table["similar"] if row["record_id"] == "doctorqna:2"] == [1]
    assert stats.measure(new).records == 4
    card = (new / "README.md").read_text()
    day = f"{datetime.now(UTC):%Y-%m-%d}"
    assert card.endswith(
        "\n## Pages taken out\n\n"
        f"- {day}: pages 1, quotations on other pages 1. Before, this was snapshot `{second.id}`.\n"
    )


@pytest.mark.slow
def test_the_card_remembers_what_was_taken_before(frontier, folder):
    first = put(frontier, folder, [record(number) for number in range(1, 6)])
    second = pages.forget(frontier, folder, [f"{HOST}/3"]).snapshots[first.id]
    third = pages.forget(frontier, folder, [f"{HOST}/5"]).snapshots[second]
    _, _, notes = (folder / "snapshots" / third / "README.md").read_text().partition("## Pages taken out")
    assert [name in notes for name in (first.id, second, third)] == [True, True, False]
    assert notes.count("\n- ") == 2


@pytest.mark.slow
def test_a_snapshot_that_held_nothing_else_is_removed(frontier, folder):
    first = put(frontier, folder, [record(1)])
    assert pages.forget(frontier, folder, [f"{HOST}/1"]).snapshots == {first.id: None}
    assert not (folder / "dataset").is_symlink()
    assert snapshots(folder.parent) == set()
    assert publish_site(frontier, folder, "doctorqna", GATE) is None


def test_quotations_without_a_link_stay(frontier, folder):
    quotes = (SimilarQA(title="No link"), SimilarQA(title="Title 3", url=f"{HOST}/3"))
    put(frontier, folder, [record(1, similar_qa=quotes)])
    assert pages.forget(frontier, folder, [f"{HOST}/3"]).quotes == 1
    (row,) = pq.read_table(folder / "dataset/data/qa").to_pylist()
    assert [entry["title"] for entry in row["similar_qa"]] == ["No link"]


LONG = "My left knee has been swollen and hot since the second week of March. It clicks."
COMMON = "Thank you very much for your question, I wish you a quick recovery."


def quoting(number: int, **values):
    return record(number, **{"similar_qa": (), "reply": f"No. {COMMON}"} | values)


@pytest.mark.slow
def test_quotations_without_a_link_leave_texts_lists_and_all_snapshots(frontier, folder):
    cut = f"{LONG[:60]}..."
    quotes = (
        SimilarQA(title="A", question_excerpt=LONG),
        SimilarQA(title="B", question_excerpt="Something else that is long enough to be a sentence of a page."),
        SimilarQA(title="C", url=f"{HOST}/2", question_excerpt=LONG),
        SimilarQA(title="E", url=f"{HOST}/2", question_excerpt="My left knee ..."),
        SimilarQA(title="D", reply_excerpt=cut),
    )
    rows = [
        quoting(1, question=f"Somebody wrote:\n{LONG.replace(' ', '  ')}\nI have that, too.", similar_qa=quotes),
        quoting(2, reply=f"You said: {LONG} {COMMON}"),
        quoting(3, question=LONG),
        quoting(4, question="My left knee has been swollen and hot for a day."),
    ]
    first = put(frontier, folder, rows)
    taken = pages.forget(frontier, folder, [f"{HOST}/3"])
    assert (taken.parts, taken.quotes) == (1, 5)
    new = folder / "snapshots" / taken.snapshots[first.id]
    found = {row["record_id"][-1]: row for row in pq.read_table(new / "data/qa").to_pylist()}
    assert found["1"]["question"] == "Somebody wrote:\n[quotation]  It  clicks.\nI have that, too."
    assert [entry["title"] for entry in found["1"]["similar_qa"]] == ["B", "E"]
    assert found["1"]["notes"] == ["removed_quotation"]
    assert found["2"]["reply"] == f"You said: [quotation] It clicks. {COMMON}"
    assert (found["4"]["question"], found["4"]["notes"]) == (rows[3].question, [])
    similar = pq.read_table(new / "data/similar").to_pylist()
    assert [(row["rank"], row["title"]) for row in similar] == [(1, "B"), (2, "E")]
    assert "swollen and hot since" not in "".join(text(path) for path in folder.rglob("*.*") if path.is_file())
    assert "quotations on other pages 5" in (new / "README.md").read_text()
    again = pq.read_table(publish_site(frontier, folder, "doctorqna", GATE).path / "data/qa")
    derived = ["cluster_id", "is_near_duplicate"]  # of texts as they were
    assert again.drop_columns(derived).equals(pq.read_table(new / "data/qa").drop_columns(derived))


def test_what_several_pages_say_themselves_is_nobodys_own(frontier, folder):
    put(frontier, folder, [quoting(number) for number in range(1, 6)])
    assert pages.forget(frontier, folder, [f"{HOST}/3"]).quotes == 0
    assert all(COMMON in row["reply"] for row in pq.read_table(folder / "dataset/data/qa").to_pylist())


def test_a_page_read_again_loses_what_it_quotes_of_forgotten_pages(frontier, folder):
    put(frontier, folder, [quoting(1), quoting(3, question=LONG)])
    pages.forget(frontier, folder, [f"{HOST}/3"])
    known = quotes.read(folder, frontier.addresses(state="forgotten"))
    entries = (SimilarQA(title="A", url=f"{HOST}/3"), SimilarQA(title="B", url=f"{HOST}/2"))
    found = quotes.unquoted(record(1, question=f"He said: {LONG}", similar_qa=entries), known)
    assert (found.question, found.notes) == ("He said: [quotation] It clicks.", ("removed_quotation",))
    assert [entry.title for entry in found.similar_qa] == ["B"]
    other = record(1, question="He said nothing.", similar_qa=())
    assert quotes.unquoted(other, known) is other
    assert LONG[:20].lower() not in (folder / quotes.FILE).read_text().lower()


@pytest.mark.slow
def test_a_damaged_snapshot_is_one_clear_line_and_nothing_is_half_done(frontier, folder):
    first = put(frontier, folder, [record(1), record(2)])
    path = next((first.path / "data/qa").iterdir())
    path.write_bytes(path.read_bytes()[:100])
    with pytest.raises(QacrawlError, match=rf"^[^\n]*{first.id} can't be read; delete it, [^\n]*$"):
        pages.forget(frontier, folder, [f"{HOST}/1"])
    shutil.rmtree(first.path)
    pages.resume(frontier, folder)
    assert publish_site(frontier, folder, "doctorqna", GATE).rows == 1


# Refusals


def test_unknown_pages_are_tombstoned_under_all_their_spellings(frontier, folder):
    pages.forget(frontier, folder, ["http://www.doctorqna.com/en/article/077/?utm_source=x"])
    hosts = [f"{scheme}://{www}doctorqna.com" for scheme in ("http", "https") for www in ("", "www.")]
    assert frontier.addresses(state="forgotten") == {f"{host}/en/article/77" for host in hosts}


def test_other_hosts_keep_their_articles():
    assert pages.spellings("doctorqna", ["https://127.0.0.1:8000/en/article/1"]) == [
        "http://127.0.0.1:8000/en/article/1",
        "https://127.0.0.1:8000/en/article/1",
    ]
    assert pages.spellings("doctorqna", [f"{HOST[:-8]}/faq/a-b/1/"]) == [f"{HOST[:-8]}/faq/a-b/1"]


@pytest.mark.slow
@pytest.mark.parametrize("url", ["", "article/3", "ftp://doctorqna.com/en/article/3", "http://["])
def test_a_wrong_url_is_a_usage_error_and_nothing_happens(folder, url):
    done = crawling.qacrawl("forget", f"{HOST}/1", url, "--output", str(folder.parent))
    assert (done.code, done.err.count("\n")) == (2, 1)
    assert done.err.startswith("qacrawl: wrong URL ")
    assert crawling.rows(folder.parent) == {}


@pytest.mark.slow
def test_a_site_that_was_never_crawled_is_a_usage_error(tmp_path):
    done = crawling.qacrawl("forget", f"{HOST}/1", "--output", str(tmp_path))
    assert (done.code, done.err) == (2, f"qacrawl: doctorqna has not been crawled into {tmp_path}\n")


@pytest.mark.slow
def test_nothing_is_taken_while_a_run_or_a_publisher_is_at_work(frontier, folder):
    for lock in (frontier.alone(), snapshot.alone(folder)):
        with lock:
            done = crawling.qacrawl("forget", f"{HOST}/1", "--output", str(folder.parent))
        assert (done.code, done.out, done.err.count("\n")) == (Exit.LOCKED, "", 1)
    assert not frontier.addresses(state="forgotten")


# Output on S3


@pytest.fixture
def published(bucket, postgres_url):
    """A bucket with three published pages and their archive, made on machine "one"; the frontier's address."""
    folder = on_machine(bucket, "one")
    load_key(folder)
    with open_frontier(postgres_url, "doctorqna", folder) as frontier:
        writer = write.Writer(folder / "archive", "20260101T000000Z-00000000")
        for number in (1, 2, 3):
            body = f"Title {number} Question 3, version" if number == 3 else f"Title {number}"
            at = datetime(2026, 1, 1, tzinfo=UTC)
            writer.write(warc.Exchange(f"{HOST}/{number}", 200, [], body.encode(), at))
        sizes = writer.sync()
        frontier.commit("run", [], [File("archive", name, size) for name, size in sizes.items()])
        put(frontier, folder, [record(number) for number in (1, 2, 3)])
    return postgres_url


def on_machine(bucket, name: str) -> Path:
    """The working copy on a machine, which this process is on from now on."""
    os.environ["QACRAWL_WORK"] = bucket.env["QACRAWL_WORK"] = str(Path(bucket.env["QACRAWL_WORK"]).parent / name)
    s3._mirrors.clear()
    return workspace.ready(bucket.address, "doctorqna")


def in_bucket(bucket, tmp_path: Path) -> set[str]:
    """The sentences of page 3 that are left in any object."""
    for name in bucket.names():
        path = tmp_path / "all" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(bucket.read(name))
    found = left(tmp_path / "all")
    shutil.rmtree(tmp_path / "all")
    return found & {"Title 3", "Question 3, version"}


def forget_on_s3(bucket, frontier: str, die: str = "") -> crawling.Done:
    command = ["forget", f"{HOST}/3", "--output", bucket.address, "--frontier", frontier]
    return crawling.finish(crawling.start(command, die, env=bucket.env))


def check_forgotten(bucket, tmp_path: Path, frontier: str) -> None:
    """Nothing of page 3 is in the bucket, all else is, and it is what `dataset` names."""
    assert in_bucket(bucket, tmp_path) == set()
    place = snapshot.locate(f"{bucket.address}/doctorqna")
    assert {row["record_id"] for row in pq.read_table(place / "data/qa").to_pylist()} == {"doctorqna:1", "doctorqna:2"}
    check_sums(place)
    assert {name.split("/")[1] for name in bucket.names() if name.startswith("snapshots/")} == {place.name}
    assert pages.JOURNAL not in bucket.names()
    with open_frontier(frontier, "doctorqna", tmp_path) as opened:
        for kind in ("parts", "archive"):
            assert {f"{kind}/{name}" for name in opened.files(kind)} == {
                name for name in bucket.names() if name.startswith(f"{kind}/")
            }


@pytest.mark.slow
def test_a_bucket_forgets_and_so_do_the_copies_on_other_machines(bucket, published, tmp_path):
    assert in_bucket(bucket, tmp_path) == {"Title 3", "Question 3, version"}
    on_machine(bucket, "two")
    done = forget_on_s3(bucket, published)
    assert (done.code, done.err) == (0, "")
    assert done.out.startswith(
        "taken out: 1 records of all versions, 0 rejects, 1 quotations on other pages, 1 archived"
    )
    check_forgotten(bucket, tmp_path, published)
    assert left(tmp_path / "two") == set()
    assert "Title 3" in left(tmp_path / "one")
    folder = on_machine(bucket, "one")
    assert left(tmp_path / "one") == set()
    with open_frontier(published, "doctorqna", folder) as frontier:
        assert publish_site(frontier, folder, "doctorqna", GATE).rows == 2
    check_forgotten(bucket, tmp_path, published)


@pytest.mark.slow
@pytest.mark.parametrize("place", ["uploaded:1", "swapped:1", "erased:1", "uploaded:6"])
def test_killed_anywhere_another_machine_completes_it(bucket, published, tmp_path, place):
    on_machine(bucket, "two")
    assert forget_on_s3(bucket, published, die=place).code == -signal.SIGKILL
    on_machine(bucket, "three")
    command = ["publish", "doctorqna", "--output", bucket.address, "--frontier", published]
    done = crawling.qacrawl(*command, env=bucket.env)
    assert (done.code, done.err) == (0, "")
    check_forgotten(bucket, tmp_path, published)
    on_machine(bucket, "two")
    assert left(tmp_path / "two") == set()


@pytest.mark.slow
def test_what_a_killed_publisher_left_in_a_bucket_goes_too(bucket, published, tmp_path):
    half = next(name for name in bucket.names() if name.startswith("snapshots/") and "/data/qa/" in name)
    key = bucket.address.split("/", 3)[3] + "/doctorqna/" + "snapshots/20200101-000000000000/data/qa/train-0.parquet"
    bucket.client.put_object(Bucket=bucket.name, Key=key, Body=bucket.read(half))
    key = key.partition("snapshots/")[0] + "parts/part-00000000-0000-4000-8000-000000000000.parquet"
    bucket.client.put_object(Bucket=bucket.name, Key=key, Body=bucket.read(half))
    assert forget_on_s3(bucket, published).code == 0
    check_forgotten(bucket, tmp_path, published)


@pytest.mark.slow
def test_publishers_of_other_machines_keep_it_waiting(bucket, published):
    folder = on_machine(bucket, "two")
    with open_frontier(published, "doctorqna", folder) as one, open_frontier(published, "doctorqna", folder) as other:
        with one.publishing(), other.publishing():
            assert forget_on_s3(bucket, published).code == Exit.LOCKED
        with one.publishing(alone=True), pytest.raises(QacrawlError, match="going on"):
            publish_site(other, folder, "doctorqna", GATE)


def test_a_page_in_an_archive_that_nobody_saw_is_taken_out_when_it_is_found(frontier, folder):
    writer = write.Writer(folder / "archive", "20260101T000000Z-00000000")
    for number in (2, 3):
        at = datetime(2026, 1, 1, tzinfo=UTC)
        writer.write(warc.Exchange(f"{HOST}/{number}", 200, [], f"Title {number}".encode(), at))
    writer.sync()
    writer.close()
    aside = folder / "archive" / writer.name
    hidden = aside.rename(folder / "hidden")
    pages.forget(frontier, folder, [f"{HOST}/3"])
    hidden.rename(aside)
    recovery.recover(folder, frontier)
    assert [entry.body for _, entry in read.entries(aside)] == [b"Title 2"]


# The archive


@given(st.integers(21, 3000))
def test_a_blank_is_a_gzip_member_of_the_length_asked_for(length):
    made = erase.blank(length)
    assert len(made) == length
    assert gzip.decompress(made)[:8] in (b"WARC/1.1", b"")


def test_a_gzip_member_has_a_length():
    with pytest.raises(ValueError, match="20 bytes"):
        erase.blank(20)


def test_damage_in_the_archive_is_reported(frontier, folder):
    writer = write.Writer(folder / "archive", "20260101T000000Z-00000000")
    at = datetime(2026, 1, 1, tzinfo=UTC)
    places = [writer.write(warc.Exchange(f"{HOST}/{n}", 200, [], b"Text" * 99, at)) for n in (1, 2, 3)]
    size = writer.sync()[writer.name]
    path = folder / "archive" / writer.name
    writer.close()
    frontier.commit("run", [], [File("archive", path.name, size)])
    body = bytearray(path.read_bytes())
    body[places[1].offset + 20 : places[1].offset + 40] = bytes(20)
    path.write_bytes(body)
    taken = pages.forget(frontier, folder, [f"{HOST}/1", f"{HOST}/2"])
    assert (taken.responses, taken.damaged) == (1, 1)
    assert [entry.url for _, entry in read.entries(path) if isinstance(entry, warc.Exchange)] == [f"{HOST}/3"]
