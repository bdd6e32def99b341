"""docs/operations.md: its examples run against a site on loopback, as cron, systemd and the others would run them."""

import json
import re
import shlex
import shutil
import subprocess
import sys
from configparser import ConfigParser
from pathlib import Path
from typing import Any

import pytest
import yaml
from support import crawling, faults
from support.faults import FaultSite
from support.places import ROOT

from qacrawl import options
from qacrawl.errors import Exit
from qacrawl.frontier import due
from qacrawl.publish.gate import Gate

PAGE = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
BIN = Path(sys.executable).parent
HOME = "/srv/qacrawl"


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)


def shell_lines() -> list[str]:
    return [line for block in blocks("sh") for line in block.splitlines()]


@pytest.fixture
def site():
    with FaultSite(articles=5) as site:
        yield site


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """What the page calls /srv/qacrawl."""
    (tmp_path / ".venv").symlink_to(BIN.parent)
    return tmp_path


def on_loopback(command: str, home: Path, url: str) -> str:
    """A command of the page, in `home` and against the site at `url` instead of the real one."""
    assert command.count("crawl doctorqna") == 1
    options = f"crawl doctorqna --start-url {url} --allow-private --delay 0 --set QACRAWL_RETRY_PAUSE=0.01"
    return command.replace(HOME, str(home)).replace("crawl doctorqna", options)


def bare(command: str, folder: Path, **env: str) -> subprocess.CompletedProcess[str]:
    """Run a shell command with hardly any environment, as cron does."""
    names = [f"{name}={value}" for name, value in {"PATH": "/usr/bin:/bin", "HOME": str(folder), **env}.items()]
    line = ["env", "-i", *names, "/bin/sh", "-c", command]
    return subprocess.run(line, cwd=folder, capture_output=True, text=True, timeout=120)


def report(home: Path) -> dict[str, Any]:
    (made,) = crawling.reports(home / "output")
    return made


def cron_command() -> str:
    (block,) = blocks("cron")
    (line,) = (line for line in block.splitlines() if not line.startswith("MAILTO="))
    match = re.fullmatch(r"(?:[\d*/,-]+ ){5}(.*)", line)
    assert match
    assert "%" not in match[1]  # cron's newline
    return match[1]


@pytest.mark.slow
def test_the_line_for_cron_crawls_and_says_nothing(site, home):
    done = bare(on_loopback(cron_command(), home, site.start), home)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert len(crawling.records(home / "output")) == 5
    assert "contact: ops@example.org" in report(home)["user_agent"]
    assert "5 records" in (home / "crawl.log").read_text()


@pytest.mark.slow
def test_the_line_for_cron_has_the_reason_of_a_failure_mailed(site, home):
    site.robots = faults.error(500)
    done = bare(on_loopback(cron_command(), home, site.start), home)
    assert "without it nothing is fetched" in done.stdout


def units(home: Path) -> dict[str, str]:
    """The systemd units of the page, in files."""
    found = re.findall(
        r"^`/etc/systemd/system/([\w@.-]+)`[^`\n]*:\n\n```ini\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL
    )
    assert [name for name, _ in found] == ["qacrawl@.service", "qacrawl@.timer", "qacrawl-failed@.service"]
    return {name: text.replace(HOME, str(home)) for name, text in found}


def parsed(text: str) -> ConfigParser:
    parser = ConfigParser(interpolation=None, delimiters=("=",))
    parser.optionxform = str  # type: ignore[assignment]
    parser.read_string(text)
    return parser


@pytest.mark.slow
def test_the_service_crawls(site, home):
    service = parsed(units(home)["qacrawl@.service"])["Service"]
    name, _, value = service["Environment"].partition("=")
    command = on_loopback(service["ExecStart"].replace("%i", "doctorqna"), home, site.start)
    done = bare(command, Path(service["WorkingDirectory"]), **{name: value})
    assert done.returncode == 0, done.stderr
    assert len(crawling.records(Path(service["ReadWritePaths"]))) == 5
    assert "contact: ops@example.org" in report(home)["user_agent"]
    assert int(service["SuccessExitStatus"]) == Exit.LOCKED


def test_systemd_accepts_the_units_or_they_are_at_least_whole(home):
    for name, text in units(home).items():
        (home / name.replace("@", "@doctorqna")).write_text(text)
    files = [str(home / name.replace("@", "@doctorqna")) for name in units(home)]
    if program := shutil.which("systemd-analyze"):
        done = subprocess.run([program, "verify", "--man=no", *files], capture_output=True, text=True)
        complaints = [line for line in done.stderr.splitlines() if "qacrawl@" in line]
        assert (done.returncode, complaints) == (0, [])
    on_failure = parsed(units(home)["qacrawl@.service"])["Unit"]["OnFailure"]
    assert on_failure.replace("%i", "") in units(home)
    timer = parsed(units(home)["qacrawl@.timer"])
    assert set(timer.sections()) == {"Unit", "Timer", "Install"}


