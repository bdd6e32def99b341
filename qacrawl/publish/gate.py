"""The quality gate: a snapshot that lost too much is held back until somebody has looked."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from qacrawl.options import Options
from qacrawl.publish.about.stats import Stats

USAGE = ("may_train", "usage_signals")
"""Fields whose coverage says nothing of how pages were read: sites begin and cease to say what they are about."""
_DEFAULTS = Options()


@dataclass(frozen=True)
class Gate:
    """Shares from 0 to 1 beyond which a snapshot is held back."""

    rejects: float = _DEFAULTS.gate_rejects
    """Of the articles read, those whose newest reading is a reject."""
    coverage: float = _DEFAULTS.gate_coverage
    """By which the coverage of any field may fall."""
    gone: float = _DEFAULTS.gate_gone
    """Of the records of the snapshot before, those that are no longer there."""
    few: int = 10
    """Records up to which nothing is held back: of a small number, a share says nothing."""


def reject_rate(db: Any) -> tuple[int, int]:
    """Return articles whose newest reading is a reject, and articles read; `db` has the tables of `versions`.

    Those that their site wants in no index are neither: nothing is wrong with them.
    """
    query = "SELECT count(*) FILTER (reason <> ''), count(*) FROM verdicts WHERE reason <> 'noindex'"
    rejected, read = db.execute(query).fetchone()
    return int(rejected), int(read)


def problems(gate: Gate, rejects: tuple[int, int], now: Stats, before: Stats | None, lost: int) -> Iterator[str]:
    """Yield what holds a snapshot back, in words; `lost` counts the records of `before` that are not in it."""
    rejected, read = rejects
    if rejected > gate.few and rejected > gate.rejects * read:
        yield f"{rejected:,} of {read:,} articles were rejected ({rejected / read:.0%}, at most {gate.rejects:.0%})"
    if before is None:
        return
    if lost > gate.few and lost > gate.gone * before.records:
        share = lost / before.records
        yield f"{lost:,} of {before.records:,} records are gone ({share:.0%}, at most {gate.gone:.0%})"
    for name, was in before.coverage.items():
        if name in USAGE:
            continue
        fell = was - now.coverage.get(name, 0.0)
        if fell > gate.coverage and fell * now.records > gate.few:
            yield f"coverage of {name} fell from {was:.0%} to {now.coverage.get(name, 0.0):.0%}"
