"""report.html of a snapshot: one page to look at, which needs nothing else and in which nothing runs."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any

from qacrawl.files import local
from qacrawl.publish.about import card_texts
from qacrawl.publish.about import report_charts as charts
from qacrawl.publish.about import report_facts as facts
from qacrawl.publish.about.background import Background
from qacrawl.publish.about.report_facts import Earlier, Rejected
from qacrawl.publish.about.report_page import Cell, bar, page, section, table, tiles, tint
from qacrawl.publish.about.stats import Stats
from qacrawl.publish.data.changes import Changes

NAME = "report.html"
_MOST = 15
"""Departments, slow URLs and failed URLs that are shown."""
_SNAPSHOTS = 4
"""Snapshots whose coverage is shown."""
_HELD = "<b>Held back: not published</b>"


def write(
    snapshot: Path,
    counted: Stats,
    before: Stats | None,
    changed: Changes | None,
    run: Mapping[str, Any] | None,
    rejects: Sequence[Rejected],
    background: Background,
) -> None:
    """Write the report into the folder `snapshot`; one that is there stays as it is, unless it has to say "held back".

    `before` counts the snapshot to compare with and `changed` says what changed since; `run` is the report of the run
    that ended with this snapshot: "outcomes", "failed" (URL, reason) and "slowest" (seconds, URL).
    """
    if (snapshot / NAME).exists() and not background.held:
        return
    beside = [path for path in snapshot.parent.iterdir() if (path / "data" / "qa").is_dir()]
    sections = [
        _marks(background, counted),
        _headline(counted, before, changed),
        _counts("Records by year asked", "year", counted.years, across=False),
        _counts("Records by department", "department", _top(counted.departments), across=True),
        *_lengths(snapshot, counted),
        _coverage(counted, before),
        _splits(counted),
        _outcomes(run) if run else None,
        _queue(background),
        _history(facts.earlier(beside, skip=True)),
        _rejects(rejects),
        *(_slow_and_failed(run) if run else ()),
    ]
    site = snapshot.parent.parent.name
    text = page(counted.snapshot, _facts(site, run), filter(None, sections))
    local.write(snapshot / NAME, text.encode())


def accept(snapshot: Path) -> bool:
    """Have a report say that its snapshot was held back and is accepted; return whether it said otherwise."""
    path = snapshot / NAME
    text = path.read_text(encoding="utf-8") if path.exists() else ""
    if _HELD not in text:
        return False
    said = f"Held back when it was made, accepted on {datetime.now(UTC):%Y-%m-%d}"
    local.write(path, text.replace(_HELD, Cell(said).html).encode())
    return True


def _facts(site: str, run: Mapping[str, Any] | None) -> dict[str, str]:
    """Return what stands below the page's title: of which site, run and time it is."""
    ran = {"run": str(run["run_id"]), "began": _minute(run["started"])} if run and "run_id" in run else {}
    return {"site": site, **ran, "made": _minute(datetime.now(UTC).isoformat())}


def _minute(moment: str) -> str:
    """Return a time in ISO 8601 as people read it."""
    return f"{moment[:10]} {moment[11:16]} UTC"


def _marks(background: Background, counted: Stats) -> str | None:
    """Return what nobody must miss: that the snapshot is held back, that it holds what is reserved or is not true."""
    said = [f'<p class="mark bad">{Cell(card_texts.INVENTED.replace("`", ""), 400).html}</p>'] * background.invented
    if counted.reserved:
        text = card_texts.reserved(counted.reserved).replace("`", "")
        said.append(f'<p class="mark bad">{Cell(text, 400).html}</p>')
    if background.held:
        reasons = "".join(f"<li>{Cell(why, 300).html}</li>" for why in background.held)
        said.append(f'<p class="mark bad">{_HELD}</p><ul>{reasons}</ul>')
    return f'<section class="wide">{"".join(said)}</section>' if said else None


def _queue(background: Background) -> str | None:
    """Return how complete the crawl was."""
    queued = background.queued
    if background.states is None or queued is None:
        return None
    rows = [("found, not visited yet", queued)]
    if background.withheld:
        done = "kept" if background.withheld.kept else "left out"
        rows.append((f"records that the site reserves, {done}", background.withheld.reserved))
        rows.append(("records that the site wants in no index, left out", background.withheld.unindexed))
    rows += [(name, background.states.get(name, 0)) for name in ("failed", "parked", "gone", "forbidden")]
    cells = [(Cell(name), Cell.number(count)) for name, count in rows if count]
    shown = table(("addresses", "number"), cells) if cells else ""
    said = card_texts.PARTIAL if queued else card_texts.COMPLETE
    return section("How complete it is", f"{shown}<p>{Cell(said, 200).html}</p>")


