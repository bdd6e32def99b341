"""The process that reads pages: what loops, grows or brings it down costs a page at most; it ends with its parent."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from socket import socketpair

import pytest
from support import acting, crawling, faults
from support.faults import FaultSite

from qacrawl import steps
from qacrawl.reader import client
from qacrawl.reader.client import Reader, ReadError, Unread
from qacrawl.reader.limits import Limits, resident
from qacrawl.reader.messages import Setup
from qacrawl.reader.series import Series
from qacrawl.records import Listing, Page, QARecord, Refusal, Reject

KEY = b"k" * 32
SETUP = Setup("doctorqna", KEY, Limits(2.0, 500), links=True)
LINUX = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="needs /proc")


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return acting.make(tmp_path_factory.mktemp("project"))


@pytest.fixture
def acts(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have processes that read do what pages say."""
    monkeypatch.syspath_prepend(str(project))


def page(number: int, body: bytes | None = None, act: str = "") -> Page:
    body = faults.article(number, links=(number + 1,)) if body is None else body
    return Page(
        site="doctorqna",
        url=f"https://doctorqna.com/en/article/{number}",
        body=acting.page(body, act) if act else body,
        fetched_at=datetime(2024, 1, 1, tzinfo=UTC),
    )


def use(do: Callable[[Reader], Awaitable[None]], setup: Setup = SETUP) -> None:
    """Run a coroutine with a reader, and see that its process is gone afterwards."""

    async def main() -> None:
        reader = Reader(setup)
        try:
            await asyncio.wait_for(do(reader), 60)
        finally:
            reader.close()
            with pytest.raises(ProcessLookupError):
                os.kill(reader.child.pid, 0)

    asyncio.run(main())


async def read(reader: Reader, *pages: Page) -> list[str]:
    """Read pages that are asked for at once; the types of the results, or the reasons why there is none."""
    found = await asyncio.gather(*map(reader.read, pages), return_exceptions=True)
    return [one.refusal.reason if isinstance(one, ReadError) else type(one.result).__name__ for one in found]


def test_the_same_results_as_without_a_process_and_the_links():
    pages = [page(1), page(2, b"%PDF-1.7"), page(3), page(4, b"<html><body><p>Not found</p>")]

    async def do(reader: Reader) -> None:
        found = await asyncio.gather(*map(reader.read, pages))
        assert [read.result for read in found] == [steps.result(one, KEY) for one in pages]
        assert [type(read.result) for read in found] == [QARecord, Reject, QARecord, Reject]
        assert found[0].links
        assert found[1].links == ()

    use(do)


def test_a_listing():
    listing = Page(
        site="doctorqna",
        url="https://doctorqna.com/en/faq/ent-tinnitus/1",
        body=b'<html><body><ul><li><a href="/en/article/7">A question</a></li></ul>',
        fetched_at=datetime(2024, 1, 1, tzinfo=UTC),
    )

    async def do(reader: Reader) -> None:
        read = await reader.read(listing)
        assert isinstance(read.result, Listing)
        assert read.links == ("https://doctorqna.com/en/article/7",)

    use(do)


@pytest.mark.slow
def test_more_than_a_socket_holds():
    large = page(1, faults.article(1) + b"<!--" + b"x" * (8 << 20) + b"-->")

    async def do(reader: Reader) -> None:
        found = await asyncio.gather(*(reader.read(large) for _ in range(4)))
        assert {read.result for read in found} == {steps.result(large, KEY)}

    use(do)


def test_a_bug_costs_one_page_and_its_links_are_kept(acts):
    async def do(reader: Reader) -> None:
        pages = [page(1), page(2, act="broken"), page(3)]
        one, two, three = await asyncio.gather(*map(reader.read, pages), return_exceptions=True)
        assert isinstance(two, ReadError)
        assert two.refusal == Refusal("crashed")
        assert "/article/2" in str(two)
        assert "ZeroDivisionError: a bug" in str(two)
        assert two.links
        assert isinstance(one.result, QARecord)
        assert isinstance(three.result, QARecord)

    use(do)


