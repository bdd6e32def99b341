"""A site's files, wherever they are kept: in a folder, or in a bucket that a folder here is the working copy of.

All other modules call this one, and it alone knows the difference. Files are made and synced in the folder, uploaded
whole under their final names, and only then committed. What is asked for and not here is downloaded. Which snapshot
is the dataset says a link in a folder, and in a bucket the object `dataset`, moved by a conditional PUT.
Whatever is uploaded or downloaded raises OSError when that fails.
"""

import hashlib
import os
import shutil
from pathlib import Path, PurePosixPath
from typing import BinaryIO
from uuid import uuid4

from filelock import FileLock

from qacrawl.errors import Exit, QacrawlError
from qacrawl.files import local, s3

POINTER = "dataset"
SNAPSHOTS = "snapshots"
JOURNAL = "forget.json"
"""File that says which pages are being taken out."""
TAKEN_OUT = "taken-out"
"""File whose content changes each time that pages were taken out: who has seen another content holds stale copies."""


def folder(output: str, site: str) -> Path:
    """Return the folder of `site` in `output`: below a local folder, or the working copy of s3://bucket/prefix.

    Nothing is made or changed. Raise QacrawlError for an address that is none, and where boto3 is not installed.
    """
    if not output.startswith(s3.SCHEME):
        return Path(output) / site
    return s3.mirror(PurePosixPath(output.removeprefix(s3.SCHEME)) / site)


def beside(folder: Path, name: str) -> Path:
    """Return the folder `name` beside that of a site: in the same output folder, or of the same bucket.

    Nothing is made.
    """
    return s3.beside(folder, name)


def dataset(address: str) -> Path | None:
    """Return the snapshot at an address, fetched, or the folder of a site that has published.

    Return None if the bucket has none.

    A local address is returned as it is. What is here but not in the bucket any more was taken out and is not read.
    """
    if not address.startswith(s3.SCHEME):
        return Path(address)
    place = PurePosixPath(address.removeprefix(s3.SCHEME))
    if place.parent.name == SNAPSHOTS:
        site, name = s3.mirror(place.parent.parent), place.name
    else:
        site = s3.mirror(place)
        name, _ = pointer(site)
    snapshot = site / SNAPSHOTS / name
    return fetch_tree(snapshot) if name and s3.has_tree(snapshot) else None


def is_copy(folder: Path) -> bool:
    """Return whether a folder is the working copy of what a bucket holds."""
    return s3.is_mirrored(folder)


def catch_up(folder: Path) -> None:
    """Delete working copies made before pages were taken out on another machine: they may hold them.

    Call it when a site is opened for work. Unfinished files stay, and an archive file that never reached the bucket
    (`recovery.py` reads it). No run can be at work here that began before: taking out excludes all.
    """
    if not is_copy(folder):
        return
    now, seen = read(folder / TAKEN_OUT).decode(), folder / TAKEN_OUT
    if not now or (seen.exists() and seen.read_text() == now):
        return
    folder.mkdir(parents=True, exist_ok=True)
    with FileLock(folder / "copies.lock"):
        if seen.exists() and seen.read_text() == now:
            return  # another process of this machine did it, and may have begun to make new files
        stale = [folder / name for name in names(folder) if name.startswith("archive/")]
        stale += [*folder.glob("parts/part-*.parquet"), *folder.glob("rejects/part-*.parquet")]
        for path in (*stale, folder / POINTER, folder / JOURNAL):
            path.unlink(missing_ok=True)
        shutil.rmtree(folder / SNAPSHOTS, ignore_errors=True)
        local.write(seen, now.encode())


def note_taken_out(folder: Path) -> None:
    """Have other machines delete their working copies: each does when the site is next opened for work there."""
    write(folder / TAKEN_OUT, uuid4().hex.encode())


