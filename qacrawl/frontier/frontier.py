"""The frontier of one site, opened: each method is one transaction over functions that know one table each."""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Concatenate, ParamSpec, TypeVar

from sqlalchemy import Connection, Engine

from qacrawl import registry
from qacrawl.frontier import counter, database, hosts, lastmod, manifest, queue, runs
from qacrawl.frontier.commit import commit
from qacrawl.frontier.due import Policy
from qacrawl.frontier.hosts import ODD, Place
from qacrawl.frontier.rows import EndedVisit, File, Found, Kind, Row, Seen

_Given = ParamSpec("_Given")
_Result = TypeVar("_Result")


class Frontier:
    """The URLs, files and runs of one site, and the pace of its hosts; its functions say in full what they do."""

    def __init__(self, engine: Engine, site: str, folder: Path) -> None:
        self.engine = engine
        self.site = site
        self.folder = folder
        self.shared = database.shared(engine)
        """Whether workers on other machines can see it."""
        self.numbers: tuple[int, int] | None = None
        """Where set, only articles with these numbers (both ends included) are leased and made due."""
        self.new_listings = True
        """Whether listings that were never visited are leased."""
        self.longest_wait = math.inf
        """Where set, the seconds for which a URL waits at most before it is tried again."""
        self.longest_lease = math.inf
        """Where set, the seconds for which a worker holds anything at most without a word."""
        self._clock = database.Clock(engine)
        self._number = registry.load(site).number

    def _read(
        self, action: Callable[Concatenate[Connection, _Given], _Result], *args: _Given.args, **more: _Given.kwargs
    ) -> _Result:
        with database.reading(self.engine) as db:
            return action(db, *args, **more)

    def _write(
        self, action: Callable[Concatenate[Connection, _Given], _Result], *args: _Given.args, **more: _Given.kwargs
    ) -> _Result:
        return database.write(self.engine, lambda db: action(db, *args, **more))

    def now(self) -> float:
        """Return seconds since 1970 by the database's clock."""
        return self._clock.now()

    # Locks

    def alone(self, worker: bool = False) -> AbstractContextManager[None]:
        """Return the lock of the site's run; workers share it. It is free again when the process dies."""
        return database.run_lock(self.engine, self.site, self.folder, worker)

    def publishing(self, alone: bool = False) -> AbstractContextManager[None]:
        """Return the lock that publishers share, and that is held `alone` by who takes pages out."""
        return database.publish_lock(self.engine, self.site, alone)

    # Runs

    def start_run(self, run_id: str, alive_until: float) -> int:
        """Note a run; its leases and its archive files are its own until `alive_until`. Return its number."""
        return self._write(runs.start, self.site, run_id, self.now(), alive_until)

    def beat(self, run_id: str, until: float) -> None:
        """Prolong a run and its leases until a time."""

        def prolong(db: Connection) -> None:
            queue.prolong(db, self.site, run_id, until)
            runs.beat(db, self.site, run_id, until)

        self._write(prolong)

    def finish_run(self, run_id: str, reason: str) -> None:
        """Note a run's end, and give back what it still leases."""

        def finish(db: Connection) -> None:
            queue.give_back(db, self.site, run_id)
            runs.finish(db, self.site, run_id, reason)

        self._write(finish)

    def run_ids(self) -> list[str]:
        """Return the ids of all runs, the last one first."""
        return self._read(runs.names, self.site)

    def last_reason(self) -> str | None:
        """Return why the run that began last ended; None where there is none, or nobody knows."""
        return self._read(runs.last_reason, self.site)

    def is_dead(self, run_id: str) -> bool:
        """Return whether a run ended, or has been silent for longer than it said it would."""
        return self._read(runs.is_dead, self.site, run_id, self.longest_lease)

    # URLs

    def add(self, found: Iterable[Found]) -> int:
        """Add the URLs that are new; return how many were."""
        return self._write(queue.add, self.site, list(found), self._number)

    def require(self, url: str, kind: Kind, since: int, address: str | None = None) -> None:
        """Add a URL, or make it due unless it is forgotten or was visited after the counter stood at `since`."""
        self._write(queue.require, self.site, Found(url, kind, address=address), since, self._number)

    def promote(self, before: float, everything: bool = False, longest: float = math.inf) -> int:
        """Make due what was to be visited again before a time, or every URL but the forgotten; return how many.

        What is due `longest` seconds after that time, or later, is due as well.
        """
        return self._write(queue.promote, self.site, self.numbers, before, everything, longest)

    def hurry(self, since: int, due_at: float) -> int:
        """Have articles that were visited since the counter stood at `since` visited again by `due_at`.

        Return how many would have been later.
        """
        return self._write(queue.hurry, self.site, since, due_at)

    def retry(self, since: int, due_at: float) -> int:
        """Have what failed since the counter stood at `since` visited again by `due_at`, its failures counted as one.

        Return how many URLs there are.
        """
        return self._write(queue.retry, self.site, since, due_at)

    def came_well(self, since: int) -> frozenset[str]:
        """Return of which kinds a page came to something good since the counter stood at `since`."""
        return self._read(queue.came_well, self.site, since)

    def heed_sitemap(self, modified: Mapping[str, float], policy: Policy) -> int:
        """Have articles visited sooner or later as a sitemap says, which names when each URL was modified.

        Return how many are due at another time than before.
        """
        return self._write(lastmod.heed, self.site, modified, self.now(), policy)

    def recall_sitemaps(self, policy: Policy) -> int:
        """Have articles that are due wait for what sitemaps said of them before; return how many do."""
        return self._write(lastmod.recall, self.site, self.now(), policy)

    def set_right(self) -> int:
        """Have pages that a clock which was ahead says were visited later than now count as visited now.

        Return how many there were.
        """
        now = self.now()

        def set_right(db: Connection) -> int:
            return queue.set_right(db, self.site, now, ODD) if runs.last_time(db, self.site) > now + ODD else 0

        return self._write(set_right)

    def set_back(self) -> bool:
        """Return whether the clock was set back since the last run; what waits for a time is due then."""

        def end_waiting(db: Connection) -> bool:
            if runs.last_time(db, self.site) <= self.now():
                return False
            queue.end_waiting(db, self.site)
            return True

        return self._write(end_waiting)

    def pending(self) -> tuple[int, float | None]:
        """Return how many URLs are to be visited, counted up to 1,000, and when the first that waits is due."""
        return self._read(queue.pending, self.site, self.numbers, self.new_listings)

    def count_known(self, urls: Sequence[str]) -> int:
        """Return how many of some canonical URLs there are."""
        return self._read(queue.count_known, self.site, urls)

    def lease(self, number: int, owner: str, until: float) -> list[Row]:
        """Lease up to `number` URLs that are due, the most urgent first, to `owner` alone until a time; return them."""
        limits = (until, self.longest_wait, self.new_listings)
        return self._write(queue.lease, self.site, self.numbers, number, owner, *limits)

    def release(self, rows: Sequence[Row], due_at: float = 0.0, attempts: int = 0) -> None:
        """Give leased URLs back without an outcome, due at a time; `attempts` requests were made for each."""
        self._write(queue.release, rows, due_at, attempts)

    def take_back(self, expired_only: bool) -> int:
        """Make leased URLs due: those of runs that died, or all when no other can be alive; return how many."""
        return self._write(queue.take_back, self.site, expired_only, self.longest_lease)

    def gone(self) -> list[str]:
        """Return the canonical URLs that leave the next snapshot, sorted: gone, or forgotten."""
        return self._read(queue.gone, self.site)

    def addresses(self, **values: str) -> frozenset[str]:
        """Return the URLs whose columns have these values; for few URLs: all are held in memory."""
        return self._read(queue.addresses, self.site, **values)

    def known_hosts(self) -> frozenset[str]:
        """Return the hosts, with their ports, that the site's URLs are on."""
        return self._read(queue.hosts, self.site)

    def forget(self, forgotten: Sequence[str]) -> None:
        """Turn URLs into tombstones: the address stays, so that it is never asked for again, and nothing else."""
        self._write(queue.forget, self.site, forgotten, self._number)

    # Visits and files

    def commit(
        self, run_id: str, visits: Sequence[EndedVisit], made: Sequence[File], found: Sequence[Found] = ()
    ) -> set[int]:
        """Acknowledge visits, add their files to the manifest and the URLs found on them, all or none.

        Return the ids of the rows whose lease the run has lost; where there are any, nothing is written.
        """
        return self._write(commit, self.site, run_id, visits, made, found, self._number)

    def recover(self, name: str, size: int, seen: Iterable[Seen]) -> int:
        """Note what a dead run left in archive file `name`, whose first `size` bytes are whole records.

        Return how many of the responses no outcome stands for.
        """
        found = list(seen)

        def recover(db: Connection) -> int:
            number = queue.recover(db, self.site, name, found)
            manifest.put(db, self.site, File("archive", name, size))
            return number

        return self._write(recover)

    def files(self, kind: str) -> dict[str, int]:
        """Return the committed files of a kind ("parts", "rejects", "archive"): name to size."""
        return self._read(manifest.sizes, self.site, kind)

    def swap(self, add: Sequence[tuple[str, str, int]], remove: Sequence[tuple[str, str]], visit: int = 0) -> None:
        """Put files (kind, name, size) into the manifest and take others (kind, name) out.

        Visits to come get higher numbers than `visit`, the highest in those files.
        """

        def swap(db: Connection) -> None:
            manifest.swap(db, self.site, add, remove)
            if visit:
                counter.pass_by(db, self.site, visit)

        self._write(swap)

    # Hosts

    def take_turn(self, host: str, delay: float, crawl_delay: float = 0.0) -> float:
        """Return 0 if a request to `host` may start now, the next one `delay` later; else the seconds to wait."""
        return self._write(hosts.take_turn, host, delay, crawl_delay)

    def begin_crawl_delay(self, host: str) -> None:
        """Have the Crawl-delay of a host that was never asked under one count from now on."""
        self._write(hosts.begin_crawl_delay, host)

    def crawl_delay_left(self, host: str, crawl_delay: float) -> float:
        """Return the seconds until a host may be asked again that has this Crawl-delay."""
        return self._read(hosts.crawl_delay_left, host, crawl_delay)

    def take_place(self, host: str, number: int, seconds: float) -> Place | None:
        """Take one of the `number` places at a host that workers share; return None when all are held."""
        return self._write(hosts.take_place, host, number, seconds)

    def keep_place(self, place: Place, seconds: float) -> Place:
        """Hold a place for so many seconds more; return it."""
        return self._write(hosts.keep_place, place, seconds)

    def leave_place(self, place: Place) -> None:
        """Give a place back."""
        self._write(hosts.leave_place, place)

    def pace(self, host: str) -> tuple[float, float]:
        """Return when the next request to `host` may start, and the seconds by which it is slowed down."""
        return self._read(hosts.pace, host)

    def slow_down(self, host: str, until: float, slow: float) -> None:
        """Ask nothing of `host` until a time, and slow down by `slow` seconds a request."""
        self._write(hosts.slow_down, host, until, slow)
