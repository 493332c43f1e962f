"""Dispatches in rounds on the sandbox: what leaves a warehouse is on its marketplace minutes later, once."""

from decimal import Decimal
from typing import Any

import pytest

from integration_pipelines.fulfilments.steer import map_carrier
from integration_pipelines.ledger import Ledger
from integration_pipelines.sandbox.mirakl.refunds import Movement
from integration_pipelines_tests.business import Retailer
from integration_pipelines_tests.simulation.dispatch_world import (
    FLOOR,
    carry,
    left_warehouse,
    number,
    open_floor,
    order,
    parcels,
    ship_now,
    ship_one,
    split,
    track,
    unmap_carriers,
    writes,
)
from integration_pipelines_tests.warehouse_profiles import DEPOSCO, WarehouseProfile

SYSTEMS = (WarehouseProfile.VEEQO, *DEPOSCO)
both_systems = pytest.mark.parametrize("profile", SYSTEMS)
both_ways = pytest.mark.parametrize("multi_shipment", [True, False])


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


def veeqo_floor(ledger: Ledger, **fulfilment: Any) -> Retailer:
    return open_floor(ledger, WarehouseProfile.VEEQO, **{"multi_shipment": True, **fulfilment})


def map_carrier_now(shop: Retailer, name: str, code: str) -> str:
    with shop.ledger.begin() as connection:
        return map_carrier(
            connection, shop.channels, shop.marketplace, name, code, who="ann", now=shop.clock.now()
        )


def without_carriers(ledger: Ledger, **fulfilment: Any) -> Retailer:
    """A shop in whose file nobody has mapped any carrier."""
    shop = veeqo_floor(ledger, **fulfilment)
    unmap_carriers(shop)
    return shop


AGAIN = {True: {"ST01": 1, "ST23": 1}, False: {"OR23": 2, "OR24": 1}}


@both_ways
def test_f19_a_carrier_that_was_dropped_in_silence_is_told_again(
    ledger: Ledger, multi_shipment: bool
) -> None:
    shop = veeqo_floor(ledger, multi_shipment=multi_shipment)
    order_id = order(shop, 1)
    shop.sandbox.marketplaces[shop.marketplace].shop.carriers.drop_next()
    ship_now(shop, order_id)
    shop.pass_minutes(5)
    [told] = parcels(shop, order_id)
    assert told["carrier_code"] or told["carrier_name"]
    assert writes(shop) == AGAIN[multi_shipment]
    assert shop.codes() == []


@both_ways
def test_f19_a_carrier_that_is_dropped_again_and_again_is_shown_to_a_person(
    ledger: Ledger, multi_shipment: bool
) -> None:
    shop = veeqo_floor(ledger, multi_shipment=multi_shipment)
    order_id = order(shop, 1)
    shop.sandbox.marketplaces[shop.marketplace].shop.carriers.drop_next(5)
    ship_now(shop, order_id)
    shop.pass_minutes(20)
    assert shop.codes(order_id) == ["tracking_not_shown"]
    assert writes(shop) == AGAIN[multi_shipment]


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


def test_f20_what_left_with_a_renamed_carrier_waits_until_one_act_mends_it_for_all(ledger: Ledger) -> None:
    shop = veeqo_floor(ledger)
    shop.pass_minutes(2)
    before = [order(shop, 1, order_id=f"ALP-{place}-A") for place in (77, 78)]
    shop.sandbox.marketplaces[shop.marketplace].shop.carriers.rename("DPDUK", "DPD_UK")
    leave_with_dpd(shop, *before)
    assert [shop.codes(each) for each in before] == [["dispatch_refused"], ["dispatch_refused"]]

    shop.pass_minutes(25 * 60, every=30)  # the operator's list is read again
    after = order(shop, 1, order_id="ALP-79-A")
    leave_with_dpd(shop, after)
    assert sorted(shop.codes()) == ["carrier_gone", "unmapped_carrier"]
    [waiting] = [each for each in shop.open_exceptions() if each.code == "unmapped_carrier"]
    assert "DPD_UK" in waiting.details["candidates"]
    assert sorted(waiting.details["orders"]) == [*before, after]
    assert [parcels(shop, each) for each in (*before, after)] == [[], [], []]

    told = map_carrier_now(shop, "DPD", "DPD_UK")  # as the file calls it; one of the names on the parcels
    assert "the 3 orders that waited" in told
    shop.pass_minutes(2)
    for order_id in (*before, after):
        [parcel] = parcels(shop, order_id)
        assert (parcel["status"], parcel["carrier_code"]) == ("SHIPPED", "DPD_UK")
    assert shop.codes() == []


