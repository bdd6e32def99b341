"""Markup as sites of other software write it: each page beside what a reader of it would say."""

import html
import json
import time
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qacrawl import steps
from qacrawl.parse.markup import prose
from qacrawl.parse.values import unescape
from qacrawl.records import Page, QARecord, Refusal, records_of

LD = '<script type="application/ld+json">{}</script>'


def read(body: str) -> Any:
    at = datetime(2026, 11, 1, tzinfo=UTC)
    markup = f"<!doctype html><meta charset=utf-8><title>t</title><body>{body}"
    return steps.read(Page(site="qapage", url="https://kettles.example/t/1", body=markup.encode(), fetched_at=at))


def record(body: str) -> QARecord:
    (found,) = records_of(read(body))
    return found


def ld(*values: Any) -> str:
    return "".join(LD.format(value if isinstance(value, str) else json.dumps(value)) for value in values)


def question(**more: Any) -> dict[str, Any]:
    return {"@type": "Question", "name": "Why does it hum?", "text": "It hums at night.", **more}


def qapage(**more: Any) -> dict[str, Any]:
    return {"@type": "QAPage", "mainEntity": question(**more)}


def answer(text: str, **more: Any) -> dict[str, Any]:
    return {"@type": "Answer", "text": text, **more}


def posting(headline: str, text: str, **more: Any) -> dict[str, Any]:
    return {"@type": "DiscussionForumPosting", "headline": headline, "text": text, **more}


def comment(text: str, **more: Any) -> dict[str, Any]:
    return {"@type": "Comment", "text": text, **more}


def item(kind: str, inner: str, prop: str = "") -> str:
    name = f' itemprop="{prop}"' if prop else ""
    return f'<div itemscope itemtype="https://schema.org/{kind}"{name}>{inner}</div>'


def asked(inner: str) -> str:
    said = '<h1 itemprop="name">Why does it hum?</h1><div itemprop="text">It hums at night.</div>'
    return item("QAPage", item("Question", said + inner, "mainEntity"))


# Texts


@given(st.text("&#xX0123456789abcdefF; ampltg", max_size=60))
def test_short_references_are_read_as_html_reads_them(text: str):
    assert unescape(text) == html.unescape(text)


@pytest.mark.parametrize("reference", ["&#x27;", "&#X27;", "&#39;", "&#0039;", "&apos;", "&#x0027;"])
def test_a_reference_means_the_same_however_it_is_written(reference: str):
    found = record(ld(qapage(acceptedAnswer=answer(f"It{reference}s the lid"), author={"name": f"O{reference}Hara"})))
    assert (found.reply, found.asker) == ("It's the lid", "O'Hara")


INLINE = "a abbr b cite code del em font i ins kbd mark q s small span strong sub sup time tt u".split()


@pytest.mark.parametrize("tag", INLINE)
def test_inline_tags_are_no_text(tag: str):
    written = f"Descale it <{tag}>twice</{tag}> &amp; rinse."
    found = record(ld(qapage(acceptedAnswer=answer(written))))
    assert found.reply == "Descale it twice & rinse."
    assert prose.line(f"<{tag}>Olaf</{tag}> Fern") == "Olaf Fern"


def test_a_deleted_answer_or_a_picture_in_inline_tags_is_none():
    given = [answer("<del>[deleted]</del>"), answer("<img src=a.png>"), answer("Descale it.")]
    found = record(ld(qapage(suggestedAnswer=given)))
    assert (found.reply, found.other_replies) == ("Descale it.", ())


@pytest.mark.parametrize(
    ("written", "text"),
    [
        ("One.\n\nTwo with <a href=x>a link</a>.\nThree", "One.\n\nTwo with a link.\nThree"),
        ("One.\r\nTwo <b>bold</b>", "One.\nTwo bold"),
        ("<p>One\ntwo</p>\n<p>Three</p>", "One two\n\nThree"),
        ("One<br>\nTwo", "One\nTwo"),
        ("One <a\nhref=x>two</a>\nthree", "One two\nthree"),
    ],
)
def test_the_lines_of_a_text_are_those_of_its_tags_or_where_it_has_none_its_own(written: str, text: str):
    assert record(ld(qapage(acceptedAnswer=answer(written)))).reply == text


