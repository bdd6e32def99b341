"""A reject becomes a fixture, a mended parser and a compared rebuild, offline and without people's words."""

import json
import re
import shutil
from pathlib import Path

import pytest
from support import acting, crawling, warcs
from support.places import ROOT
from test_fixtures import CASES, case_id, load_page, read, use

from qacrawl import registry
from qacrawl.commands import fixture
from qacrawl.parse import encoding
from qacrawl.rebuild.scramble import Scrambler

KEY = b"k" * 32
OTHERWISE = {
    "qapage/zones-and-words-in-dates": "names of months in other languages are words",
    "tweh/backslashes-after-lead-bytes": "the fixture is in UTF-8",
    "tweh/follow-up-in-question": "what was quoted is other text",
}
CHANGED = {b"Ask Date:": b"Asked:", b"Dr. Ivo Example reply Neurology": b"In answer:"}
MENDED = f"""

CHANGED = {CHANGED}
_parse = parse


def parse(page):
    body = page.body
    for old, new in CHANGED.items():
        body = body.replace(new, old)
    return _parse(page.model_copy(update={{"body": body}}))
"""


@pytest.mark.parametrize("folder", CASES, ids=case_id)
def test_a_page_in_other_words_has_the_same_fields(folder: Path) -> None:
    page = load_page(folder)
    use(page.site)
    text = encoding.decode(page.body, page.content_type, registry.encoding(page.site))
    if text is None or case_id(folder) in OTHERWISE:
        return
    made = Scrambler(page.site, KEY).page(text, lambda link: fixture._is_page(page, link))
    kind = page.content_type and page.content_type.partition(";")[0] + "; charset=utf-8"
    other = page.model_copy(update={"body": made.encode("utf-8", "replace"), "content_type": kind})
    before, after = read(page), read(other)
    assert before.keys() == after.keys()
    if "reject" in before or "listing" in before:
        assert before.get("reject") == after.get("reject")
        return
    sides = [side.get("records", [side.get("record")]) for side in (before, after)]
    for one, again in zip(*sides, strict=True):
        assert {name for name, value in one.items() if value} == {name for name, value in again.items() if value}
        for name in ("ask_date", "reply_date", "asker_sex", "asker_age_min", "asker_age_max", "department"):
            assert one.get(name) == again.get(name)


def test_words_are_others_and_alike_everywhere():
    page = (
        '<title>Tea for Rita - Neurology</title><meta name="description" content="Rita drinks tea">'
        '<!-- Rita --><script>var who = "Rita";</script><p class="tea">Rita, 30~39 year old female. '
        "Ask Date: 2020/01/02</p><p>Call 0912-345-678 or rita@mail.example, Rita&amp;Rita, 3 days, 2020-01-02.</p>"
        '<a href="mailto:rita@mail.example" title="Rita">x</a><a href="/en/article/7">Rita</a>'
        '<script type="application/ld+json">{"@type": "Question", "name": "Rita", "text": "Tea\\nRita"}</script>'
    )
    made = Scrambler("doctorqna", KEY).page(page, lambda link: link == "/en/article/7")
    assert not re.search(r"rita|0912|345|mail\.example", made, re.IGNORECASE)
    name = re.search(r"<p class=\"tea\">(\w+), 30~39 year old female\. Ask Date: 2020/01/02</p>", made)[1]
    assert (len(name), name[0].isupper(), made.count(name)) == (4, True, page.count("Rita") - 1)
    for kept in ("- Neurology</title>", "3 days, 2020-01-02.", 'href="/en/article/7"', '"@type": "Question"', "&amp;"):
        assert kept in made
    assert made == Scrambler("doctorqna", KEY).page(page, lambda link: link == "/en/article/7")
    assert name not in Scrambler("doctorqna", b"other" * 8).page(page, lambda link: False)
    chinese = Scrambler("tweh", KEY).text("發問者：紙船／男／(30~39),2014/06/01 皮膚科")
    assert re.fullmatch(r"發問者：(?!紙船)..／男／\(30~39\),2014/06/01 皮膚科", chinese)


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """An output with an article, and a page that is a reject."""
    bodies = {1: warcs.article(1), 2: warcs.article(2)}
    for old, new in CHANGED.items():
        bodies[2] = bodies[2].replace(old, new)
    rows = [warcs.record(warcs.http(body), warcs.url(number)) for number, body in bodies.items()]
    (tmp_path / "x.warc").write_bytes(warcs.warcinfo("Wget/1.21") + b"".join(rows))
    made = ["--archive", str(tmp_path / "x.warc"), "--output", str(tmp_path / "output"), "--gate-rejects", "1"]
    assert crawling.qacrawl("rebuild", "doctorqna", *made).code == 0
    return tmp_path


@pytest.mark.slow
def test_wrong_places_are_one_line(place):
    output = ["--output", str(place / "output"), "--to", str(place / "made")]
    for given, said in (
        (warcs.url(9), f"nothing was read of {warcs.url(9)}: give FILE#OFFSET"),
        (f"{place}/none.warc#0", f"{place}/none.warc can't be read: No such file or directory"),
        (f"{place}/x.warc#3", f"the page at {place}/x.warc#3 can't be read: no WARC record where one should begin"),
    ):
        done = crawling.qacrawl("fixture", given, *output)
        assert done.code in (1, 2)
        assert done.err.startswith(f"qacrawl: {said}"), done.err
        assert (done.err.count("\n"), (place / "made").exists()) == (1, False)


@pytest.mark.slow
def test_a_reject_becomes_a_fixture_a_mended_parser_and_a_compared_rebuild(place):
    """The four commands, offline."""
    output = ["--output", str(place / "output")]
    shutil.copytree(ROOT / "qacrawl", place / "project" / "qacrawl", ignore=shutil.ignore_patterns("__pycache__"))
    project = acting.environment(place / "project")
    rejects = crawling.qacrawl("rejects", "doctorqna", *output).out
    assert warcs.url(2) in rejects
    case = place / "project" / "tests" / "fixtures" / "doctorqna" / "asked"
    made = crawling.qacrawl("fixture", warcs.url(2), *output, "--to", str(case))
    assert (made.code, made.err) == (0, "")
    assert made.out.startswith(f"{case}: a reject: ")
    assert sorted(path.name for path in case.iterdir()) == ["page.html", "page.json"]
    assert b"drink" not in (case / "page.html").read_bytes()
    page = load_page(case)
    assert page.url == warcs.url(2)
    assert "reject" in read(page)
    place_of = f"{place}/x.warc#{(place / 'x.warc').read_bytes().rindex(b'WARC/1.0')}"
    assert crawling.qacrawl("fixture", place_of, *output, "--to", str(place / "again")).code == 0
    assert (place / "again" / "page.html").read_bytes() == (case / "page.html").read_bytes()
    with (place / "project" / "qacrawl" / "sites" / "doctorqna" / "parser.py").open("a") as parser:
        parser.write(MENDED)
    mended = crawling.qacrawl("extract", str(case / "page.html"), "--url", page.url, env=project)
    assert mended.code == 0, mended.err
    archive = ["--archive", str(place / "x.warc"), *output]
    compared = crawling.qacrawl("rebuild", "doctorqna", *archive, "--compare", "--json", env=project)
    found = json.loads(compared.out)
    assert (found["won"], found["lost"], found["changed"]) == (1, 0, 0)
    assert crawling.qacrawl("rebuild", "doctorqna", *archive, env=project).code == 0
    assert [row["record_id"] for row in crawling.records(place / "output")] == ["doctorqna:1", "doctorqna:2"]
