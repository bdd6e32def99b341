"""Whether a page that is no record only forwards to another one: then it was a redirect in the crawl."""

from urllib.parse import urlsplit

from qacrawl import registry
from qacrawl.codes import NOTICES
from qacrawl.parse import forward
from qacrawl.parse.links import links
from qacrawl.rebuild.pages import Found
from qacrawl.records import Page, Reject


def forwards(found: Found, reject: Reject) -> bool:
    """Return whether a page that is no record does nothing but forward to another page of the site."""
    page, response, _ = found
    headers = response.values("Refresh")
    target = forward.refresh(page, headers[-1] if headers else None)
    if target is None or reject.reason in NOTICES:
        return False
    about = registry.load(page.site)
    try:
        url = about.canonical(target)
    except ValueError:
        return False
    of_site = urlsplit(url).netloc == urlsplit(page.url).netloc and about.kind(url) is not None
    return of_site and _is_another(page, target, url) and (about.kind(page.url) == "article" or not links(page, set()))


def _is_another(page: Page, target: str, url: str) -> bool:
    """Return whether a target, canonically `url`, is another page than this one, or another address of it."""
    return url != page.url or registry.address(page.site)(target) != (page.address or page.url)
