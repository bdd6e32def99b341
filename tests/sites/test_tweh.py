"""The Taiwan e-Hospital: one spelling for each page, and what lines and texts say (whole pages are fixtures)."""

import operator
import time
from datetime import UTC, date, datetime

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from qacrawl.parse import links
from qacrawl.records import Page
from qacrawl.sites.tweh import addresses, markup, parser, people, text

ALL = "https://sp1.hso.mohw.gov.tw/doctor/All"
QUESTION = f"{ALL}/ShowDetail.php?q_no=193985"
DENTISTRY = f"{ALL}/history.php?UrlClass=%E7%89%99%E7%A7%91&SortBy=q_no&PageNo=1"


@pytest.mark.parametrize(
    "query",
    [
        "q_no=193985",
        "q_no=193985&SortBy=q_no&PageNo=1",
        "PageNo=12&SortBy=q_no&q_no=0193985",
        "q_no=193985&sat=1&email=somebody@example.org",
        "email=somebody%40example.org&q_no=193985#top",
    ],
)
def test_a_question_has_one_address_that_names_nobody(query: str) -> None:
    url = f"{ALL}/ShowDetail.php?{query}"
    assert (addresses.canonical(url), addresses.kind(url), addresses.number(url)) == (QUESTION, "article", 193985)


@pytest.mark.parametrize(
    "address",
    [
        "history.php?UrlClass=%E7%89%99%E7%A7%91",
        "history.php?UrlClass=%A4%FA%AC%EC&SortBy=q_no&PageNo=1",
        "history.php?PageNo=01&UrlClass=%a4%fa%ac%ec&SortBy=name",
        "history.php?UrlClass=牙科",
        "history.php?UrlClass=%E7%89%99%E3%80%80%E7%A7%91&PageNo=x",
        "index.php?d_class=%A4%FA%AC%EC",
    ],
)
def test_a_listing_has_one_address_in_whatever_encoding_its_department_is(address: str) -> None:
    url = f"{ALL}/{address}"
    assert (addresses.canonical(url), addresses.kind(url)) == (DENTISTRY, "listing")
    assert addresses.page_url(url, 7) == DENTISTRY.replace("PageNo=1", "PageNo=7")


@pytest.mark.parametrize("name", ["外科", "復健科", "心臟血管專科"])  # with "~", "_" and others in their bytes
def test_departments_are_the_same_in_both_encodings(name: str) -> None:
    spelt = ["".join(f"%{byte:02X}" for byte in name.encode(codec)) for codec in ("big5", "utf-8")]
    assert len({addresses.canonical(f"{ALL}/history.php?UrlClass={one}") for one in spelt}) == 1


@pytest.mark.parametrize(
    "address", ["All/ShowDetail.php", "All/ShowDetail.php?q_no=0", "All/ShowDetail.php?q_no=x", "All/history.php", ""]
)
def test_other_pages_are_not_read(address: str) -> None:
    assert addresses.kind(f"https://sp1.hso.mohw.gov.tw/doctor/{address}") is None


def test_a_topic_keeps_what_it_is_about_and_no_address_of_a_person() -> None:
    topic = "https://sp1.hso.mohw.gov.tw/doctor/Often_question/type_detail.php"
    assert addresses.canonical(f"{topic}?q_type=%C0Y%B5h&sat=1&eMail=a%40example.org&to=b@example.org") == (
        f"{topic}?q_type=%C0Y%B5h"
    )


@given(
    st.sampled_from(
        ["ShowDetail.php?q_no=", "history.php?UrlClass=", "index.php?d_class=", "index.php?d_class=a&UrlClass="]
    ),
    st.text(max_size=30) | st.builds(operator.mul, st.text(max_size=8), st.integers(1, 400)),
)
@example("history.php?UrlClass=", "rlClass%3D" * 70)
@example("history.php?UrlClass=", "%F0%A0%9C%8E" * 101)
def test_a_canonical_address_is_its_own(start: str, rest: str) -> None:
    try:
        once = addresses.canonical(f"{ALL}/{start}{rest}")
    except ValueError:
        return
    assert addresses.canonical(once) == once
    assert once.isascii()
    assert "@" not in once.partition("q_no")[2]


