"""Moving a frontier from database to database, and to a file and back: all rows or none; and what its status says."""

import io
import json
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert, select, text

from qacrawl.errors import Exit, QacrawlError
from qacrawl.frontier import EndedVisit, File, Found, Frontier, open_frontier
from qacrawl.frontier.rows import Seen
from qacrawl.frontier.status import status
from qacrawl.frontier.tables import runs, urls
from qacrawl.frontier.transfer import TABLES, copy, dump, load

SITE = "doctorqna"
LONG = 1e12
Opener = Callable[[str, str], Frontier]


def article(number: int) -> str:
    return f"https://doctorqna.com/en/article/{number}"


@pytest.fixture
def opener(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Opener]:
    """Opens frontiers by kind of database and name."""
    with ExitStack() as stack:

        def opened(kind: str, name: str) -> Frontier:
            folder = tmp_path / name
            folder.mkdir()
            address = request.getfixturevalue("postgres_url") if kind == "postgresql" else None
            return stack.enter_context(open_frontier(address, SITE, folder))

        yield opened


def found(number: int) -> Found:
    """An article, every third one spelt otherwise where it was found."""
    address = None if number % 3 else f"{article(number)}/?from=home"
    return Found(article(number), "article", number, address, modified=1e9 + number if number % 2 else None)


def populate(frontier: Frontier) -> None:
    """Rows of every state, with every column in use."""
    frontier.start_run("run", LONG)
    frontier.add([Found("https://doctorqna.com/en", "start"), *(found(n) for n in range(1, 12))])
    rows = frontier.lease(9, "run", LONG)
    facts: dict[str, Any] = {"etag": '"é\u2028"', "last_modified": "Mon", "digest": "d", "payload": "p", "status": 200}
    facts |= {"fetched_at": 1.25, "checked_at": 2.5, "seconds": 0.1, "asked": 1e9 + 1 / 3, "replied": 0}
    facts |= {"content": "site/1 abc", "quiet": -1}
    ends = [
        ("record", "done"),
        ("failed", "failed"),
        ("failed", "parked"),
        ("gone", "gone"),
        ("forbidden", "forbidden"),
    ]
    visits = [
        EndedVisit(row, outcome, state, 4, 1e9 + row.id, reason=None if state == "done" else "why", **facts)  # type: ignore[arg-type]
        for row, (outcome, state) in zip(rows, ends, strict=False)
    ]
    made = [File("parts", "a.parquet", 1), File("archive", "b.warc.gz", 2**40)]
    assert frontier.commit("run", visits, made) == set()
    frontier.release(rows[5:6], due_at=LONG, attempts=1)
    frontier.release(rows[6:7])
    frontier.recover("c.warc.gz", 7, [Seen(rows[6].url, 3, LONG)])
    frontier.forget([rows[7].url])
    frontier.take_turn("doctorqna.com", 5)
    frontier.slow_down("doctorqna.com", 0.0, 1.5)


def content(frontier: Frontier) -> dict[str, list[dict[str, Any]]]:
    """All rows, in order, but for what moving changes."""
    found = {}
    with frontier.engine.connect() as db:
        for name, table in TABLES.items():
            rows = db.execute(select(table).order_by(*table.primary_key)).mappings()
            found[name] = [{key: value for key, value in row.items() if key != "id"} for row in rows]
    for row in found["urls"]:
        if row["state"] in ("leased", "due"):
            row["state"] = "due"
        row["owner"] = row["lease_until"] = None
    return found


@pytest.mark.parametrize(("kind", "other"), [("sqlite", "postgresql"), ("postgresql", "sqlite"), ("sqlite", "sqlite")])
def test_all_rows_come_along(kind: str, other: str, opener: Opener) -> None:
    source, target = opener(kind, "source"), opener(other, "target")
    populate(source)
    before = content(source)
    assert copy(source, target) == {"urls": 12, "files": 3, "runs": 1, "hosts": 1, "counters": 1}
    assert content(target) == before == content(source)
    assert target.take_back(expired_only=False) == 0
    first, *rest = target.lease(50, "next", LONG)
    assert (first.archived_file, first.archived_offset) == ("c.warc.gz", 3)
    assert [row.url for row in rest] == [article(number) for number in (6, 7, 8, 9)]
    assert target.add([Found(article(99), "article")]) == 1


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_a_file_holds_all_rows(kind: str, opener: Opener) -> None:
    source, target = opener(kind, "source"), opener("sqlite", "target")
    populate(source)
    file = io.StringIO()
    assert dump(source, file) == {"urls": 12, "files": 3, "runs": 1, "hosts": 1, "counters": 1}
    lines = [json.loads(line) for line in file.getvalue().split("\n")[:-1]]
    assert lines[0] == {"qacrawl_frontier": 4, "site": SITE}
    assert lines[-1] == {"end": len(lines) - 2}
    file.seek(0)
    assert load(target, file) == {"urls": 12, "files": 3, "runs": 1, "hosts": 1, "counters": 1}
    assert content(target) == content(source)


