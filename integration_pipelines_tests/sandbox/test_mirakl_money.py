"""OR04, OR28, OR29 and OR30 of the sandbox."""

from decimal import Decimal
from typing import Any

import pytest

from integration_pipelines.sandbox.mirakl import Fate
from integration_pipelines_tests.sandbox.shop_caller import ShopCaller


@pytest.fixture
def shop() -> ShopCaller:
    return ShopCaller()


def _released(shop: ShopCaller) -> str:
    return shop.sandbox.place_order(
        "alpha", [(shop.skus[0], 2)], unit_prices=[Decimal("10.00")], state="SHIPPING"
    )


def _refund(order_id: str, **changes: Any) -> dict[str, Any]:
    item = {
        "order_line_id": f"{order_id}-1",
        "amount": 5,
        "shipping_amount": 0,
        "quantity": 1,
        "reason_code": "17",
        "currency_iso_code": "EUR",
        "taxes": [{"code": "VAT20", "amount": "0.83"}],
        "shipping_taxes": [],
    }
    return {"refunds": [{**item, **changes}]}


def test_every_refund_call_refunds_again_until_nothing_is_left(shop: ShopCaller) -> None:
    order_id = _released(shop)
    first = shop.put("/api/orders/refund", _refund(order_id))
    second = shop.put("/api/orders/refund", _refund(order_id, amount="5.00", quantity=0))
    third = shop.put("/api/orders/refund", _refund(order_id, amount=11))
    assert (first[0], second[0], third[0]) == (200, 200, 400)
    assert first[1]["refunds"][0]["refund_id"] != second[1]["refunds"][0]["refund_id"]
    line = shop.order(order_id)["order_lines"][0]
    assert [refund["amount"] for refund in line["refunds"]] == [5, 5]
    assert (line["order_line_state"], line["can_refund"]) == ("SHIPPING", False)
    shop.advance(600)
    assert {refund["refund_state"] for refund in shop.order(order_id)["order_lines"][0]["refunds"]} == {
        "REFUNDED"
    }


def test_a_fully_refunded_order_is_closed(shop: ShopCaller) -> None:
    order_id = _released(shop)
    shipping = shop.order(order_id)["shipping_price"]
    assert shop.put("/api/orders/refund", _refund(order_id, amount=20, shipping_amount=shipping))[0] == 200
    order = shop.order(order_id)
    assert (order["order_state"], order["fully_refunded"]) == ("CLOSED", True)
    assert order["order_lines"][0]["order_line_state"] == "REFUNDED"


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"reason_code": "90"}, 400),  # the operator's own reason
        ({"reason_code": "34"}, 400),  # a reason for cancelations
        ({"reason_code": 17}, 200),
        ({"currency_iso_code": "USD"}, 400),
        ({"currency_iso_code": None}, 200),
        ({"amount": -1}, 400),
        ({"amount": "many"}, 400),
        ({"amount": True}, 400),
        ({"amount": None}, 400),
        ({"shipping_amount": 900}, 400),
        ({"order_line_id": "NONE"}, 404),
        ({"amount": 0, "quantity": 0}, 200),
    ],
)
def test_refunds_are_checked(shop: ShopCaller, changes: dict[str, Any], status: int) -> None:
    assert shop.put("/api/orders/refund", _refund(_released(shop), **changes))[0] == status


def test_taxes_are_mandatory_where_the_order_has_them(shop: ShopCaller) -> None:
    order_id = _released(shop)
    body = _refund(order_id)
    del body["refunds"][0]["taxes"]
    assert shop.put("/api/orders/refund", body)[0] == 400
    assert shop.order(order_id)["order_lines"][0]["refunds"] == []


def test_currency_is_mandatory_on_a_platform_with_several() -> None:
    shop = ShopCaller(multi_currency=True)
    body = _refund(_released(shop))
    del body["refunds"][0]["currency_iso_code"]
    status, told = shop.put("/api/orders/refund", body)
    assert (status, told["message"]) == (400, "The currency ISO code is mandatory.")


def test_nothing_is_refunded_if_one_item_is_wrong(shop: ShopCaller) -> None:
    order_id = _released(shop)
    body = {"refunds": [*_refund(order_id)["refunds"], *_refund(order_id, amount=18)["refunds"]]}
    assert shop.put("/api/orders/refund", body)[0] == 400
    assert shop.order(order_id)["order_lines"][0]["refunds"] == []


def test_before_the_debit_money_goes_back_by_cancelling(shop: ShopCaller) -> None:
    order_id = shop.sandbox.place_order("alpha", [(shop.skus[0], 1)], fate=Fate(debit_seconds=3600))
    assert shop.put(f"/api/orders/{order_id}/cancel")[0] == 400  # not accepted yet
    shop.decide(order_id)
    assert shop.put("/api/orders/refund", _refund(order_id, amount=0))[0] == 400
    assert shop.put(f"/api/orders/{order_id}/cancel") == (204, None)
    order = shop.order(order_id)
    assert (order["order_state"], order["order_state_reason_code"]) == ("CANCELED", "CANCELED_BY_SHOP")
    assert shop.put(f"/api/orders/{order_id}/cancel")[0] == 400


def test_after_the_debit_an_order_cannot_be_cancelled(shop: ShopCaller) -> None:
    assert shop.put(f"/api/orders/{_released(shop)}/cancel")[0] == 400


def test_cancelling_all_of_every_line_ends_the_order() -> None:
    shop = ShopCaller(payment_workflow="PAY_ON_DELIVERY")
    order_id = shop.sandbox.place_order("alpha", [(shop.skus[0], 2)], state="SHIPPING")
    order = shop.order(order_id)
    item = {"order_line_id": f"{order_id}-1", "reason_code": 34, "quantity": 1, "currency_iso_code": "EUR"}
    part = {**item, "amount": order["price"] / 2, "shipping_amount": 0}
    rest = {**part, "shipping_amount": order["shipping_price"]}
    assert shop.put("/api/orders/cancel", {"cancelations": [part]})[0] == 200
    assert shop.state(order_id) == "SHIPPING"
    status, told = shop.put("/api/orders/cancel", {"cancelations": [rest]})
    assert (status, told["cancelations"][0]["amount"]) == (200, order["price"] / 2)
    assert shop.state(order_id) == "CANCELED"


def test_seller_references_have_an_outcome_each(shop: ShopCaller) -> None:
    good, long = shop.sandbox.place_order("alpha"), shop.sandbox.place_order("alpha")
    named = {good: "WMS-1", long: "x" * 2001, "NONE": "WMS-2"}
    body = {
        "orders": [
            {"order_id": order_id, "references": {"order_reference_for_seller": text}}
            for order_id, text in named.items()
        ]
    }
    status, told = shop.put("/api/orders", body)
    outcomes = [
        (item["order_id"], [error["code"] for error in item["errors"]]) for item in told["updated_orders"]
    ]
    assert status == 200
    assert outcomes == [(good, []), (long, ["VALIDATION_ERROR"]), ("NONE", ["ORDER_NOT_FOUND"])]
    assert shop.order(good)["references"]["order_reference_for_seller"] == "WMS-1"
    assert shop.truth_of(good)["reference_for_seller"] == "WMS-1"
    assert shop.order(long)["references"]["order_reference_for_seller"] is None


def test_more_than_a_hundred_references_are_refused(shop: ShopCaller) -> None:
    assert shop.put("/api/orders", {"orders": [{"order_id": "X"}] * 101})[0] == 400
