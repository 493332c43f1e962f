"""Veeqo's objects in the shapes that were recorded, and the neutral order that is read from them."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from integration_pipelines.connectors.values import Payload
from integration_pipelines.connectors.veeqo.payloads import (
    Customer,
    Order,
    Product,
    Return,
    Sellable,
    Shipment,
    StockEntry,
)
from integration_pipelines.connectors.veeqo.reading import record_reference, to_warehouse_order
from integration_pipelines.warehouse import WarehouseLine, WarehouseOrderState

MUG = {"id": 550101, "sku_code": "MUG-BLU", "price": "9.5"}
ORDER: dict[str, Any] = {
    "id": 7700123,
    "number": "LM-FR-C10492-A",
    "status": "awaiting_stock",
    "created_at": "2026-03-10T08:00:01.204Z",
    "updated_at": "2026-03-11T13:20:44.871Z",
    "shipped_at": None,
    "total_price": 64.6,
    "total_tax": "0.0",
    "currency_code": "EUR",
    "picked_status": "unpicked",
    "merged_to_id": None,
    "channel": {"id": 70011, "name": "Mirakl LM-FR"},
    "customer": None,
    "deliver_to": {"id": 990500, "zip": 44000, "country": "FR", "verified": False},
    "payment": None,
    "line_items": [{"id": 6001, "quantity": 3, "price_per_unit": 19.9, "sellable": MUG}],
    "allocations": [
        {
            "id": 910001,
            "line_items": [{"id": 8801, "quantity": 2, "picked_quantity": 2, "sellable": MUG}],
            "shipment": {"id": 412, "tracking_number": {"id": 77, "tracking_number": " JD01 "}},
        }
    ],
    "returns": [],
    "tags": None,
    "employee_notes": [],
}
MODELS: list[type[Payload]] = [Order, Customer, Product, Sellable, StockEntry, Shipment, Return]
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


def test_a_half_shipped_order_waits_for_goods_and_its_parcel_is_seen() -> None:
    order = to_warehouse_order(Order.model_validate(ORDER), ORDER)

    assert (order.id, order.number, order.store) == ("7700123", "LM-FR-C10492-A", "70011")
    assert order.state is WarehouseOrderState.BACKORDERED
    assert order.raw_status == "awaiting_stock"
    assert order.lines == (WarehouseLine("MUG-BLU", 3, 2),)
    assert order.shipped_parcels == 1
    assert order.picked
    assert (order.total_price, order.currency) == (Decimal("64.6"), "EUR")
    assert order.updated_at == datetime(2026, 3, 11, 13, 20, 44, 871000, tzinfo=UTC)
    assert order.raw is ORDER


@pytest.mark.parametrize(
    ("status", "state"),
    [
        ("awaiting_payment", WarehouseOrderState.RESERVED),
        ("awaiting_stock", WarehouseOrderState.BACKORDERED),
        ("awaiting_fulfillment", WarehouseOrderState.RELEASED),
        ("shipped", WarehouseOrderState.SHIPPED),
        ("on_hold", WarehouseOrderState.ON_HOLD),
        ("cancelled", WarehouseOrderState.CANCELLED),
        ("refunded", WarehouseOrderState.UNKNOWN),
        ("awaiting_amazon_stock", WarehouseOrderState.UNKNOWN),
        (None, WarehouseOrderState.UNKNOWN),
    ],
)
def test_every_status_has_its_neutral_state(status: str | None, state: WarehouseOrderState) -> None:
    raw = {**ORDER, "status": status}
    order = to_warehouse_order(Order.model_validate(raw), raw)

    assert order.state is state
    assert order.raw_status == (status or "")


@pytest.mark.parametrize(
    ("change", "picked"),
    [
        ({"allocations": []}, False),
        ({"allocations": None}, False),
        ({"allocations": [], "picked_status": "picked"}, True),
        ({"allocations": [{"id": 1, "line_items": [{"quantity": 1, "picked_quantity": 0}]}]}, False),
        ({"allocations": [{"id": 1, "line_items": [{"quantity": 1, "picked_quantity": 1}]}]}, True),
        ({"allocations": [{"id": 1, "packed_completely": True}]}, True),
    ],
)
def test_picking_is_read_from_the_allocations(change: dict[str, Any], picked: bool) -> None:
    raw = {**ORDER, **change}

    assert to_warehouse_order(Order.model_validate(raw), raw).picked is picked


def test_lines_of_one_sku_are_counted_together_and_allocations_joined_by_sellable() -> None:
    cup = {"id": 9, "sku_code": "cup"}
    raw = {
        **ORDER,
        "line_items": [
            {"quantity": 1, "sellable": MUG},
            {"quantity": 2, "sellable": cup},
            {"quantity": 4, "sellable": MUG},
        ],
        "allocations": [
            {"id": 1, "line_items": [{"quantity": 2, "sellable_id": 9, "sellable": None}]},
            {"id": 2, "line_items": [{"quantity": 3, "sellable": {"id": 550101}}]},
        ],
    }
    order = to_warehouse_order(Order.model_validate(raw), raw)

    assert order.lines == (WarehouseLine("MUG-BLU", 5, 3), WarehouseLine("cup", 2, 2))
    assert order.shipped_parcels == 0


def test_a_merged_order_says_into_which() -> None:
    raw = {**ORDER, "merged_to_id": 42, "channel": None}
    order = to_warehouse_order(Order.model_validate(raw), raw)

    assert (order.merged_into, order.store) == ("42", "")


def test_an_order_without_any_time_is_not_read() -> None:
    raw = {**ORDER, "created_at": None, "updated_at": None}

    with pytest.raises(ValueError, match="neither created_at nor updated_at"):
        to_warehouse_order(Order.model_validate(raw), raw)


@pytest.mark.parametrize(
    ("sent", "read"),
    [
        ({"tracking_number": " JD01 ", "status": "created"}, "JD01"),
        ("JD01", "JD01"),
        (4711, "4711"),
        (None, None),
        ("", None),
        ({"tracking_number": None}, None),
    ],
)
def test_a_tracking_number_comes_as_object_text_or_null(sent: Any, read: str | None) -> None:
    assert Shipment.model_validate({"id": 1, "tracking_number": sent}).tracking == read


@pytest.mark.parametrize(("sent", "read"), [(0, "0"), (2.0, "2.0"), ("0.0", "0.0"), ("", None), (None, None)])
def test_amounts_come_as_int_float_or_text(sent: Any, read: str | None) -> None:
    amount = Order.model_validate({**ORDER, "total_price": sent}).total_price

    assert (str(amount) if amount is not None else None) == read


def test_reads_stock_products_customers_and_returns() -> None:
    stock = StockEntry.model_validate({"sellable_id": 1, "available_stock_level": -4, "infinite": False})
    product = Product.model_validate({"id": 1, "sellables": {"id": 2, "sku_code": None}, "brand": None})
    customer = Customer.model_validate({"id": 3, "email": None})
    back = Return.model_validate({"id": 4, "line_items": [{"sku_code": "A", "refund_amount": 19.9}]})

    assert stock.available_stock_level == -4
    assert [sellable.sku_code for sellable in product.sellables] == [""]
    assert customer.email == ""
    assert back.line_items[0].refund_amount == Decimal("19.9")


@given(model=st.sampled_from(MODELS), field=st.data(), value=JSON)
def test_any_damage_is_read_or_refused_but_never_crashes(
    model: type[Payload], field: st.DataObject, value: Any
) -> None:
    raw = {**ORDER, field.draw(st.sampled_from(sorted({*model.model_fields, *ORDER}))): value}
    try:
        read = model.model_validate(raw)
    except ValidationError:
        return
    assert repr(model.model_validate(read.model_dump())) == repr(read)
    if isinstance(read, Order) and (read.updated_at or read.created_at):
        assert to_warehouse_order(read, raw).id


@given(JSON)
def test_every_row_gets_a_stable_reference(row: Any) -> None:
    assert record_reference(row) == record_reference(row) != ""


def test_a_reference_is_the_id_or_the_number_or_a_hash() -> None:
    assert record_reference({"id": 5, "number": "N"}) == "5"
    assert record_reference({"id": None, "number": "N"}) == "N"
    assert record_reference({"id": True}).startswith("sha256:")
    assert record_reference(None) != record_reference([])