def test_texts_that_differ_in_a_sign_are_not_the_same():
    given = ["Use C.", "Use C++.", "Use C#.", "x > 5", "x < 5", "5", "-5", "1.5", "15", "Use c!"]
    found = record(ld(qapage(suggestedAnswer=[answer(html.escape(one)) for one in given])))
    assert [found.reply, *[one.reply for one in found.other_replies]] == given[:-1]


def test_a_list_of_paragraphs_is_one_text():
    found = record(ld(qapage(acceptedAnswer=answer("") | {"text": ["Empty it.", "Fill it.", "Empty it."]})))
    assert found.reply == "Empty it.\n\nFill it."


@pytest.mark.parametrize(
    "text",
    ["[deleted]", "[ Removed by Reddit ]", "This comment has been deleted by the person who originally posted it."],
)
def test_what_only_says_that_it_was_deleted_is_no_reply(text: str):
    assert record(ld(qapage(suggestedAnswer=[answer(text), answer("Yes.")]))).reply == "Yes."


# JSON-LD


@pytest.mark.parametrize(
    "wrapped",
    [
        "//<![CDATA[ {} //]]>",
        "// <![CDATA[\n{}\n// ]]>",
        "/*<![CDATA[*/ {} /*]]>*/",
        "<![CDATA[{}]]>",
        "//<!-- {} //-->",
        "\ufeff{}",
        "\xa0{}\u3000",
        "{};",
    ],
)
def test_what_is_around_a_script_does_not_matter(wrapped: str):
    assert record(ld(wrapped.replace("{}", json.dumps(qapage(acceptedAnswer=answer("Yes.")))))).reply == "Yes."


@pytest.mark.parametrize("behind", ['{"@type": "Question", "name":', "oops", '{"a": }', "]"])
def test_what_is_good_before_a_fault_in_a_script_is_read(behind: str):
    found = record(ld(json.dumps(qapage(acceptedAnswer=answer("Yes."))) + behind))
    assert found.reply == "Yes."
    assert "broken_markup" in found.notes


def test_names_of_properties_may_be_addresses_as_those_of_types():
    written = json.dumps([qapage(acceptedAnswer=answer("Yes."))])
    for name in ("mainEntity", "acceptedAnswer", "text", "name"):
        written = written.replace(f'"{name}"', f'"https://schema.org/{name}"')
    assert record(ld(written)).reply == "Yes."


@pytest.mark.parametrize(
    ("reference", "name"),
    [
        ("#a2", "#a2"),
        ("#a2", "https://kettles.example/t/1#a2"),
        ("https://kettles.example/t/1#a2", "#a2"),
        ({"@id": "#a2"}, "https://kettles.example/t/1#a2"),
    ],
)
def test_a_reference_leads_to_its_item(reference: Any, name: str):
    graph = [qapage(acceptedAnswer=reference, suggestedAnswer=[answer("One.")]), answer("Two.") | {"@id": name}]
    found = record(ld({"@graph": graph}))
    assert (found.reply, found.reply_accepted, [one.reply for one in found.other_replies]) == ("Two.", True, ["One."])


@pytest.mark.parametrize("reference", ["#a2", "https://kettles.example/t/1#a2", "_:b0", "//kettles.example/a/2"])
def test_a_reference_to_nothing_is_no_reply(reference: str):
    found = record(ld(qapage(acceptedAnswer=reference, suggestedAnswer=[answer("One.")])))
    assert (found.reply, found.other_replies) == ("One.", ())


