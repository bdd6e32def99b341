"""The life of a visit, without a crawl: whatever comes back, it ends in one outcome."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from scrapy import Request, Spider
from scrapy.exceptions import DropItem, IgnoreRequest
from scrapy.http import HtmlResponse, Response
from scrapy.spidermiddlewares.httperror import HttpError
from sqlalchemy.exc import OperationalError
from support.making import record, reject
from twisted.python.failure import Failure

from qacrawl.archive.warc import Place
from qacrawl.fetch.archive_middleware import Fetched
from qacrawl.fetch.discovery import Discovery
from qacrawl.fetch.outcomes import Forbidden, Stopping
from qacrawl.fetch.run import Run
from qacrawl.fetch.visits import UNREAD, Reading, Taken, Visits
from qacrawl.frontier import Found
from qacrawl.records import Listing, Page

URL = "https://doctorqna.com/en/article/1"
OTHER = "https://doctorqna.com/en/article/2"


class Doctor(Spider):
    """Does as the test says."""

    name = "doctorqna"
    act: Callable[[Response], Any]

    def parse(self, response: Response) -> Any:
        return type(self).act(response)


def page(response: Response) -> Page:
    return Page(site="doctorqna", url=response.url, body=response.body, fetched_at=datetime.now(UTC))


@pytest.fixture
def visits(run: Run) -> Visits:
    made = Visits(run, Discovery(run))
    made.spider = Doctor()
    Doctor.act = page
    return made


def begin(visits: Visits, url: str = URL, kind: Any = "article") -> Request:
    """A request for a leased URL, under way."""
    run = visits.run
    run.frontier.add([Found(url, kind)])
    (row,) = run.frontier.lease(1, run.run_id, run.lease_until())
    request = visits.request(row)
    visits.begin(request)
    return request


def answer(request: Request, body: bytes = b"<p>page", status: int = 200, **headers: str) -> Response:
    request.meta["fetched"] = Fetched(Place("a-00000.warc.gz", 10), datetime.now(UTC), 0.1, "sha256:X")
    return HtmlResponse(request.url, status, body=body, headers=headers, request=request)


def run_callback(visits: Visits, response: Response) -> list[Any]:
    async def collect() -> list[Any]:
        return [item async for item in visits.answered(response)]

    return asyncio.run(collect())


def failure(request: Request, error: BaseException) -> Failure:
    made = Failure(error)
    made.request = request  # type: ignore[attr-defined]
    return made


def outcomes(visits: Visits) -> list[tuple[str, str | None]]:
    assert not visits.under_way
    return [(item.visit.outcome, item.visit.reason) for item in visits.run.batch.settled]


def test_a_page_ends_when_its_items_went_through_the_pipelines(visits: Visits):
    response = answer(begin(visits), ETag='"x"')
    (reading,) = run_callback(visits, response)
    assert isinstance(reading, Reading)
    assert visits.under_way, "the item is still in the pipelines"
    reading.visit.take(record(1), (OTHER,))
    visits.item_scraped(record(1), response)
    assert outcomes(visits) == [("record", None)]
    assert OTHER in visits.run.batch.found
    (item,) = visits.run.batch.settled
    assert (item.visit.etag, item.visit.payload, item.visit.status) == ('"x"', "sha256:X", 200)


def test_links_that_a_parser_returns_are_followed_with_those_of_the_page(visits: Visits):
    listing = "https://doctorqna.com/en/faq/heart-pain/1"
    response = answer(begin(visits, listing, "listing"))
    (reading,) = run_callback(visits, response)
    reading.visit.take(Listing((URL, OTHER)), (OTHER, f"{listing[:-1]}2"))
    visits.item_dropped(reading, response, Taken("listing"))
    assert outcomes(visits) == [("listing", None)]
    assert set(visits.run.batch.found) == {URL, OTHER, f"{listing[:-1]}2"}
    assert {found.hops for found in visits.run.batch.found.values() if found.kind == "listing"} == {1}


def test_a_reject_is_settled_with_its_reason(visits: Visits):
    response = answer(begin(visits))
    (reading,) = run_callback(visits, response)
    reading.visit.take(reject(1, reason="login"), ())
    visits.item_dropped(reading, response, Taken("reject"))
    assert outcomes(visits) == [("reject", "login")]
    assert visits.run.batch.settled[0].visit.digest


@pytest.mark.parametrize("reason", sorted(UNREAD))
def test_a_page_that_could_not_be_read_is_read_again_even_if_it_does_not_change(visits: Visits, reason: str):
    response = answer(begin(visits), ETag='"x"')
    (reading,) = run_callback(visits, response)
    reading.visit.take(reject(1, reason=reason), ())
    visits.item_dropped(reading, response, Taken("reject"))
    visit = visits.run.batch.settled[0].visit
    assert (visit.etag, visit.last_modified, visit.digest, visit.payload) == (None, None, None, None)
    visits.run.commit()
    visits.run.frontier.promote(1e11)
    (row,) = visits.run.frontier.lease(1, visits.run.run_id, visits.run.lease_until())
    assert not visits.request(row).headers


def test_the_page_as_it_was_is_not_read(visits: Visits):
    response = answer(begin(visits), b"<p>same")
    (reading,) = run_callback(visits, response)
    reading.visit.take(record(1), ())
    visits.item_scraped(record(1), response)
    visits.run.commit()
    visits.run.frontier.promote(1e11)
    assert run_callback(visits, answer(begin(visits), b"<p>same")) == []
    assert outcomes(visits) == [("unchanged", None)]


@pytest.mark.parametrize(
    ("status", "headers", "ended"),
    [
        (404, {}, ("gone", None)),
        (410, {}, ("gone", None)),
        (403, {}, ("failed", "http_403")),
        (304, {}, ("failed", "http_304")),
        (301, {"Location": OTHER}, ("redirect", None)),
        (301, {"Location": URL}, ("failed", "bad_redirect")),
        (302, {}, ("failed", "bad_redirect")),
    ],
)
def test_a_response_that_is_no_success(visits: Visits, status: int, headers: dict[str, str], ended: tuple[str, str]):
    request = begin(visits)
    visits.unanswered(failure(request, HttpError(answer(request, status=status, **headers))))
    assert outcomes(visits) == [ended]


@pytest.mark.parametrize("condition", [{"ETag": '"x"'}, {"Last-Modified": "Thu, 01 Jan 2026 00:00:00 GMT"}, {}])
def test_not_modified_is_an_answer_to_those_who_asked(visits: Visits, condition: dict[str, str]):
    response = answer(begin(visits), **condition)
    (reading,) = run_callback(visits, response)
    reading.visit.take(record(1), ())
    visits.item_scraped(record(1), response)
    visits.run.commit()
    visits.run.frontier.promote(1e11)
    request = begin(visits)
    visits.unanswered(failure(request, HttpError(answer(request, status=304))))
    assert outcomes(visits) == [("unchanged", None) if condition else ("failed", "http_304")]


@pytest.mark.parametrize(
    ("error", "ended"),
    [
        (Forbidden("robots.txt"), ("forbidden", "robots.txt")),
        (IgnoreRequest("a middleware"), ("failed", "ignored")),
    ],
)
def test_a_request_that_is_not_sent(visits: Visits, error: BaseException, ended: tuple[str, str]):
    visits.unanswered(failure(begin(visits), error))
    assert outcomes(visits) == [ended]


def test_a_request_is_tried_again_and_fails_after_the_last_try(visits: Visits):
    pauses: list[float] = []
    visits.on_pause = pauses.append
    for _ in range(3):
        request = begin(visits)
        visits.unanswered(failure(request, TimeoutError()))
        visits.run.frontier.engine.dispose()
        with visits.run.frontier.engine.begin() as db:  # as if the pause were over
            db.exec_driver_sql("UPDATE qacrawl_urls SET state = 'due' WHERE state = 'waiting'")
    assert pauses == [2.0, 4.0]
    assert outcomes(visits) == [("failed", "timeout")]
    assert visits.run.tally.numbers["retries"] == 2


def test_a_request_that_the_end_of_the_run_stops_has_no_outcome(visits: Visits):
    visits.unanswered(failure(begin(visits), Stopping("the run ends")))
    assert outcomes(visits) == []
    begin(visits)  # it is still due


def fail(response: Response) -> None:
    raise KeyError("a bug in the spider")


async def asynchronous(response: Response) -> Page:
    return page(response)


@pytest.mark.parametrize(
    ("act", "ended"),
    [
        (fail, ("failed", "key")),
        (lambda response: None, ("failed", "no_item")),
        (lambda response: [Request(OTHER)], ("failed", "no_item")),
    ],
)
def test_a_spider_that_gives_no_page(visits: Visits, act: Any, ended: tuple[str, str]):
    Doctor.act = act
    assert run_callback(visits, answer(begin(visits))) == []
    assert outcomes(visits) == [ended]


@pytest.mark.parametrize("act", [page, asynchronous, lambda response: [page(response)]])
def test_a_callback_may_give_its_page_in_any_way(visits: Visits, act: Any):
    Doctor.act = act
    assert [type(item) for item in run_callback(visits, answer(begin(visits)))] == [Reading]


@pytest.mark.parametrize(("error", "reason"), [(DropItem("no"), "dropped"), (ValueError("bug"), "crashed")])
def test_what_a_pipeline_stops_is_a_reject(visits: Visits, error: Exception, reason: str):
    response = answer(begin(visits))
    (reading,) = run_callback(visits, response)
    if isinstance(error, DropItem):
        visits.item_dropped(reading, response, error)
    else:
        visits.item_error(reading, response, Failure(error))
    assert outcomes(visits) == [("reject", reason)]


def test_a_full_disk_in_a_pipeline_ends_the_run_and_loses_no_page(visits: Visits):
    response = answer(begin(visits))
    (reading,) = run_callback(visits, response)
    visits.item_error(reading, response, Failure(OSError(28, "No space left on device")))
    assert visits.run.reason == "disk"
    assert outcomes(visits) == []


FORWARD = f'<meta http-equiv=refresh content="0; url={OTHER}">'.encode()
LISTING = "https://doctorqna.com/en/faq/heart-pain/1"


def test_a_page_that_only_forwards_is_a_redirect(visits: Visits):
    response = answer(begin(visits), FORWARD)
    (reading,) = run_callback(visits, response)
    reading.visit.take(reject(1, reason="no_question"), ())
    visits.item_dropped(reading, response, Taken("reject"))
    assert outcomes(visits) == [("redirect", None)]
    assert not visits.run.batch.settled[0].rejects
    assert OTHER in visits.run.batch.found


def test_a_start_page_that_only_forwards_is_a_redirect(visits: Visits):
    response = answer(begin(visits, LISTING, "listing"), FORWARD)
    (reading,) = run_callback(visits, response)
    reading.visit.take(Listing(()), ())
    visits.item_dropped(reading, response, Taken("listing"))
    assert outcomes(visits) == [("redirect", None)]
    assert OTHER in visits.run.batch.found


def test_a_record_that_forwards_is_a_record(visits: Visits):
    response = answer(begin(visits), FORWARD)
    (reading,) = run_callback(visits, response)
    reading.visit.take(record(1), ())
    visits.item_scraped(record(1), response)
    assert outcomes(visits) == [("record", None)]
    assert not visits.run.batch.found


def test_a_listing_with_links_that_forwards_is_a_listing(visits: Visits):
    response = answer(begin(visits, LISTING, "listing"), FORWARD)
    (reading,) = run_callback(visits, response)
    reading.visit.take(Listing(()), (URL,))
    visits.item_dropped(reading, response, Taken("listing"))
    assert outcomes(visits) == [("listing", None)]
    assert {URL, OTHER} == set(visits.run.batch.found)


def test_a_notice_that_forwards_says_nothing_of_the_page(visits: Visits):
    response = answer(begin(visits), FORWARD)
    (reading,) = run_callback(visits, response)
    reading.visit.take(reject(1, reason="maintenance"), ())
    visits.item_dropped(reading, response, Taken("reject"))
    assert outcomes(visits) == [("reject", "maintenance")]


def broken(*_: Any, **__: Any) -> Any:
    raise RuntimeError("a bug")


@pytest.mark.parametrize("method", ["follow", "refresh"])
def test_a_bug_at_the_end_of_a_visit_ends_that_visit_only(visits: Visits, monkeypatch: Any, method: str):
    response = answer(begin(visits))
    (reading,) = run_callback(visits, response)
    reading.visit.take(reject(1, reason="invalid"), ())
    monkeypatch.setattr(visits.discovery, method, broken)
    visits.item_dropped(reading, response, Taken("reject"))
    assert outcomes(visits) == [("failed", "runtime")]


@pytest.mark.parametrize("status", [302, 304, 403, 500])
def test_a_bug_in_an_errback_ends_that_visit_only(visits: Visits, monkeypatch: Any, status: int):
    request = begin(visits)
    monkeypatch.setattr("qacrawl.fetch.outcomes.judge_status", broken)
    visits.unanswered(failure(request, HttpError(answer(request, status=status))))
    assert outcomes(visits) == [("failed", "runtime")]


def test_a_database_that_refuses_an_outcome_ends_the_run_and_loses_no_page(visits: Visits, monkeypatch: Any):
    request = begin(visits)

    def refuse(*_: Any, **__: Any) -> None:
        raise OperationalError("UPDATE", {}, Exception("database is locked"))

    monkeypatch.setattr(visits.run.batch, "settle", refuse)
    visits.unanswered(failure(request, HttpError(answer(request, status=404))))
    assert visits.run.reason == "disk"
    visits.give_back(*visits.under_way.values())
    begin(visits)  # it is still due


@pytest.mark.parametrize("tag", [b'"caf\xe9"', b'"caf\xc3\xa9"', b'W/"1"'])
def test_a_validator_goes_back_byte_for_byte(visits: Visits, tag: bytes):
    response = answer(begin(visits))
    response.headers["ETag"] = tag
    (reading,) = run_callback(visits, response)
    reading.visit.take(record(1), ())
    visits.item_scraped(record(1), response)
    visits.run.commit()
    visits.run.frontier.promote(1e11)
    assert begin(visits).headers["If-None-Match"] == tag


@pytest.mark.parametrize("tag", [b'"a\x00b"', b'"a\rb"', b"x" * 2000])
def test_a_validator_that_no_database_or_server_takes_is_not_kept(visits: Visits, tag: bytes):
    response = answer(begin(visits))
    response.headers["ETag"] = tag
    (reading,) = run_callback(visits, response)
    reading.visit.take(record(1), ())
    visits.item_scraped(record(1), response)
    assert visits.run.batch.settled[0].visit.etag is None


def test_what_no_hook_saw_is_swept_up(visits: Visits):
    begin(visits)
    visits.sweep()
    assert outcomes(visits) == [("failed", "lost")]
