"""Writes the demo's questions and replies from the sentences of `topics`: the same number gives the same text."""

import re
from datetime import date, timedelta
from random import Random
from typing import NamedTuple

from qacrawl.demo.topics import ANSWERS, ASKERS, DECOYS, GIVEN, GREETINGS, HOSPITALS, SPANS, SURNAMES, THANKS, Topic
from qacrawl.records import Fields

UNANSWERED, IMPOSSIBLE = 13, 31
"""Of fifty articles, the one without a reply, and the one whose ask date is no day of the calendar."""

DECADES = ((0, 9), (10, 19), (20, 29), (30, 39), (40, 49), (50, 59), (60, 69))


class Doctor(NamedTuple):
    """Who replies; three a department."""

    name: str
    hospital: str


def write(number: int, topic: Topic) -> Fields:
    """Return what article `number`, on `topic`, says; without what links it to other articles."""
    random = Random(number)  # noqa: S311 (text, not secrets)
    asked = date(2004, 1, 1) + timedelta(days=random.randrange(7200))
    span = SPANS[number // len(topic.titles) % len(SPANS)]
    fields: Fields = {
        "lang": "en",
        "title": f"{topic.titles[number % len(topic.titles)]} ({span})",
        "specialty": topic.department,
        "question_subject": random.choice(topic.subjects),
        "question": _question(random, topic, span),
        "asker": random.choice(ASKERS),
        "asker_sex": "female",  # the real site says so on every page
        "ask_date": asked,
        "more_info": _more_info(random, topic),
        "notes": [],
    }
    _add_age(random, fields)
    if number % 50 != UNANSWERED:
        _add_reply(random, fields, topic, asked)
    if number % 50 == IMPOSSIBLE:
        del fields["ask_date"]
        fields["notes"].append("bad_ask_date")
    return fields


def doctors(department: str) -> list[Doctor]:
    """Return the doctors of a department."""
    random = Random(department)  # noqa: S311
    return [Doctor(f"{random.choice(SURNAMES)} {given}", random.choice(HOSPITALS)) for given in random.sample(GIVEN, 3)]


def slug(text: str) -> str:
    """Return a name as a part of an address: "Ear, Nose & Throat" -> "ear-nose-throat"."""
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")


def _question(random: Random, topic: Topic, span: str) -> str:
    decoy = [random.choice(DECOYS)] if random.random() < 0.25 else []
    lines = [
        random.choice(GREETINGS),
        random.choice(topic.complaints).format(span=span),
        *random.sample(topic.details, random.randint(1, 3)),
        *decoy,
        *random.sample(topic.questions, random.randint(1, 2)),
        random.choice(THANKS),
    ]
    return _paragraphs(random, lines)


def _add_age(random: Random, fields: Fields) -> None:
    """Draw an age: in tens mostly; exact, open or missing now and then."""
    chance = random.random()
    low, high = random.choice(DECADES)
    if chance < 0.8:
        fields |= {"asker_age_min": low, "asker_age_max": high}
    elif chance < 0.9:
        fields |= {"asker_age_min": low + 4, "asker_age_max": low + 4}
    elif chance < 0.95:
        fields |= {"asker_age_min": 70, "notes": ["age_open"]}


def _add_reply(random: Random, fields: Fields, topic: Topic, asked: date) -> None:
    """Write the reply, with who wrote it and when, and the hospital if the sign-off names one."""
    name, hospital = random.choice(doctors(topic.department))
    advice = random.sample(topic.advice, random.randint(2, 4))
    sign_off = random.choice(
        (
            f"Dr.\n{name}, {hospital}, cares about you.",
            f"Sincerely, {hospital}, {topic.department} Department.",
            f"{hospital} cares about your health.",
            f"{name}\nAttending Physician\n{hospital}",
            f"Dr.\n{name.split()[0]}, {topic.department}, is concerned about you.",
            "Wishing you well.",
        )
    )
    fields |= {
        "doctor": name,
        "reply_specialty": topic.department,
        "reply": f"{_paragraphs(random, [random.choice(ANSWERS), *advice])}\n{sign_off}",
        "reply_date": asked + timedelta(days=random.randrange(6)),
    }
    if hospital in sign_off:
        fields["hospital"] = hospital


def _more_info(random: Random, topic: Topic) -> str:
    opening = f"{topic.tag} is one of the subjects that readers of these pages ask about most often."
    closing = f"If you are unsure, ask at a department of {topic.department} near you."
    return "\n\n".join([opening, *random.sample(topic.info, random.randint(1, 2)), closing])


def _paragraphs(random: Random, lines: list[str]) -> str:
    """Return lines as text, now and then in two paragraphs."""
    lines = [line for line in lines if line]
    at = random.randrange(1, len(lines)) if random.random() < 0.4 else 0
    return "\n\n".join("\n".join(part) for part in (lines[:at], lines[at:]) if part)
