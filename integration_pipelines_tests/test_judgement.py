"""The judge finds what is wrong: a truth in which all is well, and lies planted in it one by one."""

from collections.abc import Callable
from copy import deepcopy
from typing import Any

import pytest

from integration_pipelines.clock import ManualClock
from integration_pipelines.config import Channels
from integration_pipelines.judgement import broken_promises, doubled_parcels
from integration_pipelines.judgement_of_refunds import refunds_above_due
from integration_pipelines.ledger import Ledger
from integration_pipelines.sandbox import Sandbox
from integration_pipelines_tests.business import ADDRESS, START, channels_for, quiet_business
from integration_pipelines_tests.simulation.dispatch_world import FLOOR, open_floor, order
from integration_pipelines_tests.warehouse_profiles import WarehouseProfile

Json = dict[str, Any]
Lie = Callable[[Json], None]
SYSTEMS = [WarehouseProfile.VEEQO, WarehouseProfile.DEPOSCO_V2]


class Returned:
    """An order of two units at 10.01 each and 3.00 for shipping: both came back, all of it was refunded."""

    def __init__(self, profile: WarehouseProfile, **policy: Any) -> None:
        sandbox = Sandbox(quiet_business(marketplaces=1, profile=profile), ManualClock(START))
        settings = {"returns": {"enabled": True, **policy}}
        self.channels: Channels = channels_for(sandbox.accounts(), ADDRESS, settings)[0]
        number = self.channels.order_number("alpine", "ALP-1")
        self.back: Json = {
            "method": "RETURN_METHOD_BY_MAIL",
            "order_id": "ALP-1",
            "lines": {"L1": 2},
            "history": [["2026-03-02T06:00:00+00:00", "IN_PROGRESS"]],
        }
        self.first = self.paid("1", "10.01", "0.00")
        self.order: Json = {
            "lines": {"L1": {"sku": "MUG", "quantity": 2, "price": "20.02", "shipping_price": "3.00"}},
            "refunds": [self.first, self.paid("2", "10.01", "3.00")],
        }
        booking: Json = {"id": 1, "number": number, "merged_to_id": None}
        self.warehouse: Json = {"orders": [booking]}
        if profile is WarehouseProfile.VEEQO:
            self.line: Json = {"sku": "MUG", "expected": 2, "received": 2}
            booking["returns"] = [{"lines": [self.line]}]
        else:
            self.line = {"sku": "MUG", "received": 2, "damaged": 0, "came": []}
            desk = {"order_number": number, "customer_order_number": None, "lines": [self.line]}
            self.warehouse["returns"] = [desk]

    def paid(self, refund_id: str, amount: str, shipping: str, by: str = "shop", hour: int = 9) -> Json:
        return {
            "id": refund_id,
            "line": "L1",
            "amount": amount,
            "shipping_amount": shipping,
            "by": by,
            "created_at": f"2026-03-02T{hour:02}:00:0{refund_id}Z",
        }

    def above(self) -> list[tuple[str, str]]:
        """What was paid above due, and what was due."""
        shop = {"orders": {"ALP-1": self.order}, "returns": {"R": self.back}}
        truth = {"marketplaces": {"alpine": shop}, "warehouses": {"main": self.warehouse}}
        return [(str(each.paid), str(each.due)) for each in refunds_above_due(self.channels, truth)]


@pytest.mark.parametrize("profile", SYSTEMS)
class TestRefundsAboveDue:
    def test_nothing_is_above_due_while_the_goods_are_worth_it(self, profile: WarehouseProfile) -> None:
        assert Returned(profile).above() == []

    def test_goods_that_never_came_are_worth_nothing(self, profile: WarehouseProfile) -> None:
        scene = Returned(profile)
        scene.line["received"] = 0
        assert scene.above() == [("10.01", "0.00"), ("3.00", "0.00")]

    def test_a_unit_less_is_worth_a_unit_less_and_no_shipping(self, profile: WarehouseProfile) -> None:
        scene = Returned(profile)
        scene.line["received"] = 1
        assert scene.above() == [("20.02", "10.01"), ("3.00", "0.00")]

    def test_a_third_is_a_third_to_the_cent(self, profile: WarehouseProfile) -> None:
        scene = Returned(profile)
        scene.order["lines"]["L1"].update(quantity=3, price="30.00")
        scene.back["lines"], scene.line["received"] = {"L1": 1}, 1
        scene.order["refunds"] = [scene.paid("1", "10.00", "0.00")]
        assert scene.above() == []
        scene.order["refunds"] = [scene.paid("1", "10.01", "0.00")]
        assert scene.above() == [("10.01", "10.00")]

    def test_another_article_in_its_place_is_worth_nothing(self, profile: WarehouseProfile) -> None:
        scene = Returned(profile)
        scene.line["sku"] = "LAMP"
        assert scene.above() == [("10.01", "0.00"), ("3.00", "0.00")]

    def test_what_nobody_was_allowed_to_return_is_not_due(self, profile: WarehouseProfile) -> None:
        scene = Returned(profile)
        scene.back["lines"] = {"L1": 1}
        assert scene.above() == [("20.02", "10.01"), ("3.00", "0.00")]
        scene.back["history"] = [["2026-03-02T06:00:00+00:00", "REFUSED"]]
        assert scene.above() == [("10.01", "0.00"), ("3.00", "0.00")]

    def test_a_second_refund_of_the_same_units_is_above_due(self, profile: WarehouseProfile) -> None:
        scene = Returned(profile)
        scene.order["refunds"].append(scene.paid("3", "10.01", "0.00"))
        assert scene.above() == [("30.03", "20.02")]

    def test_what_the_operator_paid_before_counts_and_afterwards_is_its_own_affair(
        self, profile: WarehouseProfile
    ) -> None:
        scene = Returned(profile)
        scene.order["refunds"].append(scene.paid("3", "5.00", "0.00", by="operator", hour=10))
        assert scene.above() == []
        scene.order["refunds"][-1] = scene.paid("3", "5.00", "0.00", by="operator", hour=8)
        assert scene.above() == [("25.02", "20.02")]

    def test_a_returnless_return_is_due_where_the_channel_says_so(self, profile: WarehouseProfile) -> None:
        for rule, found in (("refund", []), ("hold", [("10.01", "0.00"), ("3.00", "0.00")])):
            scene = Returned(profile, returnless=rule)
            scene.line["received"] = 0
            scene.back["method"] = "RETURN_METHOD_RETURNLESS"
            assert scene.above() == found


