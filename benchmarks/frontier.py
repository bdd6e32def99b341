"""Milliseconds an operation of the frontier takes with a short queue and with a long one, and the memory it needs.

    python benchmarks/frontier.py [--rows N] [--postgres URL]

The database of `--postgres` has to be empty; it is left with the rows in it.
"""

import argparse
import resource
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from sqlalchemy import text

from qacrawl.frontier import EndedVisit, Found, Frontier, open_frontier

FAR = 1e12
ROUNDS = 15


_FILL = """
INSERT INTO qacrawl_urls (site, url, number, kind, state, priority, due_at, first_seen,
    hops, visits, attempts, failures, misses, generation)
WITH RECURSIVE numbers(n) AS (SELECT CAST(:first AS BIGINT) UNION ALL SELECT n + 1 FROM numbers WHERE n + 1 < :stop)
SELECT 'doctorqna', 'https://doctorqna.com/en/article/' || n, n, 'article', :state, 2, :due_at, 0,
    0, 0, 0, 0, 0, 0 FROM numbers
"""


def fill(frontier: Frontier, numbers: range, state: str = "due", due_at: float = 0.0) -> None:
    """Put articles into the frontier's table, as fast as the database takes them."""
    with frontier.engine.begin() as db:
        db.execute(text(_FILL), {"first": numbers.start, "stop": numbers.stop, "state": state, "due_at": due_at})


def analyse(frontier: Frontier) -> None:
    """What PostgreSQL's autovacuum does a minute later, and `tidy` at the end of each run."""
    with frontier.engine.begin() as db:
        db.execute(text("ANALYZE"))


def median(action: Callable[[], object]) -> float:
    """Median milliseconds of some rounds."""
    times = []
    for _ in range(ROUNDS):
        started = time.perf_counter()
        action()
        times.append((time.perf_counter() - started) * 1000)
    return statistics.median(times)


def measure(frontier: Frontier) -> dict[str, float]:
    """Milliseconds of each operation on the frontier as it is."""
    fresh = iter(range(500_000_000, 600_000_000, 500))
    leased = []

    def add() -> None:
        start = next(fresh)
        numbers = range(start, start + 500)
        frontier.add(Found(f"https://doctorqna.com/en/article/{number}", "article") for number in numbers)

    def lease() -> None:
        leased.append(frontier.lease(50, "run", FAR))

    def commit() -> None:
        rows = leased.pop()
        frontier.commit("run", [EndedVisit(row, "record", "done", 4, FAR, checked_at=0.0) for row in rows], [])

    def release() -> None:
        frontier.release(leased.pop())

    def by_number() -> None:
        frontier.numbers = (100, 900)
        rows = frontier.lease(50, "run", FAR)
        frontier.numbers = None
        frontier.release(rows)

    times = {"lease(50)": median(lease), "commit(50 visits)": median(commit), "add(500)": median(add)}
    median(lease)
    times |= {"release(50)": median(release), "lease(50) of a range": median(by_number)}
    return times | {"pending()": median(frontier.pending), "promote() of none": median(lambda: frontier.promote(-1.0))}


SHAPES: dict[str, tuple[tuple[str, float], ...]] = {
    "all due": (("due", 0.0),),
    "all wait for a later hour": (("waiting", FAR),),
    "all visited, due again later": (("done", FAR),),
    "a third each": (("due", 0.0), ("waiting", FAR), ("done", FAR)),
}


def compare(address: str | None, rows: int, shape: str) -> dict[str, tuple[float, float]]:
    """Milliseconds of each operation with a thousand due rows alone, and with `rows` more of a shape."""
    with tempfile.TemporaryDirectory() as folder, open_frontier(address, "doctorqna", Path(folder)) as frontier:
        with frontier.engine.begin() as db:
            db.execute(text(f"{'TRUNCATE' if frontier.shared else 'DELETE FROM'} qacrawl_urls"))
        fill(frontier, range(1000))
        analyse(frontier)
        short = measure(frontier)
        parts = SHAPES[shape]
        share = rows // len(parts)
        for number, (state, due_at) in enumerate(parts):
            fill(frontier, range(10_000 + number * share, 10_000 + (number + 1) * share), state, due_at)
        analyse(frontier)
        return {name: (short[name], time_) for name, time_ in measure(frontier).items()}


def memory() -> float:
    """The most memory this process had so far, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--postgres")
    options = parser.parse_args()
    for address in [None, *([options.postgres] if options.postgres else [])]:
        for shape in SHAPES:
            print(f"\n{'PostgreSQL' if address else 'SQLite'}: {options.rows:,} rows, {shape}")
            for name, (short, long) in compare(address, options.rows, shape).items():
                print(f"{short:9.2f} ms -> {long:9.2f} ms  x {long / short:5.1f}  {name}")
    print(f"\nmost memory: {memory():.0f} MB")


if __name__ == "__main__":
    main()
