"""The one exception that people see: a clear line and an exit code; and what disk and database say in theirs."""

import sys
from enum import IntEnum

_OF_STORAGE = {
    "sqlalchemy.exc": ("OperationalError", "DatabaseError", "InterfaceError", "InternalError"),
    "sqlite3": ("OperationalError", "DatabaseError"),
    "duckdb": ("IOException", "OutOfMemoryException", "TransactionException", "FatalException"),
}
"""Errors that come of what a library works on, a disk or a server; its others are mistakes of ours."""


class Exit(IntEnum):
    """What each exit code asks of the caller."""

    DONE = 0
    FAILED = 1
    """Some input was rejected (extract), or the run failed."""
    USAGE = 2
    HELD_BACK = 3
    """The quality gate held the snapshot back; nothing is lost."""
    LOCKED = 4
    """Another run of this site holds the lock."""


class QacrawlError(Exception):
    """An error a user can cause. Its text is one line for stderr; `code` is the process's exit code."""

    def __init__(self, message: str, code: Exit = Exit.FAILED) -> None:
        super().__init__(message)
        self.code = code


def refusal(error: BaseException) -> str | None:
    """Return in one line what disk or database said when they refused something; None for any other error."""
    if isinstance(error, OSError):
        return _line(error.strerror or str(error))
    for library, names in _OF_STORAGE.items():
        module = sys.modules.get(library)  # what was not loaded raised nothing
        if module and type(error) in [getattr(module, name) for name in names]:
            return _line(str(getattr(error, "orig", None) or error))
    return None


def _line(text: str) -> str:
    return " ".join(text.split())
