"""OR21 of the sandbox and the life of an order: payment workflows, timers, cancellations."""

from typing import Any

import pytest

from integration_pipelines.sandbox.mirakl import Fate
from integration_pipelines_tests.sandbox.shop_caller import ShopCaller


@pytest.fixture
def shop() -> ShopCaller:
    return ShopCaller()


def _states(shop: ShopCaller, order_id: str) -> list[str]:
    return [state for _, state in shop.truth_of(order_id)["history"]]


def test_accepted_debited_released(shop: ShopCaller) -> None:
    order_id = shop.sandbox.place_order("alpha", fate=Fate(debit_seconds=100))
    shop.advance(30)
    assert shop.decide(order_id) == (204, None)
    accepted = shop.order(order_id)
    assert accepted["order_state"] == "WAITING_DEBIT"
    assert accepted["acceptance_decision_date"] == "2026-03-02T08:00:30Z"
    assert (accepted["can_cancel"], accepted["can_shop_ship"]) == (True, False)
    shop.advance(20)
    assert shop.state(order_id) == "WAITING_DEBIT_PAYMENT"
    shop.advance(80)
    released = shop.order(order_id)
    assert released["customer_debited_date"] == "2026-03-02T08:02:10Z"
    assert (released["can_cancel"], released["can_shop_ship"]) == (False, True)
    assert {line["order_line_state"] for line in released["order_lines"]} == {"SHIPPING"}
    assert _states(shop, order_id) == [
        "WAITING_ACCEPTANCE",
        "WAITING_DEBIT",
        "WAITING_DEBIT_PAYMENT",
        "SHIPPING",
    ]


@pytest.mark.parametrize("workflow", ["PAY_ON_DELIVERY", "NO_CUSTOMER_PAYMENT_CONFIRMATION"])
def test_workflows_without_a_debit_release_at_once(workflow: str) -> None:
    shop = ShopCaller(payment_workflow=workflow)
    order_id = shop.sandbox.place_order("alpha")
    shop.decide(order_id)
    order = shop.order(order_id)
    assert (order["order_state"], order["customer_debited_date"]) == ("SHIPPING", None)
    assert order["customer"]["shipping_address"] is not None


def test_the_truth_tells_since_when_an_order_could_be_accepted(shop: ShopCaller) -> None:
    at_once = shop.sandbox.place_order("alpha")
    hidden = shop.sandbox.place_order("alpha", visible_after_seconds=7)
    staged = shop.sandbox.place_order("alpha", state="STAGING", fate=Fate(staging_seconds=90))
    decided = shop.sandbox.place_order("alpha", state="SHIPPING")
    assert shop.truth_of(staged)["waiting_since"] is None
    shop.advance(120)
    since = {order: shop.truth_of(order)["waiting_since"] for order in (at_once, hidden, staged, decided)}
    assert since == {
        at_once: "2026-03-02T08:00:00+00:00",
        hidden: "2026-03-02T08:00:07+00:00",
        staged: "2026-03-02T08:01:30+00:00",
        decided: None,
    }


def test_failed_payment_cancels_after_the_acceptance(shop: ShopCaller) -> None:
    order_id = shop.sandbox.place_order("alpha", fate=Fate(debit_seconds=60, payment_fails=True))
    shop.decide(order_id)
    shop.advance(61)
    order = shop.order(order_id)
    assert (order["order_state"], order["order_state_reason_code"]) == ("CANCELED", "PAYMENT_REFUSED")
    assert order["customer"]["shipping_address"] is None


def test_staging_allows_no_decision_and_then_opens(shop: ShopCaller) -> None:
    order_id = shop.sandbox.place_order("alpha", state="STAGING", fate=Fate(staging_seconds=300))
    status, told = shop.decide(order_id)
    assert (status, told["code"]) == (400, "ORDER_INVALID_STATE")
    shop.advance(301)
    assert shop.state(order_id) == "WAITING_ACCEPTANCE"
    assert shop.decide(order_id)[0] == 204


def test_partial_acceptance_shrinks_totals(shop: ShopCaller) -> None:
    order_id = shop.sandbox.place_order("alpha", [(shop.skus[0], 1), (shop.skus[1], 2)])
    before = shop.order(order_id)
    assert shop.decide(order_id, True, False)[0] == 204
    after = shop.order(order_id)
    kept, refused = after["order_lines"]
    assert (kept["order_line_state"], refused["order_line_state"]) == ("WAITING_DEBIT", "REFUSED")
    assert after["price"] == before["order_lines"][0]["price"] < before["price"]


def test_refusing_everything_ends_the_order_with_its_full_sum(shop: ShopCaller) -> None:
    order_id = shop.sandbox.place_order("alpha", [(shop.skus[0], 1), (shop.skus[1], 2)])
    before = shop.order(order_id)
    shop.decide(order_id, False, False)
    after = shop.order(order_id)
    assert after["order_state"] == "REFUSED"
    assert after["total_price"] == before["total_price"]
    assert after["customer"]["shipping_address"] is None


