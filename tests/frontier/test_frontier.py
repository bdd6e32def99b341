"""The frontier's promises, on SQLite and PostgreSQL alike: what is leased, committed, lost and counted."""

import multiprocessing
import os
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import ExitStack
from itertools import pairwise
from pathlib import Path

import pytest
from sqlalchemy import create_engine, event, func, select, text, update

from qacrawl.errors import Exit, QacrawlError
from qacrawl.frontier import EndedVisit, File, Found, Frontier, Row, open_frontier
from qacrawl.frontier.locks import APP
from qacrawl.frontier.rows import AGAIN, ARCHIVED, NEW, Seen
from qacrawl.frontier.tables import hosts, runs, urls

SITE = "doctorqna"
HOME = "https://doctorqna.com/en"
LONG = 1e12


def article(number: int) -> str:
    return f"{HOME}/article/{number}"


def articles(numbers: Iterable[int]) -> list[Found]:
    return [Found(article(number), "article") for number in numbers]


def listing(name: str) -> str:
    return f"{HOME}/faq/{name}"


@pytest.fixture(params=["sqlite", "postgresql"])
def address(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'frontier.sqlite'}"
    url: str = request.getfixturevalue("postgres_url")
    return url


@pytest.fixture
def frontier(address: str, tmp_path: Path) -> Iterator[Frontier]:
    with open_frontier(address, SITE, tmp_path) as opened:
        opened.start_run("run", LONG)
        yield opened


def state(frontier: Frontier, url: str, *names: str) -> tuple[object, ...]:
    with frontier.engine.connect() as db:
        columns = [urls.c[name] for name in names or ("state",)]
        return tuple(db.execute(select(*columns).where(urls.c.site == SITE, urls.c.url == url)).one())


def states(frontier: Frontier) -> dict[str, int]:
    with frontier.engine.connect() as db:
        found = db.execute(select(urls.c.state, func.count()).group_by(urls.c.state))
        return {row[0]: row[1] for row in found}


def done(row: Row, **facts: object) -> EndedVisit:
    values: dict[str, object] = {
        "outcome": "record", "state": "done", "priority": AGAIN, "due_at": LONG, "checked_at": 1000.0, "status": 200,
    }  # fmt: skip
    return EndedVisit(row=row, **(values | facts))  # type: ignore[arg-type]


def finish(frontier: Frontier, row: Row, **facts: object) -> None:
    assert frontier.commit("run", [done(row, **facts)], []) == set()


def lease_one(frontier: Frontier, run: str = "run", until: float = LONG) -> Row:
    (row,) = frontier.lease(1, run, until)
    return row


# URLs and their order


def test_adds_each_url_once(frontier: Frontier) -> None:
    assert frontier.add(articles([1, 2, 2])) == 2
    assert frontier.add(articles([2, 3])) == 1
    assert frontier.add([]) == 0
    assert sorted(row.url for row in frontier.lease(10, "run", LONG)) == [article(1), article(2), article(3)]


def test_leases_the_most_urgent_first_and_then_in_order_of_discovery(frontier: Frontier) -> None:
    frontier.add(articles([9, 1]))
    frontier.add([Found(listing("a"), "listing"), Found(HOME, "start"), *articles([5])])
    assert [row.url for row in frontier.lease(10, "run", LONG)] == [
        HOME, article(1), article(9), article(5), listing("a"),
    ]  # fmt: skip


def test_a_row_tells_what_the_last_visit_left(frontier: Frontier) -> None:
    frontier.add([Found(article(1), "article", 3)])
    first = lease_one(frontier)
    assert first.kind == "article"
    assert (first.hops, first.visits, first.generation, first.etag) == (3, 0, 2, None)
    facts = {"etag": '"x"', "last_modified": "Mon", "digest": "d", "payload": "p", "fetched_at": 900.0, "replied": 1}
    finish(frontier, first, due_at=0.0, asked=5.0, failures=2, misses=1, **facts)
    frontier.promote(frontier.now())
    again = lease_one(frontier)
    assert (again.visits, again.generation, again.hops, again.failures, again.misses) == (1, 3, 0, 2, 1)
    assert {name: getattr(again, name) for name in facts} == facts
    assert again.asked == 5.0


