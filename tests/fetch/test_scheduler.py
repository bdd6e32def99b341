"""The scheduler hands out what is due, no more than was asked for, and gives back what it did not use."""

from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any, cast

import pytest
from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.signalmanager import SignalManager

from qacrawl.archive.warc import Place
from qacrawl.fetch.archive_middleware import Fetched
from qacrawl.fetch.run import Run
from qacrawl.fetch.scheduler import AHEAD, FrontierScheduler
from qacrawl.frontier import Found
from qacrawl.frontier.status import status

URL = "https://doctorqna.com/en/article/{}"


def scheduler(run: Run, **options: Any) -> FrontierScheduler:
    """A scheduler without a crawl, of a run with these options."""
    run.options = run.options.model_copy(update=options)
    crawler = SimpleNamespace(signals=SignalManager(), engine=None)
    return FrontierScheduler(cast(Crawler, crawler), run)


def states(run: Run) -> dict[str, int]:
    return status(run.frontier).states


def finish(made: FrontierScheduler, request: Request) -> None:
    visit = made.visits.under_way[request.meta["row"].id]
    made.visits.finish(visit, None, "gone")


def test_what_is_due_is_handed_out_once(run: Run):
    run.frontier.add([Found(URL.format(number), "article") for number in range(1, 4)])
    made = scheduler(run, concurrency=64)
    requests = [made.next_request() for _ in range(4)]
    assert [request and request.url for request in requests] == [*(URL.format(number) for number in (1, 2, 3)), None]
    assert made.has_pending_requests()
    for request in requests[:3]:
        assert request
        finish(made, request)
    assert not made.has_pending_requests()
    assert run.tally.outcomes["gone"] == 3, "has_pending_requests commits before it says that nothing is left"


@pytest.mark.parametrize("limit", [1, 3, AHEAD + 1])
def test_max_pages_counts_pages_with_an_outcome(run: Run, limit: int):
    run.frontier.add([Found(URL.format(number), "article") for number in range(1, AHEAD + 50)])
    made = scheduler(run, max_pages=limit, concurrency=AHEAD)
    out = []
    while request := made.next_request():
        out.append(request)
    assert len(out) == limit, "no more are asked for than may come to an outcome"
    assert run.reason is None, "what is under way still counts for nothing"
    for request in out[1:]:
        finish(made, request)
    made.visits.give_back(*made.visits.under_way.values())  # the first came to no outcome: another takes its place
    another = made.next_request()
    assert another is not None
    finish(made, another)
    assert made.next_request() is None
    assert run.reason == "max_pages"


def test_articles_come_as_soon_as_they_are_known(run: Run):
    listings = [f"https://doctorqna.com/en/faq/heart-pain/{number}" for number in range(1, 61)]
    run.frontier.add([Found(url, "listing") for url in listings])
    made = scheduler(run)
    asked = []
    for step in range(1, 31):
        request = made.next_request()
        assert request is not None
        asked.append(request.meta["row"].kind)
        if request.meta["row"].kind == "listing":
            made.discovery.follow(request.meta["row"], [URL.format(3 * step + more) for more in range(3)], [])
        finish(made, request)
    assert asked == ["listing", "article", "article", "article"] * 7 + ["listing", "article"]
    for request in iter(made.next_request, None):
        finish(made, request)
    assert not made.has_pending_requests()
    assert run.tally.outcomes["gone"] == 60 + 3 * 8, "and no listing is left out"


def test_what_was_leased_and_not_used_is_given_back(run: Run):
    run.frontier.add([Found(URL.format(number), "article") for number in range(1, 11)])
    made = scheduler(run)
    for _ in range(3):
        made.next_request()
    assert states(run) == {"leased": 10}
    made.close("finished")
    assert states(run) == {"due": 10}


@pytest.mark.parametrize("concurrency", [1, 4])
def test_no_more_wait_at_the_gate_than_are_needed(run: Run, concurrency: int):
    run.frontier.add([Found(URL.format(number), "article") for number in range(1, 100)])
    made = scheduler(run, concurrency=concurrency)
    made.run.hosts = frozenset(["doctorqna.com"])
    out = list(iter(made.next_request, None))
    assert len(out) == concurrency + 1
    fetched = Fetched(Place("a.warc.gz", 0), datetime.now(UTC), 0.1, "sha256:X")
    out[0].meta["fetched"] = fetched
    assert len(list(iter(made.next_request, None))) == 1, "a page that came makes room, also while it is being read"


def test_a_url_that_is_none_is_a_failure_and_the_others_are_asked_for(run: Run):
    run.frontier.add([Found(url, "article") for url in ("no-url", "", URL.format(1), "\x00")])
    made = scheduler(run, concurrency=8)
    asked = [request.url for request in iter(made.next_request, None)]
    assert URL.format(1) in asked
    for visit in list(made.visits.under_way.values()):
        made.visits.finish(visit, None, "gone")
    assert not made.has_pending_requests()
    assert run.tally.outcomes["failed"] + run.tally.outcomes["gone"] == 4


def test_visits_that_were_lost_keep_no_run_going(run: Run):
    run.frontier.add([Found(URL.format(number), "article") for number in (1, 2, 3)])
    made = scheduler(run, concurrency=8)
    assert len(list(iter(made.next_request, None))) == 3
    busy = SimpleNamespace(inprogress={1}, nextcall=SimpleNamespace(schedule=lambda: None))
    made.crawler.engine = cast(Any, SimpleNamespace(_slot=busy))
    assert made.has_pending_requests(), "the engine is at it"
    busy.inprogress = set()
    assert not made.has_pending_requests()
    assert run.tally.reasons["failed"] == {"lost": 3}


def test_what_waits_for_longer_than_a_run_does_ends_it(run: Run):
    run.frontier.add([Found(URL.format(1), "article")])
    made = scheduler(run)
    made.next_request()
    (visit,) = made.visits.under_way.values()
    run.frontier.release([visit.row], due_at=run.frontier.now() + 5000, attempts=1)
    made.visits.under_way.clear()
    assert not made.has_pending_requests()
    assert run.reason == "told_to_wait"
    assert run.problem is not None
    assert "QACRAWL_LONGEST_WAIT" in run.problem


def test_nothing_is_handed_out_after_the_end(run: Run):
    run.frontier.add([Found(URL.format(1), "article")])
    made = scheduler(run)
    run.stop("max_seconds")
    assert made.next_request() is None
    assert not made.has_pending_requests()


def test_a_request_of_a_spider_is_due_with_the_next_lease(run: Run):
    made = scheduler(run)
    assert made.next_request() is None
    assert made.enqueue_request(Request(URL.format(5)))
    assert not made.enqueue_request(Request("https://elsewhere.example/en/article/5"))
    made.next_fill = 0.0
    request = made.next_request()
    assert request is not None
    assert request.url == URL.format(5)
    assert made.enqueue_request(request), "a middleware may ask for a leased URL once more"
    assert made.next_request() is request
