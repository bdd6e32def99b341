"""report.html: the right numbers, whole in itself, harmless whatever pages say, readable on a phone (in Chromium)."""

import json
import os
import re
import shutil
import subprocess
from html.parser import HTMLParser
from pathlib import Path

import pytest
from lxml import html
from support.making import HOST, part, record, reject

from qacrawl.publish.about import report_charts, report_facts
from qacrawl.publish.data import changes
from qacrawl.publish.data.changes import Changes
from qacrawl.publish.snapshot import Snapshot, publish

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
EVIL = (
    "http://evil.example/x.png <script>document.title='ran'</script><img src=x onerror=\"document.title='ran'\">"
    "</title></style></svg><svg onload=document.title='ran'> javascript:document.title='ran' ' \" & \u202e\u2066"
)
RUN = {
    "run_id": "20240303T120000Z-0a1b2c3d",
    "started": "2024-03-03T12:00:00.123456+00:00",
    "outcomes": {"record": 30, "reject": 2, "failed": 1, "gone": 0},
    "rejects": {"maintenance": 2},
    "failed": [["https://doctorqna.com/en/article/" + "9" * 300, "timeout"], ["javascript:document.title='ran'", EVIL]],
    "slowest": [[12.3, f"{HOST}/1"], [0.5, f"{HOST}/{EVIL}"]],
}


def ill(number: int, **changes):
    """A record with text from a hostile page wherever text goes."""
    return record(number, specialty=EVIL + "W" * 200 if number % 2 else "頭痛門診", doctor=EVIL, title=EVIL, **changes)


@pytest.fixture(scope="module")
def snapshot(tmp_path_factory: pytest.TempPathFactory) -> Snapshot:
    """The second snapshot of two; 5 records are new, 10 changed, 2 gone."""
    folder = tmp_path_factory.mktemp("report") / "doctorqna"
    first = part(folder, [ill(number) for number in range(1, 31)])
    publish(folder, "doctorqna", [first])
    more = [ill(number, day=1) for number in range(31, 36)]
    more += [ill(number, day=2, hospital=None) for number in range(1, 11)]
    more += [ill(number, day=3) for number in range(11, 14)]  # fetched again, unchanged
    refused = [reject(900, reason="no_question", fields=("question", "<script>x</script>")), reject(901, url=EVIL)]
    refused += [reject(number) for number in (902, 903, 904)]
    made = publish(
        folder,
        "doctorqna",
        [first, part(folder, more)],
        rejects=[part(folder, refused)],
        gone=[f"{HOST}/20", f"{HOST}/21"],
        run=RUN,
    )
    assert made is not None
    return made


@pytest.fixture(scope="module")
def text(snapshot: Snapshot) -> str:
    return (snapshot.path / "report.html").read_text()


def sections(text: str) -> dict[str, html.HtmlElement]:
    """The parts of the page by their headings."""
    found = {part.findtext("h2/bdi"): part for part in html.fromstring(text).iter("section")}
    return {name or "headline": part for name, part in found.items()}


def rows(part: html.HtmlElement) -> list[list[str]]:
    """The body of the first table of a part."""
    return [[cell.text_content() for cell in row] for row in part.find(".//tbody")]


def tiles(part: html.HtmlElement) -> dict[str, str]:
    return {tile.find("dt").text_content(): tile.find("dd").text_content() for tile in part.iterfind("dl/div")}


@pytest.mark.slow
def test_headline_and_changes_are_right(text):
    said = tiles(sections(text)["headline"])
    assert said["records"] == "33"
    assert [said[name] for name in ("added", "changed", "gone", "same")] == ["5", "10", "2", "18"]


def test_counts_are_right(text):
    found = sections(text)
    assert rows(found["Records by year asked"]) == [["2020", "33"]]
    assert rows(found["Records by department"])[1] == ["頭痛門診", "16"]
    assert sum(int(count) for _, count in rows(found["Length of the question, characters"])) == 33
    assert sum(int(count) for _, count, _ in rows(found["Splits"])) == 33
    coverage = {row[0]: row[2:] for row in rows(found["Coverage: records in which a field says something"])}
    assert coverage["hospital"] == ["69.7%", "100.0%", "-30.3"]
    history = {row[0]: row[1:] for row in rows(found["Snapshot by snapshot"])}
    assert (history["records"], history["hospital"]) == (["33", "30"], ["69.7%", "100.0%"])  # the newest first


def test_rejects_are_shown_by_reason_with_examples(text):
    maintenance, other = rows(sections(text)["Rejects: articles that became no record"])
    assert maintenance[:2] == ["maintenance", "4"]
    assert maintenance[2].count(HOST) == report_facts.EXAMPLES - 1  # and the hostile one
    assert other[:2] == ["no_question", "1"]
    assert "question, <script>" in other[2]


