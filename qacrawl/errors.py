"""The one exception that people see: a clear line and an exit code."""

from enum import IntEnum


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
