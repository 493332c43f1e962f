"""Dispatches in rounds on the sandbox: what leaves a warehouse is on its marketplace minutes later, once."""

import pytest

from integration_pipelines.fulfilments.steer import map_carrier
from integration_pipelines.ledger import Ledger
from integration_pipelines_tests.business import Retailer
from integration_pipelines_tests.simulation.dispatch_world import (
    FLOOR,
    left_warehouse,
    number,
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


def veeqo_floor(ledger: Ledger, **fulfilment: object) -> Retailer:
    return open_floor(ledger, WarehouseProfile.VEEQO, **{"multi_shipment": True, **fulfilment})


def ship_now(shop: Retailer, order_id: str) -> None:
    shop.sandbox.veeqo.ship_as_staff(number(shop, order_id))


def map_carrier_now(shop: Retailer, name: str, code: str) -> str:
    with shop.ledger.begin() as connection:
        return map_carrier(
            connection, shop.channels, shop.marketplace, name, code, who="ann", now=shop.clock.now()
        )


def without_carriers(ledger: Ledger, **fulfilment: object) -> Retailer:
    """A shop in whose file nobody has mapped any carrier."""
    shop = veeqo_floor(ledger, **fulfilment)
    work = shop.integration.dispatch_work[shop.marketplace]
    shipping = work.marketplace.shipping.model_copy(update={"carriers": {}})
    work.marketplace = work.marketplace.model_copy(update={"carriers": {}, "shipping": shipping})
    return shop


def test_f19_a_carrier_that_was_dropped_in_silence_is_told_again(ledger: Ledger) -> None:
    shop = veeqo_floor(ledger)
    order_id = order(shop, 1)
    shop.sandbox.marketplaces[shop.marketplace].shop.carriers.drop_next()
    ship_now(shop, order_id)
    shop.pass_minutes(5)
    [told] = parcels(shop, order_id)
    assert told["carrier_code"] or told["carrier_name"]
    assert writes(shop) == {"ST01": 1, "ST23": 1}
    assert shop.codes() == []


def test_f19_a_carrier_that_is_dropped_again_and_again_is_shown_to_a_person(ledger: Ledger) -> None:
    shop = veeqo_floor(ledger)
    order_id = order(shop, 1)
    shop.sandbox.marketplaces[shop.marketplace].shop.carriers.drop_next(5)
    ship_now(shop, order_id)
    shop.pass_minutes(20)
    assert shop.codes(order_id) == ["tracking_not_shown"]
    assert writes(shop) == {"ST01": 1, "ST23": 1}


def test_f20_an_unmapped_carrier_waits_for_a_person_who_repairs_it_for_all(ledger: Ledger) -> None:
    shop = without_carriers(ledger)
    order_id = order(shop, 1)
    ship_now(shop, order_id)
    shop.pass_minutes(3)
    [waiting] = shop.open_exceptions()
    assert waiting.code == "unmapped_carrier"
    assert waiting.deadline == shop.ledger_order(order_id).ship_by
    assert parcels(shop, order_id) == []

    with pytest.raises(ValueError, match="lists no carrier 'dpduk'"):
        map_carrier_now(shop, waiting.details["carrier"], "dpduk")
    map_carrier_now(shop, waiting.details["carrier"], "RoyalMail")
    shop.pass_minutes(3)
    [told] = parcels(shop, order_id)
    assert told["carrier_code"] == "RoyalMail"
    assert shop.codes() == []


def test_f20_a_code_that_the_operator_renamed_is_noticed_the_next_day(ledger: Ledger) -> None:
    shop = veeqo_floor(ledger)
    shop.pass_minutes(2)
    shop.sandbox.marketplaces[shop.marketplace].shop.carriers.rename("DPDUK", "DPD_UK")
    shop.pass_minutes(25 * 60, every=30)
    [gone] = shop.open_exceptions()
    assert (gone.code, gone.details["code"]) == ("carrier_gone", "DPDUK")
    assert "DPD_UK" in gone.reason


def test_f21_two_parcels_for_one_line_are_two_shipments(ledger: Ledger) -> None:
    shop = veeqo_floor(ledger)
    order_id = order(shop, 4)
    shop.sandbox.veeqo.split_as_staff(number(shop, order_id))
    shop.sandbox.veeqo.ship_one_as_staff(number(shop, order_id))
    shop.pass_minutes(3)
    assert [each["lines"][0][1] for each in parcels(shop, order_id)] == [2]
    assert shop.on_marketplace(order_id)["state"] == "SHIPPING"
    shop.sandbox.veeqo.ship_one_as_staff(number(shop, order_id))
    shop.pass_minutes(3)
    assert [each["lines"][0][1] for each in parcels(shop, order_id)] == [2, 2]
    assert shop.on_marketplace(order_id)["state"] == "SHIPPED"


def test_f21_without_several_parcels_the_order_is_told_when_all_has_left(
    ledger: Ledger,
) -> None:
    shop = veeqo_floor(ledger, multi_shipment=False)
    order_id = order(shop, 4)
    shop.sandbox.veeqo.split_as_staff(number(shop, order_id))
    shop.sandbox.veeqo.ship_one_as_staff(number(shop, order_id))
    shop.pass_minutes(3)
    assert writes(shop) == {}
    shop.sandbox.veeqo.ship_one_as_staff(number(shop, order_id))
    shop.pass_minutes(3)
    [told] = parcels(shop, order_id)
    assert told["lines"][0][1] == 4
    assert told["tracking_number"]


def test_f22_where_tracking_is_mandatory_nothing_is_told_without_it(ledger: Ledger) -> None:
    shop = veeqo_floor(ledger, mandatory_tracking=frozenset({"STD"}))
    order_id = order(shop, 1)
    ship_now(shop, order_id)
    shop.sandbox.veeqo.set_tracking_as_staff(number(shop, order_id), None)
    shop.pass_minutes(180, every=5)
    assert writes(shop) == {}
    shop.sandbox.veeqo.set_tracking_as_staff(number(shop, order_id), "LATE123")
    shop.pass_minutes(5)
    [told] = parcels(shop, order_id)
    assert told["tracking_number"] == "LATE123"


def test_tracking_that_comes_later_is_told_later_where_it_is_not_mandatory(ledger: Ledger) -> None:
    shop = veeqo_floor(ledger)
    order_id = order(shop, 1)
    ship_now(shop, order_id)
    shop.sandbox.veeqo.set_tracking_as_staff(number(shop, order_id), None)
    shop.pass_minutes(70, every=5)
    [told] = parcels(shop, order_id)
    assert (told["status"], told["tracking_number"]) == ("SHIPPED", None)
    shop.sandbox.veeqo.set_tracking_as_staff(number(shop, order_id), "LATE123")
    shop.pass_minutes(5)
    [told] = parcels(shop, order_id)
    assert told["tracking_number"] == "LATE123"
    assert shop.codes() == []


def test_a_parcel_rolled_back_after_it_was_told_is_shown_until_the_goods_leave_again(ledger: Ledger) -> None:
    shop = veeqo_floor(ledger)
    order_id = order(shop, 1)
    ship_now(shop, order_id)
    shop.pass_minutes(3)
    [first] = parcels(shop, order_id)
    shop.sandbox.veeqo.void_as_staff(number(shop, order_id))
    shop.pass_minutes(3)
    assert shop.codes(order_id) == ["dispatch_withdrawn"]
    ship_now(shop, order_id)
    shop.pass_minutes(5)
    [told] = parcels(shop, order_id)
    assert told["id"] == first["id"]
    assert told["tracking_number"] != first["tracking_number"]
    assert shop.codes(order_id) == []


def test_what_somebody_confirmed_by_hand_is_not_told_again(ledger: Ledger) -> None:
    shop = veeqo_floor(ledger)
    order_id = order(shop, 1)
    account = shop.sandbox.marketplaces[shop.marketplace]
    account.shop.dispatch.ship_rest(account.orders[order_id], shop.clock.now())
    ship_now(shop, order_id)
    shop.pass_minutes(10)
    assert len(parcels(shop, order_id)) == 1
    assert writes(shop) == {}
    assert shop.codes() == []


def test_m28_what_only_the_marketplace_counts_as_shipped_is_shown_a_day_later(ledger: Ledger) -> None:
    shop = veeqo_floor(ledger)
    order_id = order(shop, 1)
    account = shop.sandbox.marketplaces[shop.marketplace]
    shop.sandbox.veeqo.hold_as_staff(number(shop, order_id))
    account.shop.dispatch.ship_rest(account.orders[order_id], shop.clock.now())
    shop.pass_minutes(26 * 60, every=30)
    assert shop.codes(order_id) == ["not_dispatched"]


def test_an_order_that_may_not_leave_in_time_is_shown_before_its_deadline(ledger: Ledger) -> None:
    shop = veeqo_floor(ledger)
    order_id = order(shop, 1)
    shop.sandbox.veeqo.hold_as_staff(number(shop, order_id))
    deadline = shop.ledger_order(order_id).ship_by
    while not [each for each in shop.open_exceptions(order_id) if each.code == "dispatch_late"]:
        assert shop.clock.now() < deadline, "nobody was warned"
        shop.pass_minutes(60, every=60)


def test_a_parcel_for_two_orders_is_told_to_both(ledger: Ledger) -> None:
    shop = open_floor(ledger, WarehouseProfile.DEPOSCO_V2, multi_shipment=True)
    first, second = order(shop, 1), order(shop, 2, order_id="ALP-78-A")
    while any(on_floor(shop, each) in {"New", "Wave Built"} for each in (first, second)):
        shop.pass_minutes(10)
    shop.sandbox.deposco.ship_together_as_staff(number(shop, first), number(shop, second))
    shop.pass_minutes(10)
    [one], [other] = parcels(shop, first), parcels(shop, second)
    assert one["tracking_number"] == other["tracking_number"]
    assert (one["lines"][0][1], other["lines"][0][1]) == (1, 2)
    assert shop.codes() == []


def on_floor(shop: Retailer, order_id: str) -> str:
    """How far the order is in Deposco."""
    truth = shop.sandbox.deposco.order_numbered(number(shop, order_id))
    assert truth is not None
    return str(truth["status"])
