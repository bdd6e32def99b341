"""No page takes time by its square: eight times the input takes no more than twenty times the time."""

import time
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial

import pytest
from support.making import record

from qacrawl import steps
from qacrawl.parse import blocks, forward, links
from qacrawl.parse.encoding import decode
from qacrawl.records import Article, Page, QARecord, Reject
from qacrawl.redact import text as texts
from qacrawl.redact.record import redact
from qacrawl.sites.doctorqna import parser
from qacrawl.validate import validate

MOST = 20  # times the time, for eight times the input
LEAST = 0.03  # seconds: in less, what grows by the square may hide behind what does not
HEAD = "<html><body><h1>Tea - Neurology</h1><p>Tea</p><p>May I drink tea?</p>"
ASKED = "<p>Asker, 10~19 year old female. Ask Date: 2022/01/18</p>"
ANSWERED = "<p>Dr. Example reply Neurology</p><p>Yes.</p><p>Reply Date: 2022/01/18</p>"
MAIN = HEAD + ASKED + ANSWERED
SIMILAR = MAIN + "<h2>Similar Q&amp;A</h2>"
RELATED = MAIN + "<h2>Related FAQ</h2>"
WIDE = "\u3000 "
ZERO = "\u200b "
ID = "A123456789"  # a valid one

