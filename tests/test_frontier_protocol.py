"""The lease protocol against a simple model: leases, deaths, commits, releases in any order."""

import tempfile
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from sqlalchemy import select

from qacrawl.frontier import File, Found, Row, Visit, open_frontier
from qacrawl.frontier.tables import runs, urls

RUNS = ("a", "b", "c")
LONG = 1e12


def article(number: int) -> str:
    return f"https://doctorqna.com/en/article/{number}"


@dataclass
class Lease:
    """What the model knows of a leased URL."""

    run: str
    generation: int
    expired: bool


class Protocol(RuleBasedStateMachine):
    """Three workers, who hold rows that may have been taken from them, and what must be true of the frontier."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.opened = open_frontier(None, "doctorqna", Path(self.folder.name))
        self.frontier = self.opened.__enter__()
        for run in RUNS:
            self.frontier.start_run(run, LONG)
        self.states: dict[str, str] = {}
        self.generations: Counter[str] = Counter()
        self.attempts: Counter[str] = Counter()
        self.visits: Counter[str] = Counter()
        self.leases: dict[str, Lease] = {}
        self.hands: dict[str, list[Row]] = {run: [] for run in RUNS}
        self.files: dict[str, int] = {}
        self.fetches: Counter[str] = Counter()

    def teardown(self) -> None:
        self.opened.__exit__(None, None, None)
        self.folder.cleanup()

    def holds(self, run: str, row: Row) -> bool:
        lease = self.leases.get(row.url)
        return lease is not None and (lease.run, lease.generation) == (run, row.generation)

    def free(self, url: str) -> None:
        self.leases.pop(url, None)
        self.states[url] = "due"

    @rule(numbers=st.lists(st.integers(1, 8), max_size=5))
    def add(self, numbers: list[int]) -> None:
        new = {article(number) for number in numbers} - self.states.keys()
        assert self.frontier.add(Found(article(number), "article") for number in numbers) == len(new)
        self.states |= dict.fromkeys(new, "due")

    @rule(run=st.sampled_from(RUNS), number=st.integers(1, 4), dies=st.booleans())
    def lease(self, run: str, number: int, dies: bool) -> None:
        rows = self.frontier.lease(number, run, 0.0 if dies else LONG)
        due = {url for url, state in self.states.items() if state == "due"}
        assert {row.url for row in rows} <= due
        assert len({row.url for row in rows}) == len(rows) == min(number, len(due))
        for row in rows:
            self.generations[row.url] += 1
            assert row.generation == self.generations[row.url]
            assert row.attempts == self.attempts[row.url]
            self.states[row.url] = "leased"
            self.leases[row.url] = Lease(run, row.generation, dies)
        self.hands[run] += rows

    @rule(run=st.sampled_from(RUNS), alive=st.booleans())
    def beat(self, run: str, alive: bool) -> None:
        self.frontier.beat(run, LONG if alive else 0.0)
        for lease in self.leases.values():
            if lease.run == run:
                lease.expired = not alive

    @rule(expired_only=st.booleans())
    def take_back(self, expired_only: bool) -> None:
        lost = [url for url, lease in self.leases.items() if lease.expired or not expired_only]
        assert self.frontier.take_back(expired_only) == len(lost)
        for url in lost:
            self.free(url)

    @precondition(lambda self: any(self.hands.values()))
    @rule(run=st.sampled_from(RUNS), data=st.data(), tried=st.integers(0, 1))
    def release(self, run: str, data: st.DataObject, tried: int) -> None:
        rows = self.take(run, data)
        self.frontier.release(rows, attempts=tried)
        for row in rows:
            if self.holds(run, row):
                self.free(row.url)
                self.attempts[row.url] += tried

    def take(self, run: str, data: st.DataObject) -> list[Row]:
        """Some of the rows that a worker believes to hold, no two of the same URL."""
        hand = self.hands[run]
        rows = data.draw(st.lists(st.sampled_from(hand), unique_by=lambda row: row.id)) if hand else []
        self.hands[run] = [row for row in hand if row not in rows]
        return rows

    @precondition(lambda self: any(self.hands.values()))
    @rule(run=st.sampled_from(RUNS), data=st.data(), found=st.integers(1, 8))
    def commit(self, run: str, data: st.DataObject, found: int) -> None:
        rows = self.take(run, data)
        name = f"part-{len(self.files)}"
        visits = [Visit(row, "record", "done", 4, 0.0, checked_at=1.0) for row in rows]
        lost = self.frontier.commit(run, visits, [File("parts", name, len(rows))], [Found(article(found), "article")])
        assert lost == {row.id for row in rows if not self.holds(run, row)}
        if lost:
            return
        self.files[name] = len(rows)
        self.fetches[run] += len(rows)
        self.states.setdefault(article(found), "due")
        for row in rows:
            del self.leases[row.url]
            self.states[row.url] = "done"
            self.visits[row.url] += 1
            self.attempts[row.url] = 0

    @rule()
    def promote(self) -> None:
        done = [url for url, state in self.states.items() if state == "done"]
        assert self.frontier.promote(1.0) == len(done)
        for url in done:
            self.states[url] = "due"

    @rule(number=st.integers(1, 8))
    def forget(self, number: int) -> None:
        self.frontier.forget([article(number)])
        self.leases.pop(article(number), None)
        self.states[article(number)] = "forgotten"

    @invariant()
    def agrees(self) -> None:
        with self.frontier.engine.connect() as db:
            rows = db.execute(select(urls)).all()
            fetches = db.execute(select(runs.c.run_id, runs.c.fetches, runs.c.record)).all()
        assert {row.url: row.state for row in rows} == self.states
        assert {row.url: row.owner for row in rows if row.owner} == {
            url: lease.run for url, lease in self.leases.items()
        }
        assert all(row.visits == self.visits[row.url] for row in rows)
        assert all(run.fetches == run.record == self.fetches[run.run_id] for run in fetches)
        assert sum(self.visits.values()) == sum(self.files.values())
        assert self.frontier.files("parts") == self.files
        open_ = sum(state in ("due", "leased") for state in self.states.values())
        assert self.frontier.pending() == (open_, None)


Protocol.TestCase.settings = settings(
    max_examples=25,
    stateful_step_count=25,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow],
)
TestProtocol = Protocol.TestCase
