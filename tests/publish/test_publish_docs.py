"""docs/dataset.md tells the truth: its blocks print what it shows, its commands are spelt right."""

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from support.pages import COMMANDS, blocks, lines, run
from support.places import ROOT
from support.s3 import Bucket

from qacrawl.publish.data import files

TEXT = (ROOT / "docs" / "dataset.md").read_text(encoding="utf-8")
SHOWN = re.findall(r"^```python\n(.*?)^```\n\n```text\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL)


@pytest.fixture(scope="module")
def reader(demo: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of somebody who has run the demo."""
    folder = tmp_path_factory.mktemp("reader")
    shutil.copytree(demo, folder / "output", symlinks=True)
    return folder


def upload(reader: Path, bucket: Bucket) -> None:
    """Put the demo's snapshot where the page has one in a bucket."""
    folder = reader / "output" / "demo" / "doctorqna"
    snapshot = (folder / "dataset").readlink()
    bucket.client.create_bucket(Bucket="my-bucket")
    for name in files.names(folder / snapshot):
        bucket.client.upload_file(str(folder / snapshot / name), "my-bucket", f"crawls/doctorqna/{snapshot}/{name}")
    bucket.client.put_object(Bucket="my-bucket", Key="crawls/doctorqna/dataset", Body=f"{snapshot}\n".encode())


def test_every_python_block_has_its_output() -> None:
    assert [code for code, _ in SHOWN] == blocks(TEXT, "python")


@pytest.mark.slow
@pytest.mark.parametrize(("code", "output"), SHOWN, ids=[code.splitlines()[0] for code, _ in SHOWN])
def test_blocks_print_what_is_shown(
    code: str, output: str, reader: Path, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    if "s3://" in code:
        upload(reader, request.getfixturevalue("bucket"))
        monkeypatch.setenv("AWS_ALLOW_HTTP", "true")
    done = run([sys.executable, "-c", code], reader)
    assert done.returncode == 0, done.stderr
    assert [line.rstrip() for line in done.stdout.splitlines() if line] == [
        line.rstrip() for line in output.splitlines() if line
    ]


@pytest.mark.slow
@pytest.mark.parametrize("program", ["sha256sum", "qacrawl verify"])
def test_the_dataset_is_checked_as_shown(program: str, reader: Path) -> None:
    (line,) = (line for line in lines(TEXT) if program in line)
    assert run(line, reader).returncode == 0
    (changed,) = (reader / "output/demo/doctorqna/dataset").resolve().glob("data/faq/train-*.parquet")
    whole = changed.read_bytes()
    try:
        changed.write_bytes(whole[:-1])
        assert run(line, reader).returncode != 0
    finally:
        changed.write_bytes(whole)


def test_diff_is_spelt_right() -> None:
    (line,) = (line for line in lines(TEXT) if "diff" in line)
    _, command, *options = shlex.split(line)
    assert COMMANDS[command].make_context(command, options).params["after"] == "output/doctorqna"


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
