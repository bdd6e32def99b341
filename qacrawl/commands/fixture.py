"""A page of the archive saved as a fixture, in other words: `qacrawl fixture`."""

import json
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urljoin

import pyarrow.compute as pc
import pyarrow.parquet as pq

from qacrawl import files, registry, steps
from qacrawl.archive.warc import Damage
from qacrawl.errors import Exit, QacrawlError
from qacrawl.frontier import Frontier
from qacrawl.parse import encoding
from qacrawl.rebuild import staged
from qacrawl.rebuild.pages import Piece, Wanted, pages
from qacrawl.rebuild.scramble import Scrambler, key_of
from qacrawl.rebuild.sources import own_piece
from qacrawl.records import Listing, Page, Reject, records_of
from qacrawl.redact.record import load_key


class Saved(NamedTuple):
    """A fixture that was written."""

    folder: Path
    before: str
    """What the archived page is read as, in a few words."""
    after: str
    """The same of the one in other words."""


def save(frontier: Frontier, folder: Path, place: str, target: Path) -> Saved:
    """Write the page at `place`, its URL or FILE#OFFSET, to the folder `target`, in other words and in UTF-8.

    The same words are the same in all fixtures that one key of pseudonyms makes. Raise QacrawlError for a page that is
    not there or no text, and where `target` is there already.
    """
    if target.exists():
        raise QacrawlError(f"{target} is there already", Exit.USAGE)
    page = _page(frontier, folder, place)
    text = encoding.decode(page.body, page.content_type, registry.encoding(page.site))
    if text is None:
        raise QacrawlError(f"the page at {place} is no text")
    made = Scrambler(page.site, key_of(load_key(folder))).page(text, lambda link: _is_page(page, link))
    kind = f"{page.content_type.partition(';')[0].strip()}; charset=utf-8" if page.content_type else None
    scrambled = page.model_copy(update={"body": made.encode("utf-8", "replace"), "content_type": kind})
    facts = {"url": page.url, "fetched_at": f"{page.fetched_at:%Y-%m-%dT%H:%M:%SZ}"}
    facts |= {"content_type": kind} if kind else {}
    try:
        target.mkdir(parents=True)
        (target / "page.html").write_bytes(scrambled.body)
        (target / "page.json").write_text(json.dumps(facts, indent=2) + "\n", encoding="utf-8")
    except OSError as error:
        raise QacrawlError(f"can't write {target}: {error.strerror or error}") from None
    return Saved(target, _read_as(page), _read_as(scrambled))


def _is_page(page: Page, link: str) -> bool:
    """Return whether a link leads to a page of the site: then its address holds no words of people."""
    about = registry.load(page.site)
    try:
        return "@" not in link and about.kind(about.canonical(urljoin(page.url, link))) is not None
    except ValueError:
        return False


def _page(frontier: Frontier, folder: Path, place: str) -> Page:
    """Return the page at a place."""
    file, mark, offset = place.rpartition("#")
    is_place = bool(mark) and offset.isascii() and offset.isdigit() and "://" not in place
    name, at, url = (file, int(offset), None) if is_place else (*_newest(frontier, folder, place), place)
    piece = _piece(folder, name, at)
    wanted = Wanted(frontier.site, frontier.addresses(kind="start"), frontier.addresses(state="forgotten"))
    try:
        with files.opened(piece.address) as opened:
            for _, found in pages(opened, piece, wanted):
                if isinstance(found, Damage):
                    raise QacrawlError(f"the page at {place} can't be read: {found.reason}")
                if url is None or found.page.url == url:
                    return found.page
    except OSError as error:
        raise QacrawlError(f"{piece.address} can't be read: {error.strerror or error}") from None
    raise QacrawlError(f"no page of {frontier.site} at {place}", Exit.USAGE)


def _piece(folder: Path, name: str, at: int) -> Piece:
    """Return the record at an offset of an archive file: ours, or one that a rebuild has read, by its name."""
    own = folder / "archive" / name
    if "/" not in name and files.fetch_if(own).exists():
        return own_piece(own)._replace(start=at, end=at + 1)
    return Piece(staged.addresses(folder).get(name, name), Path(name).name, start=at, end=at + 1)


def _newest(frontier: Frontier, folder: Path, url: str) -> tuple[str, int]:
    """Return where in the archive the newest reading of a page lies: the file's name, and the offset."""
    found = []
    for kind in ("parts", "rejects"):
        for name in frontier.files(kind):
            columns = ["url", "fetched_at", "warc_file", "warc_offset"]
            part = files.fetch(folder / kind / name)
            columns += [one for one in ("visit",) if one in pq.read_schema(part).names]
            table = pq.read_table(part, columns=columns)
            found += table.filter(pc.equal(table["url"], url)).to_pylist()
    if not found:
        raise QacrawlError(f"nothing was read of {url}: give FILE#OFFSET", Exit.USAGE)
    row = max(found, key=lambda row: (row.get("visit") or 0, row["fetched_at"]))
    return row["warc_file"], row["warc_offset"]


def _read_as(page: Page) -> str:
    """Return in a few words what a page is read as: the fields that a record has, or why it is none."""
    answer = steps.result(page, b"", texts=False)
    if isinstance(answer, Listing):
        return f"a listing of {len(answer.links)}"
    if isinstance(answer, Reject):
        return f"a reject: {answer.reason}"
    values = [record.model_dump(exclude={"page_sha256", "parser_version"}) for record in records_of(answer)]
    return f"a record with {', '.join(name for name, value in values[0].items() if value not in (None, (), 0))}"
