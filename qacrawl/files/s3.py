"""Buckets on S3 that hold the finished files of a folder, under the same names. Nobody but `qacrawl.files` calls this.

Which folder has a bucket is known by `mirror`. For a path in any other folder, the functions here do nothing. Each of
them raises OSError, in one line, when the bucket can't be had.
"""

import io
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, BinaryIO, cast

from qacrawl.errors import Exit, QacrawlError
from qacrawl.files import local

SCHEME = "s3://"
RANGE = 8 << 20
"""Bytes of an object that are asked for at a time."""


@dataclass(frozen=True)
class Bucket:
    """Where in a bucket a folder has its counterpart."""

    client: Any
    name: str
    prefix: str

    def key(self, name: str) -> str:
        """Return the key of a file by its name below the folder."""
        return f"{self.prefix}/{name}" if self.prefix else name


# By the local folder; a process works on one or two.
_mirrors: dict[Path, Bucket] = {}


def mirror(place: PurePosixPath) -> Path:
    """Return the local folder whose files are to be kept at `place`, a bucket and a prefix; it need not exist.

    It lies below the variable QACRAWL_WORK, else ~/.cache/qacrawl. Raise QacrawlError for a place that is none, and
    where boto3 is not installed.
    """
    parts = place.parts
    if len(parts[0]) < 3 or ".." in parts:
        raise QacrawlError(f"{SCHEME}{place} is no bucket with a prefix", Exit.USAGE)
    work = Path(os.environ.get("QACRAWL_WORK") or "~/.cache/qacrawl").expanduser()
    folder = work.joinpath(*parts).absolute()
    _mirrors[folder] = Bucket(_client(), parts[0], "/".join(parts[1:]))
    return folder


def beside(folder: Path, name: str) -> Path:
    """Return the folder `name` beside another one, kept in the same bucket where that one is."""
    place = folder.parent / name
    if (bucket := _mirrors.get(folder)) and place not in _mirrors:
        _mirrors[place] = Bucket(bucket.client, bucket.name, str(PurePosixPath(bucket.prefix).parent / name))
    return place


def _client() -> Any:
    try:
        import boto3
    except ImportError:
        raise QacrawlError("output on S3 needs `pip install 'qacrawl[s3]'`", Exit.USAGE) from None
    return boto3.client("s3")


def is_mirrored(path: Path) -> bool:
    """Return whether a folder, or the one that a file lies in, has a bucket."""
    return _find(path) is not None


def address(path: Path) -> str:
    """Return the address of a file in its bucket, for messages."""
    found = _find(path)
    return f"{SCHEME}{found[0].name}/{found[0].key(found[1])}" if found else str(path)


def put(path: Path) -> None:
    """Upload a file."""
    if found := _find(path):
        bucket, name = found
        with _errors(bucket, name):
            bucket.client.upload_file(str(path), bucket.name, bucket.key(name))


def put_if(path: Path, body: bytes, before: str | None) -> bool:
    """Make an object of that name, or replace its version `before`; whether it was still so (None: no object)."""
    found = _find(path)
    if not found:
        return True
    from botocore.exceptions import ClientError

    bucket, name = found
    condition = {"IfMatch": before} if before else {"IfNoneMatch": "*"}
    with _errors(bucket, name):
        try:
            bucket.client.put_object(Bucket=bucket.name, Key=bucket.key(name), Body=body, **condition)
        except ClientError as error:
            if error.response.get("ResponseMetadata", {}).get("HTTPStatusCode") in (409, 412):
                return False
            raise
    return True


def get(path: Path) -> None:
    """Download a file that is not there, whole or not at all."""
    found = _find(path)
    if found and not path.exists():
        bucket, name = found
        path.parent.mkdir(parents=True, exist_ok=True)
        with local.replacing(path) as unfinished, _errors(bucket, name):
            bucket.client.download_file(bucket.name, bucket.key(name), str(unfinished))


def get_tree(folder: Path) -> None:
    """Download all files below a folder that is not there, whole or not at all; nothing where there is none."""
    found = _find(folder)
    if not found or folder.exists():
        return
    bucket, name = found
    with _errors(bucket, name):
        keys = list(_keys(bucket, f"{name}/"))
    if not keys:
        return
    folder.parent.mkdir(parents=True, exist_ok=True)
    with local.replacing(folder) as unfinished, _errors(bucket, name):
        for key in keys:
            target = unfinished / key.removeprefix(bucket.key(f"{name}/"))
            target.parent.mkdir(parents=True, exist_ok=True)
            bucket.client.download_file(bucket.name, key, str(target))


