"""Standard input, output and error as a command needs them: all three there, and output that takes any text."""

import codecs
import os
import sys


def prepare() -> None:
    """Open those that are closed, to nowhere; have standard output take characters that its encoding lacks.

    Else the next file that is opened would be number 1 or 2, and what is printed would go there. Where standard output
    is not UTF-8, all but ASCII is written as JSON writes it: JSON stays JSON, and the same in every such encoding.
    """
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # which gets the lowest number that is free
    for number, name in ((1, "stdout"), (2, "stderr")):
        if getattr(sys, name) is None:
            setattr(sys, name, open(number, "w", encoding="utf-8", closefd=False))  # noqa: SIM115
    if sys.stdin is None:
        sys.stdin = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115
    codecs.register_error("json", _escaped)
    reconfigure = getattr(sys.stdout, "reconfigure", None)
    if reconfigure:
        encoding = codecs.lookup(sys.stdout.encoding).name
        reconfigure(encoding=sys.stdout.encoding if encoding == "utf-8" else "ascii", errors="json")


def give_up() -> None:
    """Have what can't be written to standard output or error go nowhere; Python would try again when it ends.

    That would be a message of its own, and exit code 120.
    """
    for number, stream in ((1, sys.stdout), (2, sys.stderr)):
        try:
            stream.flush()
        except (OSError, ValueError):  # a full disk; closed, since nobody reads it
            os.dup2(os.open(os.devnull, os.O_WRONLY), number)


def _escaped(error: UnicodeError) -> tuple[str, int]:
    """Write characters as JSON does, those beyond U+FFFF in two halves; halves alone come from names of files."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    raw = error.object[error.start : error.end].encode("utf-16-be", "surrogatepass")
    halves = (int.from_bytes(raw[at : at + 2]) for at in range(0, len(raw), 2))
    return "".join(f"\\u{half:04x}" for half in halves), error.end