def _headline(counted: Stats, before: Stats | None, changed: Changes | None) -> str:
    replied = counted.coverage["reply"]
    facts = {
        "records": f"{counted.records:,}",
        "departments": f"{sum(1 for name in counted.departments if name):,}",
        "with a reply": f"{replied:.1%}",
        "near-duplicates": f"{counted.near_duplicates:,}",
        "asked": f"{counted.first_asked or '?'} to {counted.last_asked or '?'}",
        "fetched": f"{counted.first_fetched.date()} to {counted.last_fetched.date()}",
    }
    if before is None or changed is None:
        since = "<p>There is no snapshot before this one to compare with.</p>"
    else:
        said = {name: f"{count:,}" for name, count in asdict(changed).items()}
        since = f"<h3>Since {Cell(before.snapshot).html}</h3>{tiles(said)}"
    return f'<section class="headline">{tiles(facts)}{since}</section>'


def _top(counts: Mapping[str, int]) -> dict[str, int]:
    """Return the most frequent, and the rest as one."""
    shown = dict(islice(counts.items(), _MOST))
    rest = sum(counts.values()) - sum(shown.values())
    return shown | ({f"{len(counts) - len(shown):,} others": rest} if rest else {})


def _counts(title: str, name: str, counts: Mapping[str, int], across: bool) -> str:
    """Return a chart, and the same as a table."""
    shown: dict[str, int] = {}
    for key, count in counts.items():
        said = Cell(key or "(none)", 60).text
        shown[said] = shown.get(said, 0) + count
    rows = table((name, "records"), ((Cell(key), Cell.number(count)) for key, count in shown.items()))
    drawn = charts.draw(shown, across)
    if drawn is None:
        return section(title, rows)
    return section(title, f"{drawn}<details><summary>As a table</summary>{rows}</details>")


def _lengths(snapshot: Path, counted: Stats) -> Iterable[str]:
    for name in ("question", "reply"):
        if name in counted.lengths:
            title = f"Length of the {name}, characters"
            yield _counts(title, "characters", facts.lengths(snapshot, name), across=True)
    heads = ("field", "shortest", "median", "mean", "95 %", "longest")
    rows = (
        (Cell(name), *(Cell.number(value) for value in asdict(length).values()))
        for name, length in counted.lengths.items()
    )
    yield section("Lengths of texts, characters", table(heads, rows))


def _coverage(counted: Stats, before: Stats | None) -> str:
    """Yield how much of each field there is, and how much there was."""

    def row(name: str, share: float) -> Iterable[Cell]:
        yield from (Cell(name), bar(share), Cell.share(share))
        if before:
            moved = share - before.coverage.get(name, 0.0)
            yield Cell.share(before.coverage.get(name, 0.0))
            yield tint(f"{moved * 100:+.1f}" if abs(moved) >= 0.0005 else "=", moved <= -0.05)

    full = [name for name, share in counted.coverage.items() if share == (before or counted).coverage.get(name) == 1]
    rows = (row(name, share) for name, share in counted.coverage.items() if name not in full)
    heads = ["field", "", "now", *(("before", "points") if before else ())]
    always = f"<p>In every record: {', '.join(full)}.</p>"
    return section("Coverage: records in which a field says something", table(heads, rows) + always)


def _history(snapshots: Sequence[Earlier]) -> str | None:
    """Return coverage of the newest snapshots side by side, newest first, of fields that are not always full."""
    if len(snapshots) < 2:
        return None
    shown = snapshots[: -_SNAPSHOTS - 1 : -1]
    fields = [name for name in shown[0].coverage if any(one.coverage[name] < 1 for one in shown)]
    rows = [[Cell("records"), *(Cell.number(one.records) for one in shown)]]
    rows += [[Cell(name), *(Cell.share(one.coverage[name]) for one in shown)] for name in fields]
    return section("Snapshot by snapshot", table(["field", *(one.name for one in shown)], rows), wide=True)


def _splits(counted: Stats) -> str:
    rows = [
        (Cell(name), Cell.number(count), Cell.share(count / max(counted.records, 1)))
        for name, count in counted.splits.items()
    ]
    return section("Splits", table(("split", "records", "share"), rows))


def _rejects(rejects: Sequence[Rejected]) -> str:
    """Return pages that became no record; with some to look at."""
    if not rejects:
        return section("Rejects", "<p>Every article that was read became a record.</p>")
    rows = [
        (Cell(one.reason), Cell.number(one.pages), Cell.lines(f"{url} {', '.join(at)}" for url, at in one.examples))
        for one in rejects
    ]
    return section("Rejects: articles that became no record", table(("reason", "pages", "examples"), rows), wide=True)


def _outcomes(run: Mapping[str, Any]) -> str:
    rows = [(Cell(name), Cell.number(count)) for name, count in run.get("outcomes", {}).items() if count]
    return section("The run: pages by outcome", table(("outcome", "pages"), rows))


def _slow_and_failed(run: Mapping[str, Any]) -> Iterable[str]:
    """Yield what the run that ended with this snapshot waited for, or did not get."""
    slowest = [(Cell(f"{seconds:.2f}", kind="number"), Cell.url(url)) for seconds, url in run.get("slowest", ())][
        :_MOST
    ]
    if slowest:
        yield section("The run: slowest pages", table(("seconds", "URL"), slowest), wide=True)
    failed = [(Cell(reason), Cell.url(url)) for url, reason in run.get("failed", ())][:_MOST]
    if failed:
        yield section("The run: pages that failed", table(("reason", "URL"), failed), wide=True)
