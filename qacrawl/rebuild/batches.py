"""A WARC file to Arrow record batches: what pool and cluster call for each file, and what a library may call."""

from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import Any, NamedTuple

import pyarrow as pa

from qacrawl import files, schema
from qacrawl.errors import refusal
from qacrawl.reader.messages import Result, Setup
from qacrawl.reader.series import Series
from qacrawl.rebuild.pages import Wanted, pages
from qacrawl.records import Listing, Page, QARecord, Refusal, Reject

RECORD, REJECT, LISTING, DAMAGE = "record", "reject", "listing", "damage"
STEP = 1000
"""Rows of a batch, at most."""
_FACTS = ("site", "url", "fetched_at", "run_id", "warc_file", "warc_offset")
"""What a row says of a listing."""

COLUMNS: pa.Schema = pa.schema(
    [
        pa.field("kind", pa.string(), nullable=False),
        pa.field("reason", pa.string()),
        pa.field("fields", pa.list_(pa.field("element", pa.string(), nullable=False))),
        *(field.with_nullable(True) for field in schema.ARROW),
    ],
    schema.ARROW.metadata,
)
"""Of a batch: `kind` is record, reject, listing or damage; a row has the columns of its kind, the others are null.

A damage is a stretch that can't be read: `warc_file`, `warc_offset`, and `reason` in words.
"""


class Piece(NamedTuple):
    """A file of the archive, or some of it."""

    address: str
    """Path, or s3://bucket/key."""
    name: str
    """What records call it."""
    ours: bool = False
    """Whether it lies in our own archive."""
    start: int = 0
    end: int | None = None
    """Records that begin here or later are not of it."""


def iter_batches(piece: Piece | str, setup: Setup, wanted: Wanted | None = None) -> Iterator[pa.RecordBatch]:
    """Yield what a WARC file comes to, in batches of COLUMNS; the rows of a batch are of one kind.

    The same file, setup and parser give the same rows; nothing else is read or written. A file that can't be opened
    is one row of damage.
    """
    piece = Piece(piece, piece.rpartition("/")[2]) if isinstance(piece, str) else piece
    made = Rows(piece.name)
    asked: list[Page] = []
    for result in reader(setup).results(_noted(made.pages(piece, wanted or Wanted(setup.site)), asked)):
        made.add(result, asked.pop(0))
        yield from made.batches(STEP)
    yield from made.batches(1)


def _noted(found: Iterator[Page], asked: list[Page]) -> Iterator[Page]:
    """Yield pages, and note them until they are answered."""
    for page in found:
        asked.append(page)
        yield page


@cache
def reader(setup: Setup) -> Series:
    """Return what reads the pages of all files that this process is given; it ends with this process."""
    return Series(setup)


class Rows:
    """Rows of a file that wait to become batches."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.records: list[QARecord] = []
        self.rejects: list[Reject] = []
        self.listings: list[Page] = []
        self.damages: list[tuple[int, str]] = []

    def pages(self, piece: Piece, wanted: Wanted) -> Iterator[Page]:
        """Yield the pages of a file, and keep what is damaged."""
        try:
            with files.opened(piece.address) as file:
                for place, one in pages(file, piece.name, wanted, ours=piece.ours, start=piece.start, end=piece.end):
                    if isinstance(one, Page):
                        yield one
                    else:
                        self.damaged(place, one.reason)
        except OSError as error:
            self.damaged(piece.start, f"can't be read: {refusal(error)}")

    def damaged(self, place: int, reason: str) -> None:
        """Add a stretch that can't be read."""
        self.damages.append((place, reason))

    def add(self, result: Result | Refusal, page: Page) -> None:
        """Add what a page came to."""
        if isinstance(result, QARecord):
            self.records.append(result)
        elif isinstance(result, Reject):
            self.rejects.append(result)
        elif isinstance(result, Listing):
            self.listings.append(page.model_copy(update={"body": b""}))

    def batches(self, least: int) -> Iterator[pa.RecordBatch]:
        """Yield as batches what there are `least` rows of."""
        if len(self.records) >= least:
            yield _batch(RECORD, schema.record_table(self.records))
            self.records = []
        if len(self.rejects) >= least:
            yield _batch(REJECT, schema.reject_table(self.rejects))
            self.rejects = []
        if len(self.listings) >= least:
            rows = [{name: getattr(page, name) for name in _FACTS} for page in self.listings]
            yield _batch(LISTING, _table(rows))
            self.listings = []
        if len(self.damages) >= least:
            found = [{"warc_file": self.name, "warc_offset": at, "reason": why} for at, why in self.damages]
            yield _batch(DAMAGE, _table(found))
            self.damages = []


def _table(rows: Sequence[Mapping[str, object]]) -> pa.Table:
    """Return rows as a table of those of COLUMNS that they have."""
    return pa.Table.from_pylist(rows, pa.schema([COLUMNS.field(name) for name in rows[0]]))


def _batch(kind: str, table: pa.Table) -> pa.RecordBatch:
    """Return a table as one batch of COLUMNS."""
    rows = table.num_rows
    columns: list[Any] = [pa.array([kind], pa.string()).take(pa.array([0] * rows))]
    for field in list(COLUMNS)[1:]:
        known = field.name in table.column_names
        columns.append(table[field.name].combine_chunks() if known else pa.nulls(rows, field.type))
    return pa.RecordBatch.from_arrays([_flat(column) for column in columns], schema=COLUMNS)


def _flat(column: Any) -> Any:
    """Return a column as one array."""
    return column.chunk(0) if isinstance(column, pa.ChunkedArray) else column


def select(batch: pa.RecordBatch, columns: pa.Schema) -> pa.Table:
    """Return the rows of a batch, which are of one kind, as a table of `columns`: those of that kind."""
    return pa.Table.from_batches([batch]).select(columns.names).cast(columns)
