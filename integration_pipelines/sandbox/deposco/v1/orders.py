"""V1 orders: inserts that answer 207, updates, replacement, statuses, reads, search (contract 4.3, 11.5).

Each record of a batch is a transaction of its own; the outer 207 says nothing. A full replacement clears
what it leaves out. Only `/search` really filters: `/status/order/search` ignores the number.
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl, quote

from integration_pipelines.sandbox.deposco import lifecycle
from integration_pipelines.sandbox.deposco.house import House
from integration_pipelines.sandbox.deposco.reading import parse_moment
from integration_pipelines.sandbox.deposco.records import EDITABLE, Order, RefusalError
from integration_pipelines.sandbox.deposco.return_records import Return
from integration_pipelines.sandbox.deposco.v1.order_intake import (
    RETURN_TYPE,
    MissingItemsError,
    read_order,
    warnings_of,
)
from integration_pipelines.sandbox.deposco.v1.order_tree import (
    ORDER_TYPE,
    order_tree,
    status_of,
    status_tree,
)
from integration_pipelines.sandbox.deposco.v1.returns import find_returns, insert_return, return_tree
from integration_pipelines.sandbox.deposco.v1.tree import Tree
from integration_pipelines.sandbox.deposco.v1.web import (
    Call,
    Operation,
    Outcome,
    Routes,
    document,
    multistatus,
    plain,
    records_of,
    require_xml_accepted,
    stamp,
)
from integration_pipelines.sandbox.wire import Answer

_SIMPLE_FIELDS = ("shipVia", "shipVendor", "shipMethod", "orderSource", "customerOrderNumber")
_SEARCHED: dict[str, Callable[[Order], str | None]] = {
    "number": lambda order: order.number,
    "type": lambda order: ORDER_TYPE,
    "status": lambda order: status_of(order),
    "customerOrderNumber": lambda order: order.header.get("customerOrderNumber"),
    "importReference": lambda order: order.header.get("importReference"),
    "orderSource": lambda order: order.header.get("orderSource"),
    "placedDate": lambda order: order.header.get("placedDate"),
    "updatedDate": lambda order: stamp(order.updated_at),
}
_NO_FILTER = frozenset({"pageSize", "pageNo", "pageNumber"})


def insert_orders(call: Call) -> Answer:
    """New orders only; one that exists is a 409 of its own."""
    records, ordered = records_of(call, "order")
    return multistatus(call, [insert_order(call.house, one, ordered) for one in records], "order", ORDER_TYPE)


def upsert_orders(call: Call) -> Answer:
    """Create or overwrite; an order that is still open is overwritten without a question."""
    records, ordered = records_of(call, "order")
    return multistatus(call, [_store(call.house, one, ordered) for one in records], "order", ORDER_TYPE)


def replace_order(call: Call) -> Answer:
    """PUT: the order is what the body says; what it leaves out is cleared."""
    kind, number = call.parts
    (record,), ordered = records_of(call, "order")
    if (record.get("type"), record.get("number")) != (kind, number):
        raise RefusalError(400, "number or type in the body differ from the path")
    outcome = _store(call.house, record, ordered)
    if outcome.errors:
        raise RefusalError(outcome.status, *outcome.errors)
    location = {"location": f"orders/{quote(kind)}/{quote(number, safe='')}"}
    return Answer(outcome.status, {"content-type": "text/plain", **location}, outcome.description.encode())


def change_order(call: Call) -> Answer:
    """POST of a form: simple top-level fields only."""
    order = _order(call)
    form = dict(parse_qsl(call.request.body.decode("utf-8", "replace"), keep_blank_values=True))
    if order.status not in EDITABLE:
        raise RefusalError(400, f"Order {order.number} is {status_of(order)} and can not be changed")
    if status := form.pop("status", None):
        lifecycle.move_to(call.house, order, status)
    order.header |= {name: value for name, value in form.items() if name in _SIMPLE_FIELDS}
    call.house.touch_order(order)
    return plain(200, f"order {order.number} updated")


def update_statuses(call: Call) -> Answer:
    """Parallel lists `type` and `number` get one `status`."""
    pairs = parse_qsl(call.request.body.decode("utf-8", "replace"), keep_blank_values=True)
    status = next((value for name, value in pairs if name == "status"), "")
    numbers = [value for name, value in pairs if name in ("number", "number[]")]
    kinds = [value for name, value in pairs if name in ("type", "type[]")]
    if not status or not numbers or len(kinds) != len(numbers):
        raise RefusalError(400, "status, type and number are required in parallel")
    outcomes = [
        _set_status(call.house, kind, number, status) for kind, number in zip(kinds, numbers, strict=True)
    ]
    return multistatus(call, outcomes, "order", ORDER_TYPE)


def get_order(call: Call) -> Answer:
    require_xml_accepted(call)
    kind, number = call.parts[-2:]
    if kind == RETURN_TYPE and number in call.house.return_by_number:
        return _returns_document(call, [call.house.return_by_number[number]])
    return _orders_document(call, [_order(call)])


def search_orders(call: Call) -> Answer:
    """`field=value`, or `fieldOps=BETWEEN&field=a,b`; the only look-up that filters on the server."""
    require_xml_accepted(call)
    house = call.house
    asked = {name: value for name, value in call.request.query if name not in _NO_FILTER}
    ranges = {name.removesuffix("Ops") for name, value in asked.items() if name.endswith("Ops")}
    fields = {name: value for name, value in asked.items() if not name.endswith("Ops")}
    if unknown := next((name for name in fields if name not in _SEARCHED), None):
        raise RefusalError(400, f"Field {unknown} is not found or configured for entity Order")
    if fields.get("type") == RETURN_TYPE:
        return _returns_document(call, find_returns(house, fields, ranges))
    candidates = _candidates(house, fields, ranges)
    until = house.indexed_until()
    found = [
        order
        for order in candidates
        if order.created_at <= until
        and all(_matches(order, name, value, name in ranges) for name, value in fields.items())
    ]
    return _orders_document(call, found)


def _candidates(house: House, fields: dict[str, str], ranges: set[str]) -> list[Order]:
    """The orders that a number or a range of changes leaves over, else all."""
    if "number" in fields and "number" not in ranges:
        named = house.order_by_number.get(fields["number"])
        return [named] if named else []
    if "updatedDate" in ranges:
        begins = parse_moment(fields.get("updatedDate", "").partition(",")[0])
        return [house.orders[found] for found in house.order_changes.after(begins)] if begins else []
    return [*house.orders.values()]


def search_statuses(call: Call) -> Answer:
    """All statuses of a type; every other filter is ignored."""
    require_xml_accepted(call)
    orders = call.house.orders.values() if call.first("type") in (None, ORDER_TYPE) else []
    return _status_document(call, orders)


def list_statuses(call: Call) -> Answer:
    """`/status/order/{yyyymmdd},{yyyymmdd}`: orders changed on these days (UTC), both included."""
    require_xml_accepted(call)
    first, _, last = call.parts[0].partition(",")
    try:
        begins = datetime.strptime(first, "%Y%m%d").replace(tzinfo=UTC)
        ends = datetime.strptime(last or first, "%Y%m%d").replace(tzinfo=UTC) + timedelta(days=1)
    except ValueError:
        raise RefusalError(400, f"'{call.parts[0]}' is not yyyymmdd,yyyymmdd") from None
    house = call.house
    found = (house.orders[order_id] for order_id in house.order_changes.after(begins))
    return _status_document(call, [order for order in found if order.updated_at < ends])


def insert_order(house: House, record: Tree, ordered: bool) -> Outcome:
    number = str(record.get("number") or "")
    if record.get("type") == RETURN_TYPE:
        return insert_return(house, record, ordered)
    if number in house.order_by_number:
        return Outcome(409, number, "already exists", [f"Order {number} already exists"])
    return _store(house, record, ordered)


def _store(house: House, record: Tree, ordered: bool) -> Outcome:
    number = str(record.get("number") or "")
    missing = ""
    try:
        draft = read_order(house, record, ordered=ordered)
    except MissingItemsError as refusal:
        manner = house.settings.answers.missing_items
        missing = "; ".join(refusal.messages)
        if manner == "not_found":
            return Outcome(404, number, missing, [*refusal.messages])
        if manner == "unapplied" or not refusal.draft.lines:
            return Outcome(200, number, missing)
        draft = refusal.draft
    except RefusalError as refusal:
        if not refusal.messages:
            raise
        return Outcome(refusal.status, number, "rejected", [*refusal.messages])
    known = house.order_by_number.get(number)
    try:
        if known is None:
            lifecycle.create(house, draft)
        else:
            lifecycle.replace(house, known, draft)
    except RefusalError as refusal:
        return Outcome(refusal.status, number, "rejected", [*refusal.messages])
    status = 200 if known is not None or missing else 201
    described = missing or ("created" if known is None else "updated")
    return Outcome(status, number, described, warnings=warnings_of(house, draft))


def _set_status(house: House, kind: str, number: str, status: str) -> Outcome:
    order = house.order_by_number.get(number) if kind == ORDER_TYPE else None
    if order is None:
        return Outcome(404, number, "not found", [f"Order {kind} {number} not found"])
    try:
        lifecycle.move_to(house, order, status)
    except RefusalError as refusal:
        return Outcome(refusal.status, number, "rejected", [*refusal.messages])
    return Outcome(200, number, "updated")


def _order(call: Call) -> Order:
    kind, number = call.parts[-2:]
    order = call.house.order_by_number.get(number) if kind == ORDER_TYPE else None
    if order is None or (len(call.parts) == 3 and call.parts[0] != call.house.settings.business_unit):
        raise RefusalError(404, f"Order {kind} {number} not found")
    return order


def _matches(order: Order, name: str, wanted: str, ranged: bool) -> bool:
    value = _SEARCHED[name](order)
    if not ranged:
        return value == wanted
    low, _, high = wanted.partition(",")
    moment, begins, ends = (parse_moment(text or "") for text in (value, low, high))
    if begins is None or ends is None:
        raise RefusalError(400, f"{name} BETWEEN needs two timestamps")
    return moment is not None and begins <= moment <= ends


def _orders_document(call: Call, orders: list[Order]) -> Answer:
    return document(call, "orders", "order", {"order": [order_tree(call.house, one) for one in orders]})


def _returns_document(call: Call, returns: list[Return]) -> Answer:
    return document(call, "orders", "order", {"order": [return_tree(call.house, one) for one in returns]})


def _status_document(call: Call, orders: Any) -> Answer:
    return document(
        call, "orderStatuses", "orderStatus", {"orderStatus": [status_tree(one) for one in orders]}
    )


ROUTES: Routes = {
    ("POST", "/orders"): Operation("orders", insert_orders),
    ("POST", "/orders/updates"): Operation("orders", upsert_orders),
    ("POST", "/orders/statusUpdates"): Operation("orders", update_statuses),
    ("PUT", "/orders/*/*"): Operation("orders", replace_order),
    ("POST", "/orders/*/*"): Operation("orders", change_order),
    ("GET", "/orders/*/*"): Operation("orders", get_order),
    ("GET", "/orders/*/*/*"): Operation("orders", get_order),
    ("GET", "/search/Order"): Operation("search", search_orders),
    ("GET", "/status/order/search"): Operation("status", search_statuses),
    ("GET", "/status/order/*"): Operation("status", list_statuses),
}
