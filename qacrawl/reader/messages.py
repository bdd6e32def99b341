"""What the process that reads and the one that watches it say to each other: pickles, each after its length."""

import pickle
from collections.abc import Iterator
from struct import Struct
from typing import Any, NamedTuple

from qacrawl import registry
from qacrawl.options import Options
from qacrawl.reader.limits import Limits, of
from qacrawl.records import Listing, QARecord, Refusal, Reject, Several
from qacrawl.redact import AskerNames, third
from qacrawl.redact.quotes import NOTHING, Forgotten

Result = QARecord | Several | Reject | Listing
"""What is stored of a page."""

SIZE = Struct("!Q")
"""Length of what follows; a message of length 0 says that the process is ready."""


class Setup(NamedTuple):
    """How pages are to be read; the first message to the process, which pages follow."""

    site: str
    key: bytes
    """Of the pseudonyms."""
    limits: Limits
    links: bool = False
    """Whether to find out where the pages lead."""
    askers: AskerNames = "pseudonym"
    texts: bool = True
    """Whether texts are redacted."""
    own: bool = True
    """Whether askers' own names leave the texts."""
    source: str | None = None
    """Text of the site's file, where it has one."""
    forgotten: Forgotten = NOTHING
    """Pages of which nothing is quoted."""
    names: tuple[str, str] | None = None
    """Where the model lies that finds names of third persons, and its name and version."""


def setup(site: str, key: bytes, options: Options, *, links: bool = False, forgotten: Forgotten = NOTHING) -> Setup:
    """Return how pages of a site are read under a user's settings; `key` makes the pseudonyms.

    Raise QacrawlError where the model that they name is none.
    """
    own, source, names = not options.keep_own_names, registry.source(site), model(options)
    return Setup(site, key, of(options), links, own=own, source=source, forgotten=forgotten, names=names)


def model(options: Options) -> tuple[str, str] | None:
    """Return where the model for names lies and what it is called; None where none is named."""
    place = options.names_model
    return (place, third.load(place).label) if place else None


class Failure(NamedTuple):
    """Why a page could not be read."""

    refusal: Refusal
    said: str
    """In words, or as a traceback."""


class Answer(NamedTuple):
    """What came of a page."""

    result: Result | Failure
    links: tuple[str, ...] = ()
    """Where it leads, as its links say (`qacrawl.parse.links`)."""
    last: bool = False
    """Whether the process ends after this answer, because it holds much memory."""


def framed(message: bytes) -> bytes:
    """Return a message with its length before it."""
    return SIZE.pack(len(message)) + message


def packed(value: Any) -> bytes:
    """Return a value as a message with its length before it."""
    return framed(pickle.dumps(value, pickle.HIGHEST_PROTOCOL))


def take(received: bytearray) -> Iterator[Any]:
    """Take the messages that are complete out of what was received; None is one of length 0."""
    while len(received) >= SIZE.size:
        end = SIZE.size + SIZE.unpack_from(received)[0]
        if len(received) < end:
            return
        message = bytes(memoryview(received)[SIZE.size : end])
        del received[:end]
        yield pickle.loads(message) if message else None  # noqa: S301 (from our own process)
