"""Data flows one way: a module imports only what stands before it."""

import ast
from pathlib import Path

PACKAGE = Path(__file__).parents[1] / "qacrawl"
FLOW = """
errors disk mirror urls records sites schema derived
encoding blocks values signoff grammar header sections parsers
frontier revisit failures archive finding
validate
personal privacy
reading reader
store
publish publishing
extract rebuild erasing recovery bucket forgetting session archiving politeness robots scheduling pipelines
report crawl running settings spiders
standing demo cli
""".split()
ALONE = {"pipelines", "cli", "settings"}  # nobody imports them


def imports() -> dict[str, set[str]]:
    """For each module or package of ours, which others it imports, at the top or inside functions."""
    found: dict[str, set[str]] = {}
    for path in PACKAGE.rglob("*.py"):
        name = path.relative_to(PACKAGE).with_suffix("").parts[0]
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ImportFrom) and node.module and node.module.split(".")[0] == "qacrawl":
                inner = node.module.split(".")[1:2] or [alias.name for alias in node.names]
                found.setdefault(name, set()).update(inner)
    return {name: used - {name, "__version__"} for name, used in found.items()}


def test_every_module_has_its_place_in_the_flow():
    assert {path.stem for path in PACKAGE.iterdir() if path.suffix == ".py" or path.is_dir()} - {
        "__init__",
        "__pycache__",
        "py",
    } <= set(FLOW)


def test_modules_import_only_what_stands_before_them():
    wrong = [
        f"{name} imports {used}"
        for name, all_ in imports().items()
        for used in all_
        if FLOW.index(used) > FLOW.index(name)
    ]
    assert not wrong
    assert not {used for all_ in imports().values() for used in all_} & ALONE
