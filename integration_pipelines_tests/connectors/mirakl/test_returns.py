"""The return client: returns, refunds and reasons, as sent and as answered."""

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import httpx
import pytest

from integration_pipelines.connectors.mirakl.amounts import LineAmount
from integration_pipelines.connectors.mirakl.door import ShopDoor
from integration_pipelines.connectors.mirakl.returns import Judgement, ReturnClient
from integration_pipelines.connectors.quotas import MIRAKL
from integration_pipelines.money import Money
from integration_pipelines.remote import OutcomeUnknown, OutOfBudget, Refused
from integration_pipelines_tests.connectors.doors import Door, Reaction, answer, door

BACK = LineAmount(
    "L1",
    Money(Decimal("12.50"), "EUR"),
    Decimal("4.90"),
    1,
    "17",
    {"VAT20": Decimal("2.08")},
    {"VAT20": Decimal("0.82")},
)
PAID = {"refund_id": 1130, "order_refund_id": "g", "order_line_id": "L1", "amount": 12.50, "quantity": 0}


def client(
    reactions: list[Reaction] | Callable[[httpx.Request], Reaction], *, planned: bool = False
) -> tuple[ReturnClient, Door]:
    other_side = door(reactions, contract=MIRAKL if planned else None)
    return ReturnClient(ShopDoor("alpine", 2001, other_side.transport)), other_side


def test_returns_are_read_page_by_page_every_five_minutes() -> None:
    rows = [{"id": "R1", "state": "RECEIVED"}, {"id": "R2", "state": "CLOSED"}, None]
    pages = [{"data": rows, "next_page_token": "t"}, {"data": [{"id": "R3", "status": "RECEIVED"}]}]
    shop, other_side = client([*(answer(200, page) for page in pages), answer(200, pages[1])], planned=True)
    since = datetime(2026, 3, 2, 7, 0, tzinfo=UTC)

    read = [row for page in shop.returns(since, since, ["RECEIVED"]) for row in page]

    assert read == [rows[0], None, {"id": "R3", "status": "RECEIVED"}]
    first, second = other_side.sent
    assert first.url.params.multi_items() == [
        ("return_state", "RECEIVED"),
        ("return_last_updated_from", "2026-03-02T07:00:00.000Z"),
        ("return_last_updated_to", "2026-03-02T07:00:00.000Z"),
        ("limit", "100"),
        ("shop_id", "2001"),
    ]
    assert second.url.params["page_token"] == "t"
    with pytest.raises(OutOfBudget):
        list(shop.returns())
    assert list(shop.returns(patience=300))


_WRITES: list[tuple[Callable[[ReturnClient], dict[str, str | None]], str, Any]] = [
    (lambda shop: shop.accept(["R1"]), "/accept", {"id": "R1", "accepted": True}),
    (
        lambda shop: shop.refuse({"R1": "RETURN_REJECTION_WINDOW_CLOSED"}),
        "/accept",
        {"id": "R1", "accepted": False, "rejection_reason_code": "RETURN_REJECTION_WINDOW_CLOSED"},
    ),
    (lambda shop: shop.receive(["R1"]), "/receive", {"id": "R1"}),
    (lambda shop: shop.close(["R1"]), "/close", {"id": "R1"}),
    (lambda shop: shop.cancel(["R1"]), "/cancel", {"id": "R1"}),
    (lambda shop: shop.set_numbers({"R1": "RMA-1"}), "", {"id": "R1", "rma": "RMA-1"}),
    (
        lambda shop: shop.judge(
            {"R1": [Judgement("L1", True), Judgement("L2", False, "RETURN_NON_COMPLIANT_OTHER", "wet")]}
        ),
        "/compliance",
        {
            "id": "R1",
            "return_lines": [
                {"order_line_id": "L1", "compliant": True},
                {
                    "order_line_id": "L2",
                    "compliant": False,
                    "non_compliance_reason_code": "RETURN_NON_COMPLIANT_OTHER",
                    "non_compliance_additional_info": "wet",
                },
            ],
        },
    ),
]


