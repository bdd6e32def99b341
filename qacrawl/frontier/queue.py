"""The URLs of a site: which there are, which are due, and who holds them.

Functions work in the caller's transaction. One that takes `numbers` is about articles with these numbers only, both
ends included; None: about all URLs.
"""

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Double,
    Select,
    and_,
    bindparam,
    case,
    func,
    literal,
    or_,
    select,
    update,
)

from qacrawl.frontier import database
from qacrawl.frontier.rows import ARCHIVED, LISTING, NEW, START, Found, Numbering, Row
from qacrawl.frontier.tables import urls

Numbers = tuple[int, int] | None
_ROW = [urls.c[name] for name in Row._fields]
_LATE = 1000  # of the URLs that wait for a time, how many one lease looks at
_FIRST = {"start": START, "sitemap": LISTING, "listing": LISTING, "article": NEW}
_BLANK = dict.fromkeys(
    (
        "outcome", "reason", "etag", "last_modified", "digest", "payload", "fetched_at", "archived_file",
        "archived_offset", "owner", "asked", "replied",
    )
)  # fmt: skip


def _which(site: str, numbers: Numbers) -> ColumnElement[bool]:
    mine = urls.c.site == site
    return and_(mine, urls.c.number.between(*numbers)) if numbers else mine


def _locked(db: Connection, *which: ColumnElement[bool], skip: bool = False) -> Select[Any]:
    """Return a query of the ids of some URLs that locks their rows; with `skip`, but those that others hold."""
    return database.locked(db, select(urls.c.id).where(*which), urls.c.id, skip=skip)


# What is to be visited


def add(db: Connection, site: str, found: Iterable[Found], number: Numbering) -> int:
    """Add the URLs that are new; return how many were."""
    fresh = {item.url: item for item in found}
    rows = [
        {"url": url, "number": number(url), "kind": kind, "priority": _FIRST[kind], "hops": hops}
        for url, kind, hops in (fresh[url] for url in sorted(fresh))  # in one order, so that workers never deadlock
    ]
    if not rows:
        return 0
    now = database.clock(db)
    same = {"site": site, "state": "due", "due_at": now, "first_seen": now}
    statement = database.insert(db, urls).values(same).on_conflict_do_nothing()
    return db.execute(statement, rows, execution_options={"preserve_rowcount": True}).rowcount


def require(db: Connection, site: str, found: Found, since: float, number: Numbering) -> None:
    """Add a URL, or make it due unless it was visited after `since` or is forgotten."""
    now = database.clock(db)
    due: dict[str, Any] = {"state": "due", "due_at": now, "hops": found.hops}
    row: dict[str, Any] = {"site": site, "url": found.url, "number": number(found.url), "kind": found.kind}
    row |= {"priority": _FIRST[found.kind], "first_seen": now}
    old = and_(
        urls.c.state.not_in(("leased", "due", "waiting", "forgotten")),
        or_(urls.c.checked_at.is_(None), urls.c.checked_at < since),
    )
    statement = database.insert(db, urls).values(row | due)
    db.execute(statement.on_conflict_do_update(index_elements=["site", "url"], set_=due, where=old))


def promote(db: Connection, site: str, numbers: Numbers, before: float, everything: bool) -> int:
    """Make due what was to be visited again before a time, or every URL but the forgotten; return how many."""
    visited = ("done", "failed", "gone", "forbidden")
    old = (
        urls.c.state.in_((*visited, "parked"))
        if everything
        else and_(urls.c.state.in_(visited), urls.c.due_at <= before)
    )
    # Rows that are held this moment are made due, or forgotten, by somebody else.
    again = _locked(db, _which(site, numbers), old, skip=True)
    return database.update_rows(db, urls, again, {"state": "due", "due_at": before, "hops": 0})


def hurry(db: Connection, site: str, since: float, due_at: float) -> int:
    """Have articles that were visited after a time visited again by `due_at`; return how many would have been later."""
    again = _locked(
        db,
        urls.c.site == site,
        urls.c.kind == "article",
        urls.c.state == "done",
        urls.c.checked_at >= since,
        urls.c.due_at > due_at,
        skip=True,
    )
    return database.update_rows(db, urls, again, {"due_at": due_at})


def pending(db: Connection, site: str, numbers: Numbers) -> tuple[int, float | None]:
    """Return how many URLs are to be visited, counted up to 1,000, and when the first that waits is due."""
    mine = _which(site, numbers)
    some = select(urls.c.id).where(mine, urls.c.state.in_(("due", "leased", "waiting"))).limit(1000).subquery()
    number = db.execute(select(func.count()).select_from(some)).scalar_one()
    later = select(func.min(urls.c.due_at)).where(mine, urls.c.state == "waiting")
    return number, db.execute(later).scalar_one()


# Leases


def lease(db: Connection, site: str, numbers: Numbers, number: int, owner: str, until: float) -> list[Row]:
    """Lease up to `number` URLs that are due, the most urgent first, to `owner` alone until a time; return them."""
    _wake(db, site)
    # Without a range of numbers the index of the queue gives the order, with one that of the numbers does: either
    # way as many rows are read as are leased, however many there are.
    order = (urls.c.number,) if numbers else (urls.c.priority, urls.c.id)
    first = select(urls.c.id).where(_which(site, numbers), urls.c.state == "due").order_by(*order).limit(number)
    picked = database.locked(db, first, skip=True).cte("picked")
    statement = (
        update(urls)
        .where(urls.c.id.in_(select(picked.c.id)))
        .values(state="leased", owner=owner, lease_until=until, generation=urls.c.generation + 1)
        .returning(urls.c.priority, *_ROW)
    )
    found = sorted(tuple(row) for row in db.execute(statement))
    return [Row(*row[1:]) for row in found]


