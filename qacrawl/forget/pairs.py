"""The pairs of pages that are taken out, in what is published of two sites side by side."""

from collections.abc import Iterator
from pathlib import Path

from qacrawl import files, registry
from qacrawl.forget import bucket
from qacrawl.publish import snapshot as snapshots
from qacrawl.publish.parallel import snapshot
from qacrawl.redact.quotes import Forgotten


def remove(folder: Path, site: str, forgotten: Forgotten, day: str) -> dict[str, str | None]:
    """Take the pairs of pages of `site`, and what others quote, out of all datasets of pairs beside its `folder`.

    Returns the old and the new name of each snapshot that changed; None for one that held nothing else.
    """
    changed: dict[str, str | None] = {}
    for slugs in _with(site):
        beside = files.beside(folder, snapshot.name(slugs))
        if files.is_copy(beside):
            bucket.pull(beside)
        if (beside / snapshots.SNAPSHOTS).is_dir():
            taken = snapshot.remove(beside, slugs, forgotten, day)
            if taken:
                bucket.push(beside, (), {})
            changed |= taken
    return changed


def _with(site: str) -> Iterator[tuple[str, str]]:
    """Yield every pair of a translation and an original of which `site` is one."""
    for other in registry.names():
        if other != site:
            yield from ((site, other), (other, site))
