"""From what the frontier's manifest holds to a snapshot of a site."""

from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from qacrawl import files
from qacrawl.frontier import Frontier
from qacrawl.frontier.status import status
from qacrawl.options import Options
from qacrawl.publish import damage
from qacrawl.publish.data import reserved, versions
from qacrawl.publish.data.reserved import Withheld
from qacrawl.publish.gate import Gate
from qacrawl.publish.snapshot import Snapshot, publish
from qacrawl.usage import standing


def publish_site(
    frontier: Frontier, folder: Path, site: str, options: Options, run: Mapping[str, Any] | None = None
) -> Snapshot | None:
    """Publish what is committed for `site` in `folder` (output/<site>); None while there is no record.

    `options` has the thresholds of the quality gate, and whether what sites reserve is kept; `run` is the report of the
    run that ends with this.
    """
    with frontier.publishing():
        parts = [files.fetch(folder / "parts" / name) for name in frontier.files("parts")]
        rejects = [files.fetch(folder / "rejects" / name) for name in frontier.files("rejects")]
        forgotten = sorted(frontier.addresses(state="forgotten"))
        return publish(
            folder,
            site,
            parts,
            rejects=rejects,
            gone=frontier.gone(),
            forgotten=forgotten,
            gate=gate(options),
            run=run,
            doubts=run["doubts"] if run else (),
            states=status(frontier).states,
            contact=options.contact,
            keep_reserved=options.keep_reserved,
        )


def gate(options: Options) -> Gate:
    """Return the quality gate that a user asks for."""
    return Gate(options.gate_rejects, options.gate_coverage, options.gate_gone)


def count_reserved(frontier: Frontier, folder: Path, *, noindex: bool) -> Withheld:
    """Return how many records of what is committed their site reserves, or wants in no index, by what it says now.

    `noindex` says whether any page was rejected for that.
    """
    parts = [files.fetch(folder / "parts" / name) for name in frontier.files("parts")]
    rejects = [files.fetch(folder / "rejects" / name) for name in frontier.files("rejects")]
    hosts = standing.read(folder)
    if not (parts and (hosts.files or noindex or reserved.reserves(parts))):
        return Withheld()
    with (
        TemporaryDirectory(prefix="qacrawl-") as place,
        versions.work(Path(place)) as db,
        damage.named((*parts, *rejects), damage.mend(frontier.site)),
    ):
        versions.load(db, Path(place), parts, rejects, frontier.gone())
        return reserved.withhold(db, hosts, keep=True)
