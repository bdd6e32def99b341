"""The program that reads pages: `python -m qacrawl.reader`, which `child` starts and asks over its standard input."""

import ctypes
import gc
import os
import pickle
import signal
import sys
import time
import traceback
from collections.abc import Iterator
from contextlib import suppress
from io import TextIOWrapper
from socket import socket
from threading import Thread
from typing import Any, BinaryIO

from qacrawl import registry, sitefile, steps
from qacrawl.parse import links
from qacrawl.reader.limits import peak, resident, restrict
from qacrawl.reader.messages import SIZE, Answer, Failure, Setup, framed, packed
from qacrawl.records import Page, Refusal
from qacrawl.redact import third
from qacrawl.usage import signals as usage

MARGIN = 5.0
"""Seconds beyond the limit after which the system ends this process, should nobody watch it any more."""
LONGEST = 20_000
"""Characters of a traceback that are kept, from its end."""
_PR_SET_PDEATHSIG = 1


def main() -> None:
    """Answer pages until the process that asks, however it ends, closes its end."""
    connection = _alone()
    with connection.makefile("rb") as asked:
        messages = _received(asked)
        setup: Setup | None = next(messages, None)
        if setup is None:
            return
        with suppress(Exception):  # a parser that can't be loaded is said of each page
            if setup.source is not None:
                sitefile.use(setup.source)
            registry.load_parser(setup.site)
            if setup.names:
                third.load(setup.names[0])
        restrict(setup.limits.bytes)
        connection.sendall(framed(b""))
        followed: set[str] = set()
        for page in messages:
            signal.setitimer(signal.ITIMER_REAL, setup.limits.seconds + MARGIN)
            message, last = _message(page, setup, followed)
            signal.setitimer(signal.ITIMER_REAL, 0)
            connection.sendall(message)
            if last:
                return


def _received(asked: BinaryIO) -> Iterator[Any]:
    """Yield what is asked, until there is no more."""
    while len(head := asked.read(SIZE.size)) == SIZE.size:
        (size,) = SIZE.unpack(head)
        message = asked.read(size)
        if len(message) < size:
            return
        yield pickle.loads(message)  # noqa: S301 (from the process that started this one)


def _alone() -> socket:
    """Return the connection to the process that asks; have this one end with it, and hold nothing else of it."""
    _end_with(os.getppid())
    for one in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):  # for the one that asks, which finishes its work
        signal.signal(one, signal.SIG_IGN)
    signal.signal(signal.SIGALRM, signal.SIG_DFL)  # ends the process, also inside a library that lets no Python run
    connection = socket(fileno=os.dup(0))
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    with suppress(OSError):
        os.dup2(2, 1)  # what a parser prints is log; standard output is for results
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(line_buffering=True)  # this process may be ended before it writes what it holds
    return connection


def _end_with(parent: int) -> None:
    """Have this process end when `parent` does, whatever it is at: at a page that loops it would not notice."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    else:
        Thread(target=_wait_for_end, args=(parent,), daemon=True).start()


def _wait_for_end(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(0.5)
    os._exit(1)


def _message(page: Page, setup: Setup, followed: set[str]) -> tuple[bytes, bool]:
    """Return the answer to a page, packed, and whether this process is to end after it."""
    try:
        answer = _read(page, setup, followed)
        last = _is_full(setup)
        return packed(answer._replace(last=True) if last else answer), last
    except MemoryError:
        return packed(Answer(Failure(Refusal("too_large"), "takes too much memory"), last=True)), True


def _read(page: Page, setup: Setup, followed: set[str]) -> Answer:
    """Return what comes of a page, or what went wrong."""
    found: tuple[str, ...] = ()
    try:
        page = steps.signalled(page)
        if setup.links and usage.follows(page.signals):
            found = tuple(links.found(page, followed).values())
        how = {name: getattr(setup, name) for name in ("texts", "own", "forgotten")}
        names = third.load(setup.names[0]) if setup.names else None
        answer = steps.of_signalled(page, setup.key, setup.askers, **how, third=names)
        return Answer(answer, found)
    except MemoryError:
        return Answer(Failure(Refusal("too_large"), "takes too much memory"), found)
    except Exception:
        return Answer(Failure(Refusal("crashed"), traceback.format_exc()[-LONGEST:]), found)


def _is_full(setup: Setup) -> bool:
    """Return whether more than half the memory is held between pages: a new process begins with little."""
    half = setup.limits.bytes // 2
    if peak() <= half or resident(os.getpid()) <= half:
        return False
    gc.collect()
    return resident(os.getpid()) > half


if __name__ == "__main__":
    main()
