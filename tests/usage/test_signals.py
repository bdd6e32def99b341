"""What a site says of the use of its pages is read as its standard wants, and the most restrictive word counts."""

import json
import time
from contextlib import suppress
from datetime import UTC, datetime
from unittest.mock import patch

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qacrawl.usage import dictionary, page, rules, signals, tdmrep

AT = datetime(2026, 11, 1, 12, tzinfo=UTC)
HOST = "http://site.example"


def of_header(name: str, value: str) -> tuple[bool | None, bool, bool]:
    """Whether to train, to index and to follow, by one header."""
    return come_to(signals.from_headers([(name, value)], AT))


def come_to(found) -> tuple[bool | None, bool, bool]:
    return signals.judge(found), signals.indexes(found), signals.follows(found)


def by_robots(text: str, path: str, agent: str = "qacrawl") -> bool | None:
    return signals.judge(signals.from_robots(rules.parse(text.encode(), agent), HOST + path))


@pytest.mark.parametrize(
    ("value", "trains"),
    [
        ("train-ai=n", False),
        ("train-ai=y", True),
        ("search=n, train-ai=y", True),
        ("search=y", None),
        ("train-ai=y, train-ai=n", False),
        ("train-ai=n, train-ai=y", False),  # of equal keys the last would count (RFC 9651)
        ("train-ai=y, train-ai=y", True),
        ("train-genai=n, train-genai=y", False),
        ("train-ai=n;since=2026, other=(a b)", False),
        ("bots=n", False),  # the vocabulary's earlier drafts
        ("bots=n, train-ai=y", True),
        ("train-ai=y, train-genai=n", False),
        ("ai-train=n", False),  # Content-Signal's word for it
        ("train-ai=?0", None),
        ("", None),
    ],
)
def test_content_usage_is_a_dictionary_of_preferences(value, trains):
    assert of_header("Content-Usage", value) == (trains, True, True)


@pytest.mark.parametrize("value", ["Train-AI=n", "train-ai", "train-ai=N", "train-ai=n,", "train-ai:n", "a=b " * 5000])
def test_a_preference_that_cannot_be_read_is_unknown_and_noted(value):
    found = signals.from_headers([("content-usage", value)], AT)
    assert signals.judge(found) is None
    assert not signals.are_read(found)
    assert len(found[0].rule) <= signals.LONGEST


def test_several_header_lines_are_one_dictionary():
    lines = [("Content-Usage", "bots=n"), ("content-usage", "train-ai=y")]
    assert come_to(signals.from_headers(lines, AT))[0] is True
    assert [one.rule for one in signals.from_headers(lines, AT)] == ["Content-Usage: bots=n, train-ai=y"]


@pytest.mark.parametrize(
    ("name", "no", "yes"),
    [
        ("Content-Usage", "train-ai=n", "train-ai=y"),
        ("Content-Signal", "ai-train=no", "ai-train=yes"),
        ("tdm-reservation", "1", "0"),
    ],
)
def test_of_several_lines_the_most_restrictive_counts_in_any_order_joined_or_not(name, no, yes):
    for lines in ([no, yes], [yes, no], [no, no]):
        for values in (lines, [", ".join(lines)]):
            found = signals.from_headers([(name, value) for value in values], AT)
            assert signals.judge(found) is False
            assert signals.are_read(found)
        if name != "tdm-reservation":
            assert by_robots("User-agent: *\n" + "".join(f"{name}: {line}\n" for line in lines), "/a") is False
    assert signals.judge(signals.from_headers([(name, f"{yes}, {yes}")], AT)) is True


def test_a_line_that_cannot_be_read_does_not_hide_another_that_reserves():
    for lines in (["train-ai=n", "???"], ["???", "train-ai=n"]):
        found = signals.from_headers([("Content-Usage", line) for line in lines], AT)
        assert signals.judge(found) is False
        assert not signals.are_read(found)


