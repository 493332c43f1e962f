"""Answers about offers and stock against the vendor's OpenAPI document, or a restated part of it."""

import csv
import io
import json
from typing import Any

import pytest

from integration_pipelines_tests.sandbox.stock_caller import HEADER, IMPORTS, StockCaller
from integration_pipelines_tests.vendor_document import DOCUMENT, Contract

EXPORTS = "/api/offers/export/async"
_OFFER = {
    "type": "object",
    "required": ["offer_id", "shop_sku", "quantity", "active", "price"],
    "properties": {
        "offer_id": {"type": "integer"},
        "shop_sku": {"type": "string"},
        "quantity": {"type": "integer"},
        "active": {"type": "boolean"},
        "price": {"type": "number"},
    },
}
_RESTATED: dict[str, Any] = {
    "OF21": {"type": "object", "properties": {"offers": {"type": "array", "items": _OFFER}}},
    "OF22": _OFFER,
}


@pytest.fixture
def shop() -> StockCaller:
    """Offers of all kinds: active, inactive, empty, per warehouse, deleted."""
    shop = StockCaller({"inactive_share": 0.3, "orphans": 3})
    shop.import_lines(f"{shop.skus[0]};0;;", f"{shop.skus[1]};3;UK;", f"{shop.skus[1]};4;FR;", "nobody;1;;")
    shop.book.delete(shop.skus[2], shop.clock.now())
    return shop


def _faults(contract: Contract, operation: str, told: Any, status: str = "200") -> list[str]:
    if DOCUMENT.exists():
        return list(contract.faults(contract.answer_schema(operation, status), told))
    return list(contract.faults(_RESTATED.get(operation, {"type": "object"}), told))


def test_reads_of_offers_follow_the_document(shop: StockCaller, contract: Contract) -> None:
    told = shop.get("/api/offers", max=100)
    assert _faults(contract, "OF21", told) == []
    for sku in shop.skus[:2]:
        offer = shop.get(f"/api/offers/{shop.told(sku)['offer_id']}")
        assert _faults(contract, "OF22", offer) == []
    assert _faults(contract, "OF61", shop.get("/api/offers/states")) == []


def test_inactivity_reasons_are_known_ones(shop: StockCaller, contract: Contract) -> None:
    told = {
        reason for offer in shop.get("/api/offers", paginate="false")["offers"]
        for reason in offer.get("inactivity_reasons", [])
    }  # fmt: skip
    assert len(told) > 2
    if DOCUMENT.exists():
        documented = contract.document["components"]["schemas"]["OF21_Response_200_Offers"]["properties"]
        assert [reason for reason in told if reason not in json.dumps(documented["inactivity_reasons"])] == []


def test_imports_follow_the_document(shop: StockCaller, contract: Contract) -> None:
    answer = shop.upload(f"{HEADER}\n{shop.skus[0]};4;;\n")
    assert answer.status == 201
    assert _faults(contract, "STO01", json.loads(answer.body), "201") == []
    import_id = shop.received(answer)
    for _ in range(3):
        assert _faults(contract, "STO02", shop.status(import_id)) == []
        shop.advance(5)
    failed = shop.import_lines("nobody;1;;")
    report = shop.ask("GET", f"{IMPORTS}/{failed}/error_report")
    assert report.headers["content-type"].startswith("text/csv")


def test_exports_follow_the_document(shop: StockCaller, contract: Contract) -> None:
    for export_type in ("application/json", "text/csv"):
        body = {"export_type": export_type, "last_request_date": "2026-01-01T00:00:00Z"}
        answer = shop.ask("POST", EXPORTS, body)
        told = json.loads(answer.body)
        assert _faults(contract, "OF52", told) == []
        for ended in ("PENDING", "COMPLETED"):
            status = shop.get(f"{EXPORTS}/status/{told['tracking_id']}")
            assert (status["status"], _faults(contract, "OF53", status)) == (ended, [])
            shop.advance(6)
        (url,) = status["urls"]
        file = shop.ask("GET", url.partition("/mirakl/alpha")[2])
        if export_type == "text/csv":
            _columns_are_documented(contract, file.body.decode())
            continue
        for row in json.loads(file.body):
            assert _faults(contract, "OF54", row) == []


def _columns_are_documented(contract: Contract, text: str) -> None:
    header, *rows = csv.reader(io.StringIO(text, newline=""), delimiter=";")
    assert len(rows) > 400
    assert {len(row) for row in rows} == {len(header)}
    if DOCUMENT.exists():
        schema = contract.document["components"]["schemas"]["OF54_Response_200_TextCsv_Ext_FileStructure"]
        # Not in the schema, but in the document's own example.
        assert set(header) - set(schema["properties"]) == {"model"}
