"""Pages for a process that reads, and the watch over it: too long, too large, or dead, and another takes its place."""

import asyncio
import logging
import re
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

from qacrawl import steps, validate
from qacrawl.reader.child import Child
from qacrawl.reader.messages import Answer, Failure, Result, Setup, packed
from qacrawl.records import Page, Refusal, Reject

logger = logging.getLogger(__name__)

TRIES = 3
"""Processes that a page may bring down: the first ones may have had other reasons to end."""
STARTS = 6
"""Processes in a row that may end before they are ready: then it is not for a page."""
PAUSE = 0.25
"""Seconds before another is started after one that was not ready yet; twice as long after each further one.

Where memory is short, the kernel ends what has just begun, and may end the next one as well.
"""
START = 60.0
"""Seconds in which a process has to be ready."""
GRACE = 3.0
"""Seconds of reading that are left to the pages that wait when a run ends."""
TICK = 0.1
"""Seconds between two looks at the process."""
LONGEST_TICK = 1.0
"""Seconds that count between two looks: whoever watches may have been stopped, and the process not."""

_CONTROL = re.compile(
    "[\x00-\x09\x0b-\x1f\x7f-\x9f]"
)  # a traceback may quote the page, and a log be read on a terminal


class Read(NamedTuple):
    """What came of a page."""

    result: Result
    links: tuple[str, ...]
    """Where it leads, as its links say."""


class ReadError(Exception):
    """A page could not be read: a bug in a parser, or something that takes too much or ends the process."""

    def __init__(self, said: str, refusal: Refusal, links: tuple[str, ...] = ()) -> None:
        super().__init__(said)
        self.refusal = refusal
        self.links = links
        """Where it leads, as far as that could be read."""


class Unread(Exception):
    """The run ended before the page was read."""


@dataclass
class _Asked:
    """A page that the process has, or is to have."""

    url: str
    message: bytes
    answer: "asyncio.Future[Read]"
    tries: int = 0
    seconds: float = 0.0
    """For how long it has been read."""

    def fail(self, error: Exception) -> None:
        """Answer with an error, unless nobody waits any more."""
        if not self.answer.done():
            self.answer.set_exception(error)

    def refuse(self, failure: Failure, links: tuple[str, ...] = ()) -> None:
        """Answer that it can't be read."""
        self.fail(ReadError(f"{self.url}: {failure.said}", failure.refusal, links))


def reject(page: Page, error: ReadError) -> Reject:
    """Return the row that says why a page could not be read; the log has it in full."""
    logger.error("%s", _CONTROL.sub("?", str(error)))
    return validate.reject(page, error.refusal, steps.version(page.site))


class Reader:
    """A process that reads pages in the order of asking, and a new one whenever it ends.

    It starts at once. While `is_ending` says so, pages have GRACE seconds together; those left then are Unread.
    """

    def __init__(
        self,
        setup: Setup,
        is_ending: Callable[[], bool] = lambda: False,
        loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        self.setup = setup
        self.loop = loop
        """By default the one that runs when a page is asked for."""
        self.is_ending = is_ending
        self.grace = GRACE
        self.is_closed = False
        self.asked: deque[_Asked] = deque()
        self.vain = 0
        """Processes in a row that ended before they were ready."""
        self.pause: asyncio.TimerHandle | None = None
        """Until the next process is started."""
        self.watch: asyncio.TimerHandle | None = None
        self.watched = 0.0
        self.starting = 0.0
        """Seconds that the process has been starting."""
        self.child = Child(setup, self._answered, self._ended)

    async def read(self, page: Page) -> Read:
        """Return what `steps.result` does, and the links. Raise ReadError, or OSError where no process starts."""
        return await self.ask(page)

    def ask(self, page: Page) -> "asyncio.Future[Read]":
        """Have a page read; return what `read` waits for."""
        loop = self.loop = self.loop or asyncio.get_running_loop()
        asked = _Asked(page.url, packed(page), loop.create_future())
        if self.is_closed:
            asked.fail(Unread(f"{asked.url}: the run ended"))
            return asked.answer
        self.asked.append(asked)
        if not self.child.is_gone:
            self.child.send(asked.message, loop)
        elif self.pause is None:
            self._start()
        if self.watch is None:
            self.watched = time.monotonic()
            self.watch = loop.call_later(TICK, self._look)
        return asked.answer

    def close(self) -> None:
        """End the process; pages that were not answered are not read."""
        self.is_closed = True
        for timer in (self.watch, self.pause):
            if timer:
                timer.cancel()
        self.child.end()
        while self.asked:
            asked = self.asked.popleft()
            asked.fail(Unread(f"{asked.url}: the run ended"))

    def _start(self) -> None:
        """Start another process for the pages that wait, if there are any."""
        self.pause = None
        if not self.asked or not self.loop:
            return
        try:
            self.child = Child(self.setup, self._answered, self._ended)
        except OSError as error:
            self._give_up(error)
            return
        self.starting = 0.0
        for asked in self.asked:
            self.child.send(asked.message, self.loop)

    def _give_up(self, error: OSError) -> None:
        while self.asked:
            self.asked.popleft().fail(error)

    def _answered(self, answer: Answer) -> None:
        """Give an answer out."""
        asked = self.asked.popleft()
        if isinstance(answer.result, Failure):
            asked.refuse(answer.result, answer.links)
        elif not asked.answer.done():
            asked.answer.set_result(Read(answer.result, answer.links))
        if answer.last:
            self.child.end()
            self._start()

    def _ended(self) -> None:
        """Go on after the process ended by itself: the page that it was at is tried again."""
        self.vain = 0 if self.child.is_ready else self.vain + 1
        if self.vain >= STARTS:
            self._give_up(OSError("the process that reads pages ends as soon as it is started"))
            self.vain = 0
        elif self.child.is_ready and self.asked:
            self.asked[0].tries += 1
            if self.asked[0].tries >= TRIES:
                self.asked.popleft().refuse(Failure(Refusal("crashed"), "brings down the process that reads it"))
        if self.vain and self.asked and self.loop:
            self.pause = self.loop.call_later(PAUSE * 2 ** (self.vain - 1), self._start)
        else:
            self._start()

    def _look(self) -> None:
        """See whether the process keeps to its limits; called each TICK while pages wait."""
        now = time.monotonic()
        passed, self.watched = min(now - self.watched, LONGEST_TICK), now
        if self.asked:
            self._check(passed)
        if self.asked and self.is_ending():
            self.grace -= passed
            if self.grace <= 0:
                self.close()
        self.watch = self.loop.call_later(TICK, self._look) if self.asked and self.loop else None

    def _check(self, passed: float) -> None:
        """End a process that takes too long or too much, and give up the page that it was at."""
        limits, first = self.setup.limits, self.asked[0]
        if self.pause:
            return
        if not self.child.is_ready:
            self.starting += passed
            if self.starting > START:
                self.child.end()
                self._ended()
            return
        first.seconds += passed
        if first.seconds > limits.seconds:
            failure = Failure(Refusal("too_slow"), f"takes more than {limits.seconds:g} s to read")
        elif self.child.size() > limits.bytes:
            failure = Failure(Refusal("too_large"), f"takes more than {limits.megabytes} MB to read")
        else:
            return
        self.child.end()
        self.asked.popleft().refuse(failure)
        self._start()
