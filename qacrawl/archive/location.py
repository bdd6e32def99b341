"""Where a Location leads: bytes that may be anything."""

from qacrawl import urls


def target(url: str, value: bytes) -> str | None:
    """Return the absolute URL that a Location says in answer to `url`; None where it says none."""
    return absolute(url, text(value))


def text(value: bytes) -> str:
    """Return an address from a header as text: in UTF-8 where it is that, else each odd byte percent-encoded."""
    try:
        return value.decode()
    except UnicodeDecodeError:
        return "".join(chr(byte) if byte < 0x80 else f"%{byte:02X}" for byte in value)


def absolute(url: str, *addresses: str) -> str | None:
    """Return `url` joined with addresses, each relative to those before.

    Return None where one is no address, and where the last is empty.
    """
    try:
        for address in addresses:
            url = urls.join(url, address.strip())
    except ValueError:  # "http://[", for one
        return None
    return url if addresses[-1].strip() else None
