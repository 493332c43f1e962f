"""V1 shipments: read whole, one by one, or searched (contract 12.2).

Lines are nested in their orders, and each says in which container it is. The search shows what left in a
period; nothing shows what changed since.
"""

from integration_pipelines.sandbox.deposco.house import House
from integration_pipelines.sandbox.deposco.reading import parse_moment
from integration_pipelines.sandbox.deposco.records import Box, Order, RefusalError, Shipment
from integration_pipelines.sandbox.deposco.v1.order_tree import ORDER_TYPE, status_of
from integration_pipelines.sandbox.deposco.v1.tree import Tree
from integration_pipelines.sandbox.deposco.v1.web import Call, Operation, Routes, decimals, document, stamp
from integration_pipelines.sandbox.wire import Answer

_NO_FILTER = frozenset({"pageSize", "pageNo", "pageNumber"})


def list_shipments(call: Call) -> Answer:
    _require_unit(call)
    return _shown(call, [*call.house.shipments.values()])


def get_shipment(call: Call) -> Answer:
    _require_unit(call)
    for shipment in call.house.shipments.values():
        if shipment.number == call.parts[1]:
            return _shown(call, [shipment])
    raise RefusalError(404, f"Shipment {call.parts[1]} not found")


def search_shipments(call: Call) -> Answer:
    """`field=value`, or `fieldOps=BETWEEN&field=a,b`; an unknown field is refused."""
    house = call.house
    asked = {name: value for name, value in call.request.query if name not in _NO_FILTER}
    ranges = {name.removesuffix("Ops") for name, value in asked.items() if name.endswith("Ops")}
    found = list(house.shipments.values())
    for name, wanted in asked.items():
        if not name.endswith("Ops") and call.first(name) is not None:  # else this tenant does not heed it
            found = [one for one in found if _matches(house, one, name, wanted, name in ranges)]
    return _shown(call, found)


def _matches(house: House, shipment: Shipment, name: str, wanted: str, ranged: bool) -> bool:
    orders = house.orders_of(shipment)
    values: dict[str, list[str | None]] = {
        "number": [shipment.number],
        "shipmentNumber": [shipment.number],
        "shipmentStatus": [shipment.status],
        "actualShipDate": [stamp(shipment.created_at)],
        "trackingNumber": [box.tracking for box in shipment.boxes],
        "orderHeaders.number": [order.number for order in orders],
        "orderHeaders.customerOrderNumber": [order.header.get("customerOrderNumber") for order in orders],
    }
    if name not in values:
        raise RefusalError(400, f"Field {name} is not found or configured for entity Shipment")
    if not ranged:
        return wanted in values[name]
    low, _, high = wanted.partition(",")
    begins, ends = parse_moment(low), parse_moment(high)
    if begins is None or ends is None:
        raise RefusalError(400, f"{name} BETWEEN needs two timestamps")
    moments = [parse_moment(value or "") for value in values[name]]
    return any(moment is not None and begins <= moment <= ends for moment in moments)


def _require_unit(call: Call) -> None:
    if call.parts[0] != call.house.settings.business_unit:
        raise RefusalError(403, f"No access to business unit {call.parts[0]}")


def _shown(call: Call, shipments: list[Shipment]) -> Answer:
    trees = [_shipment_tree(call.house, one) for one in shipments]
    return document(call, "shipments", "shipment", {"shipment": trees})


def _shipment_tree(house: House, shipment: Shipment) -> Tree:
    orders = house.orders_of(shipment)
    return {
        "shipmentNumber": shipment.number,
        "shipmentStatus": shipment.status,
        "shipmentCurrentStatus": shipment.status,
        "shipVia": shipment.via,
        "shipVendor": shipment.vendor,
        "actualShipDate": stamp(shipment.created_at),
        "facility": orders[0].facility.number,
        "trackingNumber": shipment.tracking,
        "trackingUrl": "https://track.example.com/?n=",
        "orders": {"order": [_order_tree(house, shipment, order) for order in orders]},
    }


def _order_tree(house: House, shipment: Shipment, order: Order) -> Tree:
    lines = [
        _line_tree(house, shipment, box, line_id, units)
        for box in shipment.boxes
        for line_id, units in box.units.items()
        if house.lines_of(shipment)[line_id][0] is order
    ]
    return {
        "orderNumber": order.number,
        "customerOrderNumber": order.header.get("customerOrderNumber"),
        "orderType": ORDER_TYPE,
        "orderStatus": status_of(order),
        "lines": {"line": lines},
    }


def _line_tree(house: House, shipment: Shipment, box: Box, line_id: int, units: int) -> Tree:
    line = house.lines_of(shipment)[line_id][1]
    return {
        "lineNumber": line.line_number,
        "customerLineNumber": line.customer_line_number,
        "itemNumber": line.item.number,
        "orderPackQuantity": decimals(line.quantity),
        "shippedPackQuantity": decimals(units),
        "trackingNumber": box.tracking,
        "pack": {"type": "Each", "quantity": "1"},
        "container": {"lpn": box.lpn, "trackingNumber": box.tracking},
    }


ROUTES: Routes = {
    ("GET", "/shipments/*"): Operation("shipments", list_shipments),
    ("GET", "/shipments/*/*"): Operation("shipments", get_shipment),
    ("GET", "/search/shipment"): Operation("search", search_shipments),
}