def test_links_in_big5_lead_to_listings_though_no_page_declares_it() -> None:
    html = '<a href="/doctor/All/index.php?d_class=牙科">牙　科</a><a href="ShowDetail.php?q_no=193985&PageNo=2">痛</a>'
    at = datetime(2024, 1, 1, tzinfo=UTC)
    page = Page(site="tweh", url=f"{ALL}/x.php", body=html.encode("big5"), fetched_at=at, content_type="text/html")
    assert links.links(page, set()) == (DENTISTRY, QUESTION)


@pytest.mark.parametrize(
    ("line", "name", "sex", "ages", "notes"),
    [
        ("發問者：小雨／女／(20~29),2014/05/06", "小雨", "female", (20, 29), ()),
        ("小雨／男／（20～29）,2014/05/06", "小雨", "male", (20, 29), ()),
        ("小雨∕男∕(20∼29),2014/05/06", "小雨", "male", (20, 29), ()),  # its other sign, U+2215, and tilde
        ("小雨／(20~29)／女,2014/05/06", "小雨", "female", (20, 29), ("swapped_sex_age",)),
        ("小雨／女／(60以上),2014/05/06", "小雨", "female", (60, None), ("age_open",)),
        ("小雨／女／(未滿10),2014/05/06", "小雨", "female", (None, 10), ("age_open",)),
        ("小雨／女／(29~20),2014/05/06", "小雨", "female", (None, None), ("bad_age",)),
        ("小雨／女／35,2014/05/06", "小雨", "female", (35, 35), ()),
        ("小雨／女／,2014/05/06", "小雨", "female", (None, None), ()),
        ("小雨／／(20~29),2014/05/06", "小雨", None, (20, 29), ()),
        ("／／,2014/05/06", None, None, (None, None), ()),
        ("小雨／？／(20~29),2014/05/06", "小雨", None, (20, 29), ("bad_sex",)),
        ("小雨,2014/05/06", "小雨", None, (None, None), ()),
        ("男,2014/05/06", None, "male", (None, None), ()),
        ("1990/01/01生／女／(20~29),2014/05/06", "1990/01/01生", "female", (20, 29), ()),
    ],
)
def test_who_asked(line: str, name: str | None, sex: str | None, ages: tuple[int | None, int | None], notes) -> None:
    found = people.asker(line)
    assert (found.name, found.sex, (found.low, found.high), found.notes) == (name, sex, ages, notes)
    assert found.day == date(2014, 5, 6)


@pytest.mark.parametrize("end", ["", ",", ", 2014/13/01", ",99/02/30"])
def test_a_day_that_is_none_is_noted(end: str) -> None:
    for found, which in (
        (people.asker(f"小雨／女／(20~29){end}"), "ask"),
        (people.doctor(f"牙科／古冠宇{end}"), "reply"),
    ):
        assert (found.name, found.day) == ("小雨" if which == "ask" else "古冠宇", None)
        assert found.notes == (f"bad_{which}_date" if "/" in end else f"no_{which}_date",)


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("2024/05/06", date(2024, 5, 6)),
        ("2024/05/06 10:20:30", date(2024, 5, 6)),
        ("民國113年5月6日", date(2024, 5, 6)),
        ("民國 113 年 05 月 06 日", date(2024, 5, 6)),
        ("中華民國113年5月6日", date(2024, 5, 6)),
        ("中华民国113年5月6日", date(2024, 5, 6)),
        ("113/05/06", date(2024, 5, 6)),
        ("89.12.31", date(2000, 12, 31)),
        ("西元2024年5月6日", date(2024, 5, 6)),
        ("民國113年2月30日", None),
        ("0/1/1", None),
    ],
)
def test_years_of_the_republic(text: str, day: date | None) -> None:
    assert people.read_day(text) == day
    if day and "西元" not in text:
        found = people.asker(f"小雨／女／(20~29),{text}")
        assert (found.name, found.sex, found.low, found.day) == ("小雨", "female", 20, day)


