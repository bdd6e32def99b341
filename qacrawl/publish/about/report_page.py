"""The HTML of report.html: cells, tables and the page around them; whatever text comes in is escaped here."""

from base64 import b64encode
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from html import escape
from pathlib import Path
from typing import Self

from qacrawl.escape import plain

_STYLE = (Path(__file__).parent / "report.css").read_text(encoding="utf-8")
_FOOTER = """Made by qacrawl when it published this snapshot. This page depends on the run and on the snapshots before,
so it is no part of the snapshot's id and not in SHA256SUMS; README.md says what the data are."""
_POLICY = f"default-src 'none'; style-src 'sha256-{b64encode(sha256(_STYLE.encode()).digest()).decode()}'"


@dataclass(frozen=True)
class Cell:
    """One text of the page, which may come from anywhere."""

    raw: str
    most: int = 120
    kind: str = ""
    markup: str | None = None
    """HTML made here, to be taken as it is."""

    @property
    def text(self) -> str:
        """The text on one line, without what can't be seen, and cut."""
        return plain(self.raw, self.most)

    @property
    def html(self) -> str:
        """The text as HTML, in a direction of its own."""
        return self.markup if self.markup is not None else f"<bdi>{escape(self.text)}</bdi>"

    @classmethod
    def number(cls, value: float) -> Self:
        """Return a number, with thousands set apart."""
        return cls(f"{value:,}", kind="number")

    @classmethod
    def share(cls, value: float) -> Self:
        """Return a share from 0 to 1, as a percentage."""
        return cls(f"{value:.1%}", kind="number")

    @classmethod
    def url(cls, value: str) -> Self:
        """Return an address, shown and not linked to: it may lead anywhere."""
        return cls(value, 200, kind="long")

    @classmethod
    def lines(cls, texts: Iterable[str]) -> Self:
        """Return several texts below each other."""
        return cls("", kind="long", markup="<br>".join(cls(text, 200).html for text in texts))


def bar(share: float) -> Cell:
    """Return a bar as long as a share from 0 to 1."""
    width = round(100 * share, 1)
    drawn = '<svg class="bar" viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true">'
    return Cell("", markup=f'{drawn}<path class="all" d="M0 0h100v8H0z"/><path d="M0 0h{width}v8H0z"/></svg>')


def tint(text: str, bad: bool) -> Cell:
    """Return a number that stands out when it is bad."""
    return Cell(text, kind="number bad" if bad else "number")


def table(heads: Sequence[str], rows: Iterable[Iterable[Cell]]) -> str:
    """Return a table that scrolls by itself where it is too wide."""
    lines = [list(row) for row in rows]
    kinds = [cell.kind.split(" ")[0] for cell in lines[0]] if lines else [""] * len(heads)
    head = "".join(f"<th{_class(kind)}>{Cell(text).html}</th>" for text, kind in zip(heads, kinds, strict=True))
    body = "".join(f"<tr>{''.join(f'<td{_class(cell.kind)}>{cell.html}</td>' for cell in row)}</tr>" for row in lines)
    return f'<div class="table"><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>'


def _class(kind: str) -> str:
    return f' class="{kind}"' if kind else ""


def tiles(facts: Mapping[str, str]) -> str:
    """Return numbers in large print."""
    said = "".join(f"<div><dt>{Cell(name).html}</dt><dd>{Cell(value).html}</dd></div>" for name, value in facts.items())
    return f"<dl>{said}</dl>"


def section(title: str, html: str, wide: bool = False) -> str:
    """Return a part of the page; `html` is taken as it is."""
    return f"<section{_class('wide' if wide else '')}><h2>{Cell(title).html}</h2>{html}</section>"


def page(name: str, facts: Mapping[str, str], sections: Iterable[str], footer: str = _FOOTER) -> str:
    """Return the whole page about snapshot `name`, with `facts` below its title.

    `sections` and `footer` are taken as they are.
    """
    title, body = f"Snapshot {escape(plain(name))}", "\n".join(sections)
    return f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{_POLICY}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<title>{title}</title>
<style>{_STYLE}</style>
</head>
<body>
<header><h1>{title}</h1>{tiles(facts)}</header>
<main>
{body}
</main>
<footer>{footer}</footer>
</body>
</html>
"""
