"""Which split each record is in: train, validation or test, by a hash of its cluster, so that nothing leaks.

Records are taken in the order in which they were first seen. One joins the cluster of the earliest record before it
that it is linked with, else it founds its own, which is named after it. Linked are: near-duplicates, the same
question, a follow-up and the record whose number it names, and a question without any word and the same asker's like
it. Clusters are never joined later: a record stays in its cluster and split while the dataset grows by records seen
after it, and pairs that a later record would bring together are counted instead.

What counts is the question as it was first seen. A page that changes, or is gone, stays where it is in this order,
and its cluster keeps its name; only `forget` takes a record out, and then those that joined it found clusters anew
(or join what is the earliest now). Another parser, which reads other texts, may give other clusters too.
"""

import json
from array import array
from hashlib import blake2b
from typing import Any

import pyarrow as pa

from qacrawl.publish.data import similarity

SHARES = {"train": 0.8, "validation": 0.1, "test": 0.1}
_PLACE = "CAST('0x' || substr(cluster_id, 1, 8) AS BIGINT) / 4294967296"
SPLIT = f"""
    CASE WHEN {_PLACE} < {SHARES["train"]} THEN 'train'
         WHEN {_PLACE} < {SHARES["train"] + SHARES["validation"]} THEN 'validation' ELSE 'test' END
"""
"""SQL for the split of a cluster, by where its name lies among all names."""
FILE = "splits.json"
"""Where a snapshot keeps the counts of `report`."""

_STEP = 2_000
_KEYS = pa.schema([("rank", pa.int64()), ("question", pa.binary()), ("whole", pa.binary())])


def read(db: Any) -> None:
    """Make the tables `keys` (hashes of what must be equal) and `buckets` (where near-duplicates meet).

    It reads `first` and `records`, as `versions.load` makes them.
    """
    db.execute(_ASKED)
    db.execute(_TEXTS)
    db.execute("CREATE TABLE keys (rank BIGINT, question BLOB, whole BLOB)")
    db.execute("CREATE TABLE buckets (rank BIGINT, key UBIGINT)")
    with db.cursor() as reading:
        for batch in reading.sql("SELECT rank, asker, question_subject, question FROM texts").to_arrow_reader(_STEP):
            rows = batch.to_pylist()
            db.register("hashed", pa.Table.from_pylist([_keys(**row) for row in rows], _KEYS))
            db.execute("INSERT INTO keys FROM hashed")
            db.register("banded", _banded(rows))
            db.execute(_BUCKETS)


def assign(db: Any) -> None:
    """Make the table `splits` (record_id, cluster_id, split, is_near_duplicate, rank) for the records of `newest`.

    It reads what `read` made, and leaves `links` for `report`.
    """
    db.execute(_COPIES)
    similarity.find(db)
    db.execute(_LINKS)
    db.register("founders", _founders(db))
    db.execute(_SPLITS)


def report(db: Any) -> str:
    """Return how the splits came to be, as JSON: the rule, the linked pairs, and how many of them the splits part.

    `torn_at_random` is how many a random split of the records in the same shares would be expected to tear apart.
    """
    ((linked, torn),) = db.execute(_TORN).fetchall()
    at_random = round(linked * (1 - sum(share * share for share in SHARES.values())))
    pairs = {"linked": linked, "torn": torn, "torn_at_random": at_random}
    return json.dumps({"shares": SHARES, "threshold": similarity.THRESHOLD, "pairs": pairs}, indent=2) + "\n"


def _keys(rank: int, asker: str | None, question_subject: str | None, question: str) -> dict[str, Any]:
    """Return hashes of the question and of all that tells what is asked; null where that is not a single word."""
    said, told = similarity.words(question), similarity.telling(question_subject, question)
    same_asker = [asker, question] if asker else []
    return {"rank": rank, "question": _hash(said or same_asker), "whole": _hash(told)}


def _hash(parts: list[str]) -> bytes | None:
    return blake2b("\0".join(parts).encode("utf-8", "surrogatepass"), digest_size=16).digest() if parts else None


def _banded(rows: list[dict[str, Any]]) -> pa.Table:
    """Return rank and bands of the texts that are long enough to have near-duplicates."""
    texts = {
        row["rank"]: similarity.shingles(similarity.telling(row["question_subject"], row["question"])) for row in rows
    }
    long = {rank: text for rank, text in texts.items() if len(text) >= similarity.FEW}
    return pa.table({"rank": pa.array(long, pa.int64()), "bands": similarity.bands(list(long.values()))})


def _founders(db: Any) -> pa.Table:
    """Return the rank of the founder of each rank's cluster."""
    ((count,),) = db.execute("SELECT count(*) FROM asked").fetchall()
    founder = array("q", range(count))
    joins = db.sql("SELECT later, min(earlier) AS earlier FROM links GROUP BY later ORDER BY later")
    for batch in joins.to_arrow_reader(_STEP):
        for later, earlier in zip(*(column.to_pylist() for column in batch.columns), strict=True):
            founder[later] = founder[earlier]
    column = pa.Array.from_buffers(pa.int64(), count, [None, pa.py_buffer(founder)])
    return pa.table({"rank": pa.array(range(count), pa.int64()), "founder": column})


