"""A site as a small TOML file: the same kind of object as one that is built in, made from what the file says.

The file is kept with the output of its site, so that whoever opens that later finds it by the site's name.
"""

from pathlib import Path

from qacrawl import files, registry
from qacrawl.errors import Exit, QacrawlError
from qacrawl.options import Options
from qacrawl.sitefile import model
from qacrawl.sitefile.addresses import Addresses
from qacrawl.sitefile.parser import FileParser

NAME = "site.toml"
"""The file's name in the folder of its site."""
LARGEST = 1 << 20
"""Bytes of a file that is read."""


def find(name: str, output: str) -> str:
    """Return the slug of the site that a user means: a file, one that is built in, or one that lies in `output`.

    Raise QacrawlError for a file that can't be read or says what can't be; a name that nobody knows is returned as it
    is.
    """
    if is_file(name):
        return use(_text(Path(name)), name)
    if name in registry.names() or not model.SLUG.fullmatch(name):
        return name
    kept = files.folder(output, name) / NAME
    if text := files.read(kept):
        return use(text.decode("utf-8", "replace"), str(kept))
    return name


def is_file(name: str) -> bool:
    """Return whether what a user gives as a site is the path of a file."""
    return name.endswith(".toml") or "/" in name


def use(text: str, said: str = NAME) -> str:
    """Add the site that a file describes to those that are known; return its slug. `said` is the file's name.

    Raise QacrawlError for what can't be, with the file and the key.
    """
    read = model.read(text, said)
    about = Addresses(read)
    for start in about.START:
        if about.kind(start) == "article":
            raise model.fault(said, "pages.article", f"matches the start page {start}")
    registry.add(read.site.name, about, FileParser(read, about), text)
    return read.site.name


def use_beside(snapshot: Path) -> None:
    """Add the site of a snapshot to those that are known, if its file lies in the folder that the snapshot is in."""
    kept = snapshot.resolve().parent.parent / NAME
    if kept.is_file():
        use(kept.read_text(encoding="utf-8", errors="replace"), str(kept))


def keep(folder: Path, slug: str) -> None:
    """Keep the file of a site in its folder; of one that is built in there is none."""
    text = registry.source(slug)
    if text is not None and files.read(folder / NAME) != text.encode():
        files.write(folder / NAME, text.encode())


def chosen(options: Options, slug: str) -> Options:
    """Return settings in which what the site's file says stands where a user chose nothing."""
    text = registry.source(slug)
    if text is None:
        return options
    said = model.read(text, NAME).site
    own = {"contact": said.contact, "delay": said.delay}
    more = {name: value for name, value in own.items() if value is not None and name not in options.model_fields_set}
    return options.model_copy(update=more)


def _text(path: Path) -> str:
    try:
        if path.stat().st_size > LARGEST:
            raise QacrawlError(f"{path}: larger than 1 MiB", Exit.USAGE)
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        said = getattr(error, "strerror", None) or "no text in UTF-8"
        raise QacrawlError(f"{path}: {said}", Exit.USAGE) from None
