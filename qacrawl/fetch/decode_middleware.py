"""Bodies without their Content-Encoding: a downloader middleware where Scrapy's takes half a body for a whole one."""

from typing import Self

from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.http import Response
from scrapy.responsetypes import responsetypes

from qacrawl.archive import decode, transfer


class DecodeMiddleware:
    """Unpacks the bodies of pages. It needs no run: `scrapy shell` sees what a crawl does."""

    def __init__(self, largest: int) -> None:
        self.largest = largest

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Return the middleware, as Scrapy asks for it."""
        return cls(crawler.settings.getint("DOWNLOAD_MAXSIZE"))

    def process_request(self, request: Request) -> None:
        """Say what a server may use."""
        request.headers.setdefault("Accept-Encoding", ", ".join(decode.ACCEPTED))

    def process_response(self, request: Request, response: Response) -> Response:
        """Return the response with its body unpacked. Raise DecodeError for a page whose body is broken.

        Of other responses than pages the status says all: their bodies are left as they came.
        """
        if transfer.is_part(response.status, response.headers.getlist("Content-Range")):
            raise decode.Cut("206 with a part of the page")
        encodings = response.headers.getlist("Content-Encoding")
        if not encodings or not 200 <= response.status < 300:
            return response
        body = decode.body(response.body, encodings, self.largest)
        headers = response.headers.copy()
        del headers["Content-Encoding"]
        kind = responsetypes.from_args(headers=headers, url=response.url, body=body)
        return response.replace(cls=kind, headers=headers, body=body)
