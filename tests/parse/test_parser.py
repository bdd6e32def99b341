"""Reading holds up: against any input, and whatever a site does to its markup."""

import re
import time
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.places import FIXTURES, SHARED

from qacrawl.parse import blocks, grammar
from qacrawl.records import Article, Listing, Page, Refusal
from qacrawl.sites.doctorqna import parser

PAGES = sorted((FIXTURES / "doctorqna").glob("*/page.html"))
SEED = SHARED / "seed" / "000_5fa296f2facda51e.txt"
ASKED = "A, 10~19 year old female. Ask Date: 2020/01/01\nDr. B reply C\n"
DATED = ASKED + "Yes.\nReply Date: 2020/01/02\n"


def read(body: bytes | str, content_type: str | None = None) -> Article | Listing | Refusal:
    body = body.encode(errors="surrogatepass") if isinstance(body, str) else body
    when = datetime(2024, 5, 1, tzinfo=UTC)
    url = "https://doctorqna.com/en/article/1"
    return parser.parse(Page(site="doctorqna", url=url, body=body, fetched_at=when, content_type=content_type))


WORDS = """Ask Date: 2022/01/18|A, 10~19 year old female. |Dr. B reply C|Reply Date: 2022/01/18|More Info|Similar Q&A|\
Related FAQ|(C)|[Read More] x|Share to:|<br>|<p>|</p>|<td>|<a href=/en/article/2>|</a>|<div hidden>|</div>|<h1>|</h1>|\
<!--|-->|<script>|</script>|<footer>|</footer>|<nav>|<pre>|&amp;|&#xD800;|&#0;|<|>|"|<table>|<title>|Dr.\n|x - C"""
PIECES = st.sampled_from([*WORDS.split("|"), "\n", "\n\n", "\0", "\ud800", "\ufeff", "\u3000"])


@given(st.lists(PIECES | st.text(max_size=20), max_size=60).map("".join))
@settings(max_examples=300, deadline=None)
def test_no_text_crashes_the_parser(markup: str) -> None:
    assert isinstance(read(markup), Article | Listing | Refusal)
    assert blocks.reference(blocks.clean(markup.encode(errors="replace").decode())) is not None


@given(st.binary(max_size=300))
@settings(max_examples=300, deadline=None)
def test_no_bytes_crash_the_parser(body: bytes) -> None:
    assert isinstance(read(body), Article | Listing | Refusal)


@given(st.lists(PIECES, max_size=40).map("".join))
@settings(max_examples=200, deadline=None)
def test_what_is_read_is_clean_text(markup: str) -> None:
    answer = read(markup)
    if isinstance(answer, Article):
        for value in answer.fields.values():
            if isinstance(value, str):
                assert value
                assert value == value.strip()
                assert not re.search(r"\0|\n{3}|[\ud800-\udfff]", value)


