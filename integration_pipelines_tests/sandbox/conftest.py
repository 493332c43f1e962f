"""What the sandbox's own tests share."""

import pytest

from integration_pipelines_tests.vendor_document import Contract, vendor_contract


@pytest.fixture
def contract() -> Contract:
    return vendor_contract()
