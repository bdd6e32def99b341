"""Personal data in running text: e-mail addresses, phone numbers, national ID numbers of Taiwan.

Only what is certain: a phone number has the shape of one and is valid by the phonenumbers library (Taiwan where it
names no country), an ID has the right check digit. Dates, doses, lab values, ages and prices stay. Names, postal
addresses, birthdays and accounts of messengers are not looked for.
"""

import re
from collections.abc import Callable, Iterable, Iterator

Span = tuple[int, int]

# Full-width forms and kinds of dash and space, one to one, so that offsets stay those of the text.
_PLAIN = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)}
_PLAIN |= dict.fromkeys(map(ord, "\u3000\u00a0\u2002\u2003\u2007\u2009\u202f"), ord(" "))
_PLAIN |= dict.fromkeys(map(ord, "\u2010\u2011\u2012\u2013\u2014\u2015\u2212"), ord("-"))

# suspicious() looks at bytes: digits become "0", what stands between digits of a number vanishes, the rest is "x".
_DIGITS = bytes(ord("0") if chr(code) in "0123456789" else ord("x") for code in range(256))
_BETWEEN = b" ().-/\xe2\x80\x88\x90\x91\x92\x93\x94\x95\xc2\xa0"
_FEWEST = b"0" * 7
_HINTS = (b"@", b"%40", b"(at)", b"[at]", b"{at}", b"<at>", b" dot ", b".com", b".net", b".tw")
_WIDE = re.compile("[０-９＠]")


def redact(text: str) -> tuple[str, list[str]]:
    """Return `text` with personal data replaced by `[email]`, `[phone]` and `[id]`, and the kinds that were found."""
    plain = text.translate(_PLAIN)
    found = _find(plain)
    new = found
    chars = list(plain) if found else []
    while new:  # what stood right beside something that was taken out may only now be seen
        for start, end, _ in new:
            chars[start:end] = _mask(end - start)
        new = [one for zone in _zones(new, len(chars)) for one in _find_in(chars, *zone)]
        found = found + new
    parts, at = [], 0
    for start, end, kind in sorted(found):
        parts += [text[at:start], f"[{kind}]"]
        at = end
    kinds = dict.fromkeys(kind for _, _, kind in found)
    return "".join([*parts, text[at:]]) if found else text, list(kinds)


Found = tuple[int, int, str]
"""Where personal data begins and ends, and its kind."""
_NEAR = 100
"""Characters around what was taken out, in which something else may now be seen."""
_CONTEXT = 60
"""Characters around those, which tell whether it is what it seems."""


def _find(plain: str) -> list[Found]:
    """Return what each finder finds in a text in which what those before it found is masked."""
    found: list[Found] = []
    for kind, find in _FINDERS:
        spans = _apart(find(plain))
        found += [(start, end, kind) for start, end in spans]
        parts, at = [], 0
        for start, end in spans:
            parts += [plain[at:start], _mask(end - start)]
            at = end
        plain = "".join([*parts, plain[at:]]) if spans else plain
    return found


def _apart(spans: Iterable[Span]) -> list[Span]:
    """Return spans in order, those that overlap as one: in "a@b.twa@b.tw" the second address begins in the first."""
    apart: list[Span] = []
    for start, end in sorted(spans):
        if apart and start < apart[-1][1]:
            apart[-1] = apart[-1][0], max(end, apart[-1][1])
        else:
            apart.append((start, end))
    return apart


def _mask(length: int) -> str:
    """Return what stands for personal data, as "[phone]" will, but of the same length: all other offsets stay."""
    return f"[{'x' * (length - 2)}]"


def _zones(found: list[Found], length: int) -> Iterator[Span]:
    """Yield the neighbourhood of what was found, in one stretch where neighbourhoods meet."""
    first = last = -1
    for start, end, _ in sorted(found):
        if start - _NEAR > last:
            if last >= 0:
                yield first, last
            first = max(0, start - _NEAR)
        last = min(length, end + _NEAR)
    yield first, last


