"""Our crawl with every step on, side by side with a bare Scrapy spider; a second run; several workers.

python benchmarks/crawl.py [--articles N] [--rounds N] [--postgres URL]
"""

import argparse
import json
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

HERE = Path(__file__).parent
CONCURRENCY = 16
WAIT = 0.2
"""Seconds a page of the slow site."""


@contextmanager
def site(articles: int, wait: float = 0.0) -> Iterator[str]:
    """The address of a site in a process of its own."""
    command = [sys.executable, str(HERE / "site.py"), "--articles", str(articles), "--wait", str(wait)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        yield server.stdout.readline().strip()
        server.kill()


def bare(start: str, articles: int) -> float:
    """Seconds that the bare spider takes, its start-up left out."""
    command = [sys.executable, str(HERE / "bare.py"), start, str(articles), str(CONCURRENCY)]
    return float(subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout)


def command(start: str, articles: int, output: Path, *options: str, concurrency: int = CONCURRENCY) -> list[str]:
    """Our crawl of the same pages."""
    base = [sys.executable, "-m", "qacrawl", "crawl", "doctorqna", "--start-url", start, "--allow-private"]
    base += ["--numbers", f"1-{articles}", "--delay", "0", "--concurrency", str(concurrency), "--output", str(output)]
    return [*base, *options]


def ours(start: str, articles: int, output: Path, *options: str) -> dict:
    """The report of our crawl; its seconds leave out the program's start and publishing, as the bare spider's do.

    Half a second of preparation and the last commit are in them.
    """
    subprocess.run(command(start, articles, output, *options), check=True, stdout=subprocess.PIPE)
    report: dict = json.loads(max((output / "doctorqna" / "runs").iterdir()).read_text())
    assert report["fetches"] == articles, report
    return report


def ratios(articles: int, rounds: int, postgres: str | None) -> None:
    """Pages a second of each, and the ratio to the bare spider in the same round."""
    kinds = {"SQLite": (), **({"PostgreSQL": ("--frontier", postgres)} if postgres else {})}
    rates: dict[str, list[float]] = {"bare": [], **{kind: [] for kind in kinds}}
    with site(articles) as start:
        for _ in range(rounds):
            rates["bare"].append(articles / bare(start, articles))
            for kind, options in kinds.items():
                with tempfile.TemporaryDirectory() as output:
                    seconds = ours(start, articles, Path(output), *options)["seconds"]
                rates[kind].append(articles / seconds)
                if postgres and options:
                    empty(postgres)
    for name, values in rates.items():
        shares = [own / other for own, other in zip(values, rates["bare"], strict=True)]
        spread = f"{statistics.median(shares):6.2f} x bare ({min(shares):.2f} to {max(shares):.2f})"
        print(f"{statistics.median(values):8.1f} pages/s {spread}  {name}")


def empty(postgres: str) -> None:
    """Take the tables out of the database."""
    import psycopg

    with psycopg.connect(postgres) as db:
        for table in ("urls", "files", "runs", "hosts", "meta"):
            db.execute(f"DROP TABLE qacrawl_{table}")


def again(articles: int) -> None:
    """A second run over an unchanged site when every page is due: bytes and requests against the first."""
    with site(articles) as start, tempfile.TemporaryDirectory() as output:
        first = ours(start, articles, Path(output))
        with closing(sqlite3.connect(Path(output) / "doctorqna" / "frontier.sqlite")) as db:
            db.execute("UPDATE qacrawl_urls SET due_at = 0")
            db.commit()
        second = ours(start, articles, Path(output))
        assert second["outcomes"]["unchanged"] == articles, second
    share = second["bytes"] / first["bytes"]
    print(f"second run: {second['requests']:,} requests, {share:.2%} of the first run's {first['bytes'] / 1e6:.1f} MB")


def workers(articles: int, number: int, postgres: str) -> float:
    """Pages a second of so many workers on a site that takes WAIT seconds a page."""
    with site(articles, WAIT) as start, tempfile.TemporaryDirectory() as output:
        options = ("--frontier", postgres, "--worker")
        line = command(start, articles, Path(output), *options, concurrency=1)
        begun = time.monotonic()
        running = [subprocess.Popen(line, stdout=subprocess.DEVNULL) for _ in range(number)]
        assert not any(process.wait() for process in running)
        seconds = time.monotonic() - begun
    empty(postgres)
    return articles / seconds


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--articles", type=int, default=4000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--postgres", help="postgresql://... of an empty database")
    options = parser.parse_args()
    ratios(options.articles, options.rounds, options.postgres)
    again(min(options.articles, 500))
    if options.postgres:
        one, three = (workers(600, number, options.postgres) for number in (1, 3))
        print(f"slow site: {one:.2f} pages/s with 1 worker, {three:.2f} with 3: {three / one:.2f} times")


if __name__ == "__main__":
    main()
