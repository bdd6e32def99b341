"""Pages nested deeper than anybody writes, made flat before a tree is built from them."""

import operator
import re
from itertools import accumulate

from qacrawl.parse.blocks.block import ENDS_BLOCK, HEADINGS, PLACES

DENSE = 5_000  # pages with fewer tags cannot nest so deep that a tree gets slow
DEPTH = 400
VOID = frozenset(["br", "hr", "img", "input", "meta", "link", "area", "base", "col", "embed", "source", "track", "wbr"])
ENDS = frozenset([*ENDS_BLOCK, *HEADINGS, *PLACES])
ANY_TAG = re.compile(r"""<(/?+)([a-zA-Z][a-zA-Z0-9-]*+)(?=[\s/>])(?:[^<>"']++|"[^"]*+"|'[^']*+')*+>""")
STEP = {"": 1, "/": -1}


def shallow(markup: str) -> str:
    """Return `markup` with no element nested deeper than DEPTH: lexbor takes 20 s for 100,000 nested `<div>`.

    Tags below that become block ends (or nothing, if inline), so the blocks stay what they were.
    """
    if markup.count("<") < DENSE or _deepest(markup) <= DEPTH:
        return markup
    depth = 0

    def flatten(match: re.Match[str]) -> str:
        nonlocal depth
        name = match[2].lower()
        if name in VOID:
            return match[0]
        deep = depth > DEPTH
        depth = max(0, depth - 1) if match[1] else depth + 1
        if (deep or depth > DEPTH) and name not in ("script", "style", "template", "a"):
            return "<hr>" if name in ENDS else ""
        return match[0]

    return ANY_TAG.sub(flatten, markup)


def _deepest(markup: str) -> int:
    """How deep elements nest, as `shallow` counts it; found without a loop over the tags."""
    levels = [*accumulate([STEP[slash] for slash, name in ANY_TAG.findall(markup) if name.lower() not in VOID])]
    lowest = accumulate(levels, min, initial=0)  # an end tag too many ends nothing
    return max(map(operator.sub, levels, lowest), default=0)
