"""What every spider does: where to start, the page unread, which addresses a sitemap lists."""

from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from secrets import token_bytes
from typing import Any

from scrapy import Request, Spider
from scrapy.http import Response

from qacrawl import registry, steps, urls
from qacrawl.fetch import run as runs
from qacrawl.fetch import scrapy_settings
from qacrawl.fetch import sitemap as sitemaps
from qacrawl.fetch.archive_middleware import Fetched

MOST_ADDRESSES = 50_000
"""Addresses of one sitemap that are read: more is against https://www.sitemaps.org/protocol.html."""


class SiteSpider(Spider):
    """Yields each page unread; the scheduler follows those of its links that lead to pages of the site."""

    async def start(self) -> AsyncIterator[Request]:
        """Ask for the start pages or `--start-url`; with `--numbers`, for those articles instead."""
        for request in starts(self):
            yield request

    def parse(self, response: Response) -> Iterator[object]:
        """Yield an article, a listing, or a start page."""
        yield page(self, response)

    def parse_sitemap(self, response: Response) -> Iterator[Request]:
        """Ask for what a sitemap lists."""
        return sitemap(self, response)


def starts(spider: Spider) -> Iterator[Request]:
    """Yield requests for `--start-url` or the site's start pages; with `--numbers`, for those articles instead."""
    site = registry.load(spider.name)
    run = runs.find(spider.crawler)
    chosen = run.options if run else scrapy_settings.read(spider.settings, spider)
    pages = chosen.start_urls or site.START
    if chosen.numbers:
        first, last = chosen.numbers
        for number in range(first, last + 1):
            yield Request(site.article_url(number, pages[0]))
    else:
        for url in pages:
            yield Request(url, meta={"kind": site.kind(url) or "start"}, dont_filter=True)


def page(spider: Spider, response: Response) -> object:
    """Return the page that a response brought, unread, with where it lies in the archive.

    Where no run is open, return what the page comes to: that is what `scrapy parse` shows.
    """
    fetched: Fetched | None = response.meta.get("fetched")
    found = steps.page(
        spider.name,
        response.meta["row"].url if fetched else registry.load(spider.name).canonical(response.url),
        response.body,
        response.status,
        response.headers.getlist("Content-Type"),
        fetched.at if fetched else datetime.now(UTC),
        fetched.place if fetched else None,
        response.url,
        fetched.signals if fetched else (),
    )
    return found if fetched else steps.result(found, token_bytes(32))


def sitemap(spider: Spider, response: Response) -> Iterator[Request]:
    """Yield requests for what a sitemap names. Raise ValueError for what is no sitemap."""
    found = sitemaps.parse(response.body, spider.settings.getint("DOWNLOAD_MAXSIZE"), MOST_ADDRESSES)
    site = registry.load(spider.name)
    for address in found.addresses:
        try:
            url = urls.join(response.url, address)
            is_sitemap = found.is_index or address in found.nested
            # What an index names is a sitemap, unless it is a page of the site.
            meta: dict[str, Any] = {"kind": "sitemap"} if is_sitemap and not site.kind(url) else {}
            if address in found.modified:
                meta["modified"] = found.modified[address]
            yield Request(url, meta=meta)
        except ValueError:  # one broken address
            continue
