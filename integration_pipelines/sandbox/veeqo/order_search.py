"""Which orders a list request finds: `GET /orders` (contract 5.1) with its silent surprises.

Cancelled orders are missing unless asked for by status, merged ones always; unknown statuses find
nothing; unreadable dates and unknown parameters filter nothing; a fresh order is not yet in `query`.
"""

from collections.abc import Callable, Iterable
from datetime import timedelta

from integration_pipelines.sandbox.veeqo import order_json
from integration_pipelines.sandbox.veeqo.company import Company
from integration_pipelines.sandbox.veeqo.order_records import Order
from integration_pipelines.sandbox.veeqo.web import (
    day_filter,
    list_answer,
    moment_filter,
    number_filter,
    page_of,
    whole,
)
from integration_pipelines.sandbox.wire import Answer, Request

STATUSES = frozenset(
    (
        "awaiting_payment",
        "awaiting_stock",
        "awaiting_fulfillment",
        "shipped",
        "on_hold",
        "cancelled",
        "refunded",
    )
)
_RECORDED_PAGE_SIZE = 10  # the docs say 12; a live answer said 10

_Test = Callable[[Order], bool]


def list_orders(company: Company, request: Request, _: tuple[int, ...]) -> Answer:
    """Newest first, with X-Total headers."""
    page = page_of(request, default=_RECORDED_PAGE_SIZE)
    found = _found(company, request)
    rows = (order_json.order_bytes(company, order) for order in found[page.rows])
    return list_answer(rows, page, len(found))


def _found(company: Company, request: Request) -> list[Order]:
    status = request.first("status")
    if status is not None and status not in STATUSES:
        return []
    tests = [*_status(status), *_dates(request), *_references(company, request)]
    candidates = _worded(company, request, _candidates(company, request))
    return [order for order in candidates if all(test(order) for test in tests)]


def _candidates(company: Company, request: Request) -> Iterable[Order]:
    """Newest first; a readable `updated_at_min` costs only the orders that changed."""
    since = moment_filter(request, "updated_at_min")
    if since is None:
        return reversed(company.orders.values())
    ids = sorted(company.orders_by_update.since(since), reverse=True)
    return (company.orders[order_id] for order_id in ids)


def _status(status: str | None) -> Iterable[_Test]:
    if status is None:
        yield lambda order: order.cancelled_at is None
    else:
        yield lambda order: order.status == status
    yield lambda order: order.merged_to_id is None


def _dates(request: Request) -> Iterable[_Test]:
    if created_since := moment_filter(request, "created_at_min"):
        yield lambda order: order.created_at >= created_since
    if created_after := day_filter(request, "created[after]"):
        yield lambda order: order.created_at.date() >= created_after
    if created_before := day_filter(request, "created[before]"):  # that day included
        yield lambda order: order.created_at.date() <= created_before
    if due_after := day_filter(request, "due[after]"):
        yield lambda order: order.due_date is not None and order.due_date.date() >= due_after
    if due_before := day_filter(request, "due[before]"):
        yield lambda order: order.due_date is not None and order.due_date.date() <= due_before


def _references(company: Company, request: Request) -> Iterable[_Test]:
    if (since_id := number_filter(request, "since_id")) is not None:
        yield lambda order: order.id > since_id
    if channels := request.every("channel_ids[]"):
        wanted = {whole(channel) for channel in channels}
        yield lambda order: order.channel_id in wanted
    if (warehouse_id := number_filter(request, "allocated_at")) is not None:
        yield lambda order: any(held.warehouse_id == warehouse_id for held in order.allocations)
    if tags := request.first("tags"):
        tagged = {tag.id for tag in company.tags.values() if tag.name == tags and tag.deleted_at is None}
        yield lambda order: not tagged.isdisjoint(order.tag_ids)


def _worded(company: Company, request: Request, orders: Iterable[Order]) -> Iterable[Order]:
    """The fuzzy search, first because it rules out most: every word occurs somewhere, whatever its case."""
    words = (request.first("query") or "").lower().split()
    if not words:
        return orders
    for word in words:
        orders = [order for order in orders if word in order.haystack]
    indexed_until = company.at - timedelta(seconds=company.settings.search_lag_seconds)
    return [order for order in orders if order.created_at <= indexed_until]


def index_words(order: Order) -> None:
    """What the search knows of an order; call after its number, buyer or lines changed."""
    address = order.deliver_to.fields
    words = (
        order.number,
        order.customer.email,
        order.customer.full_name,
        *(address.get(name) for name in ("first_name", "last_name", "email", "zip")),
        *(line.sellable.sku for line in order.lines),
    )
    order.haystack = "\n".join(word for word in words if word).lower()
