"""How a run went, told to people elsewhere and to Prometheus: real requests to a server on loopback, real files."""

import json
import os
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from support import crawling, faults
from support.faults import FaultSite

BROKEN = faults.Reply(b"<h1>Under maintenance</h1><p>We will be back soon.")


class Inbox(ThreadingHTTPServer):
    """A server that keeps the notifications posted to it."""

    def __init__(self) -> None:
        self.got: list[dict[str, str]] = []
        self.status = 200
        super().__init__(("127.0.0.1", 0), _Handler)

    @property
    def url(self) -> str:
        return f"json://secret@127.0.0.1:{self.server_port}/inbox"


class _Handler(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        assert isinstance(self.server, Inbox)
        self.server.got.append(body)
        self.send_response(self.server.status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Nothing."""


@pytest.fixture
def inbox() -> Iterator[Inbox]:
    with Inbox() as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def site() -> Iterator[FaultSite]:
    with FaultSite(articles=4) as site:
        yield site


def figures(path: Path) -> dict[str, float]:
    """The samples of a textfile by name and labels."""
    lines = [line for line in path.read_text().splitlines() if not line.startswith("#")]
    return {name: float(value) for name, _, value in (line.rpartition(" ") for line in lines)}


@pytest.mark.slow
def test_nights_are_told_when_they_go_wrong_and_when_all_is_well_again(site, inbox, tmp_path):
    metrics, output = tmp_path / "qacrawl.prom", tmp_path / "output"
    nights = []

    def night() -> crawling.Done:
        inbox.got.clear()
        done = crawling.crawl(site.start, output, "--notify", inbox.url, "--metrics", str(metrics))
        nights.append(figures(metrics))
        return done

    assert (night().code, inbox.got) == (0, [])
    site["/en"] = faults.error(403)
    bad = night()
    (told,) = inbox.got
    assert bad.code == 1
    assert told["title"] == "qacrawl: doctorqna failed"
    first, *rest = told["message"].splitlines()
    assert bad.err == f"qacrawl: {first}\n"
    assert any("http_403" in line for line in rest)
    del site["/en"]
    good = night()
    (told,) = inbox.got
    assert good.code == 0, good.err
    assert told["title"] == "qacrawl: doctorqna is well again"
    assert told["message"].splitlines()[0] == good.out.splitlines()[-1]
    assert (night().code, inbox.got) == (0, [])

    label = '{site="doctorqna"}'
    success, code = f"qacrawl_last_success_timestamp_seconds{label}", f"qacrawl_run_exit_code{label}"
    assert [found[code] for found in nights] == [0, 1, 0, 0]
    assert nights[0][success] == nights[1][success] < nights[2][success] < nights[3][success]
    last = crawling.reports(output)[0]
    assert nights[0][f"qacrawl_dataset_records{label}"] == 4
    assert nights[0]['qacrawl_run_outcomes{outcome="record",site="doctorqna"}'] == 4
    assert nights[1]['qacrawl_run_failures{reason="http_403",site="doctorqna"}'] == 1
    for name, field in {"pages": "fetches", "bytes": "bytes", "seconds": "seconds", "requests": "requests"}.items():
        assert nights[0][f"qacrawl_run_{name}{label}"] == last[field] > 0


@pytest.mark.slow
def test_what_is_held_back_is_told_with_the_command_that_takes_it(site, inbox, tmp_path):
    metrics = tmp_path / "qacrawl.prom"
    assert crawling.crawl(site.start, tmp_path / "output").code == 0
    for path in site.article_paths():
        site[path] = BROKEN
    done = crawling.crawl(site.start, tmp_path / "output", "--full", "--notify", inbox.url, "--metrics", str(metrics))
    (told,) = inbox.got
    assert (done.code, told["title"]) == (3, "qacrawl: doctorqna was held back")
    assert told["message"].splitlines()[0] == done.err.removeprefix("qacrawl: ").rstrip("\n")
    assert figures(metrics)['qacrawl_run_rejects{reason="maintenance",site="doctorqna"}'] == 4


@pytest.mark.slow
def test_a_run_that_can_not_begin_is_told_and_so_is_one_that_is_locked_out(site, inbox, tmp_path):
    (tmp_path / "doctorqna").write_text("a file in the way")
    done = crawling.crawl(site.start, tmp_path, "--notify", inbox.url)
    (told,) = inbox.got
    assert (done.code, done.err) == (1, f"qacrawl: {told['message']}\n")
    inbox.got.clear()
    other = tmp_path / "other"
    site["/en"] = faults.late(faults.article(1), 5)
    first = crawling.start(crawling.command(site.start, other))
    while not site.log:
        pass
    assert crawling.crawl(site.start, other, "--notify", inbox.url).code == 4
    (told,) = inbox.got
    assert told["title"] == "qacrawl: doctorqna could not begin"
    assert "another run of doctorqna is going on" in told["message"]
    first.kill()
    first.communicate()


NO_PARSER = """
import sys
sys.modules["qacrawl.sites.doctorqna.parser"] = None
"""


@pytest.mark.slow
@pytest.mark.parametrize("why", ["database", "parser", "folder"])
def test_the_good_run_after_one_that_could_not_begin_says_that_all_is_well_again(site, inbox, tmp_path, why):
    output, metrics, broken = tmp_path / "output", tmp_path / "qacrawl.prom", tmp_path / "broken"
    told = ("--notify", inbox.url, "--metrics", str(metrics))
    assert crawling.crawl(site.start, output, *told).code == 0
    success = figures(metrics)['qacrawl_last_success_timestamp_seconds{site="doctorqna"}']
    options, env = list(told), {}
    if why == "database":
        options += ["--frontier", "postgresql://nobody:secret@127.0.0.1:9/none"]
    elif why == "parser":
        broken.mkdir()
        (broken / "sitecustomize.py").write_text(NO_PARSER)
        env = {"PYTHONPATH": os.pathsep.join([str(broken), os.environ.get("PYTHONPATH", "")])}
    else:
        (output / "doctorqna").rename(tmp_path / "aside")
        (output / "doctorqna").write_text("a file in the way")
    seen = len(site.log)
    bad = crawling.crawl(site.start, output, *options, env=env)
    (message,) = inbox.got
    assert (bad.code, message["title"], len(site.log)) == (
        2 if why == "parser" else 1,
        "qacrawl: doctorqna failed",
        seen,
    )
    assert "secret" not in message["message"]
    found = figures(metrics)
    assert found['qacrawl_run_exit_code{site="doctorqna"}'] == bad.code
    if why != "folder":
        assert found['qacrawl_last_success_timestamp_seconds{site="doctorqna"}'] == success
    else:
        (output / "doctorqna").unlink()
        (tmp_path / "aside").rename(output / "doctorqna")
    inbox.got.clear()
    for titles in (["qacrawl: doctorqna is well again"], []):
        assert crawling.crawl(site.start, output, *told).code == 0
        assert [one["title"] for one in inbox.got] == titles
        inbox.got.clear()
    assert figures(metrics)['qacrawl_run_exit_code{site="doctorqna"}'] == 0


@pytest.mark.slow
def test_a_notification_that_fails_changes_nothing_and_is_one_line_without_the_address(site, inbox, tmp_path):
    inbox.status = 500
    site["/en"] = faults.error(403)
    done = crawling.crawl(site.start, tmp_path, "--notify", inbox.url)
    warning, last = done.err.splitlines()
    assert done.code == 1
    assert "WARNING: the notification 'qacrawl: doctorqna failed' could not be sent by json://..." in warning
    assert "secret" not in done.err
    assert last.startswith("qacrawl: the start page")


@pytest.mark.slow
def test_metrics_for_a_folder_that_is_not_there_are_one_line_before_the_first_request(site, tmp_path):
    metrics = tmp_path / "gone" / "qacrawl.prom"
    done = crawling.crawl(site.start, tmp_path / "output", "--metrics", str(metrics))
    assert (done.code, done.err.count("\n"), site.log) == (2, 1, [])


@pytest.mark.slow
@pytest.mark.parametrize(("option", "extra"), [("--notify", "notify"), ("--metrics", "metrics")])
def test_a_missing_extra_is_one_line_before_the_first_request(site, tmp_path, option, extra):
    missing = tmp_path / "missing"
    for name in ("apprise", "prometheus_client"):
        (missing / name).mkdir(parents=True)
        (missing / name / "__init__.py").write_text("raise ImportError\n")
    value = "json://127.0.0.1" if extra == "notify" else str(tmp_path / "file")
    done = crawling.finish(
        crawling.start(
            crawling.command(site.start, tmp_path / "output", option, value), env={"PYTHONPATH": f"{missing}:."}
        )
    )
    assert (done.code, done.err) == (2, f"qacrawl: {option} needs `pip install 'qacrawl[{extra}]'`\n")
    assert (site.log, (tmp_path / "output").exists()) == ([], False)


@pytest.mark.slow
@pytest.mark.parametrize("value", ["nothing", "nosuchservice://user:secret@host"])
def test_an_address_that_apprise_does_not_know_is_one_line_that_does_not_show_it(site, tmp_path, value):
    done = crawling.crawl(site.start, tmp_path / "output", "--notify", value)
    assert (done.code, done.err.count("\n"), site.log) == (2, 1, [])
    assert "secret" not in done.err
