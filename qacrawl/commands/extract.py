"""Saved pages to records, without archive and frontier: `qacrawl extract`."""

import gzip
import json
import re
import secrets
import zlib
from collections.abc import Iterator, Sequence
from contextlib import closing
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import Any

from qacrawl import registry
from qacrawl.errors import Exit, QacrawlError
from qacrawl.escape import visible
from qacrawl.options import Options
from qacrawl.parse.values import unescape
from qacrawl.reader.limits import Limits, of
from qacrawl.reader.messages import Setup
from qacrawl.reader.series import Series
from qacrawl.records import LARGEST, Listing, Page, Refusal, Reject, records_of
from qacrawl.redact import AskerNames

_CANONICAL = re.compile(rb"""<link\s[^>]*?rel=["']?canonical["'\s][^>]*>""", re.IGNORECASE)
_HREF = re.compile(rb"""href=["']?([^"'\s>]+)""", re.IGNORECASE)


def extract(
    paths: Sequence[str],
    site: str,
    url: str | None = None,
    *,
    key: bytes | None = None,
    askers: AskerNames = "pseudonym",
    texts: bool = True,
    limits: Limits | None = None,
) -> Iterator[dict[str, Any]]:
    """Yield an answer for each file, in order: {"path", "record"} or {"path", "reject": {"reason", "fields"}}.

    A page with several questions has an answer for each of them. A file may be gzipped.
    A file that can't be read is a reject, too. Without `key`, pseudonyms hold for this call only. Raise QacrawlError
    for an unknown site or a wrong `url`.
    """
    address = _checked(url, site, paths)
    own, source = key or secrets.token_bytes(32), registry.source(site)
    setup = Setup(site, own, limits or of(Options()), askers=askers, texts=texts, source=source)
    pages = (_load(Path(path), site, address) for path in paths)
    with Series(setup) as series, closing(series.results(pages)) as results:
        for path, result in zip(paths, results, strict=True):
            for record in records_of(result):
                yield {"path": path, "record": record.model_dump(mode="json")}
            answer = Refusal("listing") if isinstance(result, Listing) else result
            if isinstance(answer, Reject | Refusal):
                yield {"path": path, "reject": {"reason": answer.reason, "fields": list(answer.fields)}}


def dump(answer: dict[str, Any]) -> str:
    """Return an answer as a line of JSON, in which a terminal finds nothing to obey."""
    return visible(json.dumps(answer, ensure_ascii=False))


def _checked(url: str | None, site: str, paths: Sequence[str]) -> str | None:
    canonical = registry.load(site).canonical
    if url is None:
        return None
    if len(paths) > 1:
        raise QacrawlError("--url is the address of one page; give one path with it", Exit.USAGE)
    try:
        return str(canonical(url))
    except ValueError as error:
        raise QacrawlError(f"wrong URL {url!r}: {error}", Exit.USAGE) from None


def _load(path: Path, site: str, url: str | None) -> Page | Refusal:
    """Return the page in a file, or why there is none."""
    try:
        if path.is_dir():
            return Refusal("directory")
        facts = path.stat()
        if facts.st_size > LARGEST:
            return Refusal("too_large")
        body = _whole(path.read_bytes())
    except FileNotFoundError:
        return Refusal("missing_file")
    except (OSError, ValueError):  # ValueError: a NUL in the path
        return Refusal("unreadable_file")
    if len(body) > LARGEST:
        return Refusal("too_large")
    fetched_at = datetime.fromtimestamp(facts.st_mtime, UTC)
    url = url or _own_address(body, site) or path.resolve().as_uri()
    return Page(site=site, url=url, body=body, fetched_at=fetched_at)


def _whole(body: bytes) -> bytes:
    """Return the bytes of a file, decompressed where it is gzipped: no more than tell that they are too many."""
    if not body.startswith(b"\x1f\x8b"):
        return body
    try:
        with gzip.open(BytesIO(body)) as file:
            return file.read(LARGEST + 1)
    except (OSError, EOFError, zlib.error):  # cut short, or something else that begins so: the parser says what it is
        return body


def _own_address(body: bytes, site: str) -> str | None:
    """Return the address that a saved page gives as its own, if it is one of the site's articles."""
    link = _CANONICAL.search(body, 0, 100_000)
    href = _HREF.search(link[0]) if link else None
    if not href:
        return None
    about = registry.load(site)
    try:
        url = str(about.canonical(unescape(href[1].decode("utf-8", "replace"))))
    except ValueError:
        return None
    return url if about.kind(url) == "article" and (not about.HOSTS or url.split("/")[2] in about.HOSTS) else None
