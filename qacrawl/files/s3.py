"""Output on S3: a local folder holds what is being made, the bucket what is finished, under the same names.

Files are made and synced locally, uploaded whole under their final names, and only then committed. What is asked for
and not there is downloaded. Which snapshot is the dataset says the object `dataset`, moved by a conditional PUT.
"""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any
from uuid import uuid4

from filelock import FileLock

from qacrawl.errors import Exit, QacrawlError
from qacrawl.files import local

SCHEME = "s3://"
POINTER = "dataset"
TAKEN_OUT = "taken-out"
"""Object that is another one after each time that pages were taken out of the bucket."""


@dataclass(frozen=True)
class Bucket:
    """Where in a bucket a folder has its counterpart."""

    client: Any
    name: str
    prefix: str

    def key(self, name: str) -> str:
        """The key of a file by its name below the folder."""
        return f"{self.prefix}/{name}" if self.prefix else name


# By the local folder; a process works on one or two.
_mirrors: dict[Path, Bucket] = {}


def folder(output: str, site: str) -> Path:
    """The folder of `site` in `output`: below a local folder, or the working copy of s3://bucket/prefix.

    Working copies lie below the variable QACRAWL_WORK, else ~/.cache/qacrawl. Raises QacrawlError for an address that
    is none, and where boto3 is not installed.
    """
    if not output.startswith(SCHEME):
        return Path(output) / site
    return _mirror(PurePosixPath(output.removeprefix(SCHEME)) / site)


def _mirror(place: PurePosixPath) -> Path:
    parts = place.parts
    if len(parts[0]) < 3 or ".." in parts:
        raise QacrawlError(f"{SCHEME}{place} is no bucket with a prefix", Exit.USAGE)
    work = Path(os.environ.get("QACRAWL_WORK") or "~/.cache/qacrawl").expanduser()
    folder = work.joinpath(*parts).absolute()
    _mirrors[folder] = Bucket(_client(), parts[0], "/".join(parts[1:]))
    _catch_up(folder)
    return folder


def _catch_up(folder: Path) -> None:
    """Delete copies made before pages were taken out on another machine: they may hold them.

    Unfinished files stay, and an archive file that never reached the bucket (`recovery.py` reads it). No run can be
    at work here that began before: taking out excludes all.
    """
    now, seen = read(folder / TAKEN_OUT).decode(), folder / TAKEN_OUT
    if not now or (seen.exists() and seen.read_text() == now):
        return
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with FileLock(folder / "copies.lock"):
        if seen.exists() and seen.read_text() == now:
            return  # another process of this machine did it, and may have begun to make new files
        for name in names(folder):
            if name.startswith("archive/"):
                (folder / name).unlink(missing_ok=True)
        for path in [*folder.glob("parts/part-*.parquet"), *folder.glob("rejects/part-*.parquet"), folder / POINTER]:
            path.unlink(missing_ok=True)
        clear(folder / "snapshots")
        local.write(seen, now.encode())


def note_taken_out(folder: Path) -> None:
    """Have the copies on other machines deleted when qacrawl next runs there. Raises OSError when that fails."""
    local.write(folder / TAKEN_OUT, uuid4().hex.encode())
    put(folder / TAKEN_OUT)


def _client() -> Any:
    try:
        import boto3
    except ImportError:
        raise QacrawlError("output on S3 needs `pip install 'qacrawl[s3]'`", Exit.USAGE) from None
    return boto3.client("s3")


def is_mirrored(folder: Path) -> bool:
    """Whether a site's folder has a counterpart in a bucket."""
    return folder.absolute() in _mirrors


def put(path: Path) -> None:
    """Upload a finished file, if its folder is mirrored. Raises OSError when that fails."""
    found = _find(path)
    if found:
        bucket, name = found
        with _errors(bucket, name):
            bucket.client.upload_file(str(path), bucket.name, bucket.key(name))


def put_tree(folder: Path) -> None:
    """Upload all files below a folder."""
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            put(path)


def get(path: Path) -> Path:
    """`path`, downloaded if it is not there and its folder is mirrored. Raises OSError when that fails."""
    found = _find(path)
    if found and not path.exists():
        bucket, name = found
        path.parent.mkdir(parents=True, exist_ok=True)
        unfinished = path.with_name(f".{path.name}.{uuid4().hex}.tmp")
        try:
            with _errors(bucket, name):
                bucket.client.download_file(bucket.name, bucket.key(name), str(unfinished))
            unfinished.rename(path)
        finally:
            unfinished.unlink(missing_ok=True)
    return path


def get_tree(folder: Path) -> Path:
    """`folder` with all its files, downloaded whole or not at all if it is not there."""
    found = _find(folder)
    if not found or folder.exists():
        return folder
    bucket, name = found
    unfinished = folder.with_name(f".{folder.name}.{uuid4().hex}.tmp")
    with _errors(bucket, name):
        for key in _keys(bucket, f"{name}/"):
            target = unfinished / key.removeprefix(bucket.key(f"{name}/"))
            target.parent.mkdir(parents=True, exist_ok=True)
            bucket.client.download_file(bucket.name, key, str(target))
    if unfinished.exists():
        unfinished.rename(folder)
    return folder