def test_time_out_refuses_the_lines(shop: ShopCaller) -> None:
    order_id = shop.sandbox.place_order("alpha")
    shop.advance(48 * 3600 - 1)
    assert shop.state(order_id) == "WAITING_ACCEPTANCE"
    shop.advance(1)
    order = shop.order(order_id)
    assert order["order_state"] == "REFUSED"
    assert {line["order_line_state_reason_code"] for line in order["order_lines"]} == {"ACCEPTANCE_TIMEOUT"}
    assert order["acceptance_decision_date"] is None
    assert shop.truth_of(order_id)["timed_out"]
    assert shop.decide(order_id)[1]["code"] == "ORDER_INVALID_STATE"


def test_automatic_acceptance_leaves_no_decision_date() -> None:
    shop = ShopCaller(acceptance="AUTOMATIC")
    order_id = shop.sandbox.place_order("alpha", fate=Fate(debit_seconds=60))
    shop.advance(2)
    order = shop.order(order_id)
    assert (order["order_state"], order["acceptance_decision_date"]) == ("WAITING_DEBIT", None)
    assert (
        shop.get("/api/platform/configuration")["features"]["order_workflows"]["order_acceptance"]
        == "AUTOMATIC"
    )


@pytest.mark.parametrize("state", ["WAITING_ACCEPTANCE", "WAITING_DEBIT", "SHIPPING"])
def test_customers_cancel_in_any_state_before_shipment(shop: ShopCaller, state: str) -> None:
    fate = Fate(debit_seconds=60, cancelled_in=state, cancel_after_seconds=30)
    order_id = shop.sandbox.place_order("alpha", fate=fate)
    if state != "WAITING_ACCEPTANCE":
        shop.decide(order_id)
    shop.advance(600)
    assert _states(shop, order_id)[-1] == "CANCELED"
    assert (_states(shop, order_id)[-2] == "SHIPPING") == (state == "SHIPPING")
    assert shop.truth_of(order_id)["cancelled_at"] is not None


def test_lines_decide_when_the_header_runs_ahead(shop: ShopCaller) -> None:
    lines = [(shop.skus[0], 1), (shop.skus[1], 1)]
    states = ["WAITING_DEBIT", "WAITING_ACCEPTANCE"]
    order_id = shop.sandbox.place_order("alpha", lines, state="WAITING_DEBIT", line_states=states)
    shop.advance(3600)
    assert shop.state(order_id) == "WAITING_DEBIT"
    assert shop.decide(order_id)[0] == 204
    shop.advance(3600)
    assert shop.state(order_id) == "SHIPPING"


def _line(**changes: Any) -> dict[str, Any]:
    return {"accepted": True, **changes}


@pytest.mark.parametrize(
    ("code", "body"),
    [
        ("VALIDATION_ERROR", {}),
        ("VALIDATION_ERROR", []),
        ("VALIDATION_ERROR", {"order_lines": [_line()]}),
        ("VALIDATION_ERROR", {"order_lines": [{"id": "1", "accepted": "yes"}]}),
        ("ORDER_LINE_NULL_ELEMENT", {"order_lines": [None]}),
        ("ORDER_LINE_DUPLICATE_ID", {"order_lines": [_line(id="A"), _line(id="A")]}),
        ("ORDER_LINE_NOT_FOUND", {"order_lines": [_line(id="A"), _line(id="B"), _line(id="C")]}),
        ("ORDER_LINE_ACCEPTANCE_DECISION_MISSING", {"order_lines": [_line(id="A")]}),
    ],
)
def test_wrong_decisions_change_nothing_and_say_why(shop: ShopCaller, code: str, body: Any) -> None:
    order_id = shop.sandbox.place_order("alpha", [(shop.skus[0], 1), (shop.skus[1], 1)])
    if isinstance(body, dict):
        names = {"A": f"{order_id}-1", "B": f"{order_id}-2", "C": "NOPE"}
        lines = body.get("order_lines", [])
        body = (
            {**body, "order_lines": [line and {**line, "id": names.get(line.get("id"))} for line in lines]}
            if any(line and line.get("id") in names for line in lines)
            else body
        )
    status, told = shop.put(f"/api/orders/{order_id}/accept", body)
    assert (status, told["code"]) == (400, code)
    assert told["message"]
    assert shop.state(order_id) == "WAITING_ACCEPTANCE"
    assert shop.truth_of(order_id)["accept_calls"] == 1


def test_a_mixed_decision_needs_the_shop_to_allow_it() -> None:
    shop = ShopCaller(partial_acceptance_allowed=False)
    order_id = shop.sandbox.place_order("alpha", [(shop.skus[0], 1), (shop.skus[1], 1)])
    assert shop.decide(order_id, True, False)[1]["code"] == "ORDER_PARTIAL_ACCEPTANCE_DISABLED"
    assert shop.decide(order_id, False, False)[0] == 204


def test_orders_of_the_operators_warehouse_are_not_ours_to_accept(shop: ShopCaller) -> None:
    order_id = shop.sandbox.place_order("alpha", fulfillment_center="OPERATOR")
    assert shop.decide(order_id)[1]["code"] == "ORDER_FULFILLED_UNAUTHORIZED"


def test_accepting_twice_is_an_invalid_state(shop: ShopCaller) -> None:
    order_id = shop.sandbox.place_order("alpha")
    assert shop.decide(order_id)[0] == 204
    assert shop.decide(order_id)[1]["code"] == "ORDER_INVALID_STATE"
    assert shop.truth_of(order_id)["accept_calls"] == 2
