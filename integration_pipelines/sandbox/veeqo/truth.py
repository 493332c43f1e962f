"""What really happened in the account, for judges: no client reads this.

Times are ISO 8601 UTC, amounts are text in major units of the channel's currency.
"""

from collections import Counter

from integration_pipelines.sandbox.oversold import Shelves
from integration_pipelines.sandbox.veeqo.company import Company
from integration_pipelines.sandbox.veeqo.order_records import Allocation, Order, Return, Shipment
from integration_pipelines.sandbox.veeqo.web import Json, stamp


def company_truth(company: Company) -> Json:
    """Orders in the order of their creation, stock of the main warehouse by SKU, and counts."""
    stock: dict[str, dict[str, int]] = {}
    for sellable in company.sellables.values():
        entry = sellable.entries[company.main_warehouse.id]
        figures = stock.setdefault(sellable.sku, {"physical": 0, "allocated": 0})
        figures["physical"] += entry.physical
        figures["allocated"] += entry.allocated
    return {
        "orders": [order_truth(company, order) for order in company.orders.values()],
        "products": len(company.products),
        "customers": len(company.customers),
        "stock": stock,
        "negative_stock": [sku for sku, figures in stock.items() if figures["physical"] < 0],
        "buyer_mails": list(company.buyer_mails),
    }


def shelves_of(company: Company) -> Shelves:
    """What the main warehouse, which alone serves marketplaces, had of everything."""
    received: Counter[str] = Counter()
    for sellable in company.sellables.values():
        entry = sellable.entries[company.main_warehouse.id]
        if not sellable.contents and not entry.infinite:
            received[sellable.sku] += entry.physical
    for order in company.orders.values():
        for held in (line for one in order.allocations if one.shipment for line in one.lines):
            for part, units in held.sellable.parts:
                if part.sku in received:
                    received[part.sku] += units * held.quantity
    kits = {kit.sku: {part.sku: units for part, units in kit.contents} for kit in company.kits.values()}
    return Shelves(received, kits)


def order_truth(company: Company, order: Order) -> Json:
    """One order; `released_at` is when it was paid, that is cleared for the floor.

    `live`: not cancelled, shipped or not.
    """
    return {
        "id": order.id,
        "number": order.number,
        "channel_id": order.channel_id,
        "status": order.status,
        "live": order.cancelled_at is None,
        "created_at": stamp(order.created_at),
        "cancelled_at": stamp(order.cancelled_at),
        "shipped_at": stamp(order.shipped_at),
        "total_price": str(order.total),
        "lines": [
            {
                "sku": line.sellable.sku,
                "quantity": line.quantity,
                "price_per_unit": str(line.price_per_unit),
                "allocated": order.allocated_units(line),
            }
            for line in order.lines
        ],
        "payment_reference": order.payment.reference_number if order.payment else None,
        "released_at": stamp(order.payment.created_at) if order.payment else None,
        "picked": order.touched_by_floor,
        "parcels": sum(1 for held in order.allocations if held.shipment),
        "dispatches": [_dispatch(held, held.shipment) for held in order.allocations if held.shipment],
        "voided": order.voided,
        "returns": [_return(back) for back in order.returns],
        "held": order.held,
        "merged_to_id": order.merged_to_id,
        "address_complete": order.deliver_to.deliverable,
        "notes": [note.text for note in order.employee_notes],
        "tags": [company.tags[tag_id].name for tag_id in order.tag_ids],
    }


def _dispatch(allocation: Allocation, shipment: Shipment) -> Json:
    tracking = shipment.tracking
    return {
        "id": shipment.id,
        "carrier": shipment.carrier_name,
        "service_carrier": shipment.service_carrier_name,
        "tracking": tracking["tracking_number"] if isinstance(tracking, dict) else tracking,
        "shipped_at": stamp(shipment.created_at),
        "lines": [{"sku": held.sellable.sku, "units": held.quantity} for held in allocation.lines],
    }


def _return(back: Return) -> Json:
    return {
        "number": back.number,
        "status": back.status,
        "created_at": stamp(back.created_at),
        "lines": [
            {"sku": line.sellable.sku, "expected": line.quantity, "received": line.received}
            for line in back.lines
        ],
    }
