"""OR23 (tracking of an order) and OR24 (ship all that is left of it): mirakl.md §2.7."""

from integration_pipelines.sandbox.mirakl.errors import BadRequestError
from integration_pipelines.sandbox.mirakl.order import RECEIVED, SHIPPED, SHIPPING
from integration_pipelines.sandbox.mirakl.orders_write import order_named
from integration_pipelines.sandbox.mirakl.routing import Call, Shop, route
from integration_pipelines.sandbox.wire import Answer

_TRACKED = frozenset({SHIPPING, SHIPPED, RECEIVED})


def set_tracking(shop: Shop, call: Call) -> Answer:
    """OR23: a plain overwrite, also once the order is shipped."""
    order = order_named(shop, call.named[0])
    body = call.json()
    if not isinstance(body, dict):
        raise BadRequestError("The body must be an object.")
    if order.state not in _TRACKED:
        raise BadRequestError(f"The order status must be 'SHIPPING' but it is '{order.state}'.")
    tracking = shop.carriers.read(body, "carrier_url")
    order.touch(call.now)
    order.tracking = tracking
    shop.dispatch.follow(order, call.now)
    shop.life.changed(order)
    return Answer(204)


def ship_order(shop: Shop, call: Call) -> Answer:
    """OR24."""
    order = order_named(shop, call.named[0])
    if order.state != SHIPPING:
        raise BadRequestError(f"The order status must be 'SHIPPING' but it is '{order.state}'.")
    shop.dispatch.check_tracking(order, order.tracking is not None and order.tracking.followable)
    shop.dispatch.ship_rest(order, call.now)
    return Answer(204)


ROUTES = (
    route("OR23", "PUT", "/api/orders/{order_id}/tracking", set_tracking),
    route("OR24", "PUT", "/api/orders/{order_id}/ship", ship_order),
)
