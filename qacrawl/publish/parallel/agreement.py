"""Whether two records of a number are one question: what both of them say agrees, as far as it can be compared."""

from collections.abc import Mapping
from typing import Any

from qacrawl.publish.parallel import romanized

REASONS = {
    "age": "Both pages give an age, and not the same.",
    "ask_date": "Both pages give a day of the question, and not the same.",
    "doctor": "The doctor's name in the translation does not spell the original's, in Pinyin or Wade-Giles.",
    "question_length": "One question is much too long or too short to be a translation of the other.",
    "reply_date": "Both pages give a day of the reply, and not the same.",
    "reply_length": "One reply is much too long or too short to be a translation of the other.",
    "reply_missing": "Only one of the pages has a reply.",
    "translator_refusal": "In place of the question, the translation has the translator's refusal or advice.",
}
"""What can speak against a pair, in `reasons`."""
NOTES = {
    "reply_repeats_question": 'The translated reply holds the question again before "Answer:".',
    "sex_differs": "The translation gives another sex than the original.",
    "translator_refusal": REASONS["translator_refusal"],
}
"""What the translation lost, in `notes`."""
RATIO = (0.8, 9.0)
"""Characters of English for each of Chinese between which a translation lies: about 3 are usual."""
FEW = 12
"""Characters of the original below which a length says nothing."""


def reasons(row: Mapping[str, Any]) -> list[str]:
    """Return what speaks against a pair, sorted; nothing where all that can be compared agrees."""
    found = [name for name in ("ask_date", "reply_date") if _differ(row, name)]
    if any(_differ(row, name) for name in ("age_min", "age_max")):
        found.append("age")
    latin, chinese = row["translation_doctor"], row["original_doctor"]
    if latin and chinese and romanized.spells(latin, chinese) is False:
        found.append("doctor")
    if not _is_plausible(row["translation_question"], row["original_question"]):
        found.append("question_length")
    replies = row["translation_reply"], row["original_reply"]
    if all(replies):
        found += [] if _is_plausible(*replies) else ["reply_length"]
    elif any(replies):
        found.append("reply_missing")
    if "translator_refusal" in row["translation_notes"]:
        found.append("translator_refusal")
    return sorted(found)


def notes(row: Mapping[str, Any]) -> list[str]:
    """Return what the translation lost, as codes, sorted."""
    found = [note for note in NOTES if note in row["translation_notes"]]
    return sorted([*found, *(["sex_differs"] if _differ(row, "sex") else [])])


def _differ(row: Mapping[str, Any], name: str) -> bool:
    """Return whether both sides say something, and not the same."""
    one, other = row[f"translation_{name}"], row[f"original_{name}"]
    return one is not None and other is not None and one != other


def _is_plausible(translation: str, original: str) -> bool:
    least, most = RATIO
    return len(original) < FEW or least * len(original) <= len(translation) <= most * len(original)
