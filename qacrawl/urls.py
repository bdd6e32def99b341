"""Addresses: from what a page, a file or a person says to a URL, as browsers read it; and one spelling for each page.

That one spelling keeps pages from being fetched or counted twice.
"""

import re
from urllib.parse import unquote_plus, urlsplit, urlunsplit

import ada_url
from w3lib.url import canonicalize_url

from qacrawl.errors import Exit, QacrawlError

# Parameters that tell the site who sent the visitor and change nothing on the page; w3lib keeps them.
TRACKING = frozenset(
    ("fbclid", "gclid", "dclid", "msclkid", "yclid", "igshid", "mc_cid", "mc_eid", "ref", "ref_src", "share", "source")
)
ABSOLUTE = re.compile(r"[\0-\x20]*https?://[^/\\]", re.IGNORECASE)
BEYOND_ASCII = re.compile(r"[^\0-\x7f]+")
MAIL = re.compile(r"(?i)e?-?mail")
"""Parameters that name a person."""
PLAIN_IN_QUERY = frozenset(range(0x21, 0x7F)) - frozenset(b"\"#<>'")


def join(base: str, reference: str, encoding: str = "utf-8") -> str:
    """Return the URL that a browser opens for `reference` on a page at `base` (https://url.spec.whatwg.org/).

    A query that is not ASCII is percent-encoded in `encoding`, the page's own; everything else in UTF-8. Raise
    ValueError where there is no such URL.
    """
    return ada_url.join_url(base, reference if encoding == "utf-8" else _with_query_in(encoding, reference))


def _with_query_in(encoding: str, reference: str) -> str:
    """Return `reference` with its query percent-encoded in an encoding; what that does not have as `&#N;`."""

    def encoded(run: re.Match[str]) -> str:
        raw = run[0].encode(encoding, "xmlcharrefreplace")
        # A reference that stands for a character must not end the parameter. Few encodings use these bytes otherwise.
        return "".join(chr(byte) if byte in PLAIN_IN_QUERY - frozenset(b"&;") else f"%{byte:02X}" for byte in raw)

    rest, sharp, fragment = reference.partition("#")
    path, mark, query = rest.partition("?")
    return path + mark + BEYOND_ASCII.sub(encoded, query) + sharp + fragment


def canonical(url: str) -> str:
    """Return the one spelling of `url`: no fragment, no user, no tracking parameters, sorted query, no default port.

    Raise ValueError when `url` is no absolute http(s) URL.
    """
    if not ABSOLUTE.match(url):
        raise ValueError(f"not an http(s) URL: {url}")
    try:
        parts = urlsplit(ada_url.normalize_url(url))
    except ValueError:
        raise ValueError(f"not an http(s) URL: {url}") from None
    query = "&".join(part for part in parts.query.split("&") if not is_tracking(unquote_plus(part.partition("=")[0])))
    host = parts.netloc.rpartition("@")[2]
    return canonicalize_url(urlunsplit((parts.scheme, host, parts.path, query, "")))


def address(url: str) -> str:
    """Return how a page is asked for that was found at `url`: spelt as it is there, but naming no fragment and nobody.

    Raise ValueError when `url` is no absolute http(s) URL.
    """
    if not ABSOLUTE.match(url):
        raise ValueError(f"not an http(s) URL: {url}")
    parts = urlsplit(ada_url.normalize_url(url))
    query = "&".join(part for part in parts.query.split("&") if not is_personal(part))
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, query, ""))


def is_personal(parameter: str) -> bool:
    """Return whether a parameter, name and value, names a person by an e-mail address."""
    name, _, value = parameter.partition("=")
    return bool(MAIL.fullmatch(unquote_plus(name))) or "@" in unquote_plus(value)


def is_tracking(name: str) -> bool:
    """Return whether a query parameter of this name only tracks visitors."""
    return name.lower() in TRACKING or name.lower().startswith("utm_")


def check(url: str) -> str:
    """Return `canonical(url)` for a URL that a person gave. Raise QacrawlError for a wrong one: a usage error."""
    try:
        return canonical(url)
    except ValueError as error:
        raise QacrawlError(f"wrong URL {url!r}: {error}", Exit.USAGE) from None
