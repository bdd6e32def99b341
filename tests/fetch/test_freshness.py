"""How long a page stays as it is, as its headers say: Cache-Control and Expires, whole, odd and broken."""

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scrapy.http.headers import Headers

from qacrawl.fetch import freshness

NOW = datetime(2024, 5, 3, 12, tzinfo=UTC)
DATE = format_datetime(NOW, usegmt=True)
DAY = 86_400


def fresh(*cache: str, **others: str) -> float:
    headers = {name.replace("_", "-"): [value] for name, value in others.items()}
    return freshness.seconds(Headers(headers | {"Cache-Control": list(cache)}))


def later(days: float) -> str:
    return format_datetime(NOW + timedelta(days=days), usegmt=True)


@pytest.mark.parametrize(
    ("cache", "seconds"),
    [
        ("max-age=60", 60),
        ("public, max-age=86400", DAY),
        ("MAX-AGE = 60", 60),
        ('max-age="60"', 60),
        ("max-age=60, must-revalidate", 60),
        ("max-age=60,s-maxage=9", 60),
        ("s-maxage=60", 0),
        ("max-age=60, max-age=30", 30),
        ('private="set-cookie, max-age=99", max-age=60', 60),
        ('extension="a \\" max-age=99", max-age=60', 60),
        ("x-max-age=60", 0),
        ("max-age", 0),
        ("max-age=", 0),
        ("max-age=-1", 0),
        ("max-age=1.5", 0),
        ("max-age=soon", 0),
        ("max-age=\u00b2", 0),
        ("no-cache, max-age=60", 0),
        ("max-age=60, no-store", 0),
        ("no-store", 0),
        ("must-revalidate", 0),
        ("", 0),
        (',,;="', 0),
    ],
)
def test_cache_control(cache: str, seconds: float) -> None:
    assert fresh(cache) == seconds


def test_several_headers_are_one() -> None:
    assert fresh("public", "max-age=60") == 60
    assert fresh("max-age=60", "no-store") == 0


def test_expires_counts_from_the_date_of_the_response_not_from_our_clock() -> None:
    assert fresh(Date=DATE, Expires=later(2)) == 2 * DAY
    assert fresh(Date=DATE, Expires=later(-2)) == 0
    assert fresh("public", Date=DATE, Expires=later(2)) == 2 * DAY


@pytest.mark.parametrize("broken", ["0", "-1", "never", "", "Fri, 99 May 2024 12:00:00 GMT", "Fri, 03 May 0000"])
def test_what_is_no_date_says_nothing(broken: str) -> None:
    assert fresh(Date=DATE, Expires=broken) == 0
    assert fresh(Date=broken, Expires=later(2)) == 0
    assert fresh(Expires=later(2)) == 0


def test_max_age_wins_over_expires_also_where_it_is_shorter_or_broken() -> None:
    assert fresh("max-age=60", Date=DATE, Expires=later(2)) == 60
    assert fresh("max-age=x", Date=DATE, Expires=later(2)) == 0


def test_dates_without_a_zone_and_old_ways_to_write_them_are_utc() -> None:
    assert fresh(Date="Fri May  3 12:00:00 2024", Expires=later(1)) == DAY
    assert fresh(Date="Friday, 03-May-24 12:00:00 GMT", Expires=later(1)) == DAY
    assert fresh(Date="Fri, 03 May 2024 14:00:00 +0200", Expires=later(1)) == DAY


def test_what_lay_in_a_cache_is_older() -> None:
    assert fresh("max-age=60", Age="20") == 40
    assert fresh("max-age=60", Age="90") == 0
    assert fresh("max-age=60", Age="x") == 60


@given(st.integers(0, 10**10), st.lists(st.sampled_from(["public", "private", "must-revalidate", "a=b", 'c="d, e"']))
       , st.sampled_from([",", ", ", " ,\t"]))  # fmt: skip
def test_max_age_is_found_among_whatever_else(age: int, others: list[str], comma: str) -> None:
    assert fresh(comma.join([*others, f"max-age={age}"])) == age
    assert fresh(comma.join([f"max-age={age}", *others])) == age


@given(st.lists(st.text(max_size=60) | st.text('maxge-no,="\\ 019', max_size=60), max_size=3), st.text(max_size=40))
def test_whatever_is_sent_is_a_time_that_is_not_negative(cache: list[str], other: str) -> None:
    assert 0 <= fresh(*cache, Date=other, Expires=other, Age=other) < 1e13
    assert 0 <= fresh(*cache, Date=DATE, Expires=other, Age=other) < 1e13
    assert 0 <= fresh(*cache, Date=other, Expires=later(1)) < 1e13


@pytest.mark.timeout(20)
def test_a_long_header_takes_no_time() -> None:
    for part in ("a,", '"', "=", " ", "a=", 'a="', "\\", 'a="\\', "max-age=1 "):
        assert fresh(part * (60_000 // len(part))) in (0, 1)
