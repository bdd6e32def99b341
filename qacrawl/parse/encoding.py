"""Bytes to text: which encoding a page is really in, whatever its header and meta tags claim."""

import codecs
import re

from w3lib.encoding import read_bom, to_unicode

from qacrawl.parse import big5
from qacrawl.parse.labels import CODECS, REPLACEMENT, USER_DEFINED, codec

# First bytes of what is no text: PDF, PNG, GIF, JPEG, ZIP, gzip, zstd, RIFF, ELF, 7z, bzip2, Parquet.
MAGIC = (
    b"%PDF-", b"\x89PNG", b"GIF8", b"\xff\xd8\xff", b"PK\x03\x04", b"\x1f\x8b", b"\x28\xb5\x2f\xfd", b"RIFF",
    b"\x7fELF", b"7z\xbc\xaf", b"BZh", b"PAR1",
)  # fmt: skip
CONTROL = bytes(set(range(32)) - set(b"\t\n\f\r\x1b"))
SAMPLE = 8192  # bytes looked at to tell text from binary

HEADER = re.compile(r"""charset\s*=\s*["']?([\w.:-]+)""", re.IGNORECASE)
_ATTRIBUTE = rb"""[\s/]*+(=?+[^\s/>=]++)(?:\s*+=\s*+(?:"([^"]*+)"|'([^']*+)'|([^\s>"'][^\s>]*+)?+))?+"""
ATTRIBUTE = re.compile(_ATTRIBUTE)
"""Name and value, which is in one of three groups."""
_TAG = re.sub(rb"\((?=[^?])", b"(?:", _ATTRIBUTE)
# Each alternative eats what it matches, so a page is gone through once: comments, XML's declaration, what holds text
# and no tags, meta tags, other tags.
DECLARED = re.compile(
    rb"""<!--(?:-?>|.*?(?:--!?>|\Z))|<\?xml\s[^<>]*?\bencoding\s*+=\s*+["'](?P<xml>[\w.:-]++)"""
    rb"""|<(?P<text>script|style|title|textarea|xmp)(?=[\s/>]).*?(?:</(?P=text)(?=[\s/>])|\Z)"""
    rb"""|<\s*+meta(?=[\s/])(?P<meta>(?:%(tag)s)*+)|</?+[a-z][^\s/>]*+(?:%(tag)s)*+""" % {b"tag": _TAG},
    re.IGNORECASE | re.DOTALL,
)
CHARSET = re.compile(rb"""charset\s*+=\s*+["']?\s*+([\w.:-]++)""", re.IGNORECASE)
LABEL = re.compile(rb"\s*+([\w.:-]++)")
HEAD = 16_384  # bytes in which a page can say what it is in
UTF_16_XML = {b"<\0?\0x\0": "utf-16-le", b"\0<\0?\0x": "utf-16-be"}
EACH_BYTE = frozenset(name for name in CODECS.values() if name.startswith(("cp12", "iso8859", "koi8", "mac")))
MANY = 3  # bytes that are no UTF-8

_HIGH = [bytes([code]).decode("cp1252", "ignore") or chr(code) for code in range(128, 256)]
WINDOWS_1252 = "".join([*map(chr, range(128)), *_HIGH])
"""As browsers read it: the bytes that it leaves open are control characters, so any byte is a character."""
PRIVATE = "".join(map(chr, [*range(128), *range(0xF780, 0xF800)]))


def decode(body: bytes, content_type: str | None = None, usual: str | None = None) -> str | None:
    """Return the text of a page, or None when `body` is no text. Never raises: a broken character becomes U+FFFD.

    A byte order mark wins; then UTF-8 if the bytes are UTF-8, because text in another encoding hardly ever is; then
    the encoding that the header or the page declares, even if some bytes break its rules; then Windows-1252. Where a
    site's pages have a `usual` codec, that comes in place of Windows-1252, also where it is declared: servers declare
    it of all that they send.
    """
    found = _decoded(body, content_type, usual)
    return found and found[0]


def query_encoding(body: bytes, content_type: str | None = None, usual: str | None = None) -> str:
    """Return the codec in which links of a page send a query: that of the page, UTF-8 for one in UTF-16 or UTF-32."""
    found = _decoded(body, content_type, usual)
    name = found[1] if found else "utf-8"
    return "utf-8" if name.startswith("utf") or name in (REPLACEMENT, USER_DEFINED) else name


