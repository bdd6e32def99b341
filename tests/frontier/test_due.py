"""When pages are visited again: a site's own days, or those that a user chose; docs/settings.md names the defaults."""

import re
from typing import Any

import pytest

from qacrawl.frontier import due
from qacrawl.frontier.rows import Outcome, Row
from qacrawl.options import Options

POLICY = due.Policy()
SITE = due.Policy(answered=((36_500, 1),), reject=2)


def steps(text: str) -> tuple[tuple[float, float], ...]:
    return tuple((float(age), float(days)) for age, days in re.findall(r"([\d.]+):([\d.]+)", text))


def test_a_user_has_the_last_word_and_else_the_site():
    assert due.chosen(SITE, Options()) == SITE
    chosen = Options.model_validate({"revisit_answered": "9:3", "revisit_gone": "5"})
    assert due.chosen(SITE, chosen) == SITE._replace(answered=((9.0, 3.0),), gone=5.0)


def test_the_settings_name_the_defaults():
    said = {name: info.description or "" for name, info in Options.model_fields.items() if "revisit_" in name}
    assert steps(said["revisit_answered"]) == POLICY.answered
    assert steps(said["revisit_open"]) == POLICY.open
    assert said["revisit_reject"].endswith(f"; {POLICY.reject:g}.")
    assert said["revisit_gone"].endswith(f"; {POLICY.gone:g}.")
    assert said["revisit_longest"].endswith(f"; {POLICY.longest:g}.")


@pytest.mark.parametrize(("age", "days"), [(1, 3), (9, 3), (10, 30), (400, 30)])
def test_the_age_of_a_question_chooses_the_step(age, days):
    policy = due.chosen(POLICY, Options.model_validate({"revisit_answered": "9:3 90:30"}))
    row = Row(1, "u", "article", 1, 0, 1, 0, 0, 0, None, None, None, None, None, 0.0, 0.0, 1, None, None)
    now = age * due.DAY
    assert due.plan(row, "record", now, policy).due_at == pytest.approx(now + days * due.DAY)


# What moves the next visit

NOW = 1e9
DAYS = due.Policy(answered=((36_500, 10),), open=((36_500, 4),), longest=100)


def row(**known: Any) -> Row:
    facts: dict[str, Any] = {"asked": 0.0, "replied": 1, "quiet": None} | known
    made = Row(1, "u", "article", 1, 0, 1, 0, 0, 0, None, None, None, None, None, 0.0, 0.0, 1, None, None)
    return made._replace(**facts)


def days(plan: due.Plan) -> float:
    return (plan.due_at - NOW) / due.DAY


def waits(row: Row, *changed: bool | None, fresh: float = 0.0, outcome: Outcome = "record") -> list[float]:
    """The days after each of several visits in a row."""
    found = []
    for one in changed:
        plan = due.plan(row, outcome, NOW, DAYS, one, fresh * due.DAY)
        row = row._replace(quiet=plan.quiet)
        found.append(days(plan))
    return found


def test_what_never_changes_is_visited_later_and_what_changes_sooner_within_limits():
    assert waits(row(), None, False, False, False) == [10, 20, 40, 40]
    assert waits(row(), None, True, True, True) == [10, 5, 2.5, 2.5]
    assert waits(row(), False, False, True, True, True, False) == [20, 40, 20, 10, 5, 10]


def test_without_a_reply_only_a_change_moves_the_next_visit():
    assert waits(row(replied=0), False, False, True, True, True, True) == [4, 4, 4, 4, 2, 1]


def test_headers_put_a_visit_off_up_to_the_limit_and_never_bring_it_nearer():
    assert [waits(row(), None, fresh=days)[0] for days in (0, 9, 11, 99, 101, 1e9)] == [10, 10, 11, 99, 100, 100]
    assert waits(row(), True, fresh=7) == [7]
    assert waits(row(replied=0), None, fresh=30) == [30]


def test_a_limit_below_the_usual_days_shortens_nothing():
    policy = DAYS._replace(longest=3)
    assert days(due.plan(row(quiet=1), "unchanged", NOW, policy, False, 50 * due.DAY)) == 10


@pytest.mark.parametrize("outcome", ["reject", "failed", "gone", "redirect", "forbidden"])
def test_what_was_not_read_waits_as_ever(outcome: Outcome):
    plain = due.plan(row(), outcome, NOW, DAYS)
    assert due.plan(row(), outcome, NOW, DAYS, None, 50 * due.DAY) == plain
    assert due.plan(row(quiet=2), outcome, NOW, DAYS) == plain._replace(quiet=2)


def test_no_date_that_a_plan_has_is_taken_for_that_of_a_wrong_clock():
    for fresh in (0.0, 1e9):
        for policy in (DAYS, POLICY, DAYS._replace(longest=0), POLICY._replace(answered=((36_500, 400),))):
            for quiet in range(-due.QUIETEST, due.QUIETEST + 1):
                plan = due.plan(row(quiet=quiet), "record", NOW, policy, None, fresh)
                assert plan.due_at < NOW + due.longest(policy)


def known(**facts: Any) -> due.Known:
    """An article that was visited ten days ago, and is due now."""
    made = due.Known(1, "u", "due", "record", NOW, None, NOW - 10 * due.DAY, 0.0, 0.0, 1, None)
    return made._replace(**facts)


def moved(modified: float, **facts: Any) -> float:
    """Days until an article is due that a sitemap says was modified so many days from now."""
    return (due.by_sitemap(known(modified=NOW + modified * due.DAY, **facts), NOW, DAYS) - NOW) / due.DAY


def test_what_was_modified_since_the_last_visit_is_due_now():
    assert moved(-1, state="done", due_at=NOW + 5 * due.DAY) == 0
    assert moved(-1, state="gone", outcome="gone", due_at=NOW + 5 * due.DAY) == 0
    assert moved(-11, state="done", due_at=NOW + 5 * due.DAY) == 5


def test_what_was_not_modified_waits_once_more_as_long_as_it_did():
    assert moved(-11) == 10
    assert moved(-21, quiet=1, checked_at=NOW - 20 * due.DAY) == 20
    assert moved(-21, checked_at=NOW - 20 * due.DAY, due_at=NOW) == 0, "it did wait"


@pytest.mark.parametrize(
    "facts",
    [{"replied": 0}, {"outcome": "reject"}, {"due_at": NOW - 5 * due.DAY}, {"checked_at": None}],
    ids=["no reply", "no record", "wanted sooner", "never visited"],
)
def test_what_does_not_wait_for_a_sitemap(facts: dict[str, Any]):
    assert moved(-500, **facts) == (facts.get("due_at", NOW) - NOW) / due.DAY


def test_a_sitemap_that_always_says_now_is_believed_less_and_less():
    state = {"state": "done", "due_at": NOW + 30 * due.DAY, "checked_at": NOW - 3600}
    assert [round(moved(0, quiet=quiet, **state) + 1 / 24) for quiet in (None, -2, 0, 1, 2)] == [0, 0, 0, 1, 3]
    assert moved(0, quiet=2, state="done", due_at=NOW + 5 * due.DAY, checked_at=NOW - 4 * due.DAY) == 0


def test_a_date_to_come_is_none():
    assert moved(2, state="done", due_at=NOW + 5 * due.DAY) == 5
    assert moved(0.9, state="done", due_at=NOW + 5 * due.DAY) == 0, "the end of today, somewhere"
