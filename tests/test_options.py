"""Each setting is named once and reaches the command line, --set and the environment; a wrong value is one line."""

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from scrapy.settings import Settings
from support import crawling
from support.faults import FaultSite
from support.places import ROOT

from qacrawl import cli, options
from qacrawl.commands import crawl as commands
from qacrawl.errors import Exit, QacrawlError
from qacrawl.fetch import scrapy_settings
from qacrawl.options import Options

SITE = "https://doctorqna.com"
# Two values of each setting, as text and as they are meant.
VALUES: dict[str, tuple[tuple[str, Any], tuple[str, Any]]] = {
    "output": (("a", "a"), ("s3://bucket/b", "s3://bucket/b")),
    "frontier": (("sqlite:///a", "sqlite:///a"), ("postgresql://b@host/c", "postgresql://b@host/c")),
    "contact": (("a@example.org", "a@example.org"), ("b@example.org", "b@example.org")),
    "start_urls": ((f"{SITE}/en/", (f"{SITE}/en/",)), (f"{SITE}:443/b", (f"{SITE}/b",))),
    "numbers": (("7", (7, 7)), ("3-9", (3, 9))),
    "delay": (("0", 0.0), ("2.5", 2.5)),
    "concurrency": (("2", 2), ("64", 64)),
    "max_pages": (("1", 1), ("100000", 100_000)),
    "max_seconds": (("0.5", 0.5), ("3600", 3600.0)),
    "full": (("true", True), ("false", False)),
    "refetch": (("true", True), ("false", False)),
    "keep_reserved": (("true", True), ("false", False)),
    "worker": (("1", True), ("0", False)),
    "allow_private": (("yes", True), ("no", False)),
    "quiet": (("true", True), ("false", False)),
    "log_format": (("json", "json"), ("text", "text")),
    "notify": (
        ("json://127.0.0.1", ("json://127.0.0.1",)),
        ("mailto://a:b@example.org?to=c,d", ("mailto://a:b@example.org?to=c,d",)),
    ),
    "metrics": (("a.prom", "a.prom"), ("b/c.prom", "b/c.prom")),
    "bot_url": ((f"{SITE}/bot", f"{SITE}/bot"), (f"{SITE}:443/", f"{SITE}/")),
    "tries": (("1", 1), ("100", 100)),
    "retry_pause": (("0", 0.0), ("1e1", 10.0)),
    "failures_in_a_row": (("1", 1), ("50", 50)),
    "listings_without_news": (("0", 0), ("50", 50)),
    "publish_hours": (("0", 0.0), ("0.5", 0.5)),
    "longest_wait": (("0", 0.0), ("60", 60.0)),
    "read_seconds": (("5", 5.0), ("0.5", 0.5)),
    "read_megabytes": (("300", 300), ("4000", 4000)),
    "keep_own_names": (("true", True), ("false", False)),
    "names_model": (("models/names", "models/names"), ("en_core_web_sm", "en_core_web_sm")),
    "gate_rejects": (("0", 0.0), ("1", 1.0)),
    "gate_coverage": (("0.3", 0.3), ("1", 1.0)),
    "gate_gone": (("0.01", 0.01), ("1.0", 1.0)),
    "revisit_answered": (("30:7 365:60", ((30.0, 7.0), (365.0, 60.0))), ("1.5:0", ((1.5, 0.0),))),
    "revisit_open": (("14:1,90:7", ((14.0, 1.0), (90.0, 7.0))), ("9:9", ((9.0, 9.0),))),
    "revisit_reject": (("0", 0.0), ("3.5", 3.5)),
    "revisit_gone": (("1", 1.0), ("365", 365.0)),
    "revisit_longest": (("0", 0.0), ("30", 30.0)),
    "lease": (("0.5", 0.5), ("600", 600.0)),
    "part_records": (("1", 1), ("20", 20)),
    "part_seconds": (("0", 0.0), ("5", 5.0)),
}
NUMBERS = ("", "many", "nan", "inf", "-inf", "-1", "1e99", "1,5", "0x1", "None")
SHARES = (*NUMBERS, "1.01", "20%")
WHOLE = (*NUMBERS, "1.5")
FLAGS = ("", "2", "maybe", "None")
WRONG: dict[str, tuple[str, ...]] = {
    "output": ("",),
    "start_urls": ("doctorqna.com", "https://", "file:///etc/passwd", "//doctorqna.com", "http://a:b/"),
    "numbers": ("0", "9-3", "0-3", "x", "1-", "-3", "1-2-3", "1.5", "nan", "9999999999"),
    **dict.fromkeys(("delay", "max_seconds", "retry_pause", "longest_wait", "part_seconds"), NUMBERS),
    **dict.fromkeys(("gate_rejects", "gate_coverage", "gate_gone"), SHARES),
    **dict.fromkeys(("concurrency", "tries", "failures_in_a_row", "part_records"), (*WHOLE, "0")),
    **dict.fromkeys(("max_pages", "listings_without_news"), WHOLE),
    "bot_url": ("", "doctorqna.com", "mailto:a@example.org"),
    "publish_hours": NUMBERS,
    "lease": (*NUMBERS, "0"),
    "read_seconds": (*NUMBERS, "0"),
    "read_megabytes": (*WHOLE, "10"),
    **dict.fromkeys(("full", "refetch", "keep_reserved", "worker", "allow_private", "quiet", "keep_own_names"), FLAGS),
    **dict.fromkeys(("revisit_answered", "revisit_open"), ("7", "30:7:1", "30:x", "90:7 30:1", "30:7 30:8", "-1:2")),
    **dict.fromkeys(("revisit_reject", "revisit_gone", "revisit_longest"), NUMBERS[1:]),
    "log_format": ("xml", "JSON", ""),
}
ANY_TEXT = {"frontier", "contact", "notify", "metrics", "names_model"}
FIELDS = list(Options.model_fields)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder to be in, without any setting in the environment."""
    monkeypatch.chdir(tmp_path)
    for name in [*options.NAMES, *options.VARIABLES]:
        monkeypatch.delenv(name, raising=False)
    return tmp_path


@pytest.fixture
def crawl(folder, monkeypatch):
    """Start `qacrawl crawl doctorqna` with arguments; return what it would crawl with."""

    def chosen(*arguments: str, **variables: str) -> Options:
        got = []

        def take(site, given, console, more):
            got.append((given, scrapy_settings.read(scrapy_settings.make(site, given, more))))
            raise QacrawlError("seen")

        with monkeypatch.context() as patch:
            patch.setattr(commands, "crawl", take)
            patch.setattr(sys, "argv", ["qacrawl", "crawl", "doctorqna", *arguments])
            for name, value in variables.items():
                patch.setenv(name, value)
            with pytest.raises(SystemExit):
                cli.main()
        (given, session), *_ = got
        assert given == session  # what the run reads from Scrapy's settings
        return given

    return chosen


def name(field: str) -> str:
    return f"QACRAWL_{field.upper()}"


def option(field: str, text: str, value: Any) -> list[str]:
    """A setting as an option of the command line."""
    flag = "--" + field.removesuffix("s" if field == "start_urls" else "").replace("_", "-")
    return [flag.replace("--", "--" if value else "--no-")] if isinstance(value, bool) else [flag, text]


def test_all_settings_are_tried_here():
    assert list(VALUES) == FIELDS
    assert set(WRONG) | ANY_TEXT == set(FIELDS)


@pytest.mark.parametrize("field", FIELDS)
def test_a_setting_reaches_the_command_line_set_and_the_environment(field, crawl):
    for text, value in VALUES[field]:
        expected = Options.model_validate({field: value})
        assert getattr(expected, field) == value
        assert crawl(*option(field, text, value)) == expected
        assert crawl("--set", f"{name(field)}={text}") == expected
        assert crawl(**{name(field): text}) == expected


@pytest.mark.parametrize("field", FIELDS)
def test_the_command_line_wins_over_set_and_set_over_the_environment(field, crawl):
    for (low, _), (high, value) in (VALUES[field], VALUES[field][::-1]):
        expected = Options.model_validate({field: value})
        assert crawl("--set", f"{name(field)}={high}", **{name(field): low}) == expected
        assert crawl(*option(field, high, value), "--set", f"{name(field)}={low}") == expected
        assert crawl(*option(field, high, value), **{name(field): low}) == expected


@pytest.mark.parametrize("field", FIELDS)
def test_scrapy_crawl_takes_a_setting_by_its_name(field, folder):
    for text, value in VALUES[field]:
        settings = Settings({name(field): text}, priority="cmdline")
        assert getattr(scrapy_settings.read(settings), field) == value


def test_nothing_given_is_the_defaults(crawl):
    assert crawl() == Options()
    assert crawl(**dict.fromkeys(options.NAMES, "")) == Options()  # as `QACRAWL_DELAY=` in a shell means it


def test_several_start_urls(crawl):
    urls = (f"{SITE}/en/a", f"{SITE}/en/b")
    assert crawl("--start-url", urls[0], "--start-url", urls[1]).start_urls == urls
    assert crawl("--set", f"QACRAWL_START_URLS={','.join(urls)}").start_urls == urls
    assert crawl(QACRAWL_START_URLS=" ".join(urls)).start_urls == urls


def fails(capsys, *arguments: str) -> str:
    """The one line that a command says instead of doing anything."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", ["qacrawl", *arguments])
        with pytest.raises(SystemExit) as ended:
            cli.main()
    said = capsys.readouterr()
    assert (ended.value.code, said.out) == (2, "")
    assert said.err.startswith("qacrawl: ")
    assert said.err.count("\n") == 1
    assert list(Path().iterdir()) == []
    return said.err.removeprefix("qacrawl: ").rstrip("\n")