@pytest.mark.slow
def test_the_workflow_is_whole_and_its_crawl_runs(site, home):
    (block,) = blocks("yaml")
    (job,) = yaml.safe_load(block)["jobs"].values()
    install, crawl = (step["run"] for step in job["steps"] if "run" in step)
    assert re.search(rf"^{install.removeprefix('make ')}:", (ROOT / "Makefile").read_text(), re.MULTILINE)
    done = bare(on_loopback(crawl, home, site.start), home)
    assert done.returncode == 0, done.stderr
    (kept,) = (step["with"]["path"] for step in job["steps"] if "cache" in step.get("uses", ""))
    assert len(crawling.records(home / kept)) == 5


@pytest.mark.slow
def test_what_the_container_installs_starts(home):
    (block,) = blocks("dockerfile")
    lines = [line.partition(" ")[::2] for line in block.splitlines()]
    pinned, install = (rest for word, rest in lines if word == "RUN" and "pip install" in rest)
    assert (ROOT / pinned.split()[-1]).exists()
    source, target = home / "source", home / "target"
    shutil.copytree(ROOT, source, ignore=shutil.ignore_patterns(".*", "output", "tests", "benchmarks", "*.egg-info"))
    command = [sys.executable, *shlex.split(install)[1:], "--quiet", "--target", str(target)]
    subprocess.run(command, cwd=source, check=True, timeout=120)
    (entry,) = (json.loads(rest) for word, rest in lines if word == "ENTRYPOINT")
    done = bare(f"{target}/bin/{entry[0]} sites", home, PYTHONPATH=str(target))
    assert done.stdout.startswith("doctorqna\t"), done.stderr
    assert (target / "qacrawl" / "demo" / "topics.txt").exists()


def test_every_exit_code_says_what_to_do():
    rows = re.findall(r"^\| (\d) \| .+ \| .+ \|$", PAGE, re.MULTILINE)
    assert [int(code) for code in rows] == [code.value for code in Exit]


def test_every_last_line_is_one_that_a_run_can_say():
    rows = re.findall(r"^\| [A-Z`].+ \| ([0-4]) \| (.+) \|$", PAGE, re.MULTILINE)
    assert {int(code) for code, _ in rows} == {code.value for code in Exit}
    # f-strings with what they put in left out, and long ones in one piece
    source = " ".join(path.read_text() for path in (ROOT / "qacrawl").rglob("*.py"))
    source = re.sub(r'"\s*\n\s*f?"', "", source)
    for _, said in rows:
        for line in re.findall(r"`([^`]+)`", said):
            for piece in filter(None, (part.strip(" :") for part in line.split("..."))):
                assert piece in source, piece


def test_the_days_between_visits_are_those_of_the_policy():
    rows = dict(re.findall(r"^\| `QACRAWL_REVISIT_(\w+)` \| `([^`]+)` \|", PAGE, re.MULTILINE))
    given = {f"QACRAWL_REVISIT_{name}": value for name, value in rows.items()}
    assert due.chosen(due.Policy(gone_after=0), options.read(given, environ={})) == due.Policy(gone_after=0)
    assert {name for name in options.NAMES if "_REVISIT_" in name} == given.keys()
    policy = due.Policy()
    assert (policy.failed * 24, policy.failed_at_most, policy.parked_after, policy.gone_after) == (1, 30, 8, 3)


def test_every_metric_is_explained_and_no_other():
    named = set(re.findall(r"`(qacrawl_\w+)`", PAGE))
    source = (ROOT / "qacrawl" / "fetch" / "metrics.py").read_text()
    assert named == set(re.findall(r'"(qacrawl_\w+)"', source))


@pytest.mark.slow
def test_a_snapshot_held_back_is_taken_as_the_page_says(site, tmp_path):
    site.articles = 30
    assert crawling.crawl(site.start, tmp_path).code == 0
    pointer = tmp_path / "doctorqna" / "dataset"
    first = pointer.readlink()
    for path in site.article_paths()[:12]:
        site[path] = faults.Reply(b"<h1>Under maintenance</h1><p>We will be back soon.")
    site.articles = 31  # so that there is something new to publish
    done = crawling.crawl(site.start, tmp_path, "--full")
    assert (done.code, pointer.readlink()) == (Exit.HELD_BACK, first), done.err
    command = re.search(r"`qacrawl (publish SITE --accept) ID`", PAGE)
    (held,) = re.findall(r"--accept (\S+)$", done.err.rstrip())
    words = command[1].replace("SITE", "doctorqna").split() if command else []
    assert crawling.qacrawl(*words, held, "--output", str(tmp_path)).code == 0
    assert pointer.readlink().name == held


