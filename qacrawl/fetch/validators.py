"""Validators of HTTP (RFC 9110, 8.8): what a response says of its version, and what asks whether that is still it."""

from scrapy import Request
from scrapy.http import Response

from qacrawl.frontier import Row

LONGEST = 1000
"""Characters of a validator that is sent back."""


def conditions(row: Row) -> dict[str, bytes]:
    """Return the headers that ask for a page only if it is not as it was."""
    known = {"If-None-Match": row.etag, "If-Modified-Since": row.last_modified}
    return {name: value.encode("latin-1") for name, value in known.items() if value}


def is_conditional(request: Request) -> bool:
    """Return whether a request was for a page only if it changed: else a 304 answers nothing."""
    return "If-None-Match" in request.headers or "If-Modified-Since" in request.headers


def read(response: Response, name: str) -> str | None:
    """Return the header `name` of a response, if it can be sent with the next request."""
    value = response.headers.get(name)
    text = value.decode("latin-1").strip() if value else ""
    return text if 0 < len(text) <= LONGEST and text.isprintable() else None
