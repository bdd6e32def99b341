"""Names of third persons: found by a model that the user has, and only where a setting names one.

Models that are trained on people's texts are on no index of Python packages; a pipeline of spaCy with rules for a few
names, saved in a folder, stands in for one.
"""

import re
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest
from support import crawling, faults
from support.faults import FaultSite, Reply
from support.making import record

from qacrawl.errors import QacrawlError
from qacrawl.records import SimilarQA
from qacrawl.redact import third
from qacrawl.redact.record import redact

KEY = bytes(range(32))
ARTICLE = "/en/article/3"
needs_spacy = pytest.mark.skipif(find_spec("spacy") is None, reason="spaCy is not installed (extra names)")


class StandIn:
    """Finds a few names."""

    label = "en_names-1.0"

    def find(self, text: str) -> Iterator[third.Span]:
        return (found.span() for found in re.finditer("Gladys Moon|Ivo Example|Wu|小明", text))


def test_names_of_third_persons_leave_the_texts_and_doctors_stay() -> None:
    entry = SimilarQA(title="Tea", question_excerpt="Gladys Moon drinks tea.", doctor="Wu")
    given = record(
        1,
        asker="Rita Sample",
        question="Gladys Moon, my aunt, saw Dr. Wu. 小明 says the same.",
        reply="Tell Gladys Moon to rest.\nIvo Example, neurology, cares about you.",
        doctor="Ivo Example",
        similar_qa=(entry,),
    )
    found = redact(given, key=KEY, third=StandIn())
    assert found.question == "[name], my aunt, saw Dr. Wu. [name] says the same."
    assert found.reply == "Tell [name] to rest.\nIvo Example, neurology, cares about you."
    assert found.doctor == "Ivo Example"
    assert (found.similar_qa[0].question_excerpt, found.similar_qa[0].doctor) == ("[name] drinks tea.", "Wu")
    assert "redacted_name" in found.notes
    assert found.parser_version == f"{given.parser_version}/en_names-1.0"


def test_without_a_model_nobody_looks_for_them() -> None:
    given = record(1, asker="Rita Sample", question="Gladys Moon says so.")
    assert redact(given, key=KEY).question == given.question
    assert redact(given, key=KEY).parser_version == given.parser_version
    assert redact(given, key=KEY, texts=False, third=StandIn()).question == given.question
    assert redact(given, key=KEY, texts=False, third=StandIn()).parser_version == given.parser_version


def test_a_model_is_given_long_texts_in_parts_that_cut_no_word() -> None:
    text = "Gladys Moon drinks tea. " * 5000
    parts = list(third._pieces(text))
    assert "".join(text[start:end] for start, end in parts) == text
    assert all(0 < end - start <= third.LONGEST for start, end in parts)
    assert all(text[end - 1] == " " for _, end in parts)
    assert ["x" * 100 for _ in third._pieces("x" * (3 * third.LONGEST))] == ["x" * 100] * 3
    assert list(third._pieces("")) == []


def test_a_model_that_can_not_be_used_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(third, "find_spec", lambda name: None)
    with pytest.raises(QacrawlError, match=r"^--names-model takes the extra names: pip install 'qacrawl\[names\]'$"):
        third.load("any folder at all")


@pytest.fixture
def model(tmp_path: Path) -> Path:
    """A pipeline with rules."""
    import spacy

    pipeline = spacy.blank("en")
    ruler = pipeline.add_pipe("entity_ruler")
    ruler.add_patterns(
        [{"label": label, "pattern": name} for label, name in (("PERSON", "Gladys Moon"), ("ORG", "Tea"))]
    )
    pipeline.meta.update(name="rules of ours", version="1.2")
    pipeline.to_disk(tmp_path / "model")
    return tmp_path / "model"


@needs_spacy
def test_a_pipeline_finds_people_and_nothing_else(model: Path) -> None:
    found = third.load(str(model))
    assert found.label == "en_rules_of_ours-1.2"
    text = f"Tea for Gladys Moon.{' ' * third.LONGEST}Gladys Moon"
    assert [text[start:end] for start, end in found.find(text)] == ["Gladys Moon"] * 2


@needs_spacy
@pytest.mark.parametrize("lacks", ["a folder", "a pipeline", "names"])
def test_what_is_no_model_ends_a_command_before_anything_is_fetched(tmp_path: Path, lacks: str) -> None:
    import spacy

    place = tmp_path / "model"
    if lacks == "a pipeline":
        place.mkdir()
    elif lacks == "names":
        spacy.blank("en").to_disk(place)
    with FaultSite(articles=1) as site:
        done = crawling.crawl(site.start, tmp_path / "output", "--names-model", str(place))
    assert (done.code, done.err.count("\n")) == (2, 1), done.err
    assert done.err.startswith(f"qacrawl: --names-model: {place} ")
    assert not site.log


@needs_spacy
@pytest.mark.slow
def test_crawl_rebuild_and_card_agree_on_a_model(tmp_path: Path, model: Path) -> None:
    with FaultSite(articles=3) as site:
        page = faults.article(3).replace(b"Question 3, version 0.", b"Gladys Moon drinks tea. Should she?")
        site[ARTICLE] = Reply(page)
        chosen = ("--names-model", str(model))
        assert crawling.crawl(site.start, tmp_path / "output", *chosen).code == 0
    first = crawling.records(tmp_path / "output")
    assert {row["parser_version"].split("/", 2)[2] for row in first} == {"en_rules_of_ours-1.2"}
    assert "Gladys" not in str(first)
    card = (tmp_path / "output/doctorqna/dataset/README.md").read_text("utf-8")
    assert "names of third persons (but in 3 records by `en_rules_of_ours-1.2`)" in " ".join(card.split())
    assert crawling.qacrawl("rebuild", "doctorqna", "--output", str(tmp_path / "output"), *chosen).code == 0
    assert crawling.records(tmp_path / "output") == first
    assert crawling.qacrawl("rebuild", "doctorqna", "--output", str(tmp_path / "output")).code == 0
    plain = crawling.records(tmp_path / "output")
    assert "Gladys Moon" in str(plain)
    assert not any("en_rules" in row["parser_version"] for row in plain)
