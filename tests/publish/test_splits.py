"""Clusters and splits: what belongs together is not torn apart, and stays where it is while the dataset grows."""

import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.making import HOST, part, record, sentence

from qacrawl.publish.data import similarity, splits, versions
from qacrawl.publish.snapshot import publish
from qacrawl.records import QARecord

CHINESE = (
    "醫師您好，我最近三個星期以來每天早上起床的時候左邊膝蓋都會腫起來而且很痛，"
    "走路走久了就更嚴重，請問應該看哪一科比較好？"
)
OTHER_CHINESE = "請問小孩發燒到三十九度已經兩天了，吃了退燒藥還是反覆發燒，需要帶去急診做進一步的抽血檢查嗎？謝謝。"
ENGLISH = sentence("knee", 60)


@dataclass(frozen=True)
class Place:
    cluster: str
    split: str
    near: bool


def placed(*parts: Iterable[QARecord], gone: Sequence[str] = ()) -> tuple[dict[str, Place], dict]:
    """Where each record lies, by its number, and the pairs that the report counts."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        files = [part(folder, rows) for rows in map(list, parts) if rows]
        with versions.work(folder) as db:
            versions.load(db, folder, files, [], gone)
            splits.read(db)
            splits.assign(db)
            found = db.execute("FROM (FROM splits SELECT * EXCLUDE rank) ORDER BY record_id").fetchall()
            return {row[0].partition(":")[2]: Place(*row[1:]) for row in found}, json.loads(splits.report(db))["pairs"]


def places(*rows: QARecord, gone: Sequence[str] = ()) -> dict[str, Place]:
    return placed(rows, gone=gone)[0]


def clusters(found: dict[str, Place]) -> list[set[str]]:
    """The numbers of the records that are together."""
    together: dict[str, set[str]] = {}
    for number, place in found.items():
        together.setdefault(place.cluster, set()).add(number)
    return sorted(together.values(), key=min)


def edited(text: str, *changes: int) -> str:
    """The text with another word at these places."""
    words = text.split()
    for at in changes:
        words[at] = f"other{at}"
    return " ".join(words)


def test_a_few_changed_words_are_a_near_duplicate():
    found = places(record(1, question=ENGLISH), record(2, question=edited(ENGLISH, 5, 40)), record(3))
    assert clusters(found) == [{"1", "2"}, {"3"}]
    assert [found[number].near for number in "123"] == [False, True, False]


def test_many_changed_words_are_another_question():
    changed = edited(ENGLISH, *range(0, 60, 4))
    assert clusters(places(record(1, question=ENGLISH), record(2, question=changed))) == [{"1"}, {"2"}]


def test_chinese_is_compared_by_characters():
    changed = CHINESE.replace("三個星期", "四個星期").replace("比較好？", "比較好呢？")
    made = [record(n, question=text) for n, text in enumerate((CHINESE, OTHER_CHINESE, changed), 1)]
    assert clusters(places(*made)) == [{"1", "3"}, {"2"}]


def test_case_width_and_punctuation_make_no_difference():
    loud = ENGLISH.upper().replace(" ", " ... ")
    found = places(record(1, question="Is my knee broken"), record(2, question="is my Ｋｎｅｅ broken?!"))
    assert clusters(found) == [{"1", "2"}]
    assert clusters(places(record(1, question=ENGLISH), record(2, question=loud))) == [{"1", "2"}]


def test_unrelated_questions_stay_apart():
    found = places(*(record(number) for number in range(300)))
    assert len(clusters(found)) == 300
    assert not any(place.near for place in found.values())


def test_one_question_under_two_numbers_is_one_cluster_and_a_duplicate():
    found = places(record(1, question=ENGLISH), record(2, question=ENGLISH, asker=None))
    assert found["1"].cluster == found["2"].cluster
    assert (found["1"].near, found["2"].near) == (False, True)


def test_the_cluster_is_named_by_the_first_seen_not_by_the_lowest_number():
    assert clusters(places(record(9, question=ENGLISH), record(2, question=ENGLISH, day=1))) == [{"2", "9"}]
    found = places(record(9, question=ENGLISH), record(2, question=ENGLISH, day=1))
    assert found["9"].cluster == places(record(9))["9"].cluster
    assert (found["9"].near, found["2"].near) == (False, True)


def test_a_short_question_needs_the_same_words():
    made = [record(1, question="My knee hurts a lot"), record(2, question="My knee hurts a bit")]
    made = [one.model_copy(update={"question_subject": None}) for one in made]
    assert clusters(places(*made)) == [{"1"}, {"2"}]


def test_equal_short_questions_lie_together_but_their_subjects_tell_them_apart():
    made = [
        record(1, question="As the title says", question_subject="Tooth"),
        record(2, question="As the title says", question_subject="Ear"),
        record(3, question="As the title says.", question_subject="tooth"),
    ]
    found = places(*made)
    assert clusters(found) == [{"1", "2", "3"}]
    assert [found[number].near for number in "123"] == [False, False, True]


@pytest.mark.parametrize("text", ["?", "...", "？！", "—"])
def test_questions_without_words_are_not_alike(text):
    made = [record(number, question=text, question_subject=None, asker=f"asker-{number}") for number in (1, 2)]
    assert clusters(places(*made)) == [{"1"}, {"2"}]
    unsaid = [record(number, question=text, question_subject=None, asker=None) for number in (1, 2)]
    assert clusters(places(*unsaid)) == [{"1"}, {"2"}]
    same = [record(number, question=text, question_subject=None, asker="asker-1") for number in (1, 2)]
    assert clusters(places(*same)) == [{"1", "2"}]


@pytest.mark.parametrize(
    "naming",
    [
        "As in #{}: no better.",
        "續問#{}，還是很痛",
        "續問＃{}",
        "see {host}/{} please",
        "ShowDetail.php?q_no={}&sat=1",
        "#0{}",
    ],
)
def test_a_follow_up_lies_with_the_record_it_names(naming):
    question = naming.format("223574", host=HOST)
    found = places(record(223574), record(223580, question=question), record(3))
    assert clusters(found) == [{"223574", "223580"}, {"3"}]
    assert not found["223580"].near


def test_a_follow_up_in_the_subject_counts_and_a_chain_is_one_cluster():
    made = [record(500), record(501, question_subject="Again #500"), record(502, question="And again, #501 #400.")]
    assert clusters(places(*made)) == [{"500", "501", "502"}]


def test_a_follow_up_that_was_crawled_first_lies_with_what_it_names():
    made = [record(600, question="Again #500"), record(500, day=1)]
    assert clusters(places(*made)) == [{"500", "600"}]


@pytest.mark.parametrize(
    "question", ["Tooth #36 hurts.", "Room #999 at noon.", "#5001 is too long", "no 500, #50a", "#700"]
)
def test_other_numbers_name_no_record(question):
    made = [record(number) for number in (36, 50, 500, 700)]
    assert len(clusters(places(*made, record(600, question=question)))) == 5


def test_a_bridge_between_old_clusters_is_counted_and_moves_nobody():
    old = [record(number) for number in range(500, 540)]
    before = places(*old)
    one = before["500"]
    far = next(number for number, place in before.items() if place.split != one.split)
    bridge = record(900, day=1, question=f"Both #500 and #{far}.")
    after, pairs = placed([*old, bridge])
    assert {number: after[number] for number in before} == before
    assert after["900"].cluster == one.cluster  # the earlier of the two
    assert pairs == {"linked": 2, "torn": 1, "torn_at_random": 1}


def test_a_page_that_is_gone_keeps_its_cluster_together():
    made = [record(1, question=ENGLISH), record(2, question=ENGLISH), record(3, question=edited(ENGLISH, 9))]
    before, after = places(*made), places(*made, gone=[f"{HOST}/1"])
    assert set(after) == {"2", "3"}
    assert {number: place.cluster for number, place in after.items()} == dict.fromkeys("23", before["1"].cluster)
    # Without near-duplicates there is still one row of each question.
    assert (after["2"].near, after["3"].near) == (False, True)


def test_a_page_that_changes_stays_where_it_is():
    made = [record(1, question=ENGLISH), record(2)]
    before = places(*made)
    assert places(*made, record(2, day=4, question=ENGLISH)) == before


@pytest.mark.slow
def test_shares_are_about_right_over_many_clusters():
    found = places(*(record(number) for number in range(5000)))
    assert len(clusters(found)) == 5000
    counts = Counter(place.split for place in found.values())
    # Four standard deviations of a share of 5,000: 0.023 for 0.8, 0.017 for 0.1.
    assert {name: counts[name] / 5000 for name in splits.SHARES} == pytest.approx(splits.SHARES, abs=0.023)


def test_what_all_share_costs_no_square_and_is_one_cluster():
    made = [record(number, question=f"{ENGLISH} {number}") for number in range(400)]
    found, pairs = placed(made)
    assert len(clusters(found)) == 1
    assert 399 <= pairs["linked"] <= 400 * similarity.NEIGHBOURS * 4


questions = st.one_of(
    st.integers(0, 5).map(lambda seed: sentence(str(seed), 40)),
    st.tuples(st.integers(0, 5), st.integers(0, 39)).map(lambda at: edited(sentence(str(at[0]), 40), at[1])),
    st.integers(100, 130).map("Again #{}.".format),
    st.sampled_from([CHINESE, CHINESE[3:], OTHER_CHINESE, "?", "Thanks", "thanks!", "Please help me"]),
)
records = st.lists(
    st.tuples(st.integers(100, 130), st.integers(0, 4), questions),
    min_size=1,
    max_size=25,
    unique_by=lambda row: row[:2],
).map(lambda rows: [record(number, day, question=text) for number, day, text in rows])
quick = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@pytest.mark.slow
@quick
@given(records, st.integers(0, 4))
def test_growing_never_moves_a_record(made, day):
    made = sorted(made, key=lambda one: one.fetched_at)
    early = [one for one in made if (one.fetched_at.day, one.fetched_at.month) <= (1 + day, 3)]
    if early:
        before, after = places(*early), places(*made)
        for number, place in before.items():
            assert (after[number].cluster, after[number].split) == (place.cluster, place.split)


@pytest.mark.slow
@quick
@given(records, st.randoms(use_true_random=False), st.integers(0, 25))
def test_any_order_of_the_parts_gives_the_same(made, random, cut):
    before = placed(made)
    random.shuffle(made)
    assert placed(made[:cut], made[cut:]) == before


@pytest.mark.slow
@quick
@given(records)
def test_each_cluster_lies_in_one_split_and_holds_a_row_that_is_no_duplicate(made):
    found = places(*made)
    for place in found.values():
        assert {other.split for other in found.values() if other.cluster == place.cluster} == {place.split}
        assert not all(other.near for other in found.values() if other.cluster == place.cluster)


@pytest.mark.slow
@quick
@given(st.text(), st.text())
def test_any_text_has_words_and_shingles(one, other):
    said = similarity.words(one)
    assert similarity.words(" ".join(said)) == said
    assert similarity.words(f"{one} {other}") == said + similarity.words(other)
    sets = [similarity.shingles(["a", "b", *said]), similarity.shingles(["c", "d", "e"])]
    bands = similarity.bands([text for text in sets if text])
    assert all(len(found) == len(bands[0]) for found in bands)


def test_signatures_do_not_depend_on_the_order_of_a_set():
    code = (
        "from qacrawl.publish.data import similarity as s; "
        f"print(s.bands([s.shingles(s.words({ENGLISH!r}))]).to_pylist())"
    )
    seen = {
        subprocess.check_output([sys.executable, "-c", code], env=os.environ | {"PYTHONHASHSEED": seed})
        for seed in "123"
    }
    assert len(seen) == 1


def test_the_snapshot_and_its_card_say_how_it_was_split(tmp_path):
    folder = tmp_path / "doctorqna"
    made = [record(number) for number in range(60)]
    made += [record(number, question=made[number - 100].question) for number in range(100, 110)]
    snapshot = publish(folder, "doctorqna", [part(folder, made)])
    facts = json.loads((snapshot.path / splits.FILE).read_text())
    assert facts["pairs"] == {"linked": 10, "torn": 0, "torn_at_random": 3}
    card = " ".join((snapshot.path / "README.md").read_text().split())
    assert "Clusters: 60." in card
    assert "or nearly that: 10." in card
    assert "Linked pairs: 10; of these, in different splits: 0." in card
    assert splits.FILE in (snapshot.path / "SHA256SUMS").read_text()
    of_config = {}
    for config in ("qa", "similar", "faq", "history"):
        for path in (snapshot.path / "data" / config).glob("*.parquet"):
            for number in pq.read_table(path, columns=["record_id"])["record_id"].to_pylist():
                of_config.setdefault(number, set()).add(path.name.split("-")[0])
    assert {len(found) for found in of_config.values()} == {1}
    assert set().union(*of_config.values()) == set(splits.SHARES)
