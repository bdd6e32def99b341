"""Output in an S3 bucket: the same files under the same names, whole or not there; one of two publishers wins."""

import json
import signal
import stat

import pyarrow.parquet as pq
import pytest
from support import crawling, faults
from support.faults import FaultSite
from support.making import part, record

from qacrawl import files
from qacrawl.archive import read
from qacrawl.errors import Exit, QacrawlError
from qacrawl.frontier import open_frontier
from qacrawl.publish.about import stats
from qacrawl.publish.gate import Gate
from qacrawl.publish.snapshot import accept, locate, publish
from qacrawl.workspace import open_site

SMALL = {"QACRAWL_PART_RECORDS": "5"}


@pytest.fixture
def site():
    with FaultSite(articles=20) as site:
        yield site


def ids(address: str) -> list[str]:
    return sorted(pq.read_table(locate(f"{address}/doctorqna") / "data" / "qa")["record_id"].to_pylist())


ALL = sorted(f"doctorqna:{number}" for number in range(1, 21))


@pytest.mark.slow
def test_a_crawl_leaves_in_the_bucket_what_it_leaves_in_a_folder(site, bucket, tmp_path):
    done = crawling.crawl(site.start, bucket.address, settings=SMALL, env=bucket.env)
    assert (done.code, done.err) == (0, "")
    work = tmp_path / "work" / bucket.name / "some" / "prefix" / "doctorqna"
    names = bucket.names()
    for kind in ("archive", "parts", "runs"):
        here = {f"{kind}/{path.name}" for path in (work / kind).iterdir()}
        assert here
        assert here == {name for name in names if name.startswith(f"{kind}/")}
    assert "asker.key" in names
    assert not [name for name in names if "sqlite" in name or ".tmp" in name]
    snapshot = bucket.read("dataset").decode().strip()
    assert {f"{snapshot}/README.md", f"{snapshot}/SHA256SUMS"} <= names
    for name in names - {"dataset"}:
        assert bucket.read(name) == (work / name).read_bytes()
    assert ids(bucket.address) == ALL


@pytest.mark.slow
def test_another_machine_goes_on_with_the_frontier_in_postgresql(site, bucket, tmp_path, postgres_url):
    options = ("--frontier", postgres_url)
    env = bucket.on_another_machine(tmp_path / "first")
    assert crawling.crawl(site.start, bucket.address, *options, "--max-pages", "9", settings=SMALL, env=env).code == 0
    env = bucket.on_another_machine(tmp_path / "second")
    assert crawling.crawl(site.start, bucket.address, *options, settings=SMALL, env=env).code == 0
    assert all(len(site.visits(path)) == 1 for path in site.article_paths())
    assert ids(bucket.address) == ALL
    askers = {row["asker"] for row in pq.read_table(locate(f"{bucket.address}/doctorqna") / "data/qa").to_pylist()}
    assert len(askers) == 20  # both used one key
    keys = {
        (tmp_path / name / bucket.name / "some/prefix/doctorqna/asker.key").read_text() for name in ("first", "second")
    }
    assert len(keys) == 1


@pytest.mark.slow
def test_records_say_where_they_lie_in_the_bucket(site, bucket, tmp_path):
    crawling.crawl(site.start, bucket.address, settings=SMALL, env=bucket.env)
    for row in pq.read_table(locate(f"{bucket.address}/doctorqna") / "data/qa").to_pylist():
        copy = tmp_path / row["warc_file"]
        copy.write_bytes(bucket.read(f"archive/{row['warc_file']}"))
        _, exchange = next(read.entries(copy, row["warc_offset"]))
        assert exchange.url == row["url"]


@pytest.mark.slow
@pytest.mark.parametrize(
    "place", ["renamed:2", "committed:2", "archived:13", "synced:3", "snapshot-renamed:1", "uploaded:4"]
)
def test_killed_and_gone_on(site, bucket, place, tmp_path):
    assert crawling.crawl(site.start, bucket.address, settings=SMALL, env=bucket.env, die=place).code == -signal.SIGKILL
    assert crawling.crawl(site.start, bucket.address, settings=SMALL, env=bucket.env).code == 0
    assert ids(bucket.address) == ALL
    folder = tmp_path / "work" / bucket.name / "some/prefix/doctorqna"
    with open_frontier(None, "doctorqna", folder) as frontier:
        for kind in ("archive", "parts", "rejects"):
            assert {f"{kind}/{name}" for name in frontier.files(kind)} <= bucket.names()


@pytest.mark.slow
def test_workers_on_machines_of_their_own(site, bucket, tmp_path, postgres_url):
    settings = crawling.QUICK | SMALL
    workers = [
        crawling.start(
            crawling.command(site.start, bucket.address, "--frontier", postgres_url, "--worker", settings=settings),
            env=bucket.on_another_machine(tmp_path / f"machine{number}"),
        )
        for number in range(2)
    ]
    assert [crawling.finish(process).code for process in workers] == [0, 0]
    assert ids(bucket.address) == ALL
    assert all(len(site.visits(path)) == 1 for path in site.article_paths())