# A kind of page: the text of it that is `n` pieces long.
PAGES: dict[str, Callable[[int], str]] = {
    "white space in an asker's line": lambda n: f"{HEAD}<p>Asker{WIDE * n}x, Ask Date: 2022/01/18</p>{ANSWERED}",
    "white space before an age": lambda n: f"{HEAD}<p>Asker,{WIDE * n}10 year old x Ask Date: 2022/01/18</p>{ANSWERED}",
    "white space behind an age": lambda n: f"{HEAD}<p>A, 10 year old{WIDE * n}x. y Ask Date: 2022/01/18</p>{ANSWERED}",
    "commas in an asker's line": lambda n: f"{HEAD}<p>A{' , ' * n}x Ask Date: 2022/01/18</p>{ANSWERED}",
    "white space before an ask date": lambda n: f"{HEAD}<p>Asker, Ask{WIDE * n}Date:{WIDE * n}x</p>{ANSWERED}",
    "white space behind an ask date": lambda n: f"{HEAD}<p>Asker, Ask Date: -{WIDE * n}x</p>{ANSWERED}",
    "white space in a doctor's line": lambda n: f"{HEAD}{ASKED}<p>Dr.{WIDE * n}B reply{WIDE * n}C{WIDE * n}d</p>",
    "white space in a heading": lambda n: f"{MAIN}<p>More{WIDE * n}Info{WIDE * n}x</p>",
    "white space behind Share to": lambda n: f"<p>Share to{WIDE * n}x</p>{MAIN}",
    "white space in an advertisement": lambda n: f"{HEAD}<p>Ads{WIDE * n}: {WIDE * n}x</p>{ASKED}{ANSWERED}",
    "dashes in a title": lambda n: f"<h1>{'a - ' * n}</h1>{ASKED}{ANSWERED}",
    "unanswered askers": lambda n: HEAD + f"{ASKED}<p>x</p><p>Dr. B reply C</p>" * n,
    "askers in one block with links": lambda n: (
        f"{HEAD}<p>{'A, 9 year old. Ask Date: 2022/01/18<br><a href=/b>c</a><br>' * n}"
    ),
    "labels": lambda n: "<h2>Asker:</h2>" * n + f"<p>A</p>{ASKED}{ANSWERED}",
    "noise above a doctor": lambda n: f"{HEAD}{'<p>Advertisement</p>' * n}{ANSWERED}",
    "links in a similar question": lambda n: f"{SIMILAR}<p>{'<a href=/en/article/1>tea</a> and<br>' * n}</p>",
    "distinct links in a similar question": lambda n: (
        SIMILAR + "<p>" + "".join(f"<a href=/x/{at}>t{at}</a> and<br>" for at in range(n))
    ),
    "links over lines": lambda n: SIMILAR + "<p>" + "".join(f"<a href=/x/{at}>a{at}<br>b</a> " for at in range(n)),
    "marks that are links": lambda n: SIMILAR + "<p>" + "".join(f"a<a href=/x/{at}>\u0301{at}</a>" for at in range(n)),
    "doctors in similar questions": lambda n: SIMILAR + "<p>a<br>Dr. B reply C<br>d<br>" * n,
    "dots in a similar title": lambda n: f"{SIMILAR}<p>{'. ' * n}x</p><p>Dr. B reply C<p>d<p>[Read More] {'. ' * n}y",
    "tags in a line": lambda n: (
        RELATED + "<p>" + "".join(f"<a href=/en/faq/a-b{at}/1>T{at}</a> (C), " for at in range(n))
    ),
    "brackets in a tag": lambda n: f"{RELATED}<p>a{'(' * n}{')' * n}",
    "buttons": lambda n: f"<p>Share to: {'<button>x</button> ' * n}</p>{MAIN}",
    "combining marks": lambda n: f"{HEAD}<p>a{chr(0x301) * n}{chr(0x316) * n}</p>{ASKED}{ANSWERED}",
    "combining marks in turns": lambda n: f"{HEAD}<p>a{(chr(0x301) + chr(0x316)) * n}</p>{ASKED}{ANSWERED}",
    "attributes": lambda n: f"{HEAD}<p {' '.join(f'a{at}=1' for at in range(n))}>x</p>{ASKED}{ANSWERED}",
    "attributes with angles": lambda n: (
        f"{HEAD}<p {' '.join(f'a{at}=%<b>%' for at in range(n)).replace('%', chr(34))}>x{ASKED}"
    ),
    "open quotes": lambda n: HEAD + "<p a=\"<p b='" * n + ASKED,
    "nested divisions": lambda n: HEAD + "<div>" * n + ASKED,
    "nested lists": lambda n: HEAD + "<ul><li>" * n + ASKED,
    "nested, with end tags of nothing": lambda n: HEAD + "<main><a href=/x>t</a></nav></header>" * n + ASKED,
    "nested links": lambda n: HEAD + "<a href=/x><div>" * n + ASKED,
    "unclosed italics": lambda n: HEAD + "".join(f"<i a={at}>" for at in range(n)) + ASKED,
    "references in a title": lambda n: f"<title>{'&#1' * n}{'1' * min(n, 9000)};</title>{MAIN}",
    "unclosed noscript": lambda n: "<base><noscript>" * n + MAIN,
    "unclosed scripts, in comments": lambda n: "<base><!--<script>" * n + MAIN,
    "tags of nothing but tags": lambda n: "<a" * n + MAIN,
    "unclosed base": lambda n: "<base " * n + MAIN,
    "unclosed comments": lambda n: "<!--<base href=x" * n + MAIN,
    "zero-width characters": lambda n: f"{HEAD}<p>{ZERO * n}a{ZERO * n}{ASKED}",
    "self-closed elements": lambda n: '<?xml version="1.0"?>' + HEAD + '<a id="x"/><script/>' * n + ASKED,
    "open CDATA": lambda n: '<?xml version="1.0"?>' + HEAD + "<![CDATA[<!--" * n + ASKED,
    "hospitals": lambda n: MAIN.replace("Yes.", "At Green Hospital, " * n + "<br>Dr. Wu, Green Hospital, "),
    "capitals in a reply": lambda n: MAIN.replace("Yes.", "Aa " * n + "Hospital"),
}
# What texts are made of in which a kind of personal data is looked for: whole ones, and what may begin one.
PIECES = {
    "phones": ["0 9 1 2 ", "12-34-", "345 678 ", "+1 ", "(02) ", "(", "call me at ", "0912345678 or ", "電話 是"],
    "dates": ["2020-01-02 ", "1/2/2020"],
    "cards": ["4111 1111 1111 1111 ", "4111-", "card number is ", "DE89 3704 0044 0532 0130 00 ", "AB12", "iban no "],
    "IDs": ["national personal citizen ", "123-45-6789 ", "A123456(3) ", "AB 12 34 56 C ", "pubmed id ", "健保卡號"],
    "IP addresses": ["1.2.3.4 ", "1.", "2001:db8::1 ", ":a", "::"],
    "URLs": ["http://x.tw/~a ", "http://", "www.", "a.b.com/", "my page ", "my site is at x.com/a ", "我的網站"],
    "users": ["user name is abc_1 ", "wechat id ", "@a_b ", "@", "username in a b ", "add me on ", "LINE ID:", "微信"],
    "places": [
        "12 Oak Street ",
        "12 the ",
        "Apt 12 ",
        "12 a a a Apt 3",
        "Town, CA 12345 ",
        "AB1 2CD ",
        "living at 1 A, ",
    ],
    "places abroad": [
        "No. 5, Lane 3, ",
        "rue de la ",
        "Astr. 5 ",
        "台北市中山路5號",
        "中山路",
        "5號",
        "一二三",
        "地址5",
    ],
    "signs": ["\u200b1", "\u00ad", "０", "1\n", "A", "a1A-", "_"],
}
NAMES = [
    "Hello ", "Dear Mr. ", "thanks, ", "Thanks A ", "my name is ", "我叫", "您好", "\n--", "Dr. ", "lin ", "an", "An-",
    "an   ", "Xiao Ming ", "xiaoming", "小明", "小 ",
]  # fmt: skip
BYTES: dict[str, Callable[[int], bytes]] = {
    "meta tags after a bad byte": lambda n: b"\xff" + b"<meta " * n,
    "meta tags with open quotes": lambda n: b"\xff" + b"<meta a='<meta b=\"" * n,
    "distinct characters and a bad byte": lambda n: (
        b"<meta charset=utf-8>\xff\xff" + "".join(chr(0x4E00 + at % 20_000) for at in range(n)).encode()
    ),
    "shifts": lambda n: b"<meta charset=iso-2022-jp>" + b"\x1b$B~{" * n,
    "comments": lambda n: b"\xff<!-" + b"-<!-" * n,
    "broken Big5": lambda n: b"<meta charset=big5>" + b"\xa4\xa4\xff" * n,
    "spaces in a declaration": lambda n: b"\xff<meta charset" + b" " * n + b"<?xml encoding" + b" " * n,
}
TEXTS: dict[str, Callable[[int], str]] = {
    "addresses": lambda n: "a@b.tw " * n,
    "addresses in a row": lambda n: "a@b.tw." * n,
    "a long domain": lambda n: "a@" + "b." * n,
    "a long local part": lambda n: "a." * n + "@b.tw",
    "spaced dots": lambda n: "a@b" + " dot b" * n,
    "numbers": lambda n: "0912345678 " * n,
    "numbers that hide each other": lambda n: f"0912345678{ID}-" * n,
    "numbers from abroad": lambda n: "+886 912 345 678 " * n,
    "labels without numbers": lambda n: "tel no. " * n,
    "spaces behind a label": lambda n: "tel" + " :" * n,
    "IDs": lambda n: f"{ID} " * n,
    **{f"{kind}: {piece!r}": lambda n, piece=piece: piece * n for kind, pieces in PIECES.items() for piece in pieces},
}


