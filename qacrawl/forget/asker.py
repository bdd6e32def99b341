"""The pages of one asker, found by the pseudonym that the site's key gives a name."""

from collections.abc import Iterator
from pathlib import Path

import pyarrow.compute as pc
import pyarrow.parquet as pq

from qacrawl import files
from qacrawl.errors import Exit, QacrawlError
from qacrawl.frontier import Frontier
from qacrawl.nfc import nfc
from qacrawl.publish import damage
from qacrawl.redact.record import KEY, check_key, pseudonym, read_key


def pages(frontier: Frontier, folder: Path, name: str) -> list[str]:
    """Return the URLs of the pages in all parts of `folder` (output/<site>) that somebody of this name asked, sorted.

    A name is the same if it is spelt as on the page, but for spaces around it. Raise QacrawlError for an empty name,
    where the key of the pseudonyms is missing, and for a part that can't be read.
    """
    name = nfc(name).strip()
    if not name:
        raise QacrawlError("--asker takes a name, spelt as on the page", Exit.USAGE)
    check_key(folder)
    if not (folder / KEY).exists() and not files.read(folder / KEY):
        return []  # nothing was ever read here
    known_as = pseudonym(name, read_key(folder / KEY))
    parts = [files.fetch(folder / "parts" / part) for part in frontier.files("parts")]
    with damage.named(parts, damage.mend(frontier.site)):
        return sorted({url for part in parts for url in _asked(part, known_as)})


def _asked(part: Path, known_as: str) -> Iterator[str]:
    """Yield the URLs of the rows of a part with this pseudonym."""
    with pq.ParquetFile(part) as file:
        for batch in file.iter_batches(columns=["url", "asker"]):
            yield from batch.filter(pc.fill_null(pc.equal(batch["asker"], known_as), False))["url"].to_pylist()
