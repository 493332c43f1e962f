"""Dispatches in rounds on the sandbox: what leaves a warehouse is on its marketplace minutes later, once."""

import pytest

from integration_pipelines.ledger import Ledger
from integration_pipelines_tests.business import Retailer
from integration_pipelines_tests.simulation.dispatch_world import (
    FLOOR,
    left_warehouse,
    open_floor,
    order,
    parcels,
)
from integration_pipelines_tests.warehouse_profiles import DEPOSCO, WarehouseProfile

SYSTEMS = (WarehouseProfile.VEEQO, *DEPOSCO)
both_systems = pytest.mark.parametrize("profile", SYSTEMS)
both_ways = pytest.mark.parametrize("multi_shipment", [True, False])


def writes(shop: Retailer) -> dict[str, int]:
    """How often dispatches were told, by operation."""
    calls: dict[str, int] = shop.sandbox.truth()["calls"][shop.marketplace]
    return {name: calls[name] for name in ("ST01", "ST23", "OR23", "OR24") if name in calls}


@both_systems
@both_ways
def test_what_leaves_the_warehouse_is_told_once_with_its_tracking(
    ledger: Ledger, profile: WarehouseProfile, multi_shipment: bool
) -> None:
    shop = open_floor(ledger, profile, multi_shipment=multi_shipment)
    order_id = order(shop, 2, 1)
    shop.pass_minutes(FLOOR, every=5)

    [sent] = left_warehouse(shop, order_id)
    [told] = parcels(shop, order_id)
    assert shop.on_marketplace(order_id)["state"] == "SHIPPED"
    assert told["status"] == "SHIPPED"
    assert sorted(units for _, units in told["lines"]) == [1, 2]
    assert told["tracking_number"]
    assert told["tracking_number"] in str(sent["tracking"])
    assert told["carrier_code"] or told["carrier_name"]
    assert writes(shop) == ({"ST01": 1} if multi_shipment else {"OR23": 1, "OR24": 1})
    assert shop.codes() == []