@pytest.mark.parametrize(("field", "text"), [(field, text) for field, texts in WRONG.items() for text in texts])
def test_a_wrong_value_is_one_line_that_names_it(field, text, folder, capsys, monkeypatch):
    said = f" takes {options.allowed(field)}, not {text!r}"
    assert fails(capsys, "crawl", "doctorqna", "--set", f"{name(field)}={text}") == name(field) + said or not text
    if not isinstance(Options.model_fields[field].default, bool):
        flag = options.flag(field)
        assert fails(capsys, "crawl", "doctorqna", f"{flag}={text}") == flag + said or not text
    if text:
        monkeypatch.setenv(name(field), text)
        assert fails(capsys, "crawl", "doctorqna") == f"the variable {name(field)}{said}"
        assert fails(capsys, "status", "doctorqna") == f"the variable {name(field)}{said}"


def test_what_is_allowed_is_said_in_words():
    said = {field: options.allowed(field) for field in FIELDS}
    assert said["delay"] == "a number from 0 to 31,622,400"
    assert said["lease"] == "a number above 0, at most 86,400"
    assert said["gate_gone"] == "a number from 0 to 1"
    assert said["concurrency"] == "a whole number from 1 to 64"
    assert said["max_pages"] == "a whole number, 0 or more"
    assert said["full"] == "true or false"
    assert said["log_format"] == "text or json"
    assert said["numbers"] == "A-B with 1 <= A <= B"