def test_a_file_of_the_second_version_is_read(opener: Opener) -> None:
    source, target = opener("sqlite", "source"), opener("sqlite", "target")
    populate(source)
    file = io.StringIO()
    dump(source, file)
    head, *rest = [json.loads(line) for line in file.getvalue().split("\n")[:-1]]
    for line in rest:
        for name in ("address", "content", "quiet", "modified"):
            line.pop(name, None)
    text = "\n".join(json.dumps(line) for line in [head | {"qacrawl_frontier": 2}, *rest])
    assert load(target, io.StringIO(text)) == {"urls": 12, "files": 3, "runs": 1, "hosts": 1, "counters": 1}
    assert {row.address for row in target.lease(20, "next", LONG)} == {None}


def test_a_file_of_the_first_version_is_read_and_its_leases_count(opener: Opener) -> None:
    source, target = opener("sqlite", "source"), opener("sqlite", "target")
    populate(source)
    file = io.StringIO()
    dump(source, file)
    lines = [json.loads(line) for line in file.getvalue().split("\n")[:-1]]
    old = [line for line in lines[1:-1] if line["table"] != "counters"]
    for line in old:
        line.pop("visit", None)
        line.pop("number", None)
    text = "\n".join(json.dumps(line) for line in [{**lines[0], "qacrawl_frontier": 1}, *old, {"end": len(old)}])
    assert load(target, io.StringIO(text)) == {"urls": 12, "files": 3, "runs": 1, "hosts": 1}
    leased = max(line.get("generation", 0) for line in old)
    assert target.lease(1, "next", LONG)[0].generation == leased + 1


def test_more_rows_than_one_batch(opener: Opener) -> None:
    source, target = opener("sqlite", "source"), opener("sqlite", "target")
    source.add(Found(article(number), "article") for number in range(2500))
    assert copy(source, target) == {"urls": 2500}
    assert content(target) == content(source)


def test_other_sites_stay_where_they_are(opener: Opener) -> None:
    source, target = opener("sqlite", "source"), opener("sqlite", "target")
    populate(source)
    for frontier in (source, target):
        frontier.site = "elsewhere"
        frontier.add([Found(article(1), "article")])
        frontier.slow_down("doctorqna.com", 1.0, 9.0)
        frontier.site = SITE
    assert copy(source, target)["urls"] == 12
    assert target.pace("doctorqna.com") == (1.0, 9.0), "what the target knew of a host holds"
    with target.engine.connect() as db:
        assert len(db.execute(select(urls.c.site).where(urls.c.site == "elsewhere")).all()) == 1


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_a_site_that_is_there_already_is_left_alone(kind: str, opener: Opener) -> None:
    source, target = opener("sqlite", "source"), opener(kind, "target")
    populate(source)
    target.swap([("parts", "kept", 1)], [])
    before = content(target)
    with pytest.raises(QacrawlError, match="knows doctorqna already") as said:
        copy(source, target)
    assert said.value.code == Exit.USAGE
    with pytest.raises(QacrawlError, match="knows doctorqna already"):
        copy(source, source)
    assert content(target) == before


def damaged(lines: list[str]) -> dict[str, list[str]]:
    """Files that are not whole, and words of what is said about them."""

    def changed(**values: object) -> str:
        return json.dumps(json.loads(lines[1]) | values)

    return {
        "line 1 is no JSON object": [],
        "line 1 is not the head": lines[1:],
        "version 4": ['{"qacrawl_frontier": 5, "site": "doctorqna"}', *lines[1:]],
        "of the site 'other'": ['{"qacrawl_frontier": 1, "site": "other"}', *lines[1:]],
        "its end is missing": lines[:-1],
        "it holds 17 rows of 18": [*lines[:1], *lines[2:]],
        "line 4 is no JSON object": [*lines[:3], lines[3][:9]],
        "line 2 is of no table": [lines[0], changed(table="qacrawl_meta"), *lines[2:]],
        "unknown column 'x'": [lines[0], changed(x=1), *lines[2:]],
        "no good 'url'": [lines[0], changed(url=None), *lines[2:]],
        "no good 'hops'": [lines[0], changed(hops="1"), *lines[2:]],
        "UNIQUE": [*lines[:2], *lines[1:-1], '{"end": 19}'],
    }


