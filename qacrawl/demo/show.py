"""Shows what the demo's crawl made. Texts of pages are printed as they are: nothing in them is markup."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
from rich.console import Console
from rich.panel import Panel
from rich.table import Column, Table
from rich.text import Text

from qacrawl.escape import plain
from qacrawl.fetch.report import counts
from qacrawl.publish.about.card_texts import INVENTED

SAMPLES = 3


def show(report: Mapping[str, Any], dataset: Path, console: Console) -> None:
    """Print the counts of a run, three rows of its dataset, where that lies and how to load it."""
    console.print(counts(report, "Pages of the demo site"))
    rows = pq.read_table(dataset / "data" / "qa")
    console.print(Text(f"\n{rows.num_rows} invented records; {SAMPLES} of them:"))
    for at in range(SAMPLES):
        console.print(_row(rows.slice(at * rows.num_rows // SAMPLES, 1).to_pylist()[0]))
    files = str(dataset / "data" / "qa" / "*.parquet")
    console.print(Text(f"\n{INVENTED}"), soft_wrap=True)
    console.print(Text(f"\nThe dataset, a folder of Parquet files: {dataset}"), soft_wrap=True)
    console.print(Text(f"Load it in Python: import duckdb; print(duckdb.read_parquet({files!r}))"), soft_wrap=True)


def show_pairs(dataset: Path, said: str, console: Console) -> None:
    """Print three pairs side by side, one of which does not agree, where the dataset lies and how to load it."""
    rows = pq.read_table(dataset / "data" / "parallel").sort_by("pair_id").to_pylist()
    good = [row for row in rows if row["agreement"]]
    bad = [row for row in rows if not row["agreement"]]
    console.print(Text(f"{len(rows)} invented pairs, {len(good)} of which agree; {SAMPLES} of them:"))
    for row in (good[0], good[len(good) // 2], bad[0]):
        console.print(_pair(row))
    files = str(dataset / "data" / "parallel" / "*.parquet")
    console.print(Text(f"\n{INVENTED}"), soft_wrap=True)
    console.print(Text(f"\n{said}"), soft_wrap=True)
    console.print(Text(f"Load it in Python: import duckdb; print(duckdb.read_parquet({files!r}))"), soft_wrap=True)


def _pair(row: Mapping[str, Any]) -> Table:
    """Return a translation and its original as people read them, and whether they agree."""
    table = Table(
        "", "translation", "original", title=Text(plain(row["pair_id"])), title_justify="left", show_lines=True
    )
    for name in ("subject", "question", "sex", "ask_date", "doctor", "reply"):
        sides = (row[f"{side}_{name}"] for side in ("translation", "original"))
        table.add_row(name, *(Text(plain(str(value), 200) if value else "") for value in sides))
    verdict = "yes" if row["agreement"] else f"no: {', '.join(row['reasons'])}"
    table.add_row("agreement", verdict, Text(", ".join(row["notes"])))
    return table


def _row(row: Mapping[str, Any]) -> Panel:
    """Return a record as people read it; what the page did not say is left out."""
    grid = Table.grid(Column(style="dim"), Column(), padding=(0, 2))
    for name, values in SHOWN.items():
        if said := [plain(str(row[value]), 200) for value in values if row[value]]:
            grid.add_row(name, Text(", ".join(said)))
    return Panel(grid, title=Text(plain(row["record_id"])), title_align="left")


SHOWN = {
    "title": ["title"],
    "asked": ["ask_date", "asker"],
    "question": ["question"],
    "replied": ["reply_date", "doctor", "reply_specialty", "hospital"],
    "reply": ["reply"],
}
