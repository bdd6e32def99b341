"""How slowly a host answers, and the pause that follows; over real crawls: test_revisits.py."""

from qacrawl.fetch.latency import LEAST, RECENT, Latency

HOST = "a.example"


def pause(*seconds: float, at_once: int = 1, longest: float = 60.0) -> float:
    latency = Latency(at_once, longest)
    for one in seconds:
        latency.note(HOST, one)
    return latency.pause(HOST)


def test_the_pause_is_twice_what_the_middle_answer_takes():
    assert pause(3, 3, 3, 3, 3) == 6
    assert pause(0.1, 9, 3, 0.1, 9) == 6, "single slow answers count for no more than single fast ones"


def test_a_host_that_answers_fast_or_is_hardly_known_has_no_pause():
    assert pause() == pause(*[50] * (RECENT - 1)) == pause(*[LEAST / 2.1] * RECENT) == 0


def test_only_the_last_answers_count():
    assert pause(*[9] * 50, *[0.1] * 3) == 0
    assert pause(*[0.1] * 50, *[2] * 3) == 4


def test_it_is_never_longer_than_a_limit():
    assert pause(*[50] * RECENT) == 60
    assert pause(*[50] * RECENT, longest=5) == 5


def test_a_host_that_is_asked_several_times_at_once_has_a_shorter_pause():
    assert pause(*[4] * RECENT, at_once=4) == 2


def test_each_host_has_its_own():
    latency = Latency(1, 60)
    for _ in range(RECENT):
        latency.note(HOST, 5)
    assert (latency.pause(HOST), latency.pause("b.example")) == (10, 0)