@pytest.mark.slow
@pytest.mark.parametrize("act", ["abort", "fault", "quit", "exit"])
def test_a_page_that_brings_it_down_costs_that_page(acts, act):
    async def do(reader: Reader) -> None:
        first = reader.child.pid
        pages = [page(number, act=act if number == 3 else "") for number in range(1, 9)]
        found = await asyncio.gather(*map(reader.read, pages), return_exceptions=True)
        assert [type(one).__name__ for one in found] == ["Read", "Read", "ReadError", *["Read"] * 5]
        assert "brings down" in str(found[2])
        assert found[2].refusal == Refusal("crashed")
        assert reader.child.pid != first

    use(do)


@pytest.mark.parametrize("act", ["recursion", "input"])
def test_other_ways_to_break_are_a_crash_too(acts, act):
    async def do(reader: Reader) -> None:
        assert await read(reader, page(1, act=act), page(2)) == ["crashed", "QARecord"]

    use(do)


@pytest.mark.slow
@pytest.mark.parametrize("act", ["loop", "regex", "stubborn"])
def test_a_page_without_end_is_too_slow_wherever_it_stands(acts, act):
    async def do(reader: Reader) -> None:
        begun = time.monotonic()
        pages = [page(number, act=act if number in (1, 3, 5) else "") for number in range(1, 6)]
        assert await read(reader, *pages) == ["too_slow", "QARecord", "too_slow", "QARecord", "too_slow"]
        assert 3 < time.monotonic() - begun < 40  # a single try each

    use(do, SETUP._replace(limits=Limits(1.0, 500)))


@pytest.mark.slow
@pytest.mark.parametrize("act", ["hoard", "huge", pytest.param("mapped", marks=LINUX)])
def test_a_page_that_takes_too_much_memory_is_too_large_wherever_it_stands(acts, act):
    async def do(reader: Reader) -> None:
        pages = [page(number, act=act if number in (1, 3, 5) else "") for number in range(1, 6)]
        assert await read(reader, *pages) == ["too_large", "QARecord", "too_large", "QARecord", "too_large"]

    use(do, SETUP._replace(limits=Limits(20.0, 300)))


@pytest.mark.slow
def test_memory_that_no_allocation_is_refused_for_is_watched(acts, monkeypatch):
    monkeypatch.setattr(client, "TICK", 0.02)

    async def do(reader: Reader) -> None:
        largest = 0

        async def watch() -> None:
            nonlocal largest
            while True:
                largest = max(largest, resident(reader.child.pid))
                await asyncio.sleep(0.01)

        watching = asyncio.ensure_future(watch())
        assert await read(reader, page(1, act="mapped"), page(2)) == ["too_large", "QARecord"]
        watching.cancel()
        assert (250 << 20) < largest < (400 << 20)

    use(do, SETUP._replace(limits=Limits(20.0, 300)))


@pytest.mark.slow
def test_a_process_that_keeps_much_of_what_it_took_is_replaced_and_no_page_is_lost(acts):
    async def do(reader: Reader) -> None:
        first = reader.child.pid
        pages = [page(1), page(2, act="keep"), page(3), page(4)]
        assert await read(reader, *pages) == ["QARecord"] * 4
        assert reader.child.pid != first
        assert resident(reader.child.pid) < (200 << 20)

    use(do)


def test_what_a_parser_prints_is_no_result(acts, capfd):
    async def do(reader: Reader) -> None:
        assert await read(reader, page(1, act="print"), page(2)) == ["QARecord", "QARecord"]

    use(do)
    assert capfd.readouterr() == ("", "noise\n")


@pytest.mark.slow
def test_time_in_which_nobody_watched_does_not_count(acts):
    async def do(reader: Reader) -> None:
        await reader.read(page(1))
        reading = [asyncio.ensure_future(reader.read(page(number, act="second"))) for number in (2, 3)]
        await asyncio.sleep(0.1)
        time.sleep(2.5)  # the parent was stopped, or busy
        assert [type((await one).result) for one in reading] == [QARecord, QARecord]

    use(do)


