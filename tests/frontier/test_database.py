"""Opening a frontier: what is none is left alone, what is older is brought up to date, errors are one clear line."""

import shutil
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from sqlalchemy import text
from support import postgres

from qacrawl.errors import Exit, QacrawlError
from qacrawl.frontier import Found, open_frontier, tables

SITE = "doctorqna"
PAGE = "https://doctorqna.com/en/article/1"
STEPS = (
    "ALTER TABLE qacrawl_urls ADD COLUMN seen_by TEXT",
    "UPDATE qacrawl_urls SET seen_by = 'version 1'",
)


@contextmanager
def refused(words: str, code: Exit = Exit.USAGE) -> Iterator[None]:
    """The block raises one line with these words, and no password."""
    with pytest.raises(QacrawlError) as said:
        yield
    assert words in str(said.value)
    assert "\n" not in str(said.value)
    assert postgres.PASSWORD not in str(said.value)
    assert said.value.code == code


def touch(address: str | None, folder: Path) -> None:
    with open_frontier(address, SITE, folder):
        pass


def test_a_new_frontier_lies_in_the_folder_and_is_a_durable_sqlite_file(tmp_path: Path) -> None:
    touch(None, tmp_path)
    with closing(sqlite3.connect(tmp_path / "frontier.sqlite")) as db:
        assert db.execute("PRAGMA application_id").fetchone() == (0x71616372,)
        assert db.execute("PRAGMA journal_mode").fetchone() == ("wal",)
        assert db.execute("PRAGMA auto_vacuum").fetchone() == (2,)
        assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    with open_frontier(None, SITE, tmp_path) as frontier, frontier.engine.connect() as other:
        assert other.execute(text("PRAGMA synchronous")).scalar() == 2  # FULL


def test_what_was_written_is_there_when_it_is_opened_again(tmp_path: Path) -> None:
    with open_frontier(None, SITE, tmp_path) as frontier:
        frontier.add([Found(PAGE, "article")])
    with open_frontier(None, SITE, tmp_path) as frontier:
        assert [row.url for row in frontier.lease(5, "run", 0)] == [PAGE]


def garbage(path: Path) -> None:
    path.write_bytes(b"this is no database\n" * 100)


def foreign(path: Path) -> None:
    with closing(sqlite3.connect(path)) as db:
        db.execute("CREATE TABLE holidays (day TEXT)")


def foreign_and_empty(path: Path) -> None:
    with closing(sqlite3.connect(path)) as db:
        db.execute("PRAGMA application_id=7")


def with_a_table_like_ours(path: Path) -> None:
    with closing(sqlite3.connect(path)) as db:
        db.execute("CREATE TABLE qacrawl_meta (name TEXT, value TEXT)")


def newer(path: Path) -> None:
    of_version("5", path)


def without_version(path: Path) -> None:
    of_version("x", path)


def of_version(version: str, path: Path) -> None:
    touch(f"sqlite:///{path}", path.parent)
    with closing(sqlite3.connect(path)) as db:
        db.execute("UPDATE qacrawl_meta SET value = ?", (version,))
        db.commit()
        db.execute("PRAGMA journal_mode=DELETE")


CUT_SHORT = """
import os, signal, sqlite3, sys
db = sqlite3.connect(sys.argv[1], isolation_level=None)
db.execute("PRAGMA cache_size=1")  # what does not fit is written before the end
db.execute("BEGIN")
for number in range(50):
    db.execute(f"CREATE TABLE t{number} (text TEXT)")
os.kill(os.getpid(), signal.SIGKILL)
"""


def cut_short(path: Path) -> None:
    """Have a process be killed in the middle of a transaction: who opens the file has to roll it back."""
    done = subprocess.run([sys.executable, "-c", CUT_SHORT, str(path)])
    assert done.returncode == -signal.SIGKILL
    assert path.with_name(f"{path.name}-journal").stat().st_size


def test_a_file_whose_first_write_was_killed_becomes_a_frontier(tmp_path: Path) -> None:
    cut_short(tmp_path / "frontier.sqlite")
    touch(None, tmp_path)
    with open_frontier(None, SITE, tmp_path) as frontier:
        assert frontier.add([Found(PAGE, "article")]) == 1


def test_a_frontier_in_which_a_write_was_killed_goes_on(tmp_path: Path) -> None:
    path = tmp_path / "frontier.sqlite"
    with open_frontier(None, SITE, tmp_path) as frontier:
        frontier.add([Found(PAGE, "article")])
    with closing(sqlite3.connect(path)) as db:
        db.execute("PRAGMA journal_mode=DELETE")
    cut_short(path)
    with open_frontier(None, SITE, tmp_path) as frontier:
        assert [row.url for row in frontier.lease(5, "run", 0)] == [PAGE]


