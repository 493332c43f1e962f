"""V1 customer returns: orders of another type (contract 11.5, 14). Thin: what was damaged is not told.

Inserts and the search come here from `orders.py` when the type says so.
"""

from integration_pipelines.sandbox.deposco import return_lifecycle
from integration_pipelines.sandbox.deposco.house import House
from integration_pipelines.sandbox.deposco.reading import parse_moment
from integration_pipelines.sandbox.deposco.records import RefusalError
from integration_pipelines.sandbox.deposco.return_records import Return, ReturnLine, ReturnStatus
from integration_pipelines.sandbox.deposco.v1.order_intake import RETURN_TYPE, read_return
from integration_pipelines.sandbox.deposco.v1.tree import Tree
from integration_pipelines.sandbox.deposco.v1.web import (
    Call,
    Operation,
    Outcome,
    Routes,
    decimals,
    document,
    stamp,
)
from integration_pipelines.sandbox.wire import Answer


def insert_return(house: House, record: Tree, ordered: bool) -> Outcome:
    """New returns only."""
    number = str(record.get("number") or "")
    if number in house.return_by_number:
        return Outcome(409, number, "already exists", [f"Order {number} already exists"], kind=RETURN_TYPE)
    try:
        draft, notes = read_return(house, record, ordered=ordered)
    except RefusalError as refusal:
        if not refusal.messages:
            raise
        return Outcome(refusal.status, number, "rejected", [*refusal.messages], kind=RETURN_TYPE)
    facility = draft.facility or next(iter(house.facilities.values()))
    status = ReturnStatus(draft.status or ReturnStatus.NEW)
    return_lifecycle.create(house, number, draft.header, facility, draft.lines or [], notes, status)
    return Outcome(201, number, "created", kind=RETURN_TYPE)


def find_returns(house: House, fields: dict[str, str], ranges: set[str]) -> list[Return]:
    """What `/search/Order` finds of this type."""
    until = house.indexed_until()
    return [
        back
        for back in house.returns.values()
        if back.created_at <= until
        and all(_matches(back, name, value, name in ranges) for name, value in fields.items())
    ]


def return_tree(house: House, back: Return) -> Tree:
    """The return as `GET /orders` and `/search/Order` show it."""
    header = back.header
    names = ("importReference", "orderSource", "customerOrderNumber", "relatedOrderNumber")
    return {
        "businessUnit": house.settings.business_unit,
        "facility": back.facility.number,
        "number": back.number,
        "type": RETURN_TYPE,
        "status": back.status.value,
        **{name: header[name] for name in names if header.get(name)},
        "orderLines": {"orderLine": [_line(house, back, line) for line in back.lines]},
        "createdDate": stamp(back.created_at),
        "updatedDate": stamp(back.updated_at),
    }


def list_receipt_lines(call: Call) -> Answer:
    """`/receiptlines/{BU}/{number}`: what was counted on one return."""
    unit, number = call.parts
    back = call.house.return_by_number.get(number)
    if back is None or unit != call.house.settings.business_unit:
        raise RefusalError(404, f"Order {number} not found")
    lines = {line.id: line for line in back.lines}
    rows: list[Tree] = [
        {
            "orderNumber": back.number,
            "lineNumber": lines[one.line_id].line_number,
            "itemNumber": one.item.number,
            "receivedPackQuantity": decimals(one.units),
            "receivedDate": stamp(one.created_at),
        }
        for one in call.house.receipts.values()
        if one.return_id == back.id
    ]
    return document(call, "receiptLines", "receiptLine", {"receiptLine": rows})


def _line(house: House, back: Return, line: ReturnLine) -> Tree:
    tree: Tree = {
        "businessUnit": house.settings.business_unit,
        "lineNumber": line.line_number,
        "customerLineNumber": line.customer_line_number,
        "lineStatus": back.status.value,
        "orderPackQuantity": decimals(line.quantity),
        "canceledPackQuantity": decimals(line.canceled),
        "receivedPackQuantity": decimals(line.received),
        "itemNumber": line.item.number,
        "pack": {"type": "Each", "quantity": "1"},
    }
    return {**tree, "notes": {"note": line.notes}} if line.notes else tree


def _matches(back: Return, name: str, wanted: str, ranged: bool) -> bool:
    header = back.header
    values: dict[str, str | None] = {
        "number": back.number,
        "type": RETURN_TYPE,
        "status": back.status.value,
        **{field: header.get(field) for field in ("customerOrderNumber", "importReference", "orderSource")},
        "placedDate": header.get("placedDate"),
        "updatedDate": stamp(back.updated_at),
    }
    value = values.get(name)
    if not ranged:
        return value == wanted
    low, _, high = wanted.partition(",")
    moment, begins, ends = (parse_moment(text or "") for text in (value, low, high))
    if begins is None or ends is None:
        raise RefusalError(400, f"{name} BETWEEN needs two timestamps")
    return moment is not None and begins <= moment <= ends


ROUTES: Routes = {("GET", "/receiptlines/*/*"): Operation("receiptlines", list_receipt_lines)}
