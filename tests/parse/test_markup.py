"""Pages with schema.org markup become records: what is read of real pages, of faults, of many questions on a page."""

import contextlib
import gzip
import html
import json
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from support.crawling import qacrawl
from support.making import part, record
from support.places import ROOT

from qacrawl import registry, schema, steps, store
from qacrawl.errors import QacrawlError
from qacrawl.parse.markup import tolerant
from qacrawl.publish.snapshot import publish
from qacrawl.publish.verify import verify
from qacrawl.records import OtherReply, Page, Refusal, Several, records_of
from qacrawl.redact.record import pseudonym, redact

PAGES = ROOT.parent / "shared" / "pages"
FIELDS = ("title", "question", "asker", "ask_date", "reply", "doctor", "reply_date")
KEY = bytes(32)


def page(body: bytes, url: str = "https://kettles.example/t/1") -> Page:
    return Page(site="qapage", url=url, body=body, fetched_at=datetime(2026, 11, 1, tzinfo=UTC))


def letters(value: object) -> str:
    """What counts of a text: its letters and digits, without tags."""
    said = html.unescape(re.sub(r"<[^>]*>", "", "" if value is None else str(value)))
    return "".join(filter(str.isalnum, said)).casefold()


@pytest.mark.skipif(not PAGES.is_dir(), reason="the real pages are not beside the checkout")
def test_real_pages_read_as_an_independent_reader_reads_them():
    truth = json.loads((PAGES / "truth.json").read_text("utf-8"))
    same = []
    for name, said in truth.items():
        found = records_of(steps.read(page(gzip.decompress((PAGES / f"{name}.gz").read_bytes()))))
        assert len(found) == len(said["records"]), name
        for want, one in zip(said["records"], found, strict=True):
            same += [letters(want[field]) == letters(getattr(one, field)) for field in FIELDS]
            same.append(want["others"] == len(one.other_replies))
    assert sum(same) >= 0.97 * len(same)


FAQ = {
    "@type": "FAQPage",
    "mainEntity": [
        {"@type": "Question", "name": f"{name}?", "acceptedAnswer": {"@type": "Answer", "text": f"{name}, yes."}}
        for name in ("Black tea", "Green tea", "Mint")
    ],
}


def faq(*, questions: int = 3, hour: int = 1) -> list[Any]:
    said = json.dumps({**FAQ, "mainEntity": FAQ["mainEntity"][:questions]})
    found = page(f'<html><body><script type="application/ld+json">{said}</script>'.encode())
    at = datetime(2026, 11, 1, hour, tzinfo=UTC)
    return [*records_of(steps.result(found.model_copy(update={"fetched_at": at}), KEY))]


def test_one_question_under_many_q_and_a_pages_is_read_once():
    said = "It hums. " * 200
    asked = "<div itemscope itemtype=https://schema.org/{}>"
    one = asked.format("Question") + f"<h1 itemprop=name>Why?</h1><p itemprop=text>{said}</p></div>"
    body = asked.format("QAPage") * 40 + "</div>" * 40 + one
    record = steps.result(page(body.encode()), KEY)
    assert (record.question, record.similar_qa) == (said.strip(), ())


def test_each_question_of_a_faq_page_is_a_record_with_its_rank():
    found = faq()
    first = found[0].record_id
    assert [one.rank for one in found] == [0, 1, 2]
    assert [one.record_id for one in found] == [first, f"{first}#1", f"{first}#2"]


def test_several_records_of_a_page_are_published_and_one_that_left_the_page_leaves(tmp_path: Path):
    parts = [part(tmp_path, faq(hour=1))]
    made = publish(tmp_path, "qapage", parts)
    assert made
    assert made.rows == 3
    assert verify(made.path) == []
    qa = [row for file in made.path.glob("data/qa/*.parquet") for row in pq.read_table(file).to_pylist()]
    assert len({row["cluster_id"] for row in qa}) == 3
    again = publish(tmp_path, "qapage", [*parts, part(tmp_path, faq(questions=2, hour=2))])
    assert again
    assert again.rows == 2
    assert verify(again.path) == []