def test_items_of_one_name_are_one_with_all_their_answers():
    graph = [question(suggestedAnswer=[answer("One.")]), question(suggestedAnswer=[answer("Two.")])]
    found = record(ld({"@graph": [{"@type": "QAPage"}, *[one | {"@id": "#q"} for one in graph]]}))
    assert [found.reply, *[one.reply for one in found.other_replies]] == ["One.", "Two."]


def test_answers_that_name_their_question_are_its_answers():
    graph = [{"@type": "QAPage"}, question() | {"@id": "#q"}]
    graph += [answer(text, parentItem={"@id": "#q"}) for text in ("One.", "Two.")]
    found = record(ld({"@graph": graph}))
    assert [found.reply, *[one.reply for one in found.other_replies]] == ["One.", "Two."]


# Microdata


@pytest.mark.parametrize("attribute", ['itemid="#a2"', 'id="a2"', 'itemid="https://kettles.example/a/2"'])
def test_a_link_to_an_answer_is_that_answer(attribute: str):
    href = "#a2" if "#a2" in attribute or attribute[:3] == "id=" else "https://kettles.example/a/2"
    two = f'<div itemscope itemtype="https://schema.org/Answer" {attribute}><p itemprop="text">Two.</p></div>'
    found = record(asked(f'<link itemprop="acceptedAnswer" href="{href}">') + two)
    assert (found.reply, found.reply_accepted) == ("Two.", True)


@pytest.mark.parametrize("href", ["", "#", " "])
def test_an_empty_reference_names_nothing(href: str):
    author = f'<link itemprop="author" href="{href}"><link itemprop="acceptedAnswer" href="{href}">'
    inner = author + item("Answer", '<p itemprop="text">Yes.</p>', "suggestedAnswer")
    found = record(item("Thing", "<b itemprop=name>Menu</b>") + asked(inner))
    assert (found.question, found.asker, found.reply) == ("It hums at night.", None, "Yes.")
    assert found.other_replies == ()


@pytest.mark.parametrize("kind", ["", ' itemtype="https://schema.org/WebPageElement"'])
def test_a_text_that_is_an_item_itself_is_read(kind: str):
    inner = f'<div itemprop="text" itemscope{kind}>Descale <b>it</b>.</div>'
    assert record(asked(item("Answer", inner, "acceptedAnswer"))).reply == "Descale it."


def test_an_answer_without_properties_is_its_text():
    assert record(asked(item("Answer", "Descale <b>it</b>.", "acceptedAnswer"))).reply == "Descale it."


@pytest.mark.parametrize("hiding", ["hidden", 'style="display: none"', 'aria-hidden="true"', "style=display:none"])
def test_an_answer_that_opens_at_a_click_is_read(hiding: str):
    inner = f'<div itemprop="text"><div {hiding} class="fold"><p>Descale it.</p><p>Rinse it.</p></div></div>'
    assert record(asked(item("Answer", inner, "acceptedAnswer"))).reply == "Descale it.\n\nRinse it."


# Which is which


@pytest.mark.parametrize("first", ["acceptedAnswer", "suggestedAnswer"])
def test_an_answer_that_stands_in_two_lists_is_accepted_if_one_says_so(first: str):
    two = answer("Two.", author={"name": "Bob"})
    lists = {"suggestedAnswer": [answer("One.", upvoteCount=10), answer("Two.")], "acceptedAnswer": two}
    ordered = {name: lists[name] for name in sorted(lists, key=lambda name: name != first)}
    found = record(ld(qapage(**ordered)))
    assert (found.reply, found.reply_accepted, found.doctor) == ("Two.", True, "Bob")
    assert [(one.reply, one.accepted) for one in found.other_replies] == [("One.", False)]


