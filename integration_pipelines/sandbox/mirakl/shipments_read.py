"""ST11 (shipments) and ST12 (what is still to ship): mirakl.md §3. Both answer 404 where ST* is off."""

from collections.abc import Iterable, Iterator
from typing import Any

from integration_pipelines.sandbox.mirakl.dates import stamp, stamp_or_null
from integration_pipelines.sandbox.mirakl.errors import NotFoundError
from integration_pipelines.sandbox.mirakl.order import SHIPPING, MarketplaceOrder
from integration_pipelines.sandbox.mirakl.parcel import Parcel
from integration_pipelines.sandbox.mirakl.render import shipping_address
from integration_pipelines.sandbox.mirakl.routing import Call, Shop, route
from integration_pipelines.sandbox.mirakl.seeking import (
    place,
    seek_page,
    wanted_moment,
    wanted_values,
    within,
)
from integration_pipelines.sandbox.wire import Answer, Request


def require_multi_shipment(shop: Shop) -> None:
    """Raises: NotFoundError: several parcels per order are switched off (PC01)."""
    if not shop.settings.fulfilment.multi_shipment:
        raise NotFoundError("Resource not found.")


def list_shipments(shop: Shop, call: Call) -> Answer:
    """ST11."""
    require_multi_shipment(shop)

    def wanted(request: Request) -> Iterator[Parcel]:
        states = wanted_values(request, "shipment_state_code")
        debits = wanted_values(request, "shipment_customer_debit_state_code")
        begin, end = wanted_moment(request, "last_updated_from"), wanted_moment(request, "last_updated_to")
        for parcel in shop.dispatch.parcels.of_all(wanted_values(request, "order_id")):
            if (
                (states is None or parcel.status in states)
                and (debits is None or parcel.debit_status in debits)
                and within(parcel.updated, begin, end)
            ):
                yield parcel

    return seek_page(
        call.request, wanted, lambda parcel: place(parcel.created, parcel.shipment_id), Parcel.told
    )


def list_items_to_ship(shop: Shop, call: Call) -> Answer:
    """ST12."""
    require_multi_shipment(shop)

    def wanted(request: Request) -> Iterator[MarketplaceOrder]:
        centers = wanted_values(request, "fulfillment_center_code")
        begin = wanted_moment(request, "shipping_date_from")
        end = wanted_moment(request, "shipping_date_to")
        for order in _orders(shop, wanted_values(request, "order_id")):
            if (
                order.state == SHIPPING
                and order.released is not None
                and (centers is None or order.fulfillment_center in centers)
                and within(order.released, begin, end)
                and any(shop.dispatch.left(order, line) for line in order.lines)
            ):
                yield order

    return seek_page(
        call.request,
        wanted,
        lambda order: place(order.released or order.placed_at, order.order_id),
        lambda order: _items(shop, order),
    )


def _orders(shop: Shop, order_ids: Iterable[str] | None) -> Iterator[MarketplaceOrder]:
    if order_ids is None:
        yield from shop.book.orders.values()
    else:
        yield from (order for each in order_ids if (order := shop.book.orders.get(each)) is not None)


def _items(shop: Shop, order: MarketplaceOrder) -> dict[str, Any]:
    return {
        "fulfillment": {"center": {"code": order.fulfillment_center}},
        "order_id": order.order_id,
        "references": {
            "order_reference_for_customer": order.reference_for_customer,
            "order_reference_for_seller": order.reference_for_seller,
        },
        "shipment_lines": [
            {
                "offer_sku": line.sku,
                "order_line_id": line.line_id,
                "package_reference": None,
                "product_title": line.title,
                "quantity": units,
            }
            for line in order.lines
            if (units := shop.dispatch.left(order, line))
        ],
        "shipping_address": shipping_address(order.buyer),
        "shipping_date": stamp(order.released or order.placed_at),
        "shipping_deadline": stamp_or_null(order.shipping_deadline),
        "shipping_type_code": order.shipping_type,
        "shipping_type_standard_code": f"CPLG_{order.shipping_type}",
    }


ROUTES = (
    route("ST11", "GET", "/api/shipments", list_shipments),
    route("ST12", "GET", "/api/shipments/items_to_ship", list_items_to_ship),
)
