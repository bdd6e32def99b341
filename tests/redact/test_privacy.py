"""Askers are pseudonyms; e-mail addresses, phone and ID numbers leave the texts, and nothing else does."""

import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.making import record

from qacrawl.records import OtherReply, SimilarQA
from qacrawl.redact import text as texts
from qacrawl.redact.record import pseudonym, redact

KEY = bytes(range(32))

FOUND = [
    ("write to lin.mei@example.org please", "write to [email] please"),
    ("lin.mei (at) example (dot) org", "[email]"),
    ("Ｌin＠example.org", "[email]"),
    ("mail: a_b+c@mail.example.com.tw.", "mail: [email]."),
    ("call 0912-345-678 after six", "call [phone] after six"),
    ("call 0912345678", "call [phone]"),
    ("(02) 2345-6789 ext. 12", "[phone]"),
    ("+886 2 2345 6789", "[phone]"),
    ("電話：０９１２３４５６７８", "電話：[phone]"),
    ("my phone is 13912345678 in China", "my phone is [phone] in China"),
    ("US: (212) 736-5000", "US: [phone]"),
    ("tel: 2345-6789", "tel: [phone]"),
    ("ID A123456789, thanks", "ID [id], thanks"),
    ("id a123456789", "id [id]"),
    ("a@b.twa@b.tw c", "[email] c"),
    ("PTT帳號 littlefish2", "PTT帳號 [user]"),
    ("ptt id 是 abcd1234", "ptt id 是 [user]"),
    ("批踢踢帳號 nightcat", "批踢踢帳號 [user]"),
    ("Kik: sadpanda_x", "Kik: [user]"),
    ("Dcard 帳號:moomoo12", "Dcard 帳號:[user]"),
    ("請加 LINE 好友:lulu-0418", "請加 LINE 好友:[user]"),
    ("Line ID➡️ honey_bee3", "Line ID➡️ [user]"),
    ("威信:abc_7890", "威信:[user]"),
    ("我的帳號little_fish，謝謝", "我的帳號[user]，謝謝"),
    ("暱稱 bluefish77", "暱稱 [user]"),
    ("LINE (id: rainy-day)", "LINE (id: [user])"),
    ("0912345678A123456789-0912345678A123456789", "[phone][id]-[phone][id]"),
]
KEPT = [
    "Blood pressure 120/80, pulse 72, on 2022/01/18 at 10:30",
    "GPT 45 U/L, cholesterol 201 mg/dL, WBC 4500-10000",
    "Aspirin 100 mg twice a day for 14 days, 3-5 tablets",
    "I am 30~39 years old, 165 cm, 55.5 kg",
    "ICD M54.5, chromosome 46,XX, HLA-B27",
    "It cost NT$12,345, about 400 dollars; invoice 20220118",
    "See https://doctorqna.com/en/article/223574 and q_no=223574",
    "A123456788 has a wrong check digit",
    "The 2020-2021 season; between 1990 and 2005; 100,000 people; 3.14159265",
    "look at gmail.com for a message",
    "follow-up of #223574",
    "我的帳號無法登入 the page",
    "LINE (idle since May)",
    "",
]


@pytest.mark.parametrize(("text", "expected"), FOUND)
def test_personal_data_is_taken_out(text, expected):
    result, kinds = texts.redact(text)
    assert result == expected
    assert kinds
    assert texts.suspicious(text)


@pytest.mark.parametrize("text", KEPT)
def test_everything_else_stays(text):
    assert texts.redact(text) == (text, [])


LINES = (Path(__file__).parent / "kept.txt").read_text(encoding="utf-8").splitlines()


def test_three_hundred_lines_of_other_numbers_stay():
    assert len(LINES) >= 300
    assert [line for line in LINES if texts.redact(line)[1]] == []


PIECES = st.sampled_from(
    "a@b.tw|0912345678|+886|(02)|2345-6789|A123456789| |.|-|@|at| dot |x|１|＠|分機 5|mg|120/80|\n|電話 ".split("|")
)