@pytest.mark.parametrize(
    ("value", "trains"),
    [
        ("ai-train=no", False),
        ("search=yes, ai-train=no, ai-input=yes", False),
        ("AI-Train = YES", True),
        ("ai-train=yes,ai-train=no", False),
        ("search=yes,ai-input=no", None),
        ("ai-train=perhaps", None),
        ("no signals", None),
    ],
)
def test_content_signal(value, trains):
    assert of_header("Content-Signal", value)[0] is trains
    assert by_robots(f"User-agent: *\nContent-Signal: {value}\nAllow: /", "/a") is trains


@pytest.mark.parametrize(
    ("value", "trains"),
    [
        ("search=yes; ai-train=no", False),
        ("search=yes ai-train=no", False),
        ('ai-train="no"', False),
        ("'AI-Train': no", False),
        ("/en ai-train=no", False),
        ("ai-train=perhaps, ai-train=no", False),
        ("search=yes; ai-train=yes", None),
        ("search=yes ai-train=yes", None),
        ('ai-train="yes"', None),
        ("ai-train", None),
        ("ai-train=", None),
        ("ai-train=no-idea", None),
    ],
)
def test_a_content_signal_that_is_written_wrong_reserves_allows_nothing_and_is_noted(value, trains):
    found = signals.from_headers([("Content-Signal", value)], AT)
    assert signals.judge(found) is trains
    assert not signals.are_read(found)


ROBOTS = """
User-Agent: *
Allow: /
Disallow: /never/
Content-Usage: train-ai=n
Content-Usage: /ai-ok/ train-ai=y
Content-Usage: /both train-ai=y
Content-Usage: /both train-ai=n
Content-Signal: /ai-ok/not/*.html$ ai-train=no

User-Agent: ExampleBot
Allow: /
Content-Usage: train-ai=y
"""


@pytest.mark.parametrize(
    ("path", "trains"),
    [
        ("/test", False),
        ("/ai-ok/test", True),
        ("/both", False),  # equally long paths count both
        ("/ai-ok/not/a.html", False),  # another name, and it reserves
        ("/ai-ok/not/a.html?b", True),
        ("/%61i-ok/test", True),
    ],
)
def test_robots_txt_says_it_by_group_and_longest_path(path, trains):
    assert by_robots(ROBOTS, path) is trains
    assert by_robots(ROBOTS, path, "examplebot") is True


def test_robots_txt_without_a_word_for_us_says_nothing():
    assert by_robots("User-agent: other\nContent-Usage: train-ai=n\n", "/") is None
    assert by_robots("User-agent: qacrawl\nAllow: /\n\nUser-agent: *\nContent-Usage: train-ai=n\n", "/") is None


def test_a_content_signal_does_not_part_a_group():
    """Who never heard of it reads the agents around it as one group, and so did we."""
    text = b"User-agent: qacrawl\nContent-Signal: ai-train=no\nUser-agent: other\nDisallow: /a\n"
    assert not rules.parse(text, "qacrawl").allows(f"{HOST}/a")


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("noindex", (None, False, True)),
        ("NoFollow", (None, True, False)),
        ("none", (None, False, False)),
        ("noai", (False, True, True)),
        ("noai, noimageai", (False, True, True)),
        ("noimageai", (None, True, True)),
        ("index, follow, max-snippet:-1", (None, True, True)),
        ("max-image-preview: large, noindex", (None, False, True)),
        ("qacrawl: noindex, nofollow", (None, False, False)),
        ("googlebot: noindex, nofollow", (None, True, True)),
        ("googlebot: none, QaCrawl: noai", (False, True, True)),
        ("qacrawl: unavailable_after: 25 Jun 2010 15:00:00 PST", (None, False, True)),
        ("unavailable_after: Friday, 25-Jun-10 15:00:00 GMT, nofollow", (None, False, False)),
        ("unavailable_after: 2999-12-31", (None, True, True)),
        ("unavailable_after: one day", (None, True, True)),
        ("noindex;nofollow", (None, False, False)),
        ('"noindex", "NOAI"', (False, False, True)),
        ("'none'", (None, False, False)),
        (",,", (None, True, True)),
    ],
)
def test_x_robots_tag_with_and_without_an_agent(value, said):
    assert of_header("X-Robots-Tag", value) == said


