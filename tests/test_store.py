"""Parts are there whole or not at all; the key and other small files as well."""

import os
import resource
import signal
import stat
import subprocess
import sys

import pyarrow.parquet as pq
import pytest
from support.making import record, reject
from support.places import ROOT

from qacrawl import schema, store
from qacrawl.errors import QacrawlError
from qacrawl.files import local
from qacrawl.redact.record import KEY, load_key


def test_records_and_rejects_go_to_their_folders(tmp_path):
    records, rejects = [record(2), record(1)], [reject(3)]
    names = store.write_part(tmp_path, records), store.write_part(tmp_path, rejects)
    parts = pq.read_table(tmp_path / "parts" / names[0])
    assert parts.schema.equals(schema.PARTS, check_metadata=True)
    assert parts.drop_columns("visit").equals(schema.record_table(records))
    refused = pq.read_table(tmp_path / "rejects" / names[1])
    assert refused.drop_columns("visit").equals(schema.reject_table(rejects))
    assert pq.ParquetFile(tmp_path / "parts" / names[0]).metadata.row_group(0).column(0).compression == "ZSTD"


def test_each_row_of_a_part_has_the_number_of_its_visit(tmp_path):
    name = store.write_visited(tmp_path, [(record(2), 7), (record(1), None)])
    assert pq.read_table(tmp_path / "parts" / name)["visit"].to_pylist() == [7, None]
    name = store.write_part(tmp_path, [reject(3)])
    assert pq.read_table(tmp_path / "rejects" / name)["visit"].to_pylist() == [None]


def test_sweep_removes_what_nobody_acknowledged(tmp_path):
    kept, orphan = (store.write_part(tmp_path, [record(number)]) for number in (1, 2))
    (tmp_path / "parts" / "part-x.parquet.tmp").touch()
    (tmp_path / "parts" / "notes.txt").touch()
    (tmp_path / "parts" / f".{kept}.0.tmp").touch()  # a publisher downloads it
    (tmp_path / "parts" / f".{orphan}.0.tmp").touch()
    assert store.sweep(tmp_path / "parts", [kept]) == sorted([f".{orphan}.0.tmp", orphan, "part-x.parquet.tmp"])
    assert sorted(path.name for path in (tmp_path / "parts").iterdir()) == sorted([f".{kept}.0.tmp", kept, "notes.txt"])


def test_a_full_disk_leaves_nothing(tmp_path):
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (500, before[1]))
    try:
        with pytest.raises(OSError, match="too large"):
            store.write_part(tmp_path, [record(1)])
        with pytest.raises(OSError, match="too large"):
            local.write(tmp_path / "file", b"x" * 1000)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


def test_files_are_replaced_and_have_their_mode(tmp_path):
    path = tmp_path / "new" / "file"
    local.write(path, b"one", 0o600)
    local.write(path, b"two", 0o600)
    assert path.read_bytes() == b"two"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    local.write(path, b"three", only_new=True)
    assert path.read_bytes() == b"two"
    assert [file.name for file in path.parent.iterdir()] == ["file"]


def test_the_key_is_private_and_stays(tmp_path):
    key = load_key(tmp_path)
    assert len(key) == 32
    assert load_key(tmp_path) == key
    assert stat.S_IMODE((tmp_path / KEY).stat().st_mode) == 0o600
    assert load_key(tmp_path / "other") != key


@pytest.mark.slow
def test_processes_that_make_the_key_at_once_agree(tmp_path):
    code = "import pathlib, sys; from qacrawl.redact import record; print(record.load_key(pathlib.Path(sys.argv[1])))"
    command = [sys.executable, "-c", code, str(tmp_path)]
    processes = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(4)]
    keys = {process.communicate()[0] for process in processes}
    assert keys == {f"{load_key(tmp_path)}\n"}


def test_one_of_several_writers_is_first_and_stays(tmp_path):
    code = "import pathlib, sys; from qacrawl.files import local; " + (
        "local.write(pathlib.Path(sys.argv[1], 'file'), sys.argv[2].encode() * 100_000, only_new=True)"
    )
    processes = [subprocess.Popen([sys.executable, "-c", code, str(tmp_path), letter]) for letter in "abc"]
    assert [process.wait() for process in processes] == [0, 0, 0]
    (path,) = tmp_path.iterdir()
    assert path.read_text() in {letter * 100_000 for letter in "abc"}


@pytest.mark.parametrize("text", ["", "short", "00" * 31, "zz" * 32, "\u00e4" * 64])
def test_a_damaged_key_is_an_error_and_is_left_alone(tmp_path, text):
    (tmp_path / KEY).write_text(text, encoding="utf-8")
    with pytest.raises(QacrawlError, match="holds no key"):
        load_key(tmp_path)
    assert (tmp_path / KEY).read_text(encoding="utf-8") == text


def test_a_killed_writer_leaves_only_what_sweep_removes(tmp_path):
    code = """
import os, signal, sys
from pathlib import Path
from support.making import record
from qacrawl import store
Path.rename = lambda self, target: os.kill(os.getpid(), signal.SIGKILL)
store.write_part(Path(sys.argv[1]), [record(1)])
"""
    env = os.environ | {"PYTHONPATH": str(ROOT / "tests")}
    done = subprocess.run([sys.executable, "-c", code, str(tmp_path)], env=env)
    assert done.returncode == -signal.SIGKILL
    (left,) = (tmp_path / "parts").iterdir()
    assert store.sweep(tmp_path / "parts", []) == [left.name]