def leave_with_dpd(shop: Retailer, *order_ids: str) -> None:
    for order_id in order_ids:
        ship_now(shop, order_id)
        carry(shop, order_id, "DPD")
    shop.pass_minutes(3)


def test_f21_two_parcels_for_one_line_are_two_shipments(ledger: Ledger) -> None:
    shop = veeqo_floor(ledger)
    order_id = order(shop, 4)
    split(shop, order_id)
    ship_one(shop, order_id)
    shop.pass_minutes(3)
    assert [each["lines"][0][1] for each in parcels(shop, order_id)] == [2]
    assert shop.on_marketplace(order_id)["state"] == "SHIPPING"
    ship_one(shop, order_id)
    shop.pass_minutes(3)
    assert [each["lines"][0][1] for each in parcels(shop, order_id)] == [2, 2]
    assert shop.on_marketplace(order_id)["state"] == "SHIPPED"


def test_f21_without_several_parcels_the_order_is_told_when_all_has_left(
    ledger: Ledger,
) -> None:
    shop = veeqo_floor(ledger, multi_shipment=False)
    order_id = order(shop, 4)
    split(shop, order_id)
    ship_one(shop, order_id)
    shop.pass_minutes(3)
    assert writes(shop) == {}
    ship_one(shop, order_id)
    shop.pass_minutes(3)
    [told] = parcels(shop, order_id)
    assert told["lines"][0][1] == 4
    assert told["tracking_number"]


def test_f22_where_tracking_is_mandatory_nothing_is_told_without_it(ledger: Ledger) -> None:
    shop = veeqo_floor(ledger, mandatory_tracking=frozenset({"STD"}))
    order_id = order(shop, 1)
    ship_now(shop, order_id)
    track(shop, order_id, None)
    shop.pass_minutes(180, every=5)
    assert writes(shop) == {}
    track(shop, order_id, "LATE123")
    shop.pass_minutes(5)
    [told] = parcels(shop, order_id)
    assert told["tracking_number"] == "LATE123"


@pytest.mark.parametrize(("wanting", "told"), [("STD", {}), ("EXPRESS", {"ST01": 1})])
def test_f22_which_shipping_types_want_tracking_is_read_from_the_operator(
    ledger: Ledger, wanting: str, told: dict[str, int]
) -> None:
    shop = veeqo_floor(ledger, mandatory_tracking=frozenset({wanting}))
    work = shop.integration.dispatch_work[shop.marketplace]
    shipping = work.marketplace.shipping.model_copy(update={"tracking_mandatory": False})
    work.marketplace = work.marketplace.model_copy(update={"shipping": shipping})
    order_id = order(shop, 1)
    ship_now(shop, order_id)
    track(shop, order_id, None)
    shop.pass_minutes(90, every=10)
    assert writes(shop) == told


def cancelled_unit(shop: Retailer, order_id: str) -> None:
    """The operator cancels one unit of the order's first line."""
    account = shop.sandbox.marketplaces[shop.marketplace]
    known = account.orders[order_id]
    [line] = known.lines
    movement = Movement(line, line.unit_price, Decimal(0), 1, "34")
    account.shop.refunds.cancel(known, movement, shop.clock.now())


def refunded_unit(shop: Retailer, order_id: str) -> None:
    """The shop gives the money of one unit back; the customer still gets the goods (Mirakl §2.9)."""
    account = shop.sandbox.marketplaces[shop.marketplace]
    known = account.orders[order_id]
    [line] = known.lines
    movement = Movement(line, line.unit_price, Decimal(0), 1, "17")
    account.shop.refunds.pay(known, movement, shop.clock.now(), "goodwill", "shop")


