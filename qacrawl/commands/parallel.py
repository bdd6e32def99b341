"""Two sites' datasets side by side: `qacrawl publish --parallel`."""

from collections.abc import Sequence
from contextlib import ExitStack

from qacrawl import files
from qacrawl.options import Options
from qacrawl.publish.parallel import snapshot
from qacrawl.publish.snapshot import POINTER
from qacrawl.words import counted
from qacrawl.workspace import open_site


def publish(given: Sequence[str], options: Options) -> str:
    """Publish the pairs of a translation and its original; return how it ended, in a line.

    Raise QacrawlError for anything but two sites that have published, and while pages are taken out of one of them.
    """
    slugs = snapshot.check(given)
    with ExitStack() as opened:
        folders = []
        for slug in slugs:
            folder, frontier = opened.enter_context(open_site(slug, options.output, options.frontier))
            opened.enter_context(frontier.publishing())
            folders.append(folder)
        target = files.folder(options.output, snapshot.name(slugs))
        found = snapshot.publish(target, slugs, (folders[0], folders[1]), keep_reserved=options.keep_reserved)
    if found is None:
        return "no number is on both sites: nothing was published"
    return f"{counted(found.rows, 'pair')} in {target / POINTER} -> {found.id}"
