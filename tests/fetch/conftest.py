"""A run without a crawl: real frontier, real archive, no requests."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from qacrawl.fetch.lifecycle import opened
from qacrawl.fetch.run import Run
from qacrawl.options import Options


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Run]:
    """A run of doctorqna.com into an empty folder."""
    with opened("doctorqna", Options(output=str(tmp_path)), "test/1") as made:
        yield made
        made.close()