def test_a_long_value_is_cut(folder, capsys):
    assert len(fails(capsys, "crawl", "doctorqna", "--set", f"QACRAWL_DELAY={'9' * 10_000}x")) < 200
    assert fails(capsys, "crawl", "doctorqna", "--numbers", "1\n2").count("\n") == 0


TYPOS = [
    ("QACRAWL_DELY", "QACRAWL_DELAY"),
    ("QACRAWL_MAXPAGES", "QACRAWL_MAX_PAGES"),
    ("QACRAWL_START_URL", "QACRAWL_START_URLS"),
    ("QACRAWL_GATE_REJECT", "QACRAWL_GATE_REJECTS"),
]


@pytest.mark.parametrize(("typo", "meant"), TYPOS)
def test_a_misspelt_setting_is_refused(typo, meant, folder, capsys, monkeypatch):
    for command in ("crawl", "publish", "rebuild", "status"):
        said = fails(capsys, command, "doctorqna", "--set", f"{typo}=1")
        assert said == f"there is no setting {typo}; did you mean {meant}?"
    with pytest.raises(QacrawlError, match=f"{typo}; did you mean {meant}") as caught:
        scrapy_settings.read(Settings({typo: "1"}))
    assert caught.value.code == Exit.USAGE
    monkeypatch.setenv(typo, "1")
    for command in ("crawl", "publish", "rebuild", "status", "extract"):
        said = fails(capsys, command, "doctorqna")
        assert said == f"there is no setting {typo} in the environment; did you mean {meant}?"


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("LOGLEVEL=INFO", "there is no setting LOGLEVEL; did you mean LOG_LEVEL?"),
        ("delay=3", "there is no setting delay; did you mean QACRAWL_DELAY?"),
        ("DOWNLOAD_TIMOUT=3", "there is no setting DOWNLOAD_TIMOUT; did you mean DOWNLOAD_TIMEOUT?"),
        ("NOTHING_OF_THE_KIND=3", "there is no setting NOTHING_OF_THE_KIND"),
        ("DOWNLOAD_TIMEOUT=soon", "DOWNLOAD_TIMEOUT can't be 'soon'; by default it is 60"),
        ("LOG_ENABLED=maybe", "LOG_ENABLED can't be 'maybe'; by default it is True"),
        ("DOWNLOAD_SLOTS=x", "DOWNLOAD_SLOTS can't be 'x'; by default it is a JSON object"),
        ("LOG_LEVEL=LOUD", "LOG_LEVEL can't be 'LOUD'; by default it is 'WARNING'"),
        ("QACRAWL_TRIES", "--set takes NAME=VALUE, not 'QACRAWL_TRIES'"),
    ],
)
def test_scrapys_settings_are_looked_at_as_well(given, said, folder, capsys):
    assert fails(capsys, "crawl", "doctorqna", "--set", given) == said


