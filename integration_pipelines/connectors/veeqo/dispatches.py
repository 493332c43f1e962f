"""From Veeqo's allocations to neutral parcels: one per allocation that has a shipment (Veeqo §10, §11).

Surprising: the order's status says nothing about parcels (§5.5); a voided shipment simply disappears, so an
order is told whole unless it shows no allocation at all, which it does for a moment while it is allocated
anew (§10); orders that people merged travel under the number of one of them; and an allocation does not name
order lines, so a line is identified only where one line alone has the item and carries our reference.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import timedelta
from typing import Any

from integration_pipelines.connectors.veeqo.payloads import Allocation, LineItem, Order, Shipment
from integration_pipelines.connectors.veeqo.reading import unreadable
from integration_pipelines.warehouse import (
    ChangeFeed,
    Dispatches,
    Parcel,
    ParcelLine,
    ParcelState,
    UnreadableRecord,
)

DISPATCH_FEED = ChangeFeed(
    misses="nothing that is known; a shipment or its tracking may not move the order's updated_at",
    reread_every=timedelta(days=1),  # Veeqo §11.4
)
LINE_NOTE = "line "  # how an order line carries the marketplace's (`composing.py`)
_LINE_NOTE = re.compile(rf"{LINE_NOTE}(\S.*)")
#: Documented ids (Veeqo §11.3), for shipments that say no more of their carrier; newer ones are open.
_CARRIERS = {
    "1": "Royal Mail", "2": "FedEx", "3": "Other", "4": "DPD", "5": "UPS", "6": "CityLink", "7": "USPS",
    "8": "Interlink Express", "9": "DHL", "10": "MyHermes", "11": "Australia Post", "12": "Parcelforce",
    "13": "TNT", "14": "Yodel", "15": "APC", "16": "DX", "17": "UK Mail", "18": "Israel Post",
    "19": "Canada Post", "23": "Hermes World", "24": "DHL DE",
}  # fmt: skip


def to_dispatches(orders: Iterable[tuple[Order, Any]], faults: Iterable[UnreadableRecord]) -> Dispatches:
    """The parcels of a page of orders, each with the answer it was read from."""
    parcels: list[Parcel] = []
    whole: set[str] = set()
    unread = list(faults)
    for order, raw in orders:
        try:
            parcels += to_parcels(order, raw)
        except ValueError as error:
            unread.append(unreadable(raw, error))
            continue
        if order.allocations:
            whole.add(order.id)
    return Dispatches(tuple(parcels), frozenset(whole), tuple(unread))


def to_parcels(order: Order, raw: Mapping[str, Any]) -> list[Parcel]:
    """The order's parcels.

    Raises:
        ValueError: an allocation does not say how many units left.
    """
    rows = raw.get("allocations")
    told = zip(order.allocations, rows if isinstance(rows, list) else [rows], strict=False)
    return [_parcel(order, held, held.shipment, row) for held, row in told if held.shipment is not None]


def _parcel(order: Order, allocation: Allocation, shipment: Shipment, raw: Mapping[str, Any]) -> Parcel:
    carrier, *others = _carrier_names(shipment) or [""]
    return Parcel(
        id=shipment.id,
        order_number=order.number,
        order_id=order.id,
        store=order.channel.id if order.channel else "",
        state=ParcelState.SHIPPED,
        raw_status=shipment.tracking_number.status if shipment.tracking_number else "",
        carrier=carrier,
        service=shipment.service_name or shipment.short_service_name or shipment.service_type,
        tracking_number=shipment.tracking,
        tracking_url=shipment.tracking_url,
        shipped_at=shipment.created_at,  # there is no other time (Veeqo §11.2)
        lines=tuple(_lines(order, allocation)),
        also_named=tuple(others),
        mixed=bool(order.merged_order),
        raw=raw,
    )


def _carrier_names(shipment: Shipment) -> list[str]:
    """Who carries it, the real carrier before the aggregator that sold the label (Veeqo §11.3)."""
    names = [shipment.sub_carrier_id, shipment.service_carrier_name]
    if shipment.carrier is not None:
        names += [shipment.carrier.slug, shipment.carrier.name]
    else:
        names.append(_CARRIERS.get(shipment.carrier_id or ""))
    return list(dict.fromkeys(name.strip() for name in names if name and name.strip()))


def _lines(order: Order, allocation: Allocation) -> Iterator[ParcelLine]:
    ordered: dict[str, list[LineItem]] = {}
    for line in order.line_items:
        if line.sellable:
            ordered.setdefault(line.sellable.id, []).append(line)
    for part in allocation.line_items:
        if part.quantity is None:
            raise ValueError(f"allocation {allocation.id} does not say how many units of an item it has")
        sellable_id = (part.sellable.id if part.sellable else part.sellable_id) or ""
        lines = ordered.get(sellable_id, [])
        known = next((line.sellable.sku_code for line in lines if line.sellable), "")
        sku = known or (part.sellable.sku_code if part.sellable else "")
        line_id = _our_line(lines[0]) if len(lines) == 1 else None
        if not sku and line_id is None:
            raise ValueError(f"allocation {allocation.id} does not say of which item it has units")
        if part.quantity:
            yield ParcelLine(line_id, sku, part.quantity)


def _our_line(line: LineItem) -> str | None:
    """The marketplace's line as we sent it; accounts that drop the field tell none (Veeqo §5.4)."""
    found = _LINE_NOTE.fullmatch(line.additional_options)
    return found[1] if found else None
