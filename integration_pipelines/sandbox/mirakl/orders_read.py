"""OR11: reading orders (mirakl.md §2.2). OR12 is deprecated, OR13 to OR15 are not switched on here."""

from datetime import datetime, timedelta

from integration_pipelines.sandbox.mirakl.book import Row, Wanted
from integration_pipelines.sandbox.mirakl.dates import read_moment
from integration_pipelines.sandbox.mirakl.errors import BadRequestError
from integration_pipelines.sandbox.mirakl.paging import Page
from integration_pipelines.sandbox.mirakl.render import order_bytes
from integration_pipelines.sandbox.mirakl.routing import Call, Shop, route
from integration_pipelines.sandbox.wire import Answer, Request

_MOST_VALUES = 100
_TAX_MODES = ("TAX_INCLUDED", "TAX_EXCLUDED")


def list_orders(shop: Shop, call: Call) -> Answer:
    """OR11."""
    request, twist = call.request, call.twist
    wanted = read_filters(request, timedelta(seconds=shop.settings.update_overlap_seconds))
    page = Page.read(request)
    tax_mode = _tax_mode(request)
    rows = shop.book.select(
        wanted,
        call.now - timedelta(seconds=twist.stale_seconds),
        live=twist.stale_seconds == 0,
        descending=(request.first("order") or "").lower() == "desc",
    )
    rows = _shifted(rows, twist.shift)
    shown = rows[page.offset : page.offset + page.size]
    if tax_mode is None or tax_mode == shop.settings.order_tax_mode:
        bodies = [order.body(view) for order, view in shown]
    else:
        bodies = [order_bytes(order, shop.settings, tax_mode) for order, _ in shown]
    body = b'{"orders":[%b],"total_count":%d}' % (b",".join(bodies), len(rows))
    links = page.links(request, shop.account_path, len(rows))
    return Answer(200, {"content-type": "application/json", **links}, body)


def is_background_read(request: Request) -> bool:
    """Whether the call counts against OR11's frequency: neither a look-up by id nor a further page."""
    return not request.first("order_ids") and (request.first("offset") or "0") == "0"


def read_filters(request: Request, overlap: timedelta) -> Wanted:
    """OR11's query; parameters that are not listed there are ignored."""
    updated_from = _moment(request, "start_update_date")
    return Wanted(
        order_ids=_values(request, "order_ids"),
        states=_values(request, "order_state_codes"),
        references_for_customer=_values(request, "order_references_for_customer"),
        references_for_seller=_values(request, "order_references_for_seller"),
        channels=_values(request, "channel_codes"),
        only_null_channel=_flag(request, "only_null_channel") or False,
        created_from=_moment(request, "start_date"),
        created_to=_moment(request, "end_date"),
        updated_from=None if updated_from is None else updated_from - overlap,
        updated_to=_moment(request, "end_update_date"),
        debited=_flag(request, "customer_debited"),
        payment_workflow=request.first("payment_workflow") or None,
        incident=_flag(request, "has_incident"),
        fulfillment_centers=_values(request, "fulfillment_center_code"),
    )


def _values(request: Request, name: str) -> frozenset[str] | None:
    """A comma list; repeated parameters add up. More than 100 values are refused (F8)."""
    values = [value.strip() for text in request.every(name) for value in text.split(",") if value.strip()]
    if len(values) > _MOST_VALUES:
        raise BadRequestError(
            f"Parameter '{name}' takes at most {_MOST_VALUES} values, {len(values)} were given."
        )
    return frozenset(values) if values else None


def _moment(request: Request, name: str) -> datetime | None:
    text = request.first(name)
    return read_moment(name, text) if text else None


def _flag(request: Request, name: str) -> bool | None:
    text = request.first(name)
    if not text:
        return None
    if text.lower() not in {"true", "false"}:
        raise BadRequestError(f"Parameter '{name}' must be true or false: '{text}'.")
    return text.lower() == "true"


def _tax_mode(request: Request) -> str | None:
    mode = request.first("order_tax_mode")
    if mode and mode not in _TAX_MODES:
        raise BadRequestError(f"Parameter 'order_tax_mode' must be one of {', '.join(_TAX_MODES)}: '{mode}'.")
    return mode or None


def _shifted(rows: list[Row], shift: int) -> list[Row]:
    """What a later page sees after a row of the first page left (1) or another came in before it (-1)."""
    if not rows or shift == 0:
        return rows
    return rows[1:] if shift > 0 else [rows[0], *rows]


ROUTES = (route("OR11", "GET", "/api/orders", list_orders),)
