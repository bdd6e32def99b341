"""A batch is committed whole or not at all, and what a commit says is counted once."""

from datetime import UTC, datetime

import pytest
from support.making import record, reject

from qacrawl.archive.warc import Exchange
from qacrawl.fetch.run import Run
from qacrawl.frontier import Found, Row

URL = "https://doctorqna.com/en/article/{}"


def lease(run: Run, *numbers: int) -> list[Row]:
    run.frontier.add([Found(URL.format(number), "article") for number in numbers])
    return run.frontier.lease(100, run.run_id, run.lease_until())


def exchange(number: int) -> Exchange:
    return Exchange(URL.format(number), 200, [("Content-Type", "text/html")], b"<p>page", datetime.now(UTC))


def test_a_commit_adds_parts_and_archive_and_acknowledges(run: Run):
    one, two, three = lease(run, 1, 2, 3)
    places = [run.batch.keep(exchange(number), row, same=False) for number, row in ((1, one), (2, two))]
    run.batch.settle(one, "record", results=[record(1)], place=places[0], seconds=0.5, status=200)
    run.batch.settle(two, "reject", results=[reject(2)], place=places[1])
    run.batch.settle(three, "failed", reason="http_403")
    assert run.tally.outcomes.total() == 0, "nothing counts before it is committed"
    run.commit()
    assert {name: count for name, count in run.tally.outcomes.items() if count} == {
        "record": 1,
        "reject": 1,
        "failed": 1,
    }
    assert run.tally.reasons["failed"] == {"http_403": 1}
    assert run.tally.failed == [(three.url, "http_403")]
    assert run.tally.slowest == [(0.5, one.url)]
    assert [list(run.frontier.files(kind).values()) for kind in ("parts", "rejects")] == [[1], [1]]
    (size,) = run.frontier.files("archive").values()
    assert size == next((run.folder / "archive").iterdir()).stat().st_size
    assert not run.batch.settled
    run.commit()
    assert run.tally.outcomes.total() == 3


def test_the_archive_is_acknowledged_up_to_the_first_page_without_an_outcome(run: Run):
    one, two = lease(run, 1, 2)
    waiting = run.batch.keep(exchange(1), one, same=False)
    done = run.batch.keep(exchange(2), two, same=False)
    run.batch.settle(two, "record", results=[record(2)], place=done)
    run.commit()
    assert set(run.frontier.files("archive").values()) == {waiting.offset}
    run.batch.dismiss(waiting)
    run.batch.settle(one, "failed", reason="http_503")
    run.commit()
    (path,) = (run.folder / "archive").iterdir()
    assert set(run.frontier.files("archive").values()) == {path.stat().st_size}


def test_a_refused_commit_leaves_all_for_the_next_one(run: Run, monkeypatch: pytest.MonkeyPatch):
    (row,) = lease(run, 1)
    run.batch.settle(row, "record", results=[record(1)])
    run.batch.found = {URL.format(9): Found(URL.format(9), "article")}

    def refuse(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(run.frontier, "commit", refuse)
        run.commit()
    assert (run.reason, run.problem) == ("disk", "what was fetched can't be stored: No space left on device")
    assert len(run.batch.settled) == 1
    assert run.tally.outcomes.total() == 0
    run.commit()
    assert run.tally.outcomes["record"] == 1
    assert run.frontier.addresses(kind="article") == {URL.format(1), URL.format(9)}


def test_pages_that_another_worker_has_by_now_are_left_to_it(run: Run):
    one, two = lease(run, 1, 2)
    run.batch.settle(one, "record", results=[record(1)])
    run.batch.settle(two, "record", results=[record(2)])
    run.frontier.take_back(expired_only=False)
    (again,) = run.frontier.lease(1, "somebody else", run.lease_until())
    run.frontier.lease(1, run.run_id, run.lease_until())  # the other row, but in another generation
    run.commit()
    assert run.tally.outcomes.total() == 0
    assert run.frontier.files("parts") == {}
    assert not list((run.folder / "parts").iterdir()), "parts that nobody acknowledged are removed"
    assert again.url == one.url


def test_a_batch_is_full_by_number_or_by_age(run: Run, monkeypatch: pytest.MonkeyPatch):
    one, two = lease(run, 1, 2)
    assert run.batch.age == 0
    run.batch.settle(one, "record", results=[record(1)])
    run.commit_if_full()
    assert run.batch.settled
    monkeypatch.setattr(run, "options", run.options.model_copy(update={"part_records": 2}))
    run.batch.settle(two, "record", results=[record(2)])
    run.commit_if_full()
    assert not run.batch.settled
    assert run.tally.outcomes["record"] == 2
    (three,) = lease(run, 3)
    run.batch.settle(three, "gone")
    monkeypatch.setattr(run, "options", run.options.model_copy(update={"part_seconds": 0.0}))
    run.tick()
    assert not run.batch.settled
