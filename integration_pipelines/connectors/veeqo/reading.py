"""From Veeqo's order object to the neutral `WarehouseOrder`.

Surprising: the status is the least advanced allocation (Veeqo §5.5), so a half-shipped order still
waits; parcels and picking are read from the allocations, never from the status.
"""

import hashlib
import json
from collections import Counter
from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from integration_pipelines.connectors.values import reason
from integration_pipelines.connectors.veeqo.payloads import Order
from integration_pipelines.warehouse import (
    UnreadableRecord,
    WarehouseLine,
    WarehouseOrder,
    WarehouseOrderState,
)

_STATES = {
    "awaiting_payment": WarehouseOrderState.RESERVED,
    "awaiting_stock": WarehouseOrderState.BACKORDERED,
    "awaiting_fulfillment": WarehouseOrderState.RELEASED,
    "shipped": WarehouseOrderState.SHIPPED,
    "on_hold": WarehouseOrderState.ON_HOLD,
    "cancelled": WarehouseOrderState.CANCELLED,
}
_NOT_PICKED = ("", "unpicked")


def to_warehouse_order(order: Order, raw: Mapping[str, Any]) -> WarehouseOrder:
    """The order in neutral words, with the answer it was read from.

    Raises:
        ValueError: when it has no time at all, so that nobody can say how fresh it is.
    """
    updated_at = order.updated_at or order.created_at
    if updated_at is None:
        raise ValueError("the order has neither created_at nor updated_at")
    return WarehouseOrder(
        id=order.id,
        number=order.number,
        store=order.channel.id if order.channel else "",
        state=_STATES.get(order.status, WarehouseOrderState.UNKNOWN),
        raw_status=order.status,
        lines=_lines(order),
        total_price=order.total_price,
        currency=order.currency_code,
        created_at=order.created_at or updated_at,
        updated_at=updated_at,
        picked=_picked(order),
        shipped_parcels=sum(allocation.shipment is not None for allocation in order.allocations),
        merged_into=order.merged_to_id,
        notes=tuple(note.text for note in order.employee_notes),
        raw=raw,
    )


def unreadable(row: Any, error: ValueError) -> UnreadableRecord:
    """A row that could not be read, kept whole."""
    why = reason(error) if isinstance(error, ValidationError) else str(error)
    return UnreadableRecord(record_reference(row), why, row)


def record_reference(row: Any) -> str:
    """The row's id or number, else a hash of what came: the same damage gets the same reference."""
    if isinstance(row, dict):
        for name in ("id", "number"):
            value = row.get(name)
            if isinstance(value, (str, int)) and not isinstance(value, bool) and str(value)[:200].strip():
                return str(value)[:200]
    text = json.dumps(row, sort_keys=True, default=str)
    return f"sha256:{hashlib.sha256(text.encode('utf-8', errors='replace')).hexdigest()[:16]}"


def _lines(order: Order) -> tuple[WarehouseLine, ...]:
    """One line per SKU: allocations cannot tell two order lines of one sellable apart (Veeqo §10)."""
    ordered: Counter[str] = Counter()
    sku_of: dict[str, str] = {}
    for line in order.line_items:
        sku = line.sellable.sku_code if line.sellable else ""
        if line.sellable:
            sku_of[line.sellable.id] = sku
        ordered[sku] += line.quantity or 0
    allocated: Counter[str] = Counter()
    for allocation in order.allocations:
        for part in allocation.line_items:
            sellable_id = part.sellable.id if part.sellable else part.sellable_id
            fallback = part.sellable.sku_code if part.sellable else ""
            allocated[sku_of.get(sellable_id or "", fallback)] += part.quantity or 0
    return tuple(WarehouseLine(sku, quantity, allocated[sku]) for sku, quantity in ordered.items())


def _picked(order: Order) -> bool:
    if order.picked_status not in _NOT_PICKED:
        return True
    return any(
        allocation.packed_completely
        or allocation.shipment is not None
        or any((part.picked_quantity or 0) > 0 for part in allocation.line_items)
        for allocation in order.allocations
    )
