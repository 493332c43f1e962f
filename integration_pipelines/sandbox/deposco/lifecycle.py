"""What writing an order does, whichever generation asks: create, change, replace, cancel, set a status.

Rules of contract 11.1 to 11.3. An order may be changed and cancelled until its wave is released. What the
floor does to an order afterwards is in `staff.py`.
"""

from collections.abc import Iterable

from integration_pipelines.sandbox.deposco import stock
from integration_pipelines.sandbox.deposco.house import House
from integration_pipelines.sandbox.deposco.records import (
    CANCELLABLE,
    EDITABLE,
    UNTIL_WAVE,
    Line,
    LineDraft,
    Order,
    OrderDraft,
    RefusalError,
    Status,
)

MOST_LINES = 100
_TO_NEW_OR_HOLD = frozenset({Status.NEW, Status.HOLD, Status.CANCELED})
_MOVES = {
    Status.DRAFT: _TO_NEW_OR_HOLD,
    Status.NEW: frozenset({Status.HOLD, Status.CANCELED}),
    Status.HOLD: frozenset({Status.NEW, Status.CANCELED}),
    Status.REVIEW: frozenset({Status.CANCELED}),
    Status.READY: _TO_NEW_OR_HOLD,
    Status.WAVE_BUILT: _TO_NEW_OR_HOLD,
    Status.BACK_ORDERED: _TO_NEW_OR_HOLD,
}


def create(house: House, draft: OrderDraft) -> Order:
    """Store a new order; without a ship via, or by chance, it is parked in Review."""
    lines = draft.lines or []
    wanted: dict[str, int] = {}
    for line in lines:
        wanted[line.item.number] = wanted.get(line.item.number, 0) + (line.quantity or 0)
    order = Order(
        house.next_id("order"),
        draft.number,
        draft.header,
        draft.status or Status.NEW,
        draft.facility or stock.best_facility(house, wanted),
        house.at,
        house.at,
        notes=draft.notes,
    )
    house.orders[order.id] = order
    house.order_by_number[order.number] = order
    for line in lines:
        _add_line(house, order, line)
    house.set_status(order, _first_status(house, order))
    return order


def update(house: House, order: Order, draft: OrderDraft) -> None:
    """Change what the draft says and leave the rest; lines are matched by number.

    Raises:
        RefusalError: the order is past its wave, or a line would shrink.
    """
    _require(order, EDITABLE, "updated")
    if draft.status is not None:
        raise RefusalError(400, "orderStatus can not be set when updating an order")
    known = {line.line_number: line for line in order.lines}
    _refuse_shrinking(draft.lines or (), known)
    if draft.facility is not None and draft.facility is not order.facility:
        _move(house, order, draft)
    order.header |= draft.header
    order.notes += draft.notes
    for sent in draft.lines or ():
        line = known.get(sent.line_number)
        if line is None:
            _add_line(house, order, sent)
        else:
            _change_line(house, order, line, sent)
    if draft.lines is not None:
        order.imports += 1
        _back_to_the_queue(house, order)
    house.touch_order(order)


def replace(house: House, order: Order, draft: OrderDraft) -> None:
    """Make the order what the draft says; what it leaves out is cleared (V1 PUT and overwriting imports).

    Raises:
        RefusalError: the order is past its wave.
    """
    _require(order, EDITABLE, "updated")
    stock.give_back(house, order)
    for line in order.lines:
        stock.promise(house, order, line, -line.open)
    order.header, order.notes, order.lines = draft.header, draft.notes, []
    house.waiting[order.facility.number].pop(order.id, None)
    order.facility = draft.facility or order.facility
    for sent in draft.lines or ():
        _add_line(house, order, sent)
    order.imports += 1
    order.status = draft.status or Status.NEW
    house.set_status(order, _first_status(house, order))


