"""Seconds and memory that publishing takes at several sizes: newest versions, splits, all configs, card.

python benchmarks/publish.py [--sizes N N N] [--rounds N] [--short]

The records are synthetic: 30 to 130 words a question, one in ten nearly an earlier one, one in twenty with two
versions. "CPU" is the seconds of the processor in all threads, which other work on the machine changes little;
"splits" is the wall time that splits take. "growth" compares the CPU seconds a record with those of the first size.
"""

import argparse
import json
import random
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256
from pathlib import Path

START = datetime(2024, 1, 1, tzinfo=UTC)
WORDS = [
    f"{start}{end}" for start in "ba ke mi no pu ra se ti vo zu".split() for end in "n rt ll sk mp st ng x d".split()
]
PART = 2_000
SHORT_PART = 20_000
ARTICLE = "'https://doctorqna.com/en/article/'"
EXCERPT = ", ".join(f"'{name}': NULL" for name in ("question_excerpt", "doctor", "specialty", "reply_excerpt"))


def text(rng: random.Random, words: int) -> str:
    return " ".join(rng.choices(WORDS, k=words))


def question(number: int) -> str:
    """A question by its number; each tenth is the one before it with a few other words."""
    rng = random.Random(number - 1 if number % 10 == 9 else number)
    words = text(rng, rng.randint(30, 130)).split()
    if number % 10 == 9:
        words[5] = words[20] = "changed"
    return " ".join(words)


def rows(numbers: range) -> Iterator[object]:
    """Records of these numbers, the second versions of some among them."""
    from qacrawl.records import QARecord, RelatedFAQ, SimilarQA

    for number in numbers:
        rng = random.Random(-number)
        for version in range(2 if number % 20 == 0 else 1):
            yield QARecord(
                record_id=f"doctorqna:{number}",
                site="doctorqna",
                url=f"https://doctorqna.com/en/article/{number}",
                lang="en",
                title=text(rng, 6),
                specialty=f"Department {number % 40}",
                question_subject=text(rng, 4),
                question=question(number),
                ask_date=date(2010, 1, 1) + timedelta(days=number % 5000),
                doctor=f"Doctor {number % 500}",
                reply=text(rng, 120),
                more_info=text(rng, 300),
                similar_qa=[
                    SimilarQA(title=text(rng, 6), url=f"https://doctorqna.com/en/article/{rng.randint(1, number)}")
                    for _ in range(4)
                ],
                related_faq=[RelatedFAQ(name=word) for word in rng.sample(WORDS, 8)],
                fetched_at=START + timedelta(seconds=number, days=300 * version),
                page_sha256=sha256(b"%d %d" % (number, version)).hexdigest(),
                parser_version="doctorqna/1",
            )


def make(folder: Path, size: int) -> None:
    """Write parts with the records 1 to `size`."""
    from qacrawl import store

    (folder / "parts").mkdir(parents=True)
    for start in range(1, size + 1, PART):
        store.write_part(folder, list(rows(range(start, min(start + PART, size + 1)))))


def make_short(folder: Path, size: int) -> None:
    """Write parts with records of a few words, a hundred times as fast; they have no near-duplicates."""
    import duckdb
    import pyarrow as pa
    import pyarrow.parquet as pq

    from qacrawl import schema

    (folder / "parts").mkdir(parents=True)
    said = {
        "record_id": "'doctorqna:' || i",
        "site": "'doctorqna'",
        "url": f"{ARTICLE} || i",
        "lang": "'en'",
        "title": "'title ' || i",
        "specialty": "'Department ' || (i % 40)",
        "question": "'word' || i || ' asks'",
        "ask_date": "DATE '2010-01-01' + (i % 5000)::INT",
        "doctor": "'Doctor ' || (i % 500)",
        "reply": "'reply ' || i",
        "similar_qa": f"[{{'title': 'one', 'url': {ARTICLE} || (i * 7919 % {size}), {EXCERPT}}},"
        f" {{'title': 'two', 'url': {ARTICLE} || (i // 2), {EXCERPT}}}]",
        "related_faq": "[{'name': 'tag ' || (i % 100), 'specialty': NULL, 'url': NULL}]",
        "fetched_at": "TIMESTAMPTZ '2024-01-01' + INTERVAL (i) SECOND",
        "page_sha256": "sha256(i::VARCHAR)",
        "parser_version": "'doctorqna/1'",
        "notes": "[]::VARCHAR[]",
    }
    row = ", ".join(f"{said.get(name, 'NULL')} AS {name}" for name in schema.ARROW.names)
    with duckdb.connect() as db:
        db.execute("SET TimeZone = 'UTC'")
        for start in range(1, size + 1, SHORT_PART):
            end = min(start + SHORT_PART, size + 1)
            rows = db.sql(f"SELECT {row} FROM range({start}, {end}) r(i)").to_arrow_table()
            columns = [rows[field.name].cast(field.type) for field in schema.ARROW]
            table = pa.Table.from_arrays(columns, schema=schema.ARROW)
            pq.write_table(table, folder / "parts" / f"part-{start:09}.parquet", compression="zstd")


def publish(folder: Path) -> dict[str, float]:
    """Publish once; seconds of it all and of the splits, peak memory of this process in MB."""
    from qacrawl.publish import snapshot
    from qacrawl.publish.data import splits

    spent = 0.0

    def timed(step: Callable[[object], None]) -> Callable[[object], None]:
        def run(db: object) -> None:
            nonlocal spent
            started = time.perf_counter()
            step(db)
            spent += time.perf_counter() - started

        return run

    splits.read, splits.assign = timed(splits.read), timed(splits.assign)
    started, busy = time.perf_counter(), time.process_time()
    made = snapshot.publish(folder, "doctorqna", sorted((folder / "parts").glob("*.parquet")))
    seconds, cpu = time.perf_counter() - started, time.process_time() - busy
    facts = json.loads((made.path / splits.FILE).read_text())["pairs"]
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"rows": made.rows, "seconds": seconds, "cpu": cpu, "splits": spent, "peak": peak, **facts}


def measure(folder: Path, rounds: int) -> dict[str, float]:
    """The quickest of some publishes, each in a process of its own and from nothing."""
    found = []
    for _ in range(rounds):
        subprocess.run(["rm", "-rf", *map(str, folder.glob("snapshots"))], check=True)
        (folder / "dataset").unlink(missing_ok=True)
        done = subprocess.run([sys.executable, __file__, "--publish", folder], check=True, stdout=subprocess.PIPE)
        found.append(json.loads(done.stdout))
    return min(found, key=lambda one: one["cpu"])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", type=int, nargs="+", default=[20_000, 40_000, 80_000])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--short", action="store_true", help="records of a few words: for millions of them")
    parser.add_argument("--publish", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.publish:
        print(json.dumps(publish(options.publish)))
        return
    print(
        f"{'records':>8} {'seconds':>8} {'CPU':>6} {'splits':>7} {'peak MB':>8} {'linked':>7} {'torn':>5} {'growth':>7}"
    )
    first = None
    for size in options.sizes:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name) / "doctorqna"
            (make_short if options.short else make)(folder, size)
            one = measure(folder, options.rounds)
        each = one["cpu"] / one["rows"]
        first = first or each
        print(
            f"{one['rows']:8,} {one['seconds']:8.1f} {one['cpu']:6.1f} {one['splits']:7.1f} {one['peak']:8.0f} "
            f"{one['linked']:7,} {one['torn']:5,} {each / first:7.2f}",
            flush=True,
        )


if __name__ == "__main__":
    main()
