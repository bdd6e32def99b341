"""The addresses of one page: it is asked for as it was found, and by another where that brings nothing."""

from typing import Any

from scrapy import Request
from scrapy.http import Response

from qacrawl import registry
from qacrawl.fetch import validators
from qacrawl.frontier import Row
from qacrawl.options import Options

MOST = 5
"""Addresses of a page that are tried in one visit."""


def asked(slug: str, found: str, url: str, hosts: frozenset[str]) -> str | None:
    """Return how the page at the canonical `url` is asked for that was found at `found`; None: by `url`.

    An address on none of `hosts` is not asked for.
    """
    try:
        address = registry.address(slug)(found)
    except ValueError:
        return None
    return address if address != url and address.split("/", 3)[2] in hosts else None


def request(row: Row, options: Options, address: str | None = None, tried: tuple[str, ...] = (), **how: Any) -> Request:
    """Return the request for a leased URL, at `address` or as it was found; `how` goes to Scrapy.

    It is conditional where an earlier visit left a validator of that address.
    """
    first = row.address or row.url
    again = row.visits and not options.refetch and address in (None, first)
    meta = {"row": row, "tried": tried}
    headers = validators.conditions(row) if again else {}
    return Request(address or first, headers=headers, meta=meta, dont_filter=True, **how)


def another(before: Request, options: Options, target: str | None) -> Request | None:
    """Return a request for the same page at another address: where it was led to, else the canonical URL.

    Return None where these were tried in this visit.
    """
    row: Row = before.meta["row"]
    tried = (*before.meta["tried"], before.url)
    # What the archive holds is of the address that was tried.
    row = row._replace(archived_file=None, archived_offset=None)
    for address in filter(None, (target, row.url)):
        made = request(row, options, address, tried, callback=before.callback, errback=before.errback)
        if made.url not in tried and len(tried) < MOST:
            return made
    return None


def of(row: Row, response: Response) -> str | None:
    """Return the address at which a page was there, for the next visit; None where that is its canonical URL."""
    return None if response.url in (row.url, Request(row.url).url) else response.url