def test_numbers_bound_what_is_leased_and_made_due(frontier: Frontier) -> None:
    frontier.add([Found(HOME, "start"), *articles(range(1, 10))])
    frontier.numbers = (3, 5)
    assert frontier.pending() == (3, None)
    rows = frontier.lease(10, "run", LONG)
    assert [row.url for row in rows] == [article(3), article(4), article(5)]
    for row in rows:
        finish(frontier, row, due_at=0.0)
    frontier.numbers = (4, 4)
    assert frontier.promote(frontier.now()) == 1
    frontier.numbers = None
    assert len(frontier.lease(20, "run", LONG)) == 8


def test_sites_are_apart(address: str, frontier: Frontier, tmp_path: Path) -> None:
    frontier.add(articles([1]))
    with open_frontier(address, SITE, tmp_path) as other:
        other.site = "elsewhere"
        assert other.lease(10, "run", LONG) == []
        assert other.add(articles([1])) == 1
        assert other.take_back(expired_only=False) == 0
        assert other.promote(LONG, everything=True) == 0


def test_requires_a_page_once_a_run(frontier: Frontier) -> None:
    since = frontier.start_run("one", LONG)
    frontier.require(HOME, "start", since)
    row = lease_one(frontier)
    frontier.require(HOME, "start", since)
    assert frontier.lease(1, "run", LONG) == []
    finish(frontier, row, checked_at=1000.0)
    frontier.require(HOME, "start", since)  # visited since
    assert frontier.lease(1, "run", LONG) == []
    frontier.require(HOME, "start", frontier.start_run("another", LONG))
    assert lease_one(frontier).url == HOME


def test_promotes_what_is_due_and_everything_when_asked(frontier: Frontier) -> None:
    ends = {"done": 1, "failed": 2, "gone": 3, "forbidden": 4, "parked": 5}
    frontier.add(articles([*ends.values(), 6, 7]))
    rows = {row.url: row for row in frontier.lease(7, "run", LONG)}
    for name, number in ends.items():
        finish(frontier, rows[article(number)], state=name, due_at=100.0)
    finish(frontier, rows[article(6)], due_at=LONG)
    frontier.forget([article(7)])
    assert frontier.promote(99.0) == 0
    assert frontier.promote(100.0) == 4
    assert states(frontier) == {"due": 4, "parked": 1, "done": 1, "forgotten": 1}
    assert frontier.promote(100.0, everything=True) == 2
    assert states(frontier) == {"due": 6, "forgotten": 1}


def test_pending_counts_what_this_run_has_to_do(frontier: Frontier) -> None:
    assert frontier.pending() == (0, None)
    frontier.add(articles(range(1200)))
    assert frontier.pending() == (1000, None)
    rows = frontier.lease(1200, "run", LONG)
    soon = frontier.now() + 50
    frontier.release(rows[:1], due_at=soon)
    frontier.release(rows[1:2], due_at=soon + 50)
    for row in rows[2:]:
        assert row
    assert frontier.commit("run", [done(row) for row in rows[3:]], []) == set()
    number, first = frontier.pending()
    assert (number, first) == (3, pytest.approx(soon))


# Leases


def test_what_is_released_is_due_at_once_or_when_it_was_said(frontier: Frontier) -> None:
    frontier.add(articles([1, 2]))
    first, second = frontier.lease(2, "run", LONG)
    frontier.release([second, first])
    rows = frontier.lease(2, "run", LONG)
    assert [row.attempts for row in rows] == [0, 0]
    frontier.release(rows[:1], due_at=frontier.now() + 1.5, attempts=1)
    assert frontier.lease(2, "run", LONG) == []
    time.sleep(1.6)
    (late,) = frontier.lease(2, "run", LONG)
    assert (late.url, late.attempts, late.generation) == (rows[0].url, 1, 4)
    finish(frontier, late, due_at=0.0)
    frontier.promote(frontier.now())
    assert lease_one(frontier).attempts == 0


def test_who_lost_a_lease_cant_release_it(frontier: Frontier) -> None:
    frontier.add(articles([1]))
    old = lease_one(frontier)
    frontier.take_back(expired_only=False)
    lease_one(frontier, "other")
    frontier.release([old])
    assert state(frontier, article(1), "state", "owner") == ("leased", "other")
    frontier.release([])


