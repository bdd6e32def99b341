"""Text becomes NFC without waiting: runs of combining marks that nobody writes are parted."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qacrawl.nfc import JOINER, LONGEST, is_nfc, nfc

MARKS = ["\u0301", "\u0316", "\u0327", "\u0f73", "\u0f81", "\u3099", "\U0001d165", "\u0344"]


@pytest.mark.parametrize("mark", MARKS)
def test_long_runs_of_marks_are_parted(mark: str) -> None:
    text = nfc("x" + mark * 200)
    assert text.count(JOINER) >= 200 // LONGEST
    assert sorted(text.replace(JOINER, "")) == sorted(unicodedata.normalize("NFC", "x" + mark * 200))
    assert is_nfc(text)


@pytest.mark.parametrize("text", ["x" + "\u0301" * LONGEST, "e\u0301" * 500, "ก็" * 500, "עִבְרִית" * 90, "請問" * 99])
def test_what_people_write_is_just_nfc(text: str) -> None:
    assert nfc(text) == unicodedata.normalize("NFC", text)


@given(st.text(st.sampled_from([*MARKS, "a", "e", "請", "\u1100", "\u1161", JOINER]), max_size=300))
def test_nfc_is_nfc(text: str) -> None:
    assert unicodedata.is_normalized("NFC", nfc(text))
    assert nfc(nfc(text)) == nfc(text)
    assert is_nfc(nfc(text))
    assert is_nfc(text) == (nfc(text) == text)


@given(st.integers(0, 100), st.integers(LONGEST + 1, 80))
def test_a_run_is_found_wherever_it_stands(before: int, marks: int) -> None:
    assert JOINER in nfc("x" * before + "\u0301\u0316" * marks + "x")
