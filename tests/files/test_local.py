"""Files in a plain folder appear whole or not at all, and what fails leaves nothing beside them."""

import os
import signal
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from support.places import ROOT

from qacrawl import files
from qacrawl.files import local


class Cut(Exception):
    """What ends a write in the middle."""


def tree(folder: Path) -> dict[str, bytes]:
    """What lies below a folder."""
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def write_file(path: Path, cut: bool = False) -> None:
    """Write a file in the place of `path`, or half of it."""
    with local.replacing(path) as unfinished:
        unfinished.write_bytes(b"ne")
        if cut:
            raise Cut
        unfinished.write_bytes(b"new")


def write_tree(path: Path, cut: bool = False) -> None:
    """Make a tree in the place of `path`, or half of it."""
    with local.replacing(path) as unfinished:
        (unfinished / "below").mkdir(parents=True)
        write_file(unfinished / "below" / "file", cut)


@pytest.fixture
def old(tmp_path) -> Path:
    """A file that is there already."""
    path = tmp_path / "file"
    path.write_bytes(b"old")
    return path


# One at a time: a file, a tree, a link


def test_a_file_is_seen_as_it_was_until_it_is_whole(old):
    with local.replacing(old) as unfinished:
        unfinished.write_bytes(b"new")
        assert old.read_bytes() == b"old"
    assert tree(old.parent) == {"file": b"new"}


def test_a_tree_has_its_name_when_it_is_whole(tmp_path):
    path = tmp_path / "tree"
    with local.replacing(path) as unfinished:
        (unfinished / "below").mkdir(parents=True)
        (unfinished / "below" / "file").write_bytes(b"new")
        assert not path.exists()
    assert tree(tmp_path) == {"tree/below/file": b"new"}


@pytest.mark.parametrize("target", ["there", "not-there"])
def test_a_link_points_elsewhere_in_one_step(tmp_path, target):
    (tmp_path / "there").mkdir()
    link = tmp_path / "link"
    link.symlink_to("before")
    with local.replacing(link) as unfinished:
        unfinished.symlink_to(target)
        assert link.readlink() == Path("before")
    assert link.readlink() == Path(target)
    assert {path.name for path in tmp_path.iterdir()} == {"there", "link"}


def test_a_cut_write_leaves_the_old_file(old):
    with pytest.raises(Cut):
        write_file(old, cut=True)
    assert tree(old.parent) == {"file": b"old"}


def test_a_cut_tree_leaves_nothing(tmp_path):
    with pytest.raises(Cut):
        write_tree(tmp_path / "tree", cut=True)
    assert list(tmp_path.iterdir()) == []


def test_a_block_that_makes_nothing_fails_and_leaves_the_old_file(old):
    with pytest.raises(FileNotFoundError), local.replacing(old):
        pass
    assert tree(old.parent) == {"file": b"old"}


def test_only_new_leaves_a_file_that_came_meanwhile(tmp_path):
    path = tmp_path / "file"
    with local.replacing(path, only_new=True) as unfinished:
        unfinished.write_bytes(b"second")
        path.write_bytes(b"first")
    assert tree(tmp_path) == {"file": b"first"}


# Renames that fail: real ones, a folder with something in it stands where the name should be


@pytest.fixture
def in_the_way(tmp_path) -> Path:
    """A path that no file can take."""
    path = tmp_path / "name"
    path.mkdir()
    (path / "kept").write_bytes(b"old")
    return path


def test_a_failing_rename_leaves_no_unfinished_file(in_the_way):
    with pytest.raises(OSError, match="directory"):
        files.write(in_the_way, b"new")
    assert tree(in_the_way.parent) == {"name/kept": b"old"}


def test_a_failing_rename_leaves_no_unfinished_tree(in_the_way):
    with pytest.raises(OSError, match="not empty"):
        write_tree(in_the_way)
    assert tree(in_the_way.parent) == {"name/kept": b"old"}
    assert [path.name for path in in_the_way.parent.iterdir()] == ["name"]


# What is called by all other modules


def test_what_is_written_has_its_mode_and_so_has_what_replaces_it(tmp_path):
    path = tmp_path / "new" / "file"
    for content in (b"one", b"two"):
        files.write(path, content, 0o600)
        assert (path.read_bytes(), stat.S_IMODE(path.stat().st_mode)) == (content, 0o600)


def test_who_is_first_is_agreed_with(tmp_path):
    path = tmp_path / "key"
    files.agree(path, b"first", 0o600)
    files.agree(path, b"second", 0o600)
    assert (path.read_bytes(), stat.S_IMODE(path.stat().st_mode)) == (b"first", 0o600)
    assert [found.name for found in tmp_path.iterdir()] == ["key"]


def test_a_plain_folder_is_all_there_is(tmp_path):
    folder = files.folder(str(tmp_path), "site")
    assert (folder, list(tmp_path.iterdir())) == (tmp_path / "site", [])
    path = folder / "parts" / "file"
    assert files.read(path) == b""
    files.write(path, b"content")
    assert files.read(path) == b"content"
    assert files.fetch(path) == path
    assert files.fetch_tree(folder / "snapshots") == folder / "snapshots"
    files.put(path)
    files.put_tree(folder)
    files.point(folder, "snapshot", None)
    assert (files.is_copy(folder), files.pointer(folder), files.dataset(str(folder))) == (False, ("", None), folder)
    files.catch_up(folder)
    assert tree(tmp_path) == {"site/parts/file": b"content"}
    files.remove(path)
    files.remove(path)
    assert tree(tmp_path) == {}


@pytest.mark.parametrize("kind", ["file", "tree"])
def test_what_a_kill_leaves_is_swept_and_nothing_else(old, kind):
    code = f"""
import os, signal, sys
from pathlib import Path
from qacrawl.files import local
with local.replacing(Path(sys.argv[1])) as unfinished:
    path = unfinished if {kind!r} == "file" else unfinished / "below"
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(b"ne")
    os.kill(os.getpid(), signal.SIGKILL)
"""
    done = subprocess.run([sys.executable, "-c", code, str(old)], env=os.environ | {"PYTHONPATH": str(ROOT)})
    assert done.returncode == -signal.SIGKILL
    other = old.with_name(".other.0.tmp")
    other.write_bytes(b"")
    assert len(list(old.parent.iterdir())) == 3
    local.sweep(old.parent, old.name)
    assert tree(old.parent) == {"file": b"old", other.name: b""}
    assert len(list(old.parent.iterdir())) == 2