def read(body: str) -> QARecord | None:
    page = Page(
        site="doctorqna",
        url="https://doctorqna.com/en/article/1",
        body=body.encode(),
        fetched_at=datetime(2024, 5, 1, tzinfo=UTC),
    )
    answer = parser.parse(page)
    found = validate(page, answer.fields, parser.VERSION) if isinstance(answer, Article) else None
    return redact(found, key=bytes(32)) if isinstance(found, QARecord) else None


def check_growth(make: Callable[[int], object], work: Callable[..., object], size: int = 200) -> None:
    """Fail where `work` on eight times the input takes more than MOST times as long: the best of three times each."""

    def seconds(size: int) -> float:
        made = make(size)
        times = []
        for _ in range(3):
            started = time.process_time()
            work(made)
            times.append(time.process_time() - started)
        return min(times)

    for _ in range(3):  # what else runs on the machine may slow one of them
        small = seconds(size)
        while small < LEAST and size < 200_000:
            size *= 2
            small = seconds(size)
        large = seconds(8 * size)
        if large <= MOST * max(small, LEAST):
            return
    assert large <= MOST * max(small, LEAST), f"{size} pieces: {small:.3f} s, eight times as many: {large:.3f} s"


@pytest.mark.slow
@pytest.mark.parametrize("kind", PAGES)
def test_reading_a_page_takes_time_by_its_length(kind: str) -> None:
    check_growth(PAGES[kind], read)


