"""Refunds after shipment: their states on the clock, the operator's own, and what the truth says."""

from decimal import Decimal
from typing import Any

import pytest

from integration_pipelines_tests.sandbox.dispatch_caller import DAY, HOUR, DispatchCaller


def _refunds(shop: DispatchCaller, order_id: str) -> list[dict[str, Any]]:
    return list(shop.truth_of(order_id)["refunds"])


def test_a_refund_waits_waits_for_its_payment_and_is_paid() -> None:
    shop = DispatchCaller({"refund_seconds": (HOUR, 3 * HOUR)})
    order_id = shop.received(2)
    shop.refund(order_id, 10)
    seen = []
    for _ in range(3):
        (refund,) = shop.order(order_id)["order_lines"][0]["refunds"]
        seen.append((refund["refund_state"], refund["transaction_number"] is not None))
        shop.advance(1.5 * HOUR)
    assert seen == [("WAITING_REFUND", False), ("WAITING_REFUND_PAYMENT", False), ("REFUNDED", True)]


def test_units_are_refunded_until_nothing_is_left_and_the_order_stays_received() -> None:
    shop = DispatchCaller()
    order_id = shop.received(2)
    shipping = shop.order(order_id)["shipping_price"]
    assert shop.refund(order_id, 10)[0] == 200
    assert shop.order(order_id)["order_lines"][0]["order_line_state"] == "RECEIVED"
    assert shop.refund(order_id, 10.01)[0] == 400
    assert shop.refund(order_id, 10, shipping_amount=shipping)[0] == 200
    order = shop.order(order_id)
    assert (order["order_state"], order["order_lines"][0]["order_line_state"]) == ("RECEIVED", "REFUNDED")
    assert shop.refund(order_id, 0)[0] == 400
    line = shop.truth_of(order_id)["lines"][f"{order_id}-1"]
    assert (line["refunded"], line["refunded_units"], line["price"]) == ("20.00", 2, "20.00")
    assert Decimal(line["refunded_shipping"]) == Decimal(line["shipping_price"])


def test_the_truth_names_a_refund_that_was_paid_twice() -> None:
    shop = DispatchCaller()
    order_id = shop.received(2)
    shop.sandbox.faults["alpha"].force("lost", "OR28")
    item = {
        "order_line_id": f"{order_id}-1", "amount": 10, "shipping_amount": 0, "quantity": 1,
        "reason_code": "17", "currency_iso_code": "EUR", "taxes": [],
    }  # fmt: skip
    assert shop.ask("PUT", "/api/orders/refund", {"refunds": [item]}).lost
    (first,) = _refunds(shop, order_id)
    assert (first["amount"], first["repeats"], first["by"]) == ("10.00", None, "shop")
    assert shop.put("/api/orders/refund", {"refunds": [item]})[0] == 200
    assert [refund["repeats"] for refund in _refunds(shop, order_id)] == [None, first["id"]]


def test_the_operators_staff_refund_without_asking() -> None:
    shop = DispatchCaller()
    order_id = shop.received(2)
    line_id, now = f"{order_id}-1", shop.clock.now()
    shop.account.refund_by_operator(order_id, line_id, now, amount=Decimal("3.50"))
    shop.account.refund_by_operator(order_id, line_id, now, units=1)
    shop.account.refund_by_operator(order_id, line_id, now)
    told = _refunds(shop, order_id)
    assert [(refund["amount"], refund["by"], refund["reason_code"]) for refund in told] == [
        ("3.50", "operator", "90"),
        ("10.00", "operator", "90"),
        ("6.50", "operator", "90"),
    ]
    assert shop.order(order_id)["fully_refunded"] is True
    shop.account.refund_by_operator(order_id, line_id, now)
    assert len(_refunds(shop, order_id)) == 3
    taxes = [refund["taxes"] for refund in shop.order(order_id)["order_lines"][0]["refunds"]]
    assert taxes[1] == [
        {"amount": 1.67, "code": "VAT20", "rate": 20, "tax_calculation_rule": "PROPORTIONAL_TO_AMOUNT"}
    ]


def test_a_share_of_received_orders_is_refunded_by_staff() -> None:
    shop = DispatchCaller({"operator_refund_share": 1})
    order_id = shop.received(2)
    shop.advance(5 * DAY)
    (refund,) = _refunds(shop, order_id)
    assert (refund["by"], refund["amount"], refund["quantity"]) == ("operator", "10.00", 1)


