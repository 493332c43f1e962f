"""From Veeqo's returns to neutral ones (Veeqo §12). The API only reads them: people book what comes.

Surprising: a return has no time of its last change, so it takes its order's; whether booking one moves the
order at all is unproven, so orders are asked for their returns again; it says no condition; and some kinds
are of goods that never left.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from integration_pipelines.connectors.veeqo.payloads import Order, Return, ReturnLine
from integration_pipelines.connectors.veeqo.reading import unreadable
from integration_pipelines.warehouse import (
    ChangeFeed,
    ReturnPage,
    ReturnState,
    UnreadableRecord,
    WarehouseReturn,
    WarehouseReturnLine,
)

RETURN_FEED = ChangeFeed(
    misses="a return, or what was received of it, where that does not move the order's updated_at",
    reread_every=timedelta(hours=12),
)
_STATES = {
    "returning": ReturnState.PENDING,
    "returned": ReturnState.RECEIVED,
    "readytorefund": ReturnState.CHECKED,
    "refunded": ReturnState.CHECKED,
    "paid": ReturnState.CHECKED,
    "archived": ReturnState.CHECKED,
    "cancelled": ReturnState.CANCELLED,
    "canceled": ReturnState.CANCELLED,
}
_NEVER_LEFT = frozenset({"AllocatedItemsReturn", "UnallocatedItemsReturn"})


def to_return_page(orders: Iterable[tuple[Order, Any]], faults: Iterable[UnreadableRecord]) -> ReturnPage:
    """The returns of a page of orders, each with the answer it was read from."""
    returns: list[WarehouseReturn] = []
    unread = list(faults)
    for order, raw in orders:
        try:
            returns += to_returns(order, order.returns, raw.get("returns"))
        except ValueError as error:
            unread.append(unreadable(raw, error))
    return ReturnPage(tuple(returns), tuple(unread))


def to_returns(order: Order, returns: Sequence[Return], raw: Any) -> list[WarehouseReturn]:
    """Returns of the order, dated like it; `raw`: the list they were read from, or the one object.

    Raises:
        ValueError: the order has no time at all.
    """
    if not returns:
        return []
    updated_at = order.updated_at or order.created_at
    if updated_at is None:
        raise ValueError("the order has neither created_at nor updated_at")
    rows = raw if isinstance(raw, list) else [raw]
    return [_return(found, order, updated_at, row) for found, row in zip(returns, rows, strict=False)]


def _return(found: Return, order: Order, updated_at: datetime, raw: Mapping[str, Any]) -> WarehouseReturn:
    state = _STATES.get("".join(filter(str.isalnum, found.status.casefold())), ReturnState.UNKNOWN)
    return WarehouseReturn(
        id=found.id,
        number=found.number,
        store=order.channel.id if order.channel else "",
        order_number=order.number,
        marketplace_reference=order.payment.reference_number if order.payment else "",
        state=state,
        raw_status=found.status,
        lines=tuple(_line(line, found.reason) for line in found.line_items),
        created_at=found.created_at,
        updated_at=updated_at,
        facility=found.warehouse_name,
        before_dispatch=found.type in _NEVER_LEFT,
        raw=raw,
    )


def _line(line: ReturnLine, reason: str) -> WarehouseReturnLine:
    """It names a sellable and no order line; what was damaged it does not say."""
    return WarehouseReturnLine(
        None, line.sku_code, line.quantity, line.received_quantity, damaged=None, reason=reason
    )
