"""Which questions ask nearly the same: MinHash (rensa) finds the pairs that may, their shingles say whether they do."""

import re
import unicodedata
from array import array
from collections.abc import Sequence, Set
from functools import lru_cache
from itertools import chain
from typing import Any

import pyarrow as pa
from rensa import RMinHash

THRESHOLD = 0.6
"""Shingles that two texts share, of all they have (Jaccard), from which on they are near-duplicates."""
FEW = 8
"""Texts of fewer shingles have no near-duplicates: one word more or less may make them ask something else."""
NEIGHBOURS = 16
"""Texts of a bucket, the earliest, with which later ones are compared: what all share costs no square of them."""

# Two texts meet in a bucket with a chance of 0.99 at a similarity of 0.6, of 0.23 at 0.3 and of 0.003 at 0.1.
_BANDS, _ROWS = 32, 4
_SEED = 1
_SHINGLE = 3

# Scripts without spaces between words: Thai, Lao, Burmese, Khmer, Japanese, Chinese. Each character counts as a word.
_SPACELESS = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
)
_WORD = re.compile(f"[{_SPACELESS}]|[^\\W_{_SPACELESS}]+")


def words(text: str) -> list[str]:
    """Return the words of a text, whatever their case, width and punctuation; of Chinese, the characters."""
    return _WORD.findall(unicodedata.normalize("NFKC", text).casefold())


def telling(subject: str | None, question: str) -> list[str]:
    """Return the words that tell what is asked: the question's, after the subject's where they alone are few."""
    said = words(question)
    return said if len(said) >= FEW + _SHINGLE - 1 else [*words(subject or ""), *said]


def shingles(said: Sequence[str]) -> frozenset[str]:
    """Return all runs of three words."""
    return frozenset(map(" ".join, zip(*(said[start:] for start in range(_SHINGLE)), strict=False)))


def alike(one: Set[str], other: Set[str]) -> bool:
    """Return whether two sets of shingles, not both empty, are near-duplicates."""
    shared = len(one & other)
    return shared >= THRESHOLD * (len(one) + len(other) - shared)


def bands(texts: Sequence[Set[str]]) -> pa.Array:
    """Return pieces of the MinHash of each set of shingles, in a list; similar sets share one at the same place."""
    matrix = RMinHash.digest_matrix_from_token_sets([list(text) for text in texts], _BANDS * _ROWS, _SEED)
    flat = array("I", chain.from_iterable(matrix.to_rows()))
    pieces = pa.Array.from_buffers(pa.binary(flat.itemsize * _ROWS), len(flat) // _ROWS, [None, pa.py_buffer(flat)])
    return pa.FixedSizeListArray.from_arrays(pieces, _BANDS)


def find(db: Any) -> None:
    """Make the table `alike` (later, earlier) of the table `buckets` (rank, key) and the view `texts` of their texts.

    `texts` has rank, question_subject and question; a bucket's key is a hash of a band and its place; the ranks in the
    table `copied` are left out. What ranks above another hold changes no pair below it, so pairs stay as they are while
    texts are added at the end.
    """
    db.execute(_CANDIDATES, [NEIGHBOURS])
    db.execute(_BODIES)
    db.execute("CREATE TABLE alike (later BIGINT, earlier BIGINT)")
    with db.cursor() as reading:
        for pairs in reading.sql(_PAIRS).to_arrow_reader(10_000):
            db.register("verified", _verified(pairs))
            db.execute("INSERT INTO alike FROM verified")


def _verified(pairs: pa.RecordBatch) -> pa.Table:
    """Return those pairs that are alike."""
    table = pa.table({name: pairs[name] for name in ("later", "earlier")})
    texts = zip(*(pairs[name].to_pylist() for name in ("s1", "q1", "s2", "q2")), strict=True)
    return table.filter(pa.array([alike(_shingles(*row[:2]), _shingles(*row[2:])) for row in texts], pa.bool_()))


@lru_cache(1000)  # a text has several pairs
def _shingles(subject: str | None, question: str) -> frozenset[str]:
    return shingles(telling(subject, question))


_CANDIDATES = """
    CREATE TABLE candidates AS
    WITH shared AS (SELECT key FROM buckets GROUP BY key HAVING count(*) > 1),
    placed AS (
        SELECT key, rank, row_number() OVER (PARTITION BY key ORDER BY rank) AS place
        FROM (FROM buckets SEMI JOIN shared USING (key)) ANTI JOIN copied USING (rank)
    )
    SELECT DISTINCT l.rank AS later, e.rank AS earlier
    FROM placed l JOIN placed e ON e.key = l.key AND e.rank < l.rank WHERE e.place <= $1
"""
_BODIES = """
    CREATE TABLE bodies AS
    FROM texts SEMI JOIN (SELECT later AS rank FROM candidates UNION SELECT earlier FROM candidates) USING (rank)
"""
_PAIRS = """
    SELECT later, earlier, l.question_subject AS s1, l.question AS q1, e.question_subject AS s2, e.question AS q2
    FROM candidates JOIN bodies l ON l.rank = later JOIN bodies e ON e.rank = earlier
"""
