"""Data flows one way: a package or module imports only from rows above its own, and from its own package."""

import ast
import re

from support.places import ROOT

PACKAGE = ROOT / "qacrawl"
FLOW = """
codes departments errors escape nfc records words
log urls files schema
registry archive options
parse
usage
validate redact
sitefile
steps store
reader
frontier
publish
forget
rebuild
ending workspace
fetch
sites commands
demo settings flags streams
cli
__main__
""".strip().splitlines()
ROW = {name: number for number, row in enumerate(FLOW) for name in row.split()}
ALONE = {"sites", "settings", "__main__"}  # nobody imports them: `registry` loads a site by its name


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
    names = {path.stem for path in PACKAGE.iterdir() if path.suffix == ".py" or path.is_dir()}
    assert names - {"__init__", "__pycache__"} - {name for name in names if name.startswith(".")} == set(ROW)


def test_only_one_package_knows_that_there_are_buckets_on_s3():
    """An address in a help text is no knowledge, nor is the name under which Scrapy has its own S3 downloader."""
    wrong = []
    for path in sorted(PACKAGE.rglob("*.py")):
        text = path.read_text()
        if path.name == "settings.py":
            text = text.replace('    "s3": None,\n', "")
        if path.parent.name != "files" and (found := re.search(r"\bs3\b(?!://)|boto|mirror", text, re.IGNORECASE)):
            wrong.append(f"{path.relative_to(PACKAGE)} says {found[0]}")
    assert not wrong


def test_modules_import_only_what_stands_above_them():
    found = imports()
    wrong = [f"{name} imports {one}" for name, used in found.items() for one in used if ROW[one] >= ROW[name]]
    assert not wrong
    assert not {one for used in found.values() for one in used} & ALONE
