"""Street addresses: as written in Taiwan (Chinese and English), the US and the UK, and what is announced as one.

A number and a street, a post box, a flat, a place with its postcode. 'Room 302', wards and doses are none.
"""

import re
from collections.abc import Iterator

from qacrawl.redact.spans import Span, around, classes, words

_WORD = (
    r"(?:[A-Z\u00c0-\u024f][\w'’.-]*|[A-Z]\.?|of|the|de|la|le|les|du|des|der|den|di|da|do|dos|van|von|zum|y"
    r"|\d{1,3}(?:st|nd|rd|th))"
)
_TYPE = (
    r"(?:Street|Str|Avenue|Aven?|Road|Rd|Boulevard|Blvd|Bld|Lane|Ln|Court|Crt|Square|Sq|Terrace|Terr?|Parkway|Pkwy"
    r"|Highway|Hwy|Circle|Cir|"
    r"Trail|Trl|Crescent|Cres|Drive|Drv|Place|Close|Grove|Gardens|Mews|Way|Row|Alley|Aly|Plaza|Loop|Turnpike|Tpke"
    r"|Expressway|Freeway|Fork|"
    r"Crossing|Ridge|Bypass|Causeway|Esplanade|Promenade|Parade|Quay|Wharf|Walk|Hill|Green|Common|Pike|Run|Estate"
    r"|Estates|Heights|Hts|Meadows?|"
    r"Mount|Mountains?|Oval|Passage|Path|Ranch|Shores?|Springs?|Spurs?|Stravenue|Track|Tunnel|Union|Valleys?|Via"
    r"|Viaduct|Views?|Villages?|Vista|"
    r"Burgs?|Canyon|Cape|Centers?|Cliffs?|Club|Corners?|Course|Cove|Creek|Dale|Dam|Divide|Extension|Falls|Ferry"
    r"|Fields?|Flats?|Ford|Forest|"
    r"Forges?|Fort|Garden|Gateway|Glens?|Greens|Groves|Harbors?|Haven|Hills|Hollow|Inlet|Island|Isle|Junctions?|Keys?"
    r"|Knolls?|Lakes?|Landing|"
    r"Light|Loaf|Locks|Lodge|Mall|Manors?|Mill|Mills|Mission|Motorway|Neck|Orchard|Overpass|Park|Parks|Pine|Pines"
    r"|Plain|Plains|Point|Points|"
    r"Port|Prairie|Radial|Ramp|Rapids?|Rest|River|Route|Skyway|Station|Stream|Summit|Throughway|Trace|Trafficway"
    r"|Underpass|Vill?e|Ways|Wells?)"
)
_SURE_TYPE = (
    r"(?:Street|Avenue|Ave|Road|Rd|Boulevard|Blvd|Lane|Ln|Terrace|Parkway|Pkwy|Highway|Hwy|Crescent|Square"
    r"|Drive|Court|Gardens|Mews|Grove|Alley|Str)"
)
_SHORT = r"(?:St|Dr|Ct|Pl|Cl)"
_UNIT = r"(?:Apt|Apartment|Suite|Ste|Unit|Flat|Fl|Floor|Room|Rm|\#|Bldg|Building|Block|No)\.? ?\#?[0-9A-Z][\w-]{0,5}"
_MONTH = r"(?!(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]*\b)"
_CAPITAL = "A-Z\u00c0-\u00de\u0100-\u024f\u0391-\u03a9"
_HOUSE = r"[0-9]{1,6}[A-Za-z]?(?:[-/][0-9]{1,4}[A-Za-z]?)?,? (?:[NSEW]{1,2}\.? )?"
_STREET = re.compile(
    rf"{_HOUSE}(?:{_MONTH}{_WORD} ){{0,4}}?{_MONTH}{_WORD} (?:{_SURE_TYPE}|{_TYPE}(?=[,.\n]|\s+(?:{_UNIT}"
    rf"|[A-Z][a-z]+,? [A-Z]{{2}} \d))|"
    rf"{_SHORT}(?=\.?(?:[,\n]|\s*\Z|\s+{_UNIT}|\.\s)))\b\.?(?: [NSEW]{{1,2}}\b)?(?:,?\s{{1,3}}{_UNIT})?"
)
_BEFORE_HOUSE = re.compile(r"(?:Flat|Unit|Apt\.?|Suite|No\.?|Floor|House) ?\w{1,5},? \Z")
_TAIWAN = re.compile(
    r"No\. ?\d{1,4}(?:-\d{1,3})?,? (?:(?:Aly|Alley|Ln|Lane|Sec|Section)\.? \d{1,4},? ){0,3}"
    r"(?:[A-Z][\w'-]* ){1,4}(?:[NSEW]\. )?(?:Rd|Road|St|Street|Blvd|Ave|Avenue)\b\.?(?:,? (?:Sec|Section)\.? \d)?"
    r"|(?:Section|Sec\.?|Lane|Alley) \d{1,4},? (?:[A-Z][\w'-]* ){1,4}(?:Rd|Road|St|Street)\b\.?,? (?:(?:Lane"
    r"|Alley) \d{1,4},? ){0,2}(?:No\.?|Number) ?\d{1,4}"
    r"(?:,? \d{1,3}F\b)?"
)
_FLOOR = re.compile(r"\d{1,3}F(?:-\d+)?\.?,? ?\Z")
_PREFIX = re.compile(
    r"\b(?:[Rr]ue|RUE|[Vv]ia|[Vv]iale|[Cc]alle|[Aa]venida|[Rr]ua|[Rr]úa|[Uu]l\.|[Uu]lica|[Pp]iazza|[Pp]iazzetta"
    r"|[Pp]laza|[Cc]amino|[Pp]raça|[Cc]alea|"
    r"[Ss]trada|[Cc]orso|[Tt]ravessa|[Cc]arrer|[Pp]aseo|[Bb]oulevard|[Aa]venue|[Cc]hemin|[Qq]uai) (?:(?:de|del|della"
    r"|da|do|la|le|les|des|du|dos|di|al|el) ){0,3}"
    rf"(?:l'|d')?[{_CAPITAL}][\w'’.-]*(?: [\w'’.-]+){{0,3}}?(?:,? [0-9]{{1,5}}\b|(?=\s*[,\n]))"
)
_SUFFIX = re.compile(
    r"(?:stra(?:ß|ss)e|str\.|gatan|gata|gate|vej|veien|vegen|veg|vei|katu|kuja|tie|laan|straat|gasse|allee|platz"
    r"|gränd|vägen|väg|plein|kade|singel|"
    r" utca| u\.| tér| út| körút| útja| ulice| cesta| trg| sokak| caddesi) [0-9]{1,5}[A-Za-z]?\b",
    re.IGNORECASE,
)
_NAMED = re.compile(rf"[{_CAPITAL}][\w'-]*(?: [\w'-]+)?\Z")
_NUMBER_BEFORE = re.compile(r"(?<![0-9])[0-9]{1,6},? (?:[0-9]{1,6},? )?\Z")
_BOX = re.compile(
    r"(?i)\b(?:P\.?\s?O\.?\s?Box \d{1,6}|(?:PSC|CMR) \d{1,5},? Box \d{1,5}|Unit \d{3,5},? Box \d{1,5}|Postbox \d{1,5}"
    r"|US(?:S|NS|NV|CGC) \w+(?=,?\s{1,3}[AFD]PO\b))"
    r"(?:,?\s{1,3}[AFD]PO,? A[AEP],? \d{5}(?:-\d{4})?)?|\b[AFD]PO,? A[AEP],? \d{5}(?:-\d{4})?"
)
_FLAT = re.compile(r"\b(?:Apt|apt|APT|Apartment|apartment|Suite|suite|SUITE)\b\.? ?#?\d{1,5}[A-Z]?\b")
_LINE = rf"[>?\s]{{0,8}}[{_CAPITAL}][\w'’.()-]*(?:[ -][\w'’.()-]+){{0,3}}"
_AFTER_FLAT = re.compile(
    rf"(?:,?[ ]*\n{_LINE},?[ ]*(?=\n|\Z|[?]))?(?:[>?\s,]{{0,8}}[A-Z]{{2}}(?=\n|\Z"
    rf"| \d))?(?:[>?\s]{{0,8}}(?:{_LINE}) ?)?(?:[ ,]{{0,3}}\d{{4,6}}(?:-\d{{3,4}})?)?"
)
_BEFORE_FLAT = re.compile(
    r"(?<![0-9-])[0-9]{1,6},? (?:[^\W_][\w'’.-]*,? ){1,6}?(?:[0-9]{1,5}\.?)?[>?\s,]{0,8}\Z"
    r"|(?<=\n)[^\W\d_][\w'’.-]*(?: [\w'’.-]+){0,4} \d{1,5}\.?[>?\s,]{0,8}\Z"
)
_PLACE = re.compile(
    rf",?\s{{1,3}}{_MONTH}[{_CAPITAL}][\w'.-]+(?: [{_CAPITAL}][\w'.-]+){{0,2}}(?:,?\s{{1,3}}(?:[A-Z]{{2}})?)?"
    rf"(?:,?\s{{0,3}}\d{{5}}(?:-\d{{4}})?\b|,?\s[A-Z]{{1,2}}\d[A-Z\d]?\ ?\d[A-Z]{{2}}\b)|,?\s\d{{5}}(?:-\d{{4}})?\b"
)
_STATES = (
    "A[KLRZ]|C[AOT]|D[CE]|FL|GA|HI|I[ADLN]|K[SY]|LA|M[ADEINOST]"
    "|N[CDEHJMVY]|O[HKR]|P[AR]|RI|S[CD]|T[NX]|UT|V[AIT]|W[AIVY]"
)
_ZIP = re.compile(rf"(?:[A-Z][A-Za-z.'-]+ ?){{1,3}},? (?:{_STATES})\.?,? \d{{5}}(?:-\d{{4}})?\b")
_AREAS = (
    "AB|AL|B|BA|BB|BD|BH|BL|BN|BR|BS|BT|CA|CB|CF|CH|CM|CO|CR|CT|CV|CW|DA|DD|DE|DG|DH|DL|DN|DT|DY|E|EC|EH|EN|EX|FK|FY|G|GL|GU|GY|HA|HD|HG|HP|HR|HS|HU|HX|"
    "IG|IM|IP|IV|JE|KA|KT|KW|KY|L|LA|LD|LE|LL|LN|LS|LU|M|ME|MK|ML|N|NE|NG|NN|NP|NR|NW|OL|OX|PA|PE|PH|PL|PO|PR|RG|RH|RM|S|SA|SE|SG|SK|SL|SM|SN|SO|SP|SR|"
    "SS|ST|SW|SY|TA|TD|TF|TN|TQ|TR|TS|TW|UB|W|WA|WC|WD|WF|WN|WR|WS|WV|YO|ZE"
)
_UK = re.compile(rf"(?<![A-Za-z0-9])(?:{_AREAS})\d[A-Z\d]? \d[ABD-HJLNP-UW-Z]{{2}}(?![A-Za-z0-9])")
_C = r"[\u4e00-\u9fff]"
_N = r"[0-9一二三四五六七八九十百]{1,5}"
_CHINESE = re.compile(
    rf"(?:[0-9]{{3,6}} ?)?(?:{_C}{{2,3}}[省市縣县] ?)?(?:{_C}{{2,3}}[市區区縣县] ?)?"
    rf"(?:{_C}{{1,4}}[鄉乡鎮镇市區区] ?)?(?:{_C}{{1,4}}[村里] ?)?(?:{_N}鄰 ?)?"
    rf"(?:(?:{_C}{{1,6}}(?:路|街|大道|巷弄)|{_C}{{1,5}}[村里]) ?(?:{_N}段 ?)?(?:{_N}巷 ?)?(?:{_N}弄 ?)?"
    rf"|{_C}{{1,4}}{_N}?巷 ?(?:{_N}弄 ?)?)"
    rf"{_N}(?:[之-]{_N})?[號号](?:[之-]?{_N}(?:樓|楼|F|層|层|室|栋|单元))*(?:之{_N})?(?:,? ?[0-9]{{1,4}}室)?"
)
_SIGN = re.compile(r"[0-9一二三四五六七八九十][號号]")
_BACK, _FORTH = 60, 20
"""Characters around such a sign in which the address stands."""
_PIECE = rf"(?:\#?[0-9{_CAPITAL}][\w'’.#/-]*|de|la|le|les|du|des|der|den|di|da|do|van|von|of|the|and|ul\.)"
_SAID = re.compile(
    rf"(?:(?i:\baddress(?: of [\w' .-]{{1,30}}?)?(?:(?: is| was|:| to| at| with| changed to| \()+)"
    rf"|\b(?:liv(?:es?|ed|ing)|resid(?:es?|ed|ing|ent)|mov(?:ed?|ing)|located|stay(?:s|ed|ing)?|drop(?:s|ped)? (?:me "
    rf"|you |us )?off|meet (?:me |you |us )?|send|sent|deliver(?:ed)?|"
    rf"ship(?:ped)?|taxi|return|arrived|mail(?:ed)?|enter|one|it's|corner|side) (?:it |them |back )?(?:at|on|to|in"
    rf"|of)(?= \d| the corner| US| ?\n? ?\d))\s{{0,4}}"
    rf"(?P<place>{_PIECE}(?:,?\s{{1,4}}{_PIECE}){{1,16}}))"
)
_CJK_SAID = re.compile(r"(?:地址|住址|家住|住在|戶籍地?|通訊處)(?:是|為|为|在|[:：])?\s?([^，。；！？\n]{4,40})")
_CODE = re.compile(
    r"(?i)(?:\bzip(?: ?code)?|\bpost ?code|\bpostal code|郵遞區號|邮编|邮政编码)(?: is|:|是|為|为| -"
    r"| at)*\s{0,3}([A-Z0-9]{1,5}[- ]?[A-Z0-9]{2,5})(?![\w])"
)
HINTS = frozenset(b"box apt apartment suite address zip postcode postal postbox zipcode apo fpo dpo psc".split())
"""Words of a text that may stand in an address; see `text.suspicious`."""
CJK = "號号址郵邮"
_WORDS = re.compile(r"(?i)(?<![a-z])(?:" + "|".join(sorted(word.decode() for word in HINTS)) + r")(?![a-z])")
_NEAR = 160
"""Characters around such a word, or around a number with a capital behind it, in which an address may stand."""
_NUMBER_WORD = re.compile(rb"0a?-? A")
_POSTCODE = re.compile(rb"A[A0]{1,3} 0AA")


