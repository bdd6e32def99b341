"""The vocabulary of departments: each has a slug and both names, and both sites' words lead to it."""

import re
from collections import Counter

import pytest

from qacrawl import departments
from qacrawl.demo.topics import topics

CHINESE = """
牙科 外科 兒科 骨科 眼科 漢生病 中醫科 皮膚科 泌尿科 家醫科 高年科 婦產科
麻醉科 復健科 腫瘤科 精神科 體適能 營養教室 戒菸諮詢 藥物諮詢 流感諮詢 耳鼻喉科
罕見疾病 放射線科 神經內科 神經外科 胸腔內科 整型外科 肝膽腸胃科 潛水醫學科
心臟血管專科 乳房甲狀腺科 產後憂鬱諮詢 內科
""".split()
"""The departments of the Taiwan e-Hospital, as its index names them."""


def test_each_department_has_a_slug_and_two_names_of_its_own() -> None:
    found = departments.departments()
    assert [one.slug for one in found if not re.fullmatch(r"[a-z]+(?:-[a-z]+)*", one.slug)] == []
    assert [one.slug for one in found if not one.english.isascii() or not one.english[:1].isupper()] == []
    assert [one.slug for one in found if not re.fullmatch("[\u4e00-\u9fff]+", one.chinese)] == []
    names = Counter(departments._plain(name) for one in found for name in {one.english, one.chinese, *one.also} if name)
    assert [name for name, number in names.items() if number > 1] == []
    assert len({one.slug for one in found}) == len(found)


@pytest.mark.parametrize("name", CHINESE)
def test_every_department_of_the_original_is_known_under_its_own_name(name: str) -> None:
    assert name in {one.chinese for one in departments.departments()}
    assert departments.slug(name)


def test_both_names_of_a_department_lead_to_it() -> None:
    for one in departments.departments():
        assert {departments.slug(name) for name in (one.english, one.english.upper(), one.chinese)} == {one.slug}


@pytest.mark.parametrize(
    ("name", "slug"),
    [
        ("Ear, Nose & Throat", "otolaryngology"),
        ("Ear, Nose and Throat, Head & Neck Surgery", "otolaryngology"),
        ("Obstetrics & Gynecology", "obstetrics-gynecology"),
        ("Pediatrics (Growth & Hormones)", "pediatrics"),
        ("Internal Medicine - Cardiology", "cardiology"),
        ("department of neurology", "neurology"),
        ("Neurology Department", "neurology"),
        ("Dept. of Neurology", "neurology"),
        ("Division of the Neurology", "neurology"),
        ("Ear Nose and Throat", "otolaryngology"),
        ("Internal Medicine – Cardiology", "cardiology"),
        ("內　科", "internal-medicine"),
        ("家庭醫學科（成人）", "family-medicine"),
    ],
)
def test_what_narrows_a_name_is_no_hindrance(name: str, slug: str) -> None:
    assert departments.slug(name) == slug


@pytest.mark.parametrize("name", ["", "Astrology", "Neurologist", "科", "Reply", "(General)", ",", " - "])
def test_what_is_not_known_is_not_guessed(name: str) -> None:
    assert departments.slug(name) is None


def test_the_demo_has_no_other_departments() -> None:
    assert [topic.department for topic in topics() if not departments.slug(topic.department)] == []
