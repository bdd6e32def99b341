"""Milliseconds a page: our parser against what people build parsers from, side by side on the same pages.

python benchmarks/parse.py [--pages N] [--rounds N]
python benchmarks/parse.py --pages DIR [--rounds N]

With a folder, its saved pages (gzipped or not) are read in place of synthetic ones: their blocks, and their schema.org
markup; beside extruct, where that is installed.
"""

import argparse
import gc
import statistics
import time
from collections.abc import Callable
from datetime import UTC, datetime
from importlib import import_module, util
from pathlib import Path
from unittest import mock

import lxml.html
import pages
from bs4 import BeautifulSoup
from selectolax.lexbor import LexborHTMLParser

from qacrawl.parse import blocks
from qacrawl.parse.encoding import decode
from qacrawl.parse.markup import fields
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


def read_blocks(body: bytes) -> None:
    blocks.read(decode(body, None) or "")


def read_markup(body: bytes) -> None:
    fields.read(Page(site="qapage", url="https://a.example/1", body=body, fetched_at=FETCHED), "und", lambda href: None)


OF_SAVED: dict[str, Callable[[bytes], object]] = {
    "qacrawl, blocks": read_blocks,
    "qacrawl, schema.org, whole records": read_markup,
    **{name: READERS[name] for name in ("selectolax (lexbor) + text", "BeautifulSoup(lxml) + get_text")},
}
if util.find_spec("extruct"):
    extruct = import_module("extruct")
    OF_SAVED["extruct, JSON-LD and microdata, no record"] = lambda body: extruct.extract(
        body.decode("utf-8", "replace"), syntaxes=["json-ld", "microdata"], errors="ignore"
    )


def measure(
    bodies: list[bytes], rounds: int, readers: dict[str, Callable[[bytes], object]] = READERS
) -> dict[str, float]:
    """Median milliseconds a page for each reader; the readers take turns, so that a slow spell hits all."""
    times: dict[str, list[float]] = {name: [] for name in readers}
    for round_number in range(rounds + 1):
        for name, reader in readers.items():
            gc.collect()  # so that none pays for the trees of the one before
            started = time.process_time()
            for body in bodies:
                reader(body)
            if round_number:  # the first round warms up
                times[name].append((time.process_time() - started) / len(bodies) * 1000)
    return {name: statistics.median(values) for name, values in times.items()}


def saved(folder: Path, rounds: int) -> None:
    """Print what the readers take for the pages in a folder."""
    bodies = pages.saved(folder)
    size = sum(map(len, bodies)) / len(bodies) / 1024
    print(
        f"{len(bodies)} saved pages of {size:.0f} KB, the largest {max(map(len, bodies)) / 1024:.0f}, {rounds} rounds"
    )
    result = measure(bodies, rounds, OF_SAVED)
    floor = result["selectolax (lexbor) + text"]
    for name, value in result.items():
        print(f"{value:8.3f} ms  {value / floor:6.2f} times selectolax + text  {name}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pages", default="40", metavar="N|DIR")
    parser.add_argument("--rounds", type=int, default=7)
    options = parser.parse_args()
    if not options.pages.isdigit():
        saved(Path(options.pages), options.rounds)
        return
    for kind in ("plain", "rich"):
        bodies = [pages.page(number, rich=kind == "rich") for number in range(int(options.pages))]
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
