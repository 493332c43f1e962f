"""Shipments recorded and voided through the API (contract 11.1): no label is bought.

There is no list, and one shipment is read by id although that is undocumented.
"""

from integration_pipelines.sandbox.veeqo import order_json, parcels
from integration_pipelines.sandbox.veeqo.company import Company
from integration_pipelines.sandbox.veeqo.order_records import Allocation, Order, Shipment
from integration_pipelines.sandbox.veeqo.orders import find_order
from integration_pipelines.sandbox.veeqo.web import (
    Json,
    Routes,
    answer,
    body_of,
    invalid,
    no_content,
    order_not_found,
    text,
    whole,
)
from integration_pipelines.sandbox.wire import Answer, Request


def create_shipment(company: Company, request: Request, ids: tuple[int, ...]) -> Answer:
    """`allocation_id` and `order_id` stand outside `shipment`."""
    sent = body_of(request)
    order = find_order(company, whole(sent.get("order_id")) or 0)
    allocation = _allocation(order, whole(sent.get("allocation_id")))
    fields = sent.get("shipment")
    if not isinstance(fields, dict):
        raise invalid("param is missing or the value is empty: shipment")
    carrier_id = whole(fields.get("carrier_id"))
    missing = [name for name in ("notify_customer", "update_remote_order") if name not in fields]
    if carrier_id is None or missing:
        raise invalid(f"{', '.join(missing) or 'Carrier'} can't be blank")
    if allocation.shipment:
        raise invalid("This allocation is already shipped")
    if order.cancelled_at:
        raise invalid("Order is cancelled")
    shipment = parcels.recorded(company, carrier_id, _tracking(fields))
    shipment.notify_customer = fields["notify_customer"] in (True, "true")
    forced = fields["update_remote_order"]
    shipment.update_remote_order = forced if isinstance(forced, bool) else None
    parcels.hand_over(company, order, allocation, shipment)
    if shipment.notify_customer:
        company.buyer_mails.append(order.number)
    return answer(201, order_json.shipment_json(order, allocation, shipment))


def get_shipment(company: Company, request: Request, ids: tuple[int, ...]) -> Answer:
    order, allocation, shipment = _find(company, ids[0])
    return answer(200, order_json.shipment_json(order, allocation, shipment))


def void_shipment(company: Company, request: Request, ids: tuple[int, ...]) -> Answer:
    """The allocation has no shipment any more; its goods are held again."""
    order, allocation, _ = _find(company, ids[0])
    parcels.void(company, order, allocation)
    return no_content()


def list_tracking_events(company: Company, request: Request, ids: tuple[int, ...]) -> Answer:
    """Nobody scans parcels here."""
    _find(company, ids[0])
    return answer(200, [])


def _tracking(fields: Json) -> str | None:
    nested = fields.get("tracking_number_attributes")
    return text(nested.get("tracking_number")) or None if isinstance(nested, dict) else None


def _allocation(order: Order, allocation_id: int | None) -> Allocation:
    for allocation in order.allocations:
        if allocation.id == allocation_id:
            return allocation
    raise order_not_found()


def _find(company: Company, shipment_id: int) -> tuple[Order, Allocation, Shipment]:
    order = company.orders.get(company.order_id_by_shipment.get(shipment_id, 0))
    for allocation in order.allocations if order else []:
        if order and allocation.shipment and allocation.shipment.id == shipment_id:
            return order, allocation, allocation.shipment
    raise order_not_found()


ROUTES: Routes = {
    ("POST", "/shipments"): create_shipment,
    ("GET", "/shipments/{}"): get_shipment,
    ("DELETE", "/shipments/{}"): void_shipment,
    ("GET", "/shipping/tracking_events/{}"): list_tracking_events,
    ("GET", "/shipments/tracking_events/{}"): list_tracking_events,
}
