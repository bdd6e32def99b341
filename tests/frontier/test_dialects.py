"""What differs between SQLite and PostgreSQL is said by `database` alone, and each of them gets what it needs."""

import ast
import time
from pathlib import Path

import pytest
from sqlalchemy import Connection, Engine, Text, cast, func, literal, select
from support.places import ROOT

from qacrawl.errors import Exit, QacrawlError
from qacrawl.frontier import database, open_frontier
from qacrawl.frontier.tables import files, hosts, urls

PACKAGE = ROOT / "qacrawl" / "frontier"
NAMED = {"_asdict", "_fields", "_make", "_replace"}
"""What every named tuple has, for anybody."""
WORDS = ("dialect", "sqlite", "postgres", "psycopg", "pragma")


def code(path: Path) -> str:
    """The code of a module in lower case, without comments and docstrings."""
    tree = ast.parse(path.read_text())
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        if isinstance(body, list):
            node.body = [line for line in body if not _is_text(line)] or [ast.Pass()]  # type: ignore[attr-defined]
    return ast.unparse(tree).lower()


def _is_text(line: ast.stmt) -> bool:
    return isinstance(line, ast.Expr) and isinstance(line.value, ast.Constant) and isinstance(line.value.value, str)


def test_only_one_module_knows_which_database_it_is() -> None:
    said = {path.stem: [word for word in WORDS if word in code(path)] for path in PACKAGE.glob("*.py")}
    assert {name for name, words in said.items() if words} == {"database"}


def test_no_module_reaches_into_anothers_private_parts() -> None:
    for path in PACKAGE.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            private = isinstance(node, ast.Attribute) and node.attr.startswith("_") and not node.attr.startswith("__")
            own = private and (ast.unparse(node).startswith("self._") or node.attr in NAMED)
            assert not private or own, (path.name, node.lineno)


@pytest.fixture
def engine(address: str | None, tmp_path: Path):
    with open_frontier(address, "doctorqna", tmp_path) as frontier:
        yield frontier.engine


@pytest.fixture
def db(engine: Engine):
    with engine.begin() as connection:
        yield connection


def is_file(db: Connection | Engine) -> bool:
    return db.dialect.name == "sqlite"


def words(db: Connection, statement) -> str:
    """The SQL of a statement as the database gets it, on one line."""
    return " ".join(str(statement.compile(dialect=db.dialect)).split())


def test_a_server_is_shared_and_a_file_is_not(engine: Engine) -> None:
    assert database.shared(engine) is not is_file(engine)