def _find_in(chars: list[str], start: int, end: int) -> Iterator[Found]:
    """Yield what finders find between two offsets."""
    first = max(0, start - _CONTEXT)
    for begins, ends, kind in _find("".join(chars[first : end + _CONTEXT])):
        if start <= first + begins and first + ends <= end:
            yield first + begins, first + ends, kind


def suspicious(text: str) -> bool:
    """Return whether `redact` could find anything in `text`: rather too often than too seldom, but very fast."""
    raw = text.encode("utf-8", "surrogatepass")
    if _FEWEST in raw.translate(_DIGITS, _BETWEEN):
        return True
    lower = raw.lower()
    return any(hint in lower for hint in _HINTS) or (b"\xef\xbc" in raw and bool(_WIDE.search(text)))


# E-mail: "name@host.tld", also "name (at) host (dot) tld", and with spaces where the domain is sure to be one.
# Three spaces at most: without a bound, a run of spaces would take time by its square.

_DOT = r"(?:\s?\.\s?|\s{0,3}[(\[{]\s{0,3}dot\s{0,3}[)\]}]\s{0,3}|\s{1,3}dot\s{1,3})"
_TLD = r"(?:com|net|org|edu|gov|tw|cn|hk|jp)\b"
_PROVIDER = r"(?:gmail|yahoo|hotmail|outlook|icloud|msn|hinet|pchome|live|qq)"
_AT = re.compile(
    rf"""(?ix) (?: \s? (?:@|%40) \s? | \s{{0,3}} [(\[{{<] \s{{0,3}} (?:at|@) \s{{0,3}} [)\]}}>] \s{{0,3}}
      | (?P<word> \s{{1,3}}at\s{{1,3}} (?={_PROVIDER}\b) ) )
    (?: [a-z0-9-]+ (?:\.[a-z0-9-]+)* \.[a-z]{{2,24}} (?![a-z])
      | [a-z0-9-]+ (?:{_DOT}[a-z0-9-]+){{0,3}}? {_DOT} {_TLD} (?: {_DOT} {_TLD} )?
      | {_PROVIDER}\b )"""
)
_LOCAL = re.compile(r"[A-Za-z0-9_.+%-]*[A-Za-z0-9_]\Z")
_LONGEST_LOCAL = 64


def _emails(plain: str) -> Iterator[Span]:
    for found in _AT.finditer(plain):
        local = _LOCAL.search(plain[max(0, found.start() - _LONGEST_LOCAL) : found.start()])
        # "look at gmail.com" is no address, "chen.77 at gmail.com" is
        if local and not (found["word"] and local[0].isalpha()):
            yield found.start() - len(local[0]), found.end()


# IDs: a letter for the place, a digit for sex and status (before 2021 a letter for foreigners), serial, check digit.

_ID = re.compile(r"(?<![A-Za-z0-9])[A-Za-z][1289A-Da-d]\d{8}(?![A-Za-z0-9])")
_LETTERS = "ABCDEFGHJKLMNPQRSTUVXYWZIO"
"""A is 10, B is 11 and so on; the order is historical."""


def _ids(plain: str) -> Iterator[Span]:
    return (found.span() for found in _ID.finditer(plain) if _is_id(found[0].upper()))


