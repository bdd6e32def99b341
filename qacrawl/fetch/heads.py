"""Heads of responses, cut short where they have no end: Twisted and Scrapy take as many lines as a server sends."""

from scrapy.core.downloader.handlers import http11
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IAddress
from twisted.web._newclient import HTTP11ClientProtocol, ParseError
from twisted.web._newclient import Request as ClientRequest
from twisted.web.client import ResponseFailed
from twisted.web.iweb import IResponse

from qacrawl.fetch.outcomes import HeadersTooLarge

LARGEST = 256 << 10
"""Bytes of all lines before a body, also of interim responses (1xx)."""


class Parser(http11._LenientHTTPClientParser):
    """Scrapy's parser, which counts."""

    MAX_LENGTH = LARGEST  # (16 KB) of one line
    head = 0

    def statusReceived(self, status: bytes) -> None:
        """Take the first line. Raise ParseError for a status that is none: the frontier could not even note it."""
        super().statusReceived(status)  # type: ignore[no-untyped-call]
        if not 100 <= self.response.code <= 999:
            raise ParseError("no status", status)  # type: ignore[no-untyped-call]

    def lineReceived(self, line: bytes) -> None:
        """Take a line. Raise HeadersTooLarge when all of them are too much."""
        self.head += len(line) + 1
        if self.head > LARGEST:
            self.lineLengthExceeded(line)
        super().lineReceived(line)

    def lineLengthExceeded(self, line: bytes) -> None:
        """Raise HeadersTooLarge for a line that is too long by itself."""
        raise HeadersTooLarge(f"more than {LARGEST:,} bytes of headers")


class Protocol(http11._LenientHTTP11ClientProtocol):
    """Scrapy's protocol, with the parser that counts."""

    def request(self, request: ClientRequest) -> "Deferred[IResponse]":
        """Send a request, and have its response read."""
        answer = super().request(request)
        assert self._parser is not None  # noqa: S101 (it is made in there, and Scrapy changes its class the same way)
        self._parser.__class__ = Parser
        return answer


class Factory(http11._LenientHTTP11ClientFactory):
    """Makes these protocols; a pool of connections asks it to."""

    def buildProtocol(self, addr: IAddress | None) -> HTTP11ClientProtocol:
        """Return the protocol of a new connection."""
        return Protocol(self._quiescentCallback)  # type: ignore[no-untyped-call]


def is_too_large(error: BaseException) -> bool:
    """Return whether a download failed because of its headers."""
    cause = error.__cause__
    reasons = cause.reasons if isinstance(cause, ResponseFailed) else []
    return any(reason.check(HeadersTooLarge) for reason in reasons)
