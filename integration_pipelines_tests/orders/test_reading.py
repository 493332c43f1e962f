"""What the flow reads of an order is what the whole payload model reads, in fewer fields."""

import json
from typing import Any

import pytest
from pydantic import BaseModel, ValidationError

from benchmarks.orders.page_server import prepared_pages
from integration_pipelines.connectors.mirakl.payloads import Order
from integration_pipelines.orders.reading import ReadOrder


def _same(read: Any, whole: Any, where: str) -> None:
    if isinstance(read, BaseModel):
        for name in type(read).model_fields:
            _same(getattr(read, name), getattr(whole, name), f"{where}.{name}")
    elif isinstance(read, tuple):
        assert len(read) == len(whole), where
        for place, (each, other) in enumerate(zip(read, whole, strict=True)):
            _same(each, other, f"{where}[{place}]")
    else:
        assert read == whole, where


def test_every_field_reads_as_in_the_whole_order() -> None:
    rows = [row for page in prepared_pages(120, seed=5) for row in json.loads(page)["orders"]]

    for row in rows:
        _same(ReadOrder.model_validate(row), Order.model_validate(row), row["order_id"])
    assert any(row["customer"]["shipping_address"] for row in rows)


@pytest.mark.parametrize(
    "damage",
    [
        {"order_id": None},
        {"order_state": None},
        {"order_lines": None},
        {"order_lines": "see attachment"},
        {"order_lines": [{"order_line_id": None}]},
        {"order_lines": [{"order_line_id": "1", "quantity": "two"}]},
        {"order_lines": [{"order_line_id": "1", "price": {"amount": "12,50"}}]},
        {"last_updated_date": "2026-03-02T05:00:00"},
        {"total_price": "twelve"},
    ],
)
def test_damage_in_what_is_stored_is_refused(damage: dict[str, Any]) -> None:
    order = {"order_id": "A", "order_state": "SHIPPING", "order_lines": [], **damage}

    for model in (ReadOrder, Order):
        with pytest.raises(ValidationError):
            model.model_validate(order)


def test_damage_in_what_nobody_reads_does_not_stop_the_order() -> None:
    line = {"order_line_id": "1", "offer_sku": "S", "quantity": 1, "price": 5, "taxes": "none", "refunds": 7}
    order = {
        "order_id": "A",
        "order_state": "SHIPPING",
        "order_lines": [line],
        "total_commission": {"amount": "?"},
        "can_cancel": "perhaps",
    }

    assert ReadOrder.model_validate(order).order_lines[0].offer_sku == "S"
