"""From Deposco's order to the neutral `WarehouseOrder` (Deposco §11.2).

Surprising: the statuses of both generations share one table, compared without case, blanks and
spelling variants; a status that is not in it stays UNKNOWN with its own words. Amounts are left out:
the sales order has no currency, and an amount without one is not money here.
"""

import hashlib
import json
from collections.abc import Callable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from pydantic import ValidationError

from integration_pipelines.connectors.deposco.payloads import SalesOrder, SalesOrderLine
from integration_pipelines.connectors.values import reason
from integration_pipelines.warehouse import (
    UnreadableRecord,
    WarehouseLine,
    WarehouseOrder,
    WarehouseOrderState,
)

_WAITS = WarehouseOrderState.RELEASED  # the floor may pick it, waiting for a wave included
_LACKS = WarehouseOrderState.BACKORDERED
_HELD = WarehouseOrderState.ON_HOLD
_GONE = WarehouseOrderState.SHIPPED
_CANCELLED = WarehouseOrderState.CANCELLED

_STATES: Mapping[WarehouseOrderState, tuple[str, ...]] = {
    _WAITS: (
        "New", "Ready for Fulfillment", "Wave Built", "Partially Released", "Released",
        "Picking", "Pick Complete", "Partially Staged", "Staged", "Partially Loaded", "Loaded",
        "Partially Shipped",
        "Accepted", "Open", "Planned", "Ready", "Processing", "Packing", "Packed", "In Fulfillment",
    ),
    _LACKS: ("Back Ordered",),
    # A draft waits for somebody to finish it: the floor does not see it.
    _HELD: ("Hold", "Review", "Draft", "Needs Attention", "Suspended", "Incomplete"),
    # What came back or was invoiced had left before.
    _GONE: (
        "Ship Complete", "Complete", "Closed", "In-Transit", "Sent For Invoice", "Invoiced", "Returning",
        "Returned", "PARTIAL_RETURN", "Refunded", "PARTIAL_REFUND",
    ),
    _CANCELLED: ("Canceled", "Void", "Voided", "Rejected"),
}  # fmt: skip
_PICKED = (
    "Picking", "Pick Complete", "Partially Staged", "Staged", "Partially Loaded", "Loaded",
    "Partially Shipped", "Ship Complete", "Packing", "Packed", "Complete", "Closed", "In-Transit",
)  # fmt: skip
_PACKED = (
    "Staged",
    "Partially Loaded",
    "Loaded",
    "Ship Complete",
    "Packed",
    "In-Transit",
    "Complete",
    "Closed",
)


def status_key(status: str) -> str:
    """A status without case, blanks, hyphens and the second l of `Cancelled`."""
    letters = "".join(character for character in status.casefold() if character.isalnum())
    return letters.replace("cancelled", "canceled")


_STATE_OF = {status_key(status): state for state, statuses in _STATES.items() for status in statuses}
# Also said of an order that has left in part: SHIPPED only if the lines prove that nothing is open.
_PERHAPS_IN_PART = status_key("In-Transit")
_PICKED_KEYS = frozenset(map(status_key, _PICKED))
_PACKED_KEYS = frozenset(map(status_key, _PACKED))


def state_of(status: str, own: Mapping[str, WarehouseOrderState] | None = None) -> WarehouseOrderState:
    """The neutral state; `own` are the tenant's own statuses and win."""
    key = status_key(status)
    for name, state in (own or {}).items():
        if status_key(name) == key:
            return state
    return _STATE_OF.get(key, WarehouseOrderState.UNKNOWN)


