"""What really happened in the tenant, for judges: no client reads this.

Times are ISO 8601 UTC; quantities are eaches; prices are text in major units.
"""

from collections import Counter
from datetime import datetime
from typing import Any

from integration_pipelines.sandbox.deposco.house import House
from integration_pipelines.sandbox.deposco.records import ON_FLOOR, Order, Status
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
        "orders": [order_truth(order) for order in house.orders.values()],
        "customer_orders": [
            {"id": made, "number": order["externalOrderNumber"], "status": order["orderStatus"]}
            for made, order in house.customer_orders.items()
        ],
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


def order_truth(order: Order) -> Json:
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
        "notes": [note.get("body") or note.get("title") for note in order.notes],
        "history": [[_stamp(moment), status.value] for moment, status in order.history],
    }


def _stamp(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
