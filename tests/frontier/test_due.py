"""When pages are visited again: a site's own days, or those that a user chose; docs/settings.md names the defaults."""

import re

import pytest

from qacrawl.frontier import due
from qacrawl.options import Options

POLICY = due.Policy()
SITE = due.Policy(answered=((36_500, 1),), reject=2)


def steps(text: str) -> tuple[tuple[float, float], ...]:
    return tuple((float(age), float(days)) for age, days in re.findall(r"([\d.]+):([\d.]+)", text))


def test_a_user_has_the_last_word_and_else_the_site():
    assert due.chosen(SITE, Options()) == SITE
    chosen = Options.model_validate({"revisit_answered": "9:3", "revisit_gone": "5"})
    assert due.chosen(SITE, chosen) == SITE._replace(answered=((9.0, 3.0),), gone=5.0)


def test_the_settings_name_the_defaults():
    said = {name: info.description or "" for name, info in Options.model_fields.items() if "revisit_" in name}
    assert steps(said["revisit_answered"]) == POLICY.answered
    assert steps(said["revisit_open"]) == POLICY.open
    assert said["revisit_reject"].endswith(f"; {POLICY.reject:g}.")
    assert said["revisit_gone"].endswith(f"; {POLICY.gone:g}.")


@pytest.mark.parametrize(("age", "days"), [(1, 3), (9, 3), (10, 30), (400, 30)])
def test_the_age_of_a_question_chooses_the_step(age, days):
    policy = due.chosen(POLICY, Options.model_validate({"revisit_answered": "9:3 90:30"}))
    row = due.Row(1, "u", "article", 1, 0, 1, 0, 0, 0, None, None, None, None, None, 0.0, 0.0, 1, None, None)
    now = age * due.DAY
    assert due.plan(row, "record", now, policy).due_at == pytest.approx(now + days * due.DAY)
