"""From what the frontier's manifest holds to a snapshot of a site."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from qacrawl import files
from qacrawl.frontier import Frontier
from qacrawl.publish.gate import Gate
from qacrawl.publish.snapshot import Snapshot, publish


def publish_site(
    frontier: Frontier, folder: Path, site: str, settings: Mapping[str, Any], run: Mapping[str, Any] | None = None
) -> Snapshot | None:
    """Publish what is committed for `site` in `folder` (output/<site>); None while there is no record.

    `settings` holds the thresholds of the quality gate; `run` is the report of the run that ends with this.
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
            gate=gate(settings),
            run=run,
        )


def gate(settings: Mapping[str, Any]) -> Gate:
    """The quality gate that the settings ask for."""
    return Gate(**{name: settings[f"QACRAWL_GATE_{name.upper()}"] for name in ("rejects", "coverage", "gone")})