def test_only_expired_leases_are_taken_back_unless_all_are(frontier: Frontier) -> None:
    frontier.add(articles([1, 2]))
    now = frontier.now()
    lease_one(frontier, "dead", now - 1)
    lease_one(frontier, "alive", now + 60)
    assert frontier.take_back(expired_only=True) == 1
    assert states(frontier) == {"due": 1, "leased": 1}
    assert frontier.take_back(expired_only=False) == 1
    assert states(frontier) == {"due": 2}


def test_a_heartbeat_prolongs_the_leases_of_its_run_only(frontier: Frontier) -> None:
    frontier.add(articles([1, 2]))
    now = frontier.now()
    for run in ("beating", "silent"):
        frontier.start_run(run, now - 1)
        lease_one(frontier, run, now - 1)
    assert frontier.is_dead("beating")
    frontier.beat("beating", now + 60)
    assert not frontier.is_dead("beating")
    assert frontier.is_dead("silent")
    assert frontier.is_dead("never seen")
    assert frontier.take_back(expired_only=True) == 1
    assert state(frontier, article(1), "state", "owner") == ("leased", "beating")
    frontier.finish_run("beating", "finished")
    assert frontier.is_dead("beating")


def test_the_end_of_a_run_gives_back_what_it_still_leases(frontier: Frontier) -> None:
    frontier.add(articles([1, 2]))
    row = lease_one(frontier, "run")
    lease_one(frontier, "other")
    frontier.finish_run("run", "max_pages")
    assert states(frontier) == {"due": 1, "leased": 1}
    assert frontier.commit("run", [done(row)], []) == {row.id}


def test_threads_never_lease_the_same_url(frontier: Frontier) -> None:
    frontier.add(articles(range(400)))
    barrier = threading.Barrier(4)

    def work(number: int) -> list[int]:
        barrier.wait()
        mine: list[int] = []
        while rows := frontier.lease(7, f"run{number}", LONG):
            mine += [row.id for row in rows]
        return mine

    with ThreadPoolExecutor(4) as pool:
        taken = Counter(row for rows in pool.map(work, range(4)) for row in rows)
    assert len(taken) == 400
    assert set(taken.values()) == {1}


def _lease_all(address: str, folder: Path, run: str) -> list[int]:
    with open_frontier(address, SITE, folder) as frontier:
        mine: list[int] = []
        while rows := frontier.lease(5, run, LONG):
            mine += [row.id for row in rows]
        return mine


@pytest.mark.slow
def test_processes_never_lease_the_same_url(frontier: Frontier, address: str, tmp_path: Path) -> None:
    frontier.add(articles(range(300)))
    with ProcessPoolExecutor(3, mp_context=multiprocessing.get_context("spawn")) as pool:
        parts = list(pool.map(_lease_all, [address] * 3, [tmp_path] * 3, ["a", "b", "c"]))
    assert sorted(row for part in parts for row in part) == sorted({row for part in parts for row in part})
    assert sum(map(len, parts)) == 300


# Acknowledgement


def test_a_commit_acknowledges_counts_and_adds_in_one(frontier: Frontier) -> None:
    frontier.add(articles(range(5)))
    rows = frontier.lease(5, "run", LONG)
    outcomes = ["record", "reject", "gone", "redirect", "forbidden"]
    visits = [done(row, outcome=outcome) for row, outcome in zip(rows, outcomes, strict=True)]
    made = [File("parts", "a.parquet", 3), File("archive", "a.warc.gz", 100)]
    assert frontier.commit("run", visits, made, [*articles([4, 77]), Found(listing("x"), "listing")]) == set()
    assert frontier.files("parts") == {"a.parquet": 3}
    assert frontier.files("archive") == {"a.warc.gz": 100}
    assert frontier.files("rejects") == {}
    assert frontier.commit("run", [], [File("archive", "a.warc.gz", 200)]) == set()
    assert frontier.files("archive") == {"a.warc.gz": 200}
    (new,) = frontier.lease(1, "run", LONG)
    assert new.url == article(77)
    finish(frontier, new)
    with frontier.engine.connect() as db:
        counts = db.execute(select(runs).where(runs.c.run_id == "run")).one()
    assert (counts.fetches, counts.record, counts.reject, counts.gone) == (4, 2, 1, 1)
    assert (counts.listing, counts.unchanged, counts.failed) == (0, 0, 0)


