"""Pages a second: our crawl with every step on against a bare Scrapy spider that yields nothing, side by side.

python benchmarks/crawl.py [--articles N] [--rounds N]
"""

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

HERE = Path(__file__).parent
CONCURRENCY = 16


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


def ours(start: str, articles: int, output: Path) -> dict:
    """The report of our crawl; its seconds leave out start-up and publishing, as the bare spider's do."""
    command = [sys.executable, "-m", "qacrawl.cli", "crawl", "doctorqna", "--start-url", start, "--allow-private"]
    command += [
        "--numbers",
        f"1-{articles}",
        "--delay",
        "0",
        "--concurrency",
        str(CONCURRENCY),
        "--output",
        str(output),
    ]
    subprocess.run(command, check=True, stdout=subprocess.PIPE)
    report = json.loads(max((output / "doctorqna" / "runs").iterdir()).read_text())
    assert report["fetches"] == articles, report
    return report


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--articles", type=int, default=2000)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    rates: dict[str, list[float]] = {"bare": [], "ours": []}
    with site(options.articles) as start:
        for _ in range(options.rounds):
            with tempfile.TemporaryDirectory() as output:
                rates["ours"].append(options.articles / ours(start, options.articles, Path(output))["seconds"])
                rates["bare"].append(options.articles / bare(start, options.articles))
    for name, values in rates.items():
        print(f"{statistics.median(values):8.1f} pages/s  {name}  ({', '.join(f'{value:.0f}' for value in values)})")
    ratios = [own / other for own, other in zip(rates["ours"], rates["bare"], strict=True)]
    print(f"{statistics.median(ratios):8.2f} ratio, median of {len(ratios)}")


if __name__ == "__main__":
    main()
