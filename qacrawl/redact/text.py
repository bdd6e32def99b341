"""Personal data in running text, each kind found by a module of its own; what is found becomes "[kind]".

Only what is certain: by shape and check digit, or by the words that announce it. Dates, doses, lab values, ages, prices
and the numbers of papers stay. Names are found by `people.py`, where a record says whose.
"""

from collections.abc import Callable, Iterable, Iterator

from qacrawl.redact import accounts, mail, places, web
from qacrawl.redact.accounts import users
from qacrawl.redact.cards import cards, ibans
from qacrawl.redact.ids import ids
from qacrawl.redact.mail import emails
from qacrawl.redact.phones import phones
from qacrawl.redact.places import addresses
from qacrawl.redact.spans import DASHES, Span, apart, classes, clusters, plain, without_format, words
from qacrawl.redact.web import ips, urls

Finder = Callable[[str], Iterable[Span]]
Found = tuple[int, int, str]
"""Where personal data begins and ends, and its kind."""

FINDERS: tuple[tuple[str, Finder], ...] = (
    ("email", emails),
    ("url", urls),
    ("ip", ips),
    ("iban", ibans),
    ("card", cards),
    ("id", ids),
    ("phone", phones),
    ("user", users),
    ("address", addresses),
)
"""The kinds, in the order in which they are looked for; what one finds is hidden from those behind it."""
KINDS = (*(kind for kind, _ in FINDERS), "name")
"""All kinds of personal data; each has a note `redacted_<kind>`."""

_NEAR = 160
"""Characters around what was taken out, in which something else may now be seen."""
_CONTEXT = 160
"""Characters around those, which tell whether it is what it seems."""


def redact(text: str, names: Finder | None = None, *, contact: bool = True) -> tuple[str, list[str]]:
    """Return `text` with personal data replaced by "[kind]", and the kinds that were found.

    `names` finds names, in a text in which all else is hidden already; without `contact` it is all that is asked.
    """
    seen, at = without_format(text)
    seen = plain(seen)
    found = search(seen) if contact else []
    if names:
        hidden = _hidden(seen, [(start, end) for start, end, _ in found])
        found = found + [(start, end, "name") for start, end in apart(names(hidden)) if "[" not in hidden[start:end]]
    if not found:
        return text, []
    parts, end = [], 0
    for first, last, kind in sorted(found):
        start, stop = (first, last) if at is None else (at[first], at[last - 1] + 1)
        parts += [text[end:start], f"[{kind}]"]
        end = stop
    return "".join([*parts, text[end:]]), list(dict.fromkeys(kind for _, _, kind in found))


def search(text: str) -> list[Found]:
    """Return what is found in a plain text, also what is only seen once something beside it is hidden."""
    found = new = _find(text)
    chars = list(text) if found else []
    while new:
        for start, end, _ in new:
            chars[start:end] = _mask(end - start)
        new = [one for zone in _zones(new, len(chars)) for one in _find_in(chars, *zone)]
        found = found + new
    return found


def _find(text: str) -> list[Found]:
    """Return what each finder finds in a text in which what those before it found is masked."""
    found: list[Found] = []
    for kind, find in FINDERS:
        spans = apart(find(text))
        found += [(start, end, kind) for start, end in spans]
        text = _hidden(text, spans)
    return found


def _hidden(text: str, spans: Iterable[Span]) -> str:
    """Return a text in which some stretches are masked."""
    parts, at = [], 0
    for start, end in sorted(spans):
        parts += [text[at:start], _mask(end - start)]
        at = end
    return "".join([*parts, text[at:]]) if parts else text


def _mask(length: int) -> str:
    """Return what stands for personal data, as "[phone]" will, but of the same length: all other offsets stay."""
    return f"[{'x' * (length - 2)}]" if length > 1 else "["


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


_HINTS = mail.HINTS | web.HINTS | accounts.HINTS | places.HINTS
_AT = (b"at)", b"at ]", b"at]", b"at }", b"at}", b"at >", b"at>", b"at )")
_SIGNS = "＠０１２３４５６７８９" + accounts.CJK + places.CJK


def suspicious(text: str) -> bool:
    """Return whether `redact` could find anything in `text`: rather too often than too seldom, but very fast."""
    if not text.isascii():
        if any(sign in text for sign in _SIGNS) or without_format(text)[1] is not None:
            return True
        text = plain(text) if any(sign in text for sign in DASHES) else text
    seen = classes(text)
    if any(True for _ in clusters(text, seen)) or places.likely(seen):
        return True
    raw = text.encode("latin-1", "replace")
    if b"@" in raw or (b"%" in raw and b"%40" in raw) or b".me/" in raw or web.has_groups(text):
        return True
    if any(end in raw for end in b")]}>") and any(sign in raw.lower() for sign in _AT):
        return True
    return not _HINTS.isdisjoint(words(text))
