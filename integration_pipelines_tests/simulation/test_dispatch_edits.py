"""Parcels that staff edit after the marketplace was told of them, in rounds on the sandbox."""

import pytest

from integration_pipelines.ledger import Ledger
from integration_pipelines.sandbox.mirakl.order import Fate
from integration_pipelines_tests.business import Retailer
from integration_pipelines_tests.simulation.dispatch_world import (
    move_into_first,
    number,
    open_floor,
    order,
    parcels,
    ship_now,
    ship_one,
    split,
    track,
    writes,
)

both_ways = pytest.mark.parametrize(("several", "operation"), [(True, "ST23"), (False, "OR23")])


def told(ledger: Ledger, *, several: bool, units: int = 1) -> tuple[Retailer, str]:
    """A shop and an order of which everything was told."""
    shop = open_floor(ledger, multi_shipment=several)
    order_id = order(shop, units)
    ship_now(shop, order_id)
    shop.pass_minutes(5)
    return shop, order_id


@both_ways
def test_tracking_that_changes_there_and_back_is_told_each_time(
    ledger: Ledger, several: bool, operation: str
) -> None:
    shop, order_id = told(ledger, several=several)
    before = writes(shop).get(operation, 0)
    for place, tracking_number in enumerate(("A1", "B2", "A1", "B2"), start=1):
        track(shop, order_id, tracking_number)
        shop.pass_minutes(5)
        [shown] = parcels(shop, order_id)
        assert shown["tracking_number"] == tracking_number
        assert writes(shop)[operation] == before + place
        assert shop.codes() == []
    shop.pass_minutes(120, every=10)
    assert writes(shop)[operation] == before + 4


def test_the_carrier_that_is_dropped_once_more_after_it_changed_back_is_shown_to_a_person(
    ledger: Ledger,
) -> None:
    shop, order_id = told(ledger, several=True)
    for tracking_number in ("A1", "B2"):
        track(shop, order_id, tracking_number)
        shop.pass_minutes(5)
    shop.sandbox.marketplaces[shop.marketplace].shop.carriers.drop_next(5)
    track(shop, order_id, "A1")
    shop.pass_minutes(20)
    assert shop.codes(order_id) == ["tracking_not_shown"]
    assert writes(shop)["ST23"] == 3


def test_units_that_a_told_parcel_gained_are_a_further_shipment_with_its_tracking(ledger: Ledger) -> None:
    shop = open_floor(ledger, multi_shipment=True)
    order_id = order(shop, 6)
    split(shop, order_id)
    ship_one(shop, order_id)
    shop.pass_minutes(5)
    [first] = parcels(shop, order_id)
    for units in (1, 2):
        move_into_first(shop, order_id, units)
        shop.pass_minutes(5)
    shown = parcels(shop, order_id)
    assert [each["lines"][0][1] for each in shown] == [3, 1, 2]
    assert {each["tracking_number"] for each in shown} == {first["tracking_number"]}
    assert shop.on_marketplace(order_id)["state"] == "SHIPPED"
    assert shop.codes() == []
    shop.pass_minutes(120, every=10)
    assert writes(shop) == {"ST01": 3}

    track(shop, order_id, "OTHER1")
    shop.pass_minutes(5)
    assert {each["tracking_number"] for each in parcels(shop, order_id)} == {"OTHER1"}


def test_units_that_a_told_parcel_lost_are_shown_to_a_person(ledger: Ledger) -> None:
    shop = open_floor(ledger, multi_shipment=True)
    order_id = order(shop, 4)
    split(shop, order_id)
    ship_one(shop, order_id)
    shop.pass_minutes(5)
    move_into_first(shop, order_id, -1)
    shop.pass_minutes(5)
    [found] = shop.open_exceptions(order_id)
    assert found.code == "dispatch_withdrawn"
    assert "has 1 of the 2 units" in found.reason
    move_into_first(shop, order_id, 1)
    shop.pass_minutes(5)
    assert shop.codes(order_id) == []


def test_units_that_a_parcel_gained_after_all_of_its_order_was_told_are_shown_to_a_person(
    ledger: Ledger,
) -> None:
    shop, order_id = told(ledger, several=False, units=2)
    shop.sandbox.veeqo.repack_as_staff(number(shop, order_id), 0, 1)
    shop.pass_minutes(5)
    assert shop.codes(order_id) == ["unmatched_parcel"]
    assert writes(shop) == {"OR23": 1, "OR24": 1}


@pytest.mark.parametrize("sku", [0, 1], ids=["one SKU", "two SKUs"])
def test_orders_that_staff_merged_are_both_told_and_surprise_nobody(ledger: Ledger, sku: int) -> None:
    shop = open_floor(ledger, multi_shipment=True)
    goods, buyer, fate = shop.skus(2), {"customer_id": "B-1"}, Fate(debit_seconds=30)
    absorbed = shop.place((goods[0], 1), order_id="ALP-76-A", buyer=buyer, fate=fate)
    kept = shop.place((goods[sku], 2), order_id="ALP-77-A", buyer=buyer, fate=fate)
    shop.pass_minutes(6)
    shop.sandbox.veeqo.merge_as_staff(number(shop, absorbed), number(shop, kept))
    ship_now(shop, kept)
    for _ in range(5):
        shop.pass_minutes(1)
        assert shop.codes() == []
    [first], [second] = parcels(shop, absorbed), parcels(shop, kept)
    assert (first["lines"][0][1], second["lines"][0][1]) == (1, 2)
    assert first["tracking_number"] == second["tracking_number"]

    track(shop, kept, "OTHER1")
    shop.pass_minutes(5)
    told = [parcels(shop, each)[0]["tracking_number"] for each in (absorbed, kept)]
    assert told == ["OTHER1", "OTHER1"]
    assert shop.codes() == []
