"""Scrapy's HTTP/1.1 download handler, behind the gate."""

import time
from urllib.parse import urlsplit

from scrapy import Request
from scrapy.core.downloader.handlers.http11 import HTTP11DownloadHandler
from scrapy.crawler import Crawler
from scrapy.http import Response
from sqlalchemy.exc import DBAPIError

from qacrawl.fetch import run as runs
from qacrawl.fetch.outcomes import Stopping
from qacrawl.fetch.private_hosts import check_host
from qacrawl.fetch.run import Run
from qacrawl.fetch.throttle import gate


class Handler(HTTP11DownloadHandler):
    """Scrapy's HTTP/1.1 handler behind the gate; as it is where no run is open."""

    lazy = False

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        self.crawler = crawler

    async def download_request(self, request: Request) -> Response:
        """Wait for the host's turn, then ask."""
        run = runs.find(self.crawler)
        if run is None:
            return await super().download_request(request)
        try:
            return await self._ask(request, run)
        except DBAPIError as error:  # the frontier knows whose turn it is
            run.refused(error)
            raise Stopping("the run ends") from None

    async def _ask(self, request: Request, run: Run) -> Response:
        host = urlsplit(request.url).netloc
        if not run.options.allow_private:
            check_host(urlsplit(request.url).hostname or "")
        turns = gate(self.crawler)
        async with turns.turn(host):
            run.tally.add("requests")
            started = time.monotonic()
            response = await super().download_request(request)
            request.meta["seconds"] = time.monotonic() - started
            run.tally.add("bytes", len(response.body))
            turns.heed(host, response)
            return response
