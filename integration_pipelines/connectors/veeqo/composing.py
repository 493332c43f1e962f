"""From an order request to Veeqo's order (Veeqo §5.3): what is sent, and what deliberately is not.

Surprising: a payment is what puts an order on the floor, so a reservation carries none; and a line's free
text carries the marketplace's line, which some accounts drop.
"""

from typing import Any
from zoneinfo import ZoneInfo

from integration_pipelines.connectors.veeqo.client import as_sent_id
from integration_pipelines.connectors.veeqo.dispatches import LINE_NOTE
from integration_pipelines.warehouse import Address, OrderRequest, RequestedLine

_PAYMENT_TYPE = "bank_transfer"  # the buyer paid the marketplace; any type marks the order as paid


def new_order(request: OrderRequest, zone: ZoneInfo) -> dict[str, Any]:
    """An order to create, without mail to the buyer; `zone`: in which the floor's calendar runs."""
    order: dict[str, Any] = {
        "channel_id": as_sent_id(request.store),
        "number": request.number,
        "send_notification_email": False,
        "total_discounts": "0.00",
        "total_tax": "0.00",
        "delivery_cost": f"{request.shipping_price:f}",
        "deliver_to_attributes": address(request.ship_to),
        "line_items_attributes": [_line(line) for line in request.lines],
        "employee_notes_attributes": [{"text": request.note}],
    }
    if request.customer_id is not None:
        order["customer_id"] = as_sent_id(request.customer_id)
    if request.delivery_method is not None:
        order["delivery_method_id"] = as_sent_id(request.delivery_method)
    if request.ship_by is not None:
        # Day first (Veeqo §5.3), as the floor's calendar has it.
        order["due_date"] = request.ship_by.astimezone(zone).strftime("%d/%m/%Y")
    if request.released:
        order["payment_attributes"] = payment(request)
    return order


def address(at: Address) -> dict[str, str]:
    """Where it goes."""
    return {
        "first_name": at.first_name,
        "last_name": at.last_name,
        "company": at.company,
        "address1": at.street_1,
        "address2": at.street_2,
        "city": at.city,
        "state": at.state,
        "zip": at.postal_code,
        "country": at.country,
        "phone": at.phone,
        "email": at.email,
    }


def payment(request: OrderRequest) -> dict[str, str]:
    """What clears the order for the floor."""
    return {"payment_type": _PAYMENT_TYPE, "reference_number": request.payment_reference}


def _line(line: RequestedLine) -> dict[str, Any]:
    return {
        "sellable_id": as_sent_id(line.item_id),
        "quantity": line.quantity,
        "price_per_unit": f"{line.unit_price:f}",
        "tax_rate": 0,  # amounts are carried as charged, taxes are not split off (failure case F26)
        "additional_options": f"{LINE_NOTE}{line.line_id}",
    }
