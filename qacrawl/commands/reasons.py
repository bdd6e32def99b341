"""Reasons of rejects in words: what `qacrawl extract` says beside the code. docs/notes.md explains each at length."""

from collections.abc import Iterable

WORDS = {
    "binary": "the bytes are no text",
    "captcha": "the page asks whether the visitor is human",
    "crashed": "a step broke on the page, a fault of qacrawl",
    "directory": "the path is a folder",
    "dropped": "an item pipeline dropped the page",
    "empty": "the page shows no text",
    "error_page": "the page says that there was an error",
    "invalid": "what was read makes no record",
    "listing": "the page is a listing, there is no record on it",
    "login": "the page asks for a login",
    "maintenance": "the page says that the site is down for maintenance",
    "missing_file": "there is no such file",
    "not_article": "the page is neither an article nor a listing",
    "too_large": "the file is larger than 16 MiB, or takes more memory to read than it may",
    "too_slow": "the page takes longer to read than it may",
    "unreadable_file": "the file can't be read",
}


def in_words(reason: str, fields: Iterable[str] = ()) -> str:
    """Return a code, what it means, and the fields that are wrong; of a code that a new site brings, the code alone."""
    said = f"{reason}, {WORDS[reason]}" if reason in WORDS else reason
    wrong = ", ".join(fields)
    return f"{said} (wrong or missing: {wrong})" if wrong else said
