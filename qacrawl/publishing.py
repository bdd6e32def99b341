"""From what the frontier's manifest holds to a snapshot of a site."""

from pathlib import Path

from qacrawl.frontier import Frontier
from qacrawl.publish.snapshot import Snapshot, publish


def publish_site(frontier: Frontier, folder: Path, site: str) -> Snapshot | None:
    """Publish what is committed for `site` in `folder` (output/<site>); None while there is no record."""
    parts = [folder / "parts" / name for name in frontier.files("parts")]
    rejects = [folder / "rejects" / name for name in frontier.files("rejects")]
    return publish(folder, site, parts, rejects=rejects, gone=frontier.gone())
