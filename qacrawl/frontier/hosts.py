"""The pace at which hosts are asked, whatever the number of workers. Functions work in the caller's transaction."""

from sqlalchemy import Connection, case, select

from qacrawl.frontier import database
from qacrawl.frontier.tables import hosts


def take_turn(db: Connection, host: str, delay: float) -> float:
    """Return 0 if a request to `host` may start now, the next one `delay` and more later; else the seconds to wait.

    Turns are not given out ahead: who comes late for one would be followed too soon.
    """
    now = database.clock(db, ticking=True)
    put = database.insert(db, hosts).values(host=host, next_at=now + delay, slow=0.0)
    later = {"next_at": now + delay + hosts.c.slow}
    put = put.on_conflict_do_update(index_elements=["host"], set_=later, where=hosts.c.next_at <= now)
    if db.execute(put.returning(hosts.c.host)).first():
        return 0.0
    left = db.execute(select(hosts.c.next_at - now).where(hosts.c.host == host)).scalar_one()
    return max(float(left), 0.001)


def pace(db: Connection, host: str) -> tuple[float, float]:
    """Return when the next request to `host` may start, and the seconds by which it is slowed down."""
    row = db.execute(select(hosts.c.next_at, hosts.c.slow).where(hosts.c.host == host)).first()
    return (row.next_at, row.slow) if row else (0.0, 0.0)


def slow_down(db: Connection, host: str, until: float, slow: float) -> None:
    """Ask nothing of `host` until a time, and slow down by `slow` seconds a request."""
    put = database.insert(db, hosts).values(host=host, next_at=until, slow=slow)
    later = case((hosts.c.next_at > until, hosts.c.next_at), else_=until)
    db.execute(put.on_conflict_do_update(index_elements=["host"], set_={"next_at": later, "slow": slow}))
