"""Days and ages in any figures: what is none is None, whatever stands there."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qacrawl.parse.values import read_age, read_date

FIGURES = st.integers(0).map(str) | st.sampled_from(["1" * 30, "9" * 5000, "٢٠٢٠", "²", "-1", "0"])


@given(st.lists(FIGURES, max_size=5).map("/".join) | st.text(max_size=40))
def test_nothing_that_is_written_as_a_day_or_an_age_raises(text: str) -> None:
    assert isinstance(read_date(text), date | None)
    assert all(end is None or 0 <= end <= 150 for end in read_age(text)[:2])


@pytest.mark.parametrize("huge", ["9" * 10, "9" * 30, "9" * 5000])
def test_a_number_of_many_figures_is_no_part_of_a_day_or_an_age(huge: str) -> None:
    for text in (f"{huge}/1/2", f"2020/{huge}/2", f"2020/1/{huge}"):
        assert read_date(text) is None
    assert read_age(huge) == (None, None, ["bad_age"])
    assert read_age(f"10~{huge}") == (None, None, ["bad_age"])