def test_the_run_is_shown(text):
    found = sections(text)
    assert rows(found["The run: pages by outcome"]) == [["record", "30"], ["reject", "2"], ["failed", "1"]]
    assert rows(found["The run: slowest pages"])[0] == ["12.30", f"{HOST}/1"]
    assert [row[0][:7] for row in rows(found["The run: pages that failed"])] == ["timeout", "http://"]


def test_a_first_snapshot_without_a_run(tmp_path):
    folder = tmp_path / "doctorqna"
    made = publish(folder, "doctorqna", [part(folder, [record(1)])])
    found = sections((made.path / "report.html").read_text())
    assert "no snapshot before" in found["headline"].text_content()
    assert "became a record" in found["Rejects"].text_content()
    assert not [name for name in found if name.startswith(("The run", "Snapshot by"))]


def test_an_article_that_was_mended_is_no_reject_and_equal_snapshots_have_no_changes(tmp_path):
    folder = tmp_path / "doctorqna"
    made = publish(folder, "doctorqna", [part(folder, [record(1, day=1)])], rejects=[part(folder, [reject(1)])])
    assert "became a record" in (made.path / "report.html").read_text()
    assert changes.count(made.path, made.path) == Changes(added=0, changed=0, gone=0, same=1)


def test_it_is_no_part_of_the_snapshot_and_says_so(snapshot, text):
    assert "report.html" not in (snapshot.path / "SHA256SUMS").read_text()
    assert "not in SHA256SUMS" in html.fromstring(text).findtext("body/footer").replace("\n", " ")


def test_lengths_are_counted_in_steps_that_double(tmp_path):
    folder = tmp_path / "doctorqna"
    texts = ["x", "xx", "xxx", "x" * 8, "x" * 15, "x" * 16]
    made = publish(folder, "doctorqna", [part(folder, [record(at, question=said) for at, said in enumerate(texts)])])
    expected = {"1": 1, "2–3": 2, "4–7": 0, "8–15": 2, "16–31": 1}
    assert report_facts.lengths(made.path, "question") == expected


# Nothing runs, nothing loads


