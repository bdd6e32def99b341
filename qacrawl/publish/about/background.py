"""What the rows of a snapshot do not say: how its crawl went, whom to write to, whether all of it is invented."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from qacrawl.publish.data.reserved import Withheld

QUEUED = ("due", "leased", "waiting")
"""States of URLs that were found and not visited yet."""
INVENTED = ".qacrawl-demo"
"""File in the folder of all sites that says: these are the demo's."""


@dataclass(frozen=True)
class Background:
    """What a card and a report say beside the counts; None is what is not known."""

    states: Mapping[str, int] | None = None
    """URLs of the frontier by their state."""
    rejects: Mapping[str, int] | None = None
    """Articles that became no record, by the reason."""
    held: tuple[str, ...] = ()
    """Why the quality gate holds the snapshot back."""
    contact: str | None = None
    invented: bool = False
    withheld: Withheld | None = None
    """Records that are left out because their site says so."""

    @property
    def queued(self) -> int | None:
        """How many URLs were found and not visited yet; None where no URL is known."""
        return sum(self.states.get(state, 0) for state in QUEUED) if self.states else None


def is_invented(folder: Path) -> bool:
    """Return whether the pages of a site's folder were made up by `qacrawl demo`."""
    return (folder.parent / INVENTED).exists()
