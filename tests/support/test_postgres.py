"""The server that other tests rest on: each way to start it works, and none is left behind."""

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from support import postgres


@pytest.mark.slow
@pytest.mark.parametrize("binaries", postgres.installations(), ids=lambda path: path.parent.name)
def test_server_of_each_installation(binaries: Path) -> None:
    with postgres.server(binaries) as address:
        with psycopg.connect(f"{address}/postgres") as db:
            assert db.execute("SELECT 40 + 2").fetchone() == (42,)
        wrong = address.replace(postgres.PASSWORD, "wrong")
        with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
            psycopg.connect(f"{wrong}/postgres")
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(f"{address}/postgres")


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that other users may look into, unlike pytest's."""
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        yield Path(name)


@pytest.mark.slow
def test_a_server_dies_with_its_killed_parent(folder: Path) -> None:
    code = (
        "import postgres, time\n"
        "with postgres.server(postgres.installations()[0]) as address: print(address, flush=True); time.sleep(60)"
    )
    run = {"cwd": Path(__file__).parent, "env": os.environ | {"TMPDIR": str(folder)}}
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, **run) as parent:
        assert parent.stdout
        address = parent.stdout.readline().strip()
        os.kill(parent.pid, signal.SIGKILL)
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        try:
            psycopg.connect(f"{address}/postgres").close()
        except psycopg.OperationalError:
            return
        time.sleep(0.1)
    pytest.fail("the server lives on")


def test_says_why_none_starts(folder: Path) -> None:
    program = folder / "initdb"
    program.write_text("#!/bin/sh\necho no room\nexit 1\n")
    program.chmod(0o755)
    with pytest.raises(postgres.NoServer, match="no room"), postgres.server(folder):
        pass
