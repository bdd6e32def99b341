"""Bar charts of report.html as SVG: shapes and text, in the page's own colours; nothing in them runs or loads."""

import os
from collections.abc import Iterable, Mapping
from html import escape
from unicodedata import east_asian_width

WIDTH = 380
"""Units of a chart's width, about a phone's pixels: on larger screens the page puts charts side by side."""
_WIDE = 12.0
"""Units of a character as wide as high; all others count as 7."""
_ROW, _HEIGHT = 38, 180
Bar = tuple[float, float, float, float]
"""Left, top, width and height."""


def draw(counts: Mapping[str, int], across: bool) -> str | None:
    """Return a chart with a bar for each name; `across`: names below each other, bars to the right.

    None for no counts, and where the variable QACRAWL_CHARTS is 0.
    """
    if not counts or os.environ.get("QACRAWL_CHARTS") == "0":
        return None
    most = max(*counts.values(), 1)
    bars, texts, height = _rows(counts, most) if across else _columns(counts, most)
    marks = "".join(f'<path d="M{x:.1f} {y:.1f}h{w:.1f}v{h:.1f}h-{w:.1f}z"/>' for x, y, w, h in bars)
    # The table beside it says the same to those who can't see it.
    drawn = f'<svg class="chart" viewBox="0 0 {WIDTH} {height}" aria-hidden="true"><g class="role-mark">{marks}</g>'
    return f"{drawn}{''.join(texts)}</svg>"


def _rows(counts: Mapping[str, int], most: int) -> tuple[list[Bar], list[str], int]:
    """Return bars, texts and the chart's height: each name stands above its bar."""
    room = WIDTH - 8 - 7 * len(f"{most:,}")
    widths = [room * count / most for count in counts.values()]
    bars = [(0.0, at * _ROW + 17.0, width, 14.0) for at, width in enumerate(widths)]
    names = [_text(0, at * _ROW + 12, fitting(name), "start") for at, name in enumerate(counts)]
    numbers = [
        _text(width + 6, at * _ROW + 28, f"{count:,}", "start")
        for at, (width, count) in enumerate(zip(widths, counts.values(), strict=True))
    ]
    return bars, names + numbers, _ROW * len(counts)


def _columns(counts: Mapping[str, int], most: int) -> tuple[list[Bar], list[str], int]:
    """Return the same for bars beside each other, as many of them named as there is room for."""
    step = WIDTH / len(counts)
    wide = min(step * 0.8, 40.0)
    heights = [_HEIGHT * count / most for count in counts.values()]
    bars = [((at + 0.5) * step - wide / 2, 18 + _HEIGHT - high, wide, high) for at, high in enumerate(heights)]
    every = -(-max(map(len, counts)) * 8 // int(step)) if step > 1 else len(counts)
    ends = {0: "start", len(counts) - 1: "end"} if len(counts) > 1 else {}
    names = [
        _text({"start": 0, "end": WIDTH}.get(ends.get(at, ""), (at + 0.5) * step), _HEIGHT + 34, name, ends.get(at))
        for at, name in _some(counts, max(every, 1))
    ]
    return bars, [*names, _text(0, 12, f"highest: {most:,}", "start")], _HEIGHT + 40


def _some(names: Iterable[str], every: int) -> list[tuple[int, str]]:
    return [(at, name) for at, name in enumerate(names) if at % every == 0]


def _text(x: float, y: float, text: str, anchor: str | None) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" font-size="12" text-anchor="{anchor or "middle"}">{escape(text)}</text>'


def fitting(name: str) -> str:
    """Return as much of a name as the chart is wide, by the widths that characters mostly have."""
    room = float(WIDTH)
    for at, char in enumerate(name):
        room -= _WIDE if east_asian_width(char) in "WF" else 7
        if room < 0:
            return name[: at - 1] + "…"
    return name
