"""Phone numbers as people in any country write them.

A number that is announced, has a plus or an area code in brackets need only be possible; others have a shape that is
hardly anything else, or are valid where they are written so.
"""

import itertools
import re
from collections.abc import Iterator, Sequence
from functools import lru_cache

from qacrawl.redact.announce import BEFORE, Announced
from qacrawl.redact.spans import Group, Span, clusters, groups

MOST = 6
"""Groups of digits in a number, and..."""
LONGEST = 15
"""...digits (E.164)."""
NEAR = 9
"""Characters between a number and another one that is one as well because of what is between."""
_OWN = (
    ("TW", re.compile(r"09\d{8}|0[2-8]\d{7,8}|070\d{8}")),
    ("CN", re.compile(r"1[3-9]\d{9}")),
    ("GB", re.compile(r"07\d{9}|0[12]\d{8,9}")),
)
"""Countries whose numbers are known without anything around them, and how they begin there."""
_TRUNK = re.compile(r"0[1-9]\d{7,9}")
_EXTENSION = re.compile(r"(?i)\s?,?\s?(?:\#|x|ext(?:ension|n)?\.?|分機|分机|轉|转)\s?:?\s?[0-9]{1,6}(?![0-9])")
_AND = re.compile(r"(?i)\s{0,2}(?:,|/|;|、|\||\bor\b|\band\b|和|或|及|跟)\s{0,2}")
_GOES_ON = re.compile(r"[-./_][0-9]")
_BRACKETS = {") ", ")", ") -", ")-", " (", "("}
_INSIDE = {" ", "-", ".", "_", "/", " - "}
_YEARS = re.compile(r"(?:19|20)\d\d")


def phones(plain: str) -> Iterator[Span]:
    """Yield the phone numbers in a text, with their extensions."""
    last = -9
    for start, end in clusters(plain):
        found = groups(plain, start, end)
        at = taken = 0
        while at < len(found):
            first = found[at]
            if at > taken and len(first.digits) == 1 == len(found[at - 1].digits):
                at += 1  # in the midst of single digits
                continue
            if last < first.start - NEAR and _unsaid(plain, start, found, at) and not _may_begin(found, at):
                at += 1  # in the midst of a long row of numbers
                continue
            said = 2 if last >= 0 and _AND.fullmatch(plain, last, _opened(plain, first.start)) else None
            count, begins = _number(plain, found, at, last, said)
            if not count:
                at += 1
                continue
            ends = found[at + count - 1].end
            extension = _EXTENSION.match(plain, ends)
            last = extension.end() if extension else ends
            yield begins, last
            at = taken = at + count


def _unsaid(plain: str, start: int, found: Sequence[Group], at: int) -> bool:
    """Return whether no plus, bracket or word announces a number, in the midst of a cluster that begins at `start`."""
    first = found[at].start
    return start + BEFORE < first and at + LONGEST < len(found) and plain[first - 1] not in "+("


def _may_begin(found: Sequence[Group], at: int) -> bool:
    """Return whether a number that nothing announces may begin with a group, by `_is_written_so`: a fast first look."""
    first = found[at].digits
    if first[0] == "0" or len(first) == 11 or "886".startswith(first[:3]):
        return True
    if len(first) != 3 and first != "1":
        return False
    following = [len(group.digits) for group in found[at + 1 : at + 4]]
    return (first == "1" and following == [3, 3, 4]) or (len(first) == 3 and following[:2] in ([3, 4], [4, 4]))


def _opened(plain: str, start: int) -> int:
    """Return where a number begins whose first digit is at `start`: with its plus and bracket."""
    while start and plain[start - 1] in "+(":
        start -= 1
    return start


def _number(plain: str, found: Sequence[Group], at: int, last: int, said: int | None) -> tuple[int, int]:
    """Return how many groups from `at` on are a phone number, 0 if none, and where it begins."""
    first = found[at]
    if at == 0 and first.start and (plain[first.start - 1].isascii() and plain[first.start - 1].isalnum()):
        return 0, 0
    begins = _opened(plain, first.start)
    if begins > max(last, 0) and plain[begins - 1] in ".-/" and begins > 1 and plain[begins - 2].isdigit():
        return 0, 0
    words = Announced(plain, begins)
    sure = said if said is not None else words.is_phone(first.end)
    alone = begins in (0, last) or not plain[begins - 1].isalnum()
    opening = plain[begins : first.start] if alone else ""
    choices = []
    single = len(first.digits) == 1 and plain[first.end : first.end + 1] in (" ", "-")
    most = _together(plain, found[at : at + (LONGEST if single else MOST)])  # digit by digit
    lengths = list(itertools.accumulate(len(group.digits) for group in found[at : at + most]))
    for count in range(most, 0, -1):
        if not 7 <= lengths[count - 1] <= LONGEST + 2:
            continue
        some = found[at : at + count]
        digits = "".join([group.digits for group in some])
        if "+" in opening:
            is_one = len(digits) >= 8 and _possible("+" + digits.removeprefix("00"))
        else:
            is_one = _is_phone(plain, opening, some, digits, sure or words.is_phone(some[-1].end))
        if is_one and not words.is_other(some[-1].end):
            rest = sum(len(group.digits) for group in found[at + count : at + count + MOST])
            choices.append((_is_written_so(plain, some, digits), rest == 0 or rest >= 7, count))
    return (max(choices)[2], begins) if choices else (0, 0)


