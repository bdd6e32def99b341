"""What robots.txt allows, by RFC 9309 and by the facts that Google's own matcher is tested with.

`robots_cases.json` restates what google/robotstxt's robots_test.cc asserts (Apache-2.0); the file names no code of it.
All of that is held. Of its tests of single functions, what those functions are for is asserted here, but for one:
`IsValidUserAgentToObey` judges names that a caller asks for, and ours is a constant.
"""

import json
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qacrawl.usage import rules

HOST = "http://site.example"
CASES = json.loads(Path(__file__).with_name("robots_cases.json").read_text(encoding="utf-8"))


def allows(robots: str | bytes, path: str, agent: str = "qacrawl") -> bool:
    body = robots if isinstance(robots, bytes) else robots.encode()
    return rules.parse(body, agent).allows(HOST + path)


def for_all(*lines: str) -> str:
    return "\n".join(["User-agent: *", *lines])


@pytest.mark.parametrize("case", CASES, ids=[f"{at} {case['about']}" for at, case in enumerate(CASES)])
def test_what_google_asserts(case):
    read = rules.parse("\n".join(case["robots"]).encode(), case["agent"])
    assert [url for url in case["allowed"] if not read.allows(url)] == []
    assert [url for url in case["forbidden"] if read.allows(url)] == []


def test_google_reads_lines_to_a_length():
    long = "/x/" + "a" * (2083 * 8 - len("disallow: /x/") + 1 - 3 + 3)
    cut = f"user-agent: *\ndisallow: {long}/qux\n"
    assert allows(cut, "/fux")
    assert not allows(cut, f"{long}/fux")
    twice = f"user-agent: *\ndisallow: /\nallow: {long}/qux\nallow: {long.replace('a', 'b')}/qux\n"
    assert not allows(twice, "/")
    assert allows(twice, f"{long}/qux")
    assert allows(twice, f"{long.replace('a', 'b')}/fux")


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_lines_end_as_on_any_system(end):
    assert not allows(end.join(["User-agent: foo", "Allow: /", "User-agent: qacrawl", "", "", "Disallow: /"]), "/")


MARKED = {
    "UTF-8": lambda text: b"\xef\xbb\xbf" + text.encode(),
    "UTF-16, little end first": lambda text: b"\xff\xfe" + text.encode("utf-16-le"),
    "UTF-16, big end first": lambda text: b"\xfe\xff" + text.encode("utf-16-be"),
    "UTF-16 without a mark": lambda text: text.encode("utf-16-le"),
    "UTF-16 without a mark, big end first": lambda text: text.encode("utf-16-be"),
    "UTF-32": lambda text: b"\xff\xfe\0\0" + text.encode("utf-32-le"),
    "UTF-32, big end first": lambda text: b"\0\0\xfe\xff" + text.encode("utf-32-be"),
    "two bytes of UTF-8's mark": lambda text: b"\xef\xbb" + text.encode(),
    "one byte of UTF-8's mark": lambda text: b"\xef" + text.encode(),
}


@pytest.mark.parametrize("name", MARKED)
def test_a_byte_order_mark_decides_the_encoding(name):
    body = MARKED[name]("User-agent: *\nDisallow: /b\u00fcro\n")
    assert not allows(body, "/b%C3%BCro/1")
    assert allows(body, "/garten")


def test_a_broken_mark_costs_its_line_and_a_mark_inside_its_own():
    assert allows(b"\xef\x11\xbfUser-agent: *\nDisallow: /\n", "/")
    assert allows(b"User-agent: *\n\xef\xbb\xbfDisallow: /\n", "/")


