"""What people wrote on a page, as one short text: equal for two visits that read the same."""

import hashlib
import json
from collections.abc import Sequence

from qacrawl.records import TEXTS, QARecord

COLUMNS = (*TEXTS, "doctor", "reply_date", "reply_accepted")
"""Votes, links and what else stands around the texts change without anybody writing."""


def digest(records: Sequence[QARecord]) -> str:
    """Return which parser read the records of a page, of which there is one, and the SHA-256 of what people wrote."""
    texts = [
        [*(getattr(record, name) for name in COLUMNS), *(other.reply for other in record.other_replies)]
        for record in records
    ]
    found = hashlib.sha256(json.dumps(texts, default=str).encode()).hexdigest()
    return f"{records[0].parser_version} {found}"


def differs(before: str | None, now: str) -> bool | None:
    """Return whether two visits read different texts; None where nobody knows: another parser may read otherwise."""
    if before is None or before.rpartition(" ")[0] != now.rpartition(" ")[0]:
        return None
    return before != now
