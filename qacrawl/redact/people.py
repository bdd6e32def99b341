"""Names of who asked: the asker's own, however it is spelt, and those in greetings, farewells and introductions.

A name that is made of common words ("Worried Mother") goes only where it is used as a name. Doctors' names stay.
"""

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from functools import cache, cached_property
from importlib.resources import files
from typing import NamedTuple

from qacrawl.redact.spans import Span, plain

Finder = Callable[[str], Iterable[Span]]
LONGEST, MOST = 100, 8
"""Characters and words of a name, at most; what is longer is a phrase, or a page's text that was taken for a name."""


class Shape(NamedTuple):
    """How a name may be written."""

    key: str
    """What stands in a text, in small letters, where a name is written so: what `in` finds fast."""
    pattern: re.Pattern[str]
    """A group is the name without its title."""
    fits: Callable[[str], bool]
    """Tells whether what was found is a name."""
    cased: bool = False
    """Whether the pattern is for a text as it is, not in small letters."""


_FOLD = {
    code: folded
    for code in (*range(0xC0, 0x250), *range(0x1E00, 0x1F00))
    if (folded := unicodedata.normalize("NFD", chr(code))[0]).isascii() and folded.isalpha()
} | dict(zip(map(ord, "ıøØłŁđĐħĦſ"), "ioOlLdDhHs", strict=True))
_TITLE = r"(?:Mr|Mrs|Ms|Miss|Mister|Madam|Mdm|Mx|Master|Lady|Sir)"
_TITLES = re.compile(rf"(?i)\b{_TITLE}\b\.?|先生|小姐|女士|太太|同學|同学")
_DOCTOR = re.compile(
    r"(?i)(?:\b(?:Dr|Doctor|Prof|Professor|Director|Physician|Surgeon|Nurse|Dean|Superintendent"
    r"|Chief)\b\.?\s{0,3}(?:(?!(?:I|am|is|my|this)\b)\w+[\s-]){0,2})\Z"
)
_BEHIND_DOCTOR = re.compile(r"\s?(?:醫師|醫生|医生|医师|大夫|主任|院長|教授|護理師)")
_CJK = r"\u3400-\u9fff"
_LETTER = r"A-Za-z0-9\u00c0-\u024f"  # a name may touch Chinese characters
_SEPARATOR = r"(?:[\s\-_'’·・]{0,3}|\.)"
_MASKED = re.compile(rf"[{_CJK}][XxOo*○〇某][{_CJK}]?")
"""A name in which a sign stands for a character."""
_SPACED = r"[\s\-·・.]{0,2}"
_SYLLABLE = re.compile(r"(?:[zcs]h|[bpmfdtnlgkhjqxrzcsyw])?(?:[iu]?[aeiou]{1,2}|v)(?:ng|n)?", re.IGNORECASE)
_SURNAMES = frozenset(
    "chen lin huang chang zhang li lee wang wu liu tsai cai yang hsu xu cheng zheng hsieh xie kuo guo hung hong "
    "tseng zeng chiu qiu liao lai chou zhou yeh ye su chuang "
    "zhuang lu chiang jiang ho he hsiao xiao lo luo kao gao pan chien jian chu zhu chung zhong peng yu zhan hu shih "
    "shi shen song sung tsao cao tang deng teng fang fu han "
    "ma mao ni ou ting ding tu wei weng yen yan yin tai dai kang ke ko ku gu kung gong lien lian wong chan kim park "
    "choi nguyen tran".split()
)
_LATIN_NAME = r"[A-Z\u00c0-\u00de][\w'’-]*(?:[ .-]{1,2}[A-Z\u00c0-\u00de][\w'’-]*){0,3}"
_HELLO = re.compile(
    rf"\s*(?:(?i:dear|hello|hi|hey|greetings|good (?:morning|afternoon|evening|day|night)"
    rf"|to)\b(?: there)?[,:!\s]{{0,4}}(?:(?i:my )?(?i:dear)\s)?)"
    rf"(?P<title>(?i:{_TITLE})\b\.?\s{{0,3}})?(?P<name>{_LATIN_NAME}|[{_CJK}]{{1,4}}?)(?:先生|小姐|女士|太太|媽媽"
    rf"|同學)?\s{{0,2}}(?=[:,!;.，：。！]|\n|\Z|您好|你好)"
)
_HELLO_BEHIND = re.compile(
    rf"\s*(?P<title>(?i:{_TITLE})\b\.?\s{{0,3}})?(?P<name>{_LATIN_NAME})[,:]?\s{{1,2}}(?i:hello|hi\b|how are you"
    rf"|good (?:morning|afternoon|evening)|nice to meet)"
)
_HELLO_CJK = re.compile(
    rf"\s*(?:親愛的|亲爱的|致|給|hello|Hello|Hi|Dear)?\s?(?P<name>[{_CJK}]{{1,6}}?)\s?(?P<title>先生|小姐|女士|太太"
    rf"|媽媽|爸爸|同學|同学)?\s?[,，:：]?\s?(?:您好|你好|妳好|您們好)"
    rf"|\s*(?:您好|你好|妳好|哈囉|親愛的|亲爱的)[,，！!\s]{{0,2}}(?P<after>[{_CJK}]{{1,4}}?)(?:先生|小姐|女士|太太"
    rf"|同學|[:：,，])"
)
_BYE = re.compile(
    rf"(?:\b(?i:sincerely|regards|best wishes|best|yours(?: truly| sincerely| faithfully)?|respectfully|cheers|from"
    rf"|signed|love|gratefully|"
    rf"thanks?(?: you)?(?: very much| so much| a lot| again| in advance| doctor| dr)?|thank you"
    rf"|appreciate it)[,.!;:~\s-]{{1,6}}|\n\s{{0,3}}[-~—]{{1,2}}\s?)"
    rf"(?P<title>(?i:{_TITLE})\b\.?\s{{0,3}})?(?P<name>{_LATIN_NAME})[\s.!~]{{0,4}}\Z"
)
_BYE_CJK = re.compile(
    rf"(?:^|[\s，,。!！~～])(?P<name>[{_CJK}]{{2,4}})\s?(?:敬上|謹上|上|敬啟|敬问|敬問|叩上|留|筆|拜託|拜上"
    rf"|鞠躬)[\s。.!！~]{{0,3}}\Z"
    rf"|(?:^|[\s，,。!！~])(?:患者|病人|病患|家屬|家属|學生|学生)[\s:：]{{1,2}}(?P<after>[{_CJK}]{{2,4}})[\s。.!！~]{{0,3}}\Z"
)
_CALLED = re.compile(
    rf"(?:\b(?i:my (?:full |real |first |last )?name(?:'s| is)|i am called|(?:full |first |last )?name ?:"
    rf"|people call me|call me)\s{{1,3}}(?i:{_TITLE}\.?\s)?(?P<name>{_LATIN_NAME}))"
    rf"|(?:我叫做?|我的名字(?:是|叫)|姓名\s?[:：])\s?(?P<cjk>[{_CJK}]{{2,4}}(?![{_CJK}]))"
)
_OFFICE = re.compile(
    r"(?i)(?:Dr|Doctor|Prof|Professor|Director|Nurse|Sir|Madam|Physician|Hospital|Department|Clinic)\b|.*(?:醫師|醫生"
    r"|主任|院長|護理師)"
)
_NEAR = 160
"""Characters at the start of a reply and at the end of a question in which a greeting or a farewell stands."""


