"""Canonical URLs: one spelling for each page, so that no page is fetched or counted twice."""

from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from w3lib.url import canonicalize_url, safe_url_string

from qacrawl.errors import Exit, QacrawlError

# Parameters that tell the site who sent the visitor and change nothing on the page; w3lib keeps them.
TRACKING = frozenset(
    ("fbclid", "gclid", "dclid", "msclkid", "yclid", "igshid", "mc_cid", "mc_eid", "ref", "ref_src", "share", "source")
)


def canonical(url: str) -> str:
    """The one spelling of `url`: no fragment, no tracking parameters, sorted query, lower-case host, no default port.

    Raises ValueError when `url` is no absolute http(s) URL.
    """
    parts = urlsplit(safe_url_string(url.strip()))
    port = parts.port  # raises ValueError for a port that is no number
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError(f"not an http(s) URL: {url}")
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    if port and port != {"http": 80, "https": 443}[parts.scheme]:
        host = f"{host}:{port}"
    query = [(name, value) for name, value in parse_qsl(parts.query, keep_blank_values=True) if not is_tracking(name)]
    return canonicalize_url(urlunsplit((parts.scheme, host, parts.path or "/", urlencode(query), "")))


def is_tracking(name: str) -> bool:
    """Whether a query parameter of this name only tracks visitors."""
    return name.lower() in TRACKING or name.lower().startswith("utm_")


def check(url: str) -> str:
    """`canonical(url)` for a URL that a person gave; a wrong one is a usage error."""
    try:
        return canonical(url)
    except ValueError as error:
        raise QacrawlError(f"wrong URL {url!r}: {error}", Exit.USAGE) from None
