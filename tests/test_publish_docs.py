"""docs/dataset.md tells the truth: its blocks print what it shows, its commands are spelt right."""

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from test_docs import blocks, lines, run

ROOT = Path(__file__).parents[1]
TEXT = (ROOT / "docs" / "dataset.md").read_text(encoding="utf-8")
SHOWN = re.findall(r"^```python\n(.*?)^```\n\n```text\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL)


@pytest.fixture(scope="module")
def reader(demo: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of somebody who has run the demo."""
    folder = tmp_path_factory.mktemp("reader")
    shutil.copytree(demo, folder / "output", symlinks=True)
    return folder


def test_every_python_block_has_its_output() -> None:
    assert [code for code, _ in SHOWN] == blocks(TEXT, "python")


@pytest.mark.parametrize(("code", "output"), SHOWN, ids=[code.splitlines()[0] for code, _ in SHOWN])
def test_blocks_print_what_is_shown(code: str, output: str, reader: Path) -> None:
    done = run([sys.executable, "-c", code], reader)
    assert done.returncode == 0, done.stderr
    assert [line.rstrip() for line in done.stdout.splitlines() if line] == [
        line.rstrip() for line in output.splitlines() if line
    ]


def test_the_checksums_are_checked_as_shown(reader: Path) -> None:
    (line,) = (line for line in lines(TEXT) if "sha256sum" in line)
    assert run(line, reader).returncode == 0
    (changed,) = (reader / "output/demo/doctorqna/dataset").resolve().glob("data/faq/train-*.parquet")
    whole = changed.read_bytes()
    try:
        changed.write_bytes(whole[:-1])
        assert run(line, reader).returncode != 0
    finally:
        changed.write_bytes(whole)


def test_the_upload_has_options_that_hf_knows() -> None:
    (line,) = (line for line in lines(TEXT) if line.startswith("hf "))
    program, command, *options = shlex.split(line)
    done = subprocess.run(
        [Path(sys.executable).parent / program, command, "--help"],
        capture_output=True,
        text=True,
        env=os.environ | {"HF_HUB_OFFLINE": "1"},
    )
    assert done.returncode == 0
    assert {option for option in options if option.startswith("--")} <= set(re.findall(r"--[a-z-]+", done.stdout))


def test_the_drawing_of_a_snapshot_is_one(reader: Path) -> None:
    (drawing,) = (block for block in blocks(TEXT, "text") if block.startswith("snapshots/"))
    drawn = {line.split()[0].rstrip("/") for line in drawing.splitlines()[1:]}
    assert drawn == {path.name for path in (reader / "output/demo/doctorqna/dataset/").iterdir()}
