"""What happens to a parcel: labelled, tracked later, rolled back. Who does it, and when, is in `staff.py`."""

from collections.abc import Sequence
from random import Random

from integration_pipelines.sandbox.deposco import stock
from integration_pipelines.sandbox.deposco.house import House
from integration_pipelines.sandbox.deposco.records import Box, Order, Shipment, Status

_CARRIERS = (("DPD", "DPD Classic"), ("UPS", "Ground"), ("DHL", "Paket"), ("FedEx", "Ship Outside System"))


def label(house: House, orders: Sequence[Order], units: dict[int, int], source: Random) -> Shipment:
    """A label for `units` by line id of `orders`; everything about it is drawn from `source`."""
    vendor, via = source.choice(_CARRIERS)
    shipment_id = house.next_id("shipment")
    number = f"SHP-{shipment_id:09d}"
    tracking = tracking_number(vendor, source)
    ids = tuple(order.id for order in orders)
    shipment = Shipment(shipment_id, number, ids, house.at, house.at, vendor, via, tracking, units)
    house.shipments[shipment_id] = shipment
    for order in orders:
        order.shipments.append(shipment)
    touch(house, shipment)
    return shipment


def divide(shipment: Shipment, source: Random) -> None:
    """The goods are in two boxes, each with a number; the shipment keeps that of the first."""
    second = {line_id: count // 2 for line_id, count in shipment.units.items() if count > 1}
    if not second:
        *_, last = shipment.units
        second = {last: shipment.units[last]}
    first = {line_id: count - second.get(line_id, 0) for line_id, count in shipment.units.items()}
    shipment.divided = [
        Box(f"LPN{shipment.id}A", shipment.tracking, {key: count for key, count in first.items() if count}),
        Box(f"LPN{shipment.id}B", tracking_number(shipment.vendor, source), second),
    ]


def enter_tracking(house: House, shipment: Shipment) -> None:
    """The parent order does not move: only the shipment's own change time does."""
    shipment.tracking = shipment.tracking_to_come
    touch(house, shipment)


def roll_back(house: House, shipment: Shipment) -> None:
    """It did not leave after all: its units are back on the dock, for every order of it."""
    for line_id, units in shipment.units.items():
        order, line = house.lines_of(shipment)[line_id]
        stock.undo_dispatch(house, order, line, units)
    shipment.status = "Rolled Back"
    touch(house, shipment)
    for order in house.orders_of(shipment):
        order.shipped_at = None
        house.set_status(order, Status.STAGED)


def touch(house: House, shipment: Shipment) -> None:
    shipment.updated_at = house.shipment_changes.note(shipment.id, house.at)


def tracking_number(vendor: str, source: Random) -> str:
    return f"{vendor[:2].upper()}{source.randrange(10**12, 10**13)}"
