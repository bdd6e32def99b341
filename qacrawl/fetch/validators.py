"""Validators of HTTP (RFC 9110, 8.8): what a response says of its version, and what asks whether that is still it."""

from scrapy import Request
from scrapy.http import Response

from qacrawl.frontier import Row

HEADERS = ("If-None-Match", "If-Modified-Since")
LONGEST = 1000
"""Characters of a validator that is sent back."""


def conditions(row: Row) -> dict[str, bytes]:
    """Return the headers that ask for a page only if it is not as it was."""
    known = zip(HEADERS, (row.etag, row.last_modified), strict=True)
    return {name: value.encode("latin-1") for name, value in known if value}


def drop(request: Request) -> None:
    """Have a request ask for its page whatever it is."""
    for name in HEADERS:
        request.headers.pop(name, None)


def is_conditional(request: Request) -> bool:
    """Return whether a request was for a page only if it changed: else a 304 answers nothing."""
    return any(name in request.headers for name in HEADERS)


def read(response: Response, name: str) -> str | None:
    """Return the header `name` of a response, if it can be sent with the next request."""
    value = response.headers.get(name)
    text = value.decode("latin-1").strip() if value else ""
    return text if 0 < len(text) <= LONGEST and text.isprintable() else None