_ENDINGS = (("s", 2), ("ed", 3), ("ing", 3), ("ly", 3), ("y", 3))
"""Endings of common words, and how long what is before them must be: Amy is no form of am."""


@cache
def _common() -> frozenset[str]:
    return frozenset(files("qacrawl.redact").joinpath("common.txt").read_text("utf-8").split())


def is_common(word: str) -> bool:
    """Return whether a word is one that texts use, not only a name."""
    word, known = word.casefold(), _common()
    stems = (word.removesuffix(end) for end, least in _ENDINGS if word.endswith(end) and len(word) >= len(end) + least)
    return word in known or any(stem in known for stem in stems)


def fold(text: str) -> str:
    """Return a text with Latin letters without their marks; it keeps its length."""
    return text if text.isascii() else text.translate(_FOLD)


class Own:
    """An asker's name: finds it and its plain variants in texts. Parts that are the doctor's, too, are left."""

    def __init__(self, asker: str, doctor: str | None = None) -> None:
        name = asker if len(asker) <= LONGEST else ""
        self.name = fold(_TITLES.sub(" ", unicodedata.normalize("NFKC", name))).strip()
        self.parts = _words(self.name)
        self.is_long = len(asker) > LONGEST or len(self.parts) > MOST
        """Whether it is too long for a name: a phrase is only looked for as it is, what is longer not at all."""
        self._theirs = frozenset(re.findall(r"\w+", fold(doctor or "").casefold()))
        self._keys = {part.casefold()[:4] if part.isascii() else part[0] for part in self.parts}
        self._keys |= {found[0] for found in map(_SYLLABLE.match, self._keys) if found}

    def likely(self, text: str) -> bool:
        """Return whether the name may be in a text: fast, and rather too often than too seldom."""
        lower = fold(plain(text)).lower()
        return any(key in lower for key in self._keys)

    @cached_property
    def _shapes(self) -> list[Shape]:
        if self.is_long:
            return [_shape(_SEPARATOR.join(self.parts).lower())] if self.parts else []
        return [*_chinese(self.name), *_latin(self.parts, self._theirs)]

    def find(self, text: str) -> Iterator[Span]:
        """Yield where the name stands."""
        folded = fold(text)
        small = folded.lower()
        for shape in self._shapes:
            if shape.key in small:
                for found in shape.pattern.finditer(folded if shape.cased else small):
                    start, end = found.span(found.lastindex or 0)
                    if shape.fits(folded[start:end]) and not is_doctors(folded, start, end):
                        yield start, end

    def is_called(self, name: str) -> bool:
        """Return whether this is the whole name, or one of its parts."""
        parts = [part.casefold() for part in _words(fold(name))]
        own = [part.casefold() for part in self.parts]
        return bool(parts) and ("".join(parts) == "".join(own) or set(parts) <= set(own))


