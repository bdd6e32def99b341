"""Finds the questions of the Taiwan e-Hospital: its index names departments and the newest, listings have the rest."""

from collections.abc import AsyncIterator, Iterator

from scrapy import Request, Spider
from scrapy.http import Response

from qacrawl.fetch import spider


class TwehSpider(Spider):
    """Yields each page unread; the scheduler follows those of its links that lead to pages of the site."""

    name = "tweh"

    async def start(self) -> AsyncIterator[Request]:
        """Ask for the index page or `--start-url`; with `--numbers`, those questions instead."""
        for request in spider.starts(self):
            yield request

    def parse(self, response: Response) -> Iterator[object]:
        """Yield a question, a listing, or the index page."""
        yield spider.page(self, response)
