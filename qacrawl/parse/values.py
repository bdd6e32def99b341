"""Dates and ages as pages write them. What is wrong for sure is None with a note, never a guess."""

import html
import re
from datetime import date

from qacrawl.records import OLDEST

_TIME = r"(?:,?\s|T)\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:Z|\s?[+-]\d{2}:?\d{2})?"
DATE = rf"\d{{2,4}}\s?[/.-]\s?\d{{1,2}}\s?[/.-]\s?\d{{1,2}}(?:{_TIME})?"
"""A date in figures, perhaps with a time; it may be no day of any calendar."""

TILDE = r"[~∼～〜–—-]"
AGE = (
    rf"(?:(?:over|under|above|below|about|<|>|≥|≤)\s*)?\d{{1,4}}(?:\s?{TILDE}\s?\d{{1,4}}|\s?{TILDE}|\s?\+)?"
    rf"|{TILDE}\s?\d{{1,3}}"
)
"""An age in figures: "10~19", "35", "over 60", "60+", "~9"."""

FIGURES = re.compile(r"\d+")
LONGEST = 9
"""Figures of a number that may be part of a day or an age."""


LONG_REFERENCE = re.compile(r"&#(?=\d)0*+(?:(\d{1,7}+)(?!\d)|\d*+)")


def unescape(text: str) -> str:
    """Return `text` with its character references read, as `html.unescape`, which raises where one has 5,000 digits."""
    return html.unescape(LONG_REFERENCE.sub(lambda found: f"&#{found[1] or 0x110000}", text) if "&#" in text else text)


def read_date(text: str) -> date | None:
    """Return the day that "2022/01/18" (or with dots, hyphens, a time) names; None when there is no such day."""
    parts = FIGURES.findall(text)[:3]
    if len(parts) != 3 or max(map(len, parts)) > LONGEST:
        return None
    year, month, day = map(int, parts)
    try:
        return date(year, month, day) if year >= 1900 else None
    except ValueError:
        return None


def read_age(text: str, unit: str = "year") -> tuple[int | None, int | None, list[str]]:
    """Return the lower and the upper end of an age in whole years, and notes.

    "10~19" -> (10, 19), "35" -> (35, 35), "over 60" -> (60, None) with `age_open`. Ends in the wrong order or above
    150 years -> (None, None) with `bad_age`.
    """
    figures = FIGURES.findall(text)
    numbers = [int(one) // (12 if unit.startswith("month") else 1) for one in figures if len(one) <= LONGEST]
    if not numbers or len(numbers) < len(figures) or max(numbers) > OLDEST or numbers != sorted(numbers):
        return None, None, ["bad_age"]
    if len(numbers) == 2:
        return numbers[0], numbers[1], []
    if re.match(rf"\s*(?:under|below|<|≤|{TILDE})", text):
        return None, numbers[0], ["age_open"]
    if re.match(r"\s*(?:over|above|>|≥)", text) or re.search(rf"(?:\+|{TILDE})\s*$", text):
        return numbers[0], None, ["age_open"]
    return numbers[0], numbers[0], []
