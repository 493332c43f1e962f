"""OR28 refund, OR29 cancel a whole order, OR30 cancel parts of lines (mirakl.md §2.9 and §2.10).

None of them is idempotent: the same call again refunds again. A request is accepted or refused whole.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any
from uuid import UUID

from integration_pipelines.sandbox.mirakl.dates import stamp
from integration_pipelines.sandbox.mirakl.errors import BadRequestError, NotFoundError
from integration_pipelines.sandbox.mirakl.order import (
    CANCELED,
    GONE_LINES,
    REFUNDED,
    MarketplaceOrder,
    OrderLine,
)
from integration_pipelines.sandbox.mirakl.orders_write import order_named
from integration_pipelines.sandbox.mirakl.reference import is_shop_reason
from integration_pipelines.sandbox.mirakl.render import COMMISSION_RATE, COMMISSION_TAX_RATE, to_cents
from integration_pipelines.sandbox.mirakl.routing import Call, Shop, route
from integration_pipelines.sandbox.wire import Answer, json_answer

_PAYBACK = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class _Item:
    """One checked element of a refund or cancelation request."""

    order: MarketplaceOrder
    line: OrderLine
    amount: Decimal
    shipping_amount: Decimal
    quantity: int
    reason: str
    sent: dict[str, Any]


def cancel_order(shop: Shop, call: Call) -> Answer:
    """OR29."""
    order = order_named(shop, call.named[0])
    if not order.can_cancel:
        raise BadRequestError(f"Order '{order.order_id}' in status '{order.state}' cannot be cancelled.")
    shop.life.cancel(order, call.now, "CANCELED_BY_SHOP")
    return Answer(204)


def cancel_lines(shop: Shop, call: Call) -> Answer:
    """OR30."""
    items = _read_items(shop, call, "cancelations", "CANCELATION", lambda order: order.can_cancel)
    mode = _tax_mode(shop, call)
    told = []
    for item in items:
        item.order.touch(call.now)
        record = {"id": str(next(shop.numbers)), **_movement(item, call.now)}
        item.line.cancelations.append(record)
        _settle_line(shop, item, CANCELED, call.now)
        told.append({"cancelation_id": record["id"], **_told(shop, item)})
    return json_answer(200, {"order_tax_mode": mode, "cancelations": told})


def refund_lines(shop: Shop, call: Call) -> Answer:
    """OR28; the money arrives some minutes later."""
    items = _read_items(shop, call, "refunds", "REFUND", lambda order: order.can_refund)
    mode = _tax_mode(shop, call)
    for item in items:
        if item.line.tax_rate and "taxes" not in item.sent:
            raise BadRequestError(f"Taxes are mandatory for line '{item.line.line_id}'.")
    group = str(UUID(int=shop.random.getrandbits(128), version=4))
    told = []
    for item in items:
        item.order.touch(call.now)
        record = _refund_record(shop, item, group, call.now)
        item.line.refunds.append(record)
        _settle_line(shop, item, REFUNDED, call.now)
        shop.agenda.add(call.now + _PAYBACK, _payback(shop, item, record))
        excluded = item.sent.get("excluded_from_shipment") is True
        refund = {"refund_id": record["id"], "order_refund_id": group, "excluded_from_shipment": excluded}
        told.append({**refund, **_told(shop, item)})
    return json_answer(200, {"order_tax_mode": mode, "refunds": told})


def _refund_record(shop: Shop, item: _Item, group: str, now: datetime) -> dict[str, Any]:
    movement = _movement(item, now)
    tax = movement["commission_total_amount"] - movement["commission_amount"]
    return {
        "id": str(next(shop.numbers)),
        "order_refund_id": group,
        **movement,
        "commission_tax_amount": tax,
        "refund_state": "WAITING_REFUND_PAYMENT",
        "state": "WAITING_REFUND_PAYMENT",
        "transaction_date": None,
        "transaction_number": None,
    }


def _payback(shop: Shop, item: _Item, record: dict[str, Any]) -> Callable[[datetime], None]:
    def pay(now: datetime) -> None:
        item.order.touch(now)
        record.update(refund_state=REFUNDED, state=REFUNDED, transaction_date=stamp(now))
        record["transaction_number"] = f"PSP-R{record['id']}"
        shop.life.changed(item.order)

    return pay


def _settle_line(shop: Shop, item: _Item, ended: str, now: datetime) -> None:
    if item.line.left("amount") <= 0 and item.line.left("shipping_amount") <= 0:
        shop.life.line_ended(item.order, item.line, ended, now)
    shop.life.changed(item.order)


def _movement(item: _Item, now: datetime) -> dict[str, Any]:
    commission = to_cents((item.amount + item.shipping_amount) * COMMISSION_RATE)
    tax = to_cents(commission * COMMISSION_TAX_RATE / 100)
    return {
        "amount": item.amount,
        "shipping_amount": item.shipping_amount,
        "quantity": item.quantity,
        "reason_code": item.reason,
        "created_date": stamp(now),
        "taxes": item.sent.get("taxes") or [],
        "shipping_taxes": item.sent.get("shipping_taxes") or [],
        "fees": [],
        "commission_amount": commission,
        "commission_taxes": [{"code": "TAXDEFAULT", "amount": tax}],
        "commission_total_amount": commission + tax,
    }


def _told(shop: Shop, item: _Item) -> dict[str, Any]:
    return {
        "order_line_id": item.line.line_id,
        "amount": item.amount,
        "shipping_amount": item.shipping_amount,
        "quantity": item.quantity,
        "reason_code": item.reason,
        "currency_iso_code": shop.settings.currency,
        "taxes": item.sent.get("taxes") or [],
        "shipping_taxes": item.sent.get("shipping_taxes") or [],
        "fees": [],
    }


def _read_items(
    shop: Shop, call: Call, name: str, reason_type: str, is_open: Callable[[MarketplaceOrder], bool]
) -> list[_Item]:
    body = call.json()
    sent = body.get(name) if isinstance(body, dict) else None
    if not isinstance(sent, list) or not sent or not all(isinstance(each, dict) for each in sent):
        raise BadRequestError(f"'{name}' must be a list that is not empty.")
    items: list[_Item] = []
    for each in sent:
        item = _read_item(shop, each, reason_type)
        if not is_open(item.order) or item.line.state in {*GONE_LINES, REFUNDED}:
            raise BadRequestError(
                f"Line '{item.line.line_id}' in status '{item.line.state}' does not allow this."
            )
        _check_left(item, [other for other in items if other.line is item.line])
        items.append(item)
    return items


def _read_item(shop: Shop, sent: dict[str, Any], reason_type: str) -> _Item:
    line_id = str(sent.get("order_line_id"))
    order = shop.book.with_line(line_id)
    line = order.line(line_id) if order is not None else None
    if order is None or line is None:
        raise NotFoundError(f"Order line '{line_id}' does not exist.")
    currency = sent.get("currency_iso_code")
    if currency is None and shop.settings.multi_currency:
        raise BadRequestError("The currency ISO code is mandatory.")
    if currency is not None and currency != shop.settings.currency:
        raise BadRequestError(
            f"The currency of line '{line_id}' is {shop.settings.currency}, not {currency}."
        )
    reason = str(sent.get("reason_code"))
    if not is_shop_reason(reason_type, reason):
        raise BadRequestError(f"Reason '{reason}' is not one that a shop may use here.")
    quantity = _amount(sent, "quantity", default=Decimal(0))
    amount, shipping = _amount(sent, "amount"), _amount(sent, "shipping_amount")
    return _Item(order, line, amount, shipping, int(quantity), reason, sent)


def _check_left(item: _Item, earlier: list[_Item]) -> None:
    amount = item.amount + sum((other.amount for other in earlier), Decimal(0))
    shipping = item.shipping_amount + sum((other.shipping_amount for other in earlier), Decimal(0))
    if amount > item.line.left("amount") or shipping > item.line.left("shipping_amount"):
        raise BadRequestError(f"The amount for line '{item.line.line_id}' exceeds what is left of it.")


def _amount(sent: dict[str, Any], name: str, default: Decimal | None = None) -> Decimal:
    """A number, or a number as text: clients send both (mirakl.md §13.1)."""
    value = sent.get(name)
    if value is None and default is not None:
        return default
    try:
        amount = Decimal(str(value))
    except InvalidOperation:
        raise BadRequestError(f"'{name}' must be a number.") from None
    if isinstance(value, bool) or not amount.is_finite() or amount < 0:
        raise BadRequestError(f"'{name}' must be a number that is not negative.")
    return amount


def _tax_mode(shop: Shop, call: Call) -> str:
    return str(call.json().get("order_tax_mode") or shop.settings.order_tax_mode)


ROUTES = (
    route("OR28", "PUT", "/api/orders/refund", refund_lines),
    route("OR29", "PUT", "/api/orders/{order_id}/cancel", cancel_order),
    route("OR30", "PUT", "/api/orders/cancel", cancel_lines),
)
