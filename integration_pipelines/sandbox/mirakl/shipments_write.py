"""ST01 (create), ST06 (delete), ST23 (tracking), ST24 (ship): mirakl.md §3.

Each item stands for itself: the answer is a 2xx even if every one of them failed. ST01 is not idempotent.
An error of ST01 names the order, not the parcel.
"""

import re
from collections.abc import Callable
from typing import Any

from integration_pipelines.sandbox.mirakl.carriers import Tracking
from integration_pipelines.sandbox.mirakl.dates import to_milliseconds
from integration_pipelines.sandbox.mirakl.errors import ApiError, BadRequestError
from integration_pipelines.sandbox.mirakl.items import every_item, sent_items
from integration_pipelines.sandbox.mirakl.order import SHIPPING, MarketplaceOrder, OrderLine
from integration_pipelines.sandbox.mirakl.parcel import Parcel, ParcelLine
from integration_pipelines.sandbox.mirakl.routing import Call, Shop, route
from integration_pipelines.sandbox.mirakl.shipments_read import require_multi_shipment
from integration_pipelines.sandbox.wire import Answer, json_answer

_MOST = 1000
_INVOICE_REFERENCE = re.compile(r"[0-9a-zA-Z_-]{0,255}")


def create_shipments(shop: Shop, call: Call) -> Answer:
    """ST01."""
    require_multi_shipment(shop)
    created: list[Parcel] = []
    errors: list[dict[str, Any]] = []
    for item in sent_items(call, "shipments", _MOST):
        try:
            created.append(_create(shop, call, item))
        except ApiError as error:
            errors.append({"order_id": item.get("order_id"), "message": error.message})
    told = {"shipment_success": [parcel.told() for parcel in created], "shipment_errors": errors}
    return json_answer(201, told)


def ship_shipments(shop: Shop, call: Call) -> Answer:
    """ST24."""

    def ship(parcel: Parcel, order: MarketplaceOrder, item: dict[str, Any]) -> None:
        if parcel.status != SHIPPING:
            raise BadRequestError(f"Shipment with id '{parcel.shipment_id}' is not in SHIPPING status.")
        shop.dispatch.check_tracking(order, parcel.tracking is not None and parcel.tracking.followable)
        shop.dispatch.ship(order, parcel, call.now)

    return _every_parcel(shop, call, ship)


def track_shipments(shop: Shop, call: Call) -> Answer:
    """ST23: a plain overwrite."""

    def track(parcel: Parcel, order: MarketplaceOrder, item: dict[str, Any]) -> None:
        tracking = _tracking(shop, item)
        if tracking is None:
            raise BadRequestError("Tracking details are mandatory.")
        parcel.tracking, parcel.updated = tracking, to_milliseconds(call.now)

    return _every_parcel(shop, call, track)


def delete_shipments(shop: Shop, call: Call) -> Answer:
    """ST06: takes a parcel back that was not confirmed yet; nothing un-ships one."""

    def delete(parcel: Parcel, order: MarketplaceOrder, item: dict[str, Any]) -> None:
        if parcel.status != SHIPPING:
            raise BadRequestError(
                f"Shipment with id '{parcel.shipment_id}' is not in SHIPPING status and cannot be deleted."
            )
        shop.dispatch.parcels.remove(parcel)

    return _every_parcel(shop, call, delete)


def _every_parcel(
    shop: Shop, call: Call, act: Callable[[Parcel, MarketplaceOrder, dict[str, Any]], None]
) -> Answer:
    require_multi_shipment(shop)

    def on_parcel(item: dict[str, Any]) -> None:
        parcel = shop.dispatch.parcels.by_id.get(str(item.get("id")))
        if parcel is None:
            raise BadRequestError(f"No shipment with id '{item.get('id')}'.")
        act(parcel, shop.book.orders[parcel.order_id], item)

    return every_item(call, "shipments", "shipment", _MOST, on_parcel)


def _create(shop: Shop, call: Call, item: dict[str, Any]) -> Parcel:
    order = shop.book.orders.get(str(item.get("order_id")))
    if order is None:
        raise BadRequestError(f"No order with id '{item.get('order_id')}'.")
    if order.state != SHIPPING:
        raise BadRequestError(f"The order status must be 'SHIPPING' but it is '{order.state}'.")
    lines = _lines(shop, order, item)
    reference = item.get("invoice_reference")
    if reference is not None and not _INVOICE_REFERENCE.fullmatch(str(reference)):
        raise BadRequestError("The invoice reference is invalid.")
    tracking = _tracking(shop, item)
    shipped = item.get("shipped") is True
    if shipped:
        shop.dispatch.check_tracking(order, tracking is not None and tracking.followable)
    parcel = shop.dispatch.pack(order, lines, call.now)
    parcel.tracking = tracking
    parcel.invoice_reference = None if reference is None else str(reference)
    parcel.additional_information = item.get("shipment_additional_information") or []
    parcel.warehouse_code = _warehouse(item)
    if shipped:
        shop.dispatch.ship(order, parcel, call.now)
    return parcel


def _lines(shop: Shop, order: MarketplaceOrder, item: dict[str, Any]) -> list[ParcelLine]:
    sent = item.get("shipment_lines")
    if not isinstance(sent, list) or not sent or not all(isinstance(each, dict) for each in sent):
        raise BadRequestError("'shipment_lines' must be a list that is not empty.")
    taken: dict[str, int] = {}
    lines = []
    for each in sent:
        line = _line(shop, order, each, taken)
        text = str(each.get("quantity"))
        units = int(text) if text.isascii() and text.isdigit() else 0
        taken[line.line_id] = taken.get(line.line_id, 0) + units
        if units < 1 or taken[line.line_id] > shop.dispatch.left(order, line):
            raise BadRequestError("Shipment quantity is invalid.")
        lines.append(ParcelLine(line.line_id, line.sku, units, each.get("package_reference")))
    return lines


def _line(shop: Shop, order: MarketplaceOrder, sent: dict[str, Any], taken: dict[str, int]) -> OrderLine:
    """The order line that is named; by SKU (deprecated), the first of it that has something left."""
    line_id = sent.get("order_line_id")
    if line_id is not None:
        line = order.line(str(line_id))
        if line is None:
            raise BadRequestError(f"No order line with id '{line_id}' in order '{order.order_id}'.")
        return line
    same = [line for line in order.lines if line.sku == sent.get("offer_sku")]
    if not same:
        raise BadRequestError(f"No order line with offer SKU '{sent.get('offer_sku')}'.")
    open_ones = (line for line in same if shop.dispatch.left(order, line) > taken.get(line.line_id, 0))
    return next(open_ones, same[0])


def _tracking(shop: Shop, item: dict[str, Any]) -> Tracking | None:
    sent = item.get("tracking")
    if not isinstance(sent, dict) or not any(sent.values()):
        return None
    return shop.carriers.read(sent, "tracking_url")


def _warehouse(item: dict[str, Any]) -> str | None:
    origin = item.get("shipping_from")
    warehouse = origin.get("warehouse") if isinstance(origin, dict) else None
    code = warehouse.get("code") if isinstance(warehouse, dict) else None
    return None if code is None else str(code)


ROUTES = (
    route("ST01", "POST", "/api/shipments", create_shipments),
    route("ST06", "PUT", "/api/shipments/delete", delete_shipments),
    route("ST23", "POST", "/api/shipments/tracking", track_shipments),
    route("ST24", "PUT", "/api/shipments/ship", ship_shipments),
)
