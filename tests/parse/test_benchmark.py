"""`benchmarks/parse.py --pages DIR` reads saved pages, gzipped or not, and says so where there are none."""

import gzip
import subprocess
import sys
from pathlib import Path

from support.places import FIXTURES, ROOT


def run(folder: Path) -> subprocess.CompletedProcess[str]:
    line = [sys.executable, str(ROOT / "benchmarks" / "parse.py"), "--pages", str(folder), "--rounds", "1"]
    return subprocess.run(line, capture_output=True, text=True, timeout=120, check=False)


def test_saved_pages_are_measured_side_by_side(tmp_path):
    body = (FIXTURES / "qapage" / "faq" / "page.html").read_bytes()
    (tmp_path / "one.html").write_bytes(body)
    (tmp_path / "two.html.gz").write_bytes(gzip.compress(body))
    done = run(tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("2 saved pages")
    for name in ("qacrawl, blocks", "qacrawl, schema.org", "selectolax", "BeautifulSoup"):
        assert name in done.stdout


def test_a_folder_without_pages_is_one_line(tmp_path):
    done = run(tmp_path)
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