def drop(path: Path) -> None:
    """Delete a file, here and in the bucket."""
    path.unlink(missing_ok=True)
    if found := _find(path):
        bucket, name = found
        with _errors(bucket, name):
            bucket.client.delete_object(Bucket=bucket.name, Key=bucket.key(name))


def agree(path: Path) -> None:
    """Upload a file that must be the same everywhere, or take over the one that somebody uploaded before."""
    found = _find(path)
    if not found:
        return
    bucket, name = found
    with _errors(bucket, name):
        put = _put_if(bucket, name, path.read_bytes(), None)
    if not put:
        local.write(path, read(path), path.stat().st_mode & 0o777)


def read(path: Path) -> bytes:
    """What the bucket has under the name of `path` now; nothing where there is none. Raises OSError when that fails."""
    return _object(path)[0]


def _object(path: Path) -> tuple[bytes, str | None]:
    """The bucket's object of that name, and its version; nothing and None where there is no object, or no bucket."""
    found = _find(path)
    if not found:
        return b"", None
    bucket, name = found
    with _errors(bucket, name):
        try:
            answer = bucket.client.get_object(Bucket=bucket.name, Key=bucket.key(name))
        except bucket.client.exceptions.NoSuchKey:
            return b"", None
        return answer["Body"].read(), answer["ETag"]


def names(folder: Path) -> list[str]:
    """The names, below `folder`, of all objects that the bucket has of it. Raises OSError when that fails."""
    bucket = _mirrors[folder.absolute()]
    with _errors(bucket, ""):
        return [key.removeprefix(bucket.key("")) for key in _keys(bucket, "")]


def pointer(folder: Path) -> tuple[str, str | None]:
    """The snapshot that the bucket's `dataset` names, and the object's version; ("", None) where there is none."""
    said, version = _object(folder / POINTER)
    return said.decode().strip().removeprefix("snapshots/"), version


def point(folder: Path, snapshot: str, before: str | None) -> None:
    """Have the bucket's `dataset` name a snapshot, unless it was moved since its version was `before`.

    Raises QacrawlError(Exit.LOCKED) if it was: then another publisher has won.
    """
    found = _find(folder / POINTER)
    if not found:
        return
    bucket, name = found
    with _errors(bucket, name):
        moved = _put_if(bucket, name, f"snapshots/{snapshot}\n".encode(), before)
    if not moved:
        raise QacrawlError(
            f"another publisher moved s3://{bucket.name}/{bucket.key(name)} meanwhile; publish again", Exit.LOCKED
        )


def dataset(address: str) -> Path:
    """A working copy of the dataset at s3://bucket/prefix: a snapshot, or the folder of a site that has published."""
    place = PurePosixPath(address.removeprefix(SCHEME))
    if place.parent.name == "snapshots":
        return get_tree(_mirror(place.parent.parent) / "snapshots" / place.name)
    folder = _mirror(place)
    name, _ = pointer(folder)
    return get_tree(folder / "snapshots" / name) if name else folder


def clear(folder: Path) -> None:
    """Delete a working copy."""
    shutil.rmtree(folder, ignore_errors=True)


def _find(path: Path) -> tuple[Bucket, str] | None:
    """The bucket of a path, and its name there below the site's prefix."""
    path = path.absolute()
    for folder, bucket in _mirrors.items():
        if path.is_relative_to(folder):
            return bucket, path.relative_to(folder).as_posix()
    return None


def _keys(bucket: Bucket, name: str) -> Iterator[str]:
    pages = bucket.client.get_paginator("list_objects_v2").paginate(Bucket=bucket.name, Prefix=bucket.key(name))
    for page in pages:
        yield from (entry["Key"] for entry in page.get("Contents", ()))


def _put_if(bucket: Bucket, name: str, body: bytes, before: str | None) -> bool:
    """Put an object if its version is still `before` (None: if there is none); whether that was so."""
    from botocore.exceptions import ClientError

    condition = {"IfMatch": before} if before else {"IfNoneMatch": "*"}
    try:
        bucket.client.put_object(Bucket=bucket.name, Key=bucket.key(name), Body=body, **condition)
    except ClientError as error:
        if error.response.get("ResponseMetadata", {}).get("HTTPStatusCode") in (409, 412):
            return False
        raise
    return True


@contextmanager
def _errors(bucket: Bucket, name: str) -> Iterator[None]:
    """boto3's errors as OSError, in one line."""
    from boto3.exceptions import Boto3Error
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        yield
    except (BotoCoreError, Boto3Error, ClientError) as error:
        line = " ".join(str(error).split())
        raise OSError(f"s3://{bucket.name}/{bucket.key(name)}: {line}") from None
