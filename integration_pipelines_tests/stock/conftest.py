"""A ledger with rows put into it by hand."""

from collections.abc import Iterator

import pytest

from integration_pipelines.ledger import Ledger
from integration_pipelines_tests.stock.rows import Rows


@pytest.fixture
def rows(ledger: Ledger) -> Iterator[Rows]:
    with ledger.begin() as connection:
        yield Rows(connection)
