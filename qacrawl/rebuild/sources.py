"""Which archive files are read: ours, or those at given places; those of ours that lost some of their bytes."""

from collections.abc import Mapping, Sequence
from pathlib import Path, PurePosixPath

from qacrawl import files, log
from qacrawl.archive import warc
from qacrawl.errors import Exit, QacrawlError
from qacrawl.escape import line
from qacrawl.rebuild.pages import Piece

_ENDINGS = (".warc", ".warc.gz", ".arc", ".arc.gz", ".warc.zst", ".wacz")
"""Of the files in a folder that are read, or refused one by one."""
_SAID = 5  # files that are named in a line
_OPEN = ".open"  # what Heritrix adds while it writes, and leaves when it is killed


def is_archive(name: str) -> bool:
    """Return whether a file's name is that of a WARC file, or of one that holds some and is refused."""
    return name.lower().removesuffix(_OPEN).endswith(_ENDINGS)


def own(folder: Path) -> list[Piece]:
    """Return the files of a site's archive by name, so those of a run in order."""
    return [own_piece(path) for path in warc.files(folder / "archive")]


def own_piece(path: Path) -> Piece:
    """Return a file of our archive as what is read."""
    return Piece(str(path), line(path.name), ours=True)


def strays(found: Sequence[Piece], committed: Mapping[str, int]) -> set[str]:
    """Return the names of files that no run has put there, as far as the manifest, `committed`, knows."""
    return {Path(piece.address).name for piece in found} - committed.keys() if committed else set()


def lost(folder: Path, committed: Mapping[str, int]) -> dict[str, str]:
    """Fetch the archive files of the manifest, `committed`; return those that are missing, or shorter than they were.

    That is, by name, a line that says so.
    """
    found = {}
    for name, size in committed.items():
        path = folder / "archive" / name
        try:
            there = files.fetch_if(path).stat().st_size
        except FileNotFoundError:
            found[name] = f"{path} is missing; rows that came from it stay as they are"
            continue
        if there < size:
            found[name] = f"{path} has {there:,} bytes of {size:,}; rows that came from its end stay as they are"
    return found


def given(addresses: Sequence[str]) -> list[Piece]:
    """Return the files at some addresses: themselves, or all WARC and ARC files of a folder or a prefix.

    Raise QacrawlError where there is none, and where two have one name: records tell files by their names.
    """
    found = [one for address in addresses for one in _at(address)]
    pieces = {name: Piece(address, line(name)) for address in found for name in [PurePosixPath(address).name]}
    if len(pieces) < len(set(found)):
        names = [PurePosixPath(address).name for address in sorted(set(found))]
        twice = next(name for name in names if names.count(name) > 1)
        raise QacrawlError(f"two archive files are named {twice}: records tell files by their names", Exit.USAGE)
    return list(pieces.values())


def _at(address: str) -> list[str]:
    """Return the files at one address."""
    is_remote = "://" in address
    if not is_remote and Path(address).is_file():
        return [str(Path(address).absolute())]
    listed = files.listed(address)
    found = [one for one in listed if one == address or is_archive(one)]
    if skipped := [name for one in listed if "warc" in (name := PurePosixPath(one).name).lower() and one not in found]:
        more = f" and {len(skipped) - _SAID:,} more" if len(skipped) > _SAID else ""
        log.complain(f"{address}: not read, as no WARC file is named so: {', '.join(skipped[:_SAID])}{more}")
    if not found:
        raise QacrawlError(f"no WARC file at {address}", Exit.USAGE)
    return [one if is_remote else str(Path(one).absolute()) for one in found]
