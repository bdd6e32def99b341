"""A run is judged by its own pages."""

from collections import Counter
from typing import Any

import pytest

from qacrawl.fetch.tally import Tally
from qacrawl.fetch.verdict import blamed, carried, doubts, failure, lasting
from qacrawl.publish.gate import Gate


def tally(**counts: Any) -> Tally:
    made = Tally()
    for name, count in counts.items():
        if isinstance(count, dict):
            setattr(made, name, Counter(count))
        elif name in made.outcomes:
            made.outcomes[name] = count  # type: ignore[index]
        else:
            made.numbers[name] = count
    return made


GOOD = {("listing", None): 1}


@pytest.mark.parametrize(
    ("run", "said"),
    [
        ({}, None),
        ({"record": 5, "listing": 1, "starts": GOOD}, None),
        ({"unchanged": 400, "failed": 30, "starts": {("unchanged", None): 1}}, None),
        ({"failed": 1}, "1 of 1 pages failed"),
        ({"failed": 2, "record": 1}, None),
        ({"failed": 3, "record": 2}, "3 of 5 pages failed"),
        ({"failed": 2, "record": 2}, None),
        ({"forbidden": 7}, "robots.txt forbids all 7 pages that were due"),
        ({"forbidden": 7, "record": 1}, None),
        (
            {"failed": 1, "record": 9, "starts": {("failed", "http_500"): 1}},
            "the start page is no page to start from: http_500",
        ),
        (
            {"record": 9, "forbidden": 1, "starts": {("forbidden", "robots.txt"): 1}},
            "robots.txt forbids the start page",
        ),
        ({"gone": 1, "starts": {("gone", None): 1}}, "the start page is no page to start from: gone"),
        (
            {"reject": 1, "starts": {("reject", "maintenance"): 1}},
            "the start page is no page to start from: maintenance",
        ),
        ({"reject": 1, "record": 3, "starts": {("reject", "not_article"): 1}}, None),
        ({"record": 3, "failed": 1, "starts": {("failed", "http_500"): 1, ("listing", None): 1}}, None),
        ({"redirect": 1, "record": 3, "starts": {("redirect", None): 1}}, None),
        (
            {"listing": 2, "forbidden": 5, "barred": 1, "kinds": {("article", "forbidden"): 5}, "starts": GOOD},
            "robots.txt forbids all 5 articles that were due",
        ),
        (
            {"listing": 2, "forbidden": 1, "barred": 1, "kinds": {("article", "forbidden"): 1}, "starts": GOOD},
            "robots.txt forbids the only article that was due",
        ),
        ({"listing": 2, "forbidden": 5, "kinds": {("article", "forbidden"): 5}, "starts": GOOD}, None),
        (
            {
                "record": 1,
                "forbidden": 5,
                "barred": 5,
                "kinds": {("article", "forbidden"): 5, ("article", "record"): 1},
                "starts": GOOD,
            },
            None,
        ),
        ({"reject": 1, "starts": {("reject", "empty"): 1}}, "the start page is no page to start from: empty"),
        (
            {"reject": 1, "record": 3, "starts": {("reject", "binary"): 1}, "lost": {("reject", "binary"): 1}},
            "the start page is no page to start from: binary",
        ),
        (
            {"reject": 1, "unchanged": 1, "starts": {("reject", "empty"): 1}, "kinds": {("article", "unchanged"): 1}},
            None,
        ),
        ({"record": 1, "starts": {("record", None): 1}}, None),
        ({"listing": 1, "starts": {("listing", "no_links"): 1}}, None),
        (
            {"listing": 1, "starts": {("listing", "no_links"): 1}, "lost": {("listing", "no_links"): 1}},
            "the start page is no page to start from: no_links",
        ),
    ],
)
def test_a_run_fails_by_its_pages(run: dict[str, Any], said: str | None):
    found = failure(tally(**run))
    assert (found or "").startswith(said or "none" if said else "")
    assert (found is None) == (said is None)


@pytest.mark.parametrize(
    ("records", "rejects", "doubted"),
    [
        (0, 0, False),
        (0, 2, False),
        (0, 3, True),
        (2, 3, True),
        (3, 3, False),
        (100, 9, False),
        (100, 10, False),
        (90, 11, True),
        (1000, 50, False),
    ],
)
def test_a_run_whose_articles_became_rejects_is_doubted(records: int, rejects: int, doubted: bool):
    made = tally(news={"record": records, "reject": rejects})
    assert bool(list(doubts(made, Gate(), None))) is doubted


def test_a_field_that_is_lost_is_named():
    made = tally(news={"record": 40}, fields={"question": 40, "hospital": 2, "reply": 39})
    (said,) = doubts(made, Gate(), {"question": 1.0, "hospital": 0.6, "reply": 0.98})
    assert said == "hospital is in 5% of the records that this run read, and in 60% of the dataset"
    assert not list(doubts(tally(news={"record": 10}, fields={"question": 1}), Gate(), {"question": 1.0})), (
        "of a few records a share says nothing"
    )
    few = tally(news={"record": 3}, fields={"question": 3, "reply": 1})
    (said,) = doubts(few, Gate(), {"question": 1.0, "reply": 1.0, "doctor": 0.95, "age": 0.5})
    assert said == "doctor is in 0% of the records that this run read, and in 95% of the dataset"
    two = tally(news={"record": 2}, fields={"question": 2})
    assert not list(doubts(two, Gate(), {"question": 1.0, "doctor": 1.0}))


def test_doubts_stay_until_a_run_reads_something():
    before = {"run_id": "one", "doubts": ["20 of 20 became rejects"]}
    (said,) = carried(before, Tally())
    assert said == "still, since run one: 20 of 20 became rejects"
    assert carried({"run_id": "two", "doubts": [said]}, Tally()) == [said]
    assert carried(before, tally(news={"record": 1})) == []
    assert carried(None, Tally()) == carried({"run_id": "three"}, Tally()) == []


def test_a_failure_lasts_until_a_page_of_each_kind_that_failed_is_read():
    night = tally(failed=3, kinds={("article", "failed"): 3, ("listing", "failed"): 1, ("start", "listing"): 1})
    assert blamed(night) == {"article"}
    assert blamed(tally(failed=1, kinds={("listing", "failed"): 1, ("start", "listing"): 1})) == {"listing"}
    down = {"starts": {("failed", "http_500"): 1}, "kinds": {("start", "failed"): 1, ("article", "failed"): 1}}
    assert blamed(tally(failed=2, **down)) == {"start", "article"}
    down["kinds"] = {("start", "failed"): 1, ("article", "failed"): 1, ("article", "unchanged"): 1}
    assert blamed(tally(failed=2, unchanged=1, **down)) == {"start"}, "others are read"

    before = {"lasting": {"run_id": "one", "problem": "3 of 5 pages failed", "kinds": ["article", "start"]}}
    left = lasting(before, {"start", "listing"})
    assert left == {"run_id": "one", "problem": "3 of 5 pages failed", "kinds": ["article"]}
    assert lasting({"lasting": left}, {"start", "listing"}) == left
    assert lasting({"lasting": left}, {"article"}) is None
    assert lasting(None, set()) is lasting({}, set()) is lasting({"lasting": None}, set()) is None
