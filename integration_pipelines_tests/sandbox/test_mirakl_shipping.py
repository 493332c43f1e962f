"""OR23, OR24, carriers, and an order's way from SHIPPING to CLOSED in the sandbox."""

from typing import Any

import pytest

from integration_pipelines.sandbox.mirakl import Fate
from integration_pipelines_tests.sandbox.dispatch_caller import DAY, HOUR, UPS, DispatchCaller

FREE = {"carrier_name": "Bike couriers", "carrier_url": "https://bikes.example/B1", "tracking_number": "B1"}


def test_an_order_is_shipped_delivered_and_closed_on_the_clock() -> None:
    shop = DispatchCaller()
    order_id = shop.released(2, 1)
    assert shop.track(order_id, **UPS) == (204, "")
    assert shop.ship(order_id) == 204
    order = shop.order(order_id)
    assert (order["order_state"], order["can_shop_ship"]) == ("SHIPPED", False)
    assert {line["order_line_state"] for line in order["order_lines"]} == {"SHIPPED"}
    assert {line["shipped_date"] for line in order["order_lines"]} == {"2026-03-02T08:00:00Z"}
    shop.advance(DAY)
    order = shop.order(order_id)
    assert (order["order_state"], order["order_lines"][0]["received_date"]) == (
        "RECEIVED",
        "2026-03-03T08:00:00Z",
    )
    shop.advance(14 * DAY)
    assert shop.state(order_id) == "CLOSED"
    assert [state for _, state in shop.truth_of(order_id)["history"]] == [
        "SHIPPING", "SHIPPED", "RECEIVED", "CLOSED",
    ]  # fmt: skip


def test_tracking_is_read_back_from_the_order_and_may_be_overwritten_after_shipping() -> None:
    shop = DispatchCaller()
    order_id = shop.released()
    shop.track(order_id, **UPS, carrier_name="whatever", carrier_url="https://ignored.example")
    order = shop.order(order_id)
    assert (order["shipping_carrier_code"], order["shipping_company"], order["shipping_tracking"]) == (
        "UPS",
        "UPS",
        "1Z000",
    )
    assert order["shipping_tracking_url"] == "https://carrier.example/ups?number=1Z000"
    shop.ship(order_id)
    shop.track(order_id, carrier_code="DPDUK", tracking_number="2")
    assert shop.order(order_id)["shipping_carrier_code"] == "DPDUK"
    (parcel,) = shop.truth_of(order_id)["parcels"]
    assert (parcel["carrier_code"], parcel["tracking_number"]) == ("DPDUK", "2")


@pytest.mark.parametrize(
    ("sent", "words"),
    [
        ({"carrier_code": "ups", "tracking_number": "1"}, "Carrier with code 'ups' does not exist."),
        ({"carrier_code": "UPS"}, "The tracking number is mandatory for carrier 'UPS'."),
        ({"tracking_number": "1"}, "carrier name is mandatory"),
        ({}, "carrier name is mandatory"),
        ({"carrier_code": ["UPS"], "tracking_number": "1"}, "'carrier_code' must be a text."),
    ],
)
def test_carriers_are_checked(sent: dict[str, Any], words: str) -> None:
    shop = DispatchCaller()
    order_id = shop.released()
    status, said = shop.track(order_id, **sent)
    assert status == 400
    assert words in said
    assert shop.order(order_id)["shipping_tracking"] is None


def test_a_registered_carrier_without_a_page_needs_no_number() -> None:
    shop = DispatchCaller({"mandatory_tracking": frozenset({"STD"})})
    order_id = shop.released()
    assert shop.track(order_id, carrier_code="RoyalMail")[0] == 204
    assert shop.ship(order_id) == 400  # but the shipping type wants one


@pytest.mark.parametrize(("allowed", "status"), [(True, 204), (False, 400)])
def test_free_text_carriers_are_the_operators_choice(allowed: bool, status: int) -> None:
    shop = DispatchCaller({"alternative_carriers": allowed})
    features = shop.get("/api/platform/configuration")["features"]
    assert features["disable_seller_alternative_carrier"] is not allowed
    order_id = shop.released()
    assert shop.track(order_id, **FREE)[0] == status
    order = shop.order(order_id)
    assert order["shipping_carrier_code"] is None
    assert order["shipping_tracking_url"] == (FREE["carrier_url"] if allowed else None)


def test_an_operator_renames_a_carrier_overnight() -> None:
    shop = DispatchCaller()
    early, late = shop.released(), shop.released()
    shop.track(early, **UPS)
    shop.account.shop.carriers.rename("UPS", "UPS_STANDARD")
    assert "UPS" not in [row["code"] for row in shop.get("/api/shipping/carriers")["carriers"]]
    assert shop.track(late, **UPS)[0] == 400
    assert shop.track(late, carrier_code="UPS_STANDARD", tracking_number="1")[0] == 204
    assert shop.order(early)["shipping_carrier_code"] == "UPS"


