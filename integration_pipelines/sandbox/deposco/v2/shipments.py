"""V2 outbound shipments (contract 12.1): one per label, several per order, some for several orders.

Dates and quantities are the floor's; a link to a shipment inside an order points elsewhere (`order_json.py`).
"""

from collections.abc import Callable

from integration_pipelines.sandbox.deposco.house import House
from integration_pipelines.sandbox.deposco.records import RefusalError, Shipment
from integration_pipelines.sandbox.deposco.v2.order_json import item_ref, line_ref, order_ref, pack_ref
from integration_pipelines.sandbox.deposco.v2.web import (
    Call,
    Json,
    Operation,
    Routes,
    answer,
    decimal_text,
    embedded,
    entity,
    moment_filter,
    paged,
    render,
    stamp,
    without_nulls,
)
from integration_pipelines.sandbox.wire import Answer

_PAGE = 50
SHIPMENTS = "/shipments/outboundShipments"


def list_shipments(call: Call) -> Answer:
    house = call.house
    return paged(
        call,
        SHIPMENTS,
        _PAGE,
        lambda: _found_shipments(call),
        lambda found: render(shipment_json(house, house.shipments[found], call.base)),
    )


def get_shipment(call: Call) -> Answer:
    return answer(200, shipment_json(call.house, _shipment(call), call.base))


def list_shipment_lines(call: Call) -> Answer:
    shipment = _shipment(call)
    rows = dict(zip(shipment.units, _shipment_lines(call.house, shipment, call.base), strict=True))
    resource = f"{SHIPMENTS}/{shipment.id}/shipmentLines"
    return paged(call, resource, _PAGE, lambda: [*rows], lambda line_id: render(rows[line_id]))


def shipment_json(house: House, shipment: Shipment, base: str) -> Json:
    orders = house.orders_of(shipment)
    return without_nulls(
        {
            "self": entity(SHIPMENTS, shipment.id, base, number=shipment.number),
            "number": shipment.number,
            "status": shipment.status,
            "shipVendor": shipment.vendor,
            "shipVia": shipment.via,
            "trackingNumber": shipment.tracking,
            "trackingUrl": "https://track.example.com/?n=",
            "shipmentDates": {"actualShipDate": stamp(house, shipment.created_at)},
            "orderHeaders": {
                "data": [order_ref(house, order, base) for order in orders],
                "links": [],
                "complete": True,
            },
            "totalPackages": len(shipment.boxes),
            "totalPieces": decimal_text(sum(shipment.units.values())),
            "shippedContainers": embedded(_containers(house, shipment, base), shipment.id),
            "shipmentLines": embedded(_shipment_lines(house, shipment, base), shipment.id),
            "createdDate": stamp(house, shipment.created_at),
            "updatedDate": stamp(house, shipment.updated_at),
        }
    )


def _shipment_lines(house: House, shipment: Shipment, base: str) -> list[Json]:
    lines = house.lines_of(shipment)
    return [
        {
            "number": f"{shipment.number}-{place}",
            "orderLine": line_ref(house, *lines[line_id], base),
            "orderLineDetails": {"customerLineNumber": lines[line_id][1].customer_line_number},
            "item": item_ref(house, lines[line_id][1].item, base),
            "pack": pack_ref(house, lines[line_id][1].item, base),
            "orderPackQuantity": decimal_text(lines[line_id][1].quantity),
            "shippedPackQuantity": decimal_text(units),
        }
        for place, (line_id, units) in enumerate(shipment.units.items(), start=1)
    ]


def _containers(house: House, shipment: Shipment, base: str) -> list[Json]:
    """A box names its items, not the order lines."""
    lines = house.lines_of(shipment)
    return [
        without_nulls(
            {
                "number": f"{shipment.number}-C{place}",
                "lpnNumber": box.lpn,
                "status": "Rolled Back" if shipment.status == "Rolled Back" else "Shipped",
                "type": "Carton",
                "trackingNumber": box.tracking,
                "shippedContainerLines": [
                    {
                        "item": item_ref(house, lines[line_id][1].item, base),
                        "pack": pack_ref(house, lines[line_id][1].item, base),
                        "shippedPackQuantity": decimal_text(units),
                    }
                    for line_id, units in box.units.items()
                ],
            }
        )
        for place, box in enumerate(shipment.boxes, start=1)
    ]


def _found_shipments(call: Call) -> list[int]:
    house = call.house
    if call.first("businessUnit") not in (None, house.settings.business_unit):
        return []
    updated, until = moment_filter(call, "updatedAfter"), house.indexed_until(call.beta)
    created, shipped = moment_filter(call, "createdAfter"), moment_filter(call, "shippedAfter")
    tests: dict[str, Callable[[Shipment], list[str | None]]] = {
        "shipmentNumber": lambda one: [one.number],
        "shipmentStatus": lambda one: [one.status],
        "orderNumber": lambda one: [order.number for order in house.orders_of(one)],
        "customerOrderNumber": lambda one: [
            order.header.get("customerOrderNumber") for order in house.orders_of(one)
        ],
    }
    asked = [(wanted, read) for name, read in tests.items() if (wanted := call.first(name))]
    ids = house.shipments if updated is None else house.shipment_changes.after(updated)
    found = (house.shipments[shipment_id] for shipment_id in ids)
    return [
        one.id
        for one in found
        if one.updated_at <= until
        and all(moment is None or one.created_at >= moment for moment in (created, shipped))
        and all(wanted in read(one) for wanted, read in asked)
    ]


def _shipment(call: Call) -> Shipment:
    shipment = call.house.shipments.get(call.ids[0])
    if shipment is None:
        raise RefusalError(404, f"Outbound shipment {call.ids[0]} not found")
    return shipment


ROUTES: Routes = {
    ("GET", SHIPMENTS): Operation("outboundShipments/read", list_shipments),
    ("GET", f"{SHIPMENTS}/{{}}"): Operation("outboundShipments/read", get_shipment),
    ("GET", f"{SHIPMENTS}/{{}}/shipmentLines"): Operation("outboundShipments/read", list_shipment_lines),
}
