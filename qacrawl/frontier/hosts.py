"""The pace at which hosts are asked, whatever the number of workers. Functions work in the caller's transaction.

Beside the row of a host stand some whose names no host can have: "HOST last" says when a host with a Crawl-delay was
last asked, "HOST place 0" until when one of the places is held that workers share.
"""

from typing import NamedTuple

from sqlalchemy import ColumnElement, Connection, and_, case, func, or_, select, update
from sqlalchemy.sql.dml import Update

from qacrawl.frontier import database
from qacrawl.frontier.tables import hosts

LONGEST = 3600.0
"""Seconds: no host asks us to wait for longer, but for a Crawl-delay."""
ODD = 120.0
"""Seconds by which a time may be ahead beyond that; one that is more so was noted by a clock that was wrong."""


class Place(NamedTuple):
    """A place for one request at a time, and until when it is held."""

    name: str
    until: float


def take_turn(db: Connection, host: str, delay: float, crawl_delay: float = 0.0) -> float:
    """Return 0 if a request to `host` may start now, the next one `delay` and more later; else the seconds to wait.

    A Crawl-delay counts from the last request on and is not kept: what robots.txt says at the next one counts then.
    Turns are not given out ahead: who comes late for one would be followed too soon.
    """
    if crawl_delay and (left := crawl_delay_left(db, host, crawl_delay)):
        return left
    now = database.clock(db, ticking=True)
    put = database.insert(db, hosts).values(host=host, next_at=now + delay, slow=0.0, pause=delay)
    free = or_(hosts.c.next_at <= now, ~_believed(now, delay))
    later = {"next_at": now + delay + hosts.c.slow, "pause": delay + hosts.c.slow}
    put = put.on_conflict_do_update(index_elements=["host"], set_=later, where=free)
    if not db.execute(put.returning(hosts.c.host)).first():
        left = db.execute(select(hosts.c.next_at - now).where(hosts.c.host == host)).scalar_one()
        return max(float(left), 0.001)
    if crawl_delay and not _claim(db, f"{host} last", now, crawl_delay):  # another worker was faster
        return max(crawl_delay_left(db, host, crawl_delay), 0.001)
    return 0.0


def _believed(now: ColumnElement[float], delay: float = 0.0) -> ColumnElement[bool]:
    """Return whether the time in a host's row is no further ahead than when it was noted: no clock was set back."""
    return hosts.c.next_at <= now + func.coalesce(hosts.c.pause, max(LONGEST, delay)) + ODD


def begin_crawl_delay(db: Connection, host: str) -> None:
    """Have the Crawl-delay of a host that was never asked under one count from now on."""
    put = database.insert(db, hosts).values(host=f"{host} last", next_at=database.clock(db, ticking=True), slow=0.0)
    db.execute(put.on_conflict_do_nothing())


def crawl_delay_left(db: Connection, host: str, crawl_delay: float) -> float:
    """Return the seconds until a host may be asked again that wants to be asked every `crawl_delay` seconds only."""
    now = database.clock(db, ticking=True)
    past = select(now - hosts.c.next_at).where(hosts.c.host == f"{host} last", hosts.c.next_at <= now)
    gone = db.execute(past).scalar_one_or_none()
    return 0.0 if gone is None else max(crawl_delay - float(gone), 0.0)


def _claim(db: Connection, name: str, now: ColumnElement[float], pause: float) -> bool:
    """Write `now` to a row, unless it was written less than `pause` seconds ago; return whether it was not."""
    put = database.insert(db, hosts).values(host=name, next_at=now, slow=0.0)
    free = or_(hosts.c.next_at + pause <= now, hosts.c.next_at > now)
    put = put.on_conflict_do_update(index_elements=["host"], set_={"next_at": now}, where=free)
    return db.execute(put.returning(hosts.c.host)).first() is not None


def pace(db: Connection, host: str) -> tuple[float, float]:
    """Return when the next request to `host` may start, and the seconds by which it is slowed down."""
    row = db.execute(select(hosts.c.next_at, hosts.c.slow).where(hosts.c.host == host)).first()
    return (row.next_at, row.slow) if row else (0.0, 0.0)


def slow_down(db: Connection, host: str, until: float, slow: float) -> None:
    """Ask nothing of `host` until a time, and slow down by `slow` seconds a request."""
    now = database.clock(db, ticking=True)
    pause = case((until - now > LONGEST, LONGEST), else_=until - now)
    put = database.insert(db, hosts).values(host=host, next_at=until, slow=slow, pause=pause)
    kept = and_(hosts.c.next_at > until, _believed(now))
    later = {
        "next_at": case((kept, hosts.c.next_at), else_=until),
        "pause": case((kept, hosts.c.pause), else_=pause),
    }
    db.execute(put.on_conflict_do_update(index_elements=["host"], set_=later | {"slow": slow}))


# Places


def take_place(db: Connection, host: str, number: int, seconds: float) -> Place | None:
    """Take one of the `number` places at a host for so many seconds; return None when all are held."""
    now = database.clock(db, ticking=True)
    for name in (f"{host} place {at}" for at in range(number)):
        put = database.insert(db, hosts).values(host=name, next_at=now + seconds, slow=0.0)
        free = or_(hosts.c.next_at <= now, hosts.c.next_at > now + 2 * seconds + ODD)
        put = put.on_conflict_do_update(index_elements=["host"], set_={"next_at": now + seconds}, where=free)
        if row := db.execute(put.returning(hosts.c.next_at)).first():
            return Place(name, float(row.next_at))
    return None


def keep_place(db: Connection, place: Place, seconds: float) -> Place:
    """Hold a place for so many seconds more; return it. One that others have by now is theirs."""
    later = database.clock(db, ticking=True) + seconds
    row = db.execute(_of(place).values(next_at=later).returning(hosts.c.next_at)).first()
    return Place(place.name, float(row.next_at)) if row else place


def leave_place(db: Connection, place: Place) -> None:
    """Give a place back."""
    db.execute(_of(place).values(next_at=0.0))


def _of(place: Place) -> Update:
    """Return a change of a place's row, if it is still held as it was."""
    return update(hosts).where(and_(hosts.c.host == place.name, hosts.c.next_at == place.until))
