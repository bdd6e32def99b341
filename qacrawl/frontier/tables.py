"""The frontier's tables, the same in every database: plain columns that any SQL tool can read.

Times are seconds since 1970 UTC, by the database's clock.
"""

from sqlalchemy import (
    BigInteger,
    Column,
    Double,
    Index,
    Integer,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
)

from qacrawl.frontier.database import ID

VERSION = 4
"""Raised with each change of the tables, together with a step in `MIGRATIONS`."""

MIGRATIONS: dict[int, tuple[str, ...]] = {
    2: (
        "CREATE TABLE qacrawl_counters (site TEXT NOT NULL PRIMARY KEY, value BIGINT NOT NULL)",
        "INSERT INTO qacrawl_counters SELECT site, max(generation) FROM qacrawl_urls GROUP BY site",
        "ALTER TABLE qacrawl_urls ADD COLUMN visit BIGINT",
        "ALTER TABLE qacrawl_runs ADD COLUMN number BIGINT",
        "ALTER TABLE qacrawl_hosts ADD COLUMN pause DOUBLE PRECISION",
    ),
    3: ("ALTER TABLE qacrawl_urls ADD COLUMN address TEXT",),
    4: (
        "ALTER TABLE qacrawl_urls ADD COLUMN content TEXT",
        "ALTER TABLE qacrawl_urls ADD COLUMN quiet INTEGER",
        "ALTER TABLE qacrawl_urls ADD COLUMN modified DOUBLE PRECISION",
        # Sent whole once more: one that stays as it is was never asked when its pages were modified.
        "UPDATE qacrawl_urls SET etag = NULL, last_modified = NULL, digest = NULL WHERE kind = 'sitemap'",
    ),
}
"""SQL that brings the tables from the version before to the version of the key; never changed once released."""

SERVER_MIGRATIONS: dict[int, tuple[str, ...]] = {3: ("ALTER TABLE qacrawl_urls ALTER COLUMN generation TYPE BIGINT",)}
"""What PostgreSQL needs beside; in SQLite a whole number has no size."""

metadata = MetaData()

meta = Table(
    "qacrawl_meta",
    metadata,
    Column("name", Text, primary_key=True),
    Column("value", Text, nullable=False),
)

urls = Table(
    "qacrawl_urls",
    metadata,
    Column("id", ID, primary_key=True, autoincrement=True),
    Column("site", Text, nullable=False),
    Column("url", Text, nullable=False, doc="Canonical URL."),
    Column("number", BigInteger, doc="Number of the article, where its URL has one."),
    Column("kind", Text, nullable=False, doc="start, sitemap, listing or article."),
    Column(
        "state",
        Text,
        nullable=False,
        doc="due, waiting (due later in this run), leased, done, failed, parked, gone, forbidden or forgotten.",
    ),
    Column("priority", Integer, nullable=False, doc="Lower is sooner."),
    Column("due_at", Double, nullable=False, doc="Not asked for before."),
    Column("hops", Integer, nullable=False, default=0, doc="Redirects, or listings without news, on the way here."),
    Column("visits", Integer, nullable=False, default=0, doc="Visits that came to an outcome."),
    Column("attempts", Integer, nullable=False, default=0, doc="Requests since the last outcome."),
    Column("failures", Integer, nullable=False, default=0, doc="Failed visits since the last good one."),
    Column("misses", Integer, nullable=False, default=0, doc="Visits since it was last there that found 404 or 410."),
    Column("outcome", Text, doc="Of the last visit: record, reject, listing, gone, unchanged, failed, redirect."),
    Column("reason", Text, doc="Of a reject or a failure."),
    Column("status", Integer, doc="HTTP status of the last response."),
    Column("etag", Text),
    Column("last_modified", Text),
    Column("digest", Text, doc="SHA-256 of the page, decoded."),
    Column("payload", Text, doc="WARC-Payload-Digest of the last response that was archived in full."),
    Column("fetched_at", Double, doc="When that response came."),
    Column("checked_at", Double, doc="When the page was last visited."),
    Column("seconds", Double, doc="How long the last response took."),
    Column("asked", Double, doc="Of an article: the day of its question."),
    Column("replied", Integer, doc="Of an article: 1 with a reply, 0 without."),
    Column("first_seen", Double, nullable=False),
    Column("gone_at", Double, doc="When it was marked gone; null again when it is seen."),
    Column("archived_file", Text, doc="A response in the archive that no outcome stands for yet, ..."),
    Column("archived_offset", BigInteger, doc="... and where it starts."),
    Column("owner", Text, doc="Run that holds the lease."),
    Column("lease_until", Double),
    Column("generation", BigInteger, nullable=False, default=0, doc="Number of the last lease, by the counter."),
    Column("visit", BigInteger, doc="The generation in which the last visit came to an outcome."),
    Column("address", Text, doc="How it is asked for: as it was found; null: as `url` says."),
    Column("content", Text, doc="Of a record: which parser read it, and the SHA-256 of what people wrote."),
    Column("quiet", Integer, doc="Visits that found the record as it was, less those that found another; see due.py."),
    Column("modified", Double, doc="When the page was last modified, as a sitemap says."),
    UniqueConstraint("site", "url", name="qacrawl_urls_site_url"),
    Index("qacrawl_urls_queue", "site", "state", "priority", "id"),
    Index("qacrawl_urls_number", "site", "state", "number"),
    Index("qacrawl_urls_due", "site", "state", "due_at"),
)

files = Table(
    "qacrawl_files",
    metadata,
    Column("site", Text, nullable=False),
    Column("kind", Text, nullable=False, doc="parts, rejects or archive."),
    Column("name", Text, nullable=False),
    Column("size", BigInteger, nullable=False, doc="Rows; of an archive file the bytes acknowledged."),
    Column("run_id", Text),
    PrimaryKeyConstraint("site", "kind", "name", name="qacrawl_files_key"),
)

runs = Table(
    "qacrawl_runs",
    metadata,
    Column("site", Text, nullable=False),
    Column("run_id", Text, nullable=False),
    Column("started", Double, nullable=False),
    Column("alive_until", Double, nullable=False, doc="A worker that is silent for longer counts as dead."),
    Column("finished", Double),
    Column("reason", Text),
    Column("fetches", Integer, nullable=False, default=0),
    Column("record", Integer, nullable=False, default=0),
    Column("reject", Integer, nullable=False, default=0),
    Column("listing", Integer, nullable=False, default=0),
    Column("gone", Integer, nullable=False, default=0),
    Column("unchanged", Integer, nullable=False, default=0),
    Column("failed", Integer, nullable=False, default=0),
    Column("number", BigInteger, doc="By the counter: which run began later."),
    PrimaryKeyConstraint("site", "run_id", name="qacrawl_runs_key"),
)

counters = Table(
    "qacrawl_counters",
    metadata,
    Column("site", Text, primary_key=True),
    Column("value", BigInteger, nullable=False, doc="The last number given out; it only ever rises."),
)

hosts = Table(
    "qacrawl_hosts",
    metadata,
    Column("host", Text, primary_key=True),
    Column("next_at", Double, nullable=False, doc="No request to this host before; of rows beside it, see hosts.py."),
    Column("slow", Double, nullable=False, default=0, doc="Seconds added to the pause while it fails."),
    Column("pause", Double, doc="Seconds that lay before `next_at` when that was noted: it is never further ahead."),
)