@pytest.mark.parametrize(("compliant", "refunded"), [(True, ["10.00"]), (False, [])])
def test_some_operators_refund_compliant_returns_by_themselves(compliant: bool, refunded: list[str]) -> None:
    shop = DispatchCaller({"refunds_compliant_returns": True, "automatic_returns": True})
    order_id = shop.received(2)
    return_id = shop.ask_back(order_id, 1)
    shop.advance(2)
    shop.on_returns("receive", {"id": return_id})
    line = {"order_line_id": f"{order_id}-1", "compliant": compliant}
    shop.on_returns("compliance", {"id": return_id, "return_lines": [line]})
    assert _refunds(shop, order_id) == []
    shop.on_returns("close", {"id": return_id})
    assert [refund["amount"] for refund in _refunds(shop, order_id)] == refunded


def test_net_amounts_count_with_their_taxes() -> None:
    shop = DispatchCaller()
    order_id = shop.received(2)
    item = {
        "order_line_id": f"{order_id}-1", "amount": "16.67", "shipping_amount": 0, "reason_code": "17",
        "taxes": [{"code": "VAT20", "amount": "3.33"}],
    }  # fmt: skip
    above = {**item, "amount": "16.68"}
    body: dict[str, Any] = {"order_tax_mode": "TAX_EXCLUDED", "refunds": [above]}
    assert shop.put("/api/orders/refund", body)[0] == 400
    status, told = shop.put("/api/orders/refund", {**body, "refunds": [item]})
    assert (status, told["order_tax_mode"], told["refunds"][0]["amount"]) == (200, "TAX_EXCLUDED", 16.67)
    assert told["refunds"][0]["taxes"] == [{"code": "VAT20", "amount": 3.33}]
    assert [refund["amount"] for refund in _refunds(shop, order_id)] == ["20.00"]


def test_shipping_taxes_are_mandatory_with_shipping() -> None:
    shop = DispatchCaller()
    order_id = next(
        order_id
        for order_id in (shop.received(1) for _ in range(20))
        if shop.order(order_id)["shipping_price"]
    )
    item = {
        "order_line_id": f"{order_id}-1",
        "amount": 0,
        "shipping_amount": 1,
        "reason_code": "17",
        "taxes": [],
    }
    assert shop.put("/api/orders/refund", {"refunds": [item]})[0] == 400
    assert shop.put("/api/orders/refund", {"refunds": [{**item, "shipping_taxes": []}]})[0] == 200


def test_whole_lines_are_refunded_by_reason_alone() -> None:
    shop = DispatchCaller()
    order_id = shop.received(2, 1)
    shop.refund(order_id, 5)
    lines = [{"id": f"{order_id}-1", "reason_code": 17}]
    assert shop.put(f"/api/orders/{order_id}/refund", {"order_lines": lines}) == (204, None)
    assert [refund["amount"] for refund in _refunds(shop, order_id)] == ["5.00", "15.00"]
    assert shop.put(f"/api/orders/{order_id}/refund", {"order_lines": lines})[0] == 400
    assert shop.put(f"/api/orders/{order_id}/refund", {"order_lines": []})[0] == 400
    unknown = [{"id": "X", "reason_code": 17}]
    assert shop.put(f"/api/orders/{order_id}/refund", {"order_lines": unknown})[0] == 404
    wrong = [{"id": f"{order_id}-2", "reason_code": "90"}]
    assert shop.put(f"/api/orders/{order_id}/refund", {"order_lines": wrong})[0] == 400


def test_reasons_are_told_by_type() -> None:
    shop = DispatchCaller()
    every = [row for row in shop.get("/api/reasons")["reasons"] if row["type"] == "REFUND"]
    told = shop.get("/api/reasons/REFUND")
    assert told["reasons"] == [{"code": row["code"], "label": row["label"]} for row in every]
    assert told["total_count"] == len(every)


def test_the_sum_of_refunds_never_exceeds_the_line_however_they_are_cut() -> None:
    shop = DispatchCaller()
    order_id = shop.received(3)
    for amount in ("7.77", "11.11", "9.99", "5.55", "1.13", "0.01"):
        shop.refund(order_id, amount)
    line = shop.truth_of(order_id)["lines"][f"{order_id}-1"]
    assert line["refunded"] == "30.00"
    assert sum(Decimal(refund["amount"]) for refund in _refunds(shop, order_id)) == Decimal("30.00")
