"""What stands around question and reply: sharing buttons are no subject; tags and similar questions keep addresses."""

from datetime import UTC, datetime
from typing import Any

import pytest

from qacrawl.records import Article, Page
from qacrawl.sites.doctorqna import parser

URL = "https://doctorqna.com/en/article/1"
MAIN = (
    "<p>Lin, 10~19 year old female. Ask Date: 2020/01/01</p><p>Dr. Wu reply Neurology</p><p>Rest.</p>"
    "<p>Reply Date: 2020/01/02</p>"
)


def fields(body: str, url: str = URL) -> dict[str, Any]:
    page = Page(site="doctorqna", url=url, body=body.encode(), fetched_at=datetime(2024, 5, 1, tzinfo=UTC))
    answer = parser.parse(page)
    assert isinstance(answer, Article)
    return dict(answer.fields)


SHARES = {
    "links behind the label": '<div>Share to: <a href="#">F</a> <a href="#">X</a></div>',
    "links without a colon": '<div>Share to <a href="//social.example/?u=1">A &amp; B</a> | <a href="#x">Q</a></div>',
    "a list of links": '<h3>Share to:</h3><ul><li><a href="#">Facebook</a><li><a href="#">Nest</a></ul>',
    "a list of other languages": "<p>Share to:<ul><li><a href='mailto:?x'>寄給</a>"
    "<li><a href='javascript:f()'>分享</a></ul>",
    "buttons": "<p>Share to:</p><button>Pidgin</button> <button type=button>Gram!</button>",
    "buttons in the label's line": "<div>Share to: <button>F</button><button>Zap it</button></div>",
    "absolute links": '<p>Share to:</p><p><a href="https://social.example/?u=/en/article/1">Nest</a></p>',
    "words of services": "<p>Share to: X Threads FB</p>",
    "buttons without a label": "<p><button>Nest</button><button>Zap</button></p>",
}


@pytest.mark.parametrize("name", SHARES)
def test_sharing_buttons_are_no_subject(name: str) -> None:
    found = fields(f"<h1>Knees - Neurology</h1>{SHARES[name]}<p>Knee</p><p>It hurts.</p>{MAIN}")
    assert (found["title"], found["question_subject"], found["question"]) == ("Knees", "Knee", "It hurts.")


SUBJECTS = {
    "a link to the article": '<p><a href="/en/article/1">Knee</a></p>',
    "a heading that is a link": '<h2><a href="#">Knee</a></h2>',
    "a sentence with a link": '<p><a href="https://social.example/">K</a>nee</p>',
}


@pytest.mark.parametrize("name", SUBJECTS)
def test_a_subject_may_have_a_link(name: str) -> None:
    found = fields(f"<h1>Knees - Neurology</h1><p>Share to:</p>{SUBJECTS[name]}<p>It hurts.</p>{MAIN}")
    assert (found["question_subject"], found["question"]) == ("Knee", "It hurts.")


TAGS = {
    "department in the link": ('<a href="/en/faq/a-b/1">Night Tea (Neurology)</a>', "Neurology"),
    "brackets in the department": ('<a href="/en/faq/a-b/1">Night Tea (Ear, Nose (ENT))</a>', "Ear, Nose (ENT)"),
    "markup in the link": ('<a href="/en/faq/a-b/1"><b>Night Tea</b><span>(Neurology)</span></a>', "Neurology"),
    "full-width brackets": ('<a href="/en/faq/a-b/1">Night Tea（Neurology）</a>', "Neurology"),
    "department behind": ('<a href="/en/faq/a-b/1">Night Tea</a> (Neurology)', "Neurology"),
    "department on the next line": ('<a href="/en/faq/a-b/1">Night Tea</a><br>(Neurology)', "Neurology"),
    "no department": ('<a href="/en/faq/a-b/1">Night Tea</a>', None),
    "one bracket too many": ('<a href="/en/faq/a-b/1">Night Tea (Neurology))</a>', "Neurology)"),
}


