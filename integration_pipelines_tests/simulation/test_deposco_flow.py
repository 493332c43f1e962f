"""Accept first, then queue (M3): whatever Deposco does, no acceptance waits, no order is lost or doubled.

Every scenario runs over both generations. What holds for every warehouse is in `test_failure_cases.py`.
"""

from datetime import datetime, timedelta
from typing import Any

import pytest

from integration_pipelines.ledger import Ledger
from integration_pipelines.sandbox.catalogue import Product
from integration_pipelines_tests.business import Retailer
from integration_pipelines_tests.simulation.conftest import Start
from integration_pipelines_tests.simulation.promises import (
    CANCELLATIONS,
    CREATIONS,
    assert_all_released_once,
    calls_of,
)
from integration_pipelines_tests.warehouse_profiles import DEPOSCO, WarehouseProfile, set_stock

pytestmark = pytest.mark.parametrize("profile", DEPOSCO)

HALF_AN_HOUR = {"stuck_after_hours": 0.5}
SENDS = 4  # of a call that gets no answer


class TestOutage:
    """Deposco is down for four hours while orders come in on all its channels."""

    MINUTES = 4 * 60 - 8  # looked at shortly before its end
    POLL_MINUTES = 4

    def test_no_acceptance_waits_and_the_queue_drains_by_itself(self, retailer: Retailer) -> None:
        retailer.pass_minutes(2)
        before = retailer.sandbox.calls[retailer.warehouse].total()
        retailer.sandbox.start_scenario("deposco_outage")
        self._orders_come_in(retailer)
        retailer.pass_minutes(self.MINUTES, every=self.POLL_MINUTES)

        shops = retailer.sandbox.truth()["marketplaces"]
        orders = [order for shop in shops.values() for order in shop["orders"].values()]
        assert len(orders) == 10 + 22
        assert max(map(waited_seconds, orders)) <= self.POLL_MINUTES * 60
        assert retailer.exceptions_so_far() == {"account_unreachable": 1, "queue_too_old": len(shops)}
        assert sorted(retailer.codes()) == ["account_unreachable", *["queue_too_old"] * len(shops)]
        asked = retailer.sandbox.calls[retailer.warehouse].total() - before
        rounds = self.MINUTES / self.POLL_MINUTES
        assert asked <= rounds * SENDS * (1 + len(shops)), "the feed and each channel ask once a round"

        retailer.pass_minutes(40, every=self.POLL_MINUTES)
        for marketplace, shop in shops.items():
            assert_all_released_once(retailer, shop["orders"], marketplace)
        assert retailer.exceptions_so_far() == {"account_unreachable": 1, "queue_too_old": len(shops)}
        assert calls_of(retailer.warehouse_truth(), CREATIONS) == len(orders)

    @staticmethod
    def _orders_come_in(retailer: Retailer) -> None:
        """One every ten minutes, between two reads, in turn on every marketplace."""
        shops = list(retailer.sandbox.marketplaces)
        for number in range(22):
            due = retailer.clock.now() + timedelta(minutes=10 * number, seconds=37)
            order_id = f"OUT/{number}-A"
            retailer.sandbox.schedule_order(due, shops[number % len(shops)], order_id=order_id)


def waited_seconds(order: dict[str, Any]) -> float:
    """From when the marketplace showed the order until it was accepted."""
    visible, accepted = (datetime.fromisoformat(order[name]) for name in ("visible_at", "accepted_at"))
    return (accepted - visible).total_seconds()


def test_a_slow_warehouse_costs_no_read_of_the_marketplace(retailer: Retailer) -> None:
    """A call that waits for its budget makes one read late; the next minute's comes all the same."""
    retailer.place()
    retailer.pass_minutes(10)
    assert retailer.sandbox.calls[retailer.marketplace]["OR11"] == 10


def test_blank_answers_are_failures_and_happen_once(play: Start) -> None:
    retailer, scene = play("deposco_blank_200", 0)
    retailer.sandbox.faults[retailer.warehouse].force("blank", "V1 POST /orders")
    retailer.pass_minutes(30)
    assert_all_released_once(retailer, scene["order_ids"])