def has_tree(folder: Path) -> bool:
    """Return whether the bucket has files below a folder."""
    found = _find(folder)
    if not found:
        return False
    bucket, name = found
    with _errors(bucket, name):
        return next(_keys(bucket, f"{name}/"), None) is not None


def has(path: Path) -> bool:
    """Whether the bucket has a file."""
    found = _find(path)
    if not found:
        return False
    bucket, name = found
    with _errors(bucket, name):
        return bucket.key(name) in _keys(bucket, name)


def delete(path: Path) -> None:
    """Delete the object of a file."""
    if found := _find(path):
        bucket, name = found
        with _errors(bucket, name):
            bucket.client.delete_object(Bucket=bucket.name, Key=bucket.key(name))


def read(path: Path) -> tuple[bytes, str | None]:
    """Return the content of a file's object now, and its version; nothing and None where there is no object."""
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
    """Return the names, below `folder`, of all objects that the bucket has of it."""
    bucket = _mirrors[folder.absolute()]
    with _errors(bucket, ""):
        return [key.removeprefix(bucket.key("")) for key in _keys(bucket, "")]


class Object(io.RawIOBase):
    """An object that is read from where it is, a range at a time."""

    def __init__(self, bucket: Bucket, key: str) -> None:
        self.bucket = bucket
        self.name = key
        self.at = 0
        with _errors(bucket, key):
            self.head: dict[str, Any] = bucket.client.head_object(Bucket=bucket.name, Key=key)
        self.size = int(self.head["ContentLength"])

    def readable(self) -> bool:
        """Return that it can be read."""
        return True

    def seekable(self) -> bool:
        """Return that it can be read from anywhere."""
        return True

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Go to an offset; return it from the start."""
        self.at = offset + {os.SEEK_SET: 0, os.SEEK_CUR: self.at, os.SEEK_END: self.size}[whence]
        return self.at

    def readinto(self, target: Any) -> int:
        """Read what fits into `target`."""
        end = min(self.at + len(target), self.size)
        if self.at >= end:
            return 0
        span = f"bytes={self.at}-{end - 1}"
        with _errors(self.bucket, self.name):
            answer = self.bucket.client.get_object(Bucket=self.bucket.name, Key=self.name, Range=span)
            piece = answer["Body"].read()
        target[: len(piece)] = piece
        self.at += len(piece)
        return len(piece)


def opened(place: PurePosixPath) -> BinaryIO:
    """Open an object by its bucket and key."""
    return cast(BinaryIO, io.BufferedReader(_object(place), RANGE))


def version(place: PurePosixPath) -> str:
    """Return the ETag and the size of an object."""
    found = _object(place)
    return f"{found.head['ETag']} {found.size}"


def listed(place: PurePosixPath) -> list[str]:
    """Return the addresses of the objects whose keys are this one, or lie below it."""
    bucket = Bucket(_client(), place.parts[0], "")
    prefix = "/".join(place.parts[1:])
    with _errors(bucket, prefix):
        keys = [key for key in _keys(bucket, prefix) if key == prefix or key.startswith(f"{prefix}/" if prefix else "")]
    return [f"{SCHEME}{bucket.name}/{key}" for key in keys]


def _object(place: PurePosixPath) -> Object:
    return Object(Bucket(_client(), place.parts[0], ""), "/".join(place.parts[1:]))


def _find(path: Path) -> tuple[Bucket, str] | None:
    """Return the bucket of a path, and its name there below the site's prefix."""
    path = path.absolute()
    for folder, bucket in _mirrors.items():
        if path.is_relative_to(folder):
            return bucket, path.relative_to(folder).as_posix()
    return None


def _keys(bucket: Bucket, name: str) -> Iterator[str]:
    pages = bucket.client.get_paginator("list_objects_v2").paginate(Bucket=bucket.name, Prefix=bucket.key(name))
    for page in pages:
        yield from (entry["Key"] for entry in page.get("Contents", ()))


@contextmanager
def _errors(bucket: Bucket, name: str) -> Iterator[None]:
    """Have errors of boto3 be an OSError, in one line."""
    from boto3.exceptions import Boto3Error
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        yield
    except (BotoCoreError, Boto3Error, ClientError) as error:
        line = " ".join(str(error).split())
        raise OSError(f"{SCHEME}{bucket.name}/{bucket.key(name)}: {line}") from None