def test_variables_that_are_no_settings_are_left_alone(crawl):
    assert crawl(QACRAWL_WORK="/somewhere", QACRAWL_CHARTS="0", QACRAWLER="1") == Options()


def test_the_code_reads_no_variable_that_is_not_declared():
    sources = [path.read_text("utf-8") for path in (ROOT / "qacrawl").rglob("*.py")]
    assert {found for text in sources for found in re.findall(r"\"(QACRAWL_\w+)\"", text)} >= {*options.VARIABLES}
    for text in sources:
        assert set(re.findall(r"environ\S*\"(QACRAWL_\w+)\"", text)) <= {*options.VARIABLES}


def scrapy(*arguments: str) -> subprocess.CompletedProcess[str]:
    line = [sys.executable, "-m", "scrapy", "crawl", "doctorqna", *arguments]
    return subprocess.run(line, cwd=ROOT, capture_output=True, text=True, timeout=120)


@pytest.mark.slow
@pytest.mark.parametrize("arguments", [("-s", "QACRAWL_DELY=3"), ("-s", "QACRAWL_DELAY=x"), ("-a", "numbers=9-3")])
def test_scrapy_crawl_ends_with_one_line_too(arguments, tmp_path):
    done = scrapy("-s", f"QACRAWL_OUTPUT={tmp_path}", *arguments)
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert done.stderr.startswith("qacrawl: ")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_a_spiders_arguments_choose_pages(tmp_path):
    with FaultSite(articles=9) as site:
        quick = ("-s", "QACRAWL_DELAY=0", "-s", "QACRAWL_ALLOW_PRIVATE=1", "-s", f"QACRAWL_OUTPUT={tmp_path}")
        done = scrapy(*quick, "-a", "numbers=3-5", "-a", f"start_url={site.start}")
        assert done.returncode == 0, done.stderr
    assert {row["url"].rpartition("/")[2] for row in crawling.records(tmp_path)} == {"3", "4", "5"}


@pytest.fixture(scope="module")
def crawled(tmp_path_factory) -> Path:
    output = tmp_path_factory.mktemp("crawled")
    with FaultSite(articles=3) as site:
        assert crawling.crawl(site.start, output).code == 0
    return output


COMMANDS = [
    "sites",
    "status doctorqna --output OUTPUT",
    "publish doctorqna --output OUTPUT",
    "stats OUTPUT/doctorqna",
    "verify OUTPUT/doctorqna",
    "diff OUTPUT/doctorqna OUTPUT/doctorqna",
    "schema",
    "extract README.md",
    "frontier export doctorqna OUTPUT/frontier.jsonl --output OUTPUT",
    "forget https://doctorqna.com/en/article/999999 --output OUTPUT",
    "publish doctorqna --output OUTPUT --set QACRAWL_GATE_GONE=0.5",
]


@pytest.mark.slow
@pytest.mark.parametrize("line", COMMANDS)
def test_what_fetches_nothing_starts_without_scrapy(line, crawled):
    code = """
import atexit, sys
atexit.register(lambda: print("loaded:", *sorted({"scrapy", "twisted"} & set(sys.modules)), file=sys.stderr))
from qacrawl.cli import main
main()
"""
    arguments = line.replace("OUTPUT", str(crawled)).split()
    done = subprocess.run([sys.executable, "-c", code, *arguments], capture_output=True, text=True, cwd=ROOT)
    assert (done.returncode, done.stderr.splitlines()[-1:]) == (line.startswith("extract"), ["loaded:"]), done.stderr


def test_a_shell_completes_commands_and_options():
    program = Path(sys.executable).with_name("qacrawl")
    env = {"_QACRAWL_COMPLETE": "complete_bash", "COMP_WORDS": "qacrawl crawl --gate", "COMP_CWORD": "2"}
    done = subprocess.run([program], env=env | {"PYTHONPATH": str(ROOT)}, capture_output=True, text=True)
    assert done.stdout.split() == ["--gate-rejects", "--gate-coverage", "--gate-gone"]