def _words(name: str) -> list[str]:
    return [part for part in re.split(r"[\W_]+", name) if part]


def is_doctors(text: str, start: int, end: int) -> bool:
    """Return whether the words around a name say that a doctor is called so."""
    return bool(_DOCTOR.search(text[max(0, start - 40) : start]) or _BEHIND_DOCTOR.match(text, end))


def _always(_: str) -> bool:
    return True


def _capitals(found: str) -> bool:
    """Return whether each part of a name is written with a capital, or all are joined."""
    parts = re.split(r"[\s.\-_'’·・]+", found)
    return all(part[0].isupper() for part in parts) or (len(parts) > 1 and not re.search(r"\s", found))


def _chinese(name: str) -> Iterator[Shape]:
    """Yield the shapes of a name in Chinese characters: whole, spaced, without surname, the surname with a title."""
    chars = re.findall(rf"[{_CJK}]", name)
    whole = "".join(chars)
    if _MASKED.fullmatch(name):
        yield Shape(chars[0], re.compile(re.escape(name.lower())), _always)
    elif len(chars) > 1 and not is_common(whole):
        yield Shape(chars[0], re.compile(_SPACED.join(chars)), _always)
    if len(chars) == 3 and not is_common(whole[1:]):
        yield Shape(chars[1], re.compile(_SPACED.join(chars[1:])), _always)
    if chars and (len(chars) < 4):
        titles = r"(?=\s?(?:先生|小姐|女士|太太|媽媽|爸爸|同學|君))"
        yield Shape(chars[0], re.compile(chars[0] + titles), _always)


def _latin(parts: list[str], theirs: frozenset[str]) -> Iterator[Shape]:
    """Yield the shapes of a name in letters: parts joined or apart, and each part alone where it is nothing else."""
    parts = [part for part in parts if part.isascii()]
    if not parts or (len(parts) == 1 and len(parts[0]) < 2):
        return
    low = [part.casefold() for part in parts]
    if len(set(low)) == 1 and len(low) > 1:  # An An An: also An An and Anan
        fits = _capitals if is_common(low[0]) or len(low[0]) < 3 else _always
        yield _shape(f"{low[0]}(?:{_SEPARATOR}{low[0]})+", fits)
    elif len(low) > 1 and not all(is_common(part) or part.isdigit() for part in low):
        apart = [_SEPARATOR.join(_parted(part)) for part in low[:-1]] + [_numbered(low[-1])]
        yield _shape(_SEPARATOR.join(apart))
        yield _shape(_SEPARATOR.join(reversed(apart)))
    elif len(low) > 1:
        yield _shape(_SEPARATOR.join(low), _joined_only)
    for part in dict.fromkeys(low):
        if part.isdigit():
            continue
        yield Shape(part, re.compile(rf"\b{_TITLE.lower()}\b\.?\s{{1,3}}({part})(?![^\W_])"), _always)
        if part in theirs or is_common(part):
            continue
        if part in _SURNAMES:
            yield _surname(part)
        elif len(part) > 2:
            yield _shape(re.sub(r"(?<=[a-z])(?=[0-9])", r"[\\s_-]?", part))
            yield from _syllables(part)
            word = part.rstrip("0123456789")
            if word != part and len(word) > 3 and not is_common(word) and word not in _SURNAMES | theirs:
                yield _shape(word)


