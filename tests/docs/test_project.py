"""What surrounds the code is true as well: CI calls what is there, the sdist is whole, metadata agree."""

import os
import re
import subprocess
from fnmatch import fnmatch
from itertools import chain
from pathlib import Path
from typing import Any

import pytest
import yaml
from support.pages import PROJECT, in_checkout
from support.places import ROOT

GITHUB = ROOT / ".github"
URLS = PROJECT["project"]["urls"]


def read(path: Path) -> Any:
    return yaml.safe_load(path.read_text(encoding="utf-8"))


WORKFLOW = read(GITHUB / "workflows" / "ci.yml")
JOBS = WORKFLOW["jobs"]
STEPS = [step for job in JOBS.values() for step in job["steps"]]


def test_ci_runs_on_every_python_that_the_package_names() -> None:
    versions = JOBS["test"]["strategy"]["matrix"]["python"]
    named = [re.fullmatch(r"Programming Language :: Python :: (3\.\d+)", one) for one in classifiers()]
    assert versions == [match[1] for match in named if match]
    assert PROJECT["project"]["requires-python"] == f">={versions[0]}"
    assert JOBS["package"]["steps"][1]["with"]["python-version"] in versions


def classifiers() -> list[str]:
    return list(PROJECT["project"]["classifiers"])


def test_ci_calls_what_is_there() -> None:
    called = [step["run"] for step in STEPS if "run" in step]
    assert called == [".ci/run", ".ci/package"]
    for script in called:
        assert os.access(ROOT / script, os.X_OK)
        subprocess.run(["bash", "-n", ROOT / script], check=True)
    targets = re.findall(r"^(\w+):", (ROOT / "Makefile").read_text(), re.MULTILINE)
    made = [re.findall(r"^\s*make (?:-C \S+ )?(\w+)$", (ROOT / one).read_text(), re.MULTILINE) for one in called]
    assert made == [["test", "names", "spark"], ["tests"]]
    assert {"test", "tests", "names", "spark"} <= set(targets)


def test_ci_may_do_no_more_than_it_must() -> None:
    assert WORKFLOW["permissions"] == {"contents": "read"}
    assert not any("permissions" in job for job in JOBS.values())
    assert all(0 < job["timeout-minutes"] <= 90 for job in JOBS.values())
    for step in STEPS:
        if used := step.get("uses"):
            assert re.fullmatch(r"actions/[\w-]+@v\d+", used)
        if used and used.startswith("actions/checkout"):
            assert step["with"] == {"persist-credentials": False}


def in_sdist(name: str) -> bool:
    """Whether MANIFEST.in, or setuptools by itself, puts a file of the project into the sdist."""
    lines = (ROOT / "MANIFEST.in").read_text(encoding="utf-8").splitlines()
    rules = [line.split() for line in lines if line and not line.startswith("#")]
    by_name = [word for rule, *words in rules if rule == "include" for word in words]
    folders = ["qacrawl", *(word for rule, *words in rules if rule == "graft" for word in words)]
    itself = ["README.md", "LICENSE", "MANIFEST.in", "pyproject.toml"]
    return name.split("/", maxsplit=1)[0] in folders or any(fnmatch(name, word) for word in (*by_name, *itself))


def test_the_sdist_has_every_file_of_the_project() -> None:
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True)
    names = listed.stdout.split("\n")[:-1]
    if listed.returncode or "qacrawl/cli.py" not in names:  # in the sdist itself; what it lacks, other tests miss
        pytest.skip("no git checkout")
    assert [name for name in names if not in_sdist(name)] == []


def test_what_the_manifest_names_is_there() -> None:
    words = re.findall(r"^(?:include|graft) (.*)", (ROOT / "MANIFEST.in").read_text(encoding="utf-8"), re.MULTILINE)
    assert [name for name in " ".join(words).split() if not (ROOT / name).exists()] == []


def test_each_group_of_tools_is_pinned() -> None:
    texts = [
        (ROOT / name).read_text(encoding="utf-8")
        for name in ("requirements.txt", "requirements-names.txt", "requirements-spark.txt")
    ]
    pinned = {name for text in texts for name in re.findall(r"^([\w-]+)==", text, re.MULTILINE)}
    groups = PROJECT["dependency-groups"]
    named = [one for group in groups.values() for one in group if isinstance(one, str)]
    named += chain(PROJECT["project"]["dependencies"], *PROJECT["project"]["optional-dependencies"].values())
    assert {re.split(r"[\[><=]", one)[0] for one in named} <= pinned
    assert {one["include-group"] for one in groups["dev"] if isinstance(one, dict)} == groups.keys() - {"dev"}


def test_one_address_of_the_project() -> None:
    assert URLS.keys() >= {"Homepage", "Source", "Issues", "Changelog"}
    assert URLS["Homepage"] == URLS["Source"]
    assert URLS["Issues"] == f"{URLS['Source']}/issues"
    assert in_checkout(URLS["Changelog"], ROOT / "pyproject.toml") == ROOT / "CHANGELOG.md"
    named = [*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), *ROOT.glob("*.cff"), *GITHUB.rglob("*.*")]
    for path in named:
        for address in re.findall(r"https://(?:raw\.)?github\w*\.com/qacrawl\S*", path.read_text(encoding="utf-8")):
            assert re.sub(r"//raw\.github\w+\.com/", "//github.com/", address).startswith(URLS["Source"]), path


def test_the_citation_is_of_this_version() -> None:
    citation = read(ROOT / "CITATION.cff")
    assert citation.keys() >= {"cff-version", "message", "title", "authors"}
    assert citation["version"] == PROJECT["project"]["version"]
    assert citation["license"] == PROJECT["project"]["license"]
    assert citation["repository-code"] == URLS["Source"]


FORMS = [path for path in sorted(GITHUB.glob("ISSUE_TEMPLATE/*.yml")) if path.name != "config.yml"]
TYPES = {"markdown", "input", "textarea", "dropdown", "checkboxes"}


@pytest.mark.parametrize("path", FORMS, ids=lambda path: path.stem)
def test_a_form_for_issues_is_one(path: Path) -> None:
    form = read(path)
    assert all(form[name] for name in ("name", "description", "body"))
    fields = [field for field in form["body"] if field["type"] != "markdown"]
    assert {field["type"] for field in form["body"]} <= TYPES
    assert all(field["attributes"]["label"] for field in fields)
    assert len({field["id"] for field in fields}) == len(fields)


def test_the_forms_warn_of_what_people_wrote() -> None:
    assert {path.stem for path in FORMS} == {"bug", "site", "question"}
    for path in FORMS:
        assert "not paste other people's texts" in " ".join(path.read_text(encoding="utf-8").split()), path
    (private, _) = read(GITHUB / "ISSUE_TEMPLATE" / "config.yml")["contact_links"]
    assert in_checkout(private["url"], ROOT) == ROOT / "SECURITY.md"


def test_pre_commit_checks_what_make_checks() -> None:
    (local,) = read(ROOT / ".pre-commit-config.yaml")["repos"]
    hooks = [hook["entry"].replace(" --force-exclude", "") for hook in local["hooks"]]
    makefile = (ROOT / "Makefile").read_text().replace("$(BIN)", ".venv/bin")
    checked = re.findall(r"^\t(\.venv/bin/(?:ruff|mypy).*?)(?: --check)?(?: \.)?$", makefile, re.MULTILINE)
    assert hooks == checked
