"""What a run holds is not lost when the disk or the database refuses it."""

import pytest

from qacrawl.fetch.run import Run
from qacrawl.frontier import Found


def test_links_that_the_frontier_refused_go_with_the_next_batch(run: Run, monkeypatch: pytest.MonkeyPatch):
    def refuse(found):
        raise OSError(28, "No space left on device")

    found = Found("https://doctorqna.com/en/article/7", "article")
    run.batch.found = {found.url: found}
    with monkeypatch.context() as patch, run.guard():
        patch.setattr(run.frontier, "add", refuse)
        run.batch.note_found()
    assert run.batch.found == {found.url: found}
    assert (run.reason, run.problem) == ("disk", "what was fetched can't be stored: No space left on device")
    run.batch.note_found()
    assert run.batch.found == {}
    assert run.frontier.addresses(kind="article") == {found.url}


def test_a_time_budget_ends_the_run(run: Run):
    run.options = run.options.model_copy(update={"max_seconds": 0.0})
    run.tick()
    assert run.reason is None, "0 is no limit"
    run.options = run.options.model_copy(update={"max_seconds": 1e-6})
    run.tick()
    assert run.reason == "max_seconds"


def test_the_first_reason_to_end_counts(run: Run):
    stopped: list[str] = []
    run.on_stop = lambda: stopped.append("once")
    run.stop("max_pages")
    run.stop("disk", "full")
    assert (run.reason, run.problem, stopped) == ("max_pages", None, ["once"])