@pytest.mark.slow
def test_rebuild_reads_the_archive_from_the_bucket(site, bucket, tmp_path):
    frontier = f"sqlite:///{tmp_path}/frontier.sqlite"
    crawling.crawl(site.start, bucket.address, "--frontier", frontier, settings=SMALL, env=bucket.env)
    old = {name for name in bucket.names() if name.startswith("parts/")}
    env = bucket.on_another_machine(tmp_path / "other")
    done = crawling.qacrawl("rebuild", "doctorqna", "--output", bucket.address, "--frontier", frontier, env=env)
    assert (done.code, done.err) == (0, "")
    new = {name for name in bucket.names() if name.startswith("parts/")}
    assert new
    assert not new & old
    assert ids(bucket.address) == ALL


@pytest.mark.slow
def test_a_bucket_that_can_not_be_had_is_one_clear_line(site, bucket, tmp_path):
    done = crawling.crawl(site.start, "s3://no-such-bucket/x", env=bucket.env)
    assert (done.code, done.err.count("\n")) == (1, 1), done.err
    assert "s3://no-such-bucket/x/doctorqna/taken-out" in done.err
    done = crawling.crawl(site.start, "s3://x", env=bucket.env)
    assert (done.code, done.err) == (2, "qacrawl: s3://x/doctorqna is no bucket with a prefix\n")
    with pytest.raises(QacrawlError, match="no dataset at"):
        locate(f"{bucket.address}/doctorqna")


# Publishing


def folder_of(bucket, monkeypatch, tmp_path, machine: str):
    """The working copy of the bucket on a machine."""
    monkeypatch.setenv("QACRAWL_WORK", str(tmp_path / machine))
    folder = files.folder(bucket.address, "doctorqna")
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@pytest.mark.slow
def test_the_gate_compares_with_the_snapshot_in_the_bucket(bucket, monkeypatch, tmp_path):
    folder = folder_of(bucket, monkeypatch, tmp_path, "one")
    first = publish(folder, "doctorqna", [part(folder, [record(number) for number in range(60)])], gate=Gate())
    other = folder_of(bucket, monkeypatch, tmp_path, "two")
    held = publish(other, "doctorqna", [part(other, [record(number, 1) for number in range(30)])], gate=Gate())
    assert held.held == ("30 of 60 records are gone (50%, at most 5%)",)
    assert bucket.read("dataset").decode() == f"snapshots/{first.id}\n"
    assert f"snapshots/{held.id}/README.md" in bucket.names()
    third = folder_of(bucket, monkeypatch, tmp_path, "three")
    accept(third, held.id)
    assert bucket.read("dataset").decode() == f"snapshots/{held.id}\n"


@pytest.mark.slow
def test_of_two_publishers_one_wins_and_the_other_says_so(bucket, monkeypatch, tmp_path):
    one = folder_of(bucket, monkeypatch, tmp_path, "one")
    two = folder_of(bucket, monkeypatch, tmp_path, "two")
    publish(one, "doctorqna", [part(one, [record(1)])])
    put_tree = files.put_tree

    def meanwhile(path):
        put_tree(path)
        monkeypatch.setattr(files, "put_tree", put_tree)
        publish(two, "doctorqna", [part(two, [record(2)])])

    monkeypatch.setattr(files, "put_tree", meanwhile)
    with pytest.raises(QacrawlError, match="another publisher moved") as error:
        publish(one, "doctorqna", [part(one, [record(3)])])
    assert error.value.code == Exit.LOCKED
    winner = locate(f"{bucket.address}/doctorqna")
    assert pq.read_table(winner / "data" / "qa")["record_id"].to_pylist() == ["doctorqna:2"]


@pytest.mark.slow
def test_snapshots_in_a_bucket_are_read_like_others(bucket, monkeypatch, tmp_path):
    folder = folder_of(bucket, monkeypatch, tmp_path, "one")
    made = publish(folder, "doctorqna", [part(folder, [record(number) for number in range(5)])])
    monkeypatch.setenv("QACRAWL_WORK", str(tmp_path / "reader"))
    for address in (f"{bucket.address}/doctorqna", f"{bucket.address}/doctorqna/snapshots/{made.id}"):
        assert stats.measure(locate(address)).records == 5
    done = crawling.qacrawl("stats", f"{bucket.address}/doctorqna", "--json", env=bucket.env)
    assert (done.code, '"records": 5' in done.out) == (0, True)


def seen(folder):
    """All names below a folder, and what the files hold."""
    return {path: path.read_bytes() if path.is_file() else None for path in folder.rglob("*")}


