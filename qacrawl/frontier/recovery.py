"""What a killed run left behind: torn archive files are cut back, parts that nobody acknowledged are removed."""

import logging
import os
from pathlib import Path

from qacrawl import files, registry, store
from qacrawl.archive import erase, read, warc
from qacrawl.errors import Exit, QacrawlError
from qacrawl.escape import line
from qacrawl.files import local
from qacrawl.frontier import Frontier, database, manifest, runs
from qacrawl.frontier.rows import Seen
from qacrawl.redact.record import KEY

logger = logging.getLogger(__name__)

READABLE = (*range(200, 300), 404, 410)
"""Statuses of responses that are as good read later; others are asked for again."""


def recover(folder: Path, frontier: Frontier, *, shared: bool = False) -> int:
    """Make `folder` agree with the frontier; return how many archived pages wait to be read.

    Call it with the site's lock held. With `shared`, files of runs that may still be alive are left alone. Raise
    QacrawlError where the parts are another frontier's: to this one they would all be what nobody acknowledged.
    """
    if any((folder / "parts").glob("part-*.parquet")) and _knows_nothing(frontier):
        raise QacrawlError(
            f"{folder} holds parts that this frontier knows nothing of; name their frontier (--frontier), or have "
            f"`qacrawl rebuild {frontier.site}` read the archive into this one",
            Exit.USAGE,
        )
    if not shared:
        local.sweep(folder, KEY)
        if not frontier.shared:  # else a worker that has given the lock back may be writing its report
            local.sweep(folder / "runs")
        for kind in ("parts", "rejects"):
            for name in store.sweep(folder / kind, frontier.files(kind)):
                logger.info("removed %s, which no run had acknowledged", line(name))
    known = frontier.files("archive")
    return sum(
        _recover_file(path, frontier, known.get(path.name, 0))
        for path in warc.files(folder / "archive")
        if not shared or frontier.is_dead(warc.run_of(path.name))
    )


def _knows_nothing(frontier: Frontier) -> bool:
    """Return whether the site was never crawled into this frontier."""
    with database.reading(frontier.engine) as db:
        return runs.is_new(db, frontier.site) and not manifest.sizes(db, frontier.site, "parts")


def _recover_file(path: Path, frontier: Frontier, acknowledged: int) -> int:
    """Cut a torn tail off one archive file, and note the responses in it that no outcome stands for."""
    size = path.stat().st_size
    if size == acknowledged:
        return 0
    end = read.whole(path, acknowledged)
    if end < size:
        logger.warning("%s: cut %d torn bytes off the end", line(path.name), size - end)
        os.truncate(path, end)
    if not end:
        path.unlink()
        return 0
    site = registry.load(frontier.site)
    if forgotten := frontier.addresses(state="forgotten"):  # pages taken out while this file was not to be seen
        erase.overwrite(path, list(erase.find(path, erase.leads_to(forgotten, site.canonical))))
    files.put(path)
    seen = [
        Seen(site.canonical(exchange.url), place.offset, exchange.fetched_at.timestamp(), exchange.visit)
        for place, exchange in read.entries(path, acknowledged)
        if isinstance(exchange, warc.Exchange) and exchange.status in READABLE and exchange.is_page
    ]
    return frontier.recover(path.name, end, seen)
