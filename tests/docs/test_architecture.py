"""docs/architecture.md, docs/scrapy.md and the picture show the code as it is."""

import ast
import re
from collections.abc import Iterator
from typing import Any

import pytest
from scrapy.settings import default_settings
from support.places import ROOT

from qacrawl import settings

PAGE = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
SCRAPY = (ROOT / "docs" / "scrapy.md").read_text(encoding="utf-8")
PICTURE = (ROOT / "docs" / "flow.svg").read_text(encoding="utf-8")
NAMES = sorted(
    path.name + "/" * path.is_dir()
    for path in (ROOT / "qacrawl").iterdir()
    if not path.name.startswith(("_", ".")) and path.name != "py.typed"
)


@pytest.mark.parametrize("name", NAMES)
def test_every_name_of_the_package_is_in_the_picture_and_has_its_place(name: str) -> None:
    assert re.search(rf"(?<![\w/]){re.escape(name)}", re.sub(r"<[^>]+>|&#160;", " ", PICTURE))
    assert f"`qacrawl/{name}" in section("Where is what")


def test_the_picture_names_nothing_else() -> None:
    drawn = re.findall(r"(?<![\w*])\w+(?:/|\.py)", re.sub(r"<[^>]+>|&#160;", " ", PICTURE))
    assert set(drawn) == set(NAMES)


def test_the_steps_are_drawn_in_their_order() -> None:
    steps = "FETCH ARCHIVE PARSE VALIDATE REDACT STORE PUBLISH".split()
    assert re.findall(r">([A-Z]{4,})<", PICTURE) == steps


def section(heading: str) -> str:
    (found,) = (part for part in re.split(r"^## ", PAGE, flags=re.MULTILINE) if part.startswith(heading))
    return found


def rows(text: str) -> list[list[str]]:
    """The rows of a table, without its head."""
    lines = [line for line in text.splitlines() if line.startswith("|")][2:]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def test_six_things_always_hold_and_each_has_a_test() -> None:
    guards = [guard.strip("`") for _, _, guard in rows(section("What always holds"))]
    assert len(guards) == 6
    for guard in guards:
        path, _, name = guard.partition("::")
        tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
        assert name in {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}, guard


def test_the_glossary_has_ten_words_and_the_page_uses_them() -> None:
    words = [word for word, _ in rows(section("Glossary"))]
    assert len(words) == 10
    life = section("One URL's life")
    assert [word for word in words if word not in life.lower() and word != "config"] == []


def off() -> Iterator[str]:
    """Names of what our settings turn off: components of Scrapy, and switches that it has on."""
    for name, value in vars(settings).items():
        if isinstance(value, dict):
            yield from (path.split(".")[-1] for path, order in value.items() if order is None and "." in path)
        elif name.isupper() and value is False and getattr(default_settings, name, False):
            yield name


def test_the_page_on_scrapy_names_all_that_is_off() -> None:
    assert {"DepthMiddleware", "RETRY_ENABLED", "TELNETCONSOLE_ENABLED"} <= set(off())
    assert [name for name in off() if f"`{name}`" not in SCRAPY] == []
    said = [one for one in re.split(r"^- ", SCRAPY, flags=re.MULTILINE) if " are off" in one and "|" not in one]
    assert {name for one in said for name in re.findall(r"`(\w+)`", one)} <= set(off())


def test_ten_parts_and_each_is_as_the_page_says() -> None:
    parts = rows(SCRAPY)
    assert [int(number) for number, *_ in parts] == list(range(1, 11))
    for name in re.findall(r"`([A-Z_]+)`", SCRAPY):
        assert hasattr(default_settings, name) or name == "JOBDIR", name
    for name in re.findall(r"`([A-Z_]+_ENABLED|ROBOTSTXT_OBEY)`", "".join(part[1] for part in parts)):
        value: Any = getattr(settings, name, getattr(default_settings, name))
        assert value is False, name
