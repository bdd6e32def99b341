"""Plain fields become a record; what is wrong for sure becomes null with a note."""

import unicodedata
from datetime import UTC, date, datetime, timedelta, timezone
from hashlib import sha256
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qacrawl.records import Fields, Page, QARecord, Refusal, RelatedFAQ, SimilarQA
from qacrawl.validate import clean, reject, validate

URL = "https://doctorqna.com/en/article/7"
FETCHED = datetime(2024, 3, 1, 7, 30, tzinfo=timezone(timedelta(hours=8)))


def page(url: str = URL) -> Page:
    return Page(site="doctorqna", url=url, body=b"<p>", fetched_at=FETCHED, run_id="r", warc_file="w", warc_offset=12)


def record(**fields: Any) -> QARecord:
    """The record that these fields make, next to the ones it needs."""
    full: Any = {"lang": "en", "question": "Why?", "reply": "So.", **fields}
    found = validate(page(), full, 3)
    assert isinstance(found, QARecord)
    return found


def test_a_record_says_where_it_comes_from() -> None:
    found = record()
    assert (found.record_id, found.site, found.url) == ("doctorqna:7", "doctorqna", URL)
    assert (found.fetched_at, found.fetched_at.tzinfo) == (FETCHED, UTC)
    assert (found.run_id, found.warc_file, found.warc_offset) == ("r", "w", 12)
    assert (found.page_sha256, found.parser_version) == (sha256(b"<p>").hexdigest(), "doctorqna/3")
    assert found.notes == ()


def test_a_url_without_number_gives_a_key_of_its_hash() -> None:
    url = "file:///tmp/a%20page.html"
    found = validate(page(url), {"lang": "en", "question": "Why?"}, 1)
    assert isinstance(found, QARecord)
    assert found.record_id == sha256(url.encode()).hexdigest()[:16]


@pytest.mark.parametrize("question", [None, "", " \n\u3000", "\0"])
def test_a_question_is_required(question: Any) -> None:
    fields: Any = {"lang": "en", "question": question, "reply": "So."}
    assert validate(page(), fields, 1) == Refusal("invalid", ("question",))


def test_a_refusal_names_every_field_at_fault() -> None:
    fields: Any = {"lang": "en", "asker_sex": "many", "ask_date": date(2020, 1, 1), "colour": "red"}
    assert validate(page(), fields, 1) == Refusal("invalid", ("question", "asker_sex", "colour"))


def test_a_reject_says_where_it_comes_from() -> None:
    row = reject(page(), Refusal("invalid", ("question",)), 3)
    assert (row.site, row.url, row.reason, row.fields) == ("doctorqna", URL, "invalid", ("question",))
    assert (row.warc_file, row.warc_offset, row.parser_version) == ("w", 12, "doctorqna/3")


def test_unanswered() -> None:
    assert record(reply=None).notes == ("unanswered",)
    assert record(reply="").notes == ("unanswered",)


def test_a_reply_before_its_question_is_kept_and_noted() -> None:
    found = record(ask_date=date(2020, 1, 2), reply_date=date(2020, 1, 1))
    assert (found.ask_date, found.reply_date) == (date(2020, 1, 2), date(2020, 1, 1))
    assert found.notes == ("reply_before_question",)


@pytest.mark.parametrize("name", ["ask_date", "reply_date"])
def test_a_day_after_the_fetch_is_dropped_and_noted(name: str) -> None:
    # fetched on 29 February, 23:30 UTC; it is then 1 March in most of the world
    assert getattr(record(**{name: date(2024, 3, 1)}), name) == date(2024, 3, 1)
    found = record(**{name: date(2024, 3, 2)})
    assert (getattr(found, name), found.notes) == (None, (f"future_{name}",))


