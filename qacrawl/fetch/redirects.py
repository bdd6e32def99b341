"""Where a response forwards to, by its headers or by its page."""

from datetime import UTC, datetime

from scrapy.http import Response

from qacrawl import steps
from qacrawl.archive.location import target
from qacrawl.parse import forward


def location(response: Response) -> str | None:
    """Return the absolute URL in the Location of a response; None where it has none, or one that is no address."""
    value = response.headers.get("Location")
    return target(response.url, value) if value else None


def refresh(site: str, response: Response) -> str | None:
    """Return the absolute URL to which a page forwards soon, by `<meta http-equiv=refresh>` or the header Refresh."""
    types = response.headers.getlist("Content-Type")
    page = steps.page(site, response.url, response.body, response.status, types, datetime.now(UTC), None)
    return forward.refresh(page, response.headers.get("Refresh"))
