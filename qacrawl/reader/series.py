"""Pages read one after the other in a process that is watched: for commands that fetch nothing."""

import asyncio
from collections import deque
from collections.abc import Generator, Iterable
from typing import Self

from qacrawl.reader.client import Read, Reader, ReadError, reject
from qacrawl.reader.messages import Result, Setup
from qacrawl.records import Page, Refusal

AHEAD = 8
"""Pages that the process has before it, so that it need not wait for the one that asks."""

_Waiting = Refusal | tuple[Page, "asyncio.Future[Read]"]


class Series:
    """A process that reads pages; it starts with the first page, unless `start` is called before."""

    def __init__(self, setup: Setup) -> None:
        self.setup = setup
        self.reader: Reader | None = None
        self.loop = asyncio.new_event_loop()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self.reader:
            self.reader.close()
            self.loop.run_until_complete(asyncio.sleep(0.01))  # in which asyncio closes the connection
        self.loop.close()

    def start(self) -> Reader:
        """Return the reader, started."""
        self.reader = self.reader or Reader(self.setup, loop=self.loop)
        return self.reader

    def results(self, pages: Iterable[Page | Refusal]) -> Generator[Result | Refusal, None, None]:
        """Return what is stored of each page, in order; a page that can't be read is a reject.

        What was refused before it was read comes back as it is. Raise OSError where no process starts.
        """
        waiting: deque[_Waiting] = deque()
        try:
            for page in pages:
                waiting.append((page, self.start().ask(page)) if isinstance(page, Page) else page)
                if len(waiting) >= AHEAD:
                    yield self._result(waiting.popleft())
            while waiting:
                yield self._result(waiting.popleft())
        finally:
            for one in waiting:
                if not isinstance(one, Refusal):
                    one[1].cancel()

    def _result(self, waiting: _Waiting) -> Result | Refusal:
        if isinstance(waiting, Refusal):
            return waiting
        page, answer = waiting
        try:
            return self.loop.run_until_complete(answer).result
        except ReadError as error:
            return reject(page, error)