def test_a_worker_frozen_past_its_lease_writes_nothing(frontier: Frontier) -> None:
    frontier.add(articles([1, 2]))
    kept, lost = frontier.lease(2, "run", frontier.now() - 1)
    frontier.beat("run", frontier.now() + 60)
    with frontier.engine.begin() as db:
        db.execute(update(urls).where(urls.c.id == lost.id).values(lease_until=0))
    assert frontier.take_back(expired_only=True) == 1
    visits = [done(kept), done(lost)]
    before = states(frontier)
    assert frontier.commit("run", visits, [File("parts", "p", 2)], articles([9])) == {lost.id}
    other = lease_one(frontier, "other")
    assert other.generation == lost.generation + 1
    assert frontier.commit("run", visits, [File("parts", "p", 2)], articles([9])) == {lost.id}
    assert frontier.files("parts") == {}
    assert states(frontier) == {"leased": 2}
    assert before == {"due": 1, "leased": 1}
    with frontier.engine.connect() as db:
        assert db.execute(select(runs.c.fetches)).scalar_one() == 0
    assert frontier.commit("run", [done(kept)], []) == set()
    assert frontier.commit("other", [done(other)], []) == set()


def test_a_worker_that_leases_its_own_lost_url_again_cant_commit_the_old_visit(frontier: Frontier) -> None:
    frontier.add(articles([1]))
    old = lease_one(frontier)
    frontier.take_back(expired_only=False)
    new = lease_one(frontier)
    assert frontier.commit("run", [done(old)], []) == {old.id}
    assert frontier.commit("run", [done(new)], []) == set()
    assert frontier.commit("run", [done(new)], []) == {new.id}, "a visit counts once"


@pytest.mark.slow
def test_commits_of_threads_add_up(frontier: Frontier) -> None:
    frontier.add(articles(range(200)))

    def work(number: int) -> None:
        while rows := frontier.lease(5, "run", LONG):
            found = articles(range(1000, 1100))  # all find the same, in their own order
            made = [File("parts", f"{rows[0].id}", len(rows))]
            assert frontier.commit("run", [done(row) for row in rows], made, found[:: (-1) ** number]) == set()
            frontier.beat("run", LONG)
            frontier.take_back(expired_only=True)
            frontier.promote(1.0)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(work, range(4)))
    assert states(frontier) == {"done": 300}
    with frontier.engine.connect() as db:
        assert db.execute(select(runs.c.fetches, runs.c.record)).one() == (300, 300)
    assert sum(frontier.files("parts").values()) == 300


def test_forgetting_and_committing_at_once_never_block_each_other(frontier: Frontier) -> None:
    numbers = list(range(60))
    frontier.add(articles(numbers))

    def commit() -> None:
        for _ in range(15):
            rows = frontier.lease(20, "run", LONG)
            frontier.commit("run", [done(row, due_at=0.0) for row in rows], [])
            frontier.beat("run", LONG)
            frontier.promote(frontier.now())

    def forget() -> None:
        for start in range(0, 30, 2):
            frontier.forget([article(number) for number in (59 - start, start, 58 - start, start + 1)])

    with ThreadPoolExecutor(3) as pool:
        for future in [pool.submit(commit), pool.submit(forget), pool.submit(commit)]:
            future.result()
    assert states(frontier) == {"forgotten": 60}
    assert frontier.gone() == sorted(article(number) for number in numbers)


# What an interrupted run left


def test_archived_pages_are_read_first(frontier: Frontier) -> None:
    frontier.add([Found(HOME, "start"), *articles([1, 2, 3])])
    home, *rows = frontier.lease(4, "run", LONG)
    finish(frontier, rows[0], checked_at=50.0)
    frontier.release(rows[1:2], due_at=LONG)
    frontier.release([home, rows[2]])
    seen = [(article(1), 10, 60.0), (article(2), 20, 60.0), (article(2), 30, 61.0), (article(99), 40, 60.0)]
    assert frontier.recover("dead.warc.gz", 50, (Seen(*one) for one in seen)) == 1
    assert frontier.files("archive") == {"dead.warc.gz": 50}
    first = lease_one(frontier)
    assert (first.url, first.archived_file, first.archived_offset) == (article(2), "dead.warc.gz", 30)
    finish(frontier, first)
    assert state(frontier, article(2), "archived_file", "archived_offset", "priority") == (None, None, AGAIN)
    assert state(frontier, article(3), "priority") == (NEW,)
    assert ARCHIVED < NEW