def _together(plain: str, some: Sequence[Group]) -> int:
    """Return how many groups at most may be one number by what is between: not what parts two whole ones."""
    length = 0
    before: set[str] = set()
    for count, (one, other) in enumerate(itertools.pairwise(some), 1):
        length += len(one.digits)
        between = plain[one.end : other.start]
        if between.strip(" ") == "," and " " in between:
            return count
        if length >= 7 and between not in ("-", ".", " ", "_", *before) and "(" not in between:
            return count
        if length >= 8 and len(other.digits) > 4:
            return count
        before.add(between)
        if count >= MOST and len(before) > 1:
            return count
    return len(some)


def _is_phone(plain: str, opening: str, some: Sequence[Group], digits: str, sure: int) -> bool:
    """Return whether a number without a plus is one to call; `opening` is what stands before its first digit."""
    sizes = [len(group.digits) for group in some]
    if sure and not (sure == 1 and len(sizes) == 1 and not digits.startswith("0") and len(digits) < 8):
        return len(digits) <= LONGEST and (sure == 2 or not _is_count(plain, some))
    if digits.startswith("00") and 11 <= len(digits) <= LONGEST + 2:
        return _possible("+" + digits.lstrip("0"))
    if "(" in opening and plain[some[0].end : some[0].end + 1] == ")" and 1 < sizes[0] < 5 and len(sizes) > 1:
        return len(digits) >= 8 and not _YEARS.fullmatch(some[0].digits) and not _is_count(plain, some)
    return _is_written_so(plain, some, digits)


def _is_written_so(plain: str, some: Sequence[Group], digits: str) -> bool:
    """Return whether a number that nothing announces is one by how it is written."""
    sizes = [len(group.digits) for group in some]
    if _GOES_ON.match(plain, some[-1].end):
        return False
    if sizes[-3:] == [3, 3, 4] and digits[:-10] in ("", "1"):
        between = _between(plain, some)
        if between in ({"-"}, {"."}) and digits[-10] in "23456789":
            return True
        return len(max(between, default="", key=len)) < 2 and _valid(digits, "US")
    if len(digits) in (11, 12, 13) and digits.startswith("886"):
        return _valid("+" + digits.replace("8860", "886", 1), "TW")
    if min(sizes) == 1 < max(sizes):
        return False
    for region, shape in _OWN:
        if shape.fullmatch(digits) and (region != "CN" or sizes in ([11], [3, 4, 4])) and _valid(digits, region):
            return True
    if len(sizes) == 1 or min(sizes) == 1 or sizes[0] > 5 or not _TRUNK.fullmatch(digits):
        return False
    return _between(plain, some) <= _INSIDE


def _between(plain: str, some: Sequence[Group]) -> set[str]:
    """Return what stands between groups of digits, but for the brackets of an area code."""
    return {plain[one.end : other.start] for one, other in itertools.pairwise(some)} - _BRACKETS


def _is_count(plain: str, some: Sequence[Group]) -> bool:
    """Return whether it may be a large number in groups of three digits, or a range of two numbers."""
    thousands = all(len(group.digits) == 3 for group in some[1:]) and len(some[0].digits) <= 3
    return (thousands and some[0].digits[0] != "0" and len(some) > 1 and plain[some[0].end] in ", ") or (
        len(some) == 2
        and plain[some[0].end : some[1].start].strip() == "-"
        and len(some[0].digits) == len(some[1].digits)
        and some[0].digits[0] != "0"
        and len(some[0].digits) > 4
    )


@lru_cache(1000)
def _valid(number: str, region: str) -> bool:
    """Return whether there is such a number in a region."""
    import phonenumbers  # takes 25 ms, and few pages need it

    try:
        return phonenumbers.is_valid_number(phonenumbers.parse(number, region))
    except phonenumbers.NumberParseException:
        return False


@lru_cache(1000)
def _possible(number: str) -> bool:
    """Return whether a number after a plus may be one: its country is there, and its length is right for it."""
    import phonenumbers

    try:
        return phonenumbers.is_possible_number(phonenumbers.parse(number))
    except phonenumbers.NumberParseException:
        return False