def to_warehouse_order(
    order: SalesOrder,
    raw: Mapping[str, Any],
    *,
    order_id: str,
    store: str,
    states: Mapping[str, WarehouseOrderState],
    seen_at: datetime,
    sku_of: Callable[[SalesOrderLine], str],
) -> WarehouseOrder:
    """The order in neutral words, with the answer it was read from.

    Args:
        order_id: its key in this generation.
        store: code of its business unit.
        states: the tenant's own statuses.
        seen_at: when it was read, aware: stands in where the order does not say when it changed (V1).
        sku_of: the item number of a line, which may take a further read.

    Raises:
        ValueError: a quantity is missing or is no whole number of units.
    """
    state = state_of(order.order_status, states)
    key = status_key(order.order_status)
    if state is _GONE and key == _PERHAPS_IN_PART and not _all_left(order):
        state = _WAITS
    updated_at = order.updated_date or seen_at
    lines = _lines(order, sku_of, cancelled=state is _CANCELLED)
    moved = any(
        (quantity or 0) > 0
        for line in order.order_lines
        for quantity in (line.picked_pack_quantity, line.shipped_pack_quantity)
    )
    shipped = any((line.shipped_pack_quantity or 0) > 0 for line in order.order_lines)
    return WarehouseOrder(
        id=order_id,
        number=order.number,
        store=store,
        state=state,
        raw_status=order.order_status,
        lines=lines,
        total_price=None,
        currency=None,
        created_at=order.created_date or order.placed_date or updated_at,
        updated_at=updated_at,
        picked=moved or key in _PICKED_KEYS,
        packed=key in _PACKED_KEYS,
        # A label without shipped units has not left (Deposco §12.1).
        shipped_parcels=max(len(order.shipments), 1) if shipped or state is _GONE else 0,
        notes=tuple(note.body for note in order.notes),
        raw=raw,
    )


def _all_left(order: SalesOrder) -> bool:
    return all(
        (line.shipped_pack_quantity or 0) + (line.canceled_pack_quantity or 0) >= line.order_pack_quantity
        for line in order.order_lines
        if line.order_pack_quantity is not None
    )


def unreadable(row: Any, error: ValueError) -> UnreadableRecord:
    """A row that could not be read, kept whole."""
    why = reason(error) if isinstance(error, ValidationError) else str(error)
    return UnreadableRecord(record_reference(row), why, row)


def record_reference(row: Any) -> str:
    """The row's number or id, else a hash of what came: the same damage gets the same reference."""
    if isinstance(row, Mapping):
        for name in ("number", "orderNumber", "itemNumber", "@itemNumber", "id"):
            value = row.get(name)
            if isinstance(value, (str, int)) and not isinstance(value, bool) and str(value)[:200].strip():
                return str(value)[:200]
    text = json.dumps(row, sort_keys=True, default=str)
    return f"sha256:{hashlib.sha256(text.encode('utf-8', errors='replace')).hexdigest()[:16]}"


def _lines(
    order: SalesOrder, sku_of: Callable[[SalesOrderLine], str], *, cancelled: bool
) -> tuple[WarehouseLine, ...]:
    """Units per SKU that are still to be delivered or were; of a cancelled order all that it had."""
    ordered: dict[str, int] = {}
    allocated: dict[str, int] = {}
    for line in order.order_lines:
        if line.order_pack_quantity is None:
            raise ValueError(f"line {line.line_number or line.id} does not say how many units it has")
        units = units_of(line.order_pack_quantity)
        if not cancelled:
            units -= units_of(line.canceled_pack_quantity or Decimal(0))
        if units == 0:
            continue
        sku = sku_of(line)
        size = units_of(line.pack.quantity) if line.pack and line.pack.quantity else 1
        ordered[sku] = ordered.get(sku, 0) + units * size
        allocated[sku] = allocated.get(sku, 0) + units_of(line.allocated_quantity or Decimal(0))
    return tuple(WarehouseLine(sku, units, allocated[sku]) for sku, units in ordered.items())


def units_of(quantity: Decimal) -> int:
    """A count of units from `2` or `2.0`.

    Raises:
        ValueError: for a fraction: goods are counted here.
    """
    if quantity != quantity.to_integral_value() or abs(quantity) >= 2**31:
        raise ValueError(f"{quantity} is no count of units")
    return int(quantity)
