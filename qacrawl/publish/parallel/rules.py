"""What holds of the rows of a dataset of pairs."""

import pyarrow as pa

from qacrawl.publish.data import files
from qacrawl.publish.parallel.columns import CONFIG, KEY, PAIRS, SIDES

_NUMBERS = ", ".join(f"split_part({name}, ':', 2)" for name in (KEY, *(f"{side}_id" for side in SIDES)))
_SLUGS = " || '-' || ".join(f"split_part({side}_id, ':', 1)" for side in SIDES)
_TEXTS = [field.name for field in PAIRS if pa.types.is_string(field.type)]

RULES = {
    "pairs that occur twice": f"SELECT {KEY} FROM {CONFIG} GROUP BY {KEY} HAVING count(*) > 1",
    "records that are in several pairs": " UNION ALL ".join(
        f"SELECT {side}_id FROM {CONFIG} GROUP BY {side}_id HAVING count(*) > 1" for side in SIDES
    ),
    "pairs that are not sorted": f"""
        SELECT {KEY} FROM (
            SELECT {KEY}, CAST(split_part({KEY}, ':', 2) AS BIGINT) AS number,
                   lag(CAST(split_part({KEY}, ':', 2) AS BIGINT))
                       OVER (PARTITION BY {files.SPLIT} ORDER BY filename, file_row_number) AS above
            FROM {CONFIG})
        WHERE above >= number""",
    "pairs of different numbers": f"SELECT {KEY} FROM {CONFIG} WHERE len(list_distinct([{_NUMBERS}])) <> 1",
    "pairs of other sites than their key says": f"""
        SELECT {KEY} FROM {CONFIG} WHERE split_part({KEY}, ':', 1) <> {_SLUGS}""",
    "pairs that agree for reasons, or do not for none": f"""
        SELECT {KEY} FROM {CONFIG} WHERE agreement <> (len(reasons) = 0)""",
    "clusters in several splits": f"""
        SELECT min({KEY}) FROM {CONFIG} GROUP BY cluster_id HAVING count(DISTINCT {files.SPLIT}) > 1""",
    'rows with "" in place of null': f"""
        SELECT {KEY} FROM {CONFIG} WHERE {" OR ".join(f"{name} = ''" for name in _TEXTS)}""",
}
"""What must not be, and a query for the keys where it is."""
