"""What a failure means for the URL: try again soon, note it as failed, or something else. Codes, not messages."""

import re
import time
from datetime import UTC
from email.utils import parsedate_to_datetime
from typing import NamedTuple

from scrapy.exceptions import DownloadCancelledError, DropItem, IgnoreRequest, ResponseDataLossError
from scrapy.http.headers import Headers

from qacrawl.archive import decode
from qacrawl.frontier import hosts

RETRY = frozenset([408, 425, 429, 500, 502, 503, 504, 507, 520, 521, 522, 523, 524])
LONGEST = hosts.LONGEST
"""Seconds: a Retry-After beyond that counts as that."""


class Again(NamedTuple):
    """To be tried again in this run."""

    reason: str
    pause: float | None = None
    """Seconds, where the server said so."""


class Stopping(IgnoreRequest):
    """The run ends before the request was sent."""


class GivenBack(DropItem):
    """The run ends before the page was read; its response lies in the archive, from where the next run reads it."""

    def __init__(self, message: str) -> None:
        super().__init__(message, log_level="INFO")


class Forbidden(IgnoreRequest):
    """robots.txt forbids the URL."""


class HeadersTooLarge(Exception):
    """A response has more headers than anybody needs."""


class PrivateAddress(Exception):
    """The host's address is not a public one."""


def judge(error: BaseException) -> Again | str:
    """Return what becomes of a URL without a response: `Again`, "stopping", "forbidden", or the code of a failure."""
    if isinstance(error, Stopping):
        return "stopping"
    if isinstance(error, Forbidden):
        return "forbidden"
    if isinstance(error, PrivateAddress):
        return "private_address"
    if isinstance(error, DownloadCancelledError | decode.TooLarge):
        return "too_large"  # before, or after decompression
    if isinstance(error, HeadersTooLarge):
        return "headers_too_large"
    if isinstance(error, decode.Cut):
        return Again(code(ResponseDataLossError()))
    if isinstance(error, decode.NotEncoded):
        return "bad_encoding"
    if isinstance(error, IgnoreRequest):
        return "ignored"
    return Again(code(error))


def judge_status(status: int, headers: Headers, conditional: bool = True) -> Again | str:
    """Return what becomes of a URL after a response that is no success.

    `conditional` where we asked whether it changed.
    """
    if status in RETRY:
        return Again(f"http_{status}", retry_after(headers))
    if status == 304:
        return "unchanged" if conditional else f"http_{status}"
    if status in (404, 410):
        return "gone"
    if 300 <= status < 400:
        return "redirect"
    return f"http_{status}"


def retry_after(headers: Headers, now: float | None = None) -> float | None:
    """Return the seconds that a Retry-After header asks for, in either of its forms; at most `LONGEST`.

    A time counts from that of the response's own clock, where it says it.
    """
    value = (headers.get("Retry-After") or b"").decode("latin-1").strip()
    if value.isascii() and value.isdigit():
        return min(float(value), LONGEST)
    until = moment(value)
    if until is None:
        return None
    if now is None:
        now = moment((headers.get("Date") or b"").decode("latin-1")) or time.time()
    return min(max(0.0, until - now), LONGEST)


def moment(value: str) -> float | None:
    """Return the time that a header names, in seconds since 1970; None where it names none."""
    try:
        named = parsedate_to_datetime(value.strip())
        return (named if named.tzinfo else named.replace(tzinfo=UTC)).timestamp()  # all times of HTTP are UTC
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


def code(error: BaseException) -> str:
    """Return an exception's name as a code: DNSLookupError becomes dns_lookup."""
    name = re.sub(r"(Error|Exception)$", "", type(error).__name__) or type(error).__name__
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name).lower()
