"""The hospital of a reply is that of who signs it, and none that is recommended or quoted."""

import pytest

from qacrawl.parse.signoff import hospital

SIGNED = {
    "Dr. Li, Harbor Hospital, Office of the Province, cares about you.": "Harbor Hospital",
    "Dr. Wu Min, Westhill Psychiatric Center, is concerned about you.": "Westhill Psychiatric Center",
    "Dr. Wu Min of Westhill Cancer Center wishes you well.": "Westhill Cancer Center",
    "Wu Min, Westhill Hospital": "Westhill Hospital",
    "Wu Min\nAttending Physician\nWesthill Hospital": "Westhill Hospital",
    "Yours sincerely,\nWesthill Rehabilitation Centre, Department of Neurology": "Westhill Rehabilitation Centre",
    "Westhill Hospital cares about your health.": "Westhill Hospital",
    "Please go to a clinic. Dr. Wu Min, Westhill Hospital, cares about you.": "Westhill Hospital",
    "Department of Neurology, Westhill Hospital, 2014/05/06": "Westhill Hospital",
    "Dr.\nWu Min at Westhill Hospital replies.": "Westhill Hospital",
    "神經科 吳敏，西山醫院 敬上": "西山醫院",
}
OPENINGS = {
    "Director Wu Min of the Department of Neurology at Westhill Hospital, Ministry, responds to Ms.\nOak: Sleep.": (
        "Westhill Hospital"
    ),
    "Dr.\nWu Min of Westhill Hospital replies: Sleep.": "Westhill Hospital",
    "Wu Min, Westhill Hospital, answers:": "Westhill Hospital",
    "Hello, I am Dr. Wu Min from Westhill Hospital.": "Westhill Hospital",
    "Dr. Wu Min, Westhill Hospital:": "Westhill Hospital",
}
UNSIGNED = [
    "If that does not help, I suggest the sleep unit, Westhill Hospital, for a test.",
    "Please ask at the sleep unit, Westhill Hospital.",
    "I wish you could be seen at Westhill Hospital.",
    "They are caring for such patients at Westhill Hospital.",
    "You may be examined in my clinic, Westhill Hospital, on Mondays.",
    "Dr. Chen at Westhill Hospital is good with necks.",
    "Dr. Chen suggests Westhill Hospital.",
    "Register at:\nWesthill Hospital",
    "Your mother was treated at Westhill Hospital.",
    "With regards, and do go to Westhill Hospital if it hurts.",
    "Dr. Wu Min, Neurology, cares about you.",
]


@pytest.mark.parametrize("end", SIGNED)
def test_the_hospital_of_a_signature(end: str) -> None:
    assert hospital(f"Sleep on it for a week.\n{end}", "Wu Min") == SIGNED[end]
    assert hospital(f"Sleep on it for a week.\n{end}", "Somebody Else") == SIGNED[end]


def test_the_name_before_it_is_no_part_of_a_hospital() -> None:
    assert hospital("Sleep.\nRegards, Wu Min of the Westhill Hospital", "Wu Min") == "Westhill Hospital"
    assert hospital("Sleep.\nRegards, Wu Min Westhill Hospital", "Wu Min") == "Westhill Hospital"


@pytest.mark.parametrize("start", OPENINGS)
def test_the_hospital_of_a_signature_that_opens_a_reply(start: str) -> None:
    text = start + "\nOne pillow is enough.\nTwo are too many.\nAir it.\nWash it.\nTurn it.\nThank you for your letter."
    assert hospital(text, "Wu Min") == OPENINGS[start]


@pytest.mark.parametrize("end", UNSIGNED)
def test_a_hospital_that_is_only_mentioned_signs_nothing(end: str) -> None:
    assert hospital(f"Sleep on it.\n{end}", "Wu Min") is None
    assert hospital(f"{end}\nSleep on it.", "Wu Min") is None


def test_what_the_asker_said_signs_nothing() -> None:
    question = "Hello.\nWu Min, Westhill Hospital, cares about me.\nDr. Wu Min of Westhill Hospital replies late."
    assert hospital(question, "Wu Min", question) is None
    assert hospital(f"{question}\nAnswer: It is.", "Wu Min") is None
    assert hospital(f"{question}\nIt is.\nWu Min, Harbor Hospital", "Wu Min", question) == "Harbor Hospital"
