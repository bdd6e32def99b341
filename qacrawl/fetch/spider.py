"""What every spider does: where to start, the page unread, which addresses a sitemap lists."""

from collections.abc import Iterator

from scrapy import Request, Spider
from scrapy.http import Response

from qacrawl import registry, urls
from qacrawl.archive import warc
from qacrawl.fetch import sitemap as sitemaps
from qacrawl.records import Page

MOST_ADDRESSES = 50_000
"""Addresses of one sitemap that are read: more is against https://www.sitemaps.org/protocol.html."""


def starts(spider: Spider) -> Iterator[Request]:
    """Requests for `--start-url` or the site's start pages; with `--numbers`, for those articles instead."""
    site = registry.load(spider.name)
    given = spider.settings.getlist("QACRAWL_START_URLS")
    numbers = registry.number_range(spider.settings["QACRAWL_NUMBERS"])
    if numbers:
        first, last = numbers
        for number in range(first, last + 1):
            yield Request(site.article_url(number, (given or site.START)[0]))
    else:
        for url in given or site.START:
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
    """Requests for what a sitemap names. Raises ValueError for what is no sitemap."""
    found = sitemaps.parse(response.body, spider.settings.getint("DOWNLOAD_MAXSIZE"), MOST_ADDRESSES)
    site = registry.load(spider.name)
    for address in found.addresses:
        try:
            url = urls.join(response.url, address)
            # What an index names is a sitemap, unless it is a page of the site.
            yield Request(url, meta={"kind": "sitemap"} if found.is_index and not site.kind(url) else {})
        except ValueError:  # one broken address
            continue
