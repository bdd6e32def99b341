"""Scrapy's HTTP/1.1 download handler, behind the gate."""

import time
from urllib.parse import urlsplit

from scrapy import Request
from scrapy.core.downloader.handlers.http11 import HTTP11DownloadHandler
from scrapy.crawler import Crawler
from scrapy.http import Response

from qacrawl.fetch.private_hosts import check_host
from qacrawl.fetch.throttle import gate


class Handler(HTTP11DownloadHandler):
    """Scrapy's HTTP/1.1 handler behind the gate."""

    lazy = False

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        self.gate = gate(crawler)

    async def download_request(self, request: Request) -> Response:
        """Wait for the host's turn, then ask."""
        host = urlsplit(request.url).netloc
        check_host(urlsplit(request.url).hostname or "", self.gate.crawler)
        async with self.gate.turn(host):
            self.gate.session.tally["requests"] += 1
            started = time.monotonic()
            response = await super().download_request(request)
            request.meta["seconds"] = time.monotonic() - started
            self.gate.session.tally["bytes"] += len(response.body)
            self.gate.heed(host, response)
            return response
