"""The warehouse staff of the sandbox's Veeqo account: they act on the clock and only on what is cleared."""

from collections import Counter
from typing import Any

import pytest

from integration_pipelines.sandbox.veeqo import StaffPace
from integration_pipelines_tests.sandbox.veeqo_caller import ADDRESS, Caller

PACE = StaffPace(pick_seconds=(600, 600), ship_seconds=(300, 300), replenish_seconds=(1e6, 1e6))


@pytest.fixture
def caller() -> Caller:
    return Caller(enforcement="off", staff_pace=PACE)


def read(caller: Caller, order: Any) -> Any:
    return caller.get(f"/orders/{order['id']}")


def test_a_cleared_order_is_picked_then_shipped_and_the_stock_is_gone(caller: Caller) -> None:
    order = caller.place("A-1", ("MUG-BLU", 2), paid=True)
    caller.clock.advance(600)
    assert (read(caller, order)["picked_status"], read(caller, order)["status"]) == (
        "picked",
        "awaiting_fulfillment",
    )
    caller.clock.advance(300)
    shipped = read(caller, order)
    assert (shipped["status"], shipped["shipped_at"]) == ("shipped", "2026-03-10T08:15:00.000Z")
    shipment = shipped["allocations"][0]["shipment"]
    assert (shipment["created_at"], "shipped_at" in shipment) == ("2026-03-10T08:15:00.000Z", False)
    assert caller.stock("MUG-BLU") == {"physical": 8, "allocated": 0}


def test_a_late_look_finds_the_moments_when_things_happened(caller: Caller) -> None:
    order = caller.place("A-1", paid=True)
    caller.clock.advance(86_400)
    assert read(caller, order)["updated_at"] == "2026-03-10T08:15:00.000Z"
    assert caller.get("/orders?updated_at_min=2026-03-10 08:15:00")[0]["id"] == order["id"]
    assert caller.get("/orders?updated_at_min=2026-03-10 08:15:01") == []


@pytest.mark.parametrize(
    "unready",
    [
        {"paid": False},
        {"paid": True, "deliver_to_attributes": {**ADDRESS, "country": "FRA"}},
        {"paid": True, "deliver_to_attributes": {"first_name": "Ines"}},
    ],
)
def test_nobody_touches_an_order_that_is_unpaid_or_has_no_proper_address(
    caller: Caller, unready: dict[str, Any]
) -> None:
    order = caller.place("A-1", **unready)
    caller.clock.advance(86_400)
    assert read(caller, order)["picked_status"] == "unpicked"


def test_an_order_short_of_stock_waits_for_the_next_delivery_of_goods() -> None:
    pace = StaffPace(pick_seconds=(600, 600), ship_seconds=(300, 300), replenish_seconds=(7_200, 7_200))
    caller = Caller(enforcement="off", staff_pace=pace)
    order = caller.place("A-1", ("LAMP/01", 8), paid=True)
    caller.clock.advance(7_199)
    assert read(caller, order)["status"] == "awaiting_stock"
    caller.clock.advance(901)
    shipped = read(caller, order)
    assert (shipped["status"], shipped["shipped_at"]) == ("shipped", "2026-03-10T10:15:00.000Z")
    assert caller.account.truth()["negative_stock"] == []


def test_a_shipped_order_refuses_cancelling_and_new_lines(caller: Caller) -> None:
    order = caller.place("A-1", paid=True)
    caller.clock.advance(900)
    caller.send("PUT", f"/orders/{order['id']}/cancel", {"cancel_reason": "late"}, 400)
    line = {"sellable_id": caller.sellable("MUG-BLU"), "quantity": 1, "price_per_unit": 1}
    caller.send("PUT", f"/orders/{order['id']}", {"order": {"line_items_attributes": [line]}}, 400)
    assert read(caller, order)["status"] == "shipped"


def test_a_picked_order_can_still_be_cancelled_and_then_does_not_leave(caller: Caller) -> None:
    order = caller.place("A-1", ("MUG-BLU", 2), paid=True)
    caller.clock.advance(600)
    caller.send("PUT", f"/orders/{order['id']}/cancel", {}, 200)
    caller.clock.advance(86_400)
    assert read(caller, order)["status"] == "cancelled"
    assert caller.stock("MUG-BLU") == {"physical": 10, "allocated": 0}


