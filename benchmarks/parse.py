"""Milliseconds a page: our parser against what people build parsers from, side by side on the same pages.

python benchmarks/parse.py [--pages N] [--rounds N]
"""

import argparse
import gc
import statistics
import time
from collections.abc import Callable
from datetime import UTC, datetime
from unittest import mock

import lxml.html
import pages
from bs4 import BeautifulSoup
from selectolax.lexbor import LexborHTMLParser

from qacrawl.parse import blocks
from qacrawl.records import Article, Page
from qacrawl.sites.doctorqna import parser

FETCHED = datetime(2024, 1, 1, tzinfo=UTC)


def record(body: bytes) -> None:
    page = Page(site="doctorqna", url="https://doctorqna.com/en/article/1", body=body, fetched_at=FETCHED)
    answer = parser.parse(page)
    assert isinstance(answer, Article), answer
    assert len(answer.fields["similar_qa"]) == 4, answer
    assert len(answer.fields["related_faq"]) == 10, answer


def record_by_reference(body: bytes) -> None:
    with mock.patch.object(blocks, "fast", blocks.reference):
        record(body)


READERS: dict[str, Callable[[bytes], object]] = {
    "qacrawl, whole record, fast front end": record,
    "qacrawl, whole record, reference front end": record_by_reference,
    "BeautifulSoup(lxml) + get_text": lambda body: BeautifulSoup(body, "lxml").get_text(),
    "lxml.html + itertext": lambda body: "".join(lxml.html.fromstring(body).itertext()),
    "selectolax (lexbor) + text": lambda body: LexborHTMLParser(body).text(),
}


def measure(bodies: list[bytes], rounds: int) -> dict[str, float]:
    """Median milliseconds a page for each reader; the readers take turns, so that a slow spell hits all."""
    times: dict[str, list[float]] = {name: [] for name in READERS}
    for round_number in range(rounds + 1):
        for name, reader in READERS.items():
            gc.collect()  # so that none pays for the trees of the one before
            started = time.process_time()
            for body in bodies:
                reader(body)
            if round_number:  # the first round warms up
                times[name].append((time.process_time() - started) / len(bodies) * 1000)
    return {name: statistics.median(values) for name, values in times.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pages", type=int, default=40)
    parser.add_argument("--rounds", type=int, default=7)
    options = parser.parse_args()
    for kind in ("plain", "rich"):
        bodies = [pages.page(number, rich=kind == "rich") for number in range(options.pages)]
        size, tags = (sum(body.count(what) for body in bodies) / len(bodies) for what in (b"", b"<"))
        print(f"{len(bodies)} {kind} pages of {size / 1024:.1f} KB with {tags:.0f} tags, {options.rounds} rounds")
        result = measure(bodies, options.rounds)
        ours = result["qacrawl, whole record, fast front end"]
        for name, value in result.items():
            print(f"{value:8.3f} ms  {name}")
        print(
            f"{result['BeautifulSoup(lxml) + get_text'] / ours:8.1f} times faster than BeautifulSoup(lxml) + get_text"
        )
        print(f"{ours / result['selectolax (lexbor) + text']:8.2f} times the time of selectolax + text")


if __name__ == "__main__":
    main()
