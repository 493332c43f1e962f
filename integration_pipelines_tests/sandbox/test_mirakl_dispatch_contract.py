"""Answers about parcels, returns and refunds against the vendor's OpenAPI document, or a restated part."""

import json
from typing import Any

import pytest

from integration_pipelines_tests.sandbox.dispatch_caller import DAY, UPS, DispatchCaller
from integration_pipelines_tests.sandbox.test_mirakl_contract import DOCUMENT, Contract

_PARCEL = {
    "type": "object",
    "required": ["id", "order_id", "status", "status_customer_debit", "created_date", "last_updated_date"],
    "properties": {
        "id": {"type": "string"},
        "shipment_lines": {"type": "array", "items": {"type": "object", "required": ["quantity"]}},
        "tracking": {"type": "object", "properties": {"tracking_number": {"type": "string"}}},
    },
}
_RETURN = {
    "type": "object",
    "required": ["id", "order_id", "state", "method_code", "return_lines", "return_address", "last_updated"],
    "properties": {"return_lines": {"type": "array", "items": {"required": ["order_line_id", "quantity"]}}},
}
_BOTH = {"type": "object", "required": ["shipment_success", "shipment_errors"]}
_RESTATED: dict[str, Any] = {
    "ST01": {**_BOTH, "properties": {"shipment_success": {"type": "array", "items": _PARCEL}}},
    "ST11": {"type": "object", "properties": {"data": {"type": "array", "items": _PARCEL}}},
    "ST23": _BOTH,
    "ST24": _BOTH,
    "RT11": {"type": "object", "properties": {"data": {"type": "array", "items": _RETURN}}},
}


@pytest.fixture(scope="module")
def contract() -> Contract:
    return Contract(json.loads(DOCUMENT.read_text()) if DOCUMENT.exists() else {"paths": {}})


@pytest.fixture
def shop() -> DispatchCaller:
    return DispatchCaller()


def _faults(contract: Contract, operation: str, told: Any, status: str = "200") -> list[str]:
    if DOCUMENT.exists():
        return list(contract.faults(contract.answer_schema(operation, status), told))
    return list(contract.faults(_RESTATED.get(operation, {"type": "object"}), told))


def _all_told(contract: Contract, operation: str, told: Any) -> None:
    """Only names that the document knows are used; RT01 says `status` in its example alone."""
    if DOCUMENT.exists():
        schema = contract.resolved(contract.answer_schema(operation))
        assert set(told) <= set(schema["properties"])
        rows = contract.resolved(contract.resolved(schema["properties"]["data"])["items"])
        assert set(told["data"][0]) <= set(rows["properties"])


def test_shipments_follow_the_document(shop: DispatchCaller, contract: Contract) -> None:
    order_id = shop.released(4, 1)
    line = {"order_line_id": f"{order_id}-1", "quantity": 1}
    free = {"carrier_name": "Bike couriers", "tracking_url": "https://bikes.example/1"}
    items = [
        {"order_id": order_id, "shipment_lines": [line], "shipped": True, "tracking": UPS},
        {"order_id": order_id, "shipment_lines": [line], "tracking": free, "invoice_reference": "W-1",
         "shipping_from": {"warehouse": {"code": "UK"}}},
        {"order_id": order_id, "shipment_lines": [line]},
        {"order_id": order_id, "shipment_lines": [{**line, "quantity": 9}]},
    ]  # fmt: skip
    status, told = shop.post("/api/shipments", {"shipments": items})
    assert (status, _faults(contract, "ST01", told, "201")) == (201, [])
    ids = [{"id": row["id"]} for row in told["shipment_success"]]
    tracked = [{**each, "tracking": UPS} for each in (*ids, {"id": "none"})]
    _, answered = shop.post("/api/shipments/tracking", {"shipments": tracked})
    assert _faults(contract, "ST23", answered) == []
    _, answered = shop.put("/api/shipments/ship", {"shipments": ids[:2]})
    assert _faults(contract, "ST24", answered) == []
    _, answered = shop.put("/api/shipments/delete", {"shipments": ids})
    assert _faults(contract, "ST06", answered) == []
    shop.advance(DAY)
    listed = shop.get("/api/shipments")
    assert _faults(contract, "ST11", listed) == []
    _all_told(contract, "ST11", listed)
    to_ship = shop.get("/api/shipments/items_to_ship")
    assert _faults(contract, "ST12", to_ship) == []
    _all_told(contract, "ST12", to_ship)


