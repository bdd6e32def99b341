"""docs/notes.md explains each code that the source can produce, and no other."""

import ast
import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from scrapy import exceptions
from scrapy.http.headers import Headers
from support.places import ROOT

from qacrawl.commands.reasons import WORDS
from qacrawl.demo import site
from qacrawl.fetch.outcomes import Again, judge, judge_status
from qacrawl.publish.parallel import agreement
from qacrawl.redact import text

SOURCE = ROOT / "qacrawl"
READING = [
    *SOURCE.glob("parse/grammar/*.py"),
    *(SOURCE / f"parse/{name}.py" for name in ("header", "sections", "signoff", "values")),
    SOURCE / "parse/markup/fields.py",
    SOURCE / "validate.py",
    SOURCE / "redact/record.py",
    SOURCE / "redact/quotes.py",
]
PARSERS = sorted(SOURCE.glob("sites/*/*.py"))
CODE = re.compile(r"[a-z]+(?:_[a-z]+)*")
SECTIONS = re.split(r"^## ", (ROOT / "docs" / "notes.md").read_text(encoding="utf-8"), flags=re.MULTILINE)
OPEN = {"http_403", "http_500"}  # examples: there is one for each status


def documented(section: str) -> list[str]:
    """The codes in the tables of a section of docs/notes.md."""
    (text,) = (text for text in SECTIONS if text.startswith(section))
    cells = re.findall(r"^\| (`.*?) \|", text, re.MULTILINE)
    return [code for cell in cells for code in re.findall(r"`(\w+)`", cell)]


def tree(path: Path) -> Iterator[ast.AST]:
    return ast.walk(ast.parse(path.read_text(encoding="utf-8")))


def texts(node: ast.AST) -> Iterator[str]:
    """The codes that an expression may be; what an f-string puts in is "*"."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, ast.JoinedStr):
        yield "".join(part.value if isinstance(part, ast.Constant) else "*" for part in node.values)
    elif isinstance(node, ast.BoolOp | ast.IfExp):
        for part in node.values if isinstance(node, ast.BoolOp) else (node.body, node.orelse):
            yield from texts(part)


def is_call(node: ast.AST, *names: str) -> bool:
    """Whether a node calls a function or a method of one of these names."""
    return isinstance(node, ast.Call) and getattr(node.func, "attr", getattr(node.func, "id", "")) in names


def noted(path: Path) -> Iterator[str]:
    """What a module appends to notes, returns or keeps in a list, or yields from a function that makes texts."""
    for node in tree(path):
        parts: list[ast.AST] = []
        if isinstance(node, ast.List):
            parts = [*node.elts]
        elif is_call(node, "append") and "notes" in ast.unparse(node.func):
            parts = [*node.args]
        elif isinstance(node, ast.Yield) and node.value:
            parts = [node.value]
        elif isinstance(node, ast.Tuple):  # (*record.notes, *(f"redacted_{kind}" for kind in kinds))
            parts = [one.value.elt for one in node.elts if isinstance(one, ast.Starred) and is_generator(one.value)]
        for part in parts:
            yield from texts(part)


def is_generator(node: ast.AST) -> bool:
    return isinstance(node, ast.GeneratorExp)


def refused(path: Path) -> Iterator[str]:
    """What a module refuses pages for."""
    for node in tree(path):
        if is_call(node, "Refusal") and node.args:
            yield from texts(node.args[0])
        elif is_call(node, "refused"):
            yield from texts(node.args[-1])
        elif isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) in ("_HEADS", "_NOTICES"):
            yield from (code for key in node.value.keys for code in texts(key))


def failed(path: Path) -> Iterator[str]:
    """What a module calls a failure by itself: reasons it gives, answers of `judge` that are no outcome."""
    for node in tree(path):
        if is_call(node, "finish") and any(list(texts(argument)) == ["failed"] for argument in node.args):
            yield from (code for word in node.keywords if word.arg == "reason" for code in texts(word.value))
        elif isinstance(node, ast.FunctionDef) and node.name == judge.__name__:
            answers = [part.value for part in ast.walk(node) if isinstance(part, ast.Return) and part.value]
            yield from ({code for answer in answers for code in texts(answer)} - {"stopping", "forbidden"})


def seen() -> set[str]:
    """The notes in the fixtures and in the demo's articles."""
    expected = (json.loads(path.read_text("utf-8")) for path in (ROOT / "tests" / "fixtures").glob("*/*/expected.json"))
    notes = {note for case in expected if "record" in case for note in case["record"]["notes"]}
    return notes | {note for fields in site.articles("http://127.0.0.1").values() for note in fields["notes"]}


def complete(codes: set[str]) -> set[str]:
    """`codes` with each pattern replaced by what it becomes: the kinds of personal data, else what was seen."""
    kinds = {f"redacted_{kind}" for kind in text.KINDS}
    whole = {code for code in codes if "*" not in code}
    for pattern in codes - whole:
        fits = re.compile(pattern.replace("*", r"\w+"))
        whole |= {code for code in kinds | seen() if fits.fullmatch(code)}
    return whole


def test_every_note_is_explained() -> None:
    codes = {code for path in (*READING, *PARSERS) for code in noted(path)}
    codes = {code for code in codes if CODE.fullmatch(code.replace("*", "x"))}
    assert {"bad_*", "future_*", "redacted_*", "unread_text", "reply_before_question"} <= codes
    assert documented("Notes") == sorted(complete(codes))


def test_every_note_of_a_fixture_is_explained() -> None:
    assert seen() <= set(documented("Notes"))


@pytest.mark.slow
def test_every_reason_of_a_reject_is_explained() -> None:
    codes = {code for path in SOURCE.rglob("*.py") for code in refused(path)}
    assert {"captcha", "not_article", "dropped", "listing"} <= codes
    assert sorted(documented("Rejects")) == sorted(codes)
    assert sorted(WORDS) == sorted(codes)  # `qacrawl extract` says each in words


def test_every_code_of_a_pair_is_explained() -> None:
    assert documented("Pairs") == [*agreement.REASONS, *agreement.NOTES]
    text = next(part for part in SECTIONS if part.startswith("Pairs"))
    assert [meaning for meaning in (agreement.REASONS | agreement.NOTES).values() if meaning not in text] == []


def test_every_failure_is_explained() -> None:
    codes = {code for path in SOURCE.rglob("*.py") for code in failed(path)}
    assert {"bad_redirect", "no_item", "private_address"} <= codes
    assert set(documented("Failures")) - OPEN == codes


def test_the_examples_of_errors_are_what_scrapy_raises() -> None:
    row = next(line for line in SECTIONS[-1].splitlines() if line.startswith("| others"))
    errors = [error for name, error in vars(exceptions).items() if name.startswith(("Download", "Cannot", "Response"))]
    raised = {answer.reason for error in errors if isinstance(answer := judge(error()), Again)}
    assert set(re.findall(r"`(\w+)`", row)) <= raised


def test_the_examples_of_statuses_are_failures() -> None:
    answers = {judge_status(int(code.removeprefix("http_")), Headers()) for code in OPEN}
    assert {getattr(answer, "reason", answer) for answer in answers} == OPEN