@given(st.lists(PIECES | st.text(max_size=8), max_size=25).map("".join))
@settings(max_examples=300, deadline=None)
def test_redaction_is_whole_and_suspicion_never_too_low(text):
    once, kinds = texts.redact(text)
    assert bool(kinds) == (once != text)
    if kinds:
        assert texts.suspicious(text)
    assert texts.redact(once)[0] == once


@given(st.text(alphabet=st.characters(exclude_categories=("Nd", "No", "Nl", "Cs")), max_size=200))
@settings(max_examples=100, deadline=None)
def test_text_without_digits_and_signs_is_left_alone(text):
    text = text.replace("@", "").replace("＠", "").replace("%", "")
    if " at " not in text.lower() and "at" not in text.lower():
        assert texts.redact(text) == (text, [])


@pytest.mark.parametrize(
    "piece", ["0912345678 ", "@", "0", "0-", "a@", " at ", "(02) ", "+8", "A1", ".", "電話", " ", "\u00a0", "\n"]
)
def test_hostile_text_takes_linear_time(piece):
    def seconds(size: int) -> float:
        text = piece * (size // len(piece))
        start = time.process_time()
        texts.redact(text)
        return time.process_time() - start

    assert seconds(10_000) < 0.2
    assert seconds(100_000) <= max(2.0, 30 * seconds(10_000))


def test_pseudonyms_depend_on_name_and_key_alone():
    one, other = pseudonym("小雨", KEY), pseudonym("小雨", KEY[::-1])
    assert one == pseudonym("小雨", KEY)
    assert one != other
    assert one.startswith("asker-")
    assert len(one) == len("asker-") + 16
    assert pseudonym("小雪", KEY) != one


def test_a_record_is_redacted_in_all_its_texts():
    secret = "call 0912-345-678"
    found = redact(
        record(
            1,
            asker="Early Bird",
            question=f"Hello, {secret}",
            reply=f"Do not {secret}",
            question_subject=secret,
            title=secret,
            more_info=secret,
            similar_qa=(SimilarQA(title=secret, question_excerpt=secret, reply_excerpt=secret, doctor="Lee"),),
            notes=("age_open",),
        ),
        key=KEY,
    )
    assert "0912" not in found.model_dump_json()
    assert found.question == "Hello, call [phone]"
    assert found.similar_qa[0] == SimilarQA(
        title="call [phone]", question_excerpt="call [phone]", reply_excerpt="call [phone]", doctor="Lee"
    )
    assert found.notes == ("age_open", "redacted_phone")
    assert found.asker == pseudonym("Early Bird", KEY)


def test_names_may_be_kept_or_dropped_and_texts_left():
    made = record(1, asker="Early Bird", question="a@example.org")
    assert redact(made, key=KEY, askers="keep").asker == "Early Bird"
    assert redact(made, key=KEY, askers="drop").asker is None
    assert redact(made, key=KEY, texts=False).question == "a@example.org"
    assert redact(made, key=KEY, texts=False).notes == ()
    assert redact(record(1, asker=None), key=KEY).asker is None


OWN = [
    ("An An An", "I am Anan, AnAnAn, an-an-an. An apple", "I am [name], [name], [name]. An apple"),
    ("Xiaoming", "Xiao Ming and Xiao-ming, XIAOMING", "[name] and [name], [name]"),
    ("王小明", "小明敬上，王先生", "[name]敬上，[name]先生"),
    ("Lin Meihua", "I am Lin Mei-hua", "I am [name]"),
    ("Lin Meihua", "Hello doctor, I am Lin Mei-hua.", "Hello doctor, I am [name]."),
    ("Amy", "Hello, Amy again", "Hello, [name] again"),
    ("amy_lin88", "Amy Lin here, amy-lin88", "[name] here, [name]"),
    ("linda1975", "Linda has a cough", "[name] has a cough"),
    ("user1975", "the user has a cough", "the user has a cough"),
    ("Jenny Wu", "Ｊｅｎｎｙ　Ｗｕ想問", "[name]想問"),
    ("Am", "I am ill", "I am ill"),
    ("Vivian", "我是vivian，想請問", "我是[name]，想請問"),
    ("Early Bird", "the early bird, EarlyBird", "the early bird, [name]"),
    ("Sore throat", "my sore throat hurts", "my sore throat hurts"),
    ("Yılmaz", "Yilmaz, yılmaz and YILMAZ", "[name], [name] and [name]"),
    ("Sørensen", "I am Sorensen", "I am [name]"),
    ("莊X芬", "我是莊x芬，莊X芬敬上", "我是[name]，[name]敬上"),
    ("王○明", "王○明敬上，王先生", "[name]敬上，[name]先生"),
    ("Lin", "I am Lin, I saw Dr. Lin", "I am [name], I saw Dr. Lin"),
]


@pytest.mark.parametrize(("asker", "question", "expected"), OWN)
def test_the_askers_own_name_leaves_the_texts(asker, question, expected):
    assert redact(record(1, asker=asker, question=question), key=KEY).question == expected
    assert redact(record(1, asker=asker, question=question), key=KEY, own=False).question == question


def test_greetings_and_farewells_lose_their_names_but_doctors_stay():
    found = redact(record(1, asker=None, question="x. Thanks, Mary", reply="Hello Miss Wong: no."), key=KEY)
    assert (found.question, found.reply) == ("x. Thanks, [name]", "Hello Miss [name]: no.")
    kept = redact(record(1, asker=None, question="x. Sincerely, Dr. Lee", reply="Hello Dr. Lee: no."), key=KEY)
    assert (kept.question, kept.reply, kept.notes) == ("x. Sincerely, Dr. Lee", "Hello Dr. Lee: no.", ())


def test_a_patient_who_signs_without_a_farewell_loses_the_name():
    assert redact(record(1, asker=None, question="謝謝您！\n患者 鄭雅文"), key=KEY).question == "謝謝您！\n患者 [name]"
    kept = "請問這樣的病人 應該開刀嗎？謝謝"
    assert redact(record(1, asker=None, question=kept), key=KEY).question == kept


def test_other_replies_lose_what_the_reply_loses_and_their_authors_stay():
    others = (
        OtherReply(author="Dr. Xiao Ming", reply="Hello Xiaoming, call 0912-345-678."),
        OtherReply(author="Xiaoming", reply="Thank you, I wrote to a@example.org. Regards, Xiao Ming"),
    )
    made = record(1, asker="Xiaoming", doctor="Lee", other_replies=others, reply_accepted=True)
    found = redact(made, key=KEY)
    assert [one.author for one in found.other_replies] == ["Dr. Xiao Ming", pseudonym("Xiaoming", KEY)]
    assert [one.reply for one in found.other_replies] == [
        "Hello [name], call [phone].",
        "Thank you, I wrote to [email]. Regards, [name]",
    ]
    assert found.notes == ("redacted_phone", "redacted_name", "redacted_email")
    assert [one.author for one in redact(made, key=KEY, askers="drop").other_replies] == ["Dr. Xiao Ming", None]


def test_an_asker_who_replied_to_themselves_is_no_doctor_whose_name_stays():
    made = record(1, asker="Xiaoming", doctor="Xiaoming", reply="I am Xiaoming.", reply_accepted=False)
    found = redact(made, key=KEY)
    assert (found.doctor, found.reply) == (pseudonym("Xiaoming", KEY), "I am [name].")


@pytest.mark.parametrize(
    ("asker", "reply", "expected"),
    [
        ("王小明", "王小明您好：\n多喝水。", "[name]您好：\n多喝水。"),
        ("王小明", "小明先生您好，請來電 02-2345-6789 轉 12", "[name]先生您好，請來電 [phone]"),
        ("怡君", "怡君妳好，這是陳醫師的回覆", "[name]妳好，這是陳醫師的回覆"),
        ("鄭雅文", "雅文妳好：多喝水。", "[name]妳好：多喝水。"),
        (None, "怡君您好：感謝來信", "[name]您好：感謝來信"),
        (None, "林小姐您好：請掛號", "[name]小姐您好：請掛號"),
        (None, "您好：血壓 120/80 是正常的", "您好：血壓 120/80 是正常的"),
        (None, "各位網友您好", "各位網友您好"),
        (None, "媽媽您好", "媽媽您好"),
    ],
)
def test_chinese_greetings_lose_the_name_alone(asker, reply, expected):
    assert redact(record(1, asker=asker, reply=reply), key=KEY).reply == expected
