"""The URLs of a site: which there are, which are due, and who holds them.

Functions work in the caller's transaction. One that takes `numbers` is about articles with these numbers only, both
ends included; None: about all URLs.
"""

import math
from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import (
    Column,
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

from qacrawl.frontier import counter, database
from qacrawl.frontier.rows import AGAIN, ARCHIVED, HOP, LISTING, NEW, START, Found, Numbering, Row, Seen
from qacrawl.frontier.tables import urls

Numbers = tuple[int, int] | None
_ROW = [urls.c[name] for name in Row._fields]
ANEW = case((urls.c.kind == "listing", 0), else_=urls.c.hops - urls.c.hops % HOP)
"""Redirects begin anew at a visit, and so do listings; a chain of articles, or of sitemaps, stays as long as it is."""
_LATE = 1000  # of the URLs that wait for a time, how many one lease looks at
_FIRST = {"start": START, "sitemap": LISTING, "listing": LISTING, "article": NEW}
_BLANK = dict.fromkeys(
    (
        "outcome", "reason", "etag", "last_modified", "digest", "payload", "fetched_at", "archived_file",
        "archived_offset", "owner", "asked", "replied", "address", "content", "quiet", "modified",
    )
)  # fmt: skip


def _which(site: str, numbers: Numbers) -> ColumnElement[bool]:
    mine = urls.c.site == site
    return and_(mine, urls.c.number.between(*numbers)) if numbers else mine


def _some(site: str, numbers: Numbers, new_listings: bool) -> ColumnElement[bool]:
    return and_(_which(site, numbers), *([] if new_listings else [or_(urls.c.kind != "listing", urls.c.visits > 0)]))


def _ahead(time: Column[float], now: ColumnElement[float] | float, longest: float) -> list[ColumnElement[bool]]:
    """Return what says of a time that it is more than `longest` seconds ahead; nothing where no number is too many."""
    return [] if math.isinf(longest) else [time > now + longest]


def _locked(db: Connection, *which: ColumnElement[bool], skip: bool = False) -> Select[Any]:
    """Return a query of the ids of some URLs that locks their rows; with `skip`, but those that others hold."""
    return database.locked(db, select(urls.c.id).where(*which), urls.c.id, skip=skip)


# What is to be visited


def add(db: Connection, site: str, found: Iterable[Found], number: Numbering) -> int:
    """Add the URLs that are new; return how many were."""
    fresh = {item.url: item for item in found}
    rows = [
        one._asdict() | {"number": number(one.url), "priority": _FIRST[one.kind]}
        for one in (fresh[url] for url in sorted(fresh))  # in one order: workers never deadlock
    ]
    if not rows:
        return 0
    now = database.clock(db)
    same = {"site": site, "state": "due", "due_at": now, "first_seen": now}
    statement = database.insert(db, urls).values(same).on_conflict_do_nothing()
    return db.execute(statement, rows, execution_options={"preserve_rowcount": True}).rowcount


def require(db: Connection, site: str, found: Found, since: int, number: Numbering) -> None:
    """Add a URL, or make it due unless it is forgotten or was visited after the counter stood at `since`.

    It is asked for as `found` spells it, where that is not the canonical way; else as before.
    """
    now = database.clock(db)
    due: dict[str, Any] = {"state": "due", "due_at": now, "hops": found.hops}
    row: dict[str, Any] = {"site": site, "url": found.url, "number": number(found.url), "kind": found.kind}
    row |= due | {"address": found.address, "priority": _FIRST[found.kind], "first_seen": now}
    old = and_(
        urls.c.state.not_in(("leased", "due", "waiting", "forgotten")),
        func.coalesce(urls.c.visit, 0) < since,
    )
    statement = database.insert(db, urls).values(row)
    db.execute(statement.on_conflict_do_update(index_elements=["site", "url"], set_=due, where=old))
    if found.address:
        other = urls.c.address.is_distinct_from(found.address)
        which = and_(urls.c.site == site, urls.c.url == found.url, urls.c.state.not_in(("leased", "forgotten")), other)
        # What the other spelling said of itself holds for that only.
        db.execute(update(urls).where(which).values(address=found.address, etag=None, last_modified=None))


def promote(
    db: Connection, site: str, numbers: Numbers, before: float, everything: bool, longest: float = math.inf
) -> int:
    """Make due what was to be visited again before a time, or every URL but the forgotten; return how many.

    What is due `longest` seconds after that time, or later, is due as well: a clock that was wrong has said so.
    """
    visited = urls.c.state.in_(("done", "failed", "gone", "forbidden"))
    made_due: dict[str, Any] = {"state": "due", "hops": ANEW}  # what was planned stays in `due_at`
    late = [(and_(visited, urls.c.due_at <= before), made_due)]
    late += [(and_(visited, one), made_due | {"due_at": before}) for one in _ahead(urls.c.due_at, before, longest)]
    every = [(or_(visited, urls.c.state == "parked"), made_due | {"due_at": before})]
    number = 0
    for old, values in every if everything else late:
        # Rows that are held this moment are made due, or forgotten, by somebody else.
        again = _locked(db, _which(site, numbers), old, skip=True)
        number += database.update_rows(db, urls, again, values)
    return number


def set_right(db: Connection, site: str, now: float, odd: float) -> int:
    """Have pages that were visited more than `odd` seconds from now, by a clock that was ahead, count as visited now.

    The days to their next visits stay. Return how many there were.
    """
    ahead = _locked(
        db,
        urls.c.site == site,
        urls.c.state.in_(("done", "failed", "gone", "forbidden")),
        urls.c.due_at > now + odd,
        urls.c.checked_at > now + odd,
        skip=True,
    )
    return database.update_rows(
        db, urls, ahead, {"due_at": now + (urls.c.due_at - urls.c.checked_at), "checked_at": now}
    )


def hurry(db: Connection, site: str, since: int, due_at: float) -> int:
    """Have articles that were visited since the counter stood at `since` visited again by `due_at`.

    Return how many would have been later.
    """
    again = _locked(
        db,
        urls.c.site == site,
        urls.c.kind == "article",
        urls.c.state == "done",
        urls.c.visit > since,
        urls.c.due_at > due_at,
        skip=True,
    )
    return database.update_rows(db, urls, again, {"due_at": due_at})


def retry(db: Connection, site: str, since: int, due_at: float) -> int:
    """Have what failed since the counter stood at `since` visited again by `due_at`, its failures counted as one.

    Where most pages fail that says nothing of each. Return how many URLs there are.
    """
    failed = _locked(db, urls.c.site == site, urls.c.state.in_(("failed", "parked")), urls.c.visit > since, skip=True)
    soon = case((urls.c.due_at > due_at, due_at), else_=urls.c.due_at)
    return database.update_rows(db, urls, failed, {"state": "failed", "failures": 1, "due_at": soon})


def came_well(db: Connection, site: str, since: int) -> frozenset[str]:
    """Return of which kinds a page was read, or was as before, in a visit since the counter stood at `since`.

    A start page may lead elsewhere, too.
    """
    read = urls.c.outcome.in_(("record", "listing", "unchanged"))
    well = or_(read, and_(urls.c.kind == "start", urls.c.outcome == "redirect"))
    which = and_(urls.c.site == site, urls.c.visit > since, well, urls.c.reason.is_(None))
    return frozenset(db.execute(select(urls.c.kind).where(which).distinct()).scalars())


def count_known(db: Connection, site: str, some: Sequence[str]) -> int:
    """Return how many of some URLs there are."""
    which = (select(func.count()).where(urls.c.site == site, urls.c.url.in_(part)) for part in database.chunks(some))
    return sum(db.execute(one).scalar_one() for one in which)


def pending(db: Connection, site: str, numbers: Numbers, new_listings: bool = True) -> tuple[int, float | None]:
    """Return how many URLs are to be visited, counted up to 1,000, and when the first that waits is due.

    Without `new_listings`, listings that were never visited are left out.
    """
    mine = _some(site, numbers, new_listings)
    some = select(urls.c.id).where(mine, urls.c.state.in_(("due", "leased", "waiting"))).limit(1000).subquery()
    number = db.execute(select(func.count()).select_from(some)).scalar_one()
    later = select(func.min(urls.c.due_at)).where(mine, urls.c.state == "waiting")
    return number, db.execute(later).scalar_one()


# Leases


def lease(
    db: Connection,
    site: str,
    numbers: Numbers,
    number: int,
    owner: str,
    until: float,
    longest: float = math.inf,
    new_listings: bool = True,
) -> list[Row]:
    """Lease up to `number` URLs that are due, the most urgent first, to `owner` alone until a time; return them.

    Their generation is a number of the counter's. No URL waits for longer than `longest` seconds. Without
    `new_listings`, listings that were never visited are left out. What is visited again does not come with a
    sitemap, which may say that it need not be.
    """
    _wake(db, site, longest)
    # Without a range of numbers the index of the queue gives the order, with one that of the numbers does: either
    # way as many rows are read as are leased, however many there are.
    order = (urls.c.number,) if numbers else (urls.c.priority, urls.c.id)
    due = [_some(site, numbers, new_listings), urls.c.state == "due"]
    kinds = db.execute(select(urls.c.kind).where(*due).order_by(*order).limit(number)).scalars().all()
    if not kinds:  # workers ask again and again
        return []
    if "sitemap" in kinds:
        due.append(urls.c.priority < AGAIN)
    first = select(urls.c.id).where(*due).order_by(*order).limit(number)
    generation = counter.take(db, site)
    picked = database.locked(db, first, skip=True).cte("picked")
    statement = (
        update(urls)
        .where(urls.c.id.in_(select(picked.c.id)))
        .values(state="leased", owner=owner, lease_until=until, generation=generation)
        .returning(urls.c.priority, *_ROW)
    )
    found = sorted(tuple(row) for row in db.execute(statement))
    return [Row(*row[1:]) for row in found]


def _wake(db: Connection, site: str, longest: float) -> None:
    """Make due the URLs whose time has come, and those whose time is further ahead than any pause."""
    now = database.clock(db)
    late = [urls.c.due_at <= now, *_ahead(urls.c.due_at, now, longest)]
    for come in late:
        which = (urls.c.site == site, urls.c.state == "waiting", come)
        rows = select(urls.c.id).where(*which).order_by(urls.c.due_at).limit(_LATE)
        database.update_rows(db, urls, database.locked(db, rows, skip=True), {"state": "due"})


def end_waiting(db: Connection, site: str) -> None:
    """Make due all URLs that wait for a time."""
    rows = _locked(db, urls.c.site == site, urls.c.state == "waiting", skip=True)
    database.update_rows(db, urls, rows, {"state": "due"})


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


def take_back(db: Connection, site: str, expired_only: bool, longest: float = math.inf) -> int:
    """Make leased URLs due: those whose lease has run out, or all of them; return how many there were.

    A lease that ends more than `longest` seconds from now has run out, too.
    """
    left = [urls.c.site == site, urls.c.state == "leased"]
    if expired_only:
        now = database.clock(db)
        left.append(or_(urls.c.lease_until < now, *_ahead(urls.c.lease_until, now, longest)))
    # Who holds an expired row this moment commits or prolongs it.
    rows = _locked(db, *left, skip=expired_only)
    return database.update_rows(db, urls, rows, {"state": "due", "owner": None})


# What is known of pages


def recover(db: Connection, site: str, file: str, seen: Iterable[Seen]) -> int:
    """Note responses in an archive file that no outcome stands for, to be read first; return how many there are.

    Of several of a URL the last counts.
    """
    places = {one.url: one for one in seen}
    number = 0
    if last := max((one.visit or 0 for one in places.values()), default=0):  # a copy of a frontier may be put back
        counter.pass_by(db, site, last)
    for chunk in database.chunks(sorted(places)):
        these = _locked(db, urls.c.site == site, urls.c.url.in_(chunk), urls.c.state.in_(("due", "waiting")))
        for row in db.execute(these.add_columns(urls.c.url, urls.c.checked_at, urls.c.visit)).all():
            one = places[row.url]
            if _is_unread(one, row.visit, row.checked_at):
                place = {"archived_file": file, "archived_offset": one.offset, "priority": ARCHIVED}
                at = {"due_at": 0.0, "state": "due"}
                db.execute(update(urls).where(urls.c.id == row.id).values(place | at))
                number += 1
    return number


def _is_unread(seen: Seen, visit: int | None, checked_at: float | None) -> bool:
    """Return whether a response came after the last visit of its URL that came to an outcome.

    Where the archive has no number of the visit, clocks have to do.
    """
    if seen.visit is not None:
        return seen.visit > (visit or 0)
    return checked_at is None or checked_at < seen.at


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