def test_of_two_encodings_that_say_the_same_text_the_one_with_author_day_and_votes_is_taken():
    facts = '<b itemprop="author">Bob</b><meta itemprop="upvoteCount" content="3"><p itemprop="text">Two.</p>'
    plain = qapage(suggestedAnswer=[answer("One!"), answer("Two!")])
    more = item("Answer", '<p itemprop="text">One.</p>', "suggestedAnswer") + item("Answer", facts, "acceptedAnswer")
    found = record(ld(plain) + asked(more))
    assert (found.reply, found.doctor, found.reply_votes, found.reply_accepted) == ("Two.", "Bob", 3, True)


def test_a_question_told_twice_is_not_similar_to_itself():
    found = record(ld(qapage(acceptedAnswer=answer("Yes.")), qapage(suggestedAnswer=[answer("No.")])))
    assert found.similar_qa == ()


def test_two_faq_lists_give_all_their_questions():
    faq = {"@type": "FAQPage", "mainEntity": [question(acceptedAnswer=answer("The lid."))]}
    inner = '<h2 itemprop="name">And by day?</h2>' + item("Answer", '<p itemprop="text">No.</p>', "acceptedAnswer")
    found = records_of(read(ld(faq) + item("FAQPage", item("Question", inner, "mainEntity"))))
    assert [one.question for one in found] == ["It hums at night.", "And by day?"]


def test_a_page_that_is_a_faq_and_a_q_and_a_page_gives_all_its_questions():
    asked = [question(name=name, text="", acceptedAnswer=answer("Yes.")) for name in ("Does it hum?", "By day?")]
    found = records_of(read(ld({"@type": ["QAPage", "FAQPage"], "mainEntity": asked})))
    assert [one.question for one in found] == ["Does it hum?", "By day?"]


SAID = ("Hum", "It hums at night.")
BESIDE = [("Other", "Mine whistles.", {}), ("", "Mine whistles.", {"url": "https://kettles.example/t/2"})]


@pytest.mark.parametrize(("headline", "text", "more"), BESIDE)
@pytest.mark.parametrize("is_first", [True, False])
def test_another_thread_on_the_page_is_no_reply(headline: str, text: str, more: dict[str, str], is_first: bool):
    main = posting(*SAID, url="https://kettles.example/t/1", comment=[comment("Descale it.")])
    other = posting(headline, text, **more)
    found = record(ld(*([other, main] if is_first else [main, other])))
    assert (found.question, found.reply, found.other_replies) == ("It hums at night.", "Descale it.", ())


def test_posts_side_by_side_without_titles_are_replies_whatever_their_addresses():
    posts = [posting("", text, url=f"https://kettles.example/posts/{text[:3]}") for text in ("One.", "Two.")]
    found = record(ld(posting(*SAID, url="https://kettles.example/t/1"), *posts))
    assert [found.reply, *[one.reply for one in found.other_replies]] == ["One.", "Two."]


@pytest.mark.parametrize("prefix", ["Re: ", "RE: Re: ", "AW: ", "Re[2]: ", "回覆："])
def test_posts_that_are_headed_as_replies_are_replies(prefix: str):
    found = record(ld(posting(*SAID), posting(prefix + "Hum", "Descale it."), posting(prefix + "Hum", "Rinse it.")))
    assert (found.reply, [one.reply for one in found.other_replies]) == ("Descale it.", ["Rinse it."])


def test_comments_that_name_what_they_answer_are_all_replies_in_the_order_of_the_page():
    graph = [posting(*SAID) | {"@id": "#t"}]
    graph += [comment("One.", parentItem={"@id": "#t"}) | {"@id": "#1"}]
    graph += [comment("To one.", parentItem={"@id": "#1"}), comment("Two.", parentItem={"@id": "#t"})]
    found = record(ld({"@graph": graph}))
    assert [found.reply, *[one.reply for one in found.other_replies]] == ["One.", "To one.", "Two."]


def test_comments_of_any_type_are_replies():
    found = record(ld(posting(*SAID, comment=[comment("One."), posting("", "Two.")])))
    assert [found.reply, *[one.reply for one in found.other_replies]] == ["One.", "Two."]