def test_which_questions_a_page_has_is_said_by_its_newest_visit_not_by_the_clock(tmp_path: Path):
    visits = [(faq(hour=9), 1), (faq(questions=2, hour=3), 2)]  # the clock was put back in between
    parts = [tmp_path / "parts" / store.write_part(tmp_path, rows, [visit] * len(rows)) for rows, visit in visits]
    made = publish(tmp_path, "qapage", parts)
    assert made
    assert made.rows == 2


NEW = ["other_replies", "question_votes", "reply_votes", "reply_accepted", "rank"]


@pytest.mark.parametrize(("version", "new"), [(b"1", [*NEW, "department", "follows"]), (b"2", NEW)])
def test_parts_without_the_columns_are_read_and_these_say_nothing(tmp_path: Path, version: bytes, new: list[str]):
    old = schema.record_table([record(1)]).drop_columns(new).replace_schema_metadata({schema.VERSION_KEY: version})
    plain = record(1).model_copy(update={"department": None})
    kept = record(1) if "department" not in new else plain
    assert schema.upgrade(old).equals(schema.record_table([kept]), check_metadata=True)
    made = publish(tmp_path, "doctorqna", [tmp_path / "parts" / store.write_table(tmp_path / "parts", old)])
    assert made
    assert verify(made.path) == []


def test_a_snapshot_of_version_1_is_followed_by_one_of_version_2(tmp_path: Path):
    parts = [part(tmp_path, [record(number) for number in range(1, 9)])]
    made = publish(tmp_path, "doctorqna", parts)
    assert made
    for file in made.path.glob("data/qa/*.parquet"):  # as version 1 wrote it
        pq.write_table(pq.read_table(file).drop_columns(["other_replies", "rank"]), file)
    again = publish(tmp_path, "doctorqna", [*parts, part(tmp_path, [record(20)])])
    assert again
    assert again.rows == 9


def test_an_asker_who_replies_in_the_own_thread_stays_a_pseudonym():
    others = (OtherReply(author="Tilda", reply="Write to tilda@example.org"), OtherReply(author="Olaf", reply="Red."))
    found = redact(record(1, asker="Tilda", doctor="Tilda", reply_accepted=False, other_replies=others), key=KEY)
    name = pseudonym("Tilda", KEY)
    assert (found.asker, found.doctor) == (name, name)
    assert [(one.author, one.reply) for one in found.other_replies] == [(name, "Write to [email]"), ("Olaf", "Red.")]


def test_extract_gives_a_line_for_each_question_of_a_gzipped_page(tmp_path: Path):
    said = f'<html><body><script type="application/ld+json">{json.dumps(FAQ)}</script>'
    (tmp_path / "faq.html.gz").write_bytes(gzip.compress(said.encode()))
    done = qacrawl("extract", "--site", "qapage", str(tmp_path / "faq.html.gz"), "--output", str(tmp_path))
    assert done.code == 0, done.err
    assert [json.loads(line)["record"]["title"] for line in done.out.splitlines()] == [
        "Black tea?",
        "Green tea?",
        "Mint?",
    ]


def test_what_is_for_saved_pages_only_can_not_be_crawled():
    with pytest.raises(QacrawlError, match="can't be crawled: it is for saved pages"):
        registry.check("qapage")


@pytest.mark.parametrize(
    "text",
    ["", "{" * 100_000, "[" * 100_000, '{"a": ', '"\\', "/*" * 100_000, '"' * 99_999, '{"a":' + '"\\"' * 50_000, "//"],
)
def test_json_that_is_none_is_an_error_or_nothing_and_soon_found(text: str):
    with contextlib.suppress(ValueError):
        assert isinstance([*tolerant.loads(text)], list)


@pytest.mark.parametrize(
    "said",
    [
        '{"@type":"QAPage","mainEntity":{"@id":"#q"},"@id":"#q"}',
        '{"@id":"#q","@type":"Question","name":"Me?","acceptedAnswer":{"@id":"#q"}}',
        '{"@type":"Question","name":"Many?","upvoteCount":' + "9" * 5000 + "}",
        '{"@type":["Question",null,3],"name":{"@value":"Odd?"},"text":[[["x"]]],"author":[null,{}]}',
        "[" * 3000 + '{"@type":"Question"}' + "]" * 3000,
    ],
)
def test_strange_markup_is_read_or_refused(said: str):
    found = steps.read(page(f'<html><body><script type="application/ld+json">{said}</script>'.encode()))
    assert isinstance(found, Refusal | Several) or records_of(found)