OPEN = "<div itemscope itemtype=https://schema.org/QAPage>"
ASKED = (
    "<div itemprop=mainEntity itemscope itemtype=https://schema.org/Question><h1 itemprop=name>Why?</h1>"
    "<div itemprop=text>It is so."
)
ANSWER = "<div itemprop=suggestedAnswer itemscope itemtype=https://schema.org/Answer><div itemprop=text>So."
MARKED = {
    "items that refer to each other": lambda n: "<div itemscope itemref='a a' id=a itemprop='text text'>x</div>" * n,
    "nested items that refer to each other": lambda n: "<div itemscope itemref='a a' id=a itemprop=text>" * n,
    "items that refer to what comes": lambda n: (
        "<p itemscope itemref=a></p>" * n + "<div id=a>" + "<b itemprop=text>x</b>" * n
    ),
    "items that refer to many": lambda n: (
        f"<p itemscope itemref='{' '.join(map(str, range(n)))}'></p>"
        + "".join(f"<b id={at} itemprop=text>x</b>" for at in range(n))
    ),
    "commas": lambda n: '<script type=application/ld+json>{"a": 1' + ", " * n + "</script>",
    "objects in objects": lambda n: '<script type=application/ld+json>{"a":' + '{"@id":"a","a":' * n + "</script>",
    "objects that refer to each other": lambda n: (
        '<script type=application/ld+json>[{"@id":"a","b":{"@id":"a"}}'
        + ',{"@id":"a","b":{"@id":"a"}}' * n
        + "]</script>"
    ),
}
"""schema.org markup behind a question that can be read."""
QUESTION = (
    "<div itemscope itemtype=https://schema.org/QAPage><div itemprop=mainEntity itemscope "
    "itemtype=https://schema.org/Question><h1 itemprop=name>Why?</h1><p itemprop=text>It is so.</p></div></div>"
)


@pytest.mark.slow
@pytest.mark.parametrize("kind", MARKED)
def test_reading_markup_takes_time_by_its_length(kind: str) -> None:
    def work(body: str) -> None:
        page = Page(site="qapage", url="https://a.example/1", body=body.encode(), fetched_at=datetime.now(UTC))
        assert isinstance(steps.result(page, bytes(32)), QARecord)

    check_growth(lambda n: QUESTION + MARKED[kind](n), work)


@pytest.mark.slow
@pytest.mark.parametrize("piece", [OPEN + ASKED + ANSWER, ASKED + ANSWER, ANSWER])
def test_items_that_lie_in_each_other_are_not_read_again_and_again(piece: str) -> None:
    body = (OPEN + ASKED + piece * 3000).encode()
    page = Page(site="qapage", url="https://a.example/1", body=body, fetched_at=datetime.now(UTC))
    began = time.process_time()
    assert isinstance(steps.result(page, bytes(32)), QARecord | Reject)
    assert time.process_time() - began < 10


@pytest.mark.slow
@pytest.mark.parametrize("kind", BYTES)
def test_decoding_takes_time_by_the_length(kind: str) -> None:
    check_growth(BYTES[kind], decode)


@pytest.mark.slow
@pytest.mark.parametrize("kind", TEXTS)
def test_redacting_takes_time_by_the_length(kind: str) -> None:
    check_growth(TEXTS[kind], texts.redact)


@pytest.mark.slow
@pytest.mark.parametrize("piece", NAMES)
@pytest.mark.parametrize("asker", ["An An An", "Xiaoming Lin", "林小明"])
def test_looking_for_names_takes_time_by_the_length(piece: str, asker: str) -> None:
    check_growth(lambda n: record(1, asker=asker, question=piece * n, reply=piece * n), partial(redact, key=bytes(32)))


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["links", "paragraphs", "nested"])
def test_both_front_ends_take_time_by_the_length(kind: str) -> None:
    piece = {"links": "<a href=/b>c</a><br>", "paragraphs": "<p>a<br><br>b", "nested": "<b><p>"}[kind]
    check_growth(lambda n: "<p>" + piece * n, blocks.read)
    check_growth(lambda n: "<p>" + piece * min(n, 3000), lambda page: blocks.reference(blocks.tame(page)))


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["nested divisions", "nested, with end tags of nothing", "attributes"])
def test_links_and_refreshes_take_time_by_the_length(kind: str) -> None:
    def follow(markup: str) -> None:
        url, at = "https://doctorqna.com/en", datetime(2024, 5, 1, tzinfo=UTC)
        body = markup.encode() + b"<meta http-equiv=refresh content=x>"
        links.links(Page(site="doctorqna", url=url, body=body, fetched_at=at), set())
        forward.refresh(Page(site="doctorqna", url=url, body=body, fetched_at=at), None)

    check_growth(PAGES[kind], follow)