def likely(seen: bytes) -> bool:
    """Return whether there may be an address in a text of which `spans.classes` says what each character is."""
    return bool(_NUMBER_WORD.search(seen) or _POSTCODE.search(seen))


def addresses(plain: str) -> Iterator[Span]:
    """Yield the street addresses in a text."""
    yield from _chinese(plain)
    seen = classes(plain)
    places = [found.span() for shape in (_NUMBER_WORD, _POSTCODE) for found in shape.finditer(seen)]
    if not HINTS.isdisjoint(words(plain)):
        places += [found.span() for found in _WORDS.finditer(plain)]
    for start, end in around(plain, places, _NEAR, _NEAR):
        for find in (_streets, _abroad, _flats, _codes, _announced):
            yield from find(plain, start, end)


def _chinese(plain: str) -> Iterator[Span]:
    if "號" in plain or "号" in plain:
        for start, end in around(plain, (sign.span() for sign in _SIGN.finditer(plain)), _BACK, _FORTH):
            yield from (found.span() for found in _CHINESE.finditer(plain, start, end))
    if any(sign in plain for sign in "址住戶處"):
        for found in _CJK_SAID.finditer(plain):
            if re.search("[0-9]", found[1]) and re.search("[路街巷號号村里區区]", found[1]):
                yield found.span(1)


