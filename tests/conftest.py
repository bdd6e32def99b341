"""Options and fixtures that several test files share."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from filelock import FileLock
from support.crawling import end_started, qacrawl
from support.postgres import address, postgres_server, postgres_url
from support.s3 import bucket, s3_server

__all__ = ["address", "bucket", "postgres_server", "postgres_url", "pytest_addoption", "s3_server"]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--update-expected",
        action="store_true",
        help="rewrite the expected.json of fixtures that read otherwise, then fail for review",
    )


@pytest.fixture(autouse=True)
def no_process_outlives_its_test() -> Iterator[None]:
    yield
    end_started()


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Path:
    """The `output` folder of one `qacrawl demo`, which all workers share: read it, don't write to it."""
    base = tmp_path_factory.getbasetemp()
    shared = base if worker_id == "master" else base.parent
    output = shared / "demo" / "output"
    with FileLock(shared / "demo.lock"):
        if not (output / "done").exists():
            done = qacrawl("demo", "--output", str(output))
            assert done.code == 0, done.err
            (output / "done").touch()
    return output
