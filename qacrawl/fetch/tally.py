"""What a run came to so far, counted for its report."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from scrapy.statscollectors import StatsCollector

from qacrawl.frontier import EndedVisit
from qacrawl.frontier.rows import OUTCOMES, Outcome
from qacrawl.records import QARecord

MOST_NAMED = 100
"""Failed URLs that a report names."""
SLOWEST = 10
NO_LINKS = "no_links"
"""Reason of a start page that is a listing of nothing."""


def _leads_nowhere(outcome: str | None, reason: str | None) -> bool:
    """Return whether a start page that came to this is none."""
    return outcome == "reject" or reason == NO_LINKS


@dataclass
class Tally:
    """Counts of one run; each is also a statistic of Scrapy, so that spidermon and scrapyd see it."""

    outcomes: Counter[Outcome] = field(default_factory=lambda: Counter(dict.fromkeys(OUTCOMES, 0)))
    """Pages by what they ended as."""
    reasons: dict[str, Counter[str]] = field(default_factory=lambda: {"reject": Counter(), "failed": Counter()})
    """Rejects and failures by their reason codes."""
    numbers: Counter[str] = field(default_factory=Counter)
    """requests, bytes, settled, retries, from_archive, new_urls, redirect, forbidden, too_far, moved; of articles:
    new, changed, gone, and barred, which are those that were not forbidden before; records: of all pages."""
    kinds: Counter[tuple[str, str]] = field(default_factory=Counter)
    """Pages, forbidden ones too, by kind and outcome."""
    starts: Counter[tuple[str, str | None]] = field(default_factory=Counter)
    """Start pages by outcome and reason."""
    lost: Counter[tuple[str, str | None]] = field(default_factory=Counter)
    """Of those, the ones that lead nowhere and did when they were last visited."""
    news: Counter[str] = field(default_factory=Counter)
    """Articles that were read: "record", and "reject" where that is news, since the page was none when last read.

    One that its site wants in no index is not counted: nothing is wrong with it."""
    news_reasons: Counter[str] = field(default_factory=Counter)
    """Those rejects by their reasons."""
    fields: Counter[str] = field(default_factory=Counter)
    """Records of this run by the fields that say something."""
    failed: list[tuple[str, str]] = field(default_factory=list)
    """URL and reason of the first failures."""
    slowest: list[tuple[float, str]] = field(default_factory=list)
    """Seconds and URL of the slowest responses, slowest first."""
    stats: StatsCollector | None = None
    """Scrapy's, once a crawler is there."""

    def add(self, name: str, number: int = 1) -> None:
        """Count something that is no outcome."""
        self.numbers[name] += number
        if self.stats:
            self.stats.inc_value(f"qacrawl/{name}", number)

    def count(self, visit: EndedVisit, records: Sequence[QARecord] = (), gone: bool = False) -> None:
        """Count a visit whose outcome is committed, and the records that it brought; `gone`: it is, from now on."""
        self.numbers["settled"] += 1
        self.numbers["gone"] += gone
        self._count_kind(visit)
        self._count_news(visit, records)
        if visit.outcome in OUTCOMES:
            self.outcomes[visit.outcome] += 1
        else:
            self.numbers[visit.outcome] += 1
        reason = visit.reason or "unknown"
        if visit.outcome in self.reasons:
            self.reasons[visit.outcome][reason] += 1
        if visit.outcome == "failed" and len(self.failed) < MOST_NAMED:
            self.failed.append((visit.row.url, reason))
        if visit.seconds is not None:
            self.slowest = sorted([*self.slowest, (visit.seconds, visit.row.url)], reverse=True)[:SLOWEST]
        if self.stats:
            self.stats.inc_value(f"qacrawl/outcome/{visit.outcome}")
            if visit.outcome in self.reasons:
                self.stats.inc_value(f"qacrawl/{visit.outcome}/{reason}")

    def _count_kind(self, visit: EndedVisit) -> None:
        """Count what a page of its kind came to, and what is worse there than at the visit before."""
        row, came_to = visit.row, (visit.outcome, visit.reason)
        self.kinds[row.kind, visit.outcome] += 1
        if row.kind == "article" and visit.outcome == "forbidden" != row.outcome:
            self.numbers["barred"] += 1
        if row.kind == "start":
            self.starts[came_to] += 1
            if row.visits and _leads_nowhere(*came_to) and not _leads_nowhere(row.outcome, row.reason):
                self.lost[came_to] += 1

    def _count_news(self, visit: EndedVisit, records: Sequence[QARecord]) -> None:
        """Count what tells how the articles of this night went."""
        row = visit.row
        was_reject = bool(row.visits) and row.replied is None
        if visit.outcome == "record" and row.replied is None:
            self.numbers["new"] += 1
        elif visit.outcome == "record":
            self.numbers["changed"] += row.digest != visit.digest
        is_news = visit.outcome == "reject" and row.kind == "article" and not was_reject and visit.reason != "noindex"
        if visit.outcome == "record" or is_news:
            self.news[visit.outcome] += 1
            if visit.outcome == "reject":
                self.news_reasons[visit.reason or "unknown"] += 1
        self.numbers["records"] += len(records)
        for record in records:
            self.fields.update(name for name, value in record if value not in (None, ()))
