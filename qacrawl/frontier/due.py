"""When a URL is visited again: new answers soon, old ones seldom, what failed after growing pauses.

Pure: what is known of a visit goes in, when the next one is due comes out.
"""

from typing import Any, NamedTuple

from qacrawl.frontier.rows import AGAIN, LISTING, NEW, START, Outcome, Row
from qacrawl.options import Options

DAY = 86_400.0


class Policy(NamedTuple):
    """Days between visits; a site's module may have its own as `REVISIT`."""

    answered: tuple[tuple[float, float], ...] = ((30, 7), (365, 60), (36_500, 180))
    """Articles with a reply: up to this age in days, visit again after so many days."""
    open: tuple[tuple[float, float], ...] = ((14, 1), (90, 7), (36_500, 90))
    """Articles without a reply: the doctor may still answer."""
    reject: float = 7
    """Pages that were no record: the site may mend them."""
    gone: float = 180
    """Pages marked gone: they seldom come back."""
    gone_after: int = 3
    """Visits that find 404 or 410 before a page counts as gone."""
    miss: float = 1
    """Days between those visits."""
    doubted: float = 0.5
    """What a run read that has doubts of it: the site may have mended its pages."""
    failed: float = 1 / 24
    """After a first failure; four times as long after each more."""
    failed_at_most: float = 30
    parked_after: int = 8
    """Failed visits after which a URL is left alone until somebody asks for everything."""


def chosen(policy: Policy, options: Options) -> Policy:
    """Return a site's policy with what a user chose otherwise."""
    named: dict[str, Any] = {
        "answered": options.revisit_answered,
        "open": options.revisit_open,
        "reject": options.revisit_reject,
        "gone": options.revisit_gone,
    }
    return policy._replace(**{name: value for name, value in named.items() if value is not None})


def longest(policy: Policy) -> float:
    """Return the seconds beyond which nothing is ever due after a visit; a day more, in doubt."""
    steps = max(pause for _, pause in (*policy.answered, *policy.open))
    return DAY * (1 + max(steps, policy.reject, policy.gone, policy.miss, policy.doubted, policy.failed_at_most))


class Plan(NamedTuple):
    """What becomes of a URL after a visit."""

    state: str
    priority: int
    due_at: float
    failures: int = 0
    misses: int = 0


def plan(row: Row, outcome: Outcome, now: float, policy: Policy) -> Plan:
    """Return what becomes of `row` after a visit at `now`; its `asked` and `replied` are what this visit read."""
    if outcome == "failed":
        return _failed(row, now, policy)
    if outcome == "gone":
        return _missing(row, now, policy)
    if outcome == "forbidden":
        return Plan("forbidden", _priority(row), now + policy.reject * DAY)
    if row.kind != "article":
        return Plan("done", _priority(row), 0.0)  # each run asks for it, whatever its clock says
    if outcome == "reject":
        return Plan("done", AGAIN, now + policy.reject * DAY)
    if outcome == "redirect":
        return Plan("done", AGAIN, now + policy.gone * DAY)
    return Plan("done", AGAIN, now + _pause(row, now, policy) * DAY)


def _pause(row: Row, now: float, policy: Policy) -> float:
    """Return days until an article is visited again."""
    age = (now - (row.first_seen if row.asked is None else row.asked)) / DAY
    steps = policy.open if row.replied == 0 else policy.answered
    return next((pause for limit, pause in steps if age <= limit), steps[-1][1])


def _failed(row: Row, now: float, policy: Policy) -> Plan:
    failures = row.failures + 1
    days = min(policy.failed * 4.0 ** (failures - 1), policy.failed_at_most)
    state = "parked" if failures >= policy.parked_after else "failed"
    return Plan(state, _priority(row), now + days * DAY, failures=failures, misses=row.misses)


def _missing(row: Row, now: float, policy: Policy) -> Plan:
    misses = row.misses + 1
    if misses >= policy.gone_after:
        return Plan("gone", AGAIN, now + policy.gone * DAY, misses=misses)
    return Plan("done", _priority(row), now + policy.miss * DAY, misses=misses)


def _priority(row: Row) -> int:
    if row.kind == "article":
        return AGAIN if row.visits else NEW
    return START if row.kind == "start" else LISTING
