"""Saved pages: fixtures/<site>/<case>/ holds a page, what is known of its fetch, and what must be read from it.

`pytest tests/test_fixtures.py --update-expected` rewrites the expected.json of every case that reads otherwise,
and fails, so that somebody looks at the change before it is committed.
"""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from qacrawl import registry, sitefile, validate
from qacrawl.parse import blocks, encoding
from qacrawl.records import Fields, Listing, Page, QARecord, Refusal

FIXTURES = Path(__file__).parent / "fixtures"
CASES = sorted(folder for folder in FIXTURES.glob("*/*") if folder.is_dir())
# The parser's fields, but the language where it is the site's; the rest of a record is provenance.
FIELDS = [name for name in QARecord.model_fields if name in Fields.__annotations__ and name != "lang"]
# Written down where they say something.
SELDOM = ("other_replies", "question_votes", "reply_votes", "reply_accepted", "follows")


def case_id(folder: Path) -> str:
    return f"{folder.parent.name}/{folder.name}"


every_case = pytest.mark.parametrize("folder", CASES, ids=case_id)


def load_page(folder: Path) -> Page:
    (body,) = (file.read_bytes() for file in folder.glob("page.*") if file.suffix in (".html", ".txt"))
    facts = json.loads((folder / "page.json").read_text(encoding="utf-8"))
    return Page(site=folder.parent.name, body=body, **facts)


def use(site: str) -> None:
    """Make a site known: one that is not built in has its file beside its cases."""
    file = FIXTURES / site / "site.toml"
    if file.exists():
        sitefile.use(file.read_text(encoding="utf-8"), str(file))


def read(page: Page) -> dict[str, Any]:
    """What PARSE and VALIDATE make of `page`, as expected.json writes it."""
    use(page.site)
    parser = registry.load_parser(page.site)
    answer = parser.parse(page)
    if isinstance(answer, Listing):
        return {"listing": list(answer.links)}
    if isinstance(answer, Refusal):
        return {"reject": {"reason": answer.reason, "fields": list(answer.fields)}}
    found = [validate.validate(page, fields, parser.VERSION, rank) for rank, fields in enumerate(answer.questions)]
    shown = [_shown(one) for one in found]
    return shown[0] if len(shown) == 1 else {"records": [one["record"] for one in shown]}


def _shown(result: QARecord | Refusal) -> dict[str, Any]:
    if isinstance(result, Refusal):
        return {"reject": {"reason": result.reason, "fields": list(result.fields)}}
    values = result.model_dump(mode="json")
    said = {name: values[name] for name in FIELDS if values[name] not in (None, []) or name not in SELDOM}
    if result.lang != registry.load(result.site).LANG:
        said["lang"] = result.lang
    return {"record": said | {"notes": sorted(result.notes)}}


def check(folder: Path, *, update: bool) -> None:
    """Compare one case with its expected.json, or rewrite that file and fail."""
    result, file = read(load_page(folder)), folder / "expected.json"
    expected = json.loads(file.read_text(encoding="utf-8")) if file.exists() else None
    if update and result != expected:
        file.write_text(json.dumps(result, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
        pytest.fail(f"{file} was rewritten: look at what changed")
    assert result == expected


@every_case
def test_page_reads_as_expected(folder: Path, request: pytest.FixtureRequest) -> None:
    check(folder, update=request.config.getoption("--update-expected"))


@every_case
def test_front_ends_make_equal_blocks(folder: Path) -> None:
    page = load_page(folder)
    markup = encoding.decode(page.body, page.content_type)
    if markup is None:
        assert read(page) == {"reject": {"reason": "binary", "fields": []}}
    else:
        markup = blocks.tame(markup, page.content_type)
        assert blocks.fast(markup) == blocks.reference(markup)
        assert blocks.fast(markup, whole=False) == blocks.reference(markup, whole=False)


@every_case
def test_case_is_whole(folder: Path) -> None:
    names = sorted(file.name for file in folder.iterdir())
    assert names in (["expected.json", "page.html", "page.json"], ["expected.json", "page.json", "page.txt"])


def test_update_rewrites_what_differs_and_fails(tmp_path: Path) -> None:
    folder = shutil.copytree(FIXTURES / "doctorqna" / "plain-text", tmp_path / "doctorqna" / "plain-text")
    (folder / "expected.json").write_text('{"record": {}}', encoding="utf-8")
    with pytest.raises(pytest.fail.Exception, match="rewritten"):
        check(folder, update=True)
    check(folder, update=False)