def test_a_parked_order_is_shown_after_a_while_until_it_moves_on(play: Start) -> None:
    """People repair the one in Review between one and four hours later; the one on Hold waits for us."""
    retailer, scene = play("deposco_order_parked_in_review", 20, HALF_AN_HOUR)
    parked = [booking["held"] for each in scene["order_ids"] for booking in retailer.bookings(each)]
    assert parked == [True, True]
    assert retailer.codes() == []
    retailer.pass_minutes(30)
    assert [retailer.codes(each) for each in scene["order_ids"]] == [
        ["held_in_warehouse"],
        ["held_in_warehouse"],
    ]
    retailer.pass_minutes(4 * 60, every=10)
    assert retailer.codes(scene["reviewed"]) == []
    assert retailer.codes(scene["held"]) == ["held_in_warehouse"]
    retailer.sandbox.deposco.release_as_staff(retailer.bookings(scene["held"])[0]["number"])
    retailer.pass_minutes(5)
    assert_all_released_once(retailer, scene["order_ids"])
    assert retailer.exceptions_so_far() == {"held_in_warehouse": 2}


def test_dead_tokens_are_replaced_once(retailer: Retailer, profile: WarehouseProfile) -> None:
    retailer.pass_minutes(2)
    scene = retailer.sandbox.start_scenario("deposco_token_expired")
    retailer.pass_minutes(15)
    assert_all_released_once(retailer, scene["order_ids"])
    tokens = 2 if profile is WarehouseProfile.DEPOSCO_V2 else 0
    assert retailer.warehouse_truth()["tokens_issued"] == tokens


def test_an_item_that_deposco_lacks_keeps_the_whole_order_out_until_it_exists(play: Start) -> None:
    retailer, scene = play("deposco_item_missing", 15)
    sku = scene["missing_sku"]
    for order_id in scene["order_ids"]:
        assert retailer.on_marketplace(order_id)["accept_calls"] == 1, "nobody knew when it was promised"
        assert retailer.bookings(order_id) == []
        assert retailer.codes(order_id) == ["unknown_sku"]
    known_by_now = retailer.place((sku, 1))
    retailer.pass_minutes(5)
    assert retailer.on_marketplace(known_by_now)["accept_calls"] == 0

    retailer.sandbox.add_product(Product(sku, "Late lamp", retailer.sandbox.products[0].price, "", 50))
    retailer.pass_minutes(70, every=5)
    assert_all_released_once(retailer, [*scene["order_ids"], known_by_now])


def test_what_is_not_on_the_shelf_is_shown_until_goods_arrive(play: Start) -> None:
    retailer, scene = play("deposco_back_ordered", 40, HALF_AN_HOUR)
    [order_id] = scene["order_ids"]
    assert retailer.codes() == []
    retailer.pass_minutes(60, every=5)
    assert retailer.bookings(order_id)[0]["status"] == "Back Ordered"
    assert retailer.codes(order_id) == ["back_ordered"]
    set_stock(retailer.sandbox, scene["sku"], 20)
    retailer.pass_minutes(60, every=5)
    assert_all_released_once(retailer, [order_id])


def test_f12_a_cancellation_behind_the_wave_is_urgent_once(play: Start) -> None:
    retailer, scene = play("deposco_wave_before_cancel", 0)
    [order_id] = scene["order_ids"]
    retailer.pass_minutes(3 * 60, every=5)
    assert retailer.on_marketplace(order_id)["state"] == "CANCELED"
    [booking] = retailer.bookings(order_id)
    assert booking["live"]
    [problem] = retailer.open_exceptions()
    assert (problem.code, problem.severity) == ("cancelled_too_late", "urgent")
    assert retailer.exceptions_so_far() == {"cancelled_too_late": 1}
    assert not any("DO NOT SHIP" in note for note in booking["notes"]), "it takes no note behind the wave"
    assert retailer.broken_promises() == []


def test_f12_the_floor_is_warned_once_where_deposco_takes_a_note(
    ledger: Ledger, profile: WarehouseProfile
) -> None:
    """A tenant that lets nobody cancel, but takes notes until the wave; V1 takes none at all."""
    retailer = Retailer.open(ledger, profile=profile, account={"cancellable": ["Draft"]})
    order_id = retailer.place()
    retailer.pass_minutes(5)
    retailer.sandbox.marketplaces[retailer.marketplace].cancel_by_customer(order_id, retailer.clock.now())
    retailer.pass_minutes(10)
    [booking] = retailer.bookings(order_id)
    warnings = sum("DO NOT SHIP" in note for note in booking["notes"])
    assert warnings == (1 if profile is WarehouseProfile.DEPOSCO_V2 else 0)
    assert retailer.codes(order_id) == ["cancelled_too_late"]
    assert retailer.exceptions_so_far() == {"cancelled_too_late": 1}
    assert calls_of(retailer.warehouse_truth(), CANCELLATIONS) == 0
    assert booking["imports"] == 1
