"""The sentences of pages that are taken out, as the parts have them, and which of them are nobody's own."""

from collections.abc import Collection, Iterable, Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from qacrawl.redact import quotes

_COLUMNS = ("record_id", "url", *quotes.OWN, "other_replies")


def known_by(parts: Collection[Path], urls: Collection[str], salt: str) -> set[str]:
    """Return the digests by which the sentences of pages are known again where others quote them.

    What several other pages say in words of their own is left out: it is no quotation.
    """
    wanted = pa.array(sorted(urls), pa.string())
    theirs = [text for part in parts for _, texts in _rows(part, wanted, theirs=True) for text in texts]
    return quotes.known_by(theirs, _others(parts, wanted), salt)


def _others(parts: Iterable[Path], wanted: pa.Array) -> Iterator[list[str]]:
    """Yield the texts of each other record once, in one of its versions."""
    seen: set[str] = set()
    for part in parts:
        for record_id, texts in _rows(part, wanted, theirs=False):
            if record_id not in seen:
                seen.add(record_id)
                yield texts


def _rows(part: Path, wanted: pa.Array, *, theirs: bool) -> Iterator[tuple[str, list[str]]]:
    """Yield key and texts of the rows of a part, of the pages that are wanted or of all others."""
    with pq.ParquetFile(part) as file:
        there = [name for name in _COLUMNS if name in file.schema_arrow.names]
        for batch in file.iter_batches(columns=there):
            of_them = pc.is_in(batch["url"], wanted)
            for row in batch.filter(of_them if theirs else pc.invert(of_them)).to_pylist():
                replies = [reply["reply"] for reply in row.get("other_replies", ())]
                yield row["record_id"], [text for text in (*(row[name] for name in quotes.OWN), *replies) if text]