def test_returns_follow_the_document(shop: DispatchCaller, contract: Contract) -> None:
    order_id = shop.received(3)
    return_id = shop.ask_back(order_id, 1)
    line_id, commercial_id = f"{order_id}-1", shop.order(order_id)["commercial_id"]
    calls: list[tuple[str, str, str, dict[str, Any]]] = [
        ("RT04", "PUT", "", {"id": return_id, "rma": "R-1"}),
        ("RT21", "PUT", "/accept", {"id": return_id, "accepted": True}),
        ("RT25", "PUT", "/receive", {"id": return_id}),
        ("RT26", "PUT", "/compliance",
         {"id": return_id, "return_lines": [{"order_line_id": line_id, "compliant": True}]}),
        ("RT27", "PUT", "/close", {"id": return_id}),
        ("RT29", "PUT", "/cancel", {"id": return_id}),
        ("RT01", "POST", "",
         {"order_commercial_id": commercial_id, "method_code": "RETURN_METHOD_BY_MAIL",
          "return_lines": [{"order_line_id": line_id, "quantity": 1, "reason_code": "RETURN_OTHER"}]}),
    ]  # fmt: skip
    for operation, method, path, item in calls:
        answer = shop.ask(method, f"/api/returns{path}", {"returns": [item, {"id": "none"}]})
        assert (operation, answer.status) == (operation, 200)
        assert _faults(contract, operation, json.loads(answer.body)) == []
        listed = shop.get("/api/returns")
        assert _faults(contract, "RT11", listed) == []
        _all_told(contract, "RT11", listed)
    items = shop.get("/api/returns/items_to_return", order_line_id=line_id)
    assert _faults(contract, "RT12", items) == []
    _all_told(contract, "RT12", items)


def test_orders_and_refunds_follow_the_document_to_their_end(
    shop: DispatchCaller, contract: Contract
) -> None:
    order_id = shop.released(2)
    shop.track(order_id, **UPS)
    shop.ship(order_id)
    for _ in range(3):
        status, told = shop.refund(order_id, 2)
        assert (status, _faults(contract, "OR28", told)) == (200, [])
        assert _faults(contract, "OR11", shop.get("/api/orders")) == []
        shop.advance(DAY)
    shop.account.refund_by_operator(order_id, f"{order_id}-1", shop.clock.now())
    assert _faults(contract, "OR11", shop.get("/api/orders")) == []


@pytest.mark.parametrize(
    ("operation", "path"),
    [
        ("SH11", "/api/shipping/zones"), ("SH12", "/api/shipping/types"), ("SH21", "/api/shipping/carriers"),
        ("SH31", "/api/shipping/logistic_classes"), ("RE02", "/api/reasons/REFUND"),
        ("PC01", "/api/platform/configuration"),
    ],
)  # fmt: skip
def test_reference_reads_follow_the_document(
    shop: DispatchCaller, contract: Contract, operation: str, path: str
) -> None:
    assert _faults(contract, operation, shop.get(path)) == []


def test_the_restated_part_finds_faults(contract: Contract) -> None:
    broken = {"data": [{"id": 5}, {"tracking": {"tracking_number": 7}}]}
    assert len(list(contract.faults(_RESTATED["ST11"], broken))) >= 10
    assert list(contract.faults(_RESTATED["RT11"], {"data": [{}]}))
