"""What every spider does: where to start, the page unread, which addresses a sitemap lists."""

import struct
import zlib
from collections.abc import Iterator

from scrapy import Request, Spider
from scrapy.http import Response
from scrapy.utils.gz import gunzip
from scrapy.utils.sitemap import Sitemap

from qacrawl import registry
from qacrawl.archive import warc
from qacrawl.fetch import run
from qacrawl.records import Page

MOST_ADDRESSES = 50_000
"""Addresses of one sitemap that are read: more is against https://www.sitemaps.org/protocol.html."""
_GZIP = b"\x1f\x8b"


def starts(spider: Spider) -> Iterator[Request]:
    """Requests for `--start-url` or the site's start pages; with `--numbers`, for those articles instead."""
    site = registry.load(spider.name)
    options = run.of(spider.crawler).options
    given = options.start_urls or site.START
    if options.numbers:
        first, last = options.numbers
        for number in range(first, last + 1):
            yield Request(site.article_url(number, given[0]))
    else:
        for url in given:
            yield Request(url, meta={"kind": site.kind(url) or "start"}, dont_filter=True)


def page(spider: Spider, response: Response) -> Page:
    """The page that a response brought, with where it lies in the archive."""
    fetched = response.meta["fetched"]
    return Page(
        site=spider.name,
        url=response.meta["row"].url,
        body=response.body,
        fetched_at=fetched.at,
        content_type=_text(response.headers.get("Content-Type")),
        status=response.status,
        run_id=warc.run_of(fetched.place.file),
        warc_file=fetched.place.file,
        warc_offset=fetched.place.offset,
    )


def _text(header: bytes | None) -> str | None:
    return header.decode("latin-1") if header else None


def sitemap(spider: Spider, response: Response) -> Iterator[Request]:
    """Requests for what a sitemap lists. Raises ValueError for what is no sitemap."""
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