def test_the_clock_is_the_servers_or_this_machines(db: Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    assert db.execute(select(database.clock(db))).scalar_one() == pytest.approx(time.time(), abs=5)
    monkeypatch.setattr(time, "time", lambda: 7.0)
    told = db.execute(select(database.clock(db))).scalar_one()
    assert (told == 7.0) is is_file(db)


def test_a_clock_that_ticks_goes_on_within_a_statement(postgres_url: str, tmp_path: Path) -> None:
    with open_frontier(postgres_url, "doctorqna", tmp_path) as frontier, frontier.engine.begin() as db:
        for ticking in (False, True):
            first, second = (database.clock(db, ticking=ticking).label(name) for name in ("first", "second"))
            row = db.execute(select(first, cast(func.pg_sleep(0.01), Text), second)).one()
            assert (row.second > row.first) is ticking


def test_our_clock_counts_on_from_the_databases(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = database.Clock(engine)
    before = clock.now()
    asked = []
    monkeypatch.setattr(database, "reading", asked.append)  # whoever asks again fails
    assert 0 <= clock.now() - before < 2
    assert asked == []


def test_rows_are_locked_in_one_order_or_skipped_where_there_are_locks(db: Connection) -> None:
    rows = select(urls.c.id).where(urls.c.state == "due")
    plain, ordered = words(db, rows), words(db, database.locked(db, rows, urls.c.id))
    skipping = words(db, database.locked(db, rows, skip=True))
    if is_file(db):
        assert plain == ordered == skipping
    else:
        assert ordered.endswith("ORDER BY qacrawl_urls.id FOR UPDATE")
        assert skipping.endswith("FOR UPDATE SKIP LOCKED")


def test_updated_rows_are_counted(db: Connection) -> None:
    for number in range(3):
        due = {"state": "due", "priority": 1, "due_at": 0.0, "first_seen": 0.0}
        row = {"site": "doctorqna", "url": f"https://doctorqna.com/{number}", "kind": "start", "number": number}
        db.execute(database.insert(db, urls).values(row | due))
    some = database.locked(db, select(urls.c.id).where(urls.c.number > 0), urls.c.id)
    assert database.update_rows(db, urls, some, {"state": "done"}) == 2
    assert db.execute(select(urls.c.state).order_by(urls.c.number)).scalars().all() == ["due", "done", "done"]


def test_a_row_that_is_there_is_left_or_changed(db: Connection) -> None:
    row = {"site": "doctorqna", "kind": "parts", "name": "a", "size": 1}
    for size in (1, 2):
        put = database.insert(db, files).values(row | {"size": size})
        db.execute(put.on_conflict_do_nothing())
    assert db.execute(select(files.c.size)).scalar_one() == 1
    put = database.insert(db, files).values(row)
    db.execute(put.on_conflict_do_update(index_elements=["site", "kind", "name"], set_={"size": 3}))
    assert db.execute(select(files.c.size)).scalar_one() == 3


@pytest.mark.parametrize(("value", "whole"), [(0.0, 0), (2.4, 2), (2.5, 2), (2.999, 2), (20_000.7, 20_000)])
def test_the_whole_part_is_cut_and_not_rounded(db: Connection, value: float, whole: int) -> None:
    assert db.execute(select(database.whole(db, literal(value)))).scalar_one() == whole


@pytest.mark.parametrize(("number", "lengths"), [(0, []), (1, [1]), (500, [500]), (501, [500, 1]), (1000, [500, 500])])
def test_long_lists_come_in_pieces(number: int, lengths: list[int]) -> None:
    pieces = list(database.chunks(range(number)))
    assert [len(piece) for piece in pieces] == lengths
    assert [one for piece in pieces for one in piece] == list(range(number))


def put_host(engine: Engine, name: str) -> None:
    with engine.begin() as db:
        db.execute(database.insert(db, hosts).values(host=name, next_at=0.0))


def test_a_reader_keeps_no_writer_waiting(engine: Engine) -> None:
    with database.reading(engine) as reader:
        assert reader.execute(select(hosts.c.host)).all() == []
        put_host(engine, "a")  # would wait half a minute


def test_a_snapshot_stays_as_it_was(engine: Engine) -> None:
    with database.snapshot(engine) as reader:
        assert reader.execute(select(hosts.c.host)).all() == []
        put_host(engine, "a")
        assert reader.execute(select(hosts.c.host)).all() == []
    with database.snapshot(engine) as reader:
        assert reader.execute(select(hosts.c.host)).scalars().all() == ["a"]


def test_a_file_is_locked_in_its_folder_and_a_server_in_itself(engine: Engine, tmp_path: Path) -> None:
    one, other = ("first", "second")
    (tmp_path / one).mkdir()
    (tmp_path / other).mkdir()
    with database.run_lock(engine, "doctorqna", tmp_path / one, worker=False):
        with pytest.raises(QacrawlError) as said, database.run_lock(engine, "doctorqna", tmp_path / one, worker=False):
            pass
        assert said.value.code == Exit.LOCKED
        try:
            with database.run_lock(engine, "doctorqna", tmp_path / other, worker=False):
                free = True
        except QacrawlError:
            free = False
    assert free is is_file(engine), "folders of two machines share the server, and nothing else"


def test_tidying_gives_space_back_and_harms_nothing(engine: Engine) -> None:
    put_host(engine, "a")
    database.tidy(engine)
    with database.reading(engine) as reader:
        assert reader.execute(select(hosts.c.host)).scalars().all() == ["a"]
