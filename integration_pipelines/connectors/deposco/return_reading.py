"""From Deposco's customer return to the neutral one (Deposco §14). Pure.

The lines say how many came; receipts add the condition, and whether it was another item than announced.

Surprising: goods that came in another's place become a line of their own, and are taken off what the
announced line says it received; and the statuses of all order types share one list, so a return's are
read with a table of its own.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from integration_pipelines.connectors.deposco.payloads import CustomerReturn, Receipt, ReturnLine
from integration_pipelines.connectors.deposco.reading import status_key, units_of
from integration_pipelines.warehouse import ReturnState, WarehouseReturn, WarehouseReturnLine

_STATES: Mapping[ReturnState, tuple[str, ...]] = {
    ReturnState.PENDING: (
        "New", "Hold", "Draft", "Open", "Accepted", "Planned", "Ready", "Returning", "In-Transit",
    ),
    ReturnState.RECEIVED: (
        "Receiving", "Partial Receipt", "Received", "Partial Return", "Partial Returned", "Returned",
    ),
    ReturnState.CHECKED: (
        "Complete", "Closed", "Refunded", "PARTIAL_REFUND", "Sent For Invoice", "Invoiced",
    ),
    ReturnState.CANCELLED: ("Canceled", "Void", "Voided", "Rejected"),
}  # fmt: skip
_STATE_OF = {status_key(status): state for state, statuses in _STATES.items() for status in statuses}


def return_state(status: str, own: Mapping[str, ReturnState]) -> ReturnState:
    """The neutral state; `own` are the tenant's own statuses and win."""
    key = status_key(status)
    named = {status_key(name): state for name, state in own.items()}
    return named.get(key) or _STATE_OF.get(key, ReturnState.UNKNOWN)


def to_return(
    document: CustomerReturn,
    raw: Mapping[str, Any],
    *,
    return_id: str,
    store: str,
    states: Mapping[str, ReturnState],
    seen_at: datetime,
    reason_title: str,
    sku_of: Callable[[ReturnLine | Receipt], str],
    receipts: Mapping[str, Iterable[Receipt]],
) -> WarehouseReturn:
    """The return in neutral words, with the answer it was read from.

    Args:
        return_id: its key in this generation.
        store: code of its business unit.
        states: the tenant's own statuses.
        seen_at: when it was read, aware: stands in where it does not say when it changed (V1).
        reason_title: of the line note that holds the buyer's reason.
        sku_of: the item number of a line or receipt; "" where it names none.
        receipts: by line id.

    Raises:
        ValueError: a quantity is no whole number of units, or a line does not say which item it is.
    """
    facility = document.ship_to_facility
    lines = [
        part
        for line in document.order_lines
        for part in _lines(line, list(receipts.get(line.id or "", ())), reason_title, sku_of)
    ]
    parent = document.parent_order.key("number") if document.parent_order else None
    return WarehouseReturn(
        id=return_id,
        number=document.number,
        store=store,
        order_number=document.related_order_number or parent or "",
        marketplace_reference=document.customer_order_number,
        state=return_state(document.order_status, states),
        raw_status=document.order_status,
        lines=tuple(lines),
        created_at=document.created_date or document.placed_date,
        updated_at=document.updated_date or seen_at,
        facility=(facility.key("number") or facility.id or "") if facility else "",
        raw=raw,
    )


def _lines(
    line: ReturnLine,
    receipts: list[Receipt],
    reason_title: str,
    sku_of: Callable[[ReturnLine | Receipt], str],
) -> Iterator[WarehouseReturnLine]:
    sku = sku_of(line)
    if not sku:
        raise ValueError(f"line {line.line_number or line.id} does not say which item it is")
    live = [one for one in receipts if status_key(one.status) != "canceled"]
    instead: dict[str, list[Receipt]] = {}
    for receipt in live:
        if (came := sku_of(receipt)) not in ("", sku):
            instead.setdefault(came, []).append(receipt)
    other = [receipt for found in instead.values() for receipt in found]
    own = [receipt for receipt in live if receipt not in other]
    size = line.pack.units if line.pack else Decimal(1)
    received = _count(line.received_pack_quantity, size)
    damaged = _count(line.received_damaged_pack_quantity, size)
    because = next((note.body for note in line.notes if note.title == reason_title), "")
    line_id = line.customer_line_number or None
    yield WarehouseReturnLine(
        line_id,
        sku,
        _count(line.order_pack_quantity, size),
        None if received is None else max(received - _received(other), 0),
        None if damaged is None else max(damaged - _damaged(other), 0),
        _condition(own),
        because,
    )
    for came, found in instead.items():
        yield WarehouseReturnLine(
            line_id, came, 0, _received(found), _damaged(found), _condition(found), because
        )


def _received(receipts: Iterable[Receipt]) -> int:
    """Units that came, damaged ones included."""
    return sum(_count(one.received_pack_quantity, _size(one)) or 0 for one in receipts)


def _damaged(receipts: Iterable[Receipt]) -> int:
    total = 0
    for one in receipts:
        told = _count(one.received_damaged_pack_quantity, _size(one))
        all_of_it = _count(one.received_pack_quantity, _size(one)) or 0
        total += told if told is not None else (all_of_it if one.damaged else 0)
    return total


def _size(receipt: Receipt) -> Decimal:
    return receipt.received_pack.units if receipt.received_pack else Decimal(1)


def _count(quantity: Decimal | None, size: Decimal) -> int | None:
    return None if quantity is None else units_of(quantity * size)


def _condition(receipts: Iterable[Receipt]) -> str:
    words = [
        " / ".join(filter(None, (one.inventory_condition.strip(), one.disposition.strip())))
        for one in receipts
    ]
    return "; ".join(dict.fromkeys(filter(None, words)))
