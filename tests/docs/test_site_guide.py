"""CONTRIBUTING.md takes a newcomer from an address to a dataset, with `qacrawl site new` and `site check`."""

import json
import re
import shlex
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from support.crawling import QUICK, Done, finish, records, start
from support.faults import FaultSite, Reply, error
from support.pages import blocks, lines
from support.places import ROOT

GUIDE = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
SCREEN = GUIDE[GUIDE.index("## A site as a file") : GUIDE.index("## Add a site")]
MADE_UP = "https://kettles.example"


def thread(number: int, markup: bool) -> Reply:
    answer = {"@type": "Answer", "text": "<p>It does.</p><p>Loudly.</p>"}
    asked = {"@type": "Question", "name": f"Kettle {number}?", "text": "Does it whistle?", "acceptedAnswer": answer}
    said = json.dumps({"@type": "QAPage", "mainEntity": asked})
    return Reply(
        f'<!doctype html><html lang="en"><title>Kettle {number}</title>'
        f'<link rel="canonical" href="/t/{number}/next?utm_source=x">'
        f"{f'<script type=application/ld+json>{said}</script>' if markup else ''}"
        f'<h1>Kettle {number}?</h1><article data-by="Tilda"><time>03.05.2024</time>'
        f'<div class="question">Does it whistle?</div></article><div class="reply"><p>It does.</p><p>Loudly.</p></div>'
        f'<a href="/about">About</a> <a href="https://elsewhere.example/">Elsewhere</a>'.encode()
    )


@pytest.fixture(params=[True, False], ids=["schema.org", "css"])
def site(request: pytest.FixtureRequest) -> Iterator[FaultSite]:
    with FaultSite(articles=0) as site:
        urls = " ".join(f'<a href="/t/{number}/next">{number}</a>' for number in range(1, 5))
        site["/threads"] = Reply(urls.encode())
        for number in range(1, 5):
            site[f"/t/{number}/next"] = thread(number, request.param)
        yield site


def run(line: str, site: FaultSite, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Done:
    monkeypatch.chdir(folder)
    arguments = shlex.split(line.replace(MADE_UP, site.url("")))[1:]
    private = ["--allow-private"] if arguments[0] in ("site", "crawl") else []
    return finish(start([*arguments, *private], env=QUICK | {"QACRAWL_DELAY": "0"}))


def finished(site: FaultSite) -> str:
    """The file as the guide has it; without [read] for a site that has markup."""
    (text,) = blocks(SCREEN, "toml")
    has_markup = b"ld+json" in site.pages["/t/1/next"].body  # type: ignore[union-attr]
    text = text.replace(MADE_UP, site.url("")).replace("delay = 3", "delay = 0")
    return text[: text.index("[read]")] if has_markup else text


@pytest.mark.slow
def test_the_guide_leads_from_an_address_to_a_dataset(site, tmp_path, monkeypatch):
    new, check, crawl, stats = lines(SCREEN)
    done = run(new, site, tmp_path, monkeypatch)
    assert done.code == 0, done.err
    has_markup = "[read]" not in finished(site)
    assert ("schema.org markup: yes" in done.out) == has_markup
    written = (tmp_path / "kettles.toml").read_text()
    for line in ('article = "/t/{number}/{slug}"', 'lang = "en"', 'title = "Kettle 2"'):
        assert line in written.splitlines()
    assert f'with = "{"schema.org" if has_markup else "css"}"' in written
    facts = json.loads((tmp_path / "kettles" / "first" / "page.json").read_text())
    assert facts["url"] == site.url("/t/2/next")
    assert b"Does it whistle?" in (tmp_path / "kettles" / "first" / "page.html").read_bytes()
    again = run(new, site, tmp_path, monkeypatch)
    assert (again.code, again.err) == (2, "qacrawl: kettles.toml is there already\n")

    (tmp_path / "kettles.toml").write_text(finished(site))
    done = run(check, site, tmp_path, monkeypatch)
    assert done.code == 0, done.err
    for said in (
        f"listing 200 {site.url('/threads')}",
        "record kettles:2: title 'Kettle 2?'",
        f"followed: {site.url('/t/1/next')} {site.url('/t/2/next')} {site.url('/t/3/next')} and 1 more",
        f"skipped, no pattern fits: {site.url('/about')}",
        "skipped, another host: https://elsewhere.example/",
        "4 record, 1 listing; nothing was published or kept",
    ):
        assert said in done.out, said
    assert not (tmp_path / "output").exists()

    for line in (crawl, stats):
        done = run(line, site, tmp_path, monkeypatch)
        assert done.code == 0, done.err
    found = records(tmp_path / "output", "kettles")
    assert [row["reply"] for row in found] == ["It does.\n\nLoudly."] * 4


@pytest.mark.slow
def test_a_check_heeds_what_the_site_says_of_the_use_of_a_page(site, tmp_path, monkeypatch):
    (tmp_path / "kettles.toml").write_text(finished(site))
    site["/t/2/next"] = replace(site.pages["/t/2/next"], headers={"X-Robots-Tag": "noindex"})
    done = run("qacrawl site check kettles.toml", site, tmp_path, monkeypatch)
    assert done.code == 0, done.err
    assert "reject: noindex, the site does not want the page in an index" in done.out
    assert "3 record, 1 reject, 1 listing" in done.out


@pytest.mark.slow
def test_a_saved_page_will_do_if_it_names_its_address(site, tmp_path, monkeypatch):
    page = tmp_path / "page.html"
    page.write_bytes(site.pages["/t/3/next"].body.replace(b'href="/t', b'href="https://kettles.example/t'))
    done = run(f"qacrawl site new kettles {page}", site, tmp_path, monkeypatch)
    assert done.code == 0, done.err
    assert 'start = "https://kettles.example/"' in (tmp_path / "kettles.toml").read_text()
    page.write_bytes(b"<p>A page.</p>")
    done = run(f"qacrawl site new other {page}", site, tmp_path, monkeypatch)
    assert (done.code, done.err.count("\n")) == (2, 1)
    assert "does not name its address in a canonical link" in done.err


@pytest.mark.slow
@pytest.mark.parametrize(
    ("line", "code", "said"),
    [
        ("qacrawl site new Kettles https://kettles.example/t/2/next", 2, "'Kettles' is no name"),
        ("qacrawl site new tweh https://kettles.example/t/2/next", 2, "tweh is the name of a site that is built in"),
        ("qacrawl site new kettles no.html", 2, "no.html: No such file"),
        ("qacrawl site new kettles https://kettles.example/gone", 1, "status 404"),
        ("qacrawl site new kettles https://kettles.example/members/1", 1, "robots.txt"),
        ("qacrawl site check no.toml", 2, "no.toml: No such file"),
        ("qacrawl site check tweh", 2, "tweh is no TOML file of a site"),
    ],
)
def test_what_can_not_be_is_one_line_and_leaves_nothing(site, tmp_path, monkeypatch, line, code, said):
    site.robots = Reply(b"User-agent: *\nDisallow: /members\n", content_type="text/plain")
    site["/gone"] = error(404)
    done = run(line, site, tmp_path, monkeypatch)
    assert (done.code, done.out) == (code, "")
    assert said in re.sub(r"\s+", " ", done.err)
    assert list(tmp_path.iterdir()) == []