def test_a_carrier_may_be_dropped_in_silence() -> None:
    shop = DispatchCaller()
    order_id = shop.released()
    shop.account.shop.carriers.drop_next()
    assert shop.track(order_id, **UPS) == (204, "")
    order = shop.order(order_id)
    assert (order["shipping_carrier_code"], order["shipping_company"]) == (None, None)
    assert order["shipping_tracking"] == "1Z000"
    assert shop.ship(order_id) == 204
    shop.track(order_id, **UPS)
    assert shop.order(order_id)["shipping_carrier_code"] == "UPS"


def test_an_operator_that_drops_unknown_carriers_answers_2xx() -> None:
    shop = DispatchCaller({"unknown_carriers": "drop"})
    order_id = shop.released()
    assert shop.track(order_id, carrier_code="Hermes", tracking_number="9")[0] == 204
    assert shop.order(order_id)["shipping_carrier_code"] is None


def test_tracking_may_be_mandatory_for_a_shipping_type() -> None:
    shop = DispatchCaller({"mandatory_tracking": frozenset({"EXP"})})
    types = {
        row["code"]: row["mandatory_tracking"] for row in shop.get("/api/shipping/types")["shipping_types"]
    }
    assert types == {"STD": False, "EXP": True}
    express, standard = shop.released(shipping_type="EXP"), shop.released()
    assert shop.order(express)["shipping_type_code"] == "EXP"
    status, told = shop.put(f"/api/orders/{express}/ship")
    assert (status, told["message"]) == (400, "Tracking details are mandatory for this shipping method")
    assert shop.state(express) == "SHIPPING"
    shop.track(express, **UPS)
    assert (shop.ship(express), shop.ship(standard)) == (204, 204)


def test_shipping_twice_is_refused_and_makes_no_second_parcel() -> None:
    shop = DispatchCaller()
    order_id = shop.released()
    shop.ship(order_id)
    status, told = shop.put(f"/api/orders/{order_id}/ship")
    assert (status, told["message"]) == (400, "The order status must be 'SHIPPING' but it is 'SHIPPED'.")
    assert len(shop.truth_of(order_id)["parcels"]) == 1


def test_orders_in_other_states_are_neither_tracked_nor_shipped() -> None:
    shop = DispatchCaller()
    waiting = shop.sandbox.place_order("alpha")
    cancelled = shop.released()
    shop.account.cancel_by_customer(cancelled, shop.clock.now())
    for order_id in (waiting, cancelled):
        assert shop.track(order_id, **UPS)[0] == 400
        assert shop.ship(order_id) == 400
    assert shop.put("/api/orders/NONE/ship")[0] == 404


def test_an_order_that_was_shipped_cannot_be_cancelled_any_more() -> None:
    shop = DispatchCaller(payment_workflow="PAY_ON_DELIVERY")
    order_id = shop.released(fate=Fate(cancelled_in="SHIPPING", cancel_after_seconds=HOUR))
    shop.ship(order_id)
    shop.account.cancel_by_customer(order_id, shop.clock.now())
    assert shop.state(order_id) == "SHIPPED"
    assert shop.put(f"/api/orders/{order_id}/cancel")[0] == 400


def test_what_is_paid_at_the_door_is_debited_with_the_reception() -> None:
    shop = DispatchCaller(payment_workflow="PAY_ON_DELIVERY")
    order_id = shop.released()
    assert shop.refund(order_id, 1)[0] == 400
    shop.ship(order_id)
    assert shop.order(order_id)["customer_debited_date"] is None
    shop.advance(DAY)
    assert shop.order(order_id)["customer_debited_date"] == "2026-03-03T08:00:00Z"
    assert shop.refund(order_id, 1)[0] == 200


@pytest.mark.parametrize(("days", "late"), [(1, False), (4, True)])
def test_late_shipments_show_in_the_truth(days: int, late: bool) -> None:
    shop = DispatchCaller()
    order_id = shop.released()
    shop.advance(days * DAY)
    shop.ship(order_id)
    assert shop.truth_of(order_id)["shipped_late"] is late


def test_a_shipped_order_shows_up_in_update_windows() -> None:
    shop = DispatchCaller(update_overlap_seconds=0)
    order_id = shop.released()
    shop.advance(HOUR)
    since = "2026-03-02T08:30:00Z"
    assert shop.ids(start_update_date=since) == []
    shop.ship(order_id)
    assert shop.ids(start_update_date=since, order_state_codes="SHIPPED") == [order_id]


def test_lines_that_are_gone_are_not_shipped() -> None:
    shop = DispatchCaller()
    order_id = shop.released(2, 1, line_states=["SHIPPING", "REFUSED"])
    shop.ship(order_id)
    assert [line["order_line_state"] for line in shop.order(order_id)["order_lines"]] == [
        "SHIPPED",
        "REFUSED",
    ]
    assert shop.truth_of(order_id)["parcels"][0]["lines"] == [[f"{order_id}-1", 2]]
