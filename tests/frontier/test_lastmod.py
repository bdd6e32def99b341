"""What sitemaps say moves articles in the queue, and what a wrong clock noted is set right; on both databases."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import select, update

from qacrawl.frontier import EndedVisit, Found, Frontier, due, open_frontier
from qacrawl.frontier.rows import AGAIN
from qacrawl.frontier.tables import runs, urls

SITE = "doctorqna"
LONG = 1e12
POLICY = due.Policy(answered=((36_500, 10),))
SITEMAP = "https://doctorqna.com/sitemap.xml"


def article(number: int) -> str:
    return f"https://doctorqna.com/en/article/{number}"


@pytest.fixture
def frontier(address: str | None, tmp_path: Path) -> Iterator[Frontier]:
    with open_frontier(address, SITE, tmp_path) as opened:
        opened.start_run("run", LONG)
        yield opened


def visited(frontier: Frontier, numbers: range, ago: float, ahead: float = 0.0) -> None:
    """Articles that were visited so many days ago, by a clock that was so many days ahead, ten days before the next."""
    frontier.add([Found(article(number), "article") for number in numbers])
    rows = frontier.lease(len(numbers), "run", LONG)
    at = frontier.now() + (ahead - ago) * due.DAY
    again = at + 10 * due.DAY
    ends = [
        EndedVisit(row, "record", "done", AGAIN, again, checked_at=at, asked=0.0, replied=1, fetched_at=at)
        for row in rows
    ]
    assert frontier.commit("run", ends, []) == set()


def due_in(frontier: Frontier) -> dict[int, float]:
    """Days until each article that waits is due, to the tenth; 0 for those that are due."""
    now = frontier.now()
    with frontier.engine.connect() as db:
        found = db.execute(select(urls).where(urls.c.kind == "article").order_by(urls.c.id)).all()
    left = [0.0 if row.state == "due" else round((row.due_at - now) / due.DAY, 1) for row in found]
    return dict(enumerate(left, 1))


def test_a_sitemap_hastens_and_holds_back(frontier: Frontier) -> None:
    visited(frontier, range(1, 4), ago=10.5)
    visited(frontier, range(4, 7), ago=2)
    frontier.promote(frontier.now())
    now = frontier.now()
    said = {number: now - days * due.DAY for number, days in {1: 400, 2: 1, 4: 400, 5: 1}.items()}
    assert frontier.heed_sitemap({article(number): at for number, at in said.items()} | {article(99): now}, POLICY) == 2
    assert due_in(frontier) == {1: 9.5, 2: 0, 3: 0, 4: 8, 5: 0, 6: 8}
    assert [row.url for row in frontier.lease(9, "run", LONG)] == [article(2), article(3), article(5)]


def test_what_was_held_back_once_is_due_ten_days_later_whatever_the_sitemap_says(frontier: Frontier) -> None:
    visited(frontier, range(1, 2), ago=20.5)
    frontier.promote(frontier.now())
    assert frontier.heed_sitemap({article(1): 0.0}, POLICY) == 0
    assert due_in(frontier) == {1: 0}


def test_a_sitemap_that_is_as_it_was_says_what_it_said(frontier: Frontier) -> None:
    frontier.add([Found(article(1), "article", modified=5.0), Found(article(2), "article")])
    visited(frontier, range(1, 4), ago=1)
    assert frontier.heed_sitemap({article(3): 5.0}, POLICY) == 0
    with frontier.engine.begin() as db:
        db.execute(
            update(urls).values(due_at=urls.c.due_at - 10 * due.DAY, checked_at=urls.c.checked_at - 10 * due.DAY)
        )
    frontier.promote(frontier.now())
    assert frontier.recall_sitemaps(POLICY) == 2
    assert due_in(frontier) == {1: 9, 2: 0, 3: 9}


def test_what_was_asked_for_before_its_time_is_not_held_back(frontier: Frontier) -> None:
    visited(frontier, range(1, 3), ago=2)
    frontier.promote(frontier.now(), everything=True)
    assert frontier.heed_sitemap({article(1): 0.0}, POLICY) == 0
    assert due_in(frontier) == {1: 0, 2: 0}


def test_a_sitemap_moves_nothing_that_is_leased_or_lies_in_the_archive(frontier: Frontier) -> None:
    visited(frontier, range(1, 4), ago=10.5)
    frontier.promote(frontier.now())
    with frontier.engine.begin() as db:
        db.execute(update(urls).where(urls.c.url == article(2)).values(archived_file="a", archived_offset=0))
    (leased,) = frontier.lease(1, "run", LONG)
    assert frontier.heed_sitemap({article(number): 0.0 for number in range(1, 4)}, POLICY) == 1
    assert due_in(frontier)[3] == 9.5
    assert frontier.commit("run", [EndedVisit(leased, "record", "done", AGAIN, 0.0)], []) == set()
    assert [row.url for row in frontier.lease(9, "run", LONG)] == [article(2)]


def test_what_is_visited_again_waits_for_the_sitemaps(frontier: Frontier) -> None:
    visited(frontier, range(1, 3), ago=10.5)
    frontier.promote(frontier.now())
    frontier.add([Found(SITEMAP, "sitemap"), Found(article(7), "article")])
    assert {row.url for row in frontier.lease(9, "run", LONG)} == {SITEMAP, article(7)}
    assert {row.url for row in frontier.lease(9, "run", LONG)} == {article(1), article(2)}


@pytest.mark.parametrize("ahead", [1.0, 100.0, 20_000.0])
def test_after_a_clock_was_ahead_pages_are_due_neither_never_nor_all_at_once(frontier: Frontier, ahead: float) -> None:
    visited(frontier, range(1, 3), ago=4)
    visited(frontier, range(3, 5), ago=0, ahead=ahead)
    with frontier.engine.begin() as db:
        db.execute(update(runs).values(finished=frontier.now() + ahead * due.DAY))
    assert frontier.set_right() == 2
    assert frontier.set_right() == 0
    assert frontier.promote(frontier.now(), longest=due.longest(POLICY)) == 0
    assert due_in(frontier) == {1: 6, 2: 6, 3: 10, 4: 10}


def test_a_clock_that_is_right_sets_nothing_right(frontier: Frontier) -> None:
    visited(frontier, range(1, 3), ago=4)
    frontier.finish_run("run", "finished")
    assert frontier.set_right() == 0
    assert due_in(frontier) == {1: 6, 2: 6}
