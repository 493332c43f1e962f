"""What happens to a parcel, whoever does it: handed over, tracked later, voided.

One allocation is at most one parcel. A label bought by the staff has whatever carrier fields real ones have;
one that was voided and bought again has a new tracking number.
"""

from random import Random
from typing import Any

from integration_pipelines.sandbox.veeqo import stock
from integration_pipelines.sandbox.veeqo.company import Company
from integration_pipelines.sandbox.veeqo.order_records import Allocation, Order, Shipment

# (carrier id, carrier name, service carrier name, sub carrier id); the last one is an aggregator's label.
_CARRIERS: tuple[tuple[int, str, str | None, str | None], ...] = (
    (4, "DPD", None, None),
    (5, "UPS", None, None),
    (9, "DHL", None, None),
    (1, "Royal Mail", None, None),
    (3, "Other", None, None),
    (41, "Amazon Shipping", "UPS", "UPS"),
)
CARRIERS = {
    1: "Royal Mail", 2: "FedEx", 3: "Other", 4: "DPD", 5: "UPS", 6: "CityLink", 7: "USPS",
    8: "Interlink Express", 9: "DHL", 10: "MyHermes", 11: "Australia Post", 12: "Parcelforce", 13: "TNT",
    14: "Yodel", 15: "APC", 16: "DX", 17: "UK Mail", 18: "Israel Post", 19: "Canada Post",
    23: "Hermes World", 24: "DHL DE",
}  # fmt: skip


def bought(company: Company, source: Random, *, numbered: bool = False) -> Shipment:
    """A label that the staff buy; everything about it is drawn from `source`.

    Args:
        numbered: it certainly has a tracking number.
    """
    carrier_id, name, service_carrier, sub_carrier = source.choice(_CARRIERS)
    code = f"{name[:2].upper()}{source.randrange(10**13, 10**14)}"
    shipment_id = company.next_id("shipment")
    draw = source.random()
    tracking = _number(company, code) if numbered else _tracking(company, code, draw)
    shipment = Shipment(
        shipment_id, company.at, carrier_id, name, service_carrier, sub_carrier, tracking, company.at
    )
    if company.settings.tracking_urls:
        shipment.tracking_url = f"https://track.example.com/{code}" if tracking else None
    return shipment


def recorded(company: Company, carrier_id: int, tracking: str | None) -> Shipment:
    """A shipment that somebody else has a label for."""
    shipment_id, name = company.next_id("shipment"), CARRIERS.get(carrier_id, f"Carrier {carrier_id}")
    number = _number(company, tracking) if tracking is not None else None
    return Shipment(shipment_id, company.at, carrier_id, name, None, None, number, company.at)


def hand_over(company: Company, order: Order, allocation: Allocation, shipment: Shipment) -> None:
    """The allocation's parcel leaves."""
    stock.dispatch(company, allocation, shipment)
    company.order_id_by_shipment[shipment.id] = order.id
    if order.shipped:
        order.shipped_at = company.at
    company.touch_order(order)


def enter_tracking(company: Company, order: Order) -> None:
    """Numbers that were still to come are there."""
    for allocation in order.allocations:
        shipment = allocation.shipment
        if shipment and shipment.tracking_to_come is not None:
            shipment.tracking, shipment.tracking_to_come = shipment.tracking_to_come, None
            shipment.updated_at = company.at
    company.touch_order(order)


def void(company: Company, order: Order, allocation: Allocation) -> None:
    """The shipment is gone, its label refunded; the goods wait to be shipped again."""
    stock.undo_dispatch(company, allocation)
    order.shipped_at = None
    order.voided += 1
    company.touch_order(order)


def _tracking(company: Company, code: str, draw: float) -> dict[str, Any] | str | None:
    """An object mostly, sometimes a bare text (a few with a leading blank), sometimes nothing."""
    if draw < 0.08:
        return None
    if draw < 0.2:
        return f" {code}" if draw < 0.1 else code
    return _number(company, code)


def _number(company: Company, code: str) -> dict[str, Any]:
    dates = (
        "in_transit_at",
        "out_for_delivery_at",
        "delivered_at",
        "cancelled_at",
        "returned_to_sender_at",
    )
    number = {"id": company.next_id("tracking"), "tracking_number": code, "status": "created"}
    return {**number, **dict.fromkeys(dates)}
