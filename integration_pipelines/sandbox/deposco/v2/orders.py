"""V2 sales orders: an upsert on number and business unit, lists, lines, statuses, cancels (contract 11).

Nothing in a list can be filtered by the customer's order number, and a fresh order is missing from lists
for a moment: the same POST again changes the order that is there.
"""

import json
from typing import Any

from integration_pipelines.sandbox.deposco import lifecycle
from integration_pipelines.sandbox.deposco.house import House
from integration_pipelines.sandbox.deposco.reading import whole_units
from integration_pipelines.sandbox.deposco.records import Line, Order, RefusalError
from integration_pipelines.sandbox.deposco.v2.order_intake import (
    read_business_unit,
    read_order,
)
from integration_pipelines.sandbox.deposco.v2.order_json import (
    ORDERS,
    line_json,
    line_status,
    order_bytes,
)
from integration_pipelines.sandbox.deposco.v2.web import (
    Call,
    Json,
    Operation,
    Routes,
    answer,
    body_of,
    moment_filter,
    paged,
    raw_answer,
    render,
)
from integration_pipelines.sandbox.wire import Answer

_PAGE = 25


def list_orders(call: Call) -> Answer:
    orders = call.house.orders
    return paged(
        call,
        ORDERS,
        _PAGE,
        lambda: _found(call),
        lambda order_id: order_bytes(call.house, orders[order_id], call.base),
    )


def get_order(call: Call) -> Answer:
    return _single(call, _order(call))


def save_order(call: Call) -> Answer:
    """Create, or change the order of that number; 201 or 200 with the whole order."""
    number, created = save_sales_order(call.house, body_of(call.request))
    order = call.house.order_by_number[number]
    return raw_answer(201 if created else 200, order_bytes(call.house, order, call.base))


def save_sales_order(house: House, sent: Json) -> tuple[str, bool]:
    """The upsert; answers the number and whether the order is new.

    Raises:
        RefusalError: the order is left as it was.
    """
    read_business_unit(house, sent)
    number = sent.get("number")
    if not isinstance(number, str) or not number:
        raise RefusalError(400, "number may not be null")
    order = house.order_by_number.get(number)
    draft = read_order(house, sent, new=order is None)
    if order is None:
        lifecycle.create(house, draft)
    else:
        lifecycle.update(house, order, draft)
    return number, order is None


def list_lines(call: Call) -> Answer:
    order = _order(call)
    lines = {line.id: line for line in order.lines}
    return paged(
        call,
        f"{ORDERS}/{order.id}/orderLines",
        _PAGE,
        lambda: [line.id for line in order.lines if _line_matches(call, order, line)],
        lambda line_id: render(line_json(call.house, order, lines[line_id], call.base)),
    )


def get_line(call: Call) -> Answer:
    order = _order(call)
    return answer(200, line_json(call.house, order, _line(call, order), call.base))


def update_line(call: Call) -> Answer:
    """One line changes like a line of the whole order."""
    order = _order(call)
    line = _line(call, order)
    sent = {**_as_reference(call, line), **body_of(call.request), "lineNumber": line.line_number}
    draft = read_order(call.house, {"number": order.number, "orderLines": {"data": [sent]}}, new=False)
    lifecycle.update(call.house, order, draft)
    return answer(200, line_json(call.house, order, line, call.base))


def get_status(call: Call) -> Answer:
    return answer(200, {"orderStatus": _order(call).status})


def set_status(call: Call) -> Answer:
    """`value` is a query parameter; a body is refused."""
    order = _order(call)
    if call.request.body:
        raise RefusalError(400, "Request body is not supported")
    wanted = call.first("value")
    if wanted is None:
        raise RefusalError(400, "value is required")
    lifecycle.move_to(call.house, order, wanted)
    return answer(200, {"orderStatus": order.status})


def cancel(call: Call) -> Answer:
    """Everything without a body, else the named quantities of the named lines."""
    order = _order(call)
    rows = body_of(call.request).get("orderLines") if call.request.body else None
    lifecycle.cancel(call.house, order, None if rows is None else quantities(rows))
    return raw_answer(200, order_bytes(call.house, order, call.base))


def _found(call: Call) -> list[int]:
    house = call.house
    unit = call.first("businessUnit")
    if unit is not None and unit != house.settings.business_unit:
        return []
    until = house.indexed_until(call.beta)
    since, created_after = moment_filter(call, "updatedAfter"), moment_filter(call, "createdAfter")
    if number := call.first("number"):
        named = house.order_by_number.get(number)
        ids = [named.id] if named else []
    elif since is not None:
        ids = [found for found in house.order_changes.after(since) if house.orders[found].updated_at <= until]
    else:
        ids = [*house.orders]
    status = call.first("orderStatus")
    orders = (house.orders[order_id] for order_id in ids)
    return [
        order.id
        for order in orders
        if order.created_at <= until
        and (status is None or order.status == status)
        and (created_after is None or order.created_at >= created_after)
        and (since is None or order.updated_at >= since)
    ]


def _line_matches(call: Call, order: Order, line: Line) -> bool:
    number, status = call.first("lineNumber"), call.first("orderLineStatus")
    return number in (None, line.line_number) and status in (None, line_status(order, line))


def _order(call: Call) -> Order:
    order = call.house.orders.get(call.ids[0])
    if order is None:
        raise RefusalError(404, f"Sales order {call.ids[0]} not found")
    return order


def _line(call: Call, order: Order) -> Line:
    for line in order.lines:
        if line.id == call.ids[1]:
            return line
    raise RefusalError(404, f"Order line {call.ids[1]} not found")


def _as_reference(call: Call, line: Line) -> Json:
    return {"item": {"id": line.item.id}, "pack": {"id": line.item.id}, "orderPackQuantity": line.quantity}


def quantities(rows: Any) -> dict[int, int]:
    """Units to cancel by line id, from the rows of a cancellation."""
    wanted: dict[int, int] = {}
    for row in rows if isinstance(rows, list) else [None]:
        ref = row.get("orderLine") if isinstance(row, dict) else None
        line_id = ref.get("id") if isinstance(ref, dict) else None
        units = whole_units(row.get("canceledPackQuantity")) if isinstance(row, dict) else None
        if not isinstance(line_id, int) or units is None:
            raise RefusalError(400, "orderLines need orderLine.id and canceledPackQuantity")
        wanted[line_id] = wanted.get(line_id, 0) + units
    return wanted


def _single(call: Call, order: Order) -> Answer:
    shown = order_bytes(call.house, order, call.base)
    if call.house.settings.answers.wrap_single_reads:
        return answer(200, {"salesOrder": json.loads(shown)})
    return raw_answer(200, shown)


ROUTES: Routes = {
    ("GET", ORDERS): Operation("salesOrders/read", list_orders),
    ("POST", ORDERS): Operation("salesOrders/write", save_order),
    ("GET", f"{ORDERS}/{{}}"): Operation("salesOrders/read", get_order),
    ("GET", f"{ORDERS}/{{}}/orderLines"): Operation("salesOrders/read", list_lines),
    ("GET", f"{ORDERS}/{{}}/orderLines/{{}}"): Operation("salesOrders/read", get_line),
    ("POST", f"{ORDERS}/{{}}/orderLines/{{}}"): Operation("salesOrders/write", update_line),
    ("GET", f"{ORDERS}/{{}}/status"): Operation("salesOrders/read", get_status),
    ("POST", f"{ORDERS}/{{}}/status"): Operation("salesOrders/write", set_status),
    ("POST", f"{ORDERS}/{{}}/cancellations"): Operation("salesOrders/write", cancel),
}
