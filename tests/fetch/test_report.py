"""The log of a run: how it begins, what it says at its end, less of it, and as JSON."""

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from rich.console import Console
from support import crawling, faults
from support.faults import FaultSite
from support.making import record

from qacrawl.fetch import report
from qacrawl.fetch.extension import _Progress
from qacrawl.fetch.run import Run
from qacrawl.frontier import Found

CONTACT = "no contact is set: give --contact an address of yours, so that the site can reach you"


@pytest.fixture
def site() -> Iterator[FaultSite]:
    with FaultSite(articles=6) as site:
        yield site


@pytest.mark.slow
def test_a_log_says_which_run_it_is_what_changed_and_where_to_look(site, tmp_path):
    first = crawling.crawl(site.start, tmp_path)
    (made,) = crawling.reports(tmp_path)
    began, *_, last = first.out.splitlines()
    day = datetime.now(UTC).strftime("%Y-%m-%d")
    assert re.fullmatch(rf"{day} \d\d:\d\d UTC: run {made['run_id']} of doctorqna begins, with {site.start}", began)
    assert "since the last run: 6 new, 0 changed, 0 gone, 0 rejected" in first.out
    assert last.startswith("6 records in ")
    places = dict(
        line.split(": ", 1) for line in first.out.splitlines() if line.startswith(("report:", "run:", "data"))
    )
    assert json.loads(Path(places["run"]).read_text())["run_id"] == made["run_id"]
    assert Path(places["report"]).name == "report.html"
    assert (Path(places["dataset"]) / "data" / "qa").is_dir()

    site.articles = 7
    site["/en/article/1"] = faults.Reply(faults.article(1, version=1))
    site["/en/article/2"] = faults.Reply(b"<h1>Under maintenance</h1><p>We will be back soon.")
    site["/en/article/3"] = faults.error(410)
    second = crawling.crawl(site.start, tmp_path, "--full")
    assert "since the last run: 1 new, 2 changed, 0 gone, 1 rejected" in second.out  # 6 leads to 7 now
    for _ in range(2):  # a page is gone when it was missed three times
        third = crawling.crawl(site.start, tmp_path, "--full")
    assert "since the last run: 0 new, 0 changed, 1 gone, " in third.out
    assert crawling.reports(tmp_path)[-1]["changes"]["gone"] == 1


@pytest.mark.slow
def test_a_quiet_run_says_how_it_ended(site, tmp_path):
    done = crawling.crawl(site.start, tmp_path, "--quiet")
    assert (done.code, done.err, done.out.count("\n")) == (0, "", 1)
    assert done.out.startswith("6 records in ")
    site["/en"] = faults.error(403)
    done = crawling.crawl(site.start, tmp_path, "--quiet")
    assert (done.code, done.out, done.err.count("\n")) == (1, "", 1)


@pytest.mark.slow
def test_a_log_for_machines_is_json_line_by_line(site, tmp_path):
    env = {"QACRAWL_LOG_FORMAT": "json"}
    done = crawling.crawl(site.start, tmp_path, settings={"LOG_LEVEL": "INFO"}, env=env)
    lines = [json.loads(line) for line in done.err.splitlines()]
    assert all({"time", "level", "logger", "message"} <= line.keys() for line in lines)
    (made,) = crawling.reports(tmp_path)
    assert lines[0] | {"time": ""} == lines[0] | {"run_id": made["run_id"], "level": "INFO", "time": ""}
    assert any(line["logger"] == "scrapy.core.engine" for line in lines)
    assert (lines[-1]["message"], lines[-1]["code"]) == (done.out.splitlines()[-1], 0)
    site["/en"] = faults.error(403)
    done = crawling.crawl(site.start, tmp_path, "--log-format", "json")
    last = json.loads(done.err.splitlines()[-1])
    assert (done.code, last["level"], last["code"]) == (1, "ERROR", 1)
    assert last["message"].startswith("the start page is no page to start from: http_403")


def test_a_crawl_without_a_contact_is_warned(run: Run, caplog):
    report.warn(run)
    assert [one.message for one in caplog.records] == [CONTACT]
    caplog.clear()
    for more in ({"contact": "you@example.org"}, {"allow_private": True}):
        run.options = run.options.model_copy(update={"contact": None, "allow_private": False} | more)
        report.warn(run)
    assert caplog.records == []


def test_progress_moves_while_pages_wait_to_be_committed(run: Run):
    run.console = Console(force_terminal=True)
    for number in range(1, 4):
        run.frontier.add([Found(f"https://doctorqna.com/en/article/{number}", "article")])
    progress = _Progress(run)
    for row in run.frontier.lease(2, run.run_id, run.lease_until()):
        run.batch.settle(row, "record", results=[record(1)])
    progress.refresh()
    shown = progress.bar.tasks[0].description
    assert "2 pages" in shown
    assert "1 to go" in shown
    run.commit()
    progress.refresh()
    assert "2 pages" in progress.bar.tasks[0].description
    assert "1 to go" in progress.bar.tasks[0].description
