"""What all tests share: `pytest --accept` takes what bpgen now says as what it should say.

Golden pages are rewritten by it. It is refused where CI is set in the environment, so that no
machine can accept what nobody read.
"""

import os

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--accept", action="store_true", help="rewrite the golden pages")


def pytest_configure(config: pytest.Config) -> None:
    if config.getoption("--accept") and os.environ.get("CI"):
        raise pytest.UsageError("--accept is refused where CI is set: read the pages, commit them")


@pytest.fixture(scope="session")
def accept(pytestconfig: pytest.Config) -> bool:
    """Whether pages are to be rewritten instead of compared."""
    return bool(pytestconfig.getoption("--accept"))