def test_damaged_goods_set_no_money_free_unless_the_channel_says_so() -> None:
    for rule, found in (("refund", []), ("hold", [("20.02", "10.01"), ("3.00", "0.00")])):
        scene = Returned(WarehouseProfile.DEPOSCO_V2, damaged=rule)
        scene.line["damaged"] = 1
        assert scene.above() == found
        good = {"sku": "MUG", "units": 1, "damaged": False}
        scene.line["came"] = [good, {"sku": "MUG", "units": 1, "damaged": True}]
        assert scene.above() == found


def nothing_told(order: Json) -> None:
    order.update(state="SHIPPING", parcels=[])


def half_told(order: Json) -> None:
    order["state"] = "SHIPPING"
    order["parcels"][0]["lines"][0][1] = 1


def taken_back(order: Json) -> None:
    order["state"] = "SHIPPING"
    order["parcels"][0]["status"] = "CANCELED"


@pytest.mark.parametrize("several", [True, False])
@pytest.mark.parametrize(
    ("lie", "missing"), [(nothing_told, "3 of"), (half_told, "2 of"), (taken_back, "3 of")]
)
def test_units_that_left_long_ago_and_are_not_told_break_a_promise(
    ledger: Ledger, several: bool, lie: Lie, missing: str
) -> None:
    shop = open_floor(ledger, multi_shipment=several)
    order_id = order(shop, 3)
    shop.pass_minutes(FLOOR, every=10)
    shop.clock.advance(5 * 3600)
    truth = shop.sandbox.truth()
    assert broken_promises(ledger, shop.channels, truth) == []

    lied = deepcopy(truth)
    lie(lied["marketplaces"][shop.marketplace]["orders"][order_id])
    [sentence] = broken_promises(ledger, shop.channels, lied)
    assert order_id in sentence
    assert f"not told: {missing}" in sentence

    lied["now"] = shop.sandbox.truth()["warehouses"]["veeqo_main"]["orders"][0]["shipped_at"]
    assert broken_promises(ledger, shop.channels, lied) == [], "it left just now"


@pytest.mark.parametrize(("several", "missing"), [(True, ["1 of"]), (False, [])])
def test_a_part_that_left_may_be_told_only_where_several_parcels_are_taken(
    ledger: Ledger, several: bool, missing: list[str]
) -> None:
    shop = open_floor(ledger, multi_shipment=several)
    order_id = order(shop, 3)
    shop.pass_minutes(FLOOR, every=10)
    shop.clock.advance(5 * 3600)
    truth = deepcopy(shop.sandbox.truth())
    nothing_told(truth["marketplaces"][shop.marketplace]["orders"][order_id])
    [booking] = truth["warehouses"]["veeqo_main"]["orders"]
    booking["dispatches"][0]["lines"][0]["units"] = 1
    sentences = broken_promises(ledger, shop.channels, truth)
    assert [each.rpartition("not told: ")[2][:4] for each in sentences] == missing


def test_a_parcel_told_twice_breaks_a_promise_and_is_counted(ledger: Ledger) -> None:
    shop = open_floor(ledger, multi_shipment=True)
    order_id = order(shop, 2)
    shop.pass_minutes(FLOOR, every=10)
    truth = deepcopy(shop.sandbox.truth())
    assert doubled_parcels(shop.channels, truth) == 0

    parcels = truth["marketplaces"][shop.marketplace]["orders"][order_id]["parcels"]
    parcels.append({**parcels[0], "id": "again", "repeats": parcels[0]["id"]})
    assert any("again was told twice" in each for each in broken_promises(ledger, shop.channels, truth))
    assert doubled_parcels(shop.channels, truth) == 1
