"""The runs of a site: when each began, until when it is alive, what its visits came to.

Functions work in the caller's transaction.
"""

import math
from collections import Counter

from sqlalchemy import ColumnElement, Connection, and_, func, insert, select, update

from qacrawl.frontier import counter, database
from qacrawl.frontier.rows import OUTCOMES
from qacrawl.frontier.tables import runs


def _one(site: str, run_id: str) -> ColumnElement[bool]:
    return and_(runs.c.site == site, runs.c.run_id == run_id)


NEWEST = (func.coalesce(runs.c.number, 0).desc(), runs.c.started.desc(), runs.c.run_id.desc())
"""The order of the runs, the last one first; those without a number are older than all that have one."""


def start(db: Connection, site: str, run_id: str, started: float, alive_until: float) -> int:
    """Note a run; its leases and its archive files are its own until `alive_until`. Return its number."""
    number = counter.take(db, site)
    values = {"site": site, "run_id": run_id, "started": started, "alive_until": alive_until, "number": number}
    db.execute(insert(runs).values(values))
    return number


def names(db: Connection, site: str) -> list[str]:
    """Return the ids of all runs, the last one first."""
    return list(db.execute(select(runs.c.run_id).where(runs.c.site == site).order_by(*NEWEST)).scalars())


def beat(db: Connection, site: str, run_id: str, until: float) -> None:
    """Note that a run is alive until a time."""
    db.execute(update(runs).where(_one(site, run_id)).values(alive_until=until))


def count(db: Connection, site: str, run_id: str, outcomes: Counter[str]) -> None:
    """Add to what the visits of a run came to; outcomes that are no fetch are left out."""
    fetched = {name: outcomes[name] for name in OUTCOMES}
    more = {name: runs.c[name] + number for name, number in fetched.items()}
    total = {"fetches": runs.c.fetches + sum(fetched.values())}
    db.execute(update(runs).where(_one(site, run_id)).values(total | more))


def finish(db: Connection, site: str, run_id: str, reason: str) -> None:
    """Note the end of a run."""
    db.execute(update(runs).where(_one(site, run_id)).values(finished=database.clock(db), reason=reason))


def is_new(db: Connection, site: str) -> bool:
    """Return whether no run of the site was ever noted."""
    return db.execute(select(runs.c.run_id).where(runs.c.site == site).limit(1)).first() is None


def last_time(db: Connection, site: str) -> float:
    """Return when the run that began last is known to have been at work, by the clock it had; 0 where there is none."""
    time = func.coalesce(runs.c.finished, runs.c.started)
    return db.execute(select(time).where(runs.c.site == site).order_by(*NEWEST).limit(1)).scalar_one_or_none() or 0.0


def last_reason(db: Connection, site: str) -> str | None:
    """Return why the run that began last ended; None where there is none, or nobody knows."""
    last = select(runs.c.reason).where(runs.c.site == site).order_by(*NEWEST)
    return db.execute(last.limit(1)).scalar_one_or_none()


def is_dead(db: Connection, site: str, run_id: str, longest: float = math.inf) -> bool:
    """Return whether a run ended, or has been silent for longer than it said it would, or is not known at all.

    None says that it is alive for more than `longest` seconds.
    """
    now = database.clock(db)
    alive = [_one(site, run_id), runs.c.finished.is_(None), runs.c.alive_until >= now]
    if not math.isinf(longest):
        alive.append(runs.c.alive_until <= now + longest)
    return db.execute(select(runs.c.run_id).where(*alive)).first() is None
