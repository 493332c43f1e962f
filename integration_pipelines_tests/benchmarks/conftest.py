"""One database server for all benchmarks that the tests run."""

from collections.abc import Iterator

import pytest

from benchmarks.stage import Stage


@pytest.fixture(scope="session")
def stage() -> Iterator[Stage]:
    with Stage.open() as opened:
        yield opened
