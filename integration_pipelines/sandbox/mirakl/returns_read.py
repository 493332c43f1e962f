"""RT11 (returns) and RT12 (what may be returned): mirakl.md §7. Both answer 404 where returns are off."""

from collections.abc import Iterator
from typing import Any

from integration_pipelines.sandbox.mirakl.customer_return import METHODS, REASONS, CustomerReturn
from integration_pipelines.sandbox.mirakl.errors import BadRequestError, NotFoundError
from integration_pipelines.sandbox.mirakl.order import MarketplaceOrder, OrderLine
from integration_pipelines.sandbox.mirakl.routing import Call, Shop, route
from integration_pipelines.sandbox.mirakl.seeking import (
    place,
    seek_page,
    wanted_moment,
    wanted_values,
    within,
)
from integration_pipelines.sandbox.wire import Answer, Request

_RETURN_WINDOW_DAYS = 14
_FILTERS = ("return_id", "return_state", "order_commercial_id", "return_rma", "customer_id")


def require_returns(shop: Shop) -> None:
    """Raises: NotFoundError: returns are switched off (PC01)."""
    if not shop.settings.fulfilment.returns:
        raise NotFoundError("Resource not found.")


def list_returns(shop: Shop, call: Call) -> Answer:
    """RT11. There is no filter by logistic order."""
    require_returns(shop)

    def wanted(request: Request) -> Iterator[CustomerReturn]:
        filters = {name: wanted_values(request, name) for name in _FILTERS}
        lines = wanted_values(request, "order_line_id")
        created = _window(request, "return_creation_date")
        updated = _window(request, "return_last_updated")
        for each in shop.returns.by_id.values():
            if (
                all(values is None or _named(each)[name] in values for name, values in filters.items())
                and (lines is None or any(line.line_id in lines for line in each.lines))
                and within(each.created, *created)
                and within(each.updated, *updated)
            ):
                yield each

    return seek_page(
        call.request, wanted, lambda each: place(each.created, each.return_id), CustomerReturn.told
    )


def list_items_to_return(shop: Shop, call: Call) -> Answer:
    """RT12."""
    require_returns(shop)

    def wanted(request: Request) -> Iterator[tuple[MarketplaceOrder, OrderLine]]:
        commercial_ids = wanted_values(request, "order_commercial_id")
        line_ids = wanted_values(request, "order_line_id")
        if commercial_ids is None and line_ids is None:
            raise BadRequestError("Either 'order_commercial_id' or 'order_line_id' is mandatory.")
        for order in shop.book.orders.values():
            for line in order.lines:
                if (commercial_ids is None or order.commercial_id in commercial_ids) and (
                    line_ids is None or line.line_id in line_ids
                ):
                    yield order, line

    return seek_page(
        call.request,
        wanted,
        lambda row: (row[1].line_id, row[0].order_id),
        lambda row: _returnable(shop, *row),
    )


def _named(each: CustomerReturn) -> dict[str, str | None]:
    return {
        "return_id": each.return_id,
        "return_state": each.state,
        "order_commercial_id": each.order.commercial_id,
        "return_rma": each.rma,
        "customer_id": each.order.buyer.customer_id,
    }


def _window(request: Request, name: str) -> tuple[Any, Any]:
    return wanted_moment(request, f"{name}_from"), wanted_moment(request, f"{name}_to")


def _returnable(shop: Shop, order: MarketplaceOrder, line: OrderLine) -> dict[str, Any]:
    units = shop.returns.returnable(order, line)
    return {
        "available_return_methods": [*METHODS] if units else None,
        "available_return_reasons": [*REASONS] if units else None,
        "order_commercial_id": order.commercial_id,
        "order_line_id": line.line_id,
        "return_window": _RETURN_WINDOW_DAYS if units else None,
        "returnable_quantity": units,
    }


ROUTES = (
    route("RT11", "GET", "/api/returns", list_returns),
    route("RT12", "GET", "/api/returns/items_to_return", list_items_to_return),
)
