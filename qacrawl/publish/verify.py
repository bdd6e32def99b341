"""Whether a dataset is in order: its checksums, its schema, and what holds of its rows."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from qacrawl import registry, sitefile
from qacrawl.escape import plain
from qacrawl.publish import damage
from qacrawl.publish.data import configs, files, versions
from qacrawl.publish.parallel import columns, rules
from qacrawl.records import OLDEST, Page
from qacrawl.validate import hashed, record_id

_NAME = re.compile(rf"({'|'.join(files.SPLITS)})-(\d{{5}})-of-(\d{{5}})\.parquet")


def verify(dataset: Path) -> list[str]:
    """Return what is wrong with the snapshot in a folder, a line each; nothing if it is in order.

    Never changes anything.
    """
    sitefile.use_beside(dataset)
    are_pairs = (dataset / "data" / columns.CONFIG).is_dir()
    tables = {columns.CONFIG: columns.PAIRS} if are_pairs else configs.CONFIGS
    problems = [*damage.checksums(dataset), *_schemas(dataset, tables)]
    try:
        with versions.look() as db:
            for config in tables:
                source = files.tables(dataset / "data" / config)
                db.read_parquet(source, filename=True, file_row_number=True).create_view(config)
            problems += _broken(db, rules.RULES if are_pairs else _rules())
            problems += [] if are_pairs else _ids(db)
    except (duckdb.Error, pa.ArrowException, OSError) as error:
        problems.append(f"the tables can't be read: {plain(str(error), 200)}")
    return problems


def _schemas(dataset: Path, tables: Mapping[str, pa.Schema]) -> Iterator[str]:
    """Yield files with another schema or name than their config has, and sets of files that are not whole."""
    for config, wanted in tables.items():
        numbers: dict[str, list[tuple[int, int]]] = {}
        for path in sorted((dataset / "data" / config).glob("*")):
            match = _NAME.fullmatch(path.name)
            if match is None:
                yield f"data/{config}/{plain(path.name)} is no file of a split"
                continue
            numbers.setdefault(match[1], []).append((int(match[2]), int(match[3])))
            try:
                found = pq.read_schema(path)
            except (pa.ArrowException, OSError) as error:
                yield f"data/{config}/{path.name} can't be read: {plain(str(error))}"
                continue
            if not found.equals(wanted, check_metadata=True):
                yield f"data/{config}/{path.name} has another schema than config {config}"
        if not numbers:
            yield f"config {config} has no files"
        for split, found_numbers in numbers.items():
            if found_numbers != [(number, len(found_numbers)) for number in range(len(found_numbers))]:
                yield f"config {config} lacks files of split {split}"


def _empty_texts(config: str) -> str:
    """Return a condition that finds "" in any text of a row, also in lists."""
    tests = []
    for field in configs.CONFIGS[config]:
        if pa.types.is_string(field.type):
            tests.append(f"{field.name} = ''")
        elif pa.types.is_list(field.type) and pa.types.is_struct(field.type.value_type):
            inner = [f"x.{child.name} = ''" for child in field.type.value_type if pa.types.is_string(child.type)]
            tests.append(f"len(list_filter({field.name}, lambda x: coalesce({' OR '.join(inner)}, false))) > 0")
        elif pa.types.is_list(field.type):
            tests.append(f"list_contains({field.name}, '')")
    return " OR ".join(tests)


def _rules() -> dict[str, str]:
    """Return what must not be, and a query for the record_ids where it is."""
    ordered = f"PARTITION BY {files.SPLIT} ORDER BY filename, file_row_number"
    edges = {
        f"rows of {config} that belong to no record of qa in the same split": f"""
            SELECT record_id FROM (SELECT record_id, {files.SPLIT} AS split FROM "{config}")
            ANTI JOIN (SELECT record_id, {files.SPLIT} AS split FROM qa) USING (record_id, split)"""
        for config in ("similar", "faq", "history")
    }
    rows = {
        "records that occur twice": "SELECT record_id FROM qa GROUP BY record_id HAVING count(*) > 1",
        "records that are not sorted": f"""
            SELECT record_id FROM (SELECT record_id, lag(record_id) OVER ({ordered}) AS above FROM qa)
            WHERE above >= record_id""",
        "records without a question": "SELECT record_id FROM qa WHERE question IS NULL",
        "ages that are none": f"""
            SELECT record_id FROM qa WHERE asker_age_min NOT BETWEEN 0 AND {OLDEST}
            OR asker_age_max NOT BETWEEN 0 AND {OLDEST} OR asker_age_min > asker_age_max""",
        "replies that do not go with the note unanswered": """
            SELECT record_id FROM qa WHERE (reply IS NULL) <> list_contains(notes, 'unanswered')""",
        "days after the fetch": """
            SELECT record_id FROM qa
            WHERE greatest(ask_date, reply_date) > CAST(fetched_at AS DATE) + INTERVAL 1 DAY""",
        "clusters in several splits": f"""
            SELECT min(record_id) FROM qa GROUP BY cluster_id HAVING count(DISTINCT {files.SPLIT}) > 1""",
        "edges to records that are not there": """
            SELECT record_id FROM "similar" WHERE target_record_id IS NOT NULL
            AND target_record_id NOT IN (SELECT record_id FROM qa)""",
        "versions whose times do not follow each other": """
            SELECT record_id FROM (
                SELECT record_id, valid_from, valid_to,
                       lead(valid_from) OVER (PARTITION BY record_id ORDER BY valid_from) AS following
                FROM history)
            WHERE valid_to <= valid_from OR valid_to IS DISTINCT FROM following""",
        "records without an open version in history": """
            SELECT record_id FROM qa ANTI JOIN (SELECT record_id FROM history WHERE valid_to IS NULL) USING (record_id)
        """,
        "records whose open version says something else": """
            SELECT q.record_id FROM qa q JOIN history h ON h.record_id = q.record_id AND h.valid_to IS NULL
            WHERE (q.question, q.reply, q.title, q.doctor) IS DISTINCT FROM (h.question, h.reply, h.title, h.doctor)""",
    }
    empty = {
        f'rows of {config} with "" in place of null': f'SELECT record_id FROM "{config}" WHERE {_empty_texts(config)}'
        for config in configs.CONFIGS
    }
    return rows | edges | empty


def _broken(db: Any, rules: Mapping[str, str]) -> Iterator[str]:
    """Yield rules that rows break, with how many do, and one of them."""
    for what, query in rules.items():
        ((number, example),) = db.execute(
            f"SELECT count(*), min(record_id) FROM ({query}) AS wrong(record_id)"
        ).fetchall()
        if number:
            yield f"{number:,} {what}, e.g. {plain(str(example))}"


def _ids(db: Any) -> Iterator[str]:
    """Yield records whose id is not that of their URL."""
    wrong = []
    for batch in db.sql("SELECT record_id, site, url, fetched_at, rank FROM qa").to_arrow_reader(10_000):
        for row in batch.to_pylist():
            if not _is_own(row):
                wrong.append(row["record_id"])
    if wrong:
        yield f"{len(wrong):,} records whose record_id is not that of their url, e.g. {plain(str(min(wrong)))}"


def _is_own(row: Mapping[str, Any]) -> bool:
    """Return whether a record's id is that of its URL; of a site that is not known here, whether it can be."""
    page = Page(site=row["site"], url=row["url"], body=b"", fetched_at=row["fetched_at"])
    if registry.is_known(page.site):
        return record_id(page, row["rank"]) == str(row["record_id"])
    key = str(row["record_id"]).removesuffix(f"#{row['rank']}" if row["rank"] else "")
    number = key.removeprefix(f"{page.site}:")
    return key == hashed(page.url) or (number != key and number.isdigit() and number in page.url)
