"""The columns of a pair, and what each means."""

import pyarrow as pa

from qacrawl import schema
from qacrawl.publish.data.configs import TEXT, TIME
from qacrawl.publish.parallel.agreement import NOTES, REASONS
from qacrawl.records import SCHEMA_VERSION, QARecord

CONFIG = "parallel"
KEY = "pair_id"
SIDES = ("translation", "original")

_CODES = pa.list_(pa.field("element", TEXT, nullable=False))
_AGE = pa.int16()
_DAY = pa.date32()
SHARED = {
    "id": ("record_id", TEXT, False),
    "url": ("url", TEXT, False),
    "subject": ("question_subject", TEXT, True),
    "question": ("question", TEXT, False),
    "reply": ("reply", TEXT, True),
    "ask_date": ("ask_date", _DAY, True),
    "reply_date": ("reply_date", _DAY, True),
    "doctor": ("doctor", TEXT, True),
    "sex": ("asker_sex", TEXT, True),
    "age_min": ("asker_age_min", _AGE, True),
    "age_max": ("asker_age_max", _AGE, True),
    "fetched_at": ("fetched_at", TIME, False),
    "page_sha256": ("page_sha256", TEXT, False),
}
"""What both sides have: by the name behind "translation_" and "original_", the record's column, its type, and whether
it can be null."""
PROVENANCE = tuple(f"{side}_{name}" for side in SIDES for name in ("fetched_at", "page_sha256"))

PAIRS = pa.schema(
    [
        pa.field(KEY, TEXT, nullable=False),
        *(
            pa.field(f"{side}_{name}", kind, nullable=null)
            for name, (_, kind, null) in SHARED.items()
            for side in SIDES
        ),
        pa.field("original_hospital", TEXT),
        pa.field("department", TEXT),
        pa.field("agreement", pa.bool_(), nullable=False),
        pa.field("reasons", _CODES, nullable=False),
        pa.field("notes", _CODES, nullable=False),
        pa.field("cluster_id", TEXT, nullable=False),
    ],
    {schema.VERSION_KEY: str(SCHEMA_VERSION)},
)

ABOUT = (
    "a question in translation and in its own words, with both replies: one row for each number that both sites have"
)


def _of(side: str, column: str) -> str:
    """Return what a record's column means, said of one side."""
    said = QARecord.model_fields[column].description or ""
    return f"Of the {side}: {said[:1].lower()}{said[1:]}"


def _codes(codes: dict[str, str]) -> str:
    return ", ".join(f"`{code}`" for code in codes)


MEANING = {
    KEY: 'Key: "{translation}-{original}:{number}", of the slugs of both sites and the number that the question has on '
    "both.",
    **{f"{side}_{name}": _of(side, column) for name, (column, _, _) in SHARED.items() for side in SIDES},
    "original_hospital": _of("original", "hospital"),
    "department": "Slug of the department, as the original has it; as the translation has it where the original names "
    "none that is known.",
    "agreement": "Whether all that can be compared agrees: true where `reasons` is empty. Leave out the others, unless "
    "you want to look at them.",
    "reasons": f"What speaks against the pair, as codes: {_codes(REASONS)}.",
    "notes": f"What the translation lost, as codes: {_codes(NOTES)}.",
    "cluster_id": "Cluster of pairs whose translations, or whose originals, are near-duplicates or follow-ups, 16 hex "
    "digits; a cluster lies in one split.",
}
