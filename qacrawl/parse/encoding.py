"""Bytes to text: which encoding a page is really in, whatever its header and meta tags claim."""

import codecs
import re

from bs4.dammit import EncodingDetector, UnicodeDammit

# First bytes of what is no text: PDF, PNG, GIF, JPEG, ZIP, gzip, zstd, RIFF, ELF, 7z, bzip2, Parquet.
MAGIC = (
    b"%PDF-", b"\x89PNG", b"GIF8", b"\xff\xd8\xff", b"PK\x03\x04", b"\x1f\x8b", b"\x28\xb5\x2f\xfd", b"RIFF",
    b"\x7fELF", b"7z\xbc\xaf", b"BZh", b"PAR1",
)  # fmt: skip
BOMS = (codecs.BOM_UTF8, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
CONTROL = bytes(set(range(32)) - set(b"\t\n\f\r\x1b"))
CHARSET = re.compile(r"charset\s*=\s*[\"']?([\w.:-]+)", re.IGNORECASE)
SUPERSETS = {
    **dict.fromkeys(("big5", "big-5"), "big5hkscs"),
    **dict.fromkeys(("gb2312", "gbk"), "gb18030"),
    **dict.fromkeys(("iso-8859-1", "iso8859-1", "latin-1", "latin1", "ascii", "us-ascii"), "windows-1252"),
}
SAMPLE = 8192  # bytes looked at to tell text from binary


def decode(body: bytes, content_type: str | None = None) -> str | None:
    """The text of a page, or None when `body` is no text. Never raises: what no encoding explains becomes U+FFFD.

    A byte order mark wins; then UTF-8 if the bytes are UTF-8, because text in another encoding hardly ever is;
    then what BeautifulSoup finds among the header, the meta tags and the usual suspects.
    """
    if body.startswith(MAGIC):
        return None
    if body.startswith(BOMS):
        return _dammit(body, [])
    control = _has_control(body)
    if not control and (text := _utf8(body)) is not None:
        return text
    declared = _declared(body, content_type)
    if control and not any(name.lower().startswith(("utf-16", "utf16", "utf-32")) for name in declared):
        return None
    if control:  # UTF-16, which is UTF-8 with many NULs as well
        return _dammit(body, declared)
    return _broken_utf8(body, declared) or _dammit(body, declared)


def _has_control(body: bytes) -> bool:
    """Whether more than a tenth is control characters: no text, or UTF-16 without a byte order mark."""
    sample = body[:SAMPLE]
    return len(sample) - len(sample.translate(None, CONTROL)) > len(sample) // 10


def _utf8(body: bytes) -> str | None:
    try:
        return body.decode()
    except UnicodeDecodeError:
        return None


def _declared(body: bytes, content_type: str | None) -> list[str]:
    """Encodings that the header and the page claim, in this order."""
    header = CHARSET.search(content_type or "")
    meta = EncodingDetector.find_declared_encoding(body, is_html=True)
    return [_superset(name) for name in (header and header[1], meta) if name]


def _superset(name: str) -> str:
    """What browsers read under a declared name (https://encoding.spec.whatwg.org/#names-and-labels)."""
    return SUPERSETS.get(name.lower(), name)


def _broken_utf8(body: bytes, declared: list[str]) -> str | None:
    """UTF-8 with a few bad bytes (a cut character, a pasted byte) stays UTF-8 if that is what the page declares."""
    if not any(name.lower() in ("utf-8", "utf8") for name in declared):
        return None
    text = body.decode(errors="replace")
    good = sum(text.count(char) for char in set(text[: SAMPLE * 8]) if char > "\x7f" and char != "\ufffd")
    return text if text.count("\ufffd") <= 3 + good // 20 else None


def _dammit(body: bytes, declared: list[str]) -> str:
    """What BeautifulSoup makes of the bytes, with U+FFFD for the rest."""
    text = UnicodeDammit(body, user_encodings=declared, is_html=True).unicode_markup
    return text if isinstance(text, str) else body.decode(errors="replace")