def test_an_older_response_than_the_last_visit_is_not_read_again(frontier: Frontier) -> None:
    frontier.add(articles([1]))
    finish(frontier, lease_one(frontier), checked_at=100.0, due_at=0.0)
    frontier.promote(frontier.now())
    assert frontier.recover("a", 1, [Seen(article(1), 0, 100.0)]) == 0
    assert frontier.recover("a", 1, [Seen(article(1), 0, 100.5)]) == 1


@pytest.mark.parametrize("at", [0.0, 100.0, 9e9])
def test_a_response_is_newer_than_the_last_visit_by_its_number_whatever_its_clock_said(
    frontier: Frontier, at: float
) -> None:
    frontier.add(articles([1]))
    first = lease_one(frontier)
    finish(frontier, first, checked_at=100.0, due_at=0.0)
    frontier.promote(frontier.now())
    assert frontier.recover("a", 1, [Seen(article(1), 0, at, first.generation)]) == 0
    second = lease_one(frontier)
    frontier.release([second])
    assert frontier.recover("a", 1, [Seen(article(1), 0, at, second.generation)]) == 1


def test_numbers_only_rise_also_after_a_copy_of_the_frontier_was_put_back(frontier: Frontier) -> None:
    frontier.add(articles([1, 2]))
    first = lease_one(frontier)
    run = frontier.start_run("one", LONG)
    second = lease_one(frontier)
    assert first.generation < run < second.generation
    frontier.release([first, second])
    frontier.recover("a", 1, [Seen(article(3), 0, 5.0, 500)])
    assert lease_one(frontier).generation > 500
    frontier.swap([], [], 1000)
    frontier.swap([], [], 3)
    assert lease_one(frontier).generation > 1000


def test_times_that_no_pause_makes_are_not_believed(frontier: Frontier) -> None:
    frontier.add(articles([1, 2, 3]))
    now = frontier.now()
    for row, days in zip(frontier.lease(3, "run", LONG), (1, 179, 400), strict=True):
        finish(frontier, row, due_at=now + days * 86_400)
    assert frontier.promote(now, longest=200 * 86_400) == 1
    frontier.longest_wait = 3600.0
    frontier.release([lease_one(frontier)], due_at=now + 3500)
    assert frontier.lease(1, "run", LONG) == []
    frontier.promote(now, everything=True)
    one, two = frontier.lease(2, "run", now + 90_000)
    assert frontier.take_back(expired_only=True) == 0
    frontier.longest_lease = 86_400.0
    assert frontier.take_back(expired_only=True) == 2
    frontier.release(frontier.lease(2, "run", LONG), due_at=now + 4000)
    assert {row.id for row in frontier.lease(9, "run", LONG)} == {one.id, two.id}


@pytest.mark.parametrize("ahead", [300.0, 3600.0, 1e9])
def test_the_pause_of_a_host_is_never_longer_than_it_was_when_it_was_noted(frontier: Frontier, ahead: float) -> None:
    frontier.take_turn("a.example", 5.0)
    frontier.slow_down("b.example", frontier.now() + 600, 2.0)
    assert 0 < frontier.take_turn("a.example", 5.0) <= 5.0
    assert 590 < frontier.take_turn("b.example", 5.0) <= 600
    with frontier.engine.begin() as db:  # as if the clock that noted it had been ahead
        db.execute(update(hosts).values(next_at=hosts.c.next_at + ahead))
    assert frontier.take_turn("a.example", 5.0) == 0
    assert frontier.take_turn("b.example", 5.0) == 0
    assert 0 < frontier.take_turn("a.example", 5.0) <= 5.0
    frontier.slow_down("a.example", frontier.now() + 60, 2.0)
    assert 50 < frontier.take_turn("a.example", 5.0) <= 60