class Markup(HTMLParser):
    """Collects the tags of a page and their attributes."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}


def test_only_known_markup_is_in_the_page(text):
    found = Markup()
    found.feed(text)
    assert not found.tags & {"script", "img", "a", "link", "iframe", "object", "base", "form", "foreignobject", "use"}
    assert not [name for name in found.attributes if name.startswith("on") or name in ("href", "src", "style")]
    assert "\u202e" not in text
    assert "default-src 'none'" in text
    assert "evil.example" in text  # what pages say is there, as text


def test_the_only_addresses_are_names_of_formats(text):
    visible = html.fromstring(text)
    for node in visible.iter("section"):
        for cell in node.iter("bdi", "text"):
            cell.text = ""
    left = re.findall(r"https?://[^\"' ]+", html.tostring(visible, encoding="unicode"))
    assert set(left) <= {"http://www.w3.org/2000/svg"}


@pytest.mark.parametrize("across", [True, False])
def test_a_drawing_is_only_shapes_and_text(across):
    drawn = report_charts.draw({"<script>x()</script>": 1, "頭" * 60: 2, '"><b onload=x()>': 0}, across)
    found = html.fragment_fromstring(drawn)
    assert {node.tag for node in found.iter()} == {"svg", "g", "path", "text"}
    assert any((node.text or "").startswith("<script>") for node in found.iter("text"))
    assert not [name for node in found.iter() for name in node.attrib if name.startswith("on")]
    assert not re.search(r"(NaN|inf|[ \"]-\d)", drawn)


def test_bars_are_as_long_as_the_counts(monkeypatch):
    def sizes(across: bool) -> list[float]:
        drawn = html.fragment_fromstring(report_charts.draw({"a": 10, "b": 5, "c": 0}, across))
        shapes = [re.findall(r"[\d.]+", path.get("d")) for path in drawn.iter("path")]
        return [float(shape[2 if across else 3]) for shape in shapes]

    for across in (True, False):
        most, half, none = sizes(across)
        assert (half / most, none) == (pytest.approx(0.5, abs=0.01), 0)
    assert report_charts.draw({}, True) is None
    assert report_charts.draw({"a": 0}, True)


def test_charts_are_drawn_and_can_be_left_out(text, tmp_path, monkeypatch):
    assert len(re.findall("<details><summary>As a table", text)) == 4
    assert text.count('class="role-mark"') == 4
    monkeypatch.setenv("QACRAWL_CHARTS", "0")
    folder = tmp_path / "doctorqna"
    made = publish(folder, "doctorqna", [part(folder, [record(1), record(2)])])
    plain = (made.path / "report.html").read_text()
    assert 'class="role-mark' not in plain
    assert "<details>" not in plain
    assert rows(sections(plain)["Records by year asked"]) == [["2020", "2"]]


# In a browser


def chromium(folder: Path, page: Path, *options: str) -> str:
    """What headless Chromium prints for a page; it must be there when CI says so."""
    if CHROMIUM is None:
        if os.environ.get("CI"):
            pytest.fail("CI has to have Chromium, to look at report.html")
        pytest.skip("no Chromium here to look at report.html with")
    flags = "--headless --no-sandbox --disable-gpu --no-first-run --disable-background-networking --hide-scrollbars"
    flags += " --disable-component-update --disable-sync --disable-dev-shm-usage"
    done = subprocess.run(
        [CHROMIUM, *flags.split(), f"--user-data-dir={folder / 'profile'}", *options, page.as_uri()],
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


PROBE = """<!DOCTYPE html><title>waiting</title><body>
<iframe id="f" src="report.html" style="width:{width}px;height:900px"></iframe><script>
document.getElementById("f").onload = event => {{
  const page = event.target.contentDocument, root = page.documentElement;
  const loads = event.target.contentWindow.performance.getEntriesByType("resource").map(entry => entry.name);
  const shapes = [...page.querySelectorAll(".role-mark path")];
  page.querySelectorAll("details").forEach(one => one.open = true);
  const beyond = one => one.getBoundingClientRect().right > root.clientWidth + 1;
  const scrolls = one => !one.closest("svg") && one.clientWidth && one.scrollWidth > one.clientWidth + 1;
  const cut = [...page.querySelectorAll("body *")].filter(one => beyond(one) || scrolls(one)).map(one => one.outerHTML);
  document.title = JSON.stringify({{title: page.title, cut, wide: root.scrollWidth, seen: root.clientWidth, loads,
    shapes: shapes.length, colour: shapes.length && event.target.contentWindow.getComputedStyle(shapes[0]).fill,
    font: event.target.contentWindow.getComputedStyle(page.body).fontSize}});
}};
</script>"""


@pytest.fixture(params=[390, 1200])
def looked(request: pytest.FixtureRequest, snapshot: Snapshot, tmp_path: Path) -> dict:
    """What a browser makes of the page at a width: scripts may run, were there any."""
    shutil.copy(snapshot.path / "report.html", tmp_path)
    (tmp_path / "probe.html").write_text(PROBE.format(width=request.param))
    dom = chromium(tmp_path, tmp_path / "probe.html", "--allow-file-access-from-files", "--dump-dom")
    return {"width": request.param, **json.loads(html.fromstring(dom).findtext(".//title"))}


@pytest.mark.slow
def test_in_a_browser_nothing_runs_loads_overflows_or_is_cut(looked, snapshot):
    assert looked["title"] == f"Snapshot {snapshot.id}"
    assert looked["loads"] == []
    assert looked["wide"] <= looked["seen"] <= looked["width"]
    assert looked["cut"] == []
    assert looked["shapes"] >= 5
    assert looked["colour"] not in ("none", "rgb(0, 0, 0)")  # the style sheet is let through by the policy
    assert looked["font"] == "16px"


@pytest.mark.slow
def test_the_probe_would_see_a_script_and_an_overflow(tmp_path):
    (tmp_path / "report.html").write_text(
        "<title>quiet</title><body><p style='width:2000px'>x</p><img src=x onerror=\"document.title='ran'\">"
        "<script>document.title='ran'</script>"
    )
    (tmp_path / "probe.html").write_text(PROBE.format(width=390))
    dom = chromium(tmp_path, tmp_path / "probe.html", "--allow-file-access-from-files", "--dump-dom")
    assert re.search(r'"title":"ran","cut":\[.+\],"wide":2\d\d\d', dom)


@pytest.mark.slow
@pytest.mark.parametrize("scheme", [0, 1], ids=["dark", "light"])
def test_a_screenshot_on_a_phone_shows_bars_in_both_colour_schemes(snapshot, tmp_path, scheme):
    image = tmp_path / "phone.png"
    chromium(
        tmp_path,
        snapshot.path / "report.html",
        f"--screenshot={image}",
        "--window-size=390,1600",
        f"--blink-settings=preferredColorScheme={scheme}",
    )
    assert image.read_bytes().startswith(b"\x89PNG")
    assert image.stat().st_size > 20_000  # a blank page is a few kB
