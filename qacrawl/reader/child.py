"""One process that reads: started as a program, asked over a socket, ended by force."""

import asyncio
import os
import subprocess
import sys
from collections.abc import Callable
from socket import AF_UNIX, socket, socketpair
from typing import cast

from qacrawl.reader.limits import resident
from qacrawl.reader.messages import Answer, Setup, packed, take


class Child(asyncio.Protocol):
    """A process from its start to its end; `send` may be called before it is ready."""

    def __init__(self, setup: Setup, answered: Callable[[Answer], None], ended: Callable[[], None]) -> None:
        self.answered = answered
        self.ended = ended
        """Called when it ended by itself."""
        self.process, self.socket = _start()
        self.unsent = [packed(setup)]
        self.received = bytearray()
        self.transport: asyncio.WriteTransport | None = None
        self.connecting: asyncio.Task[object] | None = None
        self.is_ready = False
        self.is_gone = False

    @property
    def pid(self) -> int:
        """Its process id."""
        return self.process.pid

    def size(self) -> int:
        """Return the bytes of memory that it holds."""
        return resident(self.pid)

    def send(self, message: bytes, loop: asyncio.AbstractEventLoop) -> None:
        """Have it read a page, after those before."""
        if self.transport:
            self.transport.write(message)
            return
        self.unsent.append(message)
        if self.connecting is None:
            self.connecting = loop.create_task(loop.create_unix_connection(lambda: self, sock=self.socket))

    def end(self) -> None:
        """End it, whatever it is at; it has nothing to lose."""
        if self.is_gone:
            return
        self.is_gone = True
        if self.connecting:
            self.connecting.cancel()
        if self.transport:
            self.transport.abort()
        self.process.kill()
        self.process.wait()
        self.socket.close()

    # asyncio's interface

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Hand over what waits."""
        self.transport = cast(asyncio.WriteTransport, transport)
        self.transport.writelines(self.unsent)
        self.unsent = []

    def data_received(self, data: bytes) -> None:
        """Give out the answers that are complete."""
        self.received += data
        for answer in take(self.received):
            if self.is_gone:
                return
            if answer is None:
                self.is_ready = True
            else:
                self.answered(answer)

    def connection_lost(self, error: Exception | None) -> None:
        """Say that it ended, unless it was meant to."""
        if not self.is_gone:
            self.end()
            self.ended()


def _start() -> tuple["subprocess.Popen[bytes]", socket]:
    """Start a process that has nothing of this one but stderr and its end of a socket; return it and our end.

    A program of its own: a fork of this one would have its locks, without the threads that hold them. It imports from
    where this one does, and no signal of the terminal reaches it.
    """
    ours, theirs = socketpair(AF_UNIX)
    places = os.pathsep.join(os.path.abspath(place) for place in sys.path)  # noqa: PTH100 ("" is the current folder)
    with theirs:
        process = subprocess.Popen(
            [sys.executable, "-P", "-m", "qacrawl.reader"],
            stdin=theirs.fileno(),
            stdout=subprocess.DEVNULL,
            env={**os.environ, "PYTHONPATH": places},
            process_group=0,
        )
    ours.setblocking(False)
    return process, ours
