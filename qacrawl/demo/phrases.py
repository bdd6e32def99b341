"""The demo's sentences in Chinese: what the invented original says where its translation says what `writing` wrote.

`phrases.txt` has them, a group a paragraph: sentences, lengths of time, names.
"""

from functools import cache
from pathlib import Path

from qacrawl.demo.topics import Topic, topics
from qacrawl.demo.writing import doctors


@cache
def _groups() -> tuple[dict[str, str], dict[str, str], dict[str, str]]:
    """Return sentences, lengths of time and names, in Chinese by the English."""
    text = Path(__file__).with_name("phrases.txt").read_text(encoding="utf-8")
    sentences, spans, names = (
        dict(line.split("\t") for line in group.splitlines()) for group in text.strip().split("\n\n")
    )
    return sentences, spans, names


@cache
def known() -> tuple[Topic, ...]:
    """Return the topics whose sentences are all in Chinese."""
    sentences, _, _ = _groups()
    groups = ("subjects", "complaints", "details", "questions", "advice")
    return tuple(
        topic for topic in topics() if all(line in sentences for group in groups for line in getattr(topic, group))
    )


def name(english: str) -> str:
    """Return a person's, a hospital's or a department's name in Chinese."""
    names = _groups()[2]
    return names.get(english) or "".join(names[part] for part in english.split())


def text(english: str, department: str) -> str:
    """Return a question or a reply in Chinese, line by line; `department` is that of the topic."""
    return "\n".join(line for line in (_line(line, department) for line in english.split("\n")) if line is not None)


@cache
def _line(english: str, department: str) -> str | None:
    """Return a line in Chinese; None for one that says nothing there."""
    sentences, spans, _ = _groups()
    if not english or english in sentences:
        return sentences.get(english, "")
    if english == "Dr.":
        return None
    for written, line in sentences.items():
        before, gap, after = written.partition("{span}")
        span = english.removeprefix(before).removesuffix(after)
        if gap and english == f"{before}{span}{after}" and span in spans:
            return line.format(span=spans[span])
    return _signatures(department)[english]


@cache
def _signatures(department: str) -> dict[str, str]:
    """Return how the doctors of a department sign, in Chinese by the English."""
    found: dict[str, str] = {}
    place = name(department)
    for doctor, hospital in doctors(department):
        who, where = name(doctor), name(hospital)
        surname = doctor.split()[0]
        found |= {
            f"{doctor}, {hospital}, cares about you.": f"{where}{who}醫師關心您。",
            f"Sincerely, {hospital}, {department} Department.": f"{where}{place}敬上",
            f"{hospital} cares about your health.": f"{where}關心您的健康。",
            f"{surname}, {department}, is concerned about you.": f"{place}{name(surname)}醫師關心您。",
            doctor: who,
            hospital: where,
        }
    return found