@pytest.mark.parametrize("codec", ["utf-8", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize(
    "text",
    [
        "\ufeff\ufeffUser-agent: *\nDisallow: /\nContent-Signal: ai-train=no\n",
    ],
)
def test_several_byte_order_marks_at_the_beginning_cost_nothing(text, codec):
    body = text.encode(codec)
    assert not allows(body, "/a")
    assert [usage.said for usage in rules.parse(body, "qacrawl").usages(f"{HOST}/a")] == ["ai-train=no"]


AGENTS = {
    "qacrawl": True, "QACRAWL": True, "qacrawl/0.1": True, "qacrawl bot": True, "qacrawl*": True, "qacrawl (x)": True,
    "q": False, "qa": False, "crawl": False, "qacrawler": False, "qacrawl-news": False, "qacrawl_2": False,
    "qacrawl2": False, "the qacrawl": False, "": False, "/qacrawl": False, "*/1.0": False,
}  # fmt: skip


@pytest.mark.parametrize("agent", AGENTS)
def test_our_name_is_compared_whole(agent):
    assert allows(f"User-agent: {agent}\nDisallow: /\n", "/x") is not AGENTS[agent]


@pytest.mark.parametrize("between", ["Host: x", "Sitemap: /map.xml", "Clean-param: a", "nonsense", "", "# remark"])
def test_lines_of_others_end_no_group(between):
    two = f"User-agent: other\n{between}\nUser-agent: qacrawl\n{between}\nDisallow: /a\n{between}\nDisallow: /b\n"
    assert not allows(two, "/a")
    assert not allows(two, "/b")
    assert not allows(two, "/b", "other")


def test_all_groups_of_an_agent_count_and_only_theirs():
    robots = "User-agent: qacrawl\nDisallow: /a\n\nUser-agent: *\nDisallow: /c\n\nUser-agent: QACRAWL/2\nDisallow: /b\n"
    assert [path for path in ("/a", "/b", "/c") if allows(robots, path)] == ["/c"]
    assert [path for path in ("/a", "/b", "/c") if allows(robots, path, "other")] == ["/a", "/b"]
    assert allows("User-agent: *\nDisallow: /\nUser-agent: qacrawl\nDisallow:\n", "/a")
    assert allows("User-agent: *\nDisallow: /\nUser-agent: qacrawl\n", "/a")


ENCODED = [
    ("/%7Ejoe", "/~joe", False),
    ("/~joe", "/%7ejoe", False),
    ("/%61", "/a", False),
    ("/a", "/%61b", False),
    ("/b%C3%BCro", "/b%c3%bcro", False),
    ("/b\u00fcro", "/b%c3%bcro", False),
    ("/a%2Fb", "/a/b", True),
    ("/a/b", "/a%2Fb", True),
    ("/a%2fb", "/a%2Fb", False),
    ("/a?u=http://x", "/a?u=http%3A%2F%2Fx", False),
    ("/a?u=http%3a%2f%2Fx", "/a?u=http://x", False),
    ("/a?x=1%262", "/a?x=1&2", True),
    ("/a b", "/a%20b", False),
    ("/{id}", "/%7Bid%7D", False),
    ("/a-%2A.html", "/a-*.html", False),
    ("/a-%2A.html", "/a-b.html", True),
    ("/a%24", "/a$", False),
    ("/a%24", "/a", True),
    ("/a$b", "/a$b", False),
    ("/100%", "/100%", False),
]


@pytest.mark.parametrize(("pattern", "path", "allowed"), ENCODED)
def test_escapes_are_compared_as_what_they_stand_for(pattern, path, allowed):
    assert allows(for_all(f"Disallow: {pattern}"), path) is allowed


def test_bytes_that_are_no_utf_8_are_compared_as_bytes():
    robots = "User-agent: *\nDisallow: /b\u00fcro\n".encode("latin-1")
    assert not allows(robots, "/b%FCro")
    assert allows(robots, "/b%C3%BCro")


def test_an_address_escaped_without_need_is_allowed_where_its_plain_form_is():
    assert allows(for_all("Disallow: /", "Allow: /ab"), "/%61b")


PATTERNS = [
    ("/a*b*c", "/a-b-c-d", True), ("/a*b*c$", "/a-b-c-d", False), ("/a*b*c$", "/a-b-c-c", True), ("/*$", "/x", True),
    ("/a*$", "/a", True), ("/a$", "/a?b", False), ("*b", "/ab", True), ("/ab*b$", "/ab", False), ("/**a", "/ba", True),
    ("/a*", "/ba", False), ("$", "/", False), ("/$", "/", True), ("/a$$", "/a$", True), ("/?x", "/?x=1", True),
]  # fmt: skip


@pytest.mark.parametrize(("pattern", "path", "fits"), PATTERNS)
def test_stars_and_the_final_dollar(pattern, path, fits):
    assert allows(for_all(f"Disallow: {pattern}"), path) is not fits


def test_what_is_cut_off_is_cut_at_a_line():
    head = for_all("Disallow: /members", "# " + "x" * (rules.LARGEST - 60)) + "\n"
    robots = head + "Allow: /members/of/the/house/only/for/this/path\n"
    assert len(head) < rules.LARGEST < len(robots) - 5
    assert not allows(robots, "/members/of")
    wide = ("\ufeff" + robots).encode("utf-16-le")
    assert not allows(wide, "/members/of")


@pytest.mark.parametrize(
    ("lines", "delay"),
    [
        (["User-agent: *", "Crawl-delay: 2"], 2.0),
        (["User-agent: *", "crawl-delay: 0.5 seconds"], 0.5),
        (["User-agent: *", "Crawl-delay: 2", "User-agent: qacrawl", "Disallow: /x"], 0.0),
        (["User-agent: qacrawl", "Crawl-delay: 3", "User-agent: *", "Crawl-delay: 9", "Disallow: /"], 9.0),
        (["User-agent: qacrawl", "Crawl-delay: 3", "Allow: /", "User-agent: qacrawl", "Crawl-delay: 7"], 7.0),
        (["Crawl-delay: 5"], 0.0),
        *[(["User-agent: *", f"Crawl-delay: {value}"], 0.0) for value in ("", "-1", "soon", "nan", "inf", "\u0663")],
    ],
)
def test_the_delay_that_is_asked_for(lines, delay):
    assert rules.parse("\n".join(lines).encode(), "qacrawl").delay == delay


def test_sitemaps_stand_anywhere_each_counts_once_as_written():
    robots = "Sitemap: /a.xml\nUser-agent: x\nSITEMAP:http://h/b.xml # new\nDisallow: /\nsitemap http://h/c.xml\n"
    found = rules.parse((robots + "Sitemap: /a.xml\nSitemap:\nSitemap: http://[\n").encode(), "qacrawl").sitemaps
    assert found == ("/a.xml", "http://h/b.xml", "http://h/c.xml", "", "http://[")


def test_many_stars_take_no_time():
    robots = for_all(*["Disallow: /" + "*a" * 400 + "b$"] * 50)
    start = time.process_time()
    assert allows(robots, "/" + "a" * 4000)
    assert time.process_time() - start < 5


@given(st.binary(max_size=200) | st.text(max_size=200).map(str.encode), st.text(max_size=40))
@settings(max_examples=200, deadline=None)
def test_whatever_is_sent_is_read(body, path):
    read = rules.parse(b"User-agent: *\nDisallow: " + body, "qacrawl")
    assert read.allows(f"{HOST}/{path}") in (True, False)