def test_the_limits_of_the_gate_are_those_of_the_settings():
    rows = re.findall(r"^\| `(\w+)` \| ([\d.]+) \|", PAGE, re.MULTILINE)
    limits = {name: value for name, value in options.as_settings(options.Options()).items() if "_GATE_" in name}
    assert {name: float(value) for name, value in rows} == limits
    assert Gate.few == 10  # "more than ten records"


def test_the_limits_of_a_page_are_those_of_the_settings():
    rows = re.findall(r"^\| `(QACRAWL_READ_\w+)` \| ([\d.]+) \w+ \| .*?([\d.]+) to ([\d.]+)", PAGE, re.MULTILINE)
    limits = {name: value for name, value in options.as_settings(options.Options()).items() if "_READ_" in name}
    assert {name: float(default) for name, default, _, _ in rows} == limits
    for name, _, least, most in rows:
        said = options.allowed(options.NAMES[name])
        assert [float(number) for number in re.findall(r"\d[\d.]*", said.replace(",", ""))] == [
            float(least),
            float(most),
        ]


@pytest.mark.slow
def test_a_log_file_holds_the_log(site, tmp_path):
    (name,) = re.findall(r"`--set (LOG_FILE)=", PAGE)
    log = tmp_path / "crawl.log"
    done = crawling.crawl(site.start, tmp_path, settings={name: str(log), "LOG_LEVEL": "INFO"})
    assert done.code == 0, done.err
    assert "Spider opened" in log.read_text()


@pytest.mark.slow
def test_a_backup_publishes_the_same_snapshot(demo, tmp_path):
    show, pack = (line for line in shell_lines() if not line.startswith("qacrawl"))
    shutil.copytree(demo / "demo", tmp_path / "output", symlinks=True)
    done = bare(show.replace("python", str(BIN / "python"), 1), tmp_path)
    assert "'record': 168" in done.stdout, done.stderr
    assert bare(pack, tmp_path).returncode == 0
    restored = tmp_path / "restored" / "doctorqna"
    restored.mkdir(parents=True)
    subprocess.run(["tar", "-C", str(restored), "-xf", str(tmp_path / "backup.tar")], check=True)
    done = crawling.qacrawl("publish", "doctorqna", "--output", str(restored.parent))
    assert done.code == 0, done.err
    assert (restored / "dataset").readlink() == (demo / "demo" / "doctorqna" / "dataset").readlink()


@pytest.mark.slow
def test_a_lost_frontier_is_made_up_for_by_rebuild(site, tmp_path):
    assert crawling.crawl(site.start, tmp_path).code == 0
    before, pointer = crawling.contents(tmp_path), tmp_path / "doctorqna" / "dataset"
    first = pointer.readlink()
    for file in (tmp_path / "doctorqna").glob("frontier.sqlite*"):
        file.unlink()
    done = crawling.qacrawl("rebuild", "doctorqna", "--output", str(tmp_path))
    assert (done.code, pointer.readlink()) == (0, first), done.err
    site["/en/article/3"] = faults.error(404)  # so that its record can come from nowhere else
    assert crawling.crawl(site.start, tmp_path).code == 0
    assert crawling.contents(tmp_path) == before


@pytest.mark.slow
def test_a_frontier_moves_to_postgresql_as_the_page_says(site, home, postgres_url):
    output = home / "output"
    assert crawling.crawl(site.start, output).code == 0
    before = crawling.contents(output)
    export, load = (line for line in shell_lines() if line.startswith("qacrawl frontier"))
    for line in (export, re.sub(r"postgresql://\S+", postgres_url, load)):
        done = bare(f".venv/bin/{line}", home)
        assert done.returncode == 0, done.stderr
        assert done.stdout.startswith("urls 7, ")
    (output / "doctorqna" / "frontier.sqlite").unlink()
    site.forget()
    assert crawling.crawl(site.start, output, "--frontier", postgres_url).code == 0
    assert crawling.contents(output) == before
    assert not {visit.path for visit in site.log} & set(site.article_paths())
    assert not (output / "doctorqna" / "frontier.sqlite").exists()