def test_a_process_that_never_starts_is_an_error_and_no_page_at_fault(tmp_path, monkeypatch):
    (tmp_path / "qacrawl").mkdir()
    (tmp_path / "qacrawl" / "__init__.py").write_text("import no_such_module")
    monkeypatch.syspath_prepend(str(tmp_path))

    async def do(reader: Reader) -> None:
        with pytest.raises(OSError, match="ends as soon as it is started"):
            await reader.read(page(1))

    use(do)


def test_it_imports_from_where_its_parent_does_and_not_from_the_current_folder(tmp_path, monkeypatch):
    (tmp_path / "qacrawl").mkdir()
    (tmp_path / "qacrawl" / "__init__.py").write_text("raise SystemExit")
    (tmp_path / "pickle.py").write_text("raise SystemExit")
    monkeypatch.chdir(tmp_path)

    async def do(reader: Reader) -> None:
        assert await read(reader, page(1)) == ["QARecord"]

    use(do)


def test_it_starts_before_there_is_a_page():
    async def do(reader: Reader) -> None:
        os.kill(reader.child.pid, 0)

    use(do)


def test_it_imports_neither_scrapy_nor_duckdb_nor_arrow():
    ours, theirs = socketpair()
    ours.close()
    with theirs:
        command = [sys.executable, "-X", "importtime", "-m", "qacrawl.reader"]
        done = subprocess.run(command, stdin=theirs.fileno(), stderr=subprocess.PIPE, text=True)
    assert done.returncode == 0
    imported = {line.rpartition("|")[2].strip().split(".")[0] for line in done.stderr.splitlines()}
    assert "selectolax" in imported
    assert not {"scrapy", "twisted", "duckdb", "pyarrow", "sqlalchemy", "asyncio"} & imported


@pytest.mark.slow
def test_killed_while_it_has_nothing_to_do_another_reads_the_next_page():
    async def do(reader: Reader) -> None:
        await reader.read(page(1))
        first = reader.child.pid
        os.kill(first, signal.SIGKILL)
        await asyncio.sleep(0.2)
        with pytest.raises(ProcessLookupError):  # none is started before there is a page, so none can die in vain
            os.kill(reader.child.pid, 0)
        assert isinstance((await reader.read(page(2))).result, QARecord)
        assert reader.child.pid != first

    use(do)


@pytest.mark.slow
def test_killed_by_somebody_else_it_costs_no_page(acts):
    async def do(reader: Reader) -> None:
        reads = [asyncio.ensure_future(reader.read(page(number, act="nap"))) for number in range(1, 21)]
        await reads[3]
        os.kill(reader.child.pid, signal.SIGKILL)
        found = await asyncio.gather(*reads)
        assert all(isinstance(read.result, QARecord) for read in found)
        assert [read.result.record_id for read in found] == [f"doctorqna:{number}" for number in range(1, 21)]

    use(do)


@pytest.mark.slow
def test_killed_again_and_again_before_it_is_ready_it_costs_no_page():
    async def do(reader: Reader) -> None:
        reads = asyncio.ensure_future(read(reader, page(1), page(2)))
        killed = set()
        while len(killed) < client.STARTS - 1:
            if not reader.child.is_gone and not reader.child.is_ready:
                with suppress(ProcessLookupError):
                    os.kill(reader.child.pid, signal.SIGKILL)
                killed.add(reader.child.pid)
            await asyncio.sleep(0.01)
        assert await reads == ["QARecord", "QARecord"]

    use(do)