def test_each_robots_header_is_read_on_its_own():
    lines = [("X-Robots-Tag", "otherbot: noindex"), ("X-Robots-Tag", "nofollow")]
    assert come_to(signals.from_headers(lines, AT)) == (None, True, False)


@pytest.mark.parametrize(
    ("value", "trains"),
    [
        *{
            "1": False,
            "0": True,
            " 1 ": False,
            "2": None,
            "yes": None,
            '"1"': False,
            "TRUE": False,
            "?1": False,
        }.items(),
        *{"'0'": True, "false": True, '" 1"': False, "0,0": True, "": None, ",": None}.items(),
    ],
)
def test_tdm_reservation(value, trains):
    assert of_header("TDM-Reservation", value)[0] is trains
    assert signals.are_read(signals.from_headers([("tdm-reservation", value)], AT)) is (trains is not None)


def test_a_reservation_in_a_list_counts_whatever_else_stands_there():
    for value, trains in (("1, x", False), ("x,1", False), ("0, x", None)):
        found = signals.from_headers([("tdm-reservation", value)], AT)
        assert (signals.judge(found), signals.are_read(found)) == (trains, False)


def test_a_policy_alone_reserves_nothing_and_is_kept():
    found = signals.from_headers([("tdm-policy", "https://site.example/policy.json")], AT)
    assert (signals.judge(found), found[0].rule) == (None, "tdm-policy: https://site.example/policy.json")


TDMREP = [
    {"location": "/a/*.html$", "tdm-reservation": 0},
    {"location": "/a", "tdm-reservation": 1, "tdm-policy": "https://site.example/p"},
    {"location": "/true", "tdm-reservation": True},
    {"location": "/odd", "tdm-reservation": "maybe"},
    {"tdm-reservation": 1},
    {"location": 3, "tdm-reservation": 1},
    "no entry",
]


@pytest.mark.parametrize(
    ("path", "trains"), [("/a/b.html", True), ("/a/b", False), ("/true", False), ("/odd", None), ("/", None)]
)
def test_tdmrep_json_counts_by_its_first_entry_that_fits(path, trains):
    found = signals.from_tdmrep(tdmrep.parse(json.dumps(TDMREP).encode()), HOST + path)
    assert signals.judge(found) is trains
    assert [one.rule for one in found if "policy" in one.rule] == ["tdm-policy: https://site.example/p"] * (
        path == "/a/b"
    )


@pytest.mark.parametrize(
    "body",
    [b"", b"<html>Not found</html>", b"{}", b"[[]]", b"[" * 100_000, b"\xff\xfe[", b"null", b"[]" + b" " * (1 << 20)],
)
def test_what_is_no_tdmrep_json_says_nothing(body):
    assert tdmrep.parse(body) == ()


@pytest.mark.parametrize(
    "body",
    [
        '[{"location": "/", "tdm-reservation": 1},]',
        '[{"location": "/", "tdm-reservation": 1,},,]',
        '// ours\n[{"location": "/", /* all */ "tdm-reservation": 1}]',
        '\ufeff\ufeff[{"location": "/", "tdm-reservation": "1"}]',
        '{"location": "/b", "tdm-reservation": 0}\n{"location": "/", "tdm-reservation": 1}',
        '[{"Location": "/", "TDM-Reservation": true}]',
        '[{"location": ["/b", "/a"], "tdm-reservation": 1}]',
        '[{"location": "a", "tdm-reservation": 1}]',
        '[{"location": "HTTP://Site.example/", "tdm-reservation": 1}]',
        '[{"location": "https://other.example/", "tdm-reservation": 0}, {"location": "*", "tdm-reservation": 1}]',
    ],
)
def test_a_tdmrep_json_that_is_broken_a_little_is_read(body):
    found = signals.from_tdmrep(tdmrep.parse(body.encode()), HOST + "/a")
    assert signals.judge(found) is False
    assert signals.are_read(found)


