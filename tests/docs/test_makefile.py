"""The Makefile says what it can do, and makes a `.venv` anew that is of no use."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from support.places import ROOT

MAKEFILE = ROOT / "Makefile"
HERE = f"{sys.version_info[0]}.{sys.version_info[1]}"


def make(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    clean = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}
    line = ["make", "--no-print-directory", *words]
    return subprocess.run(line, cwd=folder, env=clean, capture_output=True, text=True, timeout=120)


def test_help_lists_every_target_with_a_line() -> None:
    targets = set(re.findall(r"^([a-z]+):", MAKEFILE.read_text(), re.MULTILINE))
    shown = dict(re.findall(r"^make (\w+) +(\S.*)$", make(ROOT, "help").stdout, re.MULTILINE))
    assert shown.keys() == targets
    assert {"install", "demo", "test", "help"} <= targets


def program(path: Path, said: str) -> Path:
    """A program that answers as a Python of another version would, or fails where there is nothing to say."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{f'echo {said}' if said else 'exit 1'}\n")
    path.chmod(0o755)
    return path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A project of nothing but the Makefile and what it reads."""
    shutil.copy(MAKEFILE, tmp_path)
    for name in ("requirements.txt", "pyproject.toml"):
        (tmp_path / name).touch()
    return tmp_path


def environment(folder: Path, said: str) -> None:
    """A finished `.venv`, whose Python says that it is of version `said`."""
    program(folder / ".venv" / "bin" / "python", said)
    (folder / ".venv" / "mine").touch()
    (folder / ".venv" / "installed").touch()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("said", "why"),
    [
        ("3.99", f"making .venv anew: its Python is 3.99, {sys.executable} is {HERE}"),
        ("", f"making .venv anew: its Python is gone, {sys.executable} is {HERE}"),
    ],
)
def test_an_environment_of_no_use_is_made_anew_and_a_line_says_why(folder: Path, said: str, why: str) -> None:
    environment(folder, said)
    done = make(folder, "install", f"PYTHON={sys.executable}")
    assert done.stdout.splitlines()[0] == why
    assert not (folder / ".venv" / "mine").exists()
    made = subprocess.run([folder / ".venv/bin/python", "-c", "import sys; print(sys.prefix)"], capture_output=True)
    assert Path(made.stdout.decode().strip()).resolve() == (folder / ".venv").resolve()


@pytest.mark.parametrize("wanted", [HERE, "", "missing"])
def test_one_that_fits_stays_and_so_does_one_where_no_other_python_would_do(folder: Path, wanted: str) -> None:
    environment(folder, HERE)
    python = sys.executable if wanted == HERE else str(folder / "python3")
    if not wanted:
        program(folder / "python3", "")  # too old a Python says nothing
    done = make(folder, "install", f"PYTHON={python}")
    assert (done.returncode, done.stderr) == (0, "")
    assert (folder / ".venv" / "mine").exists()


@pytest.mark.parametrize("before", [None, ""])
def test_without_a_python_that_will_do_one_line_asks_for_one(folder: Path, before: str | None) -> None:
    if before is not None:
        environment(folder, before)
    done = make(folder, "install", f"PYTHON={folder / 'python3'}")
    assert done.returncode == 2
    assert done.stderr.splitlines()[0] == "qacrawl needs Python 3.11 or newer; name one: make PYTHON=python3.12"
    assert (folder / ".venv").exists() == (before is not None)