@pytest.mark.slow
def test_one_that_is_killed_early_is_not_followed_by_another_at_once(monkeypatch):
    monkeypatch.setattr(client, "PAUSE", 1.0)

    async def do(reader: Reader) -> None:
        first = reader.child.pid
        os.kill(first, signal.SIGKILL)
        reads = [asyncio.ensure_future(reader.read(page(1)))]
        while not reader.child.is_gone:
            await asyncio.sleep(0.01)
        reads.append(asyncio.ensure_future(reader.read(page(2))))
        await asyncio.sleep(0.1)
        assert reader.child.pid == first
        found = await asyncio.gather(*reads)
        assert all(isinstance(read.result, QARecord) for read in found)
        assert reader.child.pid != first

    use(do)


@pytest.mark.slow
def test_one_that_is_killed_early_may_be_closed_at_once():
    async def do(reader: Reader) -> None:
        os.kill(reader.child.pid, signal.SIGKILL)
        answer = asyncio.ensure_future(reader.read(page(1)))
        while not reader.child.is_gone:
            await asyncio.sleep(0.01)
        last = reader.child.pid
        reader.close()
        with pytest.raises(Unread):
            await answer
        await asyncio.sleep(2 * client.PAUSE)
        assert reader.child.pid == last

    use(do)


def test_signals_for_the_crawl_do_not_end_it():
    async def do(reader: Reader) -> None:
        await reader.read(page(1))
        process = reader.child.pid
        for one in (signal.SIGINT, signal.SIGTERM):
            os.kill(process, one)
        await reader.read(page(2))
        assert reader.child.pid == process

    use(do)


@pytest.mark.slow
def test_the_crawl_goes_on_while_a_page_is_read(acts):
    async def do(reader: Reader) -> None:
        reading_it = asyncio.ensure_future(reader.read(page(1, act="second")))
        turns = 0
        while not reading_it.done():
            await asyncio.sleep(0.01)
            turns += 1
        assert turns > 20

    use(do)


@pytest.mark.parametrize("act", ["minute", "loop", "regex"])
def test_it_closes_while_a_page_is_read(acts, act):
    async def do(reader: Reader) -> None:
        reading_it = asyncio.ensure_future(reader.read(page(1, act=act)))
        await asyncio.sleep(0.1)
        reader.close()
        with pytest.raises(Unread, match="the run ended"):
            await reading_it
        with pytest.raises(Unread, match="the run ended"):
            await reader.read(page(2))

    async def main() -> None:
        await asyncio.wait_for(do(Reader(SETUP)), 10)

    asyncio.run(main())


@pytest.mark.slow
def test_at_the_end_of_a_run_pages_have_a_short_grace(acts, monkeypatch):
    monkeypatch.setattr(client, "GRACE", 4.0)
    ending = False

    async def do() -> None:
        nonlocal ending
        reader = Reader(SETUP._replace(limits=Limits(60, 500)), lambda: ending)
        await reader.read(page(1))
        ending = True
        await asyncio.sleep(5)  # in which it has nothing to do
        begun = time.monotonic()
        acts = ("nap", "loop", "")
        found = await asyncio.gather(*(reader.read(page(2, act=act)) for act in acts), return_exceptions=True)
        assert [type(one) for one in found] == [client.Read, Unread, Unread]
        assert 3 < time.monotonic() - begun < 30
        with pytest.raises(ProcessLookupError):
            os.kill(reader.child.pid, 0)

    asyncio.run(do())


# Series: pages one after the other


@pytest.mark.slow
def test_a_series_gives_results_in_order_and_a_reject_for_what_can_not_be_read(acts, caplog):
    bad = {1: "loop", 20: "broken", 21: "abort", 40: "huge"}
    given: list[Page | Refusal] = [page(number, act=bad.get(number, "")) for number in range(1, 41)]
    given[4] = Refusal("missing_file")
    with Series(SETUP) as series:
        found = list(series.results(given))
        assert [type(one) for one in series.results([page(1)])] == [QARecord]  # the next file
    assert found[4] == Refusal("missing_file")
    reasons = {number: one.reason for number, one in enumerate(found, 1) if isinstance(one, Reject)}
    assert reasons == {1: "too_slow", 20: "crashed", 21: "crashed", 40: "too_large"}
    ids = [one.record_id for one in found if isinstance(one, QARecord)]
    assert ids == [f"doctorqna:{number}" for number in range(1, 41) if number not in {*bad, 5}]
    assert "ZeroDivisionError: a bug?[31m" in caplog.text  # nothing from a page reaches a terminal as it is
    assert "/article/1: takes more than 2 s to read" in caplog.text


