"""Parcels and returns of the sandbox's Veeqo account: by API and by people, and all of it in its truth."""

from typing import Any

import pytest

from integration_pipelines.sandbox.veeqo import StaffPace
from integration_pipelines_tests.sandbox.veeqo_caller import Caller

PACE = StaffPace(pick_seconds=(600, 600), ship_seconds=(300, 300), replenish_seconds=(1e7, 1e7))


@pytest.fixture
def caller() -> Caller:
    return Caller(staff_pace=PACE)


def body(order: dict[str, Any], place: int = 0, **changes: Any) -> dict[str, Any]:
    """As in the contract's example (11.1)."""
    fields = {
        "carrier_id": 9,
        "notify_customer": False,
        "update_remote_order": False,
        "tracking_number_attributes": {"tracking_number": "JD01"},
    }
    allocation = order["allocations"][place]["id"]
    return {"allocation_id": allocation, "order_id": order["id"], "shipment": {**fields, **changes}}


def read(caller: Caller, order: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = caller.get(f"/orders/{order['id']}")
    return found


def test_a_recorded_shipment_is_the_allocations_parcel(caller: Caller) -> None:
    order = caller.place("A-1", ("MUG-BLU", 2), paid=True)
    made = caller.send("POST", "/shipments", body(order), 201)

    assert (made["order_id"], made["allocation_id"]) == (order["id"], order["allocations"][0]["id"])
    assert (made["carrier"]["name"], made["carrier"]["slug"]) == ("DHL", "dhl")
    assert made["tracking_number"]["tracking_number"] == "JD01"
    now = read(caller, order)
    assert now["allocations"][0]["shipment"] == made
    assert (now["status"], now["shipped_at"]) == ("shipped", made["created_at"])
    assert caller.get(f"/shipments/{made['id']}") == made
    assert caller.get(f"/shipping/tracking_events/{made['id']}") == []
    assert caller.stock("MUG-BLU") == {"physical": 8, "allocated": 0}
    assert caller.account.truth()["buyer_mails"] == []


def test_shipments_have_no_list(caller: Caller) -> None:
    assert caller.ask("GET", "/shipments").status == 404
    assert caller.ask("GET", "/shipments/1").status == 404


def test_a_shipment_needs_its_fields_and_an_allocation_that_has_not_left(caller: Caller) -> None:
    order = caller.place("A-1", paid=True)
    caller.send("POST", "/shipments", {**body(order), "allocation_id": 1}, 404)
    caller.send("POST", "/shipments", {**body(order), "order_id": 1}, 404)
    caller.send("POST", "/shipments", {"order_id": order["id"]}, 404)
    caller.send("POST", "/shipments", body(order, carrier_id=None), 400)
    without = body(order)
    del without["shipment"]["notify_customer"]
    assert "notify_customer" in str(caller.send("POST", "/shipments", without, 400))
    caller.send("POST", "/shipments", body(order), 201)
    assert caller.send("POST", "/shipments", body(order), 400) == {
        "error_messages": ["This allocation is already shipped"]
    }


def test_a_mail_that_nobody_wanted_is_in_the_truth(caller: Caller) -> None:
    order = caller.place("A-1", paid=True)
    caller.send("POST", "/shipments", body(order, notify_customer=True), 201)
    assert caller.account.truth()["buyer_mails"] == ["A-1"]


def test_a_parcel_without_tracking_has_none(caller: Caller) -> None:
    order = caller.place("A-1", paid=True)
    made = caller.send("POST", "/shipments", body(order, tracking_number_attributes={}), 201)
    assert made["tracking_number"] is None


def test_a_voided_shipment_disappears_and_the_goods_leave_anew_under_another_number(caller: Caller) -> None:
    order = caller.place("A-1", ("MUG-BLU", 2), paid=True)
    caller.clock.advance(1_000)
    first = read(caller, order)["allocations"][0]["shipment"]
    caller.clock.advance(60)
    caller.send("DELETE", f"/shipments/{first['id']}", None, 204)

    voided = read(caller, order)
    assert (voided["allocations"][0]["shipment"], voided["shipped_at"]) == (None, None)
    assert voided["updated_at"] > first["updated_at"]
    assert caller.stock("MUG-BLU") == {"physical": 10, "allocated": 2}
    assert caller.ask("DELETE", f"/shipments/{first['id']}").status == 404
    caller.clock.advance(1_000)
    second = read(caller, order)["allocations"][0]["shipment"]
    assert second["id"] != first["id"]
    assert second["tracking_number"] != first["tracking_number"]
    truth = caller.account.order_numbered("A-1")
    assert truth is not None
    assert (truth["parcels"], truth["voided"]) == (1, 1)
    assert caller.stock("MUG-BLU") == {"physical": 8, "allocated": 0}


def test_people_divide_an_order_and_ship_parcel_by_parcel(caller: Caller) -> None:
    order = caller.place("A-1", ("MUG-BLU", 5), paid=True)
    caller.account.split_as_staff("A-1")
    caller.account.ship_one_as_staff("A-1")
    half = read(caller, order)
    assert [one["shipment"] is not None for one in half["allocations"]] == [True, False]
    assert (half["status"], half["shipped_at"]) == ("awaiting_fulfillment", None)
    caller.account.ship_one_as_staff("A-1")
    truth = caller.account.order_numbered("A-1")
    assert truth is not None
    assert sorted(line["units"] for one in truth["dispatches"] for line in one["lines"]) == [2, 3]
    assert truth["status"] == "shipped"
    with pytest.raises(ValueError, match="nothing that could be shipped"):
        caller.account.ship_one_as_staff("A-1")
    caller.place("A-2", paid=True)
    with pytest.raises(ValueError, match="A-2 has no shipment"):
        caller.account.void_as_staff("A-2")


def test_some_orders_leave_in_two_parcels_by_habit() -> None:
    caller = Caller(staff_pace=PACE, split_share=1.0, tracking_urls=True)
    order = caller.place("A-1", ("MUG-BLU", 3), ("LAMP/01", 1), paid=True)
    caller.clock.advance(1_000)
    shown = read(caller, order)
    assert len(shown["allocations"]) == 2
    units = [line["quantity"] for held in shown["allocations"] for line in held["line_items"]]
    assert sorted(units) == [1, 1, 2]
    urls = [held["shipment"]["tracking_url"] for held in shown["allocations"]]
    assert all(url is None or url.startswith("https://track.example.com/") for url in urls)


def test_tracking_comes_an_hour_later_by_habit_and_moves_the_order() -> None:
    caller = Caller(staff_pace=PACE, late_tracking_share=1.0)
    orders = [caller.place(f"A-{place}", paid=True) for place in range(6)]
    caller.clock.advance(1_000)
    before = [read(caller, order) for order in orders]
    assert {one["allocations"][0]["shipment"]["tracking_number"] for one in before} == {None}
    caller.clock.advance(3_600)
    after = [read(caller, order) for order in orders]
    assert any(one["allocations"][0]["shipment"]["tracking_number"] for one in after)
    moved = [one for one in after if one["allocations"][0]["shipment"]["tracking_number"]]
    assert all(one["updated_at"] > before[0]["updated_at"] for one in moved)


def test_nobody_has_sent_anything_back_at_first(caller: Caller) -> None:
    order = caller.place("A-1", paid=True)
    assert caller.get(f"/orders/{order['id']}/returns") == order["returns"] == []


def test_people_book_a_return_and_count_what_came(caller: Caller) -> None:
    order = caller.place("A-1", ("MUG-BLU", 2), paid=True)
    caller.account.ship_as_staff("A-1")
    number = caller.account.book_return_as_staff("A-1", {"MUG-BLU": 2}, "too blue")
    (booked,) = caller.get(f"/orders/{order['id']}/returns")
    assert (booked["number"], booked["status"], booked["type"]) == (number, "returning", "ShippedItemsReturn")
    assert booked["line_items"][0] | {"id": 0} == {
        "id": 0,
        "title": "Mug blue",
        "sku_code": "MUG-BLU",
        "sellable_id": caller.sellable("MUG-BLU"),
        "quantity": 2,
        "received_quantity": 0,
        "refund_quantity": 0,
        "refund_amount": 0,
        "refund_amount_per_unit": 19.9,
    }
    assert "updated_at" not in booked
    caller.account.receive_return_as_staff("A-1", number, {"MUG-BLU": 1})
    (counted,) = read(caller, order)["returns"]
    assert (counted["status"], counted["line_items"][0]["received_quantity"]) == ("returned", 1)
    assert caller.stock("MUG-BLU")["physical"] == 9


def test_goods_go_on_the_shelf_only_with_the_box_ticked(caller: Caller) -> None:
    caller.place("A-1", ("MUG-BLU", 2), paid=True)
    caller.account.ship_as_staff("A-1")
    number = caller.account.book_return_as_staff("A-1", {"MUG-BLU": 2})
    caller.account.receive_return_as_staff("A-1", number, {"MUG-BLU": 2}, restock=False)
    assert caller.stock("MUG-BLU")["physical"] == 8
    assert caller.account.truth()["orders"][0]["returns"][0]["lines"][0]["received"] == 2


def test_what_arrives_is_received_on_what_waits_or_booked_then(caller: Caller) -> None:
    order = caller.place("A-1", ("MUG-BLU", 2), paid=True)
    caller.account.ship_as_staff("A-1")
    caller.account.book_return_as_staff("A-1", {"MUG-BLU": 1})
    due = caller.clock.now()
    for days, units in ((1, {"MUG-BLU": 1}), (2, {"LAMP/01": 1})):
        caller.account.send_back("A-1", units, due.replace(day=due.day + days))
    caller.clock.advance(86_400 + 5)
    assert [one["status"] for one in read(caller, order)["returns"]] == ["returned"]
    caller.clock.advance(86_400)
    unexpected = read(caller, order)["returns"][1]["line_items"][0]
    assert (unexpected["quantity"], unexpected["received_quantity"]) == (0, 1)
    assert caller.account.truth()["orders"][0]["returns"][1]["created_at"].startswith("2026-03-12")


def test_the_slip_in_a_box_finds_the_order_and_damaged_goods_stay_off_the_shelf(caller: Caller) -> None:
    caller.place("SHOP-A-1", ("MUG-BLU", 2), paid=True)
    caller.account.ship_as_staff("SHOP-A-1")
    shelf = caller.stock("MUG-BLU")["physical"]
    due = caller.clock.now()
    for days, damaged in ((1, True), (2, False)):
        caller.account.send_back("A-1", {"MUG-BLU": 1}, due.replace(day=due.day + days), damaged=damaged)
    caller.account.send_back("NEVER-WAS", {"MUG-BLU": 1}, due.replace(day=due.day + 1))
    caller.clock.advance(86_400 + 5)
    assert caller.stock("MUG-BLU")["physical"] == shelf
    caller.clock.advance(86_400)
    assert caller.stock("MUG-BLU")["physical"] == shelf + 1
    [order] = caller.account.truth()["orders"]
    assert [line["received"] for back in order["returns"] for line in back["lines"]] == [1, 1]
