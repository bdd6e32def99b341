"""Big5 is read as the Encoding Standard has it, which is how browsers read it."""

from hashlib import sha256

import pytest

from qacrawl.parse import big5
from qacrawl.parse.encoding import decode

# Of the lines "pointer TAB character" of https://encoding.spec.whatwg.org/index-big5.txt (of 2024-09-18, BSD 3-clause;
# the tests in web-platform-tests/encoding/legacy-mb-tchinese are made from it), and of the four pointers that the
# standard's decoder gives two characters.
INDEX = "fbee764cf98dd6a4c66b245bd9b6a45d02260e46c639d959d1701dcd83db09c0"
ROWS = 18_594
TRAILS = (*range(0x40, 0x7F), *range(0xA1, 0xFF))


def test_each_pair_of_bytes_is_the_character_of_the_public_table() -> None:
    pairs = [bytes((lead, trail)) for lead in range(0x81, 0xFF) for trail in TRAILS]
    read = {pointer: big5.decode(pair) for pointer, pair in enumerate(pairs)}
    known = {pointer: text for pointer, text in read.items() if "\ufffd" not in text}
    lines = "".join(f"{pointer:04X}\t{text}\n" for pointer, text in known.items())
    assert len(known) == ROWS
    assert sha256(lines.encode()).hexdigest() == INDEX


def test_a_pair_reads_the_same_wherever_it_stands() -> None:
    texts = [big5.decode(bytes((lead, trail))) for lead in range(0x81, 0xFF) for trail in TRAILS]
    pairs = [bytes((lead, trail)) for lead in range(0x81, 0xFF) for trail in TRAILS]
    good = [(pair, text) for pair, text in zip(pairs, texts, strict=True) if "\ufffd" not in text]
    whole = b"".join(pair for pair, _ in good)
    assert big5.decode(whole) == "".join(text for _, text in good)
    assert big5.decode(b"a" + whole + b"z") == "a" + "".join(text for _, text in good) + "z"


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        # The errors of web-platform-tests/encoding/legacy-mb-tchinese/big5/big5-decode-errors.html, and siblings.
        (b"\xa5", "\ufffd"),
        (b"\x80\xa4\xa4", "\ufffd中"),
        (b"\xff\xa4\xa4", "\ufffd中"),
        (b"\xa4\xff\xa4\xa4", "\ufffd中"),
        (b"\xfe\x39", "\ufffd9"),
        (b"\xa4<p>", "\ufffd<p>"),
        (b"\x81\x40", "\ufffd@"),
        (b"\x88\x62\xa4\xa4", "\u00ca\u0304中"),  # one of four that are two characters
        (b"\xa1\xa2\x41", "﹜A"),  # no pair begins at the second byte
        (b"", ""),
    ],
)
def test_a_broken_character_takes_no_markup_with_it(raw: bytes, text: str) -> None:
    assert big5.decode(raw) == text


def test_signs_that_pages_are_full_of_are_the_ones_that_readers_see() -> None:
    """Python's codec has "∼", "•", "／" and nothing in their places."""
    page = b"<p>20\xa1\xe329 \xa1\x45 \xa2\x41 \xa3\xe1</p>"
    assert decode(page, "text/html; charset=big5-hkscs") == "<p>20～29 ‧ ∕ €</p>"


CHINESE = "我最近常常頭痛，該看哪一科？"


@pytest.mark.parametrize("kind", [None, "text/html", "text/html; charset=iso-8859-1", "text/html; charset=utf-8"])
@pytest.mark.parametrize("meta", ["", "<meta charset=latin1>", "<meta charset=utf-8>", "<meta charset=big5>"])
def test_where_a_site_is_known_to_write_big5_nothing_needs_to_declare_it(kind: str | None, meta: str) -> None:
    assert decode((meta + CHINESE).encode("big5"), kind, "big5hkscs") == meta + CHINESE
    assert decode((meta + CHINESE).encode(), kind, "big5hkscs") == meta + CHINESE