def _wake(db: Connection, site: str) -> None:
    """Make due the URLs whose time has come."""
    late = (
        select(urls.c.id)
        .where(urls.c.site == site, urls.c.state == "waiting", urls.c.due_at <= database.clock(db))
        .order_by(urls.c.due_at)
        .limit(_LATE)
    )
    database.update_rows(db, urls, database.locked(db, late, skip=True), {"state": "due"})


def hold(db: Connection, rows: Sequence[Row], owner: str) -> set[int]:
    """Return the ids of the rows that `owner` still leases in their generation; keep them so in this transaction."""
    wanted = {(row.id, row.generation) for row in rows}
    held = set()
    for chunk in database.chunks(sorted(row.id for row in rows)):
        mine = select(urls.c.id, urls.c.generation).where(
            urls.c.id.in_(chunk), urls.c.state == "leased", urls.c.owner == owner
        )
        held |= {row.id for row in db.execute(database.locked(db, mine, urls.c.id)) if tuple(row) in wanted}
    return held


def release(db: Connection, rows: Sequence[Row], due_at: float, attempts: int) -> None:
    """Give leased URLs back without an outcome, due at a time; `attempts` requests were made for each."""
    if not rows:
        return
    state = case((literal(due_at, Double) > database.clock(db), "waiting"), else_="due")
    values = {"state": state, "owner": None, "due_at": due_at, "attempts": urls.c.attempts + attempts}
    mine = and_(
        urls.c.id == bindparam("row_id"),
        urls.c.generation == bindparam("row_generation"),
        urls.c.state == "leased",
    )
    held = [{"row_id": row.id, "row_generation": row.generation} for row in sorted(rows)]
    db.execute(update(urls).where(mine).values(values), held)


def prolong(db: Connection, site: str, owner: str, until: float) -> None:
    """Prolong all leases of `owner` until a time."""
    mine = _locked(db, urls.c.site == site, urls.c.state == "leased", urls.c.owner == owner)
    database.update_rows(db, urls, mine, {"lease_until": until})


def give_back(db: Connection, site: str, owner: str) -> None:
    """Make due what `owner` still leases."""
    mine = _locked(db, urls.c.site == site, urls.c.state == "leased", urls.c.owner == owner)
    database.update_rows(db, urls, mine, {"state": "due", "owner": None})


def take_back(db: Connection, site: str, expired_only: bool) -> int:
    """Make leased URLs due: those whose lease has run out, or all of them; return how many there were."""
    left = [urls.c.site == site, urls.c.state == "leased"]
    if expired_only:
        left.append(urls.c.lease_until < database.clock(db))
    # Who holds an expired row this moment commits or prolongs it.
    rows = _locked(db, *left, skip=expired_only)
    return database.update_rows(db, urls, rows, {"state": "due", "owner": None})


# What is known of pages


def recover(db: Connection, site: str, file: str, seen: Iterable[tuple[str, int, float]]) -> int:
    """Note responses in an archive file that no outcome stands for, to be read first; return how many there are.

    `seen` gives URL, offset and time of each; of several of a URL the last counts.
    """
    places = {url: (offset, fetched_at) for url, offset, fetched_at in seen}
    number = 0
    for chunk in database.chunks(sorted(places)):
        these = _locked(db, urls.c.site == site, urls.c.url.in_(chunk), urls.c.state.in_(("due", "waiting")))
        for row in db.execute(these.add_columns(urls.c.url, urls.c.checked_at)).all():
            offset, fetched_at = places[row.url]
            if row.checked_at is None or row.checked_at < fetched_at:
                place = {"archived_file": file, "archived_offset": offset, "priority": ARCHIVED}
                at = {"due_at": 0.0, "state": "due"}
                db.execute(update(urls).where(urls.c.id == row.id).values(place | at))
                number += 1
    return number


def gone(db: Connection, site: str) -> list[str]:
    """Return the canonical URLs that leave the next snapshot, sorted: gone, or forgotten."""
    left = select(urls.c.url).where(urls.c.site == site, or_(urls.c.gone_at.is_not(None), urls.c.state == "forgotten"))
    return list(db.execute(left.order_by(urls.c.url)).scalars())


def addresses(db: Connection, site: str, /, **values: str) -> frozenset[str]:
    """Return the URLs whose columns have these values; for few URLs: all are held in memory."""
    which = and_(urls.c.site == site, *(urls.c[name] == value for name, value in values.items()))
    return frozenset(db.execute(select(urls.c.url).where(which)).scalars())


def hosts(db: Connection, site: str) -> frozenset[str]:
    """Return the hosts, with their ports, of all URLs."""
    found = db.execute(select(urls.c.url).where(urls.c.site == site).execution_options(yield_per=10_000)).scalars()
    return frozenset(url.split("/", 3)[2] for url in found)


def forget(db: Connection, site: str, forgotten: Sequence[str], number: Numbering) -> None:
    """Turn URLs into tombstones: the address stays, so that it is never asked for again, and nothing else."""
    values = _BLANK | {"state": "forgotten", "gone_at": database.clock(db)}
    add(db, site, (Found(url, "article") for url in forgotten), number)
    for chunk in database.chunks(sorted(set(forgotten))):
        rows = _locked(db, urls.c.site == site, urls.c.url.in_(chunk))
        database.update_rows(db, urls, rows, values)
