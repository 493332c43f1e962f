"""What really became of an order: states, units, money, parcels; told to tests and demos, to no client.

Amounts are text with two decimals, so that sums come out to the cent. `repeats` of a parcel or refund names
an earlier one that says the same: a double, unless two equal ones were meant.
"""

from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import Any, TypeVar

from integration_pipelines.sandbox.mirakl.order import MarketplaceOrder, OrderLine
from integration_pipelines.sandbox.mirakl.parcel import Parcel
from integration_pipelines.sandbox.mirakl.routing import Shop

_Told = TypeVar("_Told", bound=dict[str, Any])


def order_truth(shop: Shop, order: MarketplaceOrder) -> dict[str, Any]:
    parcels = shop.dispatch.parcels.of(order.order_id)
    deadline = order.shipping_deadline
    return {
        **_acceptance(order),
        "state": order.state,
        "cancelled_at": order.cancelled_at and order.cancelled_at.isoformat(),
        "lines": {line.line_id: _line(shop, order, line, parcels) for line in order.lines},
        "reference_for_seller": order.reference_for_seller,
        "total_price": float(sum(line.price + line.shipping_price for line in order.active_lines())),
        "damage": order.damage,
        "history": [[moment.isoformat(), state] for moment, state in order.history],
        "shipping_deadline": deadline and deadline.isoformat(),
        "shipped_at": order.shipped and order.shipped.isoformat(),
        "shipped_late": bool(order.shipped and deadline and order.shipped > deadline),
        "received_at": order.received and order.received.isoformat(),
        "currency": shop.settings.currency,
        "parcels": _with_repeats([_parcel(parcel) for parcel in parcels], _parcel_says),
        "refunds": _with_repeats(_refunds(shop, order), _refund_says),
    }


def _acceptance(order: MarketplaceOrder) -> dict[str, Any]:
    accepted, deadline = order.accepted_at, order.acceptance_deadline
    return {
        "placed_at": order.placed_at.isoformat(),
        "visible_at": order.visible_at.isoformat(),
        "waiting_since": order.waiting_since and order.waiting_since.isoformat(),
        "accepted_at": accepted and accepted.isoformat(),
        "accepted_late": accepted is not None and deadline is not None and accepted > deadline,
        "timed_out": any(line.reason_code == "ACCEPTANCE_TIMEOUT" for line in order.lines),
        "acceptance_deadline": deadline and deadline.isoformat(),
        "accept_calls": order.accept_calls,
    }


def _line(shop: Shop, order: MarketplaceOrder, line: OrderLine, parcels: Iterable[Parcel]) -> dict[str, Any]:
    shipped = [parcel.units(line.line_id) for parcel in parcels if parcel.shipped is not None]
    return {
        "sku": line.sku,
        "quantity": line.quantity,
        "state": line.state,
        "shipped": sum(shipped),
        "returned": shop.returns.received_units(order, line),
        "refunded": _cents(sum((refund["amount"] for refund in line.refunds), Decimal(0))),
        "refunded_shipping": _cents(sum((refund["shipping_amount"] for refund in line.refunds), Decimal(0))),
        "refunded_units": sum(refund["quantity"] for refund in line.refunds),
        "price": _cents(line.price),
        "shipping_price": _cents(line.shipping_price),
    }


def _parcel(parcel: Parcel) -> dict[str, Any]:
    tracking = parcel.tracking
    return {
        "id": parcel.shipment_id,
        "status": parcel.status,
        "carrier_code": tracking and tracking.carrier_code,
        "carrier_name": tracking and tracking.carrier_name,
        "tracking_number": tracking and tracking.number,
        "tracking_url": tracking and tracking.url,
        "reference": parcel.invoice_reference,
        "lines": [[line.line_id, line.quantity] for line in parcel.lines],
        "created_at": parcel.created.isoformat(),
        "shipped_at": parcel.shipped and parcel.shipped.isoformat(),
        "received_at": parcel.received and parcel.received.isoformat(),
    }


def _refunds(shop: Shop, order: MarketplaceOrder) -> list[dict[str, Any]]:
    return [
        {
            "id": record["id"],
            "order_refund_id": record["order_refund_id"],
            "line": line.line_id,
            "amount": _cents(record["amount"]),
            "shipping_amount": _cents(record["shipping_amount"]),
            "quantity": record["quantity"],
            "reason_code": record["reason_code"],
            "state": record["refund_state"],
            "by": shop.refunds.paid_by[record["id"]],
            "created_at": record["created_date"],
        }
        for line in order.lines
        for record in line.refunds
    ]


def _parcel_says(parcel: dict[str, Any]) -> Any:
    return sorted(map(tuple, parcel["lines"])), parcel["carrier_code"], parcel["tracking_number"]


def _refund_says(refund: dict[str, Any]) -> Any:
    names = ("by", "line", "amount", "shipping_amount", "quantity", "reason_code")
    return [refund[name] for name in names]


def _with_repeats(told: list[_Told], says: Callable[[_Told], Any]) -> list[dict[str, Any]]:
    """Each with the id of the first one before it that says the same, or None."""
    shown: list[dict[str, Any]] = []
    for place, each in enumerate(told):
        earlier = (other["id"] for other in told[:place] if says(other) == says(each))
        shown.append({**each, "repeats": next(earlier, None)})
    return shown


def _cents(amount: Decimal) -> str:
    return f"{amount:.2f}"