@pytest.mark.parametrize(
    ("line", "name", "department", "hospital"),
    [
        ("春山醫院／神經科／古冠宇,2024/05/06", "古冠宇", "神經科", "春山醫院"),
        ("神經科／古冠宇,2024/05/06", "古冠宇", "神經科", None),
        ("春山醫院／神經科／,2024/05/06", None, "神經科", "春山醫院"),
        ("春山醫院／神經科,2024/05/06", None, "神經科", "春山醫院"),
        ("神經科／,2024/05/06", None, "神經科", None),
        ("春山醫院／／古冠宇,2024/05/06", "古冠宇", None, "春山醫院"),
    ],
)
def test_what_a_doctor_s_line_lacks_is_none(line: str, name: str | None, department: str | None, hospital: str | None):
    found = people.doctor(line)
    assert (found.name, found.department, found.hospital) == (name, department, hospital)


@pytest.mark.parametrize(
    ("typed", "clean", "notes"),
    [
        ("功\\能、許\\\\\\多", "功能、許多", ["mended_backslashes"]),
        ("中\\英文、C:\\temp、功\\\\能", "中\\英文、C:\\temp、功\\\\能", []),
        ("\uf0a4 一\u200b二\ufeff", "一二", ["removed_characters"]),
        ("一\n\uf072\n二", "一\n二", ["removed_characters"]),
        ("a\xadb\u202ac\u202ed\u2066e\u180e", "abcde", ["removed_characters"]),
        ("👨\u200d👩", "👨\u200d👩", []),
        ("頭\ufffd痛", "頭\ufffd痛", ["broken_characters"]),
        ("&#37327;&#x4f60; &lt;3", "量你 <3", ["unescaped_entities"]),
        ("1 < 2, &lt; 3", "1 < 2, &lt; 3", []),
        ("AT&T &amp; R&D", "AT&T &amp; R&D", []),
        ("&amp;lt;", "&lt;", ["unescaped_entities"]),  # once more, not until nothing is left
        ("&#61604;一", "一", ["unescaped_entities", "removed_characters"]),
        ("&copy; &lt &#0; &#1114112;", "&copy; &lt &#0; &#1114112;", []),
        ("aspirin 100 mg，　每天  一次", "aspirin 100 mg，　每天  一次", []),
    ],
)
def test_what_the_site_put_in_is_taken_out_and_nothing_else(typed: str, clean: str, notes: list[str]) -> None:
    assert text.clean(typed) == (clean, notes)


WIDE = "\u3000"
UNIT = (
    '<ul class="QAunit"><li class="subject">#1 {0}</li><li class="asker">發問者：{1}</li><li class="ask">{2}</li></ul>'
)
BARS = '<div class="w3-bar-item">#1</div><div class="w3-bar-item">{1} 提問：</div><div class="msg"><div>{2}</div></div>'
HOSTILE = {
    "white space": WIDE * 50_000,
    "commas": "," * 50_000,
    "dates": "1/1 " * 20_000 + ",x",
    "signs": "／" * 50_000,
    "brackets": "(10" + WIDE * 50_000 + "x",
    "entities": "&amp;lt;" * 20_000,
    "numbers": "&amp;#37327;" * 20_000,
    "backslashes": "功" + "\\" * 50_000,
    "follow-ups": ("續問" + WIDE * 3) * 20_000,
    "lists": "<ul><li class=ask>" * 5_000,
    "boxes": '<div class="msg"><div>' * 5_000,
    "bars": '<div class="w3-bar-item">a' * 5_000,
    "topics": '<li class="count">相關分類 ：<a href=x>a</a></li>' * 3_000,
    "private": "\uf0a4\n" * 30_000,
    "units": '<form><ul class="QAunit"><li class="ans">b<li class="count">a' * 5_000,
    "items": "<form><li class=count>a" * 10_000,
}