RESERVED = '{"location": "/", "tdm-reservation": 1}'


@pytest.mark.parametrize(
    ("body", "rule", "trains"),
    [
        (f"[{RESERVED}", f"[{RESERVED}", None),
        ('[{"location": "/", "tdm-res', '[{"location": "/", "tdm-res', None),
        ('[{"location": "/", "t', '[{"location": "/", "t', None),
        ('[{"location": "/", "tdm-reservation": 2}]', "tdm-reservation: 2", None),
        ('[{"location": "/", "tdm-reservation": null}]', "tdm-reservation: null", None),
        ('[{"location": "/", "tdm-reservation": ""}]', "tdm-reservation:", None),
        ('[{"tdm-reservation": 1}]', '{"tdm-reservation": "1"}', None),
        ('[{"location": null, "tdm-reservation": [1]}]', '{"location": null, "tdm-reservation": ["1"]}', None),
        (f'[[{{"tdm-reservation": 1}}], {RESERVED}]', '[{"tdm-reservation": "1"}]', False),
        (f'[{{"location": "/a", "tdm-reservation": "no"}}, {RESERVED}]', "tdm-reservation: no", False),
        (f"[{RESERVED}]" + " " * tdmrep.LARGEST, "524,329 bytes, more than are read", None),
        (f"[{', '.join([RESERVED] * 1001)}]", None, False),
    ],
)
def test_what_cannot_be_read_of_a_tdmrep_json_is_noted(body, rule, trains):
    """And hides nothing that can be."""
    found = signals.from_tdmrep(tdmrep.parse(body.encode()), HOST + "/a")
    assert signals.judge(found) is trains
    assert [one.rule for one in found if not one.is_read] == ([rule] if rule else [])
    assert len(found) == 1 + (trains is not None and rule is not None)


@pytest.mark.parametrize(
    "body",
    [
        '<!DOCTYPE html><html><meta name="tdm-reservation" content="1">Not found: /.well-known/tdmrep.json</html>',
        "404: there is no /.well-known/tdmrep.json",
        '{"error": "not found", "location": "/.well-known/tdmrep.json"}',
    ],
)
def test_an_answer_of_something_else_is_not_noted(body):
    assert tdmrep.parse(body.encode()) == ()


def test_an_entry_with_a_policy_alone_reserves_nothing_and_is_kept():
    found = signals.from_tdmrep(tdmrep.parse(b'[{"location": "/", "tdm-policy": "https://x.example/p"}]'), HOST + "/a")
    assert [(one.rule, one.trains, one.is_read) for one in found] == [("tdm-policy: https://x.example/p", None, True)]


HEAD = '<html><head><META NAME="{}" content="{}"></head><body><p>x</p></body></html>'


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("robots", "NOINDEX, nofollow", (None, False, False)),
        ("QaCrawl", "noai", (False, True, True)),
        ("googlebot", "noindex", (None, True, True)),
        ("tdm-reservation", "1", (False, True, True)),
        ("tdm-reservation", "0", (True, True, True)),
        ("description", "robots noindex", (None, True, True)),
        ("&#114;obots", "no&#105;ndex", (None, False, True)),
        (" rob&#X6F;ts", "noindex", (None, False, True)),
        ("tdm&#45;reservation", "&#49;", (False, True, True)),
        ("&#116&#100&#109&#45&#114&#101&#115&#101&#114&#118&#97&#116&#105&#111&#110", "1", (False, True, True)),
        ("robots", "'noindex'", (None, False, True)),
        ("tdm-reservation", "0, 1", (False, True, True)),
    ],
)
def test_meta_tags(name, content, said):
    assert come_to(page.from_page(HEAD.format(name, content), AT)) == said


