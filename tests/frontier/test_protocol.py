"""The lease protocol against a simple model: leases, deaths, commits, releases in any order."""

import tempfile
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from sqlalchemy import select

from qacrawl.frontier import EndedVisit, File, Found, Row, open_frontier
from qacrawl.frontier.tables import runs, urls

RUNS = ("a", "b")
ACTIONS = ("lease", "lease", "commit", "commit", "release", "take_back", "beat", "rest")
LONG = 1e12
URLS = 4  # few, so that workers get in each other's way


def article(number: int) -> str:
    return f"https://doctorqna.com/en/article/{number}"


@dataclass
class Lease:
    """What the model knows of a leased URL."""

    run: str
    generation: int
    expired: bool


class Protocol(RuleBasedStateMachine):
    """Two workers, who hold rows that may have been taken from them, and what must be true of the frontier."""

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

    @initialize()
    def begin(self) -> None:
        new = [Found(article(number), "article") for number in (1, 2)]
        assert self.frontier.add(new) == 2
        self.states = dict.fromkeys([found.url for found in new], "due")

    @rule(
        data=st.data(),
        action=st.sampled_from(["lease", "lease", "commit", "commit", "release", "take_back", "beat", "rest"]),
    )
    def act(self, data: st.DataObject, action: str) -> None:
        """One rule for all: Hypothesis would leave out some of several for a whole run, and few leases be lost."""
        if action == "rest":
            action = data.draw(st.sampled_from(["promote", "forget"]))
        getattr(self, action)(data)

    def lease(self, data: st.DataObject) -> None:
        run, number, dies = data.draw(st.tuples(st.sampled_from(RUNS), st.integers(1, URLS), st.booleans()))
        rows = self.frontier.lease(number, run, 0.0 if dies else LONG)
        due = {url for url, state in self.states.items() if state == "due"}
        assert {row.url for row in rows} <= due
        assert len({row.url for row in rows}) == len(rows) == min(number, len(due))
        for row in rows:
            assert row.generation > self.generations[row.url]
            self.generations[row.url] = row.generation
            assert row.attempts == self.attempts[row.url]
            self.states[row.url] = "leased"
            self.leases[row.url] = Lease(run, row.generation, dies)
        self.hands[run] += rows

    def beat(self, data: st.DataObject) -> None:
        run, alive = data.draw(st.tuples(st.sampled_from(RUNS), st.booleans()))
        self.frontier.beat(run, LONG if alive else 0.0)
        for lease in self.leases.values():
            if lease.run == run:
                lease.expired = not alive

    def take_back(self, data: st.DataObject) -> None:
        expired_only = data.draw(st.booleans())
        lost = [url for url, lease in self.leases.items() if lease.expired or not expired_only]
        assert self.frontier.take_back(expired_only) == len(lost)
        for url in lost:
            self.free(url)

    def release(self, data: st.DataObject) -> None:
        tried = data.draw(st.integers(0, 1))
        run, rows = self.take(data)
        self.frontier.release(rows, attempts=tried)
        for row in rows:
            if self.holds(run, row):
                self.free(row.url)
                self.attempts[row.url] += tried

    def take(self, data: st.DataObject) -> tuple[str, list[Row]]:
        """A worker and some of the rows that it believes to hold, no two of the same URL."""
        run = data.draw(st.sampled_from([run for run in RUNS if self.hands[run]] or RUNS))
        hand = self.hands[run]
        if not hand:
            return run, []
        rows = data.draw(st.lists(st.sampled_from(hand), min_size=1, unique_by=lambda row: row.id))
        self.hands[run] = [row for row in hand if row not in rows]
        return run, rows

    def commit(self, data: st.DataObject) -> None:
        found, state = data.draw(st.tuples(st.integers(1, URLS), st.sampled_from(["due", "done"])))
        run, rows = self.take(data)
        name = f"part-{len(self.files)}"
        visits = [EndedVisit(row, "record", state, 4, 0.0, checked_at=1.0) for row in rows]
        lost = self.frontier.commit(run, visits, [File("parts", name, len(rows))], [Found(article(found), "article")])
        assert lost == {row.id for row in rows if not self.holds(run, row)}
        if lost:
            return
        self.files[name] = len(rows)
        self.fetches[run] += len(rows)
        self.states.setdefault(article(found), "due")
        for row in rows:
            del self.leases[row.url]
            self.states[row.url] = state
            self.visits[row.url] += 1
            self.attempts[row.url] = 0

    def promote(self, _: st.DataObject) -> None:
        done = [url for url, state in self.states.items() if state == "done"]
        assert self.frontier.promote(1.0) == len(done)
        for url in done:
            self.states[url] = "due"

    def forget(self, data: st.DataObject) -> None:
        number = data.draw(st.integers(1, URLS))
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
    max_examples=50,
    stateful_step_count=25,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow],
)
TestProtocol = Protocol.TestCase
