"""Sales orders as V2 shows them: enumerations outside the spec, decimals for units, ten lines at most.

Contract 3.1, 4.1 and 11.1. Rendering is cached by revision: a page of unchanged orders is joined from
bytes made earlier. The id of a record is in `self`, never beside the other fields.
"""

from integration_pipelines.sandbox.deposco import validation
from integration_pipelines.sandbox.deposco.house import House
from integration_pipelines.sandbox.deposco.reading import parse_moment
from integration_pipelines.sandbox.deposco.records import Facility, Item, Line, Order, Shipment, Status
from integration_pipelines.sandbox.deposco.v2.web import (
    Json,
    business_unit_ref,
    decimal_text,
    embedded,
    entity,
    render,
    stamp,
    without_nulls,
)

ORDERS = "/orders/salesOrders"
_LINE_STATUS = {
    Status.READY: "Open",
    Status.PICK_COMPLETE: "Awaiting Shipment",
    Status.STAGED: "Awaiting Pickup",
    Status.PARTIALLY_SHIPPED: "In Progress",
    Status.SHIP_COMPLETE: "Complete",
    Status.REVIEW: "Needs Attention",
    Status.HOLD: "Open",
}


def order_bytes(house: House, order: Order, base: str) -> bytes:
    """The order, from the cache unless it changed."""
    key = (order.revision, base)
    if order.rendered is None or order.rendered[0] != key:
        order.rendered = (key, render(order_json(house, order, base)))
    return order.rendered[1]


def order_json(house: House, order: Order, base: str) -> Json:
    lines = [line_json(house, order, line, base) for line in order.lines]
    return without_nulls(
        {
            "self": order_ref(house, order, base),
            "businessUnit": business_unit_ref(house, base),
            "number": order.number,
            "orderStatus": order.status,
            **header_json(house, order.header),
            "deliveryConfirmation": order.header.get("deliveryConfirmation", "0"),
            "shipFromFacility": facility_ref(order.facility, base),
            "orderLines": embedded(lines, order.id),
            "notes": order.notes or None,
            "postReleaseState": "DEFAULT",  # not in the documented enumeration
            "actualReleaseDate": stamp(house, order.released_at),
            "actualShipDate": stamp(house, order.shipped_at),
            "pickWave": {"number": order.wave} if order.wave else None,
            "shipments": embedded([_shipment_ref(one, base) for one in order.shipments], order.id),
            "createdDate": stamp(house, order.created_at),
            "updatedDate": stamp(house, order.updated_at),
        }
    )


def line_json(house: House, order: Order, line: Line, base: str) -> Json:
    back_ordered = order.status == Status.BACK_ORDERED
    unit_price = None if line.unit_price is None else float(line.unit_price)
    return without_nulls(
        {
            "self": line_ref(house, order, line, base),
            "lineNumber": line.line_number,
            "customerLineNumber": line.customer_line_number,
            "item": item_ref(house, line.item, base),
            "pack": pack_ref(house, line.item, base),
            "orderPackQuantity": decimal_text(line.quantity),
            "unitPrice": unit_price,
            **line.fields,
            "orderLineStatus": line_status(order, line),
            "canceledPackQuantity": decimal_text(line.canceled),
            "pickedPackQuantity": decimal_text(line.picked),
            "shippedPackQuantity": decimal_text(line.shipped),
            "shortagePackQuantity": decimal_text(0),
            "returnedPackQuantity": decimal_text(line.returned),
            "allocatedQuantity": decimal_text(line.allocated),
            "unallocatedQuantity": decimal_text(line.open - line.allocated),
            "isBackOrdered": "Back Ordered" if back_ordered and line.open else "Not Back Ordered",
            "createdDate": stamp(house, line.created_at),
            "updatedDate": stamp(house, order.updated_at),
        }
    )


def line_status(order: Order, line: Line) -> str:
    if line.canceled and line.open == 0 and line.shipped == 0:
        return "Canceled"
    if line.shipped and line.open == 0:
        return "Complete"
    return _LINE_STATUS.get(order.status, order.status)


def order_ref(house: House, order: Order, base: str) -> Json:
    keys = {"number": order.number, "businessUnit.code": house.settings.business_unit}
    return entity(ORDERS, order.id, base, **keys)


def line_ref(house: House, order: Order, line: Line, base: str) -> Json:
    keys = {
        "orderHeader.number": order.number,
        "lineNumber": line.line_number,
        "orderHeader.businessUnit.code": house.settings.business_unit,
    }
    return entity(f"{ORDERS}/{order.id}/orderLines", line.id, base, **keys)


def item_ref(house: House, item: Item, base: str) -> Json:
    keys = {"number": item.number, "businessUnit.code": house.settings.business_unit}
    return entity("/items", item.id, base, **keys)


def pack_ref(house: House, item: Item, base: str) -> Json:
    keys = {
        "item.number": item.number,
        "quantity": 1,
        "item.businessUnit.code": house.settings.business_unit,
    }
    return entity(f"/items/{item.id}/packs", item.id, base, **keys)


def facility_ref(facility: Facility, base: str) -> Json:
    return entity("/facilities", facility.id, base, number=facility.number)


def header_json(house: House, header: Json) -> Json:
    """As stored, but moments come back with the tenant's offset."""
    moments = {
        name: stamp(house, parse_moment(str(header[name]))) for name in validation.MOMENTS if name in header
    }
    return {**header, **moments}


def _shipment_ref(shipment: Shipment, base: str) -> Json:
    """The link really points at a trip, as on a live tenant: only the id is good."""
    return entity("/trips", shipment.id, base, number=shipment.number)