def test_a_held_order_rests_until_the_hold_is_over(caller: Caller) -> None:
    order = caller.place("A-1", paid=True)
    caller.account.hold_as_staff("A-1")
    caller.clock.advance(86_400)
    assert (read(caller, order)["status"], read(caller, order)["picked_status"]) == ("on_hold", "unpicked")
    caller.account.unhold_as_staff("A-1")
    caller.clock.advance(900)
    assert read(caller, order)["status"] == "shipped"


def test_staff_cancel_shows_like_any_cancellation(caller: Caller) -> None:
    order = caller.place("A-1")
    assert caller.account.truth()["orders"][0]["live"]
    caller.account.cancel_as_staff("A-1")
    assert not caller.account.truth()["orders"][0]["live"]
    assert caller.get("/orders") == []
    assert read(caller, order)["status"] == "cancelled"
    with pytest.raises(ValueError, match="A-1 is cancelled"):
        caller.account.cancel_as_staff("A-1")


def test_a_merged_order_hides_its_number_and_travels_with_the_other(caller: Caller) -> None:
    first = caller.place("A-1", ("MUG-BLU", 1), paid=True)
    second = caller.place("A-2", ("LAMP/01", 1), paid=True)
    caller.account.merge_as_staff("A-1", "A-2")
    caller.clock.advance(5)
    assert caller.get("/orders?query=A-1") == []
    assert caller.get("/orders?query=A-1&status=cancelled") == []
    assert read(caller, first)["merged_to_id"] == second["id"]
    kept = read(caller, second)
    assert (kept["merged_order"], len(kept["line_items"])) == (True, 2)
    caller.clock.advance(900)
    assert read(caller, second)["status"] == "shipped"
    assert (caller.stock("MUG-BLU")["physical"], caller.stock("LAMP/01")["physical"]) == (9, 4)


def test_a_half_shipped_order_still_waits_for_stock(caller: Caller) -> None:
    order = caller.place("A-1", ("LAMP/01", 7), paid=True)
    caller.account.ship_as_staff("A-1")
    half = read(caller, order)
    assert (half["status"], half["shipped_at"]) == ("awaiting_stock", None)
    assert half["allocations"][0]["shipment"] is not None
    caller.send("PUT", f"/orders/{order['id']}/cancel", {}, 400)
    caller.account.set_stock("LAMP/01", 2)
    caller.clock.advance(900)
    done = read(caller, order)
    assert (done["status"], len(done["allocations"])) == ("shipped", 2)
    assert caller.stock("LAMP/01") == {"physical": 0, "allocated": 0}


def test_goods_that_a_recount_did_not_find_cannot_leave(caller: Caller) -> None:
    order = caller.place("A-1", ("MUG-BLU", 5), paid=True)
    caller.account.set_stock("MUG-BLU", 2)
    caller.clock.advance(7_000)
    assert read(caller, order)["status"] == "awaiting_fulfillment"
    caller.account.set_stock("MUG-BLU", 5)
    caller.clock.advance(7_000)
    assert read(caller, order)["status"] == "shipped"
    assert caller.account.truth()["negative_stock"] == []


def test_tracking_comes_as_object_text_and_nothing() -> None:
    caller = Caller(enforcement="off", staff_pace=PACE)
    caller.account.set_stock("MUG-BLU", 200)
    orders = [caller.place(f"A-{index}", paid=True) for index in range(80)]
    caller.clock.advance(900)
    kinds = Counter(
        type(read(caller, order)["allocations"][0]["shipment"]["tracking_number"]).__name__
        for order in orders
    )
    assert set(kinds) == {"dict", "str", "NoneType"}
    assert kinds["dict"] > 40


def test_pace_belongs_to_the_order_whatever_else_is_asked_in_between() -> None:
    def shipped_at(extra_calls: int) -> str:
        caller = Caller(enforcement="off")
        for index in range(extra_calls):
            caller.place(f"X-{index}")
        order = caller.place("A-1", ("LAMP/01", 1), paid=True)
        caller.clock.advance(86_400)
        return str(read(caller, order)["shipped_at"])

    assert shipped_at(0) == shipped_at(5)


def test_the_same_seed_and_calls_give_the_same_bytes_and_truth() -> None:
    def day(seed: int) -> tuple[bytes, Any]:
        caller = Caller(enforcement="off", seed=seed)
        for index in range(30):
            caller.place(f"A-{index}", ("MUG-BLU", 1 + index % 3), paid=index % 2 == 0)
            caller.clock.advance(600)
        caller.clock.advance(86_400)
        return caller.ask("GET", "/orders?page_size=100").body, caller.account.truth()

    assert day(3) == day(3)
    assert day(3)[0] != day(4)[0]
