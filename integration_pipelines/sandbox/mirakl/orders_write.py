"""OR21 (accept or refuse) and OR04 (seller's reference): mirakl.md §2.6 and §2.11."""

from typing import Any

from integration_pipelines.sandbox.mirakl.errors import BadRequestError, NotFoundError
from integration_pipelines.sandbox.mirakl.order import STAGING, MarketplaceOrder
from integration_pipelines.sandbox.mirakl.routing import Call, Shop, route
from integration_pipelines.sandbox.wire import Answer, json_answer

_MOST_ORDERS = 100
_LONGEST_REFERENCE = 2000


def order_named(shop: Shop, order_id: str) -> MarketplaceOrder:
    order = shop.book.orders.get(order_id)
    if order is None:
        raise NotFoundError(f"Order '{order_id}' does not exist.", "ORDER_NOT_FOUND")
    return order


def accept(shop: Shop, call: Call) -> Answer:
    """OR21: a decision for every line; nothing is changed unless all of it is right."""
    order = order_named(shop, call.named[0])
    order.accept_calls += 1
    decisions = _decisions(call.json())
    if order.fulfillment_center != "DEFAULT":
        raise BadRequestError("The operator fulfils this order.", "ORDER_FULFILLED_UNAUTHORIZED")
    if order.state == STAGING or not order.undecided():
        raise BadRequestError(
            f"The order status must be 'WAITING_ACCEPTANCE' but it is '{order.state}'.", "ORDER_INVALID_STATE"
        )
    _check_lines(order, [line_id for line_id, _ in decisions])
    asked = dict(decisions)
    mixed = len({asked[line.line_id] for line in order.undecided()}) > 1
    if mixed and not shop.settings.partial_acceptance_allowed:
        raise BadRequestError(
            "Partial acceptance is disabled for this shop.", "ORDER_PARTIAL_ACCEPTANCE_DISABLED"
        )
    shop.life.decide(order, asked, call.now)
    return Answer(204)


def _decisions(body: Any) -> list[tuple[str, bool]]:
    items = body.get("order_lines") if isinstance(body, dict) else None
    if not isinstance(items, list):
        raise BadRequestError("'order_lines' must be a list.", "VALIDATION_ERROR")
    if any(item is None for item in items):
        raise BadRequestError("'order_lines' holds a null element.", "ORDER_LINE_NULL_ELEMENT")
    decisions = []
    for item in items:
        line_id = item.get("id") if isinstance(item, dict) else None
        if isinstance(line_id, bool) or not isinstance(line_id, str | int):
            raise BadRequestError("Every element of 'order_lines' needs an 'id'.", "VALIDATION_ERROR")
        if not isinstance(item.get("accepted"), bool):
            raise BadRequestError(
                f"'accepted' of line '{line_id}' must be true or false.", "VALIDATION_ERROR"
            )
        decisions.append((str(line_id), item["accepted"]))
    return decisions


def _check_lines(order: MarketplaceOrder, named: list[str]) -> None:
    if len(set(named)) != len(named):
        raise BadRequestError("An order line is listed twice.", "ORDER_LINE_DUPLICATE_ID")
    for line_id in named:
        if order.line(line_id) is None:
            raise BadRequestError(
                f"Order '{order.order_id}' has no line '{line_id}'.", "ORDER_LINE_NOT_FOUND"
            )
    missing = [line.line_id for line in order.undecided() if line.line_id not in named]
    if missing:
        raise BadRequestError(
            f"The decision is missing for: {', '.join(missing)}.", "ORDER_LINE_ACCEPTANCE_DECISION_MISSING"
        )


def update_orders(shop: Shop, call: Call) -> Answer:
    """OR04: 200 with an outcome per order, errors included."""
    body = call.json()
    items = body.get("orders") if isinstance(body, dict) else None
    if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
        raise BadRequestError("'orders' must be a list of orders.")
    if len(items) > _MOST_ORDERS:
        raise BadRequestError("Too many orders given")
    return json_answer(200, {"updated_orders": [_update_order(shop, call, item) for item in items]})


def _update_order(shop: Shop, call: Call, item: dict[str, Any]) -> dict[str, Any]:
    order_id = item.get("order_id")
    order = shop.book.orders.get(str(order_id))
    if order is None:
        return _not_updated(order_id, "order_id", "ORDER_NOT_FOUND", f"Order '{order_id}' does not exist.")
    references = item.get("references")
    if isinstance(references, dict) and "order_reference_for_seller" in references:
        reference = references["order_reference_for_seller"]
        if reference is not None and not (
            isinstance(reference, str) and 1 <= len(reference) <= _LONGEST_REFERENCE
        ):
            field = "references.order_reference_for_seller"
            return _not_updated(order_id, field, "VALIDATION_ERROR", "The length must be between 1 and 2000.")
        order.touch(call.now)
        order.reference_for_seller = reference
        shop.life.changed(order)
    updated = {"references": {"order_reference_for_seller": order.reference_for_seller}, "order_lines": []}
    return {"order_id": order_id, "updated": updated, "errors": []}


def _not_updated(order_id: Any, field: str, code: str, message: str) -> dict[str, Any]:
    errors = [{"code": code, "field": field, "message": message}]
    return {"order_id": order_id, "updated": None, "errors": errors}


ROUTES = (
    route("OR21", "PUT", "/api/orders/{order_id}/accept", accept),
    route("OR04", "PUT", "/api/orders", update_orders),
)
