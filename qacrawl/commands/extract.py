"""Saved pages, and those in WARC files, to records, without archive and frontier: `qacrawl extract`."""

import gzip
import json
import re
import secrets
import zlib
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import Any, NamedTuple

from qacrawl import files, registry
from qacrawl.archive import unpack
from qacrawl.archive.warc import Damage
from qacrawl.errors import Exit, QacrawlError, refusal
from qacrawl.escape import visible
from qacrawl.options import Options
from qacrawl.parse.values import unescape
from qacrawl.reader.limits import Limits, of
from qacrawl.reader.messages import Setup
from qacrawl.reader.series import Series
from qacrawl.rebuild import pages, sources
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
    own: bool = True,
    limits: Limits | None = None,
    names: tuple[str, str] | None = None,
) -> Iterator[dict[str, Any]]:
    """Yield an answer for each page, in order: {"path", "record"} or {"path", "reject": {"reason", "fields"}}.

    A page with several questions has an answer for each of them. A file may be gzipped; one that can't be read is a
    reject, too. A WARC file, here or at s3://bucket/key, has a page for each that is one of the site's, and `path` is
    then FILE#OFFSET; what is damaged in it is a reject that says more under "said". Without `key`, pseudonyms hold for
    this call only; `names` is what `reader.messages.model` returns. Raise QacrawlError for an unknown site or a wrong
    `url`.
    """
    address = _checked(url, site, paths)
    seed, source = key or secrets.token_bytes(32), registry.source(site)
    bounds = limits or of(Options())
    setup = Setup(site, seed, bounds, askers=askers, texts=texts, own=own, source=source, names=names)
    waiting: deque[tuple[str, str | None]] = deque()
    with Series(setup) as series, closing(series.results(_noted(_found(paths, site, address), waiting))) as results:
        for result in results:
            path, why = waiting.popleft()
            for record in records_of(result):
                yield {"path": path, "record": record.model_dump(mode="json")}
            answer = Refusal("listing") if isinstance(result, Listing) else result
            if isinstance(answer, Reject | Refusal):
                said = {"said": why} if why else {}
                yield {"path": path, "reject": {"reason": answer.reason, "fields": list(answer.fields), **said}}


class _Asked(NamedTuple):
    """A page, or why there is none."""

    path: str
    page: Page | Refusal
    said: str | None = None


def _noted(found: Iterable[_Asked], waiting: deque[tuple[str, str | None]]) -> Iterator[Page | Refusal]:
    """Yield pages, and note until they are answered where each lies and what is said of it."""
    for one in found:
        waiting.append((one.path, one.said))
        yield one.page


def _found(paths: Iterable[str], site: str, url: str | None) -> Iterator[_Asked]:
    """Yield all pages at some paths."""
    for path in paths:
        if is_archive(path):
            yield from _archived(path, site)
        else:
            yield _Asked(path, _load(Path(path), site, url))


def is_archive(path: str) -> bool:
    """Return whether a file is a WARC or ARC file: by its name or by what it begins with; all that is remote is one."""
    if "://" in path:
        return True
    place = Path(path)
    try:
        if not place.is_file():
            return False
        with place.open("rb") as file:
            begins = file.read(len(unpack.BEGIN)) == unpack.BEGIN
            return sources.is_archive(path) or begins or unpack.next_member(file, 0, 1) == 0
    except (OSError, ValueError):
        return False


def _archived(path: str, site: str) -> Iterator[_Asked]:
    """Yield the pages of the site in a WARC file, and what can't be read of it."""
    there = False
    try:
        with files.opened(path) as file:
            for place, one in pages.pages(file, pages.Piece(path, Path(path).name), pages.Wanted(site)):
                there = True
                if isinstance(one, Damage):
                    yield _Asked(f"{path}#{place}", Refusal("damaged"), one.reason)
                else:
                    yield _Asked(f"{path}#{place}", one.page)
    except OSError as error:
        yield _Asked(path, Refusal("unreadable_file"), refusal(error))
        return
    if not there:
        yield _Asked(path, Refusal("no_pages"))


def dump(answer: dict[str, Any]) -> str:
    """Return an answer as a line of JSON, in which a terminal finds nothing to obey."""
    return visible(json.dumps(answer, ensure_ascii=False))


def _checked(url: str | None, site: str, paths: Sequence[str]) -> str | None:
    canonical = registry.load(site).canonical
    if url is None:
        return None
    if len(paths) > 1 or is_archive(paths[0]):
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
    if not body.startswith(unpack.GZIP):
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