def _decoded(body: bytes, content_type: str | None, usual: str | None) -> tuple[str, str] | None:
    """Return the text of a page and the codec it was read with."""
    if body.startswith(MAGIC):
        return None
    encoding, mark = read_bom(body)
    if encoding and mark:
        return body[len(mark) :].decode(encoding, "replace"), encoding
    header = codec(found[1]) if (found := HEADER.search(content_type or "")) else None
    if wide := _utf_16(body, header):
        return body.decode(wide, "replace"), wide
    if _has_control(body):
        return None
    text = _utf8(body)
    if text is not None and not (body.isascii() and _is_shifted(body)):
        return text, "utf-8"
    declared = [name for name in (header, _declared(body)) if name and not (usual and name == "cp1252")]
    return _read(body, declared, usual)


def _has_control(body: bytes) -> bool:
    """Return whether more than a tenth is control characters."""
    sample = body[:SAMPLE]
    return len(sample) - len(sample.translate(None, CONTROL)) > len(sample) // 10


def _utf_16(body: bytes, header: str | None) -> str | None:
    """Return the codec of UTF-16 without a byte order mark, which the header or an XML declaration tells."""
    if header in ("utf-16-le", "utf-16-be") and b"\0" in body[:SAMPLE]:  # any markup in UTF-16 has zeros
        return header
    return UTF_16_XML.get(body[:6])


def _is_shifted(body: bytes) -> bool:
    """Return whether ASCII's bytes may be more than ASCII, as in ISO-2022-JP (after an escape) or HZ (after "~{")."""
    # To look for "~{" itself takes longer, and pages have few "~".
    return b"\x1b" in body or any(part[:1] == b"{" for part in body.split(b"~")[1:])


def _utf8(body: bytes) -> str | None:
    try:
        return body.decode()
    except UnicodeDecodeError:
        return None


def _declared(body: bytes) -> str | None:
    """Return the codec that a page itself declares."""
    for found in DECLARED.finditer(body[:HEAD]):
        label = found["xml"] or (_of_meta(found["meta"]) if found["meta"] else None)
        if label and (name := codec(label.decode("latin-1"))):
            # Whoever could read the declaration did not read UTF-16.
            return {"utf-16-le": "utf-8", "utf-16-be": "utf-8", USER_DEFINED: "cp1252"}.get(name, name)
    return None


def _of_meta(tag: bytes) -> bytes | None:
    """Return the label that a meta tag's attributes declare; None where it is about something else.

    As the HTML Standard has it: `charset`, or a `content` that stands for the header Content-Type.
    """
    said: dict[bytes, bytes] = {}
    for name, *values in ATTRIBUTE.findall(tag):
        said.setdefault(name.lower(), b"".join(values))
    is_header = said.get(b"http-equiv", b"").strip().lower() == b"content-type"
    found = LABEL.match(said.get(b"charset", b"")) or (is_header and CHARSET.search(said.get(b"content", b"")))
    return found[1] if found else None


def _read(body: bytes, declared: list[str], usual: str | None) -> tuple[str, str]:
    """Return the text of bytes that are not UTF-8 throughout, and the codec.

    Of two encodings that are declared, the first; or the second if only that leaves no broken character, and not just
    because all bytes are characters in it.
    """
    first, *others = declared or [usual or "utf-8"]
    text = _text(body, first)
    if "\ufffd" not in text:
        return text, first
    if usual and (other := _text(body, usual)).count("\ufffd") < text.count("\ufffd"):
        return other, usual
    for name in others:
        if name not in EACH_BYTE and "\ufffd" not in (other := _text(body, name)):
            return other, name
    if first != "utf-8" or _is_utf8(text, declared=bool(declared)):
        return text, first
    last = next((name for name in others if name != first), usual or "cp1252")
    return _text(body, last), last


def _is_utf8(text: str, *, declared: bool) -> bool:
    """Return whether bytes that were decoded as UTF-8 are that, but for broken characters: some others are not ASCII.

    What is said to be UTF-8 is believed if it breaks its rules in a few places only.
    """
    broken = text.count("\ufffd")
    good = len(text) - len(text.encode("ascii", "ignore")) - broken
    return good > 0 or broken <= MANY if declared else good >= broken


def _text(body: bytes, name: str) -> str:
    """Return the text of bytes in an encoding of the Encoding Standard, with U+FFFD for broken characters."""
    if name == REPLACEMENT:
        return "\ufffd"
    if name in ("cp1252", USER_DEFINED):
        table = PRIVATE if name == USER_DEFINED else WINDOWS_1252
        return codecs.charmap_decode(body, "strict", table)[0]
    if name == "big5hkscs":
        return big5.decode(body)
    return to_unicode(body, name)
