"""What every spider does: where to start, the page unread, which addresses a sitemap lists."""

import struct
import zlib
from collections.abc import Iterator
from datetime import UTC, datetime
from secrets import token_bytes

from scrapy import Request, Spider
from scrapy.http import Response
from scrapy.utils.gz import gunzip
from scrapy.utils.sitemap import Sitemap

from qacrawl import registry, steps
from qacrawl.archive import warc
from qacrawl.fetch import run as runs
from qacrawl.fetch import scrapy_settings
from qacrawl.fetch.archive_middleware import Fetched
from qacrawl.records import Page

MOST_ADDRESSES = 50_000
"""Addresses of one sitemap that are read: more is against https://www.sitemaps.org/protocol.html."""
_GZIP = b"\x1f\x8b"


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
    kind = response.headers.get("Content-Type")
    found = Page(
        site=spider.name,
        url=response.meta["row"].url if fetched else registry.load(spider.name).canonical(response.url),
        body=response.body,
        fetched_at=fetched.at if fetched else datetime.now(UTC),
        content_type=kind.decode("latin-1") if kind else None,
        status=response.status,
        run_id=warc.run_of(fetched.place.file) if fetched else None,
        warc_file=fetched.place.file if fetched else None,
        warc_offset=fetched.place.offset if fetched else None,
    )
    return found if fetched else steps.result(found, token_bytes(32))


def sitemap(spider: Spider, response: Response) -> Iterator[Request]:
    """Yield requests for what a sitemap lists. Raise ValueError for what is no sitemap."""
    body = _unzipped(response.body, spider.settings.getint("DOWNLOAD_MAXSIZE"))
    if body.lstrip().startswith(b"<"):
        try:
            found = Sitemap(body)
        except StopIteration:  # not one element
            raise ValueError("no sitemap") from None
        if found.type not in ("sitemapindex", "urlset"):
            raise ValueError("no sitemap")
        kind = {"kind": "sitemap"} if found.type == "sitemapindex" else {}
        addresses = [entry["loc"] for entry in found if entry.get("loc")]
    else:  # a plain list of addresses
        kind, addresses = {}, body.decode("utf-8", "replace").split()
        if not all(address.startswith(("http://", "https://")) for address in addresses):
            raise ValueError("no sitemap")
    for address in addresses[:MOST_ADDRESSES]:
        try:
            yield Request(response.urljoin(address.strip()), meta=dict(kind))
        except ValueError:
            continue


def _unzipped(body: bytes, largest: int) -> bytes:
    """A body without gzip. Raises ValueError for one that is broken or unfolds to more than `largest` bytes."""
    if not body.startswith(_GZIP):
        return body
    try:
        return gunzip(body, max_size=largest)
    except (OSError, EOFError, struct.error, zlib.error):
        raise ValueError("no sitemap") from None
