"""Where a response forwards to, by its headers or by its page."""

from scrapy.http import Response

from qacrawl.archive.location import target
from qacrawl.parse import forward


def location(response: Response) -> str | None:
    """Return the absolute URL in the Location of a response; None where it has none, or one that is no address."""
    value = response.headers.get("Location")
    return target(response.url, value) if value else None


def refresh(response: Response) -> str | None:
    """Return the absolute URL to which a page forwards soon, by `<meta http-equiv=refresh>` or the header Refresh."""
    return forward.refresh(response.url, response.body, response.headers.get("Refresh"))
