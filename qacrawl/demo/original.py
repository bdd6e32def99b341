"""The demo's original site, in Chinese and Big5: what the other demo site translates, under the same numbers."""

import html
from datetime import date, timedelta
from functools import cache
from urllib.parse import quote

from qacrawl.demo import phrases, site
from qacrawl.demo.markup import Answer
from qacrawl.demo.topics import Topic
from qacrawl.demo.writing import doctors
from qacrawl.records import Fields, RelatedFAQ

ROOT = "/doctor"
HOME = f"{ROOT}/Index1.php"
PER_LISTING = 20
LOST = 1990
"""A number that the index links to, and whose page says that there is no such question."""
OTHER_DAY, OTHER_DOCTOR = 5, 9
"""Of sixteen questions, those that were asked on another day than the translation says, and answered by another."""


def questions() -> dict[int, Fields]:
    """Return all questions of the site, by number: what is to be read on each."""
    english = site.articles("")
    return {number: _question(number, english[number], topic) for topic, number in _numbers()}


def pages(base: str) -> dict[str, Answer]:
    """Return every page of the site, by its path; `base` does not matter, since its links have no host."""
    found = questions()
    made = {path(number): _page(_show(number, fields)) for number, fields in found.items()}
    made[path(LOST)] = _page("<h1>您要查詢的問題不存在</h1>")
    made[HOME] = _home(max(found))
    for department in _departments():
        numbers = sorted((number for topic, number in _numbers() if topic.department == department), reverse=True)
        made |= _listings(phrases.name(department), numbers, found)
    made["/robots.txt"] = Answer(b"User-agent: *\nAllow: /\n", "text/plain")
    return made


def path(number: int) -> str:
    """Return the path of a question."""
    return f"{ROOT}/All/ShowDetail.php?q_no={number}"


@cache
def _numbers() -> tuple[tuple[Topic, int], ...]:
    """Return each question's topic and number: of the topics that are there in Chinese."""
    known = phrases.known()
    return tuple((topic, number) for topic, numbers in site.by_topic().items() if topic in known for number in numbers)


def _departments() -> list[str]:
    return list(dict.fromkeys(topic.department for topic, _ in _numbers()))


def _question(number: int, english: Fields, topic: Topic) -> Fields:
    """Return what the original of a translated article says."""
    department = phrases.name(topic.department)
    fields: Fields = {
        "lang": "zh-Hant",
        "question_subject": phrases.text(english["question_subject"], topic.department),
        "question": phrases.text(english["question"], topic.department),
        "asker": english["asker"],
        "asker_sex": "male" if number % 2 else "female",
        "notes": [note for note in english["notes"] if note == "age_open"],
    }
    for name in ("asker_age_min", "asker_age_max"):
        if name in english:
            fields[name] = english[name]
    fields["ask_date"] = english.get("ask_date", date(2012, 5, 6))
    if number % 16 == OTHER_DAY:
        fields["ask_date"] -= timedelta(days=1)
    if "reply" in english:
        _answer(number, english, topic, fields)
        fields["specialty"] = department
        fields["related_faq"] = [RelatedFAQ(name=phrases.name(topic.department)[:-1])]
    return fields


def _answer(number: int, english: Fields, topic: Topic, fields: Fields) -> None:
    """Add what the original says of the reply."""
    known = {doctor.name: doctor.hospital for doctor in doctors(topic.department)}
    name = english["doctor"]
    if number % 16 == OTHER_DOCTOR:
        name = next(other for other in known if other != name)
    fields["doctor"] = phrases.name(name)
    fields["reply_specialty"] = phrases.name(topic.department)
    fields["reply"] = phrases.text(english["reply"], topic.department)
    fields["reply_date"] = english["reply_date"]
    if number % 7:
        fields["hospital"] = phrases.name(known[name])