def test_a_file_of_others_in_which_a_write_was_killed_stays_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "frontier.sqlite"
    foreign(path)
    cut_short(path)
    before = {one.name: one.read_bytes() for one in tmp_path.iterdir()}
    with refused("is no frontier of qacrawl"):
        touch(None, tmp_path)
    assert {one.name: one.read_bytes() for one in tmp_path.iterdir()} == before


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (garbage, "is no frontier"),
        (foreign, "is no frontier of qacrawl"),
        (foreign_and_empty, "is no frontier of qacrawl"),
        (with_a_table_like_ours, "is no frontier of qacrawl"),
        (newer, "is a frontier of version 5, made by a newer qacrawl"),
        (without_version, "is a damaged frontier"),
    ],
)
def test_what_is_no_frontier_of_ours_stays_as_it_is(make, words: str, tmp_path: Path) -> None:
    path = tmp_path / "frontier.sqlite"
    make(path)
    before = path.read_bytes()
    with refused(words):
        touch(None, tmp_path)
    assert path.read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == ["frontier.sqlite"]


def test_an_empty_file_becomes_a_frontier(tmp_path: Path) -> None:
    (tmp_path / "frontier.sqlite").touch()
    touch(None, tmp_path)


def test_a_folder_in_the_way_and_a_missing_one(tmp_path: Path) -> None:
    (tmp_path / "frontier.sqlite").mkdir()
    with refused("cannot read", Exit.FAILED):
        touch(None, tmp_path)
    with refused("unable to open database file", Exit.FAILED):
        touch(None, tmp_path / "none")


@pytest.mark.parametrize(
    "address",
    ["mysql://me:s3cret-of-the-tests@host/db", "frontier.sqlite", "sqlite://", "sqlite:///:memory:", "", "::",
     "postgresql://me:s3cret-of-the-tests@host:port/db"],
)  # fmt: skip
def test_addresses_that_lead_nowhere(address: str, tmp_path: Path) -> None:
    if not address:
        touch(address, tmp_path)  # as if none was given
        return
    with refused("use sqlite:/// or postgresql://"):
        touch(address, tmp_path)


def test_nothing_answers(tmp_path: Path) -> None:
    for address in (
        f"postgresql://me:{postgres.PASSWORD}@127.0.0.1:1/db",
        f"postgresql://127.0.0.1:1/db?user=me&password={postgres.PASSWORD}",
    ):
        with refused("no frontier at postgresql://127.0.0.1:1/db: ", Exit.FAILED):
            touch(address, tmp_path)


def test_wrong_password_and_no_such_database(postgres_url: str, tmp_path: Path) -> None:
    with refused("password authentication failed", Exit.FAILED):
        touch(postgres_url.replace(postgres.PASSWORD, "wrong"), tmp_path)
    with refused("does not exist", Exit.FAILED):
        touch(f"{postgres_url}_not", tmp_path)


