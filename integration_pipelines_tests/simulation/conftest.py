"""Fixtures of the simulations: which warehouse a test runs on, and the start of a scenario there."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest

from integration_pipelines.ledger import Ledger
from integration_pipelines_tests.business import Retailer
from integration_pipelines_tests.simulation.worlds import worlds_served
from integration_pipelines_tests.warehouse_profiles import WarehouseProfile

Start = Callable[..., tuple[Retailer, dict[str, Any]]]


@pytest.fixture(scope="module")
def worlds() -> Iterator[str]:
    """The address of a server of sandboxes, for workers in processes of their own."""
    with worlds_served() as address:
        yield address


@pytest.fixture
def profile() -> WarehouseProfile:
    """Veeqo; tests that must hold elsewhere are parametrised with others."""
    return WarehouseProfile.VEEQO


@pytest.fixture
def retailer(ledger: Ledger, profile: WarehouseProfile) -> Retailer:
    """A new quiet business."""
    return Retailer.open(ledger, profile=profile)


@pytest.fixture
def play(ledger: Ledger, profile: WarehouseProfile) -> Start:
    """Starts a scenario in a new quiet business and lets `minutes` pass; `account` as for `channels_for`."""

    def start(
        name: str, minutes: float, account: Mapping[str, Any] | None = None, **settings: Any
    ) -> tuple[Retailer, dict[str, Any]]:
        retailer = Retailer.open(ledger, settings=settings, profile=profile, account=account)
        scene = retailer.sandbox.start_scenario(name)
        retailer.pass_minutes(minutes)
        return retailer, scene

    return start