def write(path: Path, content: bytes, mode: int = 0o666) -> None:
    """Write a file that others see as it was or as it will be, never in between, and upload it; its folder is made."""
    local.write(path, content, mode)
    put(path)


def agree(path: Path, content: bytes, mode: int = 0o666) -> None:
    """Write a file that must be the same everywhere, unless somebody was first: then theirs is taken over."""
    if not s3.put_if(path, content, None):
        content = read(path)
    local.write(path, content, mode, only_new=True)


def put(path: Path) -> None:
    """Upload a file that something else has written under its name; it is finished and synced."""
    s3.put(path)


def put_tree(folder: Path) -> None:
    """Upload all files below a folder."""
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            put(path)


def fetch(path: Path) -> Path:
    """Return `path`, downloaded if it is not here."""
    s3.get(path)
    return path


def fetch_if(path: Path) -> Path:
    """Return `path`, downloaded if it is not here but in the bucket."""
    if is_copy(path) and not path.exists() and s3.has(path):
        s3.get(path)
    return path


def below(folder: Path, name: str) -> list[Path]:
    """Return all files below a folder of a site's folder, also those that only the bucket has."""
    found = {path for path in (folder / name).rglob("*") if path.is_file()}
    if is_copy(folder):
        found |= {folder / one for one in names(folder) if one.startswith(f"{name}/")}
    return sorted(found)


def fetch_tree(folder: Path) -> Path:
    """Return `folder` with all its files, downloaded whole or not at all if it is not here."""
    s3.get_tree(folder)
    return folder


def remove(path: Path) -> None:
    """Delete a file, here and in the bucket."""
    path.unlink(missing_ok=True)
    s3.delete(path)


def read(path: Path) -> bytes:
    """Return what a file holds now, for a working copy by the word of the bucket.

    Return nothing where there is no such file.
    """
    if s3.is_mirrored(path):
        return s3.read(path)[0]
    return path.read_bytes() if path.exists() else b""


def opened(address: str) -> BinaryIO:
    """Open a file to be read: a path, or an object of a bucket, which is downloaded a piece at a time."""
    if address.startswith(s3.SCHEME):
        return s3.opened(PurePosixPath(address.removeprefix(s3.SCHEME)))
    return Path(address).open("rb")


def listed(address: str) -> list[str]:
    """Return the addresses of all files below a folder, or of all objects whose keys begin like an address."""
    if address.startswith(s3.SCHEME):
        return s3.listed(PurePosixPath(address.removeprefix(s3.SCHEME)))
    return sorted(str(path) for path in Path(address).rglob("*") if path.is_file())


def digest(address: str) -> str:
    """Return what tells one content of a file from another: its SHA-256, of an object its ETag and size."""
    if address.startswith(s3.SCHEME):
        return s3.version(PurePosixPath(address.removeprefix(s3.SCHEME)))
    with Path(address).open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def size(address: str) -> int:
    """Return the bytes of a file, or of an object."""
    with opened(address) as file:
        return file.seek(0, os.SEEK_END)


def names(folder: Path) -> list[str]:
    """Return the names, below a working copy, of all files that the bucket has of it."""
    return s3.names(folder)


def pointer(folder: Path) -> tuple[str, str | None]:
    """Return the snapshot that the bucket's `dataset` names, and the object's version.

    ("", None) where there is none.
    """
    said, version = s3.read(folder / POINTER)
    return said.decode().strip().removeprefix(f"{SNAPSHOTS}/"), version


def point(folder: Path, snapshot: str, before: str | None) -> None:
    """Have the bucket's `dataset` name a snapshot, unless it was moved since its version was `before`.

    Raise QacrawlError(Exit.LOCKED) if it was: then another publisher has won.
    """
    path = folder / POINTER
    if not s3.put_if(path, f"{SNAPSHOTS}/{snapshot}\n".encode(), before):
        raise QacrawlError(f"another publisher moved {s3.address(path)} meanwhile; publish again", Exit.LOCKED)