@pytest.mark.parametrize(("low", "high"), [(20, 10), (-1, 5), (5, 151), (None, 400), (-3, None)])
def test_ages_that_cannot_be_are_dropped_and_noted(low: int | None, high: int | None) -> None:
    found = record(asker_age_min=low, asker_age_max=high)
    assert (found.asker_age_min, found.asker_age_max, found.notes) == (None, None, ("bad_age",))


@pytest.mark.parametrize(("low", "high"), [(10, 19), (0, 0), (60, None), (None, 9), (150, 150)])
def test_ages_that_can_be_are_kept(low: int | None, high: int | None) -> None:
    found = record(asker_age_min=low, asker_age_max=high)
    assert (found.asker_age_min, found.asker_age_max, found.notes) == (low, high, ())


def test_notes_of_the_parser_come_first_and_once() -> None:
    assert record(notes=["bad_age", "age_open", "bad_age"], reply=None).notes == ("bad_age", "age_open", "unanswered")


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        ("e\u0301", "é"),
        ("a  \nb\u3000\n\nc\t", "a\nb\n\nc"),
        ("a\0b\ud800c\x1b[31md\x85", "abc[31md"),
        ("a\r\nb\rc", "a\nb\nc"),
        ("\n\n a", " a"),
        ("功\uf0a4\u200b 能", "功\uf0a4\u200b 能"),
    ],
)
def test_text_is_cleaned_and_nothing_else_is_changed(raw: str, text: str) -> None:
    found = record(
        question=raw,
        title=raw,
        similar_qa=[SimilarQA.model_construct(title=raw, doctor="Lee")],
        related_faq=[RelatedFAQ.model_construct(name=raw)],
    )
    assert (found.question, found.title) == (text, text)
    assert found.similar_qa == (SimilarQA(title=text, doctor="Lee"),)
    assert found.related_faq == (RelatedFAQ(name=text),)


def test_entries_that_say_nothing_are_left_out() -> None:
    found = record(
        similar_qa=[SimilarQA(title="\0"), SimilarQA(title="T")],
        related_faq=[RelatedFAQ(name="\0", specialty="Eyes"), RelatedFAQ(name="N")],
    )
    assert found.similar_qa == (SimilarQA(title="T"),)
    assert found.related_faq == (RelatedFAQ(name="N"),)


ANY_TEXT = st.text(st.characters(codec=None) | st.sampled_from(" \n\r\t\0\x9f\xa0\ud800\udfffe\u0301"))


@given(ANY_TEXT)
def test_cleaned_text_is_clean(raw: str) -> None:
    text = clean(raw)
    assert clean(text) == text
    assert unicodedata.is_normalized("NFC", text)
    assert text.encode().decode() == text
    assert all(line == line.rstrip() for line in text.split("\n"))


@given(question=ANY_TEXT, reply=ANY_TEXT, ask_date=st.dates(), reply_date=st.dates(), low=st.integers())
def test_no_values_crash_it(question: str, reply: str, ask_date: date, reply_date: date, low: int) -> None:
    fields: Fields = {
        "lang": "en",
        "question": question,
        "reply": reply,
        "ask_date": ask_date,
        "reply_date": reply_date,
        "asker_age_min": low,
    }
    found = validate(page(), fields, 1)
    if isinstance(found, Refusal):
        assert found == Refusal("invalid", ("question",))
        assert not clean(question)
    else:
        assert (found.question, found.reply or "") == (clean(question), clean(reply))


@pytest.mark.parametrize(
    ("names", "department", "notes"),
    [
        ({"specialty": "Ear, Nose & Throat"}, "otolaryngology", ()),
        ({"specialty": "神經內科"}, "neurology", ()),
        ({"specialty": "Nerves", "reply_specialty": "Neurology"}, "neurology", ()),
        ({"specialty": "Nerves"}, None, ("unknown_department",)),
        ({}, None, ()),
    ],
)
def test_a_department_has_one_name_on_all_sites(names, department, notes) -> None:
    found = record(**names)
    assert (found.department, found.notes) == (department, notes)
    assert found.specialty == names.get("specialty")
