"""When a URL is visited again: new answers soon, old ones seldom, what failed after growing pauses.

Three things move the next visit of an article that was read: what its past shows, what its headers say, and what a
sitemap says. Pure: what is known of a visit goes in, when the next one is due comes out.
"""

from typing import Any, NamedTuple

from qacrawl.frontier.rows import AGAIN, LISTING, NEW, START, Outcome, Row
from qacrawl.options import Options

DAY = 86_400.0
QUIETEST = 2
"""Visits in a row, changed or not, that count: from a quarter of the usual days to four times as many."""


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
    longest: float = 365
    """Days beyond which neither headers nor a sitemap nor the past of an article put a visit off."""
    gone_after: int = 3
    """Visits that find 404 or 410 before a page counts as gone."""
    miss: float = 1
    """Days between those visits."""
    doubted: float = 0.5
    """What a run read that has doubts of it: the site may have mended its pages."""
    forbidden: float = 0.5
    """What robots.txt forbids: to ask again takes no request but that for robots.txt, which may have been mended."""
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
        "longest": options.revisit_longest,
    }
    return policy._replace(**{name: value for name, value in named.items() if value is not None})


def longest(policy: Policy) -> float:
    """Return the seconds beyond which nothing is ever due after a visit; a day more, in doubt."""
    steps = max(pause for _, pause in (*policy.answered, *policy.open))
    others = (policy.reject, policy.gone, policy.longest, policy.miss, policy.doubted, policy.failed_at_most)
    return DAY * (1 + max(steps, *others))


class Plan(NamedTuple):
    """What becomes of a URL after a visit."""

    state: str
    priority: int
    due_at: float
    failures: int = 0
    misses: int = 0
    quiet: int | None = None


def plan(
    row: Row, outcome: Outcome, now: float, policy: Policy, changed: bool | None = None, fresh: float = 0.0
) -> Plan:
    """Return what becomes of `row` after a visit at `now`; its `asked` and `replied` are what this visit read.

    `changed` says whether what people wrote there is another text than at the visit before; None: nobody knows. The
    headers said that the page stays as it is for `fresh` seconds.
    """
    row = row._replace(quiet=_quiet(row.quiet, changed))
    return _planned(row, outcome, now, policy, fresh)._replace(quiet=row.quiet)


def _quiet(before: int | None, changed: bool | None) -> int | None:
    """Return the count of visits without a change after one more."""
    if changed is None:
        return before
    return max((before or 0) - 1, -QUIETEST) if changed else min((before or 0) + 1, QUIETEST)


def _planned(row: Row, outcome: Outcome, now: float, policy: Policy, fresh: float) -> Plan:
    if outcome == "failed":
        return _failed(row, now, policy)
    if outcome == "gone":
        return _missing(row, now, policy)
    if outcome == "forbidden":
        return Plan("forbidden", _priority(row), now + policy.forbidden * DAY)
    if row.kind != "article":
        return Plan("done", _priority(row), 0.0)  # each run asks for it, whatever its clock says
    if outcome == "reject":
        return Plan("done", AGAIN, now + policy.reject * DAY)
    if outcome == "redirect":
        return Plan("done", AGAIN, now + policy.gone * DAY)
    return Plan("done", AGAIN, now + max(pause(row, now, policy), min(fresh / DAY, policy.longest)) * DAY)


def pause(row: "Row | Known", now: float, policy: Policy) -> float:
    """Return days until an article is visited again that was visited at `now`.

    One that was as before waits twice as long, one that was not half as long. Without a reply it never waits longer
    for that: the reply may come at any time.
    """
    age = (now - (row.first_seen if row.asked is None else row.asked)) / DAY
    steps = policy.open if row.replied == 0 else policy.answered
    usual = next((pause for limit, pause in steps if age <= limit), steps[-1][1])
    quiet = row.quiet or 0
    if quiet <= 0 or row.replied == 0:
        return usual * 2.0 ** min(quiet, 0)
    return max(usual, min(usual * 2.0**quiet, policy.longest))


class Known(NamedTuple):
    """What a sitemap's word on an article is weighed against."""

    id: int
    url: str
    state: str
    outcome: str | None
    due_at: float
    modified: float | None
    checked_at: float | None
    first_seen: float
    asked: float | None
    replied: int | None
    quiet: int | None


def by_sitemap(row: Known, now: float, policy: Policy) -> float:
    """Return when an article is due that was last modified when a sitemap says.

    What was modified since the last visit is due now, or, where visits found nothing new, a day or three after the last
    one: some sitemaps always say now. What was not waits once more as long as it did, but for articles without a reply.
    """
    modified, visited = row.modified, row.checked_at
    if modified is None or visited is None or modified > now + DAY:  # by a clock that is wrong, for one
        return row.due_at
    if modified > visited:
        wait = 2.0 ** max(row.quiet or 0, 0) - 1
        return min(row.due_at, max(now, visited + wait * DAY))
    waited = pause(row, visited, policy)
    is_read = row.state == "due" and row.outcome in ("record", "unchanged") and row.replied != 0
    if not is_read or row.due_at < visited + waited * DAY:  # somebody wants it sooner
        return row.due_at
    later = visited + max(waited, min(2 * waited, policy.longest)) * DAY
    return later if later > now else row.due_at


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
