"""From the marketplace's order object to what the ledger stores. Pure.

The one place that knows which of the payload's fields matter to this flow; whatever else came is
kept in the raw answer.
"""

import hashlib
import json
from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from pydantic import ValidationError

from integration_pipelines.countries import alpha_2
from integration_pipelines.ledger.orders import MarketplaceLine, MarketplaceOrder
from integration_pipelines.ledger.store import storable_json
from integration_pipelines.marketplace import OrderState
from integration_pipelines.orders.reading import ReadAddress, ReadLine, ReadOrder

DATABASE_INT = 2_147_483_647
# An order "changed" later than this would make every true change look old.
FUTURE_AT_MOST = timedelta(days=1)
# Ids are keys of the ledger; PostgreSQL's indexes bear some thousand bytes, no operator uses a hundred.
LONGEST_ID = 255


def neutral_order(
    row: Any,
    channel_key: str,
    number_of: Callable[[str], str],
    *,
    shop_currency: str,
    acceptance_window: timedelta,
    read_at: datetime,
) -> MarketplaceOrder:
    """One row of OR11 as the ledger stores it.

    Args:
        number_of: the warehouse order number of an order id.
        shop_currency: ISO-4217, for answers that leave the currency out.
        acceptance_window: the operator's delay; its clock starts when the order began to wait.
        read_at: stands in for dates that the answer leaves out, aware UTC.

    Raises:
        ValidationError, ValueError: it cannot be understood; keep the row and go on with the rest.
    """
    order = ReadOrder.model_validate(row)
    _check_ids(order)
    # Written once, for the hash and for the database; with sorted keys their order is no change.
    raw_text = storable_json(json.dumps(row, ensure_ascii=False, default=float, sort_keys=True))
    customer = order.customer
    updated_at = order.last_updated_date or order.created_date or read_at
    if updated_at > read_at + FUTURE_AT_MOST:
        raise ValueError(f"last_updated_date {updated_at.isoformat()} lies in the future")
    states = {order.order_state, *(line.order_line_state for line in order.order_lines)}
    waiting_since = updated_at if OrderState.WAITING_ACCEPTANCE in states else None
    return MarketplaceOrder(
        order_id=order.order_id,
        channel=channel_key,
        number=number_of(order.order_id),
        state=order.order_state,
        currency=order.currency_iso_code or shop_currency,
        total_price=order.total_price or Decimal(0),
        shipping_price=order.shipping_price or Decimal(0),
        buyer=_buyer(order),
        contact={
            "first_name": customer.firstname if customer else "",
            "last_name": customer.lastname if customer else "",
            "email": order.customer_notification_email,
        },
        ship_to=_ship_to(order),
        placed_at=order.created_date or updated_at,
        updated_at=updated_at,
        waiting_since=waiting_since,
        accept_by=waiting_since + acceptance_window if waiting_since else None,
        ship_by=order.shipping_deadline,
        cleared_at=updated_at if order.order_state == OrderState.SHIPPING else None,
        lines=tuple(_line(line) for line in order.order_lines),
        raw=row,
        raw_text=raw_text,
        raw_hash=hashlib.sha256(raw_text.encode()).hexdigest(),
    )


def _check_ids(order: ReadOrder) -> None:
    ids = [order.order_id, *(line.order_line_id for line in order.order_lines)]
    if any(len(each) > LONGEST_ID for each in ids):
        raise ValueError(f"an order or line id is longer than {LONGEST_ID} characters")
    if len(set(ids[1:])) < len(ids[1:]):
        raise ValueError("two lines have the same order_line_id")


def _buyer(order: ReadOrder) -> str:
    """Who bought, as a key; an order without a customer id is its own buyer."""
    customer_id = order.customer.customer_id if order.customer else None
    if customer_id is None:
        return f"order {order.order_id}"
    if len(customer_id) > LONGEST_ID:
        return f"sha256:{hashlib.sha256(customer_id.encode('utf-8', 'surrogatepass')).hexdigest()}"
    return customer_id


def reference_of(row: Any) -> str:
    """A name for a row that cannot be read: its order id where that can be made out, else a hash."""
    order_id = row.get("order_id") if isinstance(row, dict) else None
    if isinstance(order_id, str | int) and not isinstance(order_id, bool) and str(order_id).strip():
        return str(order_id)[:200]
    return hashlib.sha256(repr(row).encode("utf-8", "surrogatepass")).hexdigest()[:16]


def fault_of(error: Exception) -> str:
    """What is wrong with it, without repeating values: they may be personal data."""
    if isinstance(error, ValidationError):
        faults = [f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors()[:3]]
        return "; ".join(faults)[:500]
    return str(error)[:300]


def _ship_to(order: ReadOrder) -> dict[str, str] | None:
    address = order.customer.shipping_address if order.customer else None
    if address is None:
        return None
    return {
        "first_name": address.firstname,
        "last_name": address.lastname,
        "company": " ".join(part for part in (address.company, address.company_2) if part),
        "street_1": address.street_1,
        "street_2": ", ".join(part for part in (address.street_2, address.additional_info) if part),
        "city": address.city,
        "state": address.state,
        "postal_code": address.zip_code,
        "country": _country(address),
        "phone": address.phone or address.phone_secondary,
        "email": order.customer_notification_email,
    }


def _country(address: ReadAddress) -> str:
    """Alpha-2 from the alpha-3 code, or from a label or alpha-2 code where that is missing (§0.9)."""
    return alpha_2(address.country_iso_code[:60]) or alpha_2(address.country[:60])


def _line(line: ReadLine) -> MarketplaceLine:
    cancelled = sum(cancelation.quantity or 0 for cancelation in line.cancelations)
    ordered = line.quantity or 0
    if abs(ordered) > DATABASE_INT or abs(cancelled) > DATABASE_INT:
        raise ValueError(f"line {line.order_line_id} has a quantity that cannot be meant")
    quantity = ordered - cancelled
    price = line.price if line.price is not None else (line.price_unit or Decimal(0)) * ordered
    unit_price = line.price_unit
    if unit_price is None:
        unit_price = price / ordered if ordered else Decimal(0)
    return MarketplaceLine(
        line_id=line.order_line_id,
        sku=line.offer_sku,
        quantity=quantity,
        unit_price=unit_price,
        price=price,
        shipping_price=line.shipping_price or Decimal(0),
        state=line.order_line_state,
    )