def _numbered(part: str) -> str:
    """Return the pattern of the last part of a name, whose number may be left out: lin88, lin."""
    found = re.fullmatch(r"([a-z]{3,})([0-9]+)", part)
    return f"{found[1]}(?:{found[2]})?" if found else _SEPARATOR.join(_parted(part))


def _syllables(part: str) -> Iterator[Shape]:
    """Yield the shape of a joined name taken apart: Xiaoming, Xiao Ming, Xiao-ming; Anan, An An An."""
    found = _parted(part)
    if len(found) > 1 and len(set(found)) == 1:
        yield _shape(f"{found[0]}(?:{_SEPARATOR}{found[0]})+", _capitals)
    elif len(found) > 1:
        yield _shape(_SEPARATOR.join(found), _capitals)


def _parted(part: str) -> list[str]:
    """Return the syllables of a joined name; all of it as one where they don't make up a name."""
    found = [one[0] for one in _SYLLABLE.finditer(part)]
    return found if 2 <= len(found) <= 4 and "".join(found) == part else [part]


def _shape(pattern: str, fits: Callable[[str], bool] = _always) -> Shape:
    """Return the shape of words in small letters. What is before them is looked at behind the first of them, so that
    the search can be for that one: it is thirty times as fast."""
    key = re.split(r"\W", pattern, maxsplit=1)[0]
    return Shape(key, re.compile(rf"{key}(?<![{_LETTER}]{key}){pattern[len(key) :]}(?![{_LETTER}])"), fits)


def _surname(part: str) -> Shape:
    """Return the shape of a surname, which often is a common word in small letters."""
    written = "|".join(rf"{one}(?<![^\W_]{one})" for one in (part.title(), part.upper()))
    return Shape(part, re.compile(rf"(?:{written})(?![^\W_]|\s[A-Z])"), _always, cased=True)


def _joined_only(found: str) -> bool:
    """Return whether common words are joined to a name: EarlyBird, early_bird."""
    return not re.search(r"\s", found)


def greeted(text: str, own: Own | None = None) -> Iterator[Span]:
    """Yield the name of who is greeted at the start of a reply."""
    head = text[:_NEAR]
    for shape in (_HELLO, _HELLO_BEHIND, _HELLO_CJK):
        if found := shape.match(head):
            yield from _named(found, own)


def signed(text: str, own: Own | None = None) -> Iterator[Span]:
    """Yield the name of who says farewell at the end of a question."""
    first = max(0, len(text) - _NEAR)
    for shape in (_BYE, _BYE_CJK):
        if found := shape.search(text, first):
            yield from _named(found, own)


def called(text: str) -> Iterator[Span]:
    """Yield the names of those who say what they are called."""
    if "name" in text or "Name" in text or "call" in text or "叫" in text or "姓名" in text:
        for found in _CALLED.finditer(text):
            group = "name" if found["name"] else "cjk"
            if not all(is_common(part) for part in re.findall(r"\w+", found[group])):
                yield found.span(group)


def _named(found: re.Match[str], own: Own | None) -> Iterator[Span]:
    """Yield the name in a greeting or a farewell, where it is no doctor's and no common word alone."""
    groups = found.groupdict()
    group = "name" if groups.get("name") else "after"
    name = groups[group] or ""
    start, end = found.span(group)
    words = re.findall(r"\w+", name)
    if not words or is_doctors(found.string, start, end) or _OFFICE.match(name):
        return
    if groups.get("title") or (own and own.is_called(name)) or not all(is_common(fold(word)) for word in words):
        yield start, end
