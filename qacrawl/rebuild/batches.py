"""A WARC file to Arrow record batches: what pool and cluster call for each file, and what a library may call."""

from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import Any

import pyarrow as pa

from qacrawl import files, schema
from qacrawl.errors import refusal
from qacrawl.reader.messages import Result, Setup
from qacrawl.reader.series import Series
from qacrawl.rebuild.pages import Found, Piece, Seen, Wanted, pages
from qacrawl.rebuild.refresh import forwards
from qacrawl.records import Listing, Page, QARecord, Refusal, Reject, is_gone, records_of

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
        *(field.with_nullable(True) for field in schema.PARTS),
    ],
    schema.ARROW.metadata,
)
"""Of a batch: `kind` is record, reject, listing or damage; a row has the columns of its kind, the others are null.

A damage is a stretch that can't be read: `warc_file`, `warc_offset`, and `reason` in words. `visit` is that of parts.
"""


def iter_batches(piece: Piece | str, setup: Setup, wanted: Wanted | None = None) -> Iterator[pa.RecordBatch]:
    """Yield what a WARC file comes to, in batches of COLUMNS; the rows of a batch are of one kind.

    The same file, setup and parser give the same rows; nothing else is read or written. A file that can't be opened
    is one row of damage.
    """
    piece = Piece(piece, piece.rpartition("/")[2]) if isinstance(piece, str) else piece
    yield from Rows(piece, setup, wanted or Wanted(setup.site)).batches()


@cache
def reader(setup: Setup) -> Series:
    """Return what reads the pages of all files that this process is given; it ends with this process."""
    return Series(setup)


class Rows:
    """What a WARC file, or some of it, comes to; rows wait here to become batches."""

    def __init__(self, piece: Piece, setup: Setup, wanted: Wanted) -> None:
        self.piece = piece
        self.setup = setup
        self.wanted = wanted
        self.seen = Seen()
        """What can be read of it."""
        self._asked: deque[Found] = deque()
        self._records: list[tuple[QARecord, int | None]] = []
        self._rejects: list[tuple[Reject, int | None]] = []
        self._listings: list[Page] = []
        self._damages: list[tuple[int, str]] = []

    def batches(self) -> Iterator[pa.RecordBatch]:
        """Yield it all; call it once."""
        for result in reader(self.setup).results(self._pages()):
            self._add(result, self._asked.popleft())
            yield from self._full(STEP)
        yield from self._full(1)

    def _pages(self) -> Iterator[Page]:
        """Yield the pages of the file; note them until they are answered, and keep what is damaged."""
        try:
            with files.opened(self.piece.address) as file:
                for at, one in pages(file, self.piece, self.wanted, self.seen):
                    if isinstance(one, Found):
                        self._asked.append(one)
                        yield one.page
                    else:
                        self._damages.append((at, one.reason))
        except OSError as error:
            self._damages.append((self.piece.start, f"can't be read: {refusal(error)}"))

    def _add(self, result: Result | Refusal, found: Found) -> None:
        """Add what a page came to; where it is gone, or only forwards, the frontier knows since the crawl."""
        if records := records_of(result):
            self._records += [(record, found.visit) for record in records]
        elif isinstance(result, Reject):
            if not (is_gone(result) or forwards(found, result)):
                self._rejects.append((result, found.visit))
        elif isinstance(result, Listing):
            self._listings.append(found.page.model_copy(update={"body": b""}))

    def _full(self, least: int) -> Iterator[pa.RecordBatch]:
        """Yield as batches what there are `least` rows of."""
        if len(self._records) >= least:
            yield _batch(RECORD, _visited(schema.record_table([row for row, _ in self._records]), self._records))
            self._records = []
        if len(self._rejects) >= least:
            yield _batch(REJECT, _visited(schema.reject_table([row for row, _ in self._rejects]), self._rejects))
            self._rejects = []
        if len(self._listings) >= least:
            yield _batch(LISTING, _table([{name: getattr(page, name) for name in _FACTS} for page in self._listings]))
            self._listings = []
        if len(self._damages) >= least:
            name = self.piece.name
            yield _batch(
                DAMAGE, _table([{"warc_file": name, "warc_offset": at, "reason": why} for at, why in self._damages])
            )
            self._damages = []


def _visited(table: pa.Table, rows: Sequence[tuple[object, int | None]]) -> pa.Table:
    """Return a table with the numbers of the visits that fetched its rows."""
    return table.append_column(schema.VISIT, pa.array([visit for _, visit in rows], schema.VISIT.type))


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
