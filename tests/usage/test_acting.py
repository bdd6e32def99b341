"""A crawl of a real site on loopback keeps to what that says of the use of its pages, and so do rebuild and publish."""

import json
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from support import crawling, faults
from support.faults import Reply

pytestmark = pytest.mark.slow

ROBOTS = b"User-agent: *\nContent-Usage: /en/article/1 train-ai=n\nContent-Signal: /en/article/2 ai-train=yes\n"
TDMREP = json.dumps([{"location": "/en/article/3", "tdm-reservation": 1, "tdm-policy": "https://x.example/p"}]).encode()
WELL_KNOWN = "/.well-known/tdmrep.json"


@pytest.fixture
def site() -> Iterator[faults.FaultSite]:
    with faults.FaultSite(20) as running:
        yield running


def numbers(output: Path) -> list[int]:
    return sorted(int(row["record_id"].rpartition(":")[2]) for row in crawling.records(output))


def said(rows: list[dict[str, Any]]) -> dict[int, tuple[bool | None, list[tuple[str, str]]]]:
    """By the number of the page: whether to train, and what was said."""
    return {
        int(row["url"].rpartition("/")[2]): (
            row["may_train"],
            [(one["source"], one["rule"]) for one in row["usage_signals"]],
        )
        for row in rows
    }


def asked(site: faults.FaultSite, path: str) -> int:
    return len(site.visits(path))


def with_meta(number: int, name: str, content: str, version: int = 0) -> bytes:
    tag = f'<meta name="{name}" content="{content}">'.encode()
    return faults.article(number, version).replace(b"<head>", b"<head>" + tag, 1)


