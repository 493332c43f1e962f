"""Sales orders as V1 documents show them: its own status words, doubles as text, no pack but the Each.

Contract 11.2, 11.5 and 12.2. One status enumeration serves all order types; an order that a person
cancelled is `Voided`, and a parked one `Needs Attention`.
"""

from integration_pipelines.sandbox.deposco.house import House
from integration_pipelines.sandbox.deposco.records import Line, Order, Status
from integration_pipelines.sandbox.deposco.v1.tree import Tree
from integration_pipelines.sandbox.deposco.v1.web import decimals, stamp

ORDER_TYPE = "Sales Order"
_STATUSES = {
    Status.REVIEW: "Needs Attention",
    Status.READY: "Ready",
    Status.WAVE_BUILT: "Planned",
    Status.PICK_COMPLETE: "Packing",
    Status.STAGED: "Packed",
    Status.PARTIALLY_SHIPPED: "In-Transit",
    Status.SHIP_COMPLETE: "Complete",
}
_SHIPPED_FLAG = "20"


def status_of(order: Order) -> str:
    if order.status == Status.CANCELED and order.cancelled_by_staff:
        return "Voided"
    return _STATUSES.get(order.status, order.status.value)


def order_tree(house: House, order: Order) -> Tree:
    """The order as `GET /orders` and `/search/Order` show it."""
    header = order.header
    tree: Tree = {
        "businessUnit": house.settings.business_unit,
        "facility": order.facility.number,
        "number": order.number,
        "type": ORDER_TYPE,
        "status": status_of(order),
        "orderPriority": "1000",
        "importReference": header.get("importReference"),
        "shipToAddress": _address(order),
        "freight": {"termsType": header.get("freightTermsType", "Prepaid")},
    }
    texts = ("shipMethod", "shipVendor", "shipVia", "orderSource", "secondaryOrderSource")
    tree |= {name: header[name] for name in (*texts, "customerOrderNumber") if header.get(name)}
    if order.notes:
        tree["notes"] = {"note": order.notes}
    tree["orderLines"] = {"orderLine": [_line(house, order, line) for line in order.lines]}
    tree |= {
        name: header[name] for name in ("currencyCode", "placedDate", "plannedShipDate") if name in header
    }
    tree["actualShipDate"] = stamp(order.shipped_at)
    tree["shippingStatus"] = _SHIPPED_FLAG if order.status == Status.SHIP_COMPLETE else "0"
    tree["createdDate"], tree["updatedDate"] = stamp(order.created_at), stamp(order.updated_at)
    return tree


def status_tree(order: Order) -> Tree:
    """The order as `/status/order` shows it, shipments included."""
    lines = {line.id: line for line in order.lines}
    return {
        "orderNumber": order.number,
        "orderStatus": status_of(order),
        "orderType": ORDER_TYPE,
        "lines": {"line": [_status_line(order, line) for line in order.lines]},
        "shipments": {
            "shipment": [
                {
                    "shipmentNumber": one.number,
                    "shipmentStatus": one.status,
                    "carrier": one.vendor,
                    "method": one.via,
                    "trackingNumber": one.tracking,
                    "actualShipDate": stamp(one.created_at),
                    "lines": {
                        "line": [
                            {
                                "lineNumber": lines[line_id].line_number,
                                "customerLineNumber": lines[line_id].customer_line_number,
                                "shippedPackQuantity": decimals(units),
                            }
                            for line_id, units in one.units.items()
                            if line_id in lines  # else it is another order's in the same parcel
                        ]
                    },
                }
                for one in order.shipments
            ]
        },
    }


def _line(house: House, order: Order, line: Line) -> Tree:
    return {
        "businessUnit": house.settings.business_unit,
        "lineNumber": line.line_number,
        "customerLineNumber": line.customer_line_number,
        "lineStatus": _line_status(order, line),
        "orderPackQuantity": decimals(line.quantity),
        "canceledPackQuantity": decimals(line.canceled),
        "shippedPackQuantity": decimals(line.shipped),
        "allocatedQuantity": decimals(line.allocated),
        "unallocatedQuantity": decimals(line.open - line.allocated),
        "pickedPackQuantity": decimals(line.picked),
        "backordered": "true" if order.status == Status.BACK_ORDERED and line.open else "false",
        "itemNumber": line.item.number,
        "pack": {"type": "Each", "quantity": "1"},
        "unitPrice": None if line.unit_price is None else str(line.unit_price),
    }


def _status_line(order: Order, line: Line) -> Tree:
    return {
        "lineNumber": line.line_number,
        "customerLineNumber": line.customer_line_number,
        "lineStatus": _line_status(order, line),
        "orderPackQuantity": decimals(line.quantity),
        "shippedPackQuantity": decimals(line.shipped),
        "shortagePackQuantity": decimals(0),
        "outOfStockQuantity": decimals(line.open if order.status == Status.BACK_ORDERED else 0),
        "pickedPackQuantity": decimals(line.picked),
    }


def _line_status(order: Order, line: Line) -> str:
    return "Canceled" if line.canceled and line.open == 0 and line.shipped == 0 else status_of(order)


def _address(order: Order) -> Tree:
    contact, address = order.header.get("shipToContact", {}), order.header.get("shipToAddress", {})
    name = f"{contact.get('firstName') or ''} {contact.get('lastName') or ''}".strip()
    return {
        "name": name,
        "contactName": name,
        "email": contact.get("email"),
        "phone": contact.get("phone"),
        "addressLine1": address.get("line1", ""),
        "addressLine2": address.get("line2"),
        "city": address.get("city", ""),
        "stateProvinceCode": address.get("stateProvince") or "",
        "postalCode": address.get("postalCode", ""),
        "countryCode": address.get("country", ""),
    }
