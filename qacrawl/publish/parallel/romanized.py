"""Whether a name in Latin letters spells a Chinese one, in Pinyin or Wade-Giles, whichever part stands first.

`mandarin.txt` has the readings of the 5,401 frequent characters of Big5, without tones, from the tables of pypinyin
(https://github.com/mozillazg/python-pinyin, MIT).
"""

import re
from functools import cache, lru_cache
from pathlib import Path

READINGS = Path(__file__).with_name("mandarin.txt")
INITIALS = re.compile("zh|ch|sh|[bpmfdtnlgkhjqxrzcsyw]?")
# Wade-Giles without its apostrophes, in which nobody spells names.
_INITIALS = {
    "b": "p", "d": "t", "g": "k", "j": "ch", "q": "ch", "x": "hs", "zh": "ch", "z": "ts", "c": "ts", "r": "j",
}  # fmt: skip
_FINALS = {"ong": "ung", "ie": "ieh", "ian": "ien", "ue": "ueh", "uan": "uan", "er": "erh", "iong": "iung"}
_WHOLE = {
    "zi": ("tzu",), "ci": ("tzu",), "si": ("ssu", "szu"), "zhi": ("chih",), "chi": ("chih",), "shi": ("shih",),
    "ri": ("jih",), "ye": ("yeh",), "yan": ("yen",), "yue": ("yueh",), "you": ("yu",), "yong": ("yung",), "yi": ("i",),
    "ge": ("ke", "ko"), "ke": ("ko",), "he": ("ho",), "e": ("o",), "guo": ("kuo",), "gui": ("kuei",), "kui": ("kuei",),
    "rong": ("jung",), "ru": ("ju",), "xu": ("hsu",), "xun": ("hsun",), "er": ("erh",), "li": ("lee",),
}  # fmt: skip
_SHORT_UO = frozenset(["d", "t", "n", "l", "z", "c", "s", "zh", "ch", "r"])
LONGEST = 6
"""Characters of a name; none is longer."""


@lru_cache(100_000)
def spells(latin: str, chinese: str) -> bool | None:
    """Return whether `latin` spells the name `chinese`; None where that can't be told: a character is not known."""
    chars = [char for char in chinese if not char.isspace()]
    letters = "".join(re.findall("[a-z]+", latin.casefold().replace("ü", "u").replace("v", "u")))
    known = [_spellings(char) for char in chars[:LONGEST]]
    if not letters or not chars or len(chars) > LONGEST or not all(known):
        return None
    parts = [f"(?:{'|'.join(sorted(one))})" for one in known]
    orders = [[*parts[cut:], *parts[:cut]] for cut in range(min(len(parts), 3))]
    return any(re.fullmatch("".join(order), letters) for order in orders)


@cache
def _readings() -> dict[str, frozenset[str]]:
    """Return the readings of each character."""
    found: dict[str, set[str]] = {}
    for line in READINGS.read_text(encoding="utf-8").splitlines():
        syllable, _, chars = line.partition(" ")
        for char in chars:
            found.setdefault(char, set()).add(syllable)
    return {char: frozenset(syllables) for char, syllables in found.items()}


@cache
def _spellings(char: str) -> frozenset[str]:
    """Return all ways to spell a character; none where its readings are not known."""
    return frozenset(one for syllable in _readings().get(char, ()) for one in _variants(syllable))


def _variants(syllable: str) -> set[str]:
    """Return a syllable of Pinyin as such and in Wade-Giles; "ü" as "u"."""
    plain = syllable.replace("v", "u")
    found = INITIALS.match(plain)
    initial = found[0] if found else ""
    final = plain[len(initial) :]
    if final == "uo" and initial in _SHORT_UO:
        final = "o"
    wade = _INITIALS.get(initial, initial) + _FINALS.get(final, final)
    return {plain, wade, *_WHOLE.get(plain, ())}