@pytest.fixture
def stale(bucket, monkeypatch, tmp_path):
    """Name of a snapshot that this machine has a copy of, and that another machine has taken out of the bucket."""
    folder = folder_of(bucket, monkeypatch, tmp_path, "one")
    made = publish(folder, "doctorqna", [part(folder, [record(1)])])
    other = folder_of(bucket, monkeypatch, tmp_path, "two")
    files.catch_up(other)
    for name in bucket.names():
        if name.startswith(("snapshots/", "dataset")):
            files.remove(other / name)
    files.note_taken_out(other)
    folder_of(bucket, monkeypatch, tmp_path, "one")
    return made.id


def test_what_was_taken_out_is_neither_read_nor_deleted_by_a_reader(bucket, stale, tmp_path):
    before = seen(tmp_path / "one")
    for address in (f"{bucket.address}/doctorqna", f"{bucket.address}/doctorqna/snapshots/{stale}"):
        with pytest.raises(QacrawlError, match="no dataset at"):
            locate(address)
    assert files.folder(bucket.address, "doctorqna").is_dir()
    assert seen(tmp_path / "one") == before


def test_opening_a_site_for_work_deletes_what_was_taken_out(bucket, stale, monkeypatch, tmp_path):
    folder = files.folder(bucket.address, "doctorqna")
    unfinished = folder / "parts" / ".part-x.parquet.0.tmp"
    unfinished.write_bytes(b"")
    (folder / "archive").mkdir()
    (folder / "archive" / "never-uploaded.warc.gz").write_bytes(b"")
    assert (folder / "snapshots" / stale).is_dir()
    with open_site("doctorqna", bucket.address, None) as (opened, _):
        assert opened == folder
    assert not (folder / "snapshots").exists()
    assert not (folder / "dataset").is_symlink()
    assert [path.name for path in (folder / "parts").iterdir()] == [unfinished.name]
    assert [path.name for path in (folder / "archive").iterdir()] == ["never-uploaded.warc.gz"]
    made = part(folder, [record(2)])
    files.catch_up(folder)
    assert made.exists()  # once is enough


def test_an_address_is_resolved_without_the_bucket_or_the_disk(monkeypatch, tmp_path, bucket):
    monkeypatch.setenv("QACRAWL_WORK", str(tmp_path / "nowhere"))
    folder = files.folder("s3://no-such-bucket/x", "doctorqna")
    assert folder == tmp_path / "nowhere" / "no-such-bucket" / "x" / "doctorqna"
    assert not (tmp_path / "nowhere").exists()


def test_what_is_written_is_in_the_bucket_and_all_machines_agree(bucket, monkeypatch, tmp_path):
    one, two = (folder_of(bucket, monkeypatch, tmp_path, machine) for machine in ("one", "two"))
    files.write(one / "runs" / "a.json", b"report")
    assert bucket.read("runs/a.json") == b"report"
    assert files.read(two / "runs" / "a.json") == b"report"
    assert not (two / "runs").exists()
    assert files.fetch(two / "runs" / "a.json").read_bytes() == b"report"
    files.agree(one / "asker.key", b"first", 0o600)
    files.agree(two / "asker.key", b"second", 0o600)
    for machine in (one, two):
        assert (machine / "asker.key").read_bytes() == b"first"
        assert stat.S_IMODE((machine / "asker.key").stat().st_mode) == 0o600


def test_a_failed_download_leaves_nothing(bucket, monkeypatch, tmp_path):
    folder = folder_of(bucket, monkeypatch, tmp_path, "one")
    with pytest.raises(OSError, match=f"s3://{bucket.name}/some/prefix/doctorqna/parts/none: .*404"):
        files.fetch(folder / "parts" / "none")
    assert files.fetch_tree(folder / "snapshots" / "none") == folder / "snapshots" / "none"
    assert [path for path in folder.rglob("*") if path.name != "parts"] == []


@pytest.mark.slow
def test_rejects_go_to_the_bucket_too(site, bucket):
    site["/en/article/3"] = faults.Reply(b"")
    crawling.crawl(site.start, bucket.address, settings=SMALL, env=bucket.env)
    assert {name for name in bucket.names() if name.startswith("rejects/")}


@pytest.mark.slow
def test_status_on_another_machine_downloads_no_parts(site, bucket, tmp_path, postgres_url):
    site["/en/article/3"] = faults.Reply(b"<h1>Under maintenance</h1><p>We will be back soon.")
    options = ("--frontier", postgres_url)
    assert crawling.crawl(site.start, bucket.address, *options, settings=SMALL, env=bucket.env).code == 0
    env = bucket.on_another_machine(tmp_path / "another")
    done = crawling.qacrawl("status", "doctorqna", "--output", bucket.address, *options, "--json", env=env)
    assert done.code == 0, done.err
    assert json.loads(done.out)["rejects"] == {"maintenance": 1}
    assert [path.name for path in (tmp_path / "another").rglob("part-*")] == []
