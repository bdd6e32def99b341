"""How a run went, judged by its own pages: a night that brought nothing it should have is not a good one."""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from qacrawl.codes import NOTICES
from qacrawl.fetch.tally import Tally
from qacrawl.publish.gate import USAGE, Gate

MANY = 3
"""Pages from which on more than half is too much; of fewer, it takes all. Records from which on a field is lost."""
MOST = 0.9
"""Share of the dataset's records from which on a field is one that all have."""


def failure(tally: Tally) -> str | None:
    """Say in one line why a run failed, judged by its pages; None where it did not."""
    said = _starts(tally)
    if said:
        return said
    fetched, failed = tally.outcomes.total(), tally.outcomes["failed"]
    number = tally.numbers["forbidden"]
    if number and not fetched:
        return f"robots.txt forbids all {number:,} pages that were due"
    if fetched and (failed == fetched or (failed >= MANY and failed > fetched / 2)):
        return f"{failed:,} of {fetched:,} pages failed{_most(tally.reasons['failed'])}"
    articles, forbidden = _articles(tally), tally.kinds["article", "forbidden"]
    if tally.numbers["barred"] and forbidden == articles.total():
        return f"robots.txt forbids {_all(forbidden, 'article')} due"
    return None


def _all(number: int, noun: str) -> str:
    return f"all {number:,} {noun}s that were" if number > 1 else f"the only {noun} that was"


def _articles(tally: Tally) -> Counter[str]:
    """Return what the articles of a run came to."""
    return Counter({outcome: number for (kind, outcome), number in tally.kinds.items() if kind == "article"})


def _starts(tally: Tally) -> str | None:
    """Say why no start page could be read, or leads anywhere.

    One that never led anywhere, beside articles that are read, is no fault: a sitemap may be what leads to them.
    """
    articles = _articles(tally)
    alone = not (articles["record"] or articles["unchanged"] or tally.outcomes["record"])
    bad = {
        pair
        for pair in tally.starts
        if pair[0] in ("failed", "forbidden", "gone")
        or pair[1] in NOTICES
        or pair in tally.lost
        or (pair[0] == "reject" and alone)
    }
    if not tally.starts or bad != set(tally.starts):
        return None
    outcome, reason = max(bad, key=lambda pair: tally.starts[pair])
    if outcome == "forbidden":
        return "robots.txt forbids the start page"
    return f"the start page is no page to start from: {'gone' if outcome == 'gone' else reason}"


def blamed(tally: Tally) -> set[str]:
    """Return the kinds of pages that a run failed by: of each one must come to something good before that is over."""
    bad = {kind for kind, outcome in tally.kinds if outcome in ("failed", "forbidden")}
    articles = _articles(tally)
    if not _starts(tally):
        return {"article"} if "article" in bad else bad
    return {"start", "article"} if "article" in bad and not articles["record"] + articles["unchanged"] else {"start"}


def lasting(earlier: Mapping[str, Any] | None, well: Collection[str]) -> dict[str, Any] | None:
    """Return what an earlier run failed by and no later one told otherwise, by the report of the run before.

    `well` are the kinds of pages of which one came to something good in this run.
    """
    known: dict[str, Any] | None = earlier.get("lasting") if earlier else None
    if known is None:
        return None
    left = sorted(set(known["kinds"]).difference(well))
    return {**known, "kinds": left} if left else None


def still(said: str, run_id: str) -> str:
    """Say again what an earlier run has said."""
    return said if said.startswith("still") else f"still, since run {run_id}: {said}"


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
    if coverage and records >= MANY:
        for name, was in coverage.items():
            if name in USAGE:
                continue
            now = tally.fields[name] / max(records, tally.numbers["records"])
            lost = not tally.fields[name] and was >= MOST  # of few records a share says nothing, but that does
            if was - now > gate.coverage and (lost or records > gate.few):
                yield f"{name} is in {now:.0%} of the records that this run read, and in {was:.0%} of the dataset"


def carried(earlier: Mapping[str, Any] | None, tally: Tally) -> list[str]:
    """Return the doubts of the run before, where this one read nothing that could tell otherwise."""
    if not earlier or tally.news.total():
        return []
    known: list[str] = list(earlier.get("doubts", []))
    return [still(said, earlier["run_id"]) for said in known]