@pytest.mark.parametrize(("call", "path", "item"), _WRITES)
def test_acts_on_returns_answer_per_return(
    call: Callable[[ReturnClient], dict[str, str | None]], path: str, item: Any
) -> None:
    refusal = {
        "return_success": None,
        "return_errors": [{"id": "R1", "message": "Return is in invalid state"}],
    }
    shop, other_side = client(
        [answer(200, {"return_success": [{"id": "R1"}]}), answer(200, refusal), answer(200, {}), answer(502)]
    )

    assert call(shop) == {"R1": None}
    assert call(shop) == {"R1": "Return is in invalid state"}
    for _ in range(2):
        with pytest.raises(OutcomeUnknown):
            call(shop)
    assert {(request.method, request.url.path) for request in other_side.sent} == {
        ("PUT", f"/api/returns{path}")
    }
    assert other_side.body() == {"returns": [item]}
    assert len(other_side.sent) == 4


def test_more_returns_than_a_call_takes_are_not_sent() -> None:
    shop, other_side = client([])

    with pytest.raises(ValueError, match="RT25 takes 1 to 100"):
        shop.receive([f"R{number}" for number in range(101)])
    assert other_side.sent == []


def test_a_refund_names_amounts_taxes_and_currency_as_they_are() -> None:
    shop, other_side = client([answer(200, {"order_tax_mode": "TAX_INCLUDED", "refunds": [PAID]})])

    (created,) = shop.refund([BACK], "TAX_INCLUDED")

    assert (created.refund_id, created.order_refund_id, created.amount) == ("1130", "g", Decimal("12.5"))
    assert other_side.sent[0].url.path == "/api/orders/refund"
    assert other_side.body() == {
        "order_tax_mode": "TAX_INCLUDED",
        "refunds": [
            {
                "order_line_id": "L1",
                "amount": 12.5,
                "shipping_amount": 4.9,
                "currency_iso_code": "EUR",
                "quantity": 1,
                "reason_code": "17",
                "taxes": [{"code": "VAT20", "amount": 2.08}],
                "shipping_taxes": [{"code": "VAT20", "amount": 0.82}],
            }
        ],
    }


def test_a_refund_before_shipment_may_take_units_out_of_it() -> None:
    shop, other_side = client([answer(200, {"refunds": [PAID]})])

    shop.refund([LineAmount("L1", BACK.amount, Decimal(0), 1, "15", excluded_from_shipment=True)])

    assert other_side.body()["refunds"][0]["excluded_from_shipment"] is True


@pytest.mark.parametrize("lost", [
    httpx.ReadTimeout("late"), answer(500), answer(200), answer(200, {"refunds": []}),
    answer(200, {"refunds": [{"amount": 1}]}), answer(200, {"refunds": None}),
])  # fmt: skip
def test_a_refund_without_a_usable_answer_is_in_doubt_and_not_paid_again(lost: Reaction) -> None:
    shop, other_side = client([lost, answer(200, {"refunds": [PAID]})])

    with pytest.raises(OutcomeUnknown):
        shop.refund([BACK])
    assert len(other_side.sent) == 1


def test_a_refund_above_what_is_left_is_refused_with_the_words() -> None:
    shop, _ = client([answer(400, {"message": "The amount exceeds what is left."})])

    with pytest.raises(Refused, match="exceeds what is left"):
        shop.refund([BACK])


def test_only_reasons_that_a_shop_may_give_are_offered() -> None:
    rows = [
        {"type": "REFUND", "code": 17, "label": "Returned", "is_shop_right": True},
        {"type": "REFUND", "code": "90", "label": "Operator", "is_shop_right": False},
        {"type": "CANCELATION", "code": "34", "label": "Cancelled", "is_shop_right": True},
        {"type": "REFUND", "code": "18", "label": None},
    ]
    shop, other_side = client([answer(200, {"reasons": rows, "total_count": 4})])

    assert [(each.code, each.label) for each in shop.reasons("REFUND")] == [("17", "Returned")]
    assert other_side.sent[0].url.path == "/api/reasons"