def test_what_waits_is_due_where_the_clock_was_set_back(frontier: Frontier) -> None:
    frontier.add(articles([1]))
    frontier.release([lease_one(frontier)], due_at=frontier.now() + 3000)
    assert (frontier.set_back(), frontier.lease(1, "run", LONG)) == (False, [])
    frontier.finish_run("run", "finished")
    with frontier.engine.begin() as db:
        db.execute(update(runs).values(finished=runs.c.finished + 600))
    assert frontier.set_back()
    assert lease_one(frontier).url == article(1)
    frontier.start_run("next", LONG)
    assert not frontier.set_back(), "it was, but before the last run"


def test_who_says_to_be_alive_for_ever_is_dead_to_workers(frontier: Frontier) -> None:
    frontier.start_run("alone", LONG)
    assert not frontier.is_dead("alone")
    frontier.longest_lease = 86_400.0
    assert frontier.is_dead("alone")


def test_the_last_run_is_the_one_with_the_highest_number_not_the_latest_time(
    frontier: Frontier, monkeypatch: pytest.MonkeyPatch
) -> None:
    frontier.start_run("first", LONG)
    frontier.finish_run("first", "finished")
    with monkeypatch.context() as clock:
        clock.setattr(frontier, "now", lambda: 5.0)
        frontier.start_run("back", LONG)
    frontier.finish_run("back", "told_to_wait")
    assert frontier.run_ids()[:2] == ["back", "first"]
    assert frontier.last_reason() == "told_to_wait"


def test_the_manifest_is_swapped_whole(frontier: Frontier) -> None:
    frontier.swap([("parts", "a", 1), ("parts", "b", 2), ("rejects", "a", 3)], [])
    frontier.swap([("parts", "c", 3)], [("parts", "a"), ("parts", "b"), ("parts", "never there")])
    assert frontier.files("parts") == {"c": 3}
    assert frontier.files("rejects") == {"a": 3}


def test_a_forgotten_page_never_comes_back(frontier: Frontier) -> None:
    frontier.add(articles([1]))
    row = lease_one(frontier)
    frontier.forget([article(1), article(2)])
    assert frontier.commit("run", [done(row, etag="secret")], []) == {row.id}
    frontier.add(articles([1, 2]))
    frontier.require(article(1), "article", LONG)
    frontier.promote(LONG, everything=True)
    frontier.take_back(expired_only=False)
    frontier.recover("a", 1, [Seen(article(1), 0, LONG)])
    assert frontier.lease(10, "run", LONG) == []
    assert frontier.gone() == [article(1), article(2)]
    names = ("etag", "digest", "payload", "fetched_at", "owner", "outcome", "reason")
    assert state(frontier, article(1), *names) == (None,) * 7


def test_gone_pages_keep_the_day_they_went_and_can_return(frontier: Frontier) -> None:
    frontier.add(articles([1]))
    for checked_at in (100.0, 200.0):
        finish(frontier, lease_one(frontier), outcome="gone", state="gone", checked_at=checked_at, due_at=0.0)
        assert state(frontier, article(1), "gone_at") == (100.0,)
        assert frontier.gone() == [article(1)]
        frontier.promote(frontier.now())
    finish(frontier, lease_one(frontier))
    assert frontier.gone() == []
    assert state(frontier, article(1), "gone_at") == (None,)


@pytest.mark.parametrize("outcome", ["failed", "forbidden", "reject", "redirect"])
def test_what_is_gone_stays_gone_until_it_is_seen(frontier: Frontier, outcome: str) -> None:
    frontier.add(articles([1]))
    finish(frontier, lease_one(frontier), outcome="gone", state="gone", checked_at=100.0, due_at=0.0)
    frontier.promote(frontier.now())
    assert frontier.gone() == [article(1)], "also while it is due again"
    row = lease_one(frontier)
    assert frontier.gone() == [article(1)]
    finish(frontier, row, outcome=outcome, state="failed" if outcome == "failed" else "done", due_at=0.0)
    assert frontier.gone() == [article(1)]
    frontier.promote(frontier.now())
    finish(frontier, lease_one(frontier), outcome="unchanged", state="done")
    assert frontier.gone() == []


def test_what_is_doubted_is_visited_soon(frontier: Frontier) -> None:
    frontier.add([*articles([1, 2, 3]), Found("https://doctorqna.com/en", "start")])
    rows = frontier.lease(1, "run", LONG)
    rows += frontier.lease(1, "run", LONG)
    since = frontier.start_run("this", LONG)
    rows += frontier.lease(9, "run", LONG)
    for row in rows:
        finish(frontier, row, checked_at=100.0 * row.id, due_at=9e9)
    assert frontier.hurry(since, 5e9) == 2, "the first article was visited before that"
    assert [state(frontier, article(number), "due_at") for number in (1, 2, 3)] == [(9e9,), (5e9,), (5e9,)]
    assert frontier.hurry(since, 6e9) == 0, "what is due sooner stays so"


