"""Numbers of payment cards and of bank accounts (IBAN), by their check digits or by the words before them."""

import re
from collections.abc import Iterator

from qacrawl.redact import announce, checks
from qacrawl.redact.spans import Span, clusters

_S = r"[ \-._/]{0,3}"
_CARD = re.compile(rf"(?<![0-9A-Za-z])[0-9](?:{_S}[0-9]){{11,18}}(?![0-9])")
_FIRST = re.compile(r"[3-6]|2[2-7]|1800|2131")
_SAID = re.compile(
    r"(?i)(?:\b(?:credit|debit|bank|visa|master ?card|amex|american express|discover|jcb|card|cc|maestro)|信用卡"
    r"|金融卡|卡號|卡号|银行卡|簽帳卡)"
    r"(?:\.? ?(?:card|number|no\b\.?|num|#|is|ending|號碼|号码|號|号|是|為))*[ :=#]{0,3}\Z"
)
_LEAST = 12
_LEAST_KNOWN = 14
"""Digits of a number that is a card's by its check digit alone."""
_IBAN = re.compile(r"(?<![A-Za-z0-9])[A-Za-z]{2}[ -]?[0-9]{2}(?:[ -]?[A-Za-z0-9]){11,30}(?![A-Za-z0-9])")
_ACCOUNT = re.compile(r"(?i)\biban(?: ?(?:number|no\.?|is|code))*[ :=]{0,3}\Z")


def cards(plain: str) -> Iterator[Span]:
    """Yield the numbers of cards in a text."""
    for start, end in clusters(plain):
        if end - start < 12:
            continue
        for found in _CARD.finditer(plain, start, end):
            if span := _card(plain, *found.span()):
                yield span


def _card(plain: str, start: int, end: int) -> Span | None:
    """Return the card's number that begins at `start`: as long as its check digit is right."""
    said = bool(_SAID.search(plain[max(0, start - announce.BEFORE) : start]))
    whole = re.sub("[^0-9]", "", plain[start:end])
    ends, length = end, len(whole)
    if not re.match(rf"[0-9]{{4}}(?![0-9])|[0-9]{{{_LEAST}}}", plain[start:end]):
        return (start, end) if said else None
    while length >= (_LEAST if said else _LEAST_KNOWN):
        if checks.luhn(whole[:length]) and (said or _FIRST.match(whole)) and _is_written_so(plain[start:ends]):
            return start, ends
        ends -= 1
        while ends > start and not plain[ends - 1].isdigit():
            ends -= 1
        length -= 1
        if ends < end and plain[ends : ends + 1].isdigit():
            continue
    return (start, end) if said else None


def _is_written_so(number: str) -> bool:
    """Return whether digits stand together as on a card: all, or four by four (American Express: 4, 6, 5)."""
    sizes = [len(group) for group in re.findall("[0-9]+", number)]
    return len(sizes) == 1 or sizes[:-1] == [4] * (len(sizes) - 1) or sizes[:2] == [4, 6]


def ibans(plain: str) -> Iterator[Span]:
    """Yield the numbers of bank accounts in a text."""
    last = -1
    for start, end in clusters(plain):
        first = max(last, start - 20, 0)
        last = end + 20
        for found in _IBAN.finditer(plain, first, last):
            if span := _iban(plain, found):
                yield span


def _iban(plain: str, found: re.Match[str]) -> Span | None:
    """Return the IBAN in what looks like one and may run into the next word; if announced, with any check digits."""
    start, end = found.span()
    while end - start >= 15:
        if checks.iban(re.sub("[^A-Z0-9]", "", plain[start:end].upper())):
            return start, end
        end = max(plain.rfind(" ", start, end), start)
    said = _ACCOUNT.search(plain[max(0, start - announce.BEFORE) : start])
    return found.span() if said and sum(map(str.isdigit, found[0])) >= 8 else None
