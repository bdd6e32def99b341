"""Archives in a bucket are read where they lie, and what a rebuild stages is kept in the bucket of its output."""

import json
import time

import pytest
from support import crawling, warcs

pytestmark = pytest.mark.slow


def put(bucket, number: int, pages: int = 3) -> bytes:
    """Put an archive file of another crawler into a bucket, and return what it holds."""
    numbers = range(number * pages + 1, (number + 1) * pages + 1)
    rows = [warcs.record(warcs.http(warcs.article(one)), warcs.url(one)) for one in numbers]
    content = warcs.members(warcs.warcinfo("Wget/1.21"), *rows)
    bucket.client.put_object(Bucket=bucket.name, Key=f"warc/{number}.warc.gz", Body=content)
    return content


def foreign(bucket) -> str:
    return f"s3://{bucket.name}/warc"


def rebuild(bucket, frontier: str, *options: str, output: str = "", env=None) -> crawling.Done:
    place = ["--output", output or bucket.address, "--frontier", frontier]
    return crawling.qacrawl("rebuild", "doctorqna", *place, *options, env=env or bucket.env)


def notes(bucket) -> dict[str, object]:
    """When each note was written into the bucket, by its name."""
    prefix = "some/prefix/doctorqna/staged/"
    found = bucket.client.list_objects_v2(Bucket=bucket.name, Prefix=prefix).get("Contents", ())
    return {entry["Key"]: entry["LastModified"] for entry in found if entry["Key"].endswith(".json")}


@pytest.fixture
def frontier(tmp_path) -> str:
    return f"sqlite:///{tmp_path}/frontier.sqlite"


def test_extract_reads_an_archive_in_a_bucket(bucket, tmp_path):
    content = put(bucket, 0)
    address = f"{foreign(bucket)}/0.warc.gz"
    done = crawling.qacrawl("extract", address, env=bucket.env)
    assert (done.code, done.err) == (0, "")
    found = [json.loads(line) for line in done.out.splitlines()]
    assert [one["record"]["url"] for one in found] == [warcs.url(number) for number in (1, 2, 3)]
    (tmp_path / "0.warc.gz").write_bytes(content)
    here = crawling.qacrawl("extract", str(tmp_path / "0.warc.gz"))
    offsets = [json.loads(line)["path"].partition("#")[2] for line in here.out.splitlines()]
    assert [one["path"] for one in found] == [f"{address}#{offset}" for offset in offsets]
    done = crawling.qacrawl("extract", f"{foreign(bucket)}/none.warc.gz", env=bucket.env)
    (missing,) = [json.loads(line) for line in done.out.splitlines()]
    assert (done.code, missing["reject"]["reason"]) == (1, "unreadable_file")
    assert "404" in missing["reject"]["said"]


def test_a_foreign_archive_in_a_bucket_becomes_a_dataset_here(bucket, tmp_path, frontier):
    output = tmp_path / "output"
    put(bucket, 0)
    put(bucket, 1)
    cut = put(bucket, 2)
    bucket.client.put_object(Bucket=bucket.name, Key="warc/2.warc.gz", Body=cut[:-30])
    done = rebuild(bucket, frontier, "--archive", foreign(bucket), output=str(output))
    assert (done.code, done.err) == (0, "qacrawl: 1 stretches of the archive can't be read\n")
    assert "record 8, reject 0, listing 0\ndamaged: 2.warc.gz#" in done.out
    assert [row["url"] for row in crawling.records(output)] == sorted(warcs.url(number) for number in range(1, 9))
    assert {row["warc_file"] for row in crawling.records(output)} == {f"{number}.warc.gz" for number in range(3)}
    done = rebuild(bucket, frontier, "--archive", f"s3://{bucket.name}/nothing", output=str(output))
    assert (done.code, done.err) == (2, f"qacrawl: no WARC file at s3://{bucket.name}/nothing\n")


def test_killed_it_goes_on_and_another_machine_reads_only_what_is_new(bucket, tmp_path, frontier):
    for number in range(5):
        put(bucket, number, 60)
    line = ["rebuild", "doctorqna", "--output", bucket.address, "--frontier", frontier, "--processes", "1"]
    process = crawling.start([*line, "--archive", foreign(bucket)], env=bucket.env)
    deadline = time.monotonic() + 120
    while not notes(bucket):
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.01)
    process.kill()
    process.communicate()
    before = notes(bucket)
    assert len(before) < 5
    assert "dataset" not in bucket.names()
    other = bucket.on_another_machine(tmp_path / "other")
    done = rebuild(bucket, frontier, "--archive", foreign(bucket), env=other)
    assert (done.code, done.err) == (0, "")
    assert before.items() <= notes(bucket).items()
    assert len(notes(bucket)) == 5
    assert "record 300, reject 0" in done.out
    first = notes(bucket)
    put(bucket, 5, 60)
    done = rebuild(bucket, frontier, "--archive", foreign(bucket), env=bucket.on_another_machine(tmp_path / "third"))
    assert (done.code, done.err) == (0, "")
    assert "record 360, reject 0" in done.out
    assert first.items() <= notes(bucket).items()
    assert len(notes(bucket)) == 6
    assert not [name for name in bucket.names() if name.startswith("staged/") and name.endswith(".parquet")]