def _show(number: int, fields: Fields) -> str:
    """Return a question in one of the site's two markups."""
    asker = "／".join([fields["asker"], "男" if fields["asker_sex"] == "male" else "女", f"({_age(fields)})"])
    asked = f"{html.escape(asker)},{fields['ask_date']:%Y/%m/%d}"
    answered = ""
    if "reply" in fields:
        who = "／".join(filter(None, [fields.get("hospital"), fields["reply_specialty"], fields["doctor"]]))
        answered = f"{html.escape(who)}, {fields['reply_date']:%Y/%m/%d}"
    subject, question = html.escape(fields["question_subject"]), _body(fields["question"])
    reply = _body(fields.get("reply", ""))
    tag = "".join(f'<li class="count">相關分類 ：{one.name}</li>' for one in fields.get("related_faq", []))
    if number % 2:
        answer = f'<li class="doctor">答復者：{answered}</li><li class="ans">{reply}</li>{tag}' if answered else ""
        return (
            f'<ul class="QAunit"><li class="subject">#{number} {subject}</li><li class="count">人氣：{number % 97}</li>'
            f'<li class="asker">發問者：{asked}</li><li class="ask">{question}</li>{answer}</ul>'
        )
    answer = ""
    if answered:
        tag = f"相關分類 ：{fields['related_faq'][0].name}"
        answer = f"{_bar(f'{answered}&nbsp;回覆：')}{_box(reply)}{_bar(tag)}"
    return f"{_bar(f'#{number}', subject)}{_bar(f'{asked}&nbsp;提問：')}{_box(question)}{answer}"


def _bar(*items: str) -> str:
    inner = "".join(f'<div class="w3-bar-item w3-padding-0">{item}</div>' for item in items)
    return f'<div class="w3-bar">{inner}</div>'


def _box(body: str) -> str:
    return f'<div class="msg"><div>{body}</div></div>'


def _body(text: str) -> str:
    return "<br />".join(html.escape(line) for line in text.split("\n"))


def _age(fields: Fields) -> str:
    """Return the age: "30~39", "34", "70以上", or nothing."""
    low, high = fields.get("asker_age_min"), fields.get("asker_age_max")
    if low is None:
        return ""
    return f"{low}以上" if high is None else f"{low}" if low == high else f"{low}~{high}"


def _listings(department: str, numbers: list[int], found: dict[int, Fields]) -> dict[str, Answer]:
    """Return the pages that list the questions of a department, newest first."""
    chunks = [numbers[at : at + PER_LISTING] for at in range(0, len(numbers), PER_LISTING)]
    options = "".join(f'<option value="{page}">{page}</option>' for page in range(1, len(chunks) + 1))
    made = {}
    for page, chunk in enumerate(chunks, 1):
        rows = "".join(_row(number, page, found[number]) for number in chunk)
        body = f'<form><select id="PageNo" name="PageNo">{options}</select><table class="table1">{rows}</table></form>'
        made[f"{ROOT}/All/history.php?UrlClass={quote(department)}&SortBy=q_no&PageNo={page}"] = _page(body)
    return made


def _row(number: int, page: int, fields: Fields) -> str:
    link = f"ShowDetail.php?q_no={number}&amp;SortBy=q_no&amp;PageNo={page}"
    title = html.escape(fields["question_subject"])
    return f'<tr><td>{fields["ask_date"]:%Y/%m/%d}</td><td><a href="{link}">{title}</a></td></tr>'


def _home(newest: int) -> Answer:
    links = "".join(
        f'<div class="w3-col l4 m6 s6"><a href="/doctor/All/index.php?d_class={one}">{one}</a></div>'
        for one in map(phrases.name, _departments())
    )
    new = "".join(f'<a href="All/ShowDetail.php?q_no={number}">最新</a>' for number in (newest, LOST))
    return _page(f'{links}<div id="newQA">{new}</div>')


def _page(body: str) -> Answer:
    """Return a page in Big5, which no header declares."""
    text = f"<html><head><title>示範醫院（虛構）</title></head><body>{body}</body></html>\n"
    return Answer(text.encode("big5hkscs", "xmlcharrefreplace"), "text/html")
