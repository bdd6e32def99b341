"""Writes responses as WARC 1.1 records, a gzip member each.

A run writes files of its own, `<run_id>-<number>.warc.gz`, and only ever appends to them.
"""

import io
import os
from collections.abc import Mapping
from datetime import UTC, datetime
from http import HTTPStatus
from io import FileIO
from pathlib import Path
from typing import Any

from isal import igzip
from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from qacrawl import files
from qacrawl.archive.warc import HOST, PURPOSE, SUFFIX, VISIT, Exchange, Place, as_bytes
from qacrawl.files import local

LARGEST = 1 << 30
"""Bytes after which a run begins its next file."""
LEVEL = 3
"""Of igzip: a fifth of the time of zlib's level 6 for 7 % more bytes."""
REVISIT = "http://netpreserve.org/warc/1.1/revisit/identical-payload-digest"


class Writer:
    """Writes the archive files of one run; the first is made with the first record."""

    def __init__(self, folder: Path, run_id: str, facts: Mapping[str, str] | None = None) -> None:
        self.folder = folder
        self.run_id = run_id
        self.facts = dict(facts or {})
        self.sizes: dict[str, int] = {}
        """Bytes in each file of this run."""
        self.in_force: dict[tuple[str, str | None], Exchange] = {}
        """The last robots.txt and tdmrep.json of each host: each file begins with them, so that it tells by itself what
        was said of the use of its pages."""
        self._file: FileIO | None = None

    @property
    def name(self) -> str:
        """The file that is written to."""
        return f"{self.run_id}-{len(self.sizes) - 1:05}{SUFFIX}"

    def write(self, exchange: Exchange) -> Place:
        """Append a response. Raise OSError when the disk refuses; then the file ends as before."""
        place = self._append(_response(exchange))
        if exchange.host:
            self.in_force[exchange.host, exchange.purpose] = exchange
        return place

    def write_revisit(self, exchange: Exchange, payload: str, refers_to: str, seen: datetime) -> Place:
        """Append a note that `exchange` shows the payload which `refers_to` had when it was `seen`."""
        record = _builder().create_revisit_record(
            exchange.url,
            digest=payload,
            refers_to_uri=refers_to,
            refers_to_date=_stamp(seen),
            http_headers=_http(exchange, unchanged=True),
            warc_headers_dict={"WARC-Date": _stamp(exchange.fetched_at)},
        )
        record.rec_headers.replace_header("WARC-Profile", REVISIT)
        return self._append(record)

    def _append(self, record: object) -> Place:
        file = self._open()
        offset = self.sizes[self.name]
        member = _member(record)
        try:
            _write(file, member)
        except OSError:
            file.seek(offset)
            file.truncate()  # behind half a record nothing could be read
            raise
        self.sizes[self.name] = offset + len(member)
        return Place(self.name, offset)

    def _open(self) -> FileIO:
        if self._file and self.sizes[self.name] < LARGEST:
            return self._file
        self._end_file()
        self.folder.mkdir(parents=True, exist_ok=True)
        name = f"{self.run_id}-{len(self.sizes):05}{SUFFIX}"
        facts = {"software": "qacrawl", "format": "WARC File Format 1.1", **self.facts}
        head = _member(_builder().create_warcinfo_record(name, facts))
        head += b"".join(_member(_response(exchange)) for exchange in self.in_force.values())
        # Unbuffered: what a failed write left in a buffer would be written at the next try.
        file = (self.folder / name).open("xb", buffering=0)
        try:
            _write(file, head)
            local.sync(self.folder)
        except OSError:
            file.close()
            (self.folder / name).unlink()
            raise
        self._file, self.sizes[name] = file, len(head)
        return file

    def sync(self) -> dict[str, int]:
        """Have all of it on disk, and in the bucket if there is one; return the bytes in each file of this run."""
        if self._file:
            os.fsync(self._file.fileno())
            if files.is_copy(self.folder):
                self._end_file()  # objects can't grow, so each batch has a file of its own
        return dict(self.sizes)

    def _end_file(self) -> None:
        if self._file:
            os.fsync(self._file.fileno())
            self._file.close()
            self._file = None
            files.put(self.folder / self.name)

    def close(self) -> None:
        """Close the file that is written to."""
        if self._file:
            self._file.close()
            self._file = None


def _response(exchange: Exchange) -> Any:
    """Return a response as a WARC record."""
    return _builder().create_warc_record(
        exchange.url,
        "response",
        payload=io.BytesIO(exchange.body),
        length=len(exchange.body),
        warc_headers_dict={
            "WARC-Date": _stamp(exchange.fetched_at),
            "WARC-Payload-Digest": exchange.payload,
            **({PURPOSE: exchange.purpose} if exchange.purpose else {}),
            **({HOST: exchange.host} if exchange.host else {}),
            **({} if exchange.visit is None else {VISIT: str(exchange.visit)}),
        },
        http_headers=_http(exchange),
    )


def _write(file: FileIO, data: bytes) -> None:
    """Write all of `data`: one call may write less where the disk is nearly full."""
    rest = memoryview(data)
    while rest:
        rest = rest[file.write(rest) or 0 :]


def _builder() -> WARCWriter:
    return WARCWriter(io.BytesIO(), gzip=False, warc_version="WARC/1.1")


def _member(record: object) -> bytes:
    """Return a record as a gzip member of its own."""
    plain = io.BytesIO()
    WARCWriter(plain, gzip=False, warc_version="WARC/1.1").write_record(record)
    return igzip.compress(plain.getvalue(), LEVEL, mtime=0)


def _stamp(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%fZ}"


# Twisted has undone these; a reader that believed them would misread the body.
_UNDONE = ("transfer-encoding", "content-length")


class _Head(StatusAndHeaders):  # type: ignore[misc]
    """Status line and headers of a response, byte for byte: warcio would percent-encode what is not ASCII."""

    def compute_headers_buffer(self, header_filter: Any = None) -> None:
        self.headers_buff = as_bytes(self.to_str(header_filter)) + b"\r\n"


def _http(exchange: Exchange, unchanged: bool = False) -> StatusAndHeaders:
    headers = [(name, value) for name, value in exchange.headers if name.lower() not in _UNDONE]
    if not unchanged:
        headers.append(("Content-Length", str(len(exchange.body))))
    try:
        phrase = HTTPStatus(exchange.status).phrase
    except ValueError:
        phrase = "Unknown"
    return _Head(f"{exchange.status} {phrase}", headers, protocol="HTTP/1.1")
