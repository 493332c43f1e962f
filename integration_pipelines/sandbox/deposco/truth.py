"""What really happened in the tenant, for judges: no client reads this.

Times are ISO 8601 UTC; quantities are eaches; prices are text in major units.
"""

from collections import Counter
from datetime import datetime
from typing import Any

from integration_pipelines.sandbox.deposco.house import House
from integration_pipelines.sandbox.deposco.records import ON_FLOOR, Order, Shipment, Status
from integration_pipelines.sandbox.deposco.return_records import Return
from integration_pipelines.sandbox.oversold import Shelves

Json = dict[str, Any]


def house_truth(house: House) -> Json:
    """Orders in the order of their creation, items, and stock by SKU and facility."""
    stock = {
        item.number: {
            number: {
                "on_hand": held.on_hand,
                "promised": held.promised,
                "allocated": held.allocated,
                "available_to_promise": held.available_to_promise,
            }
            for number, held in item.levels.items()
        }
        for item in house.items.values()
    }
    return {
        "orders": [order_truth(house, order) for order in house.orders.values()],
        "customer_orders": [
            {"id": made, "number": order["externalOrderNumber"], "status": order["orderStatus"]}
            for made, order in house.customer_orders.items()
        ],
        "returns": [return_truth(house, back) for back in house.returns.values()],
        "items": len(house.items),
        "stock": stock,
        "negative_stock": [
            sku for sku, levels in stock.items() if any(held["on_hand"] < 0 for held in levels.values())
        ],
    }


def shelves_of(house: House) -> Shelves:
    """What the facilities that ship to customers had of everything, without what may not be sold."""
    received: Counter[str] = Counter()
    for item in house.items.values():
        received[item.number] = sum(
            held.on_hand - held.blocked
            for number, held in item.levels.items()
            if house.facilities[number].settings.eligible
        )
    for line in (line for order in house.orders.values() for line in order.lines):
        received[line.item.number] += line.shipped
    return Shelves(received)


def order_truth(house: House, order: Order) -> Json:
    """One order; `released_at` is when its wave was released, after which nobody can cancel it.

    `live`: not cancelled, shipped or not.
    """
    return {
        "id": order.id,
        "number": order.number,
        "status": order.status.value,
        "live": order.status != Status.CANCELED,
        "facility": order.facility.number,
        "created_at": _stamp(order.created_at),
        "released_at": _stamp(order.released_at),
        "cancelled_at": _stamp(order.cancelled_at),
        "cancelled_by_staff": order.cancelled_by_staff,
        "shipped_at": _stamp(order.shipped_at),
        "imports": order.imports,
        "lines": [
            {
                "line_number": line.line_number,
                "customer_line_number": line.customer_line_number,
                "sku": line.item.number,
                "quantity": line.quantity,
                "unit_price": None if line.unit_price is None else str(line.unit_price),
                "canceled": line.canceled,
                "allocated": line.allocated,
                "picked": line.picked,
                "shipped": line.shipped,
                "returned": line.returned,
            }
            for line in order.lines
        ],
        "customer_order_number": order.header.get("customerOrderNumber"),
        "import_reference": order.header.get("importReference"),
        "order_source": order.header.get("orderSource"),
        "ship_via": order.header.get("shipVia"),
        "on_floor": order.status in ON_FLOOR,
        "held": order.status in (Status.HOLD, Status.REVIEW),
        "parcels": sum(1 for one in order.shipments if one.units and one.status == "Shipped"),
        "dispatches": [_dispatch(house, order, one) for one in order.shipments],
        "notes": [note.get("body") or note.get("title") for note in order.notes],
        "history": [[_stamp(moment), status.value] for moment, status in order.history],
    }


def return_truth(house: House, back: Return) -> Json:
    """One return; `announced`: a client made it, else the desk did for a box that came unannounced."""
    receipts = [one for one in house.receipts.values() if one.return_id == back.id]
    return {
        "id": back.id,
        "number": back.number,
        "status": back.status.value,
        "announced": back.announced,
        "order_number": back.header.get("relatedOrderNumber"),
        "customer_order_number": back.header.get("customerOrderNumber"),
        "facility": back.facility.number,
        "created_at": _stamp(back.created_at),
        "lines": [
            {
                "line_number": line.line_number,
                "customer_line_number": line.customer_line_number,
                "sku": line.item.number,
                "quantity": line.quantity,
                "canceled": line.canceled,
                "received": line.received,
                "damaged": line.damaged,
                "came": [
                    {"sku": one.item.number, "units": one.units, "damaged": one.damaged}
                    for one in receipts
                    if one.line_id == line.id
                ],
            }
            for line in back.lines
        ],
        "history": [[_stamp(moment), status.value] for moment, status in back.history],
    }


def _dispatch(house: House, order: Order, shipment: Shipment) -> Json:
    """What of the order is in the shipment; labels without units and rolled back ones are told, too."""
    lines = house.lines_of(shipment)
    return {
        "number": shipment.number,
        "status": shipment.status,
        "carrier": shipment.vendor,
        "service": shipment.via,
        "tracking": [box.tracking for box in shipment.boxes],
        "shipped_at": _stamp(shipment.created_at),
        "lines": [
            {
                "sku": lines[line_id][1].item.number,
                "customer_line_number": lines[line_id][1].customer_line_number,
                "units": units,
            }
            for line_id, units in shipment.units.items()
            if lines[line_id][0] is order
        ],
    }


def _stamp(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