def test_a_meta_tag_in_a_comment_a_script_or_a_template_is_none():
    inside = HEAD.format("robots", "none")
    for before, after in (("<!--", "-->"), ("<script>", "</script>"), ("<template>", "</template>")):
        assert page.from_page(f"<html><head>{before}{inside}{after}</head></html>", AT) == ()


SIGNS = "<!-- --> <script> </script> <template> </template> <title> </title> <table> <select> <b> <p> > < \" ' = /"
TAGS = (
    HEAD.format("robots", "none"),
    HEAD.format("qacrawl", "noai"),
    HEAD.format("tdm-reservation", "1"),
    "<meta name=robots content='a>b, noindex'>",
    "<META content=nofollow NAME=ROBOTS",
    "<meta name=&#114;obots content=noindex>",
    "<i data-x='name=\"robots\"'>",
    "İ",
)
PIECES = st.sampled_from([*SIGNS.split(), *TAGS])


@given(st.lists(PIECES, max_size=30).map("".join))
def test_a_page_says_the_same_whether_it_is_read_to_its_end(markup):
    with patch.object(page, "_end", return_value=len(markup)):
        whole = page.from_page(markup, AT)
    with patch.object(page, "FAR", 60):
        assert page.from_page(markup, AT) == whole


def test_what_stands_behind_the_last_such_tag_is_not_read():
    text = HEAD.format("robots", "noindex") + "<p>" * 10_000
    assert page._end(text) <= page.FAR + 100


def test_the_most_restrictive_word_counts():
    """Also a header that does not reserve beside a tdmrep.json that does: the protocol would have it the other way."""
    both = [
        *signals.from_headers([("tdm-reservation", "0")], AT),
        *signals.from_headers([("X-Robots-Tag", "noai")], AT),
    ]
    assert signals.judge(both) is False
    assert signals.judge(both[:1]) is True
    assert signals.judge([]) is None


def test_what_is_kept_is_bounded_printable_and_begins_with_what_restricts():
    lines = [("X-Robots-Tag", f"noarchive, max-snippet: {number}") for number in range(100)]
    kept = signals.kept(signals.from_headers([*lines, ("tdm-reservation", "1"), ("tdm-policy", "\x1b[31m" * 999)], AT))
    assert len(kept) == signals.MOST
    assert kept[0].rule == "tdm-reservation: 1"
    assert all(one.rule.isprintable() and len(one.rule) <= signals.LONGEST for one in kept)


@given(st.text(max_size=200) | st.from_regex(r"[a-z*=;,?:@%\"() 0-9.-]{0,60}", fullmatch=True))
def test_whatever_is_said_nothing_breaks(text):
    for name in ("Content-Usage", "Content-Signal", "X-Robots-Tag", "tdm-reservation", "tdm-policy"):
        signals.from_headers([(name, text)], AT)
    page.from_page(HEAD.format("robots", text), AT)
    by_robots(f"User-agent: *\nContent-Usage: {text}\nContent-Signal: /a {text}", "/a")


@pytest.mark.parametrize(
    "text",
    [
        "a=(" + "a " * 4000,
        "a;" * 4000,
        "a=" + '"\\' * 4000,
        "train-ai=" + "a:" * 4000,
        "a=(" + "a;b;" * 2000,
        "%" * 8000,
    ],
)
def test_a_dictionary_made_to_be_slow_is_not(text):
    begun = time.process_time()
    with suppress(ValueError):
        dictionary.read(text)
    signals.from_headers([("X-Robots-Tag", text * 100)], AT)
    assert time.process_time() - begun < 1


@pytest.mark.parametrize(
    "markup",
    ["<meta " * 200_000, "<meta name=" * 100_000, "name" + " " * 2_000_000 + "robots", "name=" + " " * 2_000_000],
)
def test_a_page_made_to_be_slow_is_not(markup):
    begun = time.process_time()
    page.from_page(markup, AT)
    assert time.process_time() - begun < 3
