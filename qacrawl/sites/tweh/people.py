"""The lines that say who asked and who replied, and when: "NAME／女／(20~29),2014/05/06"."""

import re
from datetime import date
from typing import NamedTuple

from qacrawl.parse.values import AGE, read_age, read_date
from qacrawl.records import Sex

_REPUBLIC = "(?:中[華华])?(?:民國|民国)"
# A year of the Republic has three figures at most: 113 is 2024.
ROC = re.compile(
    rf"{_REPUBLIC}\s*(\d{{1,3}})\s*[年/.-]\s*(\d{{1,2}})\s*[月/.-]\s*(\d{{1,2}})|(\d{{2,3}})\s*[/.-]\s*(\d{{1,2}})\s*[/.-]\s*(\d{{1,2}})(?!\d)"
)
CHINESE = re.compile(r"(?:西元)?\s*(\d{4})\s*年\s*(\d{1,2})\s*月\s*(\d{1,2})")
LAST_DATE = re.compile(
    rf"(?:[,，]|(?<=[)）女男])|\s)\s*(?=(?:(?:{_REPUBLIC}|西元)\s*)?\d{{1,4}}\s*[年/.-]\s*\d[^,，]*$)"
)
LABEL = re.compile(r"^\s*(?:發問者|詢問者|提問者|答復者|答覆者|回復者|回覆者)\s*[:：]\s*")
LONGEST = 60
"""Characters of a date or an age, with what may stand around it."""
NOTHING = re.compile(r"[,，][^\w∕／(（]{0,20}$")
"""What is left of a line that has no date where one should stand."""
ASKED = re.compile(r"(?:提問|發問|詢問)\s{0,3}[:：]?\s{0,3}$")
ANSWERED = re.compile(r"(?:回覆|回復|答覆|答復)\s{0,3}[:：]?\s{0,3}$")
"""How a line ends that has no label."""
SEXES: dict[str, Sex] = {"女": "female", "女性": "female", "男": "male", "男性": "male", "其他": "other"}
_AGE = re.compile(
    rf"[(（]\s*(?P<age>{AGE}|\d{{1,3}}\s*歲?\s*(?:以上|以下)|未滿\s*\d{{1,3}})\s*歲?\s*[)）]|(?P<bare>{AGE})\s*歲?"
)
_ROC_BEGAN = 1911
DEPARTMENT = re.compile(r".*(?:科|諮詢|教室)")
HOSPITAL = re.compile(r".*(?:醫院|診所|衛生所|醫療中心|醫學中心|療養院|分院|院區)")


class Asker(NamedTuple):
    """What a line says of who asked; absent is None."""

    name: str | None = None
    sex: Sex | None = None
    low: int | None = None
    high: int | None = None
    day: date | None = None
    notes: tuple[str, ...] = ()


class Doctor(NamedTuple):
    """What a line says of who replied; absent is None."""

    name: str | None = None
    department: str | None = None
    hospital: str | None = None
    day: date | None = None
    notes: tuple[str, ...] = ()


def asker(line: str) -> Asker:
    """Read the line of who asked: name, sex and age in brackets, a date; the two in the middle in either order."""
    who, day, notes = _dated(line, "ask_date")
    parts = _parts(who)
    sex: Sex | None = None
    age, kinds = None, ""
    # From the end, since a name may hold the sign between the parts.
    while parts and len(kinds) < 2:
        last = parts[-1]
        if "s" not in kinds and last in SEXES:
            sex, kinds = SEXES[last], kinds + "s"
        elif (
            "a" not in kinds
            and len(last) < LONGEST
            and (found := _AGE.fullmatch(last))
            and (found["age"] or len(parts) > 1)
        ):
            age, kinds = found["age"] or found["bare"], kinds + "a"
        elif len(parts) > 1 and last in ("", "()", "（）"):  # nothing where the sex or the age should stand
            kinds += "-"
        elif kinds == "a" and len(parts) == 2:
            kinds, notes = "a?", [*notes, "bad_sex"]
        else:
            break
        parts.pop()
    low, high, more = _age(age) if age else (None, None, [])
    if kinds == "sa":
        notes.append("swapped_sex_age")
    return Asker("／".join(parts).strip() or None, sex, low, high, day, tuple(notes + more))


def doctor(line: str) -> Doctor:
    """Read the line of who replied: hospital, which may be missing, department, name, a date."""
    who, day, notes = _dated(line, "reply_date")
    written = _parts(who)
    parts = [part for part in written if part]
    name = parts.pop() if parts and not _lacks_name(written, parts) else None
    department = parts.pop() if parts and not (len(parts) == 1 and HOSPITAL.fullmatch(parts[0])) else None
    return Doctor(name, department, "／".join(parts) or None, day, tuple(notes))


def _lacks_name(written: list[str], parts: list[str]) -> bool:
    """Return whether the last part, where the name should stand, is the department."""
    is_short = len(parts) == 1 or (len(parts) == 2 and HOSPITAL.fullmatch(parts[0]) is not None)
    return (is_short or not written[-1]) and DEPARTMENT.fullmatch(parts[-1]) is not None


def _dated(line: str, which: str) -> tuple[str, date | None, list[str]]:
    """Return what stands before the date of a line, the day that it names, and notes."""
    line = LABEL.sub("", line.replace("\xa0", " "))
    line = ANSWERED.sub("", ASKED.sub("", line)).strip()
    if found := LAST_DATE.search(line, max(0, len(line) - LONGEST)):
        day = read_day(line[found.end() :])
        return line[: found.start()], day, [] if day else [f"bad_{which}"]
    return NOTHING.sub("", line), None, [f"no_{which}"]


def read_day(text: str) -> date | None:
    """Return the day that a date in figures names, of our era or the Republic's; None where there is no such day."""
    text = text.strip()
    if found := ROC.match(text):
        year, month, day = (part for part in found.groups() if part)
        return read_date(f"{int(year) + _ROC_BEGAN}/{month}/{day}") if int(year) else None
    if found := CHINESE.match(text):
        text = "/".join(found.groups())
    return read_date(text)


def _parts(who: str) -> list[str]:
    """Return what stands between the signs that part a line, of which Big5 has two that look alike."""
    who = who.replace("∕", "／")
    sign = "／" if "／" in who else "/"
    return [part.strip() for part in who.split(sign)]


def _age(text: str) -> tuple[int | None, int | None, list[str]]:
    """Return both ends of an age, and notes."""
    number = re.search(r"\d+", text)
    if number and "以上" in text:
        return read_age(f"over {number[0]}")
    if number and ("以下" in text or "未滿" in text):
        return read_age(f"under {number[0]}")
    return read_age(text)
