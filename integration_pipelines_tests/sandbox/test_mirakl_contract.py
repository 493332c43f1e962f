"""Answers of the implemented operations against the vendor's OpenAPI document.

The document declares no nulls and no further fields, and real answers have both, so both are allowed.
Where the document is not at hand, a small part of it, restated here, is checked instead.
"""

from typing import Any

import pytest

from integration_pipelines.sandbox.mirakl import Fate
from integration_pipelines_tests.sandbox.shop_caller import ShopCaller
from integration_pipelines_tests.vendor_document import DOCUMENT, Contract

_READS = {
    "A01": "/api/account",
    "AF01": "/api/additional_fields",
    "CH11": "/api/channels",
    "CUR01": "/api/currencies",
    "DO01": "/api/documents",
    "L01": "/api/locales",
    "OR11": "/api/orders",
    "PC01": "/api/platform/configuration",
    "RE01": "/api/reasons",
    "SH21": "/api/shipping/carriers",
}
# What clients rely on most: names and JSON types of an order and its lines.
_RESTATED: dict[str, Any] = {
    "type": "object",
    "required": ["orders", "total_count"],
    "properties": {
        "total_count": {"type": "integer"},
        "orders": {
            "type": "array",
            "items": {
                "type": "object",
                "required": [
                    "order_id",
                    "order_state",
                    "order_lines",
                    "customer",
                    "currency_iso_code",
                    "can_cancel",
                ],
                "properties": {
                    "order_id": {"type": "string"},
                    "can_cancel": {"type": "boolean"},
                    "total_price": {"type": "number"},
                    "order_lines": {
                        "type": "array",
                        "items": {
                            "type": "object",
                            "required": [
                                "order_line_id",
                                "offer_sku",
                                "quantity",
                                "price_unit",
                                "order_line_state",
                            ],
                            "properties": {
                                "order_line_id": {"type": "string"},
                                "quantity": {"type": "integer"},
                                "price": {"type": "number"},
                            },
                        },
                    },
                },
            },
        },
    },
}


@pytest.fixture
def shop() -> ShopCaller:
    """Orders in every state that exists here, with refunds and a refusal."""
    shop = ShopCaller()
    lines = [(shop.skus[0], 2), (shop.skus[1], 1)]
    place = shop.sandbox.place_order
    place("alpha", lines, state="STAGING", fate=Fate(staging_seconds=10**6))
    place("alpha", lines)
    for decisions in ((True, True), (True, False), (False, False)):
        shop.decide(place("alpha", lines, fate=Fate(debit_seconds=10**6)), *decisions)
    released = place("alpha", lines, state="SHIPPING")
    item = {
        "order_line_id": f"{released}-1",
        "amount": 1,
        "shipping_amount": 0,
        "reason_code": "15",
        "taxes": [],
    }
    assert shop.put("/api/orders/refund", {"refunds": [item]})[0] == 200
    place("alpha", lines, state="CANCELED")
    return shop


@pytest.mark.parametrize("operation", _READS)
def test_reads_follow_the_document(shop: ShopCaller, contract: Contract, operation: str) -> None:
    told = shop.get(_READS[operation])
    if not DOCUMENT.exists():
        print("the vendor's OpenAPI document: not present")
        schema = _RESTATED if operation == "OR11" else {"type": "object"}
    else:
        schema = contract.answer_schema(operation)
    assert list(contract.faults(schema, told)) == []
    assert told


def test_writes_follow_the_document(shop: ShopCaller, contract: Contract) -> None:
    place = shop.sandbox.place_order
    released = place("alpha", state="SHIPPING")
    unpaid = place("alpha", fate=Fate(debit_seconds=10**6))
    shop.decide(unpaid)
    item = {"amount": 1, "shipping_amount": 0, "quantity": 0, "taxes": [{"code": "VAT20", "amount": 0.17}]}
    refund = {**item, "order_line_id": f"{released}-1", "reason_code": "15"}
    cancelation = {**item, "order_line_id": f"{unpaid}-1", "reason_code": "34"}
    reference = {"order_id": released, "references": {"order_reference_for_seller": "W"}}
    calls = {
        "OR28": ("/api/orders/refund", {"refunds": [refund]}),
        "OR30": ("/api/orders/cancel", {"cancelations": [cancelation]}),
        "OR04": ("/api/orders", {"orders": [reference, {"order_id": "NONE"}]}),
    }
    for operation, (path, body) in calls.items():
        status, told = shop.put(path, body)
        schema = contract.answer_schema(operation) if DOCUMENT.exists() else {"type": "object"}
        assert (operation, status, list(contract.faults(schema, told))) == (operation, 200, [])


def test_the_restated_part_finds_faults(contract: Contract) -> None:
    broken = {"orders": [{"order_id": 5, "order_lines": [{"quantity": "two"}]}]}
    assert len(list(contract.faults(_RESTATED, broken))) >= 6
