"""The functions of queue, manifest, runs and hosts write in the caller's transaction: all of it counts, or nothing."""

from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import Connection, select

from qacrawl.frontier import EndedVisit, File, Found, Frontier, hosts, manifest, open_frontier, queue, runs
from qacrawl.frontier.rows import Seen
from qacrawl.frontier.transfer import TABLES

SITE = "doctorqna"
LONG = 1e12


class Stopped(Exception):
    """Raised in the middle of a transaction."""


def article(number: int) -> str:
    return f"https://doctorqna.com/en/article/{number}"


def number(url: str) -> int | None:
    return int(url.rpartition("/")[2])


@pytest.fixture
def frontier(address: str | None, tmp_path: Path) -> Iterator[Frontier]:
    """A frontier with a run that holds the first of three articles, a file, and a host that is slowed down."""
    with open_frontier(address, SITE, tmp_path) as opened:
        opened.start_run("run", LONG)
        opened.add([Found(article(one), "article") for one in (1, 2, 3)])
        opened.lease(1, "run", 1.0)
        opened.swap([("parts", "a", 1)], [])
        opened.slow_down("h", 1.0, 2.0)
        yield opened


def rows(db: Connection) -> dict[str, list[tuple[object, ...]]]:
    return {
        name: [tuple(row) for row in db.execute(select(table).order_by(*table.primary_key))]
        for name, table in TABLES.items()
    }


def content(frontier: Frontier) -> dict[str, list[tuple[object, ...]]]:
    with frontier.engine.connect() as db:
        return rows(db)


WRITES: dict[str, Callable[[Connection], object]] = {
    "add": lambda db: queue.add(db, SITE, [Found(article(9), "article")], number),
    "require": lambda db: queue.require(db, SITE, Found(article(9), "article"), 0, number),
    "lease": lambda db: queue.lease(db, SITE, None, 1, "other", LONG),
    "prolong": lambda db: queue.prolong(db, SITE, "run", LONG),
    "give back": lambda db: queue.give_back(db, SITE, "run"),
    "take back": lambda db: queue.take_back(db, SITE, expired_only=True),
    "recover": lambda db: queue.recover(db, SITE, "a.warc.gz", [Seen(article(2), 0, LONG)]),
    "forget": lambda db: queue.forget(db, SITE, [article(2)], number),
    "put": lambda db: manifest.put(db, SITE, ("parts", "b", 1)),
    "swap": lambda db: manifest.swap(db, SITE, [], [("parts", "a")]),
    "start": lambda db: runs.start(db, SITE, "other", 0.0, LONG),
    "beat": lambda db: runs.beat(db, SITE, "run", 5.0),
    "count": lambda db: runs.count(db, SITE, "run", Counter({"record": 1})),
    "finish": lambda db: runs.finish(db, SITE, "run", "finished"),
    "turn": lambda db: hosts.take_turn(db, "h", 5.0),
    "slow down": lambda db: hosts.slow_down(db, "h", LONG, 9.0),
}


def test_what_is_written_counts_when_the_caller_commits_it(frontier: Frontier) -> None:
    before = content(frontier)
    for name, write in WRITES.items():
        with frontier.engine.connect() as db:
            write(db)
            assert rows(db) != before, name
            db.rollback()
        assert content(frontier) == before, name


def stop(*_: object) -> None:
    raise Stopped


def visit(frontier: Frontier) -> EndedVisit:
    (row,) = frontier.lease(1, "run", LONG)
    return EndedVisit(row, "record", "done", 4, LONG, checked_at=1.0)


@pytest.mark.parametrize(("module", "last"), [(queue, "add"), (manifest, "put"), (runs, "count")])
def test_a_commit_that_breaks_off_leaves_nothing(
    module: object, last: str, frontier: Frontier, monkeypatch: pytest.MonkeyPatch
) -> None:
    visits, made = [visit(frontier)], [File("parts", "b", 1)]
    before = content(frontier)
    with monkeypatch.context() as broken:
        broken.setattr(module, last, stop)
        with pytest.raises(Stopped):
            frontier.commit("run", visits, made, [Found(article(9), "article")])
    assert content(frontier) == before
    assert frontier.commit("run", visits, made, [Found(article(9), "article")]) == set()
    assert frontier.files("parts") == {"a": 1, "b": 1}


@pytest.mark.parametrize(
    ("module", "last", "act"),
    [
        (runs, "beat", lambda frontier: frontier.beat("run", 5.0)),
        (runs, "finish", lambda frontier: frontier.finish_run("run", "finished")),
        (manifest, "put", lambda frontier: frontier.recover("a.warc.gz", 9, [Seen(article(2), 0, LONG)])),
    ],
)
def test_what_spans_two_tables_is_one_transaction(
    module: object,
    last: str,
    act: Callable[[Frontier], object],
    frontier: Frontier,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    before = content(frontier)
    with monkeypatch.context() as broken:
        broken.setattr(module, last, stop)
        with pytest.raises(Stopped):
            act(frontier)
    assert content(frontier) == before
    act(frontier)
    after = content(frontier)
    assert sum(after[name] != before[name] for name in TABLES) == 2


def test_a_run_counts_its_fetches_and_nothing_else(frontier: Frontier) -> None:
    with frontier.engine.begin() as db:
        for _ in range(2):
            runs.count(db, SITE, "run", Counter(record=2, failed=1, redirect=5, forbidden=7))
        run = db.execute(select(TABLES["runs"])).one()
    assert (run.fetches, run.record, run.failed, run.reject) == (6, 4, 2, 0)


def test_runs_are_new_once(frontier: Frontier) -> None:
    with frontier.engine.begin() as db:
        assert not runs.is_new(db, SITE)
        assert runs.is_new(db, "elsewhere")


def test_a_lease_holds_for_its_run_and_generation_only(frontier: Frontier) -> None:
    (row,) = frontier.lease(1, "run", LONG)
    with frontier.engine.begin() as db:
        assert queue.hold(db, [row], "run") == {row.id}
        assert queue.hold(db, [row], "other") == set()
        assert queue.hold(db, [row._replace(generation=row.generation - 1)], "run") == set()
        assert queue.hold(db, [], "run") == set()


def test_a_manifest_is_of_one_site_and_kind(frontier: Frontier) -> None:
    with frontier.engine.begin() as db:
        manifest.put(db, "elsewhere", ("parts", "a", 7))
        manifest.put(db, SITE, ("rejects", "a", 8))
        manifest.swap(db, SITE, [("parts", "c", 3), ("parts", "b", 2)], [("parts", "a")])
        assert manifest.sizes(db, SITE, "parts") == {"b": 2, "c": 3}
        assert list(manifest.sizes(db, SITE, "parts")) == ["b", "c"], "in order"
        assert manifest.sizes(db, SITE, "rejects") == {"a": 8}
        assert manifest.sizes(db, "elsewhere", "parts") == {"a": 7}