@pytest.mark.parametrize("name", TAGS)
@pytest.mark.parametrize("around", ["<p>{}</p>", "<ul><li>{}</li></ul>", "<p>{}, <a href='/en/faq/c-d/1'>Z</a></p>"])
def test_a_tag_gives_name_and_department(name: str, around: str) -> None:
    markup, department = TAGS[name]
    tag = fields(f"<h1>K - Neurology</h1><p>a<p>b{MAIN}<h2>Related FAQ</h2>{around.format(markup)}")["related_faq"][0]
    assert (tag.name, tag.specialty, tag.url) == ("Night Tea", department, "https://doctorqna.com/en/faq/a-b/1")


def test_brackets_of_a_name_stay_in_it() -> None:
    tags = "<ul><li>Vitamin (B12) (Nutrition)<li><a href=/en/faq/a-b/1>Tea (black)</a> (Nutrition)</ul>"
    found = fields(f"<h1>K - Neurology</h1><p>a<p>b{MAIN}<h2>Related FAQ</h2>{tags}")["related_faq"]
    assert [(tag.name, tag.specialty) for tag in found] == [
        ("Vitamin (B12)", "Nutrition"),
        ("Tea (black)", "Nutrition"),
    ]


ADDRESSES = {
    "/en/article/0012/?ref=x#y": "https://doctorqna.com/en/article/12",
    "/en/q/12?a=1&amp;ref=x#y": "https://doctorqna.com/en/q/12?a=1&ref=x#y",
    "../q/12": "https://doctorqna.com/en/q/12",
    "//elsewhere.example/A%20b": "https://elsewhere.example/A%20b",
    " https://Elsewhere.example ": "https://Elsewhere.example",
    "#": None,
    "": None,
    "javascript:alert(1)": None,
    "mailto:a@b.example": None,
    "http://[x": None,
}


@pytest.mark.parametrize("href", ADDRESSES)
def test_an_address_is_kept_in_full_even_if_it_is_no_page_of_the_site(href: str) -> None:
    similar = f'<h2>Similar Q&amp;A</h2><h3>Hip</h3><p>Dr. D reply E<p>Swim ...<p><a href="{href}">[Read More] Hip</a>'
    tag = f'<h2>Related FAQ</h2><p><a href="{href}">Hips</a> (Surgery)'
    found = fields(f"<h1>K - Neurology</h1><p>a<p>b{MAIN}{similar}{tag}")
    assert [entry.url for entry in found["similar_qa"]] == [ADDRESSES[href]]
    assert [(tag.name, tag.url) for tag in found["related_faq"]] == [("Hips", ADDRESSES[href])]


BASES = {
    '<base href="/en/x/">': "https://doctorqna.com/en/x/12",
    '<base target=_top href="https://elsewhere.example/a/b">': "https://elsewhere.example/a/12",
    '<!-- <base href="/no/"> --><base href="/yes/">': "https://doctorqna.com/yes/12",
    '<base href="javascript:x">': "https://doctorqna.com/en/article/12",
}


@pytest.mark.parametrize("base", BASES)
def test_an_address_is_relative_to_the_base_of_its_page(base: str) -> None:
    similar = '<h2>Similar Q&amp;A</h2><h3>Hip</h3><p>Dr. D reply E<p>Swim ...<p><a href="12">[Read More] Hip</a>'
    found = fields(f"{base}<h1>K - Neurology</h1><p>a<p>b{MAIN}{similar}", URL)
    assert found["similar_qa"][0].url == BASES[base].replace("javascript", "")


def test_of_several_addresses_the_page_of_the_site_is_taken() -> None:
    links = '<p><a href="https://ads.example">Buy</a> <a href="/en/article/2">[Read More] Hip</a> <a href="/x">y</a>'
    found = fields(
        f"<h1>K - Neurology</h1><p>a<p>b{MAIN}<h2>Similar Q&amp;A</h2><h3>Hip</h3><p>Dr. D reply E<p>Swim{links}"
    )
    assert found["similar_qa"][0].url == "https://doctorqna.com/en/article/2"


def test_a_title_with_a_character_that_is_none_is_survived() -> None:
    for digits in ("1" * 5000, "9" * 8, "0" * 5000 + "65"):
        assert fields(f"<title>&#{digits};</title><h1>K - Neurology</h1><p>a<p>b{MAIN}")["title"] == "K"
    assert fields(f"<title>&#{'0' * 5000}75;nee | x</title><h2>Knee</h2><p>a<p>b{MAIN}")["title"] == "Knee"