def test_f23_of_a_line_that_was_partly_cancelled_only_what_is_left_is_told(ledger: Ledger) -> None:
    shop = veeqo_floor(ledger)
    order_id = order(shop, 4)
    split(shop, order_id)
    ship_one(shop, order_id)
    shop.pass_minutes(3)
    cancelled_unit(shop, order_id)
    ship_one(shop, order_id)
    shop.pass_minutes(5)
    assert [each["lines"][0][1] for each in parcels(shop, order_id)] == [2, 1]
    assert shop.on_marketplace(order_id)["state"] == "SHIPPED"
    [surplus] = [each for each in shop.open_exceptions(order_id) if each.code == "unmatched_parcel"]
    assert surplus.reason.startswith("More left the warehouse than the marketplace expects: 1 of ")
    assert writes(shop) == {"ST01": 2}


@both_ways
def test_f23_a_partial_refund_takes_nothing_out_of_what_is_to_be_told(
    ledger: Ledger, multi_shipment: bool
) -> None:
    shop = veeqo_floor(ledger, multi_shipment=multi_shipment)
    order_id = order(shop, 2)
    refunded_unit(shop, order_id)
    shop.pass_minutes(2)
    ship_now(shop, order_id)
    shop.pass_minutes(5)
    [told] = parcels(shop, order_id)
    assert told["lines"][0][1] == 2
    assert shop.on_marketplace(order_id)["state"] == "SHIPPED"
    assert "dispatch_refused" not in shop.codes(order_id)


def test_tracking_that_comes_later_is_told_later_where_it_is_not_mandatory(ledger: Ledger) -> None:
    shop = veeqo_floor(ledger)
    order_id = order(shop, 1)
    ship_now(shop, order_id)
    track(shop, order_id, None)
    shop.pass_minutes(70, every=5)
    [told] = parcels(shop, order_id)
    assert (told["status"], told["tracking_number"]) == ("SHIPPED", None)
    track(shop, order_id, "LATE123")
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


@pytest.mark.parametrize("profile", DEPOSCO)
def test_a_parcel_rolled_back_in_deposco_is_shown_until_the_goods_leave_again(
    ledger: Ledger, profile: WarehouseProfile
) -> None:
    shop = open_floor(ledger, profile, multi_shipment=True)
    order_id = order(shop, 1)
    while on_floor(shop, order_id) in {"New", "Wave Built"}:
        shop.pass_minutes(10)
    shop.sandbox.deposco.ship_as_staff(number(shop, order_id))
    shop.pass_minutes(10)
    [first] = parcels(shop, order_id)
    shop.sandbox.deposco.roll_back_as_staff(number(shop, order_id))
    shop.pass_minutes(15)
    assert shop.codes(order_id) == ["dispatch_withdrawn"]
    shop.pass_minutes(FLOOR, every=10)
    [told] = parcels(shop, order_id)
    assert told["id"] == first["id"]
    assert told["tracking_number"] in str(left_warehouse(shop, order_id)[-1]["tracking"])
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


def test_m18_an_order_that_will_miss_the_last_pick_up_is_shown_while_it_can_still_be_packed(
    ledger: Ledger,
) -> None:
    """Placed on Thursday and due on Saturday night, when nobody comes any more."""
    shop = veeqo_floor(ledger)
    shop.pass_minutes(3 * 24 * 60, every=6 * 60)
    order_id = order(shop, 1)
    shop.sandbox.veeqo.hold_as_staff(number(shop, order_id))
    shop.pass_minutes(32 * 60, every=30)
    assert "dispatch_late" not in shop.codes(order_id)
    shop.pass_minutes(120, every=30)
    [late] = [each for each in shop.open_exceptions(order_id) if each.code == "dispatch_late"]
    assert f"{shop.clock.now():%a %H}" == "Fri 15"
    assert "is at Fri 06 Mar 18:00 (UTC); it must be packed by then, and is on hold." in late.reason
    ship_held(shop, order_id)
    shop.pass_minutes(15)
    assert shop.codes(order_id) == []


def ship_held(shop: Retailer, order_id: str) -> None:
    """The hold is over, and it leaves at once."""
    shop.sandbox.veeqo.unhold_as_staff(number(shop, order_id))
    ship_now(shop, order_id)


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
