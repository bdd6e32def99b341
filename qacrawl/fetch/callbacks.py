"""What a spider's callback gives, however it is written: a generator, a coroutine, a list, one object or nothing."""

from collections.abc import AsyncIterator
from typing import Any

from scrapy import Request, Spider
from scrapy.http import Response

from qacrawl.records import Page


async def outputs(spider: Spider, kind: str, response: Response) -> AsyncIterator[Any]:
    """Yield what a spider makes of a response: by its `parse_<kind>`, else by its `parse`."""
    callback = getattr(spider, f"parse_{kind}", spider.parse)
    async for output in _each(callback(response)):
        yield output


async def _each(output: Any) -> AsyncIterator[Any]:
    if output is None:
        return
    if hasattr(output, "__aiter__"):
        async for item in output:
            yield item
    elif hasattr(output, "__await__"):
        async for item in _each(await output):
            yield item
    elif isinstance(output, Request | Page) or not hasattr(output, "__iter__"):
        yield output
    else:
        for item in output:
            yield item
