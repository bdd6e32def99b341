"""Tags with more attributes than anybody writes, cut short before a tree is built from them."""

import re

MOST = 500
SMALL = 1 << 16  # characters: the few tags of a smaller page cannot take long

# As HTML reads it: a name may hold anything but these, and begin with "=".
_ATTRIBUTE = r"""[\s/]*+[^\s/>][^\s/>=]*+(?:\s*+=\s*+(?:"[^"]*+"|'[^']*+'|[^\s>]*+))?+"""
_USUAL = '(?: [a-z-]++="[^"]*+")*+'  # the same, for those that most are
# Each tag is gone over once, also a short one: a pattern that fails at those would begin again within them.
TAG = re.compile(rf"<[a-zA-Z][^\s/>]*+{_USUAL}(?:{_ATTRIBUTE})*+")
CUT = re.compile(rf"(<[a-zA-Z][^\s/>]*+(?:{_ATTRIBUTE}){{0,{MOST}}}+)(?:{_ATTRIBUTE})*+")


def few(markup: str) -> str:
    """Return `markup` with no more than MOST attributes in a tag: lexbor takes 80 s for 200,000."""
    if len(markup) < SMALL or not any(len(tag) > 2 * MOST and _cut(tag) != tag for tag in TAG.findall(markup)):
        return markup
    return CUT.sub(r"\1", markup)


def _cut(tag: str) -> str:
    return CUT.sub(r"\1", tag, count=1)
