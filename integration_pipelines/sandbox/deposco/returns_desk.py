"""The people at the returns desk: they receive boxes against the returns that wait for them, or blind.

Whatever is in a box is counted on some line: what a line announced first, goods that nobody announced on the
first line of the return. A box without a return becomes a document of the desk's own, which may name the
order, only the customer's number, or neither (contract 14).
"""

from collections.abc import Mapping
from dataclasses import dataclass

from integration_pipelines.sandbox.deposco import stock
from integration_pipelines.sandbox.deposco.house import House
from integration_pipelines.sandbox.deposco.records import Item, Order
from integration_pipelines.sandbox.deposco.return_records import (
    AWAITED,
    Receipt,
    Return,
    ReturnLine,
    ReturnStatus,
)

_REFERENCES = ("relatedOrderNumber", "customerOrderNumber", None, "relatedOrderNumber")


@dataclass(slots=True)
class Box:
    """Goods by item number; `return_id` is known from the start, or once somebody has opened it."""

    order_id: int | None
    return_id: int | None
    units: dict[str, int]
    damaged: bool
    id: int = 0


def begin(house: House, box: Box) -> None:
    """The box is on the desk: its return is being received; a box that belongs to none gets one."""
    back = house.returns[box.return_id] if box.return_id is not None else None
    order = house.orders[box.order_id] if box.order_id is not None else None
    if back is None and order is not None:
        back = next((one for one in house.returns.values() if _awaits(one, order)), None)
    if back is None or back.status not in AWAITED:
        back = _blind(house, order or (related_order(house, back) if back else None), box)
    box.return_id = back.id
    house.touch_return(back, ReturnStatus.RECEIVING)


def count(house: House, box: Box) -> None:
    """The box is counted."""
    assert box.return_id is not None, "a box is counted after it was opened"
    back = house.returns[box.return_id]
    if back.status == ReturnStatus.CANCELED:  # cancelled while it was on the desk: nobody announced it now
        back = _blind(house, related_order(house, back), box)
    receive(house, back, box.units, box.units if box.damaged else {})


def receive(house: House, back: Return, units: Mapping[str, int], damaged: Mapping[str, int]) -> None:
    """Units by item number are here, some of them damaged."""
    for number, came in units.items():
        item = house.item_by_number[number]
        line = _line_for(back, item)
        bad = min(damaged.get(number, 0), came)
        line.received += came
        line.damaged += bad
        for some, broken in ((came - bad, False), (bad, True)):
            if some:
                _book(house, back, line, item, some, broken)
        if (order := related_order(house, back)) is not None:
            _count_on_order(house, order, item, came)
    whole = all(line.open == 0 for line in back.lines)
    house.touch_return(back, ReturnStatus.RECEIVED if whole else ReturnStatus.PARTIAL_RECEIPT)


def related_order(house: House, back: Return) -> Order | None:
    """The outbound order that the return names, by its own number or the customer's."""
    if named := house.order_by_number.get(str(back.header.get("relatedOrderNumber") or "")):
        return named
    wanted = back.header.get("customerOrderNumber")
    orders = house.orders.values()
    return next((one for one in orders if wanted and one.header.get("customerOrderNumber") == wanted), None)


def _awaits(back: Return, order: Order) -> bool:
    named = back.header.get("relatedOrderNumber") == order.number
    bought = back.header.get("customerOrderNumber")
    by_customer = bool(bought) and bought == order.header.get("customerOrderNumber")
    return back.announced and back.status in AWAITED and (named or by_customer)


def _blind(house: House, order: Order | None, box: Box) -> Return:
    return_id = house.next_id("return")
    number = f"BR-{return_id}"
    header: dict[str, str] = {}
    reference = house.random(number, "reference").choice(_REFERENCES)
    if order is not None and reference is not None:
        said = order.number if reference == "relatedOrderNumber" else order.header.get(reference)
        header = {reference: str(said)} if said else {}
    facility = order.facility if order is not None else next(iter(house.facilities.values()))
    back = Return(
        return_id, number, header, ReturnStatus.RECEIVING, facility, house.at, house.at, announced=False
    )
    for place, (item_number, units) in enumerate(box.units.items(), 1):
        item = house.item_by_number[item_number]
        line_id = house.next_id("return_line")
        back.lines.append(ReturnLine(line_id, f"{number}-{place}", None, item, units, house.at))
    house.returns[back.id] = back
    house.return_by_number[number] = back
    house.touch_return(back, ReturnStatus.RECEIVING)
    return back


def _line_for(back: Return, item: Item) -> ReturnLine:
    same = [line for line in back.lines if line.item is item]
    waiting = [line for line in same if line.open]
    return (waiting or same or back.lines)[0]


def _book(house: House, back: Return, line: ReturnLine, item: Item, units: int, broken: bool) -> None:
    held = stock.level(item, back.facility)
    stock.recount(house, item, back.facility, held.on_hand + units)
    if broken:
        stock.block(item, back.facility, held.blocked + units)
    draw = house.random(line.id, line.received, "receipt").random()
    if draw >= house.settings.answers.receiptless_share:
        receipt_id = house.next_id("receipt")
        number = f"RCP-{receipt_id}"
        house.receipts[receipt_id] = Receipt(
            receipt_id, number, back.id, line.id, item, units, broken, house.at
        )


def _count_on_order(house: House, order: Order, item: Item, units: int) -> None:
    for line in order.lines:
        some = min(line.shipped - line.returned, units) if line.item is item else 0
        line.returned += some
        units -= some
    house.touch_order(order)