def test_without_the_driver(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with refused("pip install 'qacrawl[postgres]'"):
        touch(f"postgresql://me:{postgres.PASSWORD}@host/db", tmp_path)


def test_postgres_is_another_name(postgres_url: str, tmp_path: Path) -> None:
    touch(postgres_url.replace("postgresql://", "postgres://"), tmp_path)


def test_a_newer_frontier_in_postgresql(postgres_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as later:
        later.setattr(tables, "VERSION", 9)
        touch(postgres_url, tmp_path)
    with refused("of version 9, made by a newer qacrawl; this one knows 4"):
        touch(postgres_url, tmp_path)


# Migrations


def test_a_step_for_each_version() -> None:
    assert sorted(tables.MIGRATIONS) == list(range(2, tables.VERSION + 1))


def test_older_frontiers_are_brought_up_to_date(
    address: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with open_frontier(address, SITE, tmp_path) as frontier:
        frontier.add([Found(PAGE, "article")])
        frontier.swap([("parts", "a", 1)], [])
    monkeypatch.setattr(tables, "VERSION", 6)
    monkeypatch.setattr(tables, "MIGRATIONS", {5: STEPS, 6: ("UPDATE qacrawl_urls SET seen_by = seen_by || ', 2'",)})
    with ThreadPoolExecutor(4) as pool:  # whoever comes first does it, once
        list(pool.map(touch, [address] * 4, [tmp_path] * 4))
    with open_frontier(address, SITE, tmp_path) as frontier, frontier.engine.connect() as db:
        assert db.execute(text("SELECT url, seen_by FROM qacrawl_urls")).all() == [(PAGE, "version 1, 2")]
        assert db.execute(text("SELECT value FROM qacrawl_meta")).scalars().all() == ["6"]
        assert frontier.files("parts") == {"a": 1}


BACK_TO_3 = (
    *(f"ALTER TABLE qacrawl_urls DROP COLUMN {name}" for name in ("content", "quiet", "modified")),
    "UPDATE qacrawl_meta SET value = '3'",
)
BACK_TO_2 = (
    *BACK_TO_3[:3],
    "ALTER TABLE qacrawl_urls DROP COLUMN address",
    "UPDATE qacrawl_meta SET value = '2'",
)
SMALL = "ALTER TABLE qacrawl_urls ALTER COLUMN generation TYPE INTEGER"
"""What version 2 had in PostgreSQL."""
BACK_TO_1 = (
    *BACK_TO_2[:4],
    "DROP TABLE qacrawl_counters",
    "ALTER TABLE qacrawl_urls DROP COLUMN visit",
    "ALTER TABLE qacrawl_runs DROP COLUMN number",
    "ALTER TABLE qacrawl_hosts DROP COLUMN pause",
    "UPDATE qacrawl_meta SET value = '1'",
)


def test_a_frontier_of_the_first_version_gets_a_counter_above_its_leases(address: str | None, tmp_path: Path) -> None:
    with open_frontier(address, SITE, tmp_path) as frontier:
        frontier.add([Found(PAGE, "article")])
        frontier.start_run("old", 1e12)
        for _ in range(7):
            rows = frontier.lease(1, "old", 1e12)
            frontier.release(rows)
        with frontier.engine.begin() as db:
            for statement in (*BACK_TO_1, *([SMALL] if frontier.shared else [])):
                db.execute(text(statement))
    with open_frontier(address, SITE, tmp_path) as frontier:
        assert frontier.lease(1, "new", 1e12)[0].generation == rows[0].generation + 1
        assert frontier.start_run("new", 1e12) > rows[0].generation
        assert frontier.run_ids() == ["new", "old"]
        assert frontier.last_reason() is None


def test_a_frontier_of_the_second_version_keeps_its_urls_and_counts_on(address: str | None, tmp_path: Path) -> None:
    with open_frontier(address, SITE, tmp_path) as frontier:
        frontier.add([Found(PAGE, "article")])
        with frontier.engine.begin() as db:
            for statement in (*BACK_TO_2, *([SMALL] if frontier.shared else [])):
                db.execute(text(statement))
    with open_frontier(address, SITE, tmp_path) as frontier:
        other = PAGE.replace("/1", "/2")
        assert frontier.add([Found(other, "article", address=f"{other}/?from=home")]) == 1
        frontier.swap([], [], visit=2**40)  # more than any number of half the size
        rows = frontier.lease(5, "run", 1e12)
        assert [(row.url, row.address) for row in rows] == [(PAGE, None), (other, f"{other}/?from=home")]
        assert {row.generation for row in rows} == {2**40 + 1}


def test_a_frontier_of_the_third_version_has_its_sitemaps_sent_whole_once_more(
    address: str | None, tmp_path: Path
) -> None:
    with open_frontier(address, SITE, tmp_path) as frontier:
        frontier.add([Found(PAGE, "article"), Found("https://doctorqna.com/sitemap.xml", "sitemap")])
        with frontier.engine.begin() as db:
            for statement in (*BACK_TO_3, "UPDATE qacrawl_urls SET etag = 'a', last_modified = 'b', digest = 'c'"):
                db.execute(text(statement))
    with open_frontier(address, SITE, tmp_path) as frontier:
        article, sitemap = sorted(frontier.lease(5, "run", 1e12), key=lambda row: row.kind)
    assert (article.etag, article.last_modified, article.digest) == ("a", "b", "c")
    assert (sitemap.etag, sitemap.last_modified, sitemap.digest) == (None, None, None)
    assert (article.content, article.quiet) == (None, None)


def test_a_step_that_fails_changes_nothing(
    address: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with open_frontier(address, SITE, tmp_path) as frontier:
        frontier.add([Found(PAGE, "article")])
    with monkeypatch.context() as later:
        later.setattr(tables, "VERSION", 5)
        later.setattr(tables, "MIGRATIONS", {5: (*STEPS, "SELECT 1 FROM nowhere")})
        with refused("nowhere", Exit.FAILED):
            touch(address, tmp_path)
    with open_frontier(address, SITE, tmp_path) as frontier:
        with frontier.engine.connect() as db:
            assert "seen_by" not in db.execute(text("SELECT * FROM qacrawl_urls")).mappings().one()
        assert len(frontier.lease(5, "run", 0)) == 1


def test_many_may_make_a_frontier_at_once(address: str | None, tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(touch, [address] * 8, [tmp_path] * 8))
    with open_frontier(address, SITE, tmp_path) as frontier:
        assert frontier.add([Found(PAGE, "article")]) == 1


def test_a_file_that_another_process_writes_to_is_waited_for(tmp_path: Path) -> None:
    touch(None, tmp_path)
    with closing(sqlite3.connect(tmp_path / "frontier.sqlite", isolation_level=None)) as other:
        other.execute("PRAGMA journal_mode=DELETE")  # as a copy from a backup may have it
        other.execute("BEGIN IMMEDIATE")
        with ThreadPoolExecutor(1) as pool:
            opened = pool.submit(touch, None, tmp_path)
            with pytest.raises(TimeoutError):
                opened.result(0.5)
            other.execute("ROLLBACK")
            opened.result()


def test_a_copied_file_is_the_same_frontier(tmp_path: Path) -> None:
    with open_frontier(None, SITE, tmp_path) as frontier:
        frontier.add([Found(PAGE, "article")])
    (tmp_path / "copy").mkdir()
    shutil.copy(tmp_path / "frontier.sqlite", tmp_path / "copy")
    with open_frontier(None, SITE, tmp_path / "copy") as frontier:
        assert frontier.pending()[0] == 1