def test_what_failed_with_most_of_its_site_is_tried_again_soon(frontier: Frontier) -> None:
    frontier.add([*articles([1, 2, 3, 4]), Found("https://doctorqna.com/en", "start")])
    rows = frontier.lease(1, "run", LONG)
    finish(frontier, rows[0], outcome="redirect", state="done", due_at=0.0)
    since = frontier.start_run("this", LONG)
    rows = sorted(frontier.lease(9, "run", LONG), key=lambda row: row.url)
    ends = [("failed", "failed", 9e9), ("failed", "parked", 9e9), ("failed", "failed", 1e9), ("reject", "done", 9e9)]
    assert frontier.came_well(since) == set(), "the start page was visited before that"
    for row, (outcome, ended, due_at) in zip(rows, ends, strict=True):
        finish(frontier, row, outcome=outcome, state=ended, due_at=due_at, failures=7)
    assert frontier.came_well(since) == set()
    assert frontier.came_well(0) == {"start"}
    assert frontier.retry(since, 5e9) == 3
    assert [state(frontier, article(number), "state", "due_at", "failures") for number in (1, 2, 3, 4)] == [
        ("failed", 5e9, 1),
        ("failed", 5e9, 1),
        ("failed", 1e9, 1),
        ("done", 9e9, 7),
    ]


# Hosts


def test_turns_are_spaced_whoever_takes_them(frontier: Frontier) -> None:
    starts: list[float] = []
    barrier = threading.Barrier(4)

    def work(_: int) -> None:
        barrier.wait()
        for _ in range(3):
            while left := frontier.take_turn("h", 0.1):
                time.sleep(left)
            starts.append(float(frontier.pace("h")[0]))

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(work, range(4)))
    starts = sorted(set(starts))
    assert len(starts) >= 10  # two threads may read the same next turn
    assert min(later - sooner for sooner, later in pairwise(starts)) >= 0.0999


def test_a_turn_says_how_long_to_wait(frontier: Frontier) -> None:
    assert frontier.pace("h") == (0.0, 0.0)
    assert frontier.take_turn("h", 50) == 0.0
    assert 45 < frontier.take_turn("h", 50) <= 50
    assert frontier.take_turn("other", 50) == 0.0


def test_a_host_that_is_overloaded_is_asked_later_and_more_slowly(frontier: Frontier) -> None:
    now = frontier.now()
    frontier.slow_down("h", now + 30, 7.0)
    assert frontier.pace("h") == (pytest.approx(now + 30), 7.0)
    frontier.slow_down("h", now + 10, 3.0)  # what was said first holds
    assert frontier.pace("h") == (pytest.approx(now + 30), 3.0)
    assert 25 < frontier.take_turn("h", 0) <= 30
    frontier.slow_down("i", 0.0, 5.0)
    assert frontier.take_turn("i", 2.0) == 0.0
    assert frontier.pace("i")[0] - frontier.now() == pytest.approx(7.0, abs=1.0)


def test_a_crawl_delay_counts_from_the_last_request_and_is_not_kept(frontier: Frontier) -> None:
    assert frontier.crawl_delay_left("h", 1e9) == 0.0
    frontier.begin_crawl_delay("h")
    assert 1e9 - 5 < frontier.take_turn("h", 0, 1e9) <= 1e9
    assert 45 < frontier.take_turn("h", 0, 50) <= 50, "what robots.txt says now counts"
    time.sleep(0.02)
    assert frontier.take_turn("h", 0, 0.01) == 0.0
    frontier.begin_crawl_delay("h")  # it has begun
    assert 45 < frontier.take_turn("h", 0, 50) <= 50
    assert frontier.take_turn("h", 0) == 0.0, "robots.txt itself may be asked for"


def test_a_time_that_a_wrong_clock_noted_is_not_believed(frontier: Frontier) -> None:
    frontier.slow_down("h", frontier.now() + 30 * 365 * 86_400, 0.0)
    assert frontier.take_turn("h", 1) == 0.0
    assert 0 < frontier.take_turn("h", 1) <= 1


