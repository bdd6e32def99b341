"""Long queues cost no more than short ones: indices serve every operation, and memory stays small."""

import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event, text

from qacrawl.frontier import EndedVisit, File, Found, Frontier, open_frontier
from qacrawl.frontier.rows import Seen

SITE = "doctorqna"
FAR = 1e12


def article(number: int) -> str:
    return f"https://doctorqna.com/en/article/{number}"


_FILL = """
INSERT INTO qacrawl_urls (site, url, number, kind, state, priority, due_at, first_seen,
    hops, visits, attempts, failures, misses, generation)
WITH RECURSIVE numbers(n) AS (SELECT CAST(:first AS BIGINT) UNION ALL SELECT n + 1 FROM numbers WHERE n + 1 < :stop)
SELECT 'doctorqna', 'https://doctorqna.com/en/article/' || n, n, 'article', :state, 2, :due_at, 0,
    0, 0, 0, 0, 0, 0 FROM numbers
"""


def fill(frontier: Frontier, numbers: range, state: str = "due") -> None:
    with frontier.engine.begin() as db:
        due_at = FAR * (state != "due")
        db.execute(text(_FILL), {"first": numbers.start, "stop": numbers.stop, "state": state, "due_at": due_at})


def everything(frontier: Frontier) -> None:
    """Each operation of a crawl, once."""
    frontier.start_run("run", FAR)
    frontier.add([Found(article(number), "article") for number in range(10**8, 10**8 + 10)])
    frontier.require(article(10**8), "article", 0)
    first, *rows = frontier.lease(5, "run", FAR)
    frontier.release([first], due_at=FAR)
    made = [File("archive", "a", 1)]
    assert frontier.commit("run", [EndedVisit(row, "record", "done", 4, FAR) for row in rows], made) == set()
    frontier.beat("run", FAR)
    frontier.take_back(expired_only=True)
    frontier.promote(0.0)
    frontier.pending()
    frontier.recover("a", 1, [Seen(article(7), 0, FAR)])
    frontier.numbers = (40, 60)
    frontier.pending()
    frontier.release(frontier.lease(5, "run", FAR))
    frontier.numbers = None
    frontier.forget([article(9)])
    frontier.gone()
    frontier.is_dead("run")
    frontier.finish_run("run", "finished")


@pytest.fixture
def frontier(tmp_path: Path) -> Iterator[Frontier]:
    with open_frontier(None, SITE, tmp_path) as opened:
        yield opened


@pytest.mark.parametrize("analysed", [False, True])
def test_every_statement_finds_its_rows_by_an_index_that_also_sorts(frontier: Frontier, analysed: bool) -> None:
    fill(frontier, range(3000))
    fill(frontier, range(3000, 4000), "waiting")
    fill(frontier, range(4000, 9000), "done")
    if analysed:
        with frontier.engine.begin() as db:
            db.execute(text("ANALYZE"))
    seen: dict[str, Any] = {}

    def note(_: Any, __: Any, statement: str, parameters: Any, ___: Any, many: bool) -> None:
        if statement.startswith(("SELECT", "UPDATE", "WITH", "DELETE")):
            seen[statement] = parameters[0] if many else parameters

    event.listen(frontier.engine, "before_cursor_execute", note)
    everything(frontier)
    event.remove(frontier.engine, "before_cursor_execute", note)
    assert len(seen) > 15
    with frontier.engine.connect() as db:
        for statement, parameters in seen.items():
            plan = [row[3] for row in db.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)]
            reads = [step for step in plan if "qacrawl_" in step]
            assert all(step.startswith("SEARCH") for step in reads), (plan, statement)
            if "LIMIT" in statement:
                assert not any("TEMP B-TREE" in step for step in plan), (plan, statement)


def median(action: Callable[[], object], rounds: int = 15) -> float:
    times = []
    for _ in range(rounds):
        started = time.perf_counter()
        action()
        times.append(time.perf_counter() - started)
    return statistics.median(times)


def measure(frontier: Frontier, at: int) -> dict[str, float]:
    fresh = iter(range(at, at + 10**7, 500))

    def add() -> None:
        start = next(fresh)
        frontier.add(Found(article(number), "article") for number in range(start, start + 500))

    times = {"lease": median(lambda: frontier.lease(50, "run", FAR)), "add": median(add)}
    times |= {"pending": median(frontier.pending), "promote": median(lambda: frontier.promote(-1.0))}
    frontier.numbers = (300, 900)
    times["range"] = median(lambda: frontier.release(frontier.lease(5, "run", FAR)))
    frontier.numbers = None
    return times


def check_flat(frontier: Frontier) -> None:
    fill(frontier, range(2000))
    short = measure(frontier, 10**8)
    fill(frontier, range(10_000, 410_000))
    fill(frontier, range(410_000, 810_000), "waiting")
    fill(frontier, range(810_000, 1_010_000), "done")
    if frontier.shared:
        with frontier.engine.begin() as db:
            db.execute(text("ANALYZE"))  # autovacuum does it within a minute
    long = measure(frontier, 2 * 10**8)
    slower = {name: (short[name], long[name]) for name in short if long[name] > 5 * short[name] + 0.005}
    assert not slower


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_million_rows_cost_no_more_than_two_thousand(address: str | None, tmp_path: Path) -> None:
    with open_frontier(address, SITE, tmp_path) as frontier:
        check_flat(frontier)


MEASURE = """
import sys
from pathlib import Path
from qacrawl.frontier import Found, open_frontier
with open_frontier(None, "doctorqna", Path(sys.argv[1])) as frontier:
    url = "https://doctorqna.com/en/article/"
    print(frontier.add(Found(f"{url}{number}", "article") for number in range(10_000)))
    while rows := frontier.lease(50, "run", 1e12):
        if rows[0].id > 2000:
            break
    frontier.promote(1e12, everything=True)
    frontier.pending()
    frontier.take_back(expired_only=False)
# Not ru_maxrss: that is inherited from the process that started this one.
status = Path("/proc/self/status").read_text()
print(int(status.split("VmHWM:")[1].split()[0]) // 1024)
"""


@pytest.mark.slow
def test_memory_stays_small_with_a_million_rows(tmp_path: Path) -> None:
    with open_frontier(None, SITE, tmp_path) as frontier:
        fill(frontier, range(20_000, 520_000))
        fill(frontier, range(520_000, 1_020_000), "done")
    command = [sys.executable, "-c", MEASURE, str(tmp_path)]
    added, megabytes = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
    assert int(added) == 10_000
    assert int(megabytes) < 300
