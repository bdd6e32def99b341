"""The counter of a site: what has the higher number came later, whatever any clock says.

Functions work in the caller's transaction.
"""

from sqlalchemy import Connection, func, select

from qacrawl.frontier import database
from qacrawl.frontier.tables import counters, urls


def take(db: Connection, site: str) -> int:
    """Return the next number, which nobody else gets."""
    put = database.insert(db, counters).values(site=site, value=1)
    put = put.on_conflict_do_update(index_elements=["site"], set_={"value": counters.c.value + 1})
    return int(db.execute(put.returning(counters.c.value)).scalar_one())


def pass_by(db: Connection, site: str, number: int) -> None:
    """Have all numbers to come be higher than `number`."""
    put = database.insert(db, counters).values(site=site, value=number)
    lower = counters.c.value < number
    db.execute(put.on_conflict_do_update(index_elements=["site"], set_={"value": number}, where=lower))


def highest(db: Connection, site: str) -> int:
    """Return the highest number that a lease was given; all rows are looked at."""
    return db.execute(select(func.max(urls.c.generation)).where(urls.c.site == site)).scalar_one() or 0
