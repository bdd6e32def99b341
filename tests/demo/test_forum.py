"""The demo's forum: crawled from a TOML file, killed, resumed, published and verified; `qacrawl demo` shows it."""

import random
from collections.abc import Iterator
from pathlib import Path

import pytest
from support import crawling
from support.crawling import PROVENANCE, QUICK, qacrawl, records

from qacrawl.demo import forum
from qacrawl.demo.server import serve

ASKED = [number for number in range(1, forum.THREADS + 1) if number not in forum.BROKEN]


@pytest.fixture
def file(tmp_path: Path) -> Iterator[Path]:
    """The file of the forum, which is served."""
    with serve(forum.pages, forum.HOME) as start:
        path = tmp_path / "kettles.toml"
        path.write_text(forum.FILE.format(start=start))
        yield path


def said(output: Path) -> list[dict[str, object]]:
    """The published records but for where they come from and their pseudonyms, whose key differs."""
    left = {*PROVENANCE, "asker", "doctor", "other_replies"}
    return [{name: value for name, value in row.items() if name not in left} for row in records(output, "kettles")]


@pytest.mark.slow
def test_a_forum_from_a_file_is_crawled_killed_resumed_published_and_verified(file, tmp_path):
    def arguments(output: str, *more: str) -> list[str]:
        return ["crawl", str(file), "--output", str(tmp_path / output), "--allow-private", *more]

    done = crawling.finish(crawling.start(arguments("whole"), env=QUICK))
    assert done.code == 0, done.err
    whole = said(tmp_path / "whole")
    assert len(whole) == len(ASKED) + 3

    chance, kills = random.Random(13), 0
    while kills < 3 and not (tmp_path / "killed" / "kettles" / "dataset").exists():
        process = crawling.start(arguments("killed", "--delay", "0.1"), env=QUICK)
        kills += crawling.kill_after(process, chance.uniform(3, 6))
    assert kills
    done = crawling.finish(crawling.start(arguments("killed"), env=QUICK))
    assert done.code == 0, done.err
    assert said(tmp_path / "killed") == whole
    done = qacrawl("verify", str(tmp_path / "killed" / "kettles"))
    assert done.code == 0, done.out


@pytest.mark.slow
def test_qacrawl_demo_shows_the_forum(tmp_path):
    done = qacrawl("demo", "--site", "qapage", "--output", str(tmp_path))
    assert done.code == 0, done.err
    assert f"{len(ASKED) + 3} invented records" in done.out
    assert (tmp_path / "demo" / "kettles.toml").exists()
    rows = {row["record_id"]: row for row in records(tmp_path / "demo", "kettles")}
    for number in ASKED:
        row = rows[f"kettles:{number}"]
        shown = [row["reply"], *(one["reply"] for one in row["other_replies"])] if row["reply"] else []
        assert sorted(shown) == sorted(forum.replies(number)), number
        assert row["asker"].startswith("asker-")
    assert sorted(row["rank"] for row in rows.values() if row["url"].endswith("/faq")) == [0, 1, 2]
    assert qacrawl("status", "kettles", "--output", str(tmp_path / "demo")).code == 0
    assert "broken_markup" in qacrawl("rejects", "kettles", "--output", str(tmp_path / "demo")).out


@pytest.mark.slow
def test_the_demo_has_two_sites(tmp_path):
    for wrong in (["--site", "tweh"], ["--site", "qapage", "--parallel"]):
        done = qacrawl("demo", *wrong, "--output", str(tmp_path))
        assert (done.code, done.err.count("\n")) == (2, 1)