@pytest.mark.slow
@pytest.mark.parametrize("name", HOSTILE)
def test_no_page_takes_long(name: str) -> None:
    for shown in (UNIT, BARS):
        body = shown.format(*[HOSTILE[name]] * 3).encode()
        page = Page(site="tweh", url=QUESTION, body=body, fetched_at=datetime(2024, 1, 1, tzinfo=UTC))
        began = time.process_time()
        parser.parse(page)
        assert time.process_time() - began < 5


ITEMS = ("#1", "痛", "小雨／女／(20~29),2014/05/06 提問：")
TOP = "".join(f"<div class=w3-bar-item>{item}</div>" for item in ITEMS)
DOCTOR = '<div class="w3-bar-item">牙科／古冠宇, 2014/05/07 回覆：</div>'


@pytest.mark.parametrize(
    ("boxes", "question", "reply"),
    [
        ("<div class=msg><div>一</div></div>{0}<div class=msg><div>二</div></div>", "一", "二"),
        ("<div class=msg>一</div>{0}<div class=msg>二</div>", "一", "二"),
        ("<div class=msg><div>一</div><div>二</div></div>{0}<div class=msg><div>三</div></div>", "一\n\n二", "三"),
        ("{0}<div class=msg><div>一</div><div>二</div></div>", "一", "二"),
        ("{0}<div class=msg><div>一</div></div><div class=msg><div>二</div></div>", "一", "二"),
        ("<div class=msg><div>一</div></div>{0}", "一", ""),
        ("<div class=msg><div>一<table><tr><td><div class=msg>二</div></table></div></div>", "一\n\n二", ""),
        ("<div class=msg><div>一<b><div class=w3-bar-item>假／假, 2001/01/01 回覆：</div></b></div></div>", None, ""),
    ],
)
def test_what_stands_in_which_box(boxes: str, question: str | None, reply: str) -> None:
    (found,) = markup.read(TOP + boxes.format(DOCTOR))
    assert found.question == (question or "一\n\n假／假, 2001/01/01 回覆：")
    assert (found.reply, bool(found.doctor)) == (reply, "{0}" in boxes)


def test_questions_whose_lists_are_not_ended_keep_their_own_texts() -> None:
    shown = "<form>" + UNIT.format("一", "小雨", "痛").removesuffix("</li></ul>")
    first, second = markup.read(shown + shown.replace("#1", "#2").replace("痛", "癢"))
    assert (first.number, first.question) == ("1", "痛")
    assert (second.number, second.question) == ("2", "癢")


def test_items_of_a_list_may_stand_in_something() -> None:
    shown = UNIT.format("一", "小雨", "痛<ul><li class=ans>癢</ul>").replace('"QAunit">', '"QAunit"><form>')
    (found,) = markup.read(shown)
    assert (found.question, found.reply) == ("痛\n\n癢", "")


@given(st.binary(max_size=300), st.sampled_from([UNIT, BARS]))
def test_the_parser_never_raises(raw: bytes, shown: str) -> None:
    start, middle, end = shown.replace("{0}", "{1}").partition("{1}")[0], raw, "</li></ul></div>"
    body = start.encode("big5hkscs") + middle + end.encode()
    for url in (QUESTION, DENTISTRY, "https://sp1.hso.mohw.gov.tw/doctor/Index1.php"):
        parser.parse(Page(site="tweh", url=url, body=body, fetched_at=datetime(2024, 1, 1, tzinfo=UTC)))


def test_numbers_are_asked_for_on_the_host_of_the_start_page() -> None:
    assert addresses.article_url(7) == f"{ALL}/ShowDetail.php?q_no=7"
    assert addresses.article_url(7, "http://127.0.0.1:80/doctor/Index1.php") == (
        "http://127.0.0.1:80/doctor/All/ShowDetail.php?q_no=7"
    )