# `present` is false for records whose page is gone: they keep their clusters' names alive.
_ASKED = """
    CREATE TABLE asked AS
    SELECT row_number() OVER (ORDER BY f.visit, f.first_seen, f.record_id) - 1 AS rank,
           f.record_id, f.file, f.row, n.record_id IS NOT NULL AS present
    FROM first f LEFT JOIN newest n ON n.record_id = f.record_id
"""
_TEXTS = """
    CREATE VIEW texts AS
    SELECT a.rank, r.record_id, r.site, r.asker, r.question_subject, r.question
    FROM asked a JOIN records r ON r.file = a.file AND r.row = a.row
"""
_BUCKETS = """
    INSERT INTO buckets
    SELECT rank, hash(place, band) FROM (SELECT rank, unnest(bands) AS band, generate_subscripts(bands, 1) AS place
                                         FROM (SELECT rank, CAST(bands AS BLOB[]) AS bands FROM banded))
"""
# Of equal texts the first stands for all.
_COPIES = """
    CREATE TABLE copies AS
    SELECT rank, min(rank) OVER (PARTITION BY coalesce(question, rank::VARCHAR::BLOB)) AS question,
           min(rank) OVER (PARTITION BY coalesce(whole, rank::VARCHAR::BLOB)) AS whole
    FROM keys;
    CREATE TABLE copied AS SELECT rank FROM copies WHERE whole < rank
"""
# Numbers are given in the order of asking: a follow-up names one below its own. Numbers of two digits are teeth.
_NAMED = r"(?:[#＃]|[?&]q_no=|/article/)\s?0*([1-9][0-9]{2,8})\b"
# Of millions of rows, memory is for one join at a time: hence the many statements here and below.
_LINKS = f"""
    CREATE TABLE numbers AS
    SELECT rank, record_id, site, number
    FROM (SELECT rank, record_id, site,
                 unnest(regexp_extract_all(concat_ws(' ', question_subject, question), '{_NAMED}', 1)) AS number
          FROM texts)
    WHERE try_cast(number AS BIGINT) < try_cast(split_part(record_id, ':', 2) AS BIGINT);
    CREATE TABLE pairs AS SELECT rank AS later, question AS earlier FROM copies WHERE question < rank;
    INSERT INTO pairs SELECT rank, whole FROM copies WHERE whole < rank;
    INSERT INTO pairs SELECT c.rank, a.earlier FROM copies c JOIN alike a ON a.later = c.whole;
    INSERT INTO pairs
    SELECT greatest(n.rank, o.rank), least(n.rank, o.rank)
    FROM asked o JOIN numbers n ON o.record_id = n.site || ':' || n.number;
    CREATE TABLE links AS SELECT DISTINCT later, earlier FROM pairs
"""
# `seen` holds of each text, `near` of its near-duplicates, the first whose page is not gone.
_SPLITS = f"""
    CREATE TABLE seen AS
    SELECT c.whole, min(c.rank) AS rank FROM copies c JOIN asked a ON a.rank = c.rank WHERE a.present GROUP BY 1;
    CREATE TABLE near AS
    SELECT one.whole, min(seen.rank) AS rank
    FROM (SELECT later AS whole, earlier AS other FROM alike UNION ALL SELECT earlier, later FROM alike) one
    JOIN seen ON seen.whole = one.other GROUP BY 1;
    CREATE TABLE repeated AS
    SELECT c.rank, c.whole, coalesce(seen.rank < c.rank, false) AS is_copy
    FROM copies c LEFT JOIN seen ON seen.whole = c.whole;
    CREATE TABLE judged AS
    SELECT r.rank, r.is_copy OR coalesce(near.rank < r.rank, false) AS is_near_duplicate
    FROM repeated r LEFT JOIN near ON near.whole = r.whole;
    CREATE TABLE named AS
    SELECT f.rank, substr(sha256(o.record_id), 1, 16) AS cluster_id FROM founders f JOIN asked o ON o.rank = f.founder;
    CREATE TABLE clustered AS SELECT rank, cluster_id, is_near_duplicate FROM named JOIN judged USING (rank);
    CREATE TABLE splits AS
    SELECT record_id, cluster_id,
           {SPLIT} AS split,
           is_near_duplicate, rank
    FROM clustered
    JOIN asked USING (rank) WHERE present
"""
_TORN = """
    CREATE TABLE laid AS SELECT l.earlier, s.split FROM links l JOIN splits s ON s.rank = l.later;
    SELECT count(*), count(*) FILTER (l.split <> s.split) FROM laid l JOIN splits s ON s.rank = l.earlier
"""
