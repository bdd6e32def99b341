"""Options and fixtures that several test files share."""

import pytest
from postgres import postgres_server, postgres_url

__all__ = ["postgres_server", "postgres_url", "pytest_addoption"]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--update-expected",
        action="store_true",
        help="rewrite the expected.json of fixtures that read otherwise, then fail for review",
    )
