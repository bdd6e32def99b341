"""What a response says of its version is sent back only where it can be sent."""

import pytest
from scrapy import Request
from scrapy.http import Response

from qacrawl.fetch import validators
from qacrawl.frontier import Row

URL = "https://doctorqna.com/en/article/1"


def row(**known: str) -> Row:
    """A leased URL, of whose last visit only that is known."""
    return Row(**dict.fromkeys(Row._fields) | {"url": URL} | known)


@pytest.mark.parametrize(
    ("etag", "kept"),
    [
        (b'"abc"', '"abc"'),
        (b' W/"abc" ', 'W/"abc"'),
        (b'"\xe4"', '"\u00e4"'),
        (b'"a\r\nCookie: b"', None),
        (b'"a\x00"', None),
        (b"", None),
        (b"x" * 1000, "x" * 1000),
        (b"x" * 1001, None),
    ],
)
def test_a_validator_that_cannot_be_sent_is_none(etag, kept):
    assert validators.read(Response(URL, headers={"ETag": etag}), "ETag") == kept


def test_no_validator():
    assert validators.read(Response(URL), "ETag") is None


def test_what_was_read_is_sent_back_as_bytes():
    sent = validators.conditions(row(etag='"\u00e4"', last_modified="Thu, 01 Jan 2026 00:00:00 GMT"))
    assert sent == {"If-None-Match": b'"\xe4"', "If-Modified-Since": b"Thu, 01 Jan 2026 00:00:00 GMT"}
    assert validators.is_conditional(Request(URL, headers=sent))


def test_nothing_known_asks_for_the_page():
    assert validators.conditions(row()) == {}
    assert not validators.is_conditional(Request(URL, headers=validators.conditions(row())))
