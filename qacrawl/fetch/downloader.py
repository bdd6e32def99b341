"""Scrapy's HTTP/1.1 download handler, behind the gate."""

import time
from urllib.parse import urlsplit

from scrapy import Request
from scrapy.core.downloader.handlers.http11 import HTTP11DownloadHandler
from scrapy.crawler import Crawler
from scrapy.exceptions import CannotResolveHostError, DownloadFailedError
from scrapy.http import Response
from sqlalchemy.exc import DBAPIError

from qacrawl.archive.warc import ROBOTS
from qacrawl.fetch import heads, private_hosts
from qacrawl.fetch import run as runs
from qacrawl.fetch.archive_middleware import Purpose
from qacrawl.fetch.outcomes import HeadersTooLarge, Stopping
from qacrawl.fetch.run import Run
from qacrawl.fetch.throttle import gate


class Handler(HTTP11DownloadHandler):
    """Scrapy's HTTP/1.1 handler behind the gate; as it is where no run is open."""

    lazy = False

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        self.crawler = crawler
        self._pool._factory = heads.Factory

    async def ask(self, request: Request) -> Response:
        """Ask at once. Raise HeadersTooLarge for headers without end, PrivateAddress for a name of such an address."""
        try:
            return await super().download_request(request)
        except DownloadFailedError as error:
            if heads.is_too_large(error):
                raise HeadersTooLarge(f"{request.url}: more than {heads.LARGEST:,} bytes of headers") from None
            raise
        except CannotResolveHostError:
            private_hosts.check_refused(urlsplit(request.url).hostname or "")
            raise

    async def download_request(self, request: Request) -> Response:
        """Wait for the host's turn, then ask."""
        run = runs.find(self.crawler)
        if run is None:
            return await self.ask(request)
        try:
            return await self._take_turn(request, run)
        except DBAPIError as error:  # the frontier knows whose turn it is
            run.refused(error)
            raise Stopping("the run ends") from None

    async def _take_turn(self, request: Request, run: Run) -> Response:
        host = urlsplit(request.url).netloc
        if not run.options.allow_private:
            private_hosts.check_host(urlsplit(request.url).hostname or "")
        turns = gate(self.crawler)
        purpose: Purpose | None = request.meta.get("purpose")
        is_robots = purpose is not None and purpose.name == ROBOTS
        async with turns.turn(host, robots=is_robots):
            run.tally.add("requests")
            started = time.monotonic()
            try:
                response = await self.ask(request)
            except Exception as error:
                turns.heed_error(host, request.url, error)
                raise
            request.meta["seconds"] = time.monotonic() - started
            run.tally.add("bytes", len(response.body))
            turns.heed(host, response, request.meta["seconds"])
            return response