def cancel(
    house: House, order: Order, units: dict[int, int] | None = None, *, by_staff: bool = False
) -> None:
    """Cancel the whole order, or `units` by line id.

    Raises:
        RefusalError: the wave has it, it is over, or more is asked for than is open.
    """
    _require(order, CANCELLABLE, "canceled")
    wanted = {line.id: line.open for line in order.live_lines()} if units is None else units
    lines = {line.id: line for line in order.lines}
    for line_id, count in wanted.items():
        if line_id not in lines:
            raise RefusalError(404, f"Order line {line_id} not found on order {order.number}")
        if not 0 < count <= lines[line_id].open:
            raise RefusalError(400, f"canceledPackQuantity of line {lines[line_id].line_number} is invalid")
    stock.give_back(house, order)
    for line_id, count in wanted.items():
        stock.promise(house, order, lines[line_id], -count)
        lines[line_id].canceled += count
    if all(line.open == 0 for line in order.lines):
        order.cancelled_at, order.cancelled_by_staff = house.at, by_staff
        house.set_status(order, Status.CANCELED)
    else:
        _back_to_the_queue(house, order)
        house.touch_order(order)


def move_to(house: House, order: Order, wanted: str) -> None:
    """A status that a client sets.

    Raises:
        RefusalError: not one that may follow the present one.
    """
    allowed = _MOVES.get(order.status, frozenset())
    if wanted not in allowed:
        names = ", ".join(sorted(allowed)) or "none"
        raise RefusalError(
            400, f"Order {order.number} is {order.status}; it can not become {wanted}. Allowed: {names}"
        )
    if wanted == Status.CANCELED:
        cancel(house, order)
        return
    stock.give_back(house, order)
    house.set_status(order, Status(wanted))


def _first_status(house: House, order: Order) -> Status:
    if not order.header.get("shipVia"):
        return Status.REVIEW
    if house.random(order.number, "review").random() < house.settings.review_share:
        return Status.REVIEW
    return order.status


def _require(order: Order, allowed: Iterable[Status], what: str) -> None:
    if order.status not in allowed:
        raise RefusalError(
            400,
            f"Order {order.number} can not be {what} in status {order.status}; allowed statuses: "
            f"{', '.join(UNTIL_WAVE)}",
        )


def _refuse_shrinking(lines: Iterable[LineDraft], known: dict[str, Line]) -> None:
    for sent in lines:
        line = known.get(sent.line_number)
        if line is not None and sent.quantity is not None and sent.quantity < line.quantity:
            raise RefusalError(
                400, f"orderPackQuantity of line {line.line_number} can not be lowered; cancel the difference"
            )
        if line is not None and sent.item is not line.item:
            raise RefusalError(400, f"item of line {line.line_number} can not be changed")


def _add_line(house: House, order: Order, sent: LineDraft) -> None:
    line = Line(
        house.next_id("line"),
        sent.line_number,
        sent.customer_line_number,
        sent.item,
        sent.quantity or 0,
        sent.unit_price,
        house.at,
        fields=sent.fields,
    )
    order.lines.append(line)
    stock.promise(house, order, line, line.quantity)


def _change_line(house: House, order: Order, line: Line, sent: LineDraft) -> None:
    if sent.quantity is not None and sent.quantity > line.quantity:
        stock.promise(house, order, line, sent.quantity - line.quantity)
        line.quantity = sent.quantity
    line.customer_line_number = sent.customer_line_number or line.customer_line_number
    line.unit_price = line.unit_price if sent.unit_price is None else sent.unit_price
    line.fields |= sent.fields


def _back_to_the_queue(house: House, order: Order) -> None:
    """A changed order leaves the wave that was built for it."""
    stock.give_back(house, order)
    if order.status in (Status.WAVE_BUILT, Status.BACK_ORDERED):
        house.set_status(order, Status.READY)


def _move(house: House, order: Order, draft: OrderDraft) -> None:
    """Another facility takes the order."""
    assert draft.facility is not None
    stock.give_back(house, order)
    for line in order.lines:
        stock.promise(house, order, line, -line.open)
    house.waiting[order.facility.number].pop(order.id, None)
    order.facility = draft.facility
    for line in order.lines:
        stock.promise(house, order, line, line.open)
    parked = order.status in (Status.DRAFT, Status.HOLD, Status.REVIEW)
    house.set_status(order, order.status if parked else Status.NEW)
