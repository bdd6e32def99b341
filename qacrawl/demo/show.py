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


def _row(row: Mapping[str, Any]) -> Panel:
    """A record as people read it; what the page did not say is left out."""
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