@pytest.mark.slow
def test_a_reject_says_where_the_page_came_from(acts):
    bad = page(1, act="loop").model_copy(update={"run_id": "r", "warc_file": "w", "warc_offset": 12})
    with Series(SETUP) as series:
        (found,) = series.results([bad])
    assert isinstance(found, Reject)
    assert (found.url, found.run_id, found.warc_file, found.warc_offset) == (bad.url, "r", "w", 12)
    assert found.page_sha256 == bad.sha256


@pytest.mark.slow
@LINUX
@pytest.mark.parametrize("act", ["loop", "regex", "minute"])
def test_it_does_not_outlive_a_parent_that_is_killed(project, act):
    code = f"""
import asyncio, sys
from datetime import UTC, datetime
from qacrawl.reader.client import Reader
from qacrawl.reader.limits import Limits
from qacrawl.reader.messages import Setup
from qacrawl.records import Page

def page(body):
    return Page(site="doctorqna", url="https://doctorqna.com/en/article/1", body=body, fetched_at=datetime.now(UTC))

async def main():
    reader = Reader(Setup("doctorqna", b"k" * 32, Limits(600, 500)))
    await reader.read(page(b"x"))
    print(reader.child.pid, flush=True)
    await reader.read(page(b"<!-- act: {act} -->"))

asyncio.run(main())
"""
    env = os.environ | acting.environment(project)
    parent = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, env=env)
    assert parent.stdout
    child = int(parent.stdout.readline())
    time.sleep(0.5)
    assert Path(f"/proc/{child}").exists()
    parent.kill()
    parent.communicate()
    deadline = time.monotonic() + 5
    while Path(f"/proc/{child}").exists():
        assert time.monotonic() < deadline
        time.sleep(0.01)


# In a crawl


@pytest.mark.slow
@LINUX
def test_it_ends_with_a_crawl_that_is_killed_and_holds_nothing_of_it(tmp_path: Path):
    with FaultSite(articles=30) as site:
        process = crawling.start(crawling.command(site.start, tmp_path, "--delay", "0.2"))
        check_end(process)


def check_end(process: "subprocess.Popen[str]") -> None:
    deadline = time.monotonic() + 30
    # Its socket beside standard input, output and error: no lock, no database.
    while not (found := [one for one in crawling.children(process.pid) if opened(one) == ["0", "1", "2", "3"]]):
        assert time.monotonic() < deadline
        time.sleep(0.01)
    process.kill()
    process.communicate()
    while any(Path(f"/proc/{one}").exists() for one in found):
        assert time.monotonic() < deadline
        time.sleep(0.01)


def opened(pid: int) -> list[str]:
    """The file descriptors of a process."""
    with suppress(FileNotFoundError):  # it has ended
        return sorted(path.name for path in Path(f"/proc/{pid}/fd").iterdir())
    return []


@pytest.mark.slow
@LINUX
def test_a_crawl_whose_reader_is_killed_loses_nothing(tmp_path: Path):
    with FaultSite(articles=30) as site:
        process = crawling.start(crawling.command(site.start, tmp_path, "--delay", "0.05"))
        killed = 0
        while process.poll() is None and killed < client.TRIES - 1:  # so that no page is at fault
            for child in crawling.children(process.pid)[:1]:
                os.kill(child, signal.SIGKILL)
                killed += 1
                time.sleep(0.3)
        done = crawling.finish(process)
    assert killed == client.TRIES - 1
    assert done.code == 0, done.err
    assert len(crawling.records(tmp_path)) == 30
