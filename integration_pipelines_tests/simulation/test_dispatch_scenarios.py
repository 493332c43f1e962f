"""The sandbox's scenarios of dispatches, played to their end at both warehouses."""

from typing import Any

import pytest

from integration_pipelines.ledger import Ledger
from integration_pipelines_tests.business import Retailer
from integration_pipelines_tests.simulation.dispatch_world import open_floor, parcels
from integration_pipelines_tests.warehouse_profiles import WarehouseProfile

HOURS = 12
everywhere = pytest.mark.parametrize("profile", [WarehouseProfile.VEEQO, WarehouseProfile.DEPOSCO_V2])


def play(
    ledger: Ledger, profile: WarehouseProfile, name: str, **fulfilment: Any
) -> tuple[Retailer, list[str]]:
    shop = open_floor(ledger, profile, **{"multi_shipment": True, **fulfilment})
    shop.pass_minutes(3)
    told = shop.sandbox.start_scenario(name)
    shop.pass_minutes(HOURS * 60, every=10)
    return shop, told["order_ids"]


def test_f19_the_forgotten_carrier_is_told_once_more(ledger: Ledger) -> None:
    shop, [order_id] = play(ledger, WarehouseProfile.VEEQO, "f19_carrier_dropped")
    assert all(each["carrier_code"] or each["carrier_name"] for each in parcels(shop, order_id))
    assert shop.on_marketplace(order_id)["state"] == "SHIPPED"
    assert shop.codes() == []


def test_f20_codes_of_yesterday_are_refused_and_shown(ledger: Ledger) -> None:
    shop, order_ids = play(ledger, WarehouseProfile.DEPOSCO_V2, "f20_carriers_renamed")
    shown = {order_id: shop.codes(order_id) for order_id in order_ids}
    assert ["dispatch_refused"] in shown.values()
    for order_id, codes in shown.items():
        told = parcels(shop, order_id)
        assert (codes, told) == (["dispatch_refused"], []) or told[0]["carrier_code"] is None


@everywhere
@pytest.mark.parametrize("multi_shipment", [True, False])
def test_f21_two_parcels_for_one_line_ship_the_order(
    ledger: Ledger, profile: WarehouseProfile, multi_shipment: bool
) -> None:
    shop, [order_id] = play(ledger, profile, "f21_two_parcels_for_one_line", multi_shipment=multi_shipment)
    assert shop.on_marketplace(order_id)["state"] == "SHIPPED"
    told = [units for each in parcels(shop, order_id) for _, units in each["lines"]]
    assert sum(told) == 4
    assert len(told) == (2 if multi_shipment else 1)
    assert shop.codes() == []


@everywhere
def test_f21_one_parcel_for_two_orders_ships_both(ledger: Ledger, profile: WarehouseProfile) -> None:
    shop, order_ids = play(ledger, profile, "f21_one_parcel_for_two_orders")
    numbers = {each["tracking_number"] for order_id in order_ids for each in parcels(shop, order_id)}
    assert [shop.on_marketplace(order_id)["state"] for order_id in order_ids] == ["SHIPPED", "SHIPPED"]
    assert len(numbers) == 1
    assert shop.codes() == []


@everywhere
@pytest.mark.parametrize("mandatory", [frozenset[str](), frozenset({"STD"})])
def test_f22_a_late_number_is_waited_for_where_the_operator_insists(
    ledger: Ledger, profile: WarehouseProfile, mandatory: frozenset[str]
) -> None:
    shop, [order_id] = play(ledger, profile, "f22_tracking_comes_late", mandatory_tracking=mandatory)
    [told] = parcels(shop, order_id)
    assert told["tracking_number"]
    assert shop.on_marketplace(order_id)["state"] == "SHIPPED"
    assert shop.codes() == []


@everywhere
def test_f23_no_more_is_told_than_is_still_wanted(ledger: Ledger, profile: WarehouseProfile) -> None:
    shop, [order_id] = play(ledger, profile, "f23_unit_cancelled_before_shipping")
    [told] = parcels(shop, order_id)
    assert [units for _, units in told["lines"]] == [2]
    assert shop.on_marketplace(order_id)["state"] == "SHIPPED"
    assert "unmatched_parcel" in shop.codes(order_id)


@everywhere
def test_a_parcel_that_was_taken_back_and_left_again_has_its_new_number(
    ledger: Ledger, profile: WarehouseProfile
) -> None:
    shop, [order_id] = play(ledger, profile, "parcel_rolled_back")
    [told] = parcels(shop, order_id)
    [booking] = shop.live_bookings(order_id)
    gone = [each for each in booking["dispatches"] if each.get("status", "Shipped") == "Shipped"]
    assert told["tracking_number"] in str(gone[-1]["tracking"])
    assert shop.codes() == []
