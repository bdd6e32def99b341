"""Reasons of rejects in words: what `qacrawl extract` says beside the code. docs/notes.md explains each at length."""

from collections.abc import Iterable

from qacrawl.codes import REJECTS as WORDS


def in_words(reason: str, fields: Iterable[str] = ()) -> str:
    """Return a code, what it means, and the fields that are wrong; of a code that a new site brings, the code alone."""
    said = f"{reason}, {WORDS[reason]}" if reason in WORDS else reason
    wrong = ", ".join(fields)
    return f"{said} (wrong or missing: {wrong})" if wrong else said
