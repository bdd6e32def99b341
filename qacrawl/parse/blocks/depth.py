"""Pages nested deeper than anybody writes, made flat before a tree is built from them."""

import re
from collections import Counter
from itertools import accumulate

from qacrawl.parse.blocks.block import ENDS_BLOCK, HEADINGS, PLACES

DENSE = 20_000  # pages with fewer tags cannot nest so deep that a tree takes a second
DEPTH = 400
VOID = frozenset(["br", "hr", "img", "input", "meta", "link", "area", "base", "col", "embed", "source", "track", "wbr"])
ENDS = frozenset([*ENDS_BLOCK, *HEADINGS, *PLACES])
ANY_TAG = re.compile(r"""<(/?+)([a-zA-Z][a-zA-Z0-9-]*+)(?=[\s/>])(?:[^<>"']++|"[^"]*+"|'[^']*+')*+>""")


def shallow(markup: str) -> str:
    """Return `markup` with no element nested deeper than DEPTH: lexbor takes 20 s for 100,000 nested `<div>`.

    Tags below that become block ends (or nothing, if inline), so the blocks stay what they were.
    """
    if markup.count("<") < DENSE or _deepest(markup) <= DEPTH:
        return markup
    depth, opened = 0, Counter[str]()

    def flatten(match: re.Match[str]) -> str:
        nonlocal depth
        name = match[2].lower()
        if name in VOID:
            return match[0]
        deep = depth > DEPTH
        depth += _step(opened, match[1], name)
        if (deep or depth > DEPTH) and name not in ("script", "style", "template", "a"):
            return "<hr>" if name in ENDS else ""
        return match[0]

    return ANY_TAG.sub(flatten, markup)


def _deepest(markup: str) -> int:
    """How deep elements nest, as `shallow` counts it."""
    opened = Counter[str]()
    tags = ((slash, name.lower()) for slash, name in ANY_TAG.findall(markup))
    return max(accumulate(_step(opened, slash, name) for slash, name in tags if name not in VOID), default=0)


def _step(opened: Counter[str], slash: str, name: str) -> int:
    """Return by how many levels a tag leads deeper, of so many elements that are open by name.

    An end tag whose element is not open ends nothing, whatever else is open.
    """
    step = 1 if not slash else -1 if opened[name] else 0
    opened[name] += step
    return step
