"""A spider's callback may be written in any way that Scrapy knows."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from scrapy import Request, Spider
from scrapy.http import Response

from qacrawl.fetch.callbacks import outputs
from qacrawl.records import Page

URL = "https://doctorqna.com/en/article/1"
PAGE = Page(site="doctorqna", url=URL, body=b"", fetched_at=datetime(2026, 1, 1, tzinfo=UTC))
NEXT = Request(URL)


def generator(response: Response) -> Iterator[Any]:
    yield PAGE
    yield NEXT


async def asynchronous(response: Response) -> AsyncIterator[Any]:
    yield PAGE
    yield NEXT


async def coroutine(response: Response) -> list[Any]:
    return [PAGE, NEXT]


async def coroutine_of_a_generator(response: Response) -> Iterator[Any]:
    return generator(response)


def read(callback: Any, kind: str = "article", **others: Any) -> list[Any]:
    spider = Spider("doctorqna")
    spider.parse = callback  # type: ignore[method-assign]
    for name, value in others.items():
        setattr(spider, name, value)

    async def collect() -> list[Any]:
        return [output async for output in outputs(spider, kind, Response(URL))]

    return asyncio.run(collect())


@pytest.mark.parametrize("callback", [generator, asynchronous, coroutine, coroutine_of_a_generator])
def test_all_outputs_in_order(callback):
    assert read(callback) == [PAGE, NEXT]


@pytest.mark.parametrize(("output", "expected"), [(PAGE, [PAGE]), (NEXT, [NEXT]), (None, []), (7, [7])])
def test_one_output_or_none(output, expected):
    assert read(lambda response: output) == expected


def test_a_kind_of_page_may_have_its_own_callback():
    assert read(generator, "listing", parse_listing=lambda response: NEXT) == [NEXT]
    assert read(generator, "article", parse_listing=lambda response: NEXT) == [PAGE, NEXT]
