"""What goes into the frontier and what comes out of it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, NamedTuple

Kind = Literal["start", "sitemap", "listing", "article"]
Outcome = Literal["record", "reject", "listing", "gone", "unchanged", "failed", "redirect", "forbidden"]

Numbering = Callable[[str], int | None]
"""Gives the number of the article at a URL; None for other pages."""

OUTCOMES: tuple[Outcome, ...] = ("record", "reject", "listing", "gone", "unchanged", "failed")
"""What a fetched page ends as. A redirect is no page, and what robots.txt forbids is not fetched."""

# Lower is sooner. What lies in the archive first: it costs the site nothing.
ARCHIVED, START, NEW, LISTING, AGAIN = range(5)


HOP = 10
"""What one hop of a chain, of articles or of sitemaps, counts in `hops`; below that are the redirects that led here."""


class Found(NamedTuple):
    """A URL to visit."""

    url: str
    """Canonical URL."""
    kind: Kind
    hops: int = 0
    address: str | None = None
    """How it was spelt where it was found; None: as `url`."""
    modified: float | None = None
    """When it was last modified, as a sitemap says."""


class Seen(NamedTuple):
    """A response that lies in the archive."""

    url: str
    """Canonical URL."""
    offset: int
    at: float
    """Seconds since 1970, by the clock of who fetched it."""
    visit: int | None = None
    """Number of the visit, where the archive has it."""


class Row(NamedTuple):
    """A leased URL, with what is known of its last visit. Times are seconds since 1970 UTC."""

    id: int
    url: str
    kind: Kind
    generation: int
    hops: int
    visits: int
    attempts: int
    failures: int
    misses: int
    etag: str | None
    last_modified: str | None
    digest: str | None
    payload: str | None
    fetched_at: float | None
    first_seen: float
    asked: float | None
    replied: int | None
    archived_file: str | None
    archived_offset: int | None
    address: str | None = None
    """How it is asked for; None: as `url`."""
    content: str | None = None
    """What tells whether its record is another one; None where nothing was read yet."""
    quiet: int | None = None
    """Visits that found the record as it was, less those that found another; None: 0."""
    outcome: str | None = None
    """What the last visit came to; None before the first."""
    reason: str | None = None
    """Of a reject, a failure, or a start page that leads nowhere: why."""


@dataclass(frozen=True)
class EndedVisit:
    """The outcome of one visit of a leased URL, to be committed with the files that hold its records."""

    row: Row
    outcome: Outcome
    state: str
    priority: int
    due_at: float
    reason: str | None = None
    status: int | None = None
    failures: int = 0
    misses: int = 0
    etag: str | None = None
    last_modified: str | None = None
    digest: str | None = None
    payload: str | None = None
    fetched_at: float | None = None
    checked_at: float | None = None
    seconds: float | None = None
    asked: float | None = None
    replied: int | None = None
    address: str | None = None
    content: str | None = None
    quiet: int | None = None


class File(NamedTuple):
    """A file in the manifest."""

    kind: Literal["parts", "rejects", "archive"]
    name: str
    size: int
    """Rows; of an archive file the bytes up to which every response is acknowledged."""