HOSTILE = {
    "nested 100,000 deep": "<div>" * 100_000 + "x" + "</div>" * 100_000,
    "nested with text": "<div>x" * 100_000,
    "nested inline": "<span>" * 100_000 + "x",
    "nested tables": "<table><tr><td><font>" * 30_000 + "x",
    "16 MiB of one line": "x y " * (1 << 22),
    "16 MiB of one word": "x" * (1 << 24),
    "NUL bytes": "\0" * 1_000_000,
    "NUL bytes in a page": "<p>" + "a\0" * 3_000 + "b" * 500_000,
    "lone surrogates": "\ud800" * 300_000,
    "ask dates in lines": "Ask Date: 2020/01/01\n" * 20_000,
    "ask dates in a line": "Ask Date: 2020/01/01 " * 50_000,
    "asker lines": "<p>A, 10~19 year old female. Ask Date: 2020/01/01" * 20_000,
    "half landmarks": "Ask Date " * 200_000,
    "doctor lines": ASKED + "Dr. B reply C\n" * 40_000,
    "reply dates": ASKED + "Reply Date: 2020/01/02\n" * 40_000,
    "section headings": DATED + "Similar Q&A\nRelated FAQ\nMore Info\n" * 30_000,
    "read mores": DATED + "Similar Q&A\n" + "[Read More] x\n" * 50_000,
    "brackets": DATED + "Related FAQ\n" + "a (" * 300_000,
    "capitals": ASKED + "Aa " * 300_000 + "\nReply Date: 2020/01/02\n",
    "commas": "x, " * 500_000 + "Ask Date: 2020/01/01",
    "ages": "1~" * 500_000 + " year old Ask Date: 2020/01/01",
    "dots behind an asker": ", male" * 13 + "." * 1_000_000 + "x" * 99 + "1\nDr. B reply C\nReply Date: 2020/01/02",
    "years behind an asker": "a, 1 year old" * 6 + "." * 1_000_000 + "x\nDr. B reply C\nReply Date: 2020/01/02",
    "labels": "<h2>Asker:</h2>" * 20_000 + "<p>A, 10~19 year old female. Ask Date: 2020/01/01",
    "spread out": "<p>a" * 30_000 + "<p>10~19 year old female.<p>Ask Date<p>2020/01/01",
    "open angles": "<" * 1_000_000,
    "open comments": "<!--" * 200_000,
    "open quotes": '<p a="' * 100_000,
    "attributes": "<p " + "a=b " * 200_000 + ">",
    "paragraphs": "<p>a" * 200_000,
    "links": "<a href=/en/article/1>x" * 50_000,
    "links in a block": "<p>" + "<a href=/en/article/1>x</a> " * 40_000,
    "linked paragraphs": "<p>" + "<a href=/en/article/1>x</a><br><br>" * 40_000,
    "line ends": "<p>" + "\n" * 1_000_000,
    "breaks": "<br>" * 200_000,
    "broken names": "Dr.\n" * 300_000,
    "titles": "<title" * 200_000,
    "navigation": DATED + "<nav>a</nav>" * 60_000,
    "nested navigation": "<nav>a" * 60_000,
    "zero-width characters": "<p>" + "\u200b " * 200_000 + "a" + " \u200b" * 200_000,
    "zero-width characters in text": ASKED + "a\u200b" * 200_000 + "Reply Date: 2020/01/02",
    "lone zero-width characters": "<p>" + "a \u200b b\n<br>" * 60_000,
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_page_does_not_hang(name: str) -> None:
    body = HOSTILE[name].encode(errors="surrogatepass")
    started = time.process_time()
    answer = read(body)
    assert isinstance(answer, Article | Listing | Refusal)
    # A second a megabyte, with room for a busy machine. How the time grows is test_growth's.
    assert time.process_time() - started <= 10


@pytest.mark.parametrize("base", ["http://[x", "http://x:99999999/", "javascript:x", "//", "/"])
def test_any_base_address_is_survived(base: str) -> None:
    page = DATED.replace("\n", "<br>") + '<h2>Related FAQ</h2><p><a href="/en/faq/c-d/1">D</a> (C)'
    answer = read(f'<base href="{base}">{page}')
    assert isinstance(answer, Article)
    assert [tag.name for tag in answer.fields["related_faq"]] == ["D"]


def fixture(path: Path) -> str:
    text = path.read_bytes().decode(errors="replace")
    return text if "\ufffd" not in text else ""


READABLE = [path for path in PAGES if fixture(path) and "<pre" not in fixture(path)]
TAG = re.compile(r"<(/?)([a-z][a-z0-9]*)((?:\s[^<>]*)?)>", re.IGNORECASE)
BLOCK = r"(?:div|p|section|article|main|tr|td|table|li|ul|h1|h2|h3|dd|dt|dl|header|footer|aside)"


def outside_scripts(markup: str, change: re.Pattern[str], into: str) -> str:
    """`markup` with `change` replaced, but not in scripts, styles and comments."""
    parts = re.split(
        r"(<script.*?</script>|<style.*?</style>|<!--.*?-->|<template.*?</template>)", markup, flags=re.DOTALL
    )
    return "".join(part if at % 2 else change.sub(into, part) for at, part in enumerate(parts))


CHANGES = {
    "classes renamed": lambda markup: re.sub(r'\sclass="[^"]*"', ' class="css-1x2y3z"', markup),
    "classes removed": lambda markup: re.sub(r'\sclass="[^"]*"', "", markup),
    "attributes added": lambda markup: outside_scripts(
        markup, re.compile(rf"<({BLOCK}|span|b)((?:\s[^<>]*)?)>"), r'<\1 data-v="Ask Date: 1999/01/01" id="a>b"\2>'
    ),
    "wrapped in elements": lambda markup: re.sub(
        r"(?is)(<body[^>]*>)(.*)(</body>)", r"\1<div><section><div><span>\2</span></div></section></div>\3", markup
    ),
    "white space between block elements": lambda markup: outside_scripts(
        markup, re.compile(rf"(</{BLOCK}>)(?=<{BLOCK}[ >])"), "\\1\n \t \n"
    ),
}


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("path", READABLE, ids=lambda path: path.parent.name)
def test_reading_does_not_depend_on_markup(path: Path, change: str) -> None:
    markup = fixture(path)
    assert read(CHANGES[change](markup)) == read(markup)


@given(st.sampled_from(READABLE), st.integers(1, 12), st.sampled_from(["div", "section", "article", "main"]))
@settings(max_examples=40, deadline=None)
def test_blocks_do_not_depend_on_wrappers(path: Path, depth: int, name: str) -> None:
    markup = fixture(path)
    wrapped = re.sub(r"(?is)(<body[^>]*>)(.*)(</body>)", rf"\1{f'<{name}>' * depth}\2{f'</{name}>' * depth}\3", markup)
    assert blocks.fast(wrapped) == blocks.fast(markup)


def test_slow_front_end_takes_over_where_the_fast_one_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    from selectolax.lexbor import SelectolaxError

    def fail(markup: str, *, whole: bool) -> list[blocks.Block]:
        raise SelectolaxError("too large")

    page = "<h1>A</h1><p>b<br>c"
    expected = blocks.fast(page)
    monkeypatch.setattr(blocks, "fast", fail)
    assert blocks.read(page) == expected == [blocks.Block("A", heading=True), blocks.Block("b\nc")]


ODD = {
    "rule": ("<p>a<hr>b<hr/>c", ["a", "b", "c"]),
    "break with attributes": ("a<br class=x>b<BR/>c<br><br>d", ["a\nb\nc", "d"]),
    "space around breaks": ("<p> a &nbsp;<br> \n <br>&nbsp;<br>b ", ["a", "b"]),
    "nested hidden": ("a<svg><svg><text>b</text></svg></svg><div hidden>c<div hidden>d</div></div>e", ["ae"]),
    "hidden in capitals": (
        'a<div STYLE="DISPLAY: NONE">b</div><p HIDDEN>c</p><p Style="Visibility:Hidden">d</p>e',
        ["ae"],
    ),
    "script in a script": ("a<script><!-- <script>b</script>c --></script>d", ["ad"]),
    "angles in attributes": ("<p title='</p><nav>b</nav>'>a</p>", ["a"]),
    "frames": ("<html><head></head><frameset><frame></frameset></html>", []),
    "heading in a link": ("<a href=x><h2>a</h2><p>b</p></a>", ["a", "b"]),
    "navigation in navigation": ("a<nav>b<nav>c</nav>d</nav>e", ["a", "b", "c", "d", "e"]),
}


@pytest.mark.parametrize("name", ODD)
def test_odd_markup_makes_the_same_blocks_in_both_front_ends(name: str) -> None:
    markup, texts = ODD[name]
    assert [block.text for block in blocks.fast(markup)] == texts
    assert blocks.fast(markup) == blocks.reference(markup)


@pytest.mark.parametrize("tag", ["aside", "main", "H1", "p"])
def test_one_tag_makes_a_text_a_page(tag: str) -> None:
    assert [block.text for block in blocks.read(f"a<{tag}>b\n\nc</{tag}>d")] == ["a", "b c", "d"]


LINKED = {
    "abbreviation in a link": ("<a href=/b>b<abbr>c</abbr>d</a>e", [("bcde", [("bcd", "/b")])]),
    "link over paragraphs": (
        "x <a href='/b?c&amp;d'>b<br> <br>c<br>d</a><br><br>e",
        [("x b", [("b", "/b?c&d")]), ("c\nd", [("cd", "/b?c&d")]), ("e", [])],
    ),
    "link without text": ("a<a href=/b> <br></a>c <a href=/d>d</a>", [("a\nc d", [("d", "/d")])]),
    "link that never ends": ("<p><a href=/b>b<p>c", [("b", [("b", "/b")]), ("c", [("c", "/b")])]),
    "name of a place": ("<a name=b>b</a>", [("b", [])]),
}


@pytest.mark.parametrize("name", LINKED)
def test_links_go_with_the_block_they_stand_in(name: str) -> None:
    markup, expected = LINKED[name]
    assert [(block.text, [tuple(link) for link in block.links]) for block in blocks.fast(markup)] == expected


MENUS = st.sampled_from([*WORDS.split("|"), "<nav>", "</nav>", "</footer>", "<dt>", "<aside>", "<a href=/b>", "x"])


@given(st.lists(MENUS, max_size=40).map("".join))
@settings(max_examples=200, deadline=None)
def test_pages_without_their_menus_lack_nothing_else(markup: str) -> None:
    markup = f"<p>{markup}"
    whole, found = blocks.read(markup), blocks.read(markup, whole=False)
    outside = [block for block in whole if block.place != "nav"]
    kept = [block for block in found if block.place != "nav"]
    assert kept == outside[: len(kept)]
    assert all(block.place == "footer" for block in outside[len(kept) :])
    assert all(block in whole for block in found)


@given(st.lists(MENUS, max_size=20).map("".join), st.lists(MENUS, max_size=20).map("".join))
@settings(max_examples=200, deadline=None)
def test_menus_add_nothing_to_an_article(above: str, below: str) -> None:
    article = DATED.replace("\n", "<br>")
    markup = f"<p>{above}<p>{article}{below}"
    found = blocks.read(markup, whole=False)
    parts = grammar.cut(found, parser.WORDS)
    outside = any(DATED.strip() in block.text and not block.place for block in found)
    if parts and parts.landmarks == 3 and outside and not any(block.place == "nav" for block in found):
        assert parts == grammar.cut(blocks.read(markup), parser.WORDS)


KNEE = "<h1>Knee</h1><p>It hurts.<p>"
UNANSWERED_KNEE = f"{KNEE}A, 10~19 year old female. Ask Date: 2020/01/01"
UNANSWERED = {
    "list with links": "<p><a href=/en/article/2>Ears</a><p>They itch ...<p>Dr. B reply C<p>Dry them ...",
    "list with headings": "<h3>Ears</h3><p>They itch ...<p>Dr. B reply C<p>Dry them ...",
    "list without either": "<p>Ears<p>They itch ...<p>Dr. B reply C<p>Dry them ...",
    "list with dates": "<h3>Ears</h3><p>They itch.<p>Dr. B reply C<p>Dry them.<p>Reply Date: 2020/01/09",
}


@pytest.mark.parametrize("name", UNANSWERED)
def test_no_doctor_of_a_list_answers_a_question_above_it(name: str) -> None:
    answer = read(f"{UNANSWERED_KNEE}<div>{UNANSWERED[name]}</div>")
    assert isinstance(answer, Article)
    assert answer.fields["question"] == "It hurts."
    assert {"doctor", "reply_specialty", "reply", "reply_date"}.isdisjoint(answer.fields)
    assert answer.fields["notes"] == ["unread_text"]


@pytest.mark.parametrize("between", ["<p>Knees are our trade!", "<a href=https://knees.example>Buy knees</a>"])
def test_a_line_between_question_and_reply_does_not_hide_the_reply(between: str) -> None:
    answer = read(f"{UNANSWERED_KNEE}<div>{between}</div><p>Dr. B reply C<p>Rest it.<p>Reply Date: 2020/01/02")
    assert isinstance(answer, Article)
    assert (answer.fields["doctor"], answer.fields["reply"]) == ("B", "Rest it.")


UNREAD_DATES = [
    "Lin Mei, 20~29 year old female.",
    "Lin Mei, 20~29 year old female. Ask Date: Jan 18, 2022",
    "Lin Mei, 20~29 year old female. Ask Date: 18/01/2022",
    "Lin Mei, 20~29 year old. Asked: yesterday",
    "Lin Mei, female. Asked on 2022/01/18",
    "Lin Mei,<br>20~29 year old female. Asked on 2022/01/18",
    "Lin Mei, 20~29-year-old Male<p>Advertisement",
]


@pytest.mark.parametrize("line", UNREAD_DATES)
def test_asker_whose_day_is_not_read_leaves_the_question_all_the_same(line: str) -> None:
    answer = read(f"{KNEE}{line}<p>Dr. B reply C<p>Rest it.<p>Reply Date: 2022/01/19")
    assert isinstance(answer, Article)
    assert (answer.fields["question"], answer.fields["asker"]) == ("It hurts.", "Lin Mei")
    assert "ask_date" not in answer.fields
    assert answer.fields["notes"] == ["no_ask_date"]


@pytest.mark.parametrize(
    "line", ["My son is 3 years old.", "He is male.", "Take one, other, or both?", "I am a year old."]
)
def test_last_line_of_a_question_without_asker_stays(line: str) -> None:
    answer = read(f"{KNEE}{line}<p>Dr. B reply C<p>Rest it.<p>Reply Date: 2022/01/19")
    assert isinstance(answer, Article)
    assert answer.fields["question"] == f"It hurts.\n\n{line}"
    assert answer.fields["notes"] == ["no_asker"]


LONG_REPLIES = {
    "second reply": ("<p>Dr. D reply E<p>Run.<p>Reply Date: 2020/01/02", ["several_doctor_lines"]),
    "list below a reply without a date": (
        "<div><h3>Ears</h3><p>They itch ...<p>Dr. D reply E<p>Dry them ...</div>",
        ["several_doctor_lines", "no_reply_date"],
    ),
}


@pytest.mark.parametrize("name", LONG_REPLIES)
def test_reply_in_which_another_doctor_replies_says_so(name: str) -> None:
    more, notes = LONG_REPLIES[name]
    answer = read(f"{UNANSWERED_KNEE}<p>Dr. B reply C<p>Rest it.{more}")
    assert isinstance(answer, Article)
    assert answer.fields["doctor"] == "B"
    assert answer.fields["reply"].startswith("Rest it.\n\n")
    assert answer.fields["notes"] == notes


SIMILAR = "<h2>Similar Q&amp;A</h2><h3>Hip</h3><p>Dr. D reply E<p>Swim ...<p>[Read More] Hip"
RELATED = "<h2>Related FAQ</h2><p>Knees (Orthopedics)"
SECTIONS = {
    "in order": (f"<h2>More Info</h2><p>Knees.{SIMILAR}{RELATED}", ["more_info", "related_faq", "similar_qa"], []),
    "a heading of the site below": (
        f"{SIMILAR}{RELATED}<h2>More Info</h2><p>Write to us.",
        ["related_faq", "similar_qa"],
        ["section_out_of_place"],
    ),
    "a line of the site below": (f"{SIMILAR}{RELATED}<p>More Info<p>Write to us.", ["related_faq", "similar_qa"], []),
    "another order": (f"{RELATED}<h2>More Info</h2><p>Knees.", ["related_faq"], ["section_out_of_place"]),
}


@pytest.mark.parametrize("name", SECTIONS)
def test_most_sections_that_can_be_in_order_are_read_and_others_noted(name: str) -> None:
    below, found, notes = SECTIONS[name]
    answer = read(KNEE + DATED.replace("\n", "<p>") + below)
    assert isinstance(answer, Article)
    assert (
        sorted({"more_info", "related_faq", "similar_qa"} & {key for key, value in answer.fields.items() if value})
        == found
    )
    assert answer.fields["notes"] == notes


ARTICLE = [
    "<h1>Sore Knee - Orthopedics</h1>",
    "<p>Share to:</p>",
    "<h2>Knee</h2>",
    "<p>It hurts.</p>",
    "<p>A, 10~19 year old female. Ask Date: 2020/01/01</p>",
    "<p>Dr. B reply Orthopedics</p>",
    "<p>Rest it.</p>",
    "<p>Reply Date: 2020/01/02</p>",
    "<h2>More Info</h2><p>Knees are joints.</p>",
    SIMILAR,
    "</p>",
]
ASIDE = (
    "<aside><h2>Most read</h2><h3>Ears</h3><p>They itch ...<p>Dr. D reply E<p>Dry them ...<p>[Read More] Ears</aside>"
)


@pytest.mark.parametrize("at", range(len(ARTICLE) + 1))
def test_an_aside_with_other_questions_is_no_part_of_an_article(at: int) -> None:
    assert read("".join([*ARTICLE[:at], ASIDE, *ARTICLE[at:]])) == read("".join(ARTICLE))


def test_an_aside_of_the_article_is_read() -> None:
    answer = read("".join([*ARTICLE[:7], "<aside>Call if it swells.</aside>", *ARTICLE[7:]]))
    assert isinstance(answer, Article)
    assert answer.fields["reply"] == "Rest it.\n\nCall if it swells."
    answer = read("".join(ARTICLE[:8]) + f"<aside>{SIMILAR}</aside>")
    assert isinstance(answer, Article)
    assert [entry.title for entry in answer.fields["similar_qa"]] == ["Hip"]


def test_page_without_asker_but_with_several_doctors_is_no_article() -> None:
    entry = "<h3>Ears</h3><p>They itch.<p>Dr. B reply C<p>Dry them.<p>Reply Date: 2020/01/09"
    undated = "<h3>Nose</h3><p>It runs.<p>Dr. D reply E<p>Blow it."
    assert isinstance(read(entry), Article)
    assert read(2 * entry) == read(undated + entry) == Refusal("not_article")
    answer = read(entry + undated)
    assert isinstance(answer, Article)
    assert (answer.fields["doctor"], answer.fields["reply"]) == ("B", "Dry them.")


def test_navigation_is_looked_through_last() -> None:
    answer = read(
        "<nav><p>N, 20~29 year old male. Ask Date: 2021/01/01<p>Dr. N reply N</nav>"
        "<main><h1>S</h1><p>q<p>A, 10~19 year old female. Ask Date: 2020/01/01<p>Dr. B reply C<p>Yes.</main>"
        "<footer><p>Reply Date: 2020/01/02</footer>"
    )
    assert isinstance(answer, Article)
    assert (answer.fields["asker"], answer.fields["reply_date"]) == ("A", date(2020, 1, 2))


MENU_PAGES = {
    "footer": ("a<footer>b</footer> <!-- c --> ", ["a"]),
    "footer in wrappers": ("<div><div>a<footer>b</footer></div>\n</div><script>c</script>", ["a"]),
    "footer of an article": ("<article>a<footer>b</footer></article>c", ["a", "b", "c"]),
    "footer before a hidden part": ("a<footer>b</footer><p hidden>c</p>", ["a", "b"]),
    "footer above another": ("a<footer>b</footer><footer>c</footer>", ["a", "b"]),
    "navigation": ("a<nav>b</nav>c", ["a", "c"]),
    "navigation in navigation": ("a<nav>b<nav>c</nav>d</nav>e", ["a", "e"]),
    "footer of a navigation with a heading": ("a<nav><h2>b</h2><footer>c</footer></nav>", ["a", "b", "c"]),
    "footer with a navigation with a heading": ("a<footer>b<nav><h2>c</h2></nav></footer>", ["a", "b", "c"]),
    "navigation in a heading": ("a<h2><nav>b</nav></h2>c", ["a", "b", "c"]),
    "navigation with a label": ("a<nav><dl><dt>b</dt><dd>c</dd></dl></nav>d", ["a", "b", "c", "d"]),
    "navigation with a heading": ("a<nav><h2>b</h2><nav>c</nav>d</nav>e", ["a", "b", "c", "d", "e"]),
}


@pytest.mark.parametrize("name", MENU_PAGES)
def test_menus_are_left_out_by_both_front_ends(name: str) -> None:
    markup, texts = MENU_PAGES[name]
    assert [block.text for block in blocks.fast(markup, whole=False)] == texts
    assert blocks.fast(markup, whole=False) == blocks.reference(markup, whole=False)


@pytest.mark.skipif(not SEED.exists(), reason="the seed page is not beside this checkout")
def test_seed_page_is_read_whole() -> None:
    answer = read(SEED.read_bytes())
    assert isinstance(answer, Article)
    fields = answer.fields
    text = SEED.read_text()
    assert fields["title"] == text.split(" - ")[0]
    assert (fields["specialty"], fields["reply_specialty"]) == ("Neurology", "Neurology")
    assert fields["question_subject"] == text.split("Share to:")[1].strip().split("\n")[0]
    assert fields["question"].startswith("Hello, Doctor.\n")
    assert fields["question"].endswith("hard work!")
    assert (fields["asker"], fields["asker_sex"]) == ("An An An", "female")
    assert (fields["asker_age_min"], fields["asker_age_max"]) == (10, 19)
    assert fields["ask_date"].isoformat() == fields["reply_date"].isoformat() == "2022-01-18"
    assert (fields["doctor"], fields["hospital"]) == ("Jiang Junyi", "Taoyuan Hospital")
    assert fields["reply"].startswith("Hello Miss Anan")
    assert fields["reply"].endswith("Dr.\nJiang Junyi, Taoyuan Hospital, cares about you.")
    assert fields["more_info"] == text.split("More Info\n")[1].split("\nSimilar Q&A")[0].strip()
    assert [bool(entry.reply_excerpt and entry.question_excerpt) for entry in fields["similar_qa"]] == [True] * 4
    assert [entry.doctor for entry in fields["similar_qa"]] == [
        "Jiang Junyi",
        "Jiang Junyi",
        "Ye Boshou",
        "Jiang Junyi",
    ]
    assert len(fields["related_faq"]) == 10
    assert {tag.specialty for tag in fields["related_faq"]} == {"Neurology"}
    assert fields["notes"] == []
