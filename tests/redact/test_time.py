"""Redaction takes time that grows as the text does, whatever stands in it, and a name of any length."""

import time
from unittest.mock import patch

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.making import record

from qacrawl.redact import phones
from qacrawl.redact.people import LONGEST
from qacrawl.redact.record import pseudonym, redact

KEY = bytes(range(32))
LONG, SECONDS = 50_000, 10
PIECES = [
    *(
        "My name is ",
        "LINE ID ",
        "line:",
        "Mr. ",
        "a@",
        "0912",
        "+1 ",
        "http://a ",
        "電話",
        "李先生",
        "Dear ",
        "@a ",
        "1-",
    ),
    *("0912+1 ", "LINE ID 1-", "一號", "Apt 1 ", "12 ", "id 123456 ", "我叫", "An ", "é"),
]


@pytest.mark.slow
@pytest.mark.parametrize("piece", PIECES)
def test_what_is_repeated_in_the_texts_takes_no_minutes(piece):
    text = piece * (LONG // len(piece))
    start = time.process_time()
    redact(record(1, asker="An An Lin", doctor="Lin", question=text, reply=text), key=KEY)
    assert time.process_time() - start < SECONDS


NUMBERS = st.lists(
    st.sampled_from(
        "12 |1 3 |0912 345 678 |617-555-0142 |1 617 555 0142 |886 2 2345 6789 |138 1234 5678 |13812345678 ".split("|")
    )
    | st.from_regex(r"\A[0-9]{1,11}[ ,./+(-]{1,3}\Z"),
    min_size=20,
    max_size=60,
).map("".join)


@given(NUMBERS, st.sampled_from(["", "tel: ", "card "]), st.sampled_from(["", " mg", " is my number"]))
def test_a_row_of_numbers_loses_what_each_of_them_would_if_asked_one_by_one(row, before, behind):
    text = before + row + behind
    with patch.object(phones, "_may_begin", return_value=True):
        expected = list(phones.phones(text))
    assert list(phones.phones(text)) == expected


@pytest.mark.parametrize("piece", PIECES)
def test_a_name_of_a_megabyte_takes_no_minutes(piece):
    made = record(1, asker=piece * (1_000_000 // len(piece)), question=piece * 1000, reply=piece * 1000)
    start = time.process_time()
    redact(made, key=KEY)
    assert time.process_time() - start < SECONDS


@pytest.mark.parametrize("asker", ["My name is " * 9, "x" * (LONGEST + 1), "a-b-c-d-e-f-g-h-i", "林" * (LONGEST + 1)])
def test_a_name_that_is_too_long_for_one_is_noted_and_still_gets_a_pseudonym(asker):
    found = redact(record(1, asker=asker, question="Is Mary well?"), key=KEY)
    assert (found.asker, found.notes) == (pseudonym(asker, KEY), ("long_asker",))


def test_a_phrase_in_place_of_a_name_leaves_the_texts_only_as_it_is():
    asker = "I am the worried mother of three small children"
    made = record(1, asker=asker, question=f"Regards: {asker.upper()}", reply="The mother of small children is well.")
    found = redact(made, key=KEY)
    assert (found.question, found.reply) == ("Regards: [name]", "The mother of small children is well.")
    assert found.notes == ("long_asker", "redacted_name")


@pytest.mark.parametrize("asker", ["An An An", "x" * LONGEST, "One Two Three Four Five Six Seven Eight"])
def test_a_name_of_usual_length_has_no_note(asker):
    assert redact(record(1, asker=asker, question="x"), key=KEY).notes == ()