def test_where_the_thread_has_only_a_title_the_first_post_of_its_author_opens_it():
    ann, bob = ('<b itemprop="author">' + name + "</b>" for name in ("Ann", "Bob"))
    posts = [(ann, "It hums at night."), (bob, "Descale it."), (ann, "Thanks.")]
    told = [item("Comment", f'{who}<p itemprop="text">{text}</p>', "comment") for who, text in posts]
    head = f'<h1 itemprop="headline">Hum</h1><meta itemprop="text" content="Hum">{ann}'
    found = record(item("DiscussionForumPosting", head + "".join(told)))
    assert (found.title, found.question, found.reply, found.doctor) == (
        "Hum",
        "It hums at night.",
        "Descale it.",
        "Bob",
    )
    others = record(item("DiscussionForumPosting", head + "".join(told[1:])))
    assert (others.question, others.reply) == ("Hum", "Descale it.")


# Values


@pytest.mark.parametrize(
    "written",
    "2024-1-5|2024-01-05|2024/1/5|2024-1-5 9:03|5.1.2024|05.01.2024 09:00|5-Jan-2024|5 January 2024|Jan 5th, 2024|"
    "2024年1月5日|20240105".split("|"),
)
def test_a_day_in_any_form_that_means_one_day(written: str):
    found = record(ld(qapage(dateCreated=written)))
    assert (str(found.ask_date), "bad_ask_date" in found.notes) == ("2024-01-05", False)


@pytest.mark.parametrize("written", ["5/1/2024", "2024", "soon", "2024-13-45", "31.31.2024"])
def test_a_day_that_may_be_another_is_none_with_a_note(written: str):
    found = record(ld(qapage(dateCreated=written)))
    assert (found.ask_date, "bad_ask_date" in found.notes) == (None, True)


@pytest.mark.parametrize(
    ("written", "votes"),
    [("1,234", 1234), ("1 234", 1234), ("1\xa0234", 1234), ("−3", -3), ("12 votes", 12), ("+5", 5), ("1.2k", None)],
)
def test_votes_as_pages_write_them(written: str, votes: int | None):
    assert record(ld(qapage(upvoteCount=written))).question_votes == votes


# What is no record


EMPTY = [
    ld({"@type": "FAQPage", "mainEntity": []}),
    ld({"@type": "QAPage", "mainEntity": {"@type": "Question"}}),
    ld({"@type": "QAPage", "about": "kettles"}),
    item("FAQPage", "<p>Soon.</p>"),
    ld(posting("", "")),
]


@pytest.mark.parametrize("body", EMPTY)
def test_markup_without_a_question_says_so(body: str):
    found = read(body)
    assert isinstance(found, Refusal)
    assert found.reason == "broken_markup"
    assert found.fields[0].endswith("has no question with a text")


@pytest.mark.parametrize(
    "body",
    [
        ld('{"@type": "Product", "name": "Kettle", "description": "Questions? Call the Question line", }}}'),
        ld(posting("One", "One hums."), posting("Two", "Two hums.")),
        ld({"@type": "WebPage", "mainEntity": [posting("One", "One hums."), posting("Two", "Two hums.")]}),
        "<p>Question: QAPage?</p>",
    ],
)
def test_a_page_that_marks_no_question_has_no_markup(body: str):
    assert read(body) == Refusal("no_markup")


def test_many_comments_in_any_order_are_read_in_time():
    many = [comment(f"Number {at}.", parentItem={"@id": f"#{at - 1}"}) | {"@id": f"#{at}"} for at in range(1, 3_000)]
    body = ld({"@graph": [*many[::-1], posting(*SAID) | {"@id": "#0"}]})
    begun = time.process_time()
    assert len(record(body).other_replies) == 2_998
    assert time.process_time() - begun < 20
