"""The runs of a site: when each began, until when it is alive, what its visits came to.

Functions work in the caller's transaction.
"""

from collections import Counter

from sqlalchemy import ColumnElement, Connection, and_, insert, select, update

from qacrawl.frontier import database
from qacrawl.frontier.rows import OUTCOMES
from qacrawl.frontier.tables import runs


def _one(site: str, run_id: str) -> ColumnElement[bool]:
    return and_(runs.c.site == site, runs.c.run_id == run_id)


def start(db: Connection, site: str, run_id: str, started: float, alive_until: float) -> None:
    """Note a run; its leases and its archive files are its own until `alive_until`."""
    db.execute(insert(runs).values(site=site, run_id=run_id, started=started, alive_until=alive_until))


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


def last_reason(db: Connection, site: str) -> str | None:
    """Return why the run that began last ended; None where there is none, or nobody knows."""
    last = select(runs.c.reason).where(runs.c.site == site).order_by(runs.c.started.desc(), runs.c.run_id.desc())
    return db.execute(last.limit(1)).scalar_one_or_none()


def is_dead(db: Connection, site: str, run_id: str) -> bool:
    """Return whether a run ended, or has been silent for longer than it said it would, or is not known at all."""
    alive = and_(_one(site, run_id), runs.c.finished.is_(None), runs.c.alive_until >= database.clock(db))
    return db.execute(select(runs.c.run_id).where(alive)).first() is None