def _is_id(number: str) -> bool:
    """Return whether the check digit of an ID is right."""
    first = _LETTERS.index(number[0]) + 10
    second = int(number[1]) if number[1].isdigit() else _LETTERS.index(number[1]) % 10
    digits = [first // 10, first % 10, second, *map(int, number[2:])]
    weights = (1, 9, 8, 7, 6, 5, 4, 3, 2, 1, 1)
    return sum(digit * weight for digit, weight in zip(digits, weights, strict=True)) % 10 == 0


# Phone numbers: how they are written, by country; phonenumbers then says whether there is such a number.

_S = r"(?:\ ?[-./]\ ?|\ )"
_BEFORE = r"(?<![A-Za-z0-9_])(?<!\d[-.])"
_UNIT = r"\s?(?:[mkµu]?g|mcg|ml|cc|iu|cm|mm|%|years?|days?|times|dollars?|yuan|元|塊|歲|次|天)(?![a-z])"
_AFTER = rf"(?![-.]?\d)(?!{_UNIT})(?:\s?(?:\#|ext(?:ension)?\.?|分機|轉)\s?\d{{1,6}}(?!\d))?"

_SHAPES = {
    "TW": rf"""
        (?: 00\d?\d? {_S}? )? 886 {_S}? (?: \(0\) | 0 )? \d{{1,3}} {_S}? \d{{3,4}} {_S}? \d{{3,4}}
      | \(?09\d\d\)? {_S}? (?: \d{{3}} {_S}? \d{{3}} | \d\d[ -]\d\d[ -]\d\d )
      | 09 {_S} \d{{4}} {_S}? \d{{4}}
      | 09\d {_S} \d{{3}} {_S} \d{{4}}
      | 070 {_S}? \d{{4}} {_S}? \d{{4}}
      | \(?0 (?: 2 | 37? | 49? | 5 | 6 | 7 | 836 | 826 | 8[29]? ) (?: \)\ ? | {_S} )?
          (?: \d{{3,4}} [ -]? \d{{4}} | \d{{5,6}} )
      | 0\d{{3}} {_S}? \d{{3}} {_S}? \d{{3}}""",
    "CN": r"1[3-9]\d{9} | 1[3-9]\d [ -] \d{4} [ -] \d{4}",
    "US": r"\([2-9]\d\d\)\ ?\d{3}[-.]\d{4} | [2-9]\d\d(?P<dash>[-.])\d{3}(?P=dash)\d{4}",
}
_NUMBERS = {region: re.compile(rf"(?ix) {_BEFORE} (?P<number> {shape} ) {_AFTER}") for region, shape in _SHAPES.items()}
_LABELLED = re.compile(
    rf"""(?ix) (?: \b(?:tel(?:ephone)?|phone|mobile|fax) | 電話 | 手機 | 傳真 )
    (?: \s? (?: no\.? | numbers? | \# | is | 號碼 | 是 | 為 ) )* [\s:.]*
    (?P<number> \d{{3,4}}[ -]?\d{{4}} | 9\d{{8}} ) {_AFTER}"""
)


def _abroad(plain: str) -> Iterator[Span]:
    """Yield numbers with a country code after "+"."""
    if not re.search(r"\+\s?\d", plain):
        return
    from phonenumbers import Leniency, PhoneNumberMatcher

    for found in PhoneNumberMatcher(plain, None, leniency=Leniency.POSSIBLE):
        yield found.start, found.end


def _phones(region: str) -> Callable[[str], Iterator[Span]]:
    """Return a finder of numbers written as people in `region` write them."""

    def find(plain: str) -> Iterator[Span]:
        return (found.span() for found in _NUMBERS[region].finditer(plain) if _is_phone(found["number"], region))

    return find


def _labelled(plain: str) -> Iterator[Span]:
    """Return numbers without area code after a word that says what they are."""
    return ((found.start("number"), found.end()) for found in _LABELLED.finditer(plain))


def _is_phone(number: str, region: str) -> bool:
    """Return whether there is such a phone number in `region`."""
    import phonenumbers  # takes 25 ms, and few pages need it

    digits = re.sub(r"\D", "", number)
    abroad = re.fullmatch(r"(?:00\d?\d?)?(886\d+)", digits) if region == "TW" else None
    parsed = phonenumbers.parse(f"+{abroad[1]}" if abroad else digits, region)
    return phonenumbers.is_valid_number(parsed)


_FINDERS: tuple[tuple[str, Callable[[str], Iterator[Span]]], ...] = (
    ("email", _emails),
    ("id", _ids),
    ("phone", _abroad),
    *(("phone", _phones(region)) for region in _SHAPES),
    ("phone", _labelled),
)
