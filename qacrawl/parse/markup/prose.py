"""Values of markup as text: HTML and entities read, lines and paragraphs kept."""

import re
from datetime import date

from qacrawl.parse import blocks
from qacrawl.parse.markup.item import Item, Shown, Value
from qacrawl.parse.values import read_date, unescape

_TAGS = (
    "p|div|ul|ol|li|a|b|i|u|s|strong|em|span|code|pre|blockquote|h[1-6]|table|tr|td|th|sup|sub|kbd|del|ins|mark|small|"
    "q|cite|font|center|section|article|details|summary|dl|dt|dd|figure|aside|tt|abbr|time|br"
)
CLOSED = re.compile(rf"</(?i:{_TAGS})\s*>")
ALONE = re.compile(r"<(?i:br|p|hr|img)(?:\s[^<>]*+)?/?>")
PLACED = re.compile(rf"<(?i:{'|'.join(blocks.ENDS_BLOCK)}|br|pre)[\s/>]")
"""A tag that says where lines or blocks end: without one, the line breaks of the text do."""
RAW_LINE = re.compile(r"(<[^<>]*+>)|\r?\n")
HIDES = re.compile(
    r"""\s(?:hidden|aria-hidden|style)(?:\s*=\s*(?:"[^"]*"|'[^']*'|[^\s>"']+))?(?=[\s/>])""", re.IGNORECASE
)
FIRST_TAG = re.compile(rf"\s*+<(?i:{_TAGS})\b[^<>]*+>")
INTEGER = re.compile(r"([+-]?\d{1,9}|[+-]?\d{1,3}(?:[,\s’']\d{3}){1,2})(?:\.0*+)?(?:\s+(?i:votes?|upvotes?|points?))?")
ISO = re.compile(r"\s*+(\d{4})-?(\d\d)-?(\d\d)(?!\d)")
MONTHS = {
    name: number
    for number, name in enumerate("jan feb mar apr may jun jul aug sep oct nov dec".split(), 1)
}  # fmt: skip
DOTTED = re.compile(r"(\d{1,2})\.\s?(\d{1,2})\.\s?(\d{4})(?!\d)")
"""The day first: nobody puts the month there and dots behind it."""
WORDED = re.compile(
    r"(?P<month>[A-Za-z]{3,9})\.?\s+(?P<day>\d{1,2})(?:st|nd|rd|th)?,?\s+(?P<year>\d{4})"
    r"|(?P<day2>\d{1,2})(?:st|nd|rd|th)?[\s-]+(?P<month2>[A-Za-z]{3,9})\.?,?[\s-]+(?P<year2>\d{4})"
)


def text(value: Value) -> str:
    """Return the text of a value, a paragraph for each block; of an item what its element shows. Raise Nested."""
    if isinstance(value, Item):
        return text(value.shown) if value.shown else ""
    if isinstance(value, Shown):
        return _shown(value.budget.take(value.node.inner_html or ""))
    written = value
    if not (CLOSED.search(written) or ALONE.search(written)):
        written = unescape(written)
        if not (FIRST_TAG.match(written) and CLOSED.search(written)):  # "&lt;p&gt;": all of it is escaped once more
            return _joined(blocks.plain(written))
    if not PLACED.search(written):
        written = RAW_LINE.sub(lambda found: found[1] or "<br>", written)
    return _joined(blocks.read(written, is_sure=True))


def line(value: Value) -> str:
    """Return a value as one line, such as a name or a headline."""
    if isinstance(value, str):
        value = unescape(value) if not CLOSED.search(value) else text(value)
        if CLOSED.search(value) and FIRST_TAG.match(value):
            value = text(value)
    else:
        value = text(value)
    return " ".join(value.split())


def _shown(markup: str) -> str:
    if "<" not in markup:
        return _joined(blocks.plain(" ".join(unescape(markup).split())))
    found = blocks.fast(markup)
    if not found and HIDES.search(markup):  # an answer that opens at a click
        found = blocks.fast(HIDES.sub(" ", markup))
    return _joined(found)


def _joined(found: list[blocks.Block]) -> str:
    return "\n\n".join(block.text for block in found)


def count(values: list[Value]) -> int | None:
    """Return the first whole number of some values; None where there is none."""
    for value in values:
        if match := INTEGER.fullmatch(line(value).replace("−", "-")):
            return int(re.sub(r"[^\d-]", "", match[1]))
    return None


def day(values: list[Value]) -> tuple[date | None, bool]:
    """Return the first day of some values, as they say it, whatever their zone; and whether one could not be read."""
    wrong = False
    for value in values:
        written = line(value)
        if found := _day(written):
            return found, False
        wrong = wrong or bool(written)
    return None, wrong


def _day(written: str) -> date | None:
    if match := ISO.match(written):
        return read_date("-".join(match.groups()))
    if match := WORDED.search(written[:80]):
        facts = match.groupdict()
        month = MONTHS.get((facts["month"] or facts["month2"])[:3].lower())
        return (
            read_date(f"{facts['year'] or facts['year2']}-{month}-{facts['day'] or facts['day2']}") if month else None
        )
    if match := DOTTED.match(written):
        return read_date("-".join(match.groups()[::-1]))
    return read_date(written[:40]) if re.match(r"\d{4}\s?[/.年-]", written) else None