def test_places_are_shared_and_those_of_the_dead_are_free_again(frontier: Frontier) -> None:
    first, second = frontier.take_place("h", 2, 50), frontier.take_place("h", 2, 1.5)
    assert first is not None
    assert second is not None
    assert frontier.take_place("h", 2, 50) is None
    assert frontier.take_place("other", 1, 50) is not None
    time.sleep(1.6)
    third = frontier.take_place("h", 2, 50)
    assert third is not None
    frontier.leave_place(second)
    assert frontier.keep_place(second, 50) == second
    assert frontier.take_place("h", 2, 50) is None, "who was silent for too long can't give it back, nor keep it"
    frontier.leave_place(frontier.keep_place(first, 60))
    assert frontier.take_place("h", 2, 50) is not None
    assert frontier.take_place("h", 2, 50) is None


# The lock of a run

HOLD = """
import sys, time
from pathlib import Path
from qacrawl.frontier import open_frontier
with open_frontier(sys.argv[1], "doctorqna", Path(sys.argv[2])) as frontier, frontier.alone():
    print("held", flush=True)
    time.sleep(60)
"""


def test_one_run_at_a_time_and_a_killed_one_stops_nobody(frontier: Frontier, address: str, tmp_path: Path) -> None:
    command = [sys.executable, "-c", HOLD, address, str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(QacrawlError, match="another run of doctorqna is going on") as said, frontier.alone():
            pass
        assert said.value.code == Exit.LOCKED
        os.kill(holder.pid, signal.SIGKILL)
    deadline = time.monotonic() + 10
    while True:  # PostgreSQL's server notices a moment later
        try:
            with frontier.alone():
                return
        except QacrawlError:
            assert time.monotonic() < deadline
            time.sleep(0.05)


def test_the_lock_is_free_again_after_use(frontier: Frontier) -> None:
    for _ in range(2):
        with frontier.alone():
            pass


def test_a_workers_lock_is_free_before_its_connection_ends(postgres_url: str, tmp_path: Path) -> None:
    # The server sees the end of a connection some time later: of two workers that end at once,
    # each would find the other's lock, and nobody would publish.
    engine = create_engine(postgres_url.replace("postgresql:", "postgresql+psycopg:"))
    held = text("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND classid = :app")
    counts = []
    with open_frontier(postgres_url, SITE, tmp_path) as frontier, engine.connect() as db:
        look = lambda *_: counts.append(db.execute(held, {"app": APP}).scalar())  # noqa: E731
        event.listen(frontier.engine, "invalidate", look)
        with frontier.alone(worker=True):
            look()
    engine.dispose()
    assert counts == [1, 0]


def test_workers_share_a_lock_that_keeps_others_out(postgres_url: str, tmp_path: Path) -> None:
    with ExitStack() as stack:
        first, second, third = (stack.enter_context(open_frontier(postgres_url, SITE, tmp_path)) for _ in range(3))
        with first.alone(worker=True), second.alone(worker=True):
            with pytest.raises(QacrawlError, match="another run"), third.alone():
                pass
            third.site = "elsewhere"
            with third.alone():
                pass
        third.site = SITE
        with third.alone(), pytest.raises(QacrawlError, match="another run"), first.alone(worker=True):
            pass


def test_workers_need_a_shared_frontier(tmp_path: Path) -> None:
    with (
        open_frontier(None, SITE, tmp_path) as frontier,
        pytest.raises(QacrawlError, match="--worker needs") as said,
        frontier.alone(worker=True),
    ):
        pass
    assert said.value.code == Exit.USAGE


def test_times_are_by_the_databases_clock(postgres_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with open_frontier(postgres_url, SITE, tmp_path) as frontier:
        theirs = frontier.now()
        assert theirs == pytest.approx(time.time(), abs=5)
        monkeypatch.setattr(time, "time", lambda: 0.0)
        frontier.add(articles([1]))
        assert frontier.now() == pytest.approx(theirs, abs=5)
        row = lease_one(frontier, until=theirs - 1)
        assert row.first_seen == pytest.approx(theirs, abs=5)
        assert frontier.take_back(expired_only=True) == 1
