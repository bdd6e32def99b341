"""How long a host takes to answer, and the pause that follows from it: one that gets slower is asked less often."""

from collections import defaultdict, deque
from statistics import median

RECENT = 5
"""Answers of a host that count; of fewer nothing follows."""
TIMES = 2.0
"""How many times as long as an answer takes is the pause from request to request: half of the time it has rest."""
LEAST = 1.0
"""Seconds: a shorter pause is none, since a host that answers so fast has no trouble."""


class Latency:
    """The last answers of each host; `at_once` requests may be under way, and the pause grows to at most `longest`."""

    def __init__(self, at_once: int, longest: float) -> None:
        self.at_once = at_once
        self.longest = longest
        self.answers: dict[str, deque[float]] = defaultdict(lambda: deque(maxlen=RECENT))

    def note(self, host: str, seconds: float) -> None:
        """Note how long an answer took."""
        self.answers[host].append(seconds)

    def pause(self, host: str) -> float:
        """Return the seconds between the starts of two requests that a host needs as slow as it is; 0 for none."""
        answers = self.answers.get(host, ())
        if len(answers) < RECENT:
            return 0.0
        needed = min(TIMES * median(answers) / self.at_once, self.longest)
        return needed if needed >= LEAST else 0.0