def _streets(plain: str, first: int, last: int) -> Iterator[Span]:
    """Yield streets with their numbers, as in English."""
    for shape, head in ((_STREET, _BEFORE_HOUSE), (_TAIWAN, _FLOOR)):
        for found in shape.finditer(plain, first, last):
            start, end = found.span()
            if start and (plain[start - 1].isalnum() or plain[start - 1] in "-./,"):
                continue
            before = head.search(plain, max(0, start - 20), start)
            place = _PLACE.match(plain, end)
            yield before.start() if before else start, place.end() if place else end


def _abroad(plain: str, first: int, last: int) -> Iterator[Span]:
    """Yield streets as named in other languages of Europe."""
    for found in _PREFIX.finditer(plain, first, last):
        before = _NUMBER_BEFORE.search(plain, max(0, found.start() - 16), found.start())
        if before or found[0][-1].isdigit():
            yield before.start() if before else found.start(), found.end()
    for found in _SUFFIX.finditer(plain, first, last):
        if name := _NAMED.search(plain, max(0, found.start() - 40), found.start()):
            before = _NUMBER_BEFORE.search(plain, max(0, name.start() - 16), name.start())
            yield before.start() if before else name.start(), found.end()


def _flats(plain: str, first: int, last: int) -> Iterator[Span]:
    """Yield flats, with the street before and the place behind them; post boxes."""
    for found in _FLAT.finditer(plain, first, last):
        before = _BEFORE_FLAT.search(plain, max(0, found.start() - 80), found.start())
        after = _AFTER_FLAT.match(plain, found.end())
        yield before.start() if before else found.start(), after.end() if after else found.end()
    for found in _BOX.finditer(plain, first, last):
        yield found.span()


def _codes(plain: str, first: int, last: int) -> Iterator[Span]:
    """Yield towns with their postcodes."""
    for shape in (_ZIP, _UK):
        for found in shape.finditer(plain, first, last):
            yield found.span()
    for found in _CODE.finditer(plain, first, last):
        if re.search("[0-9]", found[1]):
            yield found.span(1)


def _announced(plain: str, first: int, last: int) -> Iterator[Span]:
    """Yield what is said to be an address, or a place where somebody lives or something is sent."""
    for found in _SAID.finditer(plain, first, last):
        if re.search("[0-9]", found["place"]):
            yield found.start("place"), found.start("place") + len(found["place"].rstrip(".,"))