def test_files_that_are_not_whole_change_nothing(opener: Opener) -> None:
    source, target = opener("sqlite", "source"), opener("sqlite", "target")
    populate(source)
    file = io.StringIO()
    dump(source, file)
    for words, lines in damaged(file.getvalue().split("\n")[:-1]).items():
        with pytest.raises(QacrawlError) as said:
            load(target, io.StringIO("\n".join(lines)))
        assert words in str(said.value)
        assert "\n" not in str(said.value)
        assert not any(content(target).values())


# Status


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_status_tells_the_queue_the_runs_and_the_failures(kind: str, opener: Opener) -> None:
    frontier = opener(kind, "it")
    now = frontier.now()
    populate(frontier)
    told = status(frontier)
    assert (told.site, told.at.tzinfo) == (SITE, UTC)
    assert told.states == {
        "due": 4,
        **dict.fromkeys(("leased", "waiting", "done", "failed", "parked", "gone", "forbidden", "forgotten"), 1),
    }
    assert ("start", "done", 1) in told.counts
    assert told.due_now == 4 + 1 + 4, "due, leased, and visited with a time that has come"
    assert list(told.due_later.values()) == [1]
    (run,) = told.runs
    assert (run.run_id, run.finished, run.fetches) == ("run", None, 4)
    assert run.outcomes == {"record": 1, "reject": 0, "listing": 0, "gone": 1, "unchanged": 0, "failed": 2}
    failed, parked = told.troubles
    assert (failed.state, failed.reason, failed.status) == ("failed", "why", 200)
    assert failed.next_due
    assert (parked.state, parked.next_due) == ("parked", None)
    assert told.at.timestamp() >= now
    frontier.finish_run("run", "max_pages")
    again = status(frontier).runs[0]
    assert again.reason == "max_pages"
    assert again.finished
    assert again.finished >= again.started


def test_status_of_an_empty_frontier(opener: Opener) -> None:
    told = status(opener("sqlite", "it"))
    assert (told.counts, told.due_now, told.due_later, told.runs, told.troubles) == ([], 0, {}, [], [])


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_status_names_the_first_twenty_failures_and_the_last_ten_runs(kind: str, opener: Opener) -> None:
    frontier = opener(kind, "it")
    frontier.add(Found(article(number), "article") for number in range(60))
    tomorrow = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
    for number in range(12):
        frontier.start_run(f"run{number:02}", LONG)
    with frontier.engine.begin() as db:
        db.execute(runs.update().values(started=1.0))
    rows = sorted(frontier.lease(60, "run00", LONG), key=lambda row: row.id)
    visits = [
        EndedVisit(row, "failed", "parked" if n % 2 else "failed", 2, tomorrow.timestamp() + 3600 * n, failures=n)
        for n, row in enumerate(rows)
    ]
    assert frontier.commit("run00", visits, []) == set()
    told = status(frontier)
    assert [trouble.failures for trouble in told.troubles] == list(range(20))
    assert [run.run_id for run in told.runs] == [f"run{number:02}" for number in range(11, 1, -1)]
    days = [(tomorrow + timedelta(days=number)).date() for number in range(3)]
    assert told.due_later == dict(zip(days, (12, 12, 6), strict=True)), "parked URLs are not due"


@pytest.mark.slow
def test_status_of_a_million_urls_is_quick(opener: Opener) -> None:
    frontier = opener("sqlite", "it")
    fixed = {"site": SITE, "kind": "article", "priority": 2, "first_seen": 0.0}
    with frontier.engine.begin() as db:
        for state, due_at in (("due", 0.0), ("failed", 2e9), ("done", 3e9), ("parked", 4e9)):
            rows = ({"url": f"{state}{n}", "state": state, "due_at": due_at + 60.0 * n} for n in range(250_000))
            db.execute(insert(urls), [fixed | row for row in rows])
        assert db.execute(text("SELECT count(*) FROM qacrawl_urls")).scalar_one() == 1_000_000
    started = time.perf_counter()
    told = status(frontier)
    assert time.perf_counter() - started < 20
    assert len(told.troubles) == 20