def plain(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Rows of parts in an order that does not depend on the file."""
    return sorted(rows, key=lambda row: (row["url"], row["visit"]))


def whole(site: faults.FaultSite) -> None:
    """Have the site say something in every way there is."""
    site.robots = Reply(ROBOTS)
    site[WELL_KNOWN] = Reply(TDMREP, headers={"Content-Type": "application/json"})
    site["/en/article/4"] = Reply(faults.article(4), headers={"Content-Usage": "train-ai=n"})
    site["/en/article/5"] = Reply(faults.article(5), headers={"X-Robots-Tag": "otherbot: none, qacrawl: noai"})
    site["/en/article/6"] = Reply(faults.article(6), headers={"tdm-reservation": "0"})
    site["/en/article/7"] = Reply(with_meta(7, "tdm-reservation", "1"))
    site["/en/article/8"] = Reply(with_meta(8, "robots", "NOINDEX"))
    site["/en/article/9"] = Reply(faults.article(9), headers={"X-Robots-Tag": "none"})
    site["/en/article/10"] = Reply(faults.article(10), headers={"Content-Usage": "Train-AI=n"})


EXPECTED = {
    1: (False, [("robots.txt", "Content-Usage: /en/article/1 train-ai=n")]),
    2: (True, [("robots.txt", "Content-Signal: /en/article/2 ai-train=yes")]),
    3: (False, [("tdmrep.json", "tdm-reservation: 1"), ("tdmrep.json", "tdm-policy: https://x.example/p")]),
    4: (False, [("header", "Content-Usage: train-ai=n")]),
    5: (False, [("header", "X-Robots-Tag: otherbot: none, qacrawl: noai")]),
    6: (True, [("header", "tdm-reservation: 0")]),
    7: (False, [("meta", "tdm-reservation: 1")]),
    8: (None, [("meta", "robots: NOINDEX")]),
    9: (None, [("header", "X-Robots-Tag: none")]),
    10: (None, [("header", "Content-Usage: Train-AI=n")]),
}


def test_every_signal_is_in_the_record_acted_on_and_read_again_from_the_archive(site, tmp_path):
    whole(site)
    done = crawling.crawl(site.start, tmp_path)
    assert done.code == 0, done.err
    assert asked(site, WELL_KNOWN) == 1
    rows = [*crawling.parts(tmp_path), *crawling.parts(tmp_path, "rejects")]
    found = said(rows)
    # /en/article/1 is the beginning of 10 to 19 as well: so the longest path has it.
    assert {number: found[number] for number in range(1, 10)} == {n: EXPECTED[n] for n in range(1, 10)}
    assert found[10] == (False, [*EXPECTED[1][1], *EXPECTED[10][1]])
    assert found[20] == (True, EXPECTED[2][1])
    assert {row["reason"] for row in crawling.parts(tmp_path, "rejects")} == {"noindex"}
    assert "unread_signal" in next(row["notes"] for row in rows if row["url"].endswith("/article/10"))
    assert numbers(tmp_path) == [2, 6, 20]
    assert "15 records left out, reserved by the site" in done.out  # 1, 3, 4, 5, 7, and 10 to 19
    assert crawling.reports(tmp_path)[0]["withheld"] == {"reserved": 15, "unindexed": 0, "kept": False}
    card = (tmp_path / "doctorqna" / "dataset" / "README.md").read_text()
    assert "| records of pages whose site lets no model be trained on them, and left out | 15 |" in card
    assert crawling.qacrawl("verify", str(tmp_path / "doctorqna")).code == 0
    before, data = plain(crawling.parts(tmp_path)), snapshot(tmp_path)
    rejected = plain(crawling.parts(tmp_path, "rejects"))
    again = crawling.qacrawl("rebuild", "doctorqna", "--output", str(tmp_path), "--processes", "1")
    assert again.code == 0, again.err
    assert plain(crawling.parts(tmp_path)) == before
    assert plain(crawling.parts(tmp_path, "rejects")) == rejected
    assert snapshot(tmp_path) == data


def snapshot(output: Path) -> str:
    return (output / "doctorqna" / "dataset").resolve().name


def test_what_is_reserved_stays_when_somebody_says_so_and_the_card_says_it_loudly(site, tmp_path):
    whole(site)
    crawling.crawl(site.start, tmp_path)
    kept = crawling.qacrawl("publish", "doctorqna", "--output", str(tmp_path), "--keep-reserved")
    assert kept.code == 0, kept.err
    assert "15 records in it that the site reserves" in kept.out
    assert numbers(tmp_path) == [1, 2, 3, 4, 5, 6, 7, *range(10, 21)]
    dataset = tmp_path / "doctorqna" / "dataset"
    card = (dataset / "README.md").read_text()
    assert "> **RESERVED PAGES ARE IN HERE. 15 records with `may_train` false" in card[: card.index("snapshot `")]
    assert "RESERVED PAGES ARE IN HERE" in json.loads((dataset / "croissant.json").read_text())["description"]
    assert "RESERVED PAGES ARE IN HERE" in (dataset / "report.html").read_text()
    history = pq.read_table(dataset / "data" / "history").to_pylist()
    assert {row["may_train"] for row in history if row["url"].endswith("/article/1")} == {False}
    assert crawling.qacrawl("verify", str(tmp_path / "doctorqna")).code == 0
    status = json.loads(crawling.qacrawl("status", "doctorqna", "--output", str(tmp_path), "--json").out)
    assert (status["reserved"], status["unindexed"]) == (15, 0)
    back = crawling.qacrawl("publish", "doctorqna", "--output", str(tmp_path))
    assert back.code == 0, back.out + back.err
    assert numbers(tmp_path) == [2, 6, 20]


@pytest.mark.parametrize("how", ["robots", "tdmrep", "header", "noindex"])
def test_a_site_that_turns_reserved_loses_its_records_and_nothing_holds_that_back(site, tmp_path, how):
    """Also where its pages are not due, or answer that they have not changed."""
    assert crawling.crawl(site.start, tmp_path).code == 0
    assert numbers(tmp_path) == list(range(1, 21))
    reserved = list(range(2, 20))
    options = []
    if how == "robots":
        site.robots = Reply(b"User-agent: *\nContent-Usage: train-ai=n\nContent-Usage: /en/article/20 search=y\n")
        site.robots = Reply(site.robots.body + b"Content-Usage: /en/article/1$ search=y\n")
    elif how == "tdmrep":
        entries = [("/en/article/1$", 0), ("/en/article/20", 0), ("/", 1)]
        rules = [{"location": place, "tdm-reservation": value} for place, value in entries]
        site[WELL_KNOWN] = Reply(json.dumps(rules).encode())
    else:
        header = {"header": {"Content-Usage": "train-ai=n"}, "noindex": {"X-Robots-Tag": "noindex"}}[how]
        for number in reserved:
            site[f"/en/article/{number}"] = with_header(site.article(number), header)
        options = ["--full"]
    done = crawling.crawl(site.start, tmp_path, *options)
    assert done.code == 0, done.out + done.err
    assert numbers(tmp_path) == [1, 20]
    words = "the site wants in no index any more" if how == "noindex" else "reserved by the site"
    assert "18 records left out" in done.out
    assert words in done.out
    status = json.loads(crawling.qacrawl("status", "doctorqna", "--output", str(tmp_path), "--json").out)
    assert status["unindexed" if how == "noindex" else "reserved"] == 18
    rebuilt = crawling.qacrawl("rebuild", "doctorqna", "--output", str(tmp_path))
    assert rebuilt.code == 0, rebuilt.err
    assert numbers(tmp_path) == [1, 20]


def with_header(answer, headers):
    """The same answer, a 304 included, with headers more."""

    def answered(visit):
        reply = faults.resolve(answer, visit)
        return replace(reply, headers={**reply.headers, **headers})

    return answered


def test_a_page_whose_site_takes_the_word_back_returns_at_its_next_visit(site, tmp_path):
    site.robots = Reply(b"User-agent: *\nContent-Usage: train-ai=n\nContent-Usage: /en/article/7$ search=y\n")
    assert crawling.crawl(site.start, tmp_path).code == 0
    assert numbers(tmp_path) == [7]
    site.robots = Reply(b"User-agent: *\nAllow: /\n")
    assert crawling.crawl(site.start, tmp_path).code == 0
    assert numbers(tmp_path) == [7]
    site.forget()
    assert crawling.crawl(site.start, tmp_path, "--full").code == 0
    assert numbers(tmp_path) == list(range(1, 21))
    assert {visit.status for visit in site.visits("/en/article/3")} == {200}
    site.forget()
    assert crawling.crawl(site.start, tmp_path, "--full").code == 0
    assert {visit.status for visit in site.visits("/en/article/3")} == {304}


def test_where_all_is_reserved_there_is_no_dataset(site, tmp_path):
    assert crawling.crawl(site.start, tmp_path).code == 0
    site.robots = Reply(b"User-agent: *\nContent-Signal: search=yes, ai-train=no\n")
    done = crawling.crawl(site.start, tmp_path)
    assert done.code == 0, done.out + done.err
    assert "nothing was published, and there is no dataset; 20 records left out, reserved by the site" in done.out
    assert not (tmp_path / "doctorqna" / "dataset").exists()
    assert crawling.reports(tmp_path)[-1]["withheld"]["reserved"] == 20
    site.robots = faults.error(404)
    assert crawling.crawl(site.start, tmp_path, "--full").code == 0
    assert numbers(tmp_path) == list(range(1, 21))


def test_the_links_of_a_page_with_nofollow_are_not_followed(site, tmp_path):
    site["/en/faq/general-test/1"] = with_header(site._own("/en/faq/general-test/1"), {"X-Robots-Tag": "nofollow"})
    page = faults.resolve(site._own("/en/faq/general-test/2"), None)
    site["/en/faq/general-test/2"] = Reply(page.body.replace(b"<head>", b'<head><meta name=robots content="nofollow">'))
    done = crawling.crawl(site.start, tmp_path)
    assert asked(site, "/en/faq/general-test/1") == asked(site, "/en/faq/general-test/2") == 1, done.err
    assert not [visit for visit in site.log if "/article/" in visit.path]


@pytest.mark.parametrize(
    "reply",
    [
        Reply(b"<html>no</html>"),
        faults.error(500),
        faults.error(503),
        faults.cut(TDMREP),
        Reply(b"x", {}, 302),
        Reply(b"[" * 99),
    ],
)
def test_a_tdmrep_json_that_cannot_be_had_is_asked_for_once_and_costs_nothing(site, tmp_path, reply):
    site[WELL_KNOWN] = reply
    done = crawling.crawl(site.start, tmp_path)
    assert done.code == 0, done.err
    assert asked(site, WELL_KNOWN) == 1
    assert numbers(tmp_path) == list(range(1, 21))
    assert crawling.reports(tmp_path)[0]["outcomes"]["failed"] == 0
    assert crawling.reports(tmp_path)[0]["problem"] is None
    assert {row["may_train"] for row in crawling.records(tmp_path)} == {None}


def test_a_tdmrep_json_that_robots_txt_forbids_is_not_asked_for(site, tmp_path):
    site.robots = Reply(b"User-agent: *\nDisallow: /.well-known/\n")
    crawling.crawl(site.start, tmp_path)
    assert asked(site, WELL_KNOWN) == 0
    assert numbers(tmp_path) == list(range(1, 21))


def test_a_file_that_is_out_of_reach_for_a_night_frees_nothing(site, tmp_path):
    site[WELL_KNOWN] = Reply(b'[{"location": "/en/article/3", "tdm-reservation": 1}]')
    assert crawling.crawl(site.start, tmp_path).code == 0
    site[WELL_KNOWN] = faults.error(500)
    assert crawling.crawl(site.start, tmp_path, "--full").code == 0
    assert 3 not in numbers(tmp_path)


def test_what_a_killed_run_archived_has_the_signals_that_it_came_with(site, tmp_path):
    whole(site)
    site.robots = Reply(ROBOTS + b"Crawl-delay: 0.2\n")
    process = crawling.start(
        crawling.command(site.start, tmp_path, settings=crawling.QUICK | {"QACRAWL_PART_SECONDS": "9"})
    )
    for _ in range(600):
        if len([visit for visit in site.log if "/article/" in visit.path]) >= 6:
            break
        time.sleep(0.05)
    process.kill()
    process.communicate()
    site.robots = Reply(b"User-agent: *\nAllow: /\n")
    done = crawling.crawl(site.start, tmp_path)
    assert done.code == 0, done.err
    assert crawling.reports(tmp_path)[-1]["from_archive"] > 0
    found = said(crawling.parts(tmp_path))
    assert found[1] == EXPECTED[1]
    before = plain(crawling.parts(tmp_path))
    assert crawling.qacrawl("rebuild", "doctorqna", "--output", str(tmp_path)).code == 0
    assert plain(crawling.parts(tmp_path)) == before


def test_a_comparison_leaves_out_what_publishing_leaves_out(site: faults.FaultSite, tmp_path: Path) -> None:
    site.robots = Reply(b"User-agent: *\nContent-Usage: /en/article/1 train-ai=n\n")
    assert crawling.crawl(site.start, tmp_path).code == 0
    assert 1 not in numbers(tmp_path)
    done = crawling.qacrawl("rebuild", "doctorqna", "--output", str(tmp_path), "--compare", "--json")
    assert done.code == 0, done.err
    found = json.loads(done.out)
    assert (found["won"], found["lost"], found["changed"], found["fields"]) == (0, 0, 0, [])
