"""Plain text that a server sends: robots.txt and lists of addresses, as bytes to lines."""

import codecs
import re

MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # before UTF-16, whose mark is the first half of it
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_END_OF_LINE = re.compile(r"\r\n?|\n")


def encoding(body: bytes) -> tuple[str, int] | None:
    """Return the encoding that a byte order mark says and the mark's length; None where there is no mark.

    Text that begins with an ASCII character and a NUL is UTF-16 whose mark is missing: the length is 0.
    """
    for mark, name in MARKS:
        if body.startswith(mark):
            return name, len(mark)
    if len(body) > 1 and (body[0] == 0) != (body[1] == 0):
        return ("utf-16-be" if body[0] == 0 else "utf-16-le"), 0
    return None


def text(body: bytes) -> str:
    """Return the text of `body`: as its byte order mark says, else UTF-8.

    Bytes that are no UTF-8 come as lone surrogates (`surrogateescape`), so that they can be told from each other.
    Further marks at its beginning, as files have that were joined, are left out.
    """
    name, length = encoding(body) or ("utf-8", 0)
    return body[length:].decode(name, "surrogateescape" if name == "utf-8" else "replace").lstrip("\ufeff")


def lines(body: bytes, largest: int) -> list[str]:
    """Return the lines of the first `largest` bytes, ended by CR, LF or both; one that is cut there is left out."""
    whole = _END_OF_LINE.split(text(body[:largest]))
    return whole if len(body) <= largest else whole[:-1]
