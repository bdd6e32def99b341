"""The process that reads pages beside the crawl: what brings it down costs a page at most; it ends with the crawl."""

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

import pytest
from support import crawling, faults
from support.faults import FaultSite

from qacrawl import steps
from qacrawl.fetch.parse_process import Reader, ReadError
from qacrawl.records import Listing, Page, QARecord, Reject

KEY = b"k" * 32


def page(number: int, body: bytes | None = None) -> Page:
    return Page(
        site="doctorqna",
        url=f"https://doctorqna.com/en/article/{number}",
        body=faults.article(number, links=(number + 1,)) if body is None else body,
        fetched_at=datetime(2024, 1, 1, tzinfo=UTC),
    )


def use(do: Callable[[Reader], Awaitable[None]]) -> None:
    """Run a coroutine with a reader, and see that its process is gone afterwards."""

    async def main() -> None:
        reader = Reader(KEY)
        try:
            await asyncio.wait_for(do(reader), 60)
        finally:
            reader.close()
            with pytest.raises(ProcessLookupError):
                os.kill(reader.pid, 0)

    asyncio.run(main())


def breaking(monkeypatch: pytest.MonkeyPatch, act: Callable[[Page], None]) -> None:
    """Have something happen in the process before a page is read there."""
    read = steps.read

    def first_act(page: Page) -> object:
        act(page)
        return read(page)

    monkeypatch.setattr(steps, "read", first_act)


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


def test_more_than_a_socket_holds():
    large = page(1, faults.article(1) + b"<!--" + b"x" * (8 << 20) + b"-->")

    async def do(reader: Reader) -> None:
        found = await asyncio.gather(*(reader.read(large) for _ in range(4)))
        assert {read.result for read in found} == {steps.result(large, KEY)}

    use(do)


def test_a_bug_costs_one_page_and_its_links_are_kept(monkeypatch):
    def bug(page: Page) -> None:
        if page.url.endswith("/2"):
            raise ZeroDivisionError("a bug")

    breaking(monkeypatch, bug)

    async def do(reader: Reader) -> None:
        one, two, three = await asyncio.gather(*map(reader.read, map(page, (1, 2, 3))), return_exceptions=True)
        assert isinstance(two, ReadError)
        assert "/article/2" in str(two)
        assert "ZeroDivisionError: a bug" in str(two)
        assert two.links
        assert isinstance(one.result, QARecord)
        assert isinstance(three.result, QARecord)

    use(do)


def test_a_page_that_brings_it_down_costs_that_page(monkeypatch):
    def fall(page: Page) -> None:
        if page.url.endswith("/3"):
            os.kill(os.getpid(), signal.SIGSEGV)

    breaking(monkeypatch, fall)

    async def do(reader: Reader) -> None:
        first = reader.pid
        found = await asyncio.gather(*map(reader.read, map(page, range(1, 9))), return_exceptions=True)
        assert [type(one).__name__ for one in found] == ["Read", "Read", "ReadError", *["Read"] * 5]
        assert "brings down" in str(found[2])
        assert reader.pid != first

    use(do)


def test_killed_while_it_has_nothing_to_do_another_reads_the_next_page():
    async def do(reader: Reader) -> None:
        await reader.read(page(1))
        first = reader.pid
        os.kill(first, signal.SIGKILL)
        await asyncio.sleep(0.2)
        with pytest.raises(ProcessLookupError):  # none is started before there is a page, so none can die in vain
            os.kill(reader.pid, 0)
        assert isinstance((await reader.read(page(2))).result, QARecord)
        assert reader.pid != first

    use(do)


def test_killed_by_somebody_else_it_costs_no_page(monkeypatch):
    breaking(monkeypatch, lambda page: time.sleep(0.05))

    async def do(reader: Reader) -> None:
        reads = [asyncio.ensure_future(reader.read(page(number))) for number in range(1, 21)]
        await reads[3]
        os.kill(reader.pid, signal.SIGKILL)
        found = await asyncio.gather(*reads)
        assert all(isinstance(read.result, QARecord) for read in found)
        assert [read.result.record_id for read in found] == [f"doctorqna:{number}" for number in range(1, 21)]

    use(do)


def test_signals_for_the_crawl_do_not_end_it():
    async def do(reader: Reader) -> None:
        await reader.read(page(1))
        process = reader.pid
        for one in (signal.SIGINT, signal.SIGTERM):
            os.kill(process, one)
        await reader.read(page(2))
        assert reader.pid == process

    use(do)


def test_the_crawl_goes_on_while_a_page_is_read(monkeypatch):
    breaking(monkeypatch, lambda page: time.sleep(1))

    async def do(reader: Reader) -> None:
        reading_it = asyncio.ensure_future(reader.read(page(1)))
        turns = 0
        while not reading_it.done():
            await asyncio.sleep(0.01)
            turns += 1
        assert turns > 20

    use(do)


def test_it_closes_while_a_page_is_read(monkeypatch):
    breaking(monkeypatch, lambda page: time.sleep(60))

    async def do(reader: Reader) -> None:
        reading_it = asyncio.ensure_future(reader.read(page(1)))
        await asyncio.sleep(0.1)
        reader.close()
        with pytest.raises(ReadError, match="the run ended"):
            await reading_it

    async def main() -> None:
        await asyncio.wait_for(do(Reader(KEY)), 10)

    asyncio.run(main())


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="needs /proc")
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


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="needs /proc")
def test_a_crawl_whose_reader_is_killed_loses_nothing(tmp_path: Path):
    with FaultSite(articles=30) as site:
        process = crawling.start(crawling.command(site.start, tmp_path, "--delay", "0.05"))
        killed = 0
        while process.poll() is None and killed < 3:
            for child in crawling.children(process.pid)[:1]:
                os.kill(child, signal.SIGKILL)
                killed += 1
                time.sleep(0.3)
        done = crawling.finish(process)
    assert killed == 3
    assert done.code == 0, done.err
    assert len(crawling.records(tmp_path)) == 30
