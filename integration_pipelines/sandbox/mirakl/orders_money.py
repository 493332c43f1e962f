"""OR28 and OR26 refund, OR29 cancel a whole order, OR30 cancel parts of lines (mirakl.md §2.9 and §2.10).

None of them is idempotent: the same call again refunds again. A request is accepted or refused whole. In
TAX_EXCLUDED, a shop whose prices contain taxes names net amounts, with the taxes beside them.
"""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any
from uuid import UUID

from integration_pipelines.sandbox.mirakl.errors import BadRequestError, NotFoundError
from integration_pipelines.sandbox.mirakl.order import UNSENT_LINES, MarketplaceOrder, OrderLine
from integration_pipelines.sandbox.mirakl.orders_write import order_named
from integration_pipelines.sandbox.mirakl.reference import is_shop_reason
from integration_pipelines.sandbox.mirakl.refunds import SHOP, Movement
from integration_pipelines.sandbox.mirakl.render import tax_entries
from integration_pipelines.sandbox.mirakl.routing import Call, Shop, route
from integration_pipelines.sandbox.wire import Answer, json_answer


@dataclass(frozen=True, slots=True)
class _Item:
    """One checked element of a refund or cancelation request."""

    order: MarketplaceOrder
    movement: Movement
    sent: dict[str, Any]

    @property
    def line(self) -> OrderLine:
        return self.movement.line


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
    told = []
    for item in items:
        record = shop.refunds.cancel(item.order, item.movement, call.now)
        told.append({"cancelation_id": record["id"], **_told(shop, item)})
    return json_answer(200, {"order_tax_mode": _tax_mode(shop, call), "cancelations": told})


def refund_lines(shop: Shop, call: Call) -> Answer:
    """OR28; the money arrives some minutes later."""
    items = _read_items(shop, call, "refunds", "REFUND", lambda order: order.can_refund)
    for item in items:
        _check_taxes(item)
    group = _group(shop)
    told = []
    for item in items:
        record = shop.refunds.pay(item.order, item.movement, call.now, group, SHOP)
        refund = {"refund_id": record["id"], "order_refund_id": group}
        told.append({**refund, "excluded_from_shipment": item.movement.excluded, **_told(shop, item)})
    return json_answer(200, {"order_tax_mode": _tax_mode(shop, call), "refunds": told})


def refund_whole_lines(shop: Shop, call: Call) -> Answer:
    """OR26, deprecated: all that is left of lines, by reason only."""
    order = order_named(shop, call.named[0])
    body = call.json()
    sent = body.get("order_lines") if isinstance(body, dict) else None
    if not isinstance(sent, list) or not sent or not all(isinstance(each, dict) for each in sent):
        raise BadRequestError("'order_lines' must be a list that is not empty.")
    movements: dict[str, Movement] = {}
    for each in sent:
        line, reason = order.line(str(each.get("id"))), str(each.get("reason_code"))
        if line is None:
            raise NotFoundError(f"Order line '{each.get('id')}' does not exist.")
        if not is_shop_reason("REFUND", reason):
            raise BadRequestError(f"Reason '{reason}' is not one that a shop may use here.")
        _check_open(line, order.can_refund)
        amount, shipping = line.left("amount"), line.left("shipping_amount")
        taxes, shipping_taxes = tax_entries(amount, line.tax_rate), tax_entries(shipping, line.tax_rate)
        movements[line.line_id] = Movement(
            line, amount, shipping, line.quantity, reason, taxes, shipping_taxes
        )
    group = _group(shop)
    for movement in movements.values():
        shop.refunds.pay(order, movement, call.now, group, SHOP)
    return Answer(204)


def _group(shop: Shop) -> str:
    return str(UUID(int=shop.random.getrandbits(128), version=4))


def _told(shop: Shop, item: _Item) -> dict[str, Any]:
    return {
        "order_line_id": item.line.line_id,
        "amount": _amount(item.sent, "amount"),
        "shipping_amount": _amount(item.sent, "shipping_amount"),
        "quantity": item.movement.quantity,
        "reason_code": item.movement.reason,
        "currency_iso_code": shop.settings.currency,
        "taxes": item.movement.taxes,
        "shipping_taxes": item.movement.shipping_taxes,
        "fees": [],
    }


def _read_items(
    shop: Shop, call: Call, name: str, reason_type: str, is_open: Callable[[MarketplaceOrder], bool]
) -> list[_Item]:
    body = call.json()
    sent = body.get(name) if isinstance(body, dict) else None
    if not isinstance(sent, list) or not sent or not all(isinstance(each, dict) for each in sent):
        raise BadRequestError(f"'{name}' must be a list that is not empty.")
    net = shop.settings.order_tax_mode == "TAX_INCLUDED" and _tax_mode(shop, call) == "TAX_EXCLUDED"
    items: list[_Item] = []
    for each in sent:
        item = _read_item(shop, each, reason_type, net)
        _check_open(item.line, is_open(item.order))
        _check_left(item, [other for other in items if other.line is item.line])
        items.append(item)
    return items


def _check_open(line: OrderLine, order_is_open: bool) -> None:
    if not order_is_open or line.state in UNSENT_LINES:
        raise BadRequestError(f"Line '{line.line_id}' in status '{line.state}' does not allow this.")


def _check_taxes(item: _Item) -> None:
    if not item.line.tax_rate:
        return
    if "taxes" not in item.sent:
        raise BadRequestError(f"Taxes are mandatory for line '{item.line.line_id}'.")
    if item.movement.shipping_amount and "shipping_taxes" not in item.sent:
        raise BadRequestError(f"Shipping taxes are mandatory for line '{item.line.line_id}'.")


def _read_item(shop: Shop, sent: dict[str, Any], reason_type: str, net: bool) -> _Item:
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
    taxes, shipping_taxes = _taxes(sent, "taxes"), _taxes(sent, "shipping_taxes")
    movement = Movement(
        line,
        _amount(sent, "amount") + (_sum(taxes) if net else 0),
        _amount(sent, "shipping_amount") + (_sum(shipping_taxes) if net else 0),
        int(_amount(sent, "quantity", default=Decimal(0))),
        reason,
        taxes,
        shipping_taxes,
        excluded=sent.get("excluded_from_shipment") is True,
    )
    return _Item(order, movement, sent)


def _check_left(item: _Item, earlier: list[_Item]) -> None:
    movements = [each.movement for each in (*earlier, item)]
    amount = sum((each.amount for each in movements), Decimal(0))
    shipping = sum((each.shipping_amount for each in movements), Decimal(0))
    if amount > item.line.left("amount") or shipping > item.line.left("shipping_amount"):
        raise BadRequestError(f"The amount for line '{item.line.line_id}' exceeds what is left of it.")


def _taxes(sent: dict[str, Any], name: str) -> list[dict[str, Any]]:
    taxes = sent.get(name) or []
    if not isinstance(taxes, list) or not all(isinstance(tax, dict) for tax in taxes):
        raise BadRequestError(f"'{name}' must be a list of taxes.")
    return [{**tax, "amount": _amount(tax, "amount")} for tax in taxes]


def _sum(taxes: list[dict[str, Any]]) -> Decimal:
    return sum((tax["amount"] for tax in taxes), Decimal(0))


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
    route("OR26", "PUT", "/api/orders/{order_id}/refund", refund_whole_lines),
    route("OR28", "PUT", "/api/orders/refund", refund_lines),
    route("OR29", "PUT", "/api/orders/{order_id}/cancel", cancel_order),
    route("OR30", "PUT", "/api/orders/cancel", cancel_lines),
)
