"""PARSE to REDACT in a process beside the crawl.

A monstrous page takes seconds to read, in which the crawl itself would answer nobody: requests would time out, leases
lapse. And what brings the reader down (memory, a fault in a C library) costs the page it was at, not the run.
"""

import asyncio
import os
import pickle
import signal
import traceback
from collections import deque
from dataclasses import dataclass
from socket import AF_UNIX, socket, socketpair
from struct import Struct
from typing import NamedTuple, cast

from qacrawl import steps
from qacrawl.fetch import links
from qacrawl.records import Listing, Page, QARecord, Reject

TRIES = 2
"""Readers that a page may bring down: the first may have had other reasons to end."""


class Read(NamedTuple):
    """What came of a page."""

    result: QARecord | Reject | Listing | str
    """A string is the traceback of what went wrong."""
    links: tuple[str, ...]
    """Canonical URLs that it leads to (`finding.links`)."""


_SIZE = Struct("!Q")  # of the pickle that follows
_FIRST_FREE = 3  # file descriptors below are standard input, output and error
_MANY = 1 << 16


class ReadError(Exception):
    """A page could not be read: a bug in a parser, or something that ends the process."""

    links: tuple[str, ...] = ()
    """Where it leads, as far as that could be read."""


@dataclass
class _Asked:
    """A page that the reader has, or is to have."""

    url: str
    message: bytes
    answer: "asyncio.Future[Read]"
    tries: int = 0


class Reader(asyncio.Protocol):
    """The process, which answers in the order of asking, and a new one whenever it ends."""

    def __init__(self, key: bytes) -> None:
        self.key = key
        self.asked: deque[_Asked] = deque()
        self.received = bytearray()
        self.transport: asyncio.WriteTransport | None = None
        self.connecting: asyncio.Task[object] | None = None
        self.pid, self.socket = _start(key)
        self.alive = True

    async def read(self, page: Page) -> Read:
        """As `reading.result`, and the links. Raises ReadError for a page that can't be read."""
        loop = asyncio.get_running_loop()
        asked = _Asked(page.url, pickle.dumps(page, pickle.HIGHEST_PROTOCOL), loop.create_future())
        self.asked.append(asked)
        if self.transport:
            self.transport.write(asked.message)
        elif not self.connecting:
            self._connect()  # which hands it over
        read = await asked.answer
        if isinstance(read.result, str):
            error = ReadError(f"{page.url}: {read.result}")
            error.links = read.links
            raise error
        return read

    def close(self) -> None:
        """End the process; pages that were not answered are not read."""
        if self.connecting:
            self.connecting.cancel()
        if self.transport:
            self.transport.abort()
        self._end()
        while self.asked:
            self._refuse("the run ended")

    def _end(self) -> None:
        if self.alive:
            os.kill(self.pid, signal.SIGKILL)  # it has nothing to lose, and may be at a page that takes long
            os.waitpid(self.pid, 0)
            self.socket.close()
            self.alive = False

    def _refuse(self, reason: str) -> None:
        """Give up the first of the pages that wait."""
        asked = self.asked.popleft()
        if not asked.answer.done():
            asked.answer.set_exception(ReadError(f"{asked.url}: {reason}"))

    def _connect(self) -> None:
        if not self.alive:
            self.pid, self.socket = _start(self.key)
            self.alive = True
        loop = asyncio.get_running_loop()
        self.connecting = loop.create_task(loop.create_unix_connection(lambda: self, sock=self.socket))

    # asyncio's interface

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Hand over what waits."""
        self.transport, self.connecting = cast(asyncio.WriteTransport, transport), None
        self.transport.writelines(asked.message for asked in self.asked)

    def data_received(self, data: bytes) -> None:
        """Give out the answers that are complete."""
        self.received += data
        while len(self.received) >= _SIZE.size:
            end = _SIZE.size + _SIZE.unpack_from(self.received)[0]
            if len(self.received) < end:
                return
            read = pickle.loads(memoryview(self.received)[_SIZE.size : end])  # noqa: S301 (from our own process)
            del self.received[:end]
            asked = self.asked.popleft()
            if not asked.answer.done():
                asked.answer.set_result(read)

    def connection_lost(self, error: Exception | None) -> None:
        """Start another process if pages wait; the first, which this one was at, is tried once more."""
        self.transport = None
        self.received.clear()
        self._end()
        if self.asked:
            self.asked[0].tries += 1
            if self.asked[0].tries >= TRIES:
                self._refuse("brings down the process that reads it")
        if self.asked:
            self._connect()


def _start(key: bytes) -> tuple[int, socket]:
    """A process that reads pages; its id, and our end of the socket over which it is asked."""
    ours, theirs = socketpair(AF_UNIX)
    pid = os.fork()
    if pid == 0:
        try:
            _serve(_alone_with(theirs), key)
        finally:
            os._exit(0)
    theirs.close()
    ours.setblocking(False)
    return pid, ours


def _alone_with(connection: socket) -> socket:
    """`connection`, in a process that has let go of all else: locks and connections are the crawl's own."""
    os.dup2(connection.fileno(), _FIRST_FREE)
    most = os.sysconf("SC_OPEN_MAX")
    os.closerange(_FIRST_FREE + 1, most if most > 0 else _MANY)
    signal.set_wakeup_fd(-1)
    for one in (signal.SIGINT, signal.SIGTERM):  # they are for the crawl, which finishes what is under way
        signal.signal(one, signal.SIG_IGN)
    return socket(fileno=_FIRST_FREE)


def _serve(connection: socket, key: bytes) -> None:
    """Answer pages until the crawl, however it ends, closes its end."""
    followed: set[str] = set()
    with connection.makefile("rb") as pages:
        while True:
            try:
                page = pickle.load(pages)  # noqa: S301 (from our own process)
            except EOFError:
                return
            message = pickle.dumps(_read(page, key, followed), pickle.HIGHEST_PROTOCOL)
            connection.sendall(_SIZE.pack(len(message)) + message)


def _read(page: Page, key: bytes, followed: set[str]) -> Read:
    """What comes of a page, or the traceback of what went wrong."""
    found: tuple[str, ...] = ()
    try:
        found = links.links(page, followed)
        return Read(steps.result(page, key), found)
    except Exception:
        return Read(traceback.format_exc(), found)
