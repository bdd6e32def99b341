"""How a run went, judged by its own pages: a night that brought nothing it should have is not a good one."""

from collections.abc import Iterator, Mapping
from typing import Any

from qacrawl.codes import NOTICES
from qacrawl.fetch.tally import Tally
from qacrawl.publish.gate import USAGE, Gate

MANY = 3
"""Pages from which on more than half is too much; of fewer, it takes all."""


def failure(tally: Tally) -> str | None:
    """Say in one line why a run failed, judged by its pages; None where it did not."""
    said = _starts(tally)
    if said:
        return said
    fetched, failed = tally.outcomes.total(), tally.outcomes["failed"]
    if not fetched:
        number = tally.numbers["forbidden"]
        return f"robots.txt forbids all {number:,} pages that were due" if number else None
    if failed == fetched or (failed >= MANY and failed > fetched / 2):
        return f"{failed:,} of {fetched:,} pages failed{_most(tally.reasons['failed'])}"
    return None


def _starts(tally: Tally) -> str | None:
    """Say why no start page could be read."""
    bad = {pair for pair in tally.starts if pair[0] in ("failed", "forbidden", "gone") or pair[1] in NOTICES}
    if not tally.starts or bad != set(tally.starts):
        return None
    outcome, reason = max(bad, key=lambda pair: tally.starts[pair])
    if outcome == "forbidden":
        return "robots.txt forbids the start page"
    return f"the start page is no page to start from: {'gone' if outcome == 'gone' else reason}"


def _most(reasons: Mapping[str, int]) -> str:
    reason = max(reasons, key=lambda name: reasons[name], default="")
    return f", most of them with {reason}" if len(reasons) > 1 else f" with {reason}" if reason else ""


def doubts(tally: Tally, gate: Gate, coverage: Mapping[str, float] | None) -> Iterator[str]:
    """Say what is wrong with what a run read; `coverage` is that of the dataset's fields before it, 0 to 1.

    Articles that were rejects before and are again don't count: they say nothing of this night.
    """
    rejected, records = tally.news["reject"], tally.news["record"]
    read = rejected + records
    most = rejected == read or rejected > read / 2
    if rejected >= MANY and (most or (rejected > gate.few and rejected > gate.rejects * read)):
        yield f"{rejected:,} of the {read:,} articles that this run read became rejects{_most(tally.news_reasons)}"
    if coverage and records > gate.few:
        for name, was in coverage.items():
            if name in USAGE:
                continue
            now = tally.fields[name] / max(records, tally.numbers["records"])
            if was - now > gate.coverage:
                yield f"{name} is in {now:.0%} of the records that this run read, and in {was:.0%} of the dataset"


def carried(earlier: Mapping[str, Any] | None, tally: Tally) -> list[str]:
    """Return the doubts of the run before, where this one read nothing that could tell otherwise."""
    if not earlier or tally.news.total():
        return []
    known: list[str] = list(earlier.get("doubts", []))
    return [said if said.startswith("still") else f"still, since run {earlier['run_id']}: {said}" for said in known]
