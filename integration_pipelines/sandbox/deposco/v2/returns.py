"""V2 customer returns: an upsert on number and business unit, lists, lines, statuses, cancels (contract 14).

Fields as sales orders; only the facility that the goods go to is required beside number and lines.
"""

from typing import Any

from integration_pipelines.sandbox.deposco import return_lifecycle
from integration_pipelines.sandbox.deposco.records import RefusalError
from integration_pipelines.sandbox.deposco.return_records import Return, ReturnLine, ReturnStatus
from integration_pipelines.sandbox.deposco.v2.order_intake import (
    find_facility,
    read_business_unit,
    read_order,
)
from integration_pipelines.sandbox.deposco.v2.order_json import header_json, item_ref, pack_ref
from integration_pipelines.sandbox.deposco.v2.orders import quantities
from integration_pipelines.sandbox.deposco.v2.web import (
    Call,
    Json,
    Operation,
    Routes,
    answer,
    body_of,
    business_unit_ref,
    decimal_text,
    embedded,
    entity,
    moment_filter,
    paged,
    render,
    stamp,
    without_nulls,
)
from integration_pipelines.sandbox.wire import Answer

RETURNS = "/orders/customerReturns"
_PAGE = 25


def list_returns(call: Call) -> Answer:
    returns = call.house.returns
    return paged(
        call, RETURNS, _PAGE, lambda: _found(call), lambda found: render(return_json(call, returns[found]))
    )


def get_return(call: Call) -> Answer:
    shown = return_json(call, _return(call))
    wrapped = call.house.settings.answers.wrap_single_reads
    return answer(200, {"customerReturn": shown} if wrapped else shown)


def save_return(call: Call) -> Answer:
    """Create, or change the return of that number; 201 or 200 with the whole return."""
    house, sent = call.house, body_of(call.request)
    read_business_unit(house, sent)
    number = sent.get("number")
    if not isinstance(number, str) or not number:
        raise RefusalError(400, "number may not be null")
    back = house.return_by_number.get(number)
    draft = read_order(house, sent, new=False)
    facility = find_facility(house, sent["shipToFacility"]) if sent.get("shipToFacility") else None
    lines = draft.lines or []
    if back is not None:
        if draft.status is not None:
            raise RefusalError(400, "orderStatus can not be set when updating a return")
        return_lifecycle.update(house, back, draft.header, facility, lines, _line_notes(sent))
        return answer(200, return_json(call, back))
    missing = [] if facility else ["shipToFacility may not be null"]
    missing += [] if lines else ["orderLines may not be empty"]
    if facility is None or missing:
        raise RefusalError(400, *missing)
    status = ReturnStatus(draft.status or ReturnStatus.NEW)
    notes = _line_notes(sent)
    made = return_lifecycle.create(house, number, draft.header, facility, lines, notes, status)
    return answer(201, return_json(call, made))


def list_lines(call: Call) -> Answer:
    back = _return(call)
    rows = {line.id: render(_line_json(call, back, line)) for line in back.lines}
    return paged(call, f"{RETURNS}/{back.id}/orderLines", _PAGE, lambda: [*rows], lambda one: rows[one])


def get_line(call: Call) -> Answer:
    back = _return(call)
    for line in back.lines:
        if line.id == call.ids[1]:
            return answer(200, _line_json(call, back, line))
    raise RefusalError(404, f"Order line {call.ids[1]} not found")


def get_status(call: Call) -> Answer:
    return answer(200, {"orderStatus": _return(call).status})


def set_status(call: Call) -> Answer:
    """`value` is a query parameter."""
    back, wanted = _return(call), call.first("value")
    if wanted is None:
        raise RefusalError(400, "value is required")
    return_lifecycle.move_to(call.house, back, wanted)
    return answer(200, {"orderStatus": back.status})


def cancel(call: Call) -> Answer:
    """Everything without a body, else the named quantities of the named lines."""
    back = _return(call)
    rows = body_of(call.request).get("orderLines") if call.request.body else None
    return_lifecycle.cancel(call.house, back, None if rows is None else quantities(rows))
    return answer(200, return_json(call, back))


def list_receipts(call: Call) -> Answer:
    """Per line: `orderId` and `orderLineId` are mandatory."""
    order_id, line_id = call.first("orderId"), call.first("orderLineId")
    missing = [
        name
        for name, said in (("orderId", order_id), ("orderLineId", line_id))
        if not (said or "").isdecimal()
    ]
    if missing:
        raise RefusalError(400, *(f"{name} is required" for name in missing))
    receipts = call.house.receipts
    created, status = moment_filter(call, "createdAfter"), call.first("status")
    found = [
        one.id
        for one in receipts.values()
        if (str(one.return_id), str(one.line_id)) == (order_id, line_id)
        and status in (None, "Received")
        and (created is None or one.created_at >= created)
    ]
    return paged(call, "/receipts", 50, lambda: found, lambda one: render(_receipt_json(call, one)))


def return_json(call: Call, back: Return) -> Json:
    house, base = call.house, call.base
    keys = {"number": back.number, "businessUnit.code": house.settings.business_unit}
    return without_nulls(
        {
            "self": entity(RETURNS, back.id, base, **keys),
            "businessUnit": business_unit_ref(house, base),
            "number": back.number,
            "orderStatus": back.status,
            **header_json(house, back.header),
            "shipToFacility": entity("/facilities", back.facility.id, base, number=back.facility.number),
            "orderLines": embedded([_line_json(call, back, line) for line in back.lines], back.id),
            "createdDate": stamp(house, back.created_at),
            "updatedDate": stamp(house, back.updated_at),
        }
    )


def _line_json(call: Call, back: Return, line: ReturnLine) -> Json:
    house, base = call.house, call.base
    keys = {
        "orderHeader.number": back.number,
        "lineNumber": line.line_number,
        "orderHeader.businessUnit.code": house.settings.business_unit,
    }
    return without_nulls(
        {
            "self": entity(f"{RETURNS}/{back.id}/orderLines", line.id, base, **keys),
            "lineNumber": line.line_number,
            "customerLineNumber": line.customer_line_number,
            "item": item_ref(house, line.item, base),
            "pack": pack_ref(house, line.item, base),
            "orderPackQuantity": decimal_text(line.quantity),
            "canceledPackQuantity": decimal_text(line.canceled),
            "receivedPackQuantity": decimal_text(line.received),
            "receivedDamagedPackQuantity": decimal_text(line.damaged),
            "notes": line.notes or None,
            "createdDate": stamp(house, line.created_at),
            "updatedDate": stamp(house, back.updated_at),
        }
    )


def _receipt_json(call: Call, receipt_id: int) -> Json:
    house, receipt = call.house, call.house.receipts[receipt_id]
    lines = {line.id: line for line in house.returns[receipt.return_id].lines}
    keys = {"lineNumber": lines[receipt.line_id].line_number}
    place = f"{RETURNS}/{receipt.return_id}/orderLines"
    return {
        "self": entity("/receipts", receipt.id, call.base, number=receipt.number),
        "number": receipt.number,
        "status": "Received",
        "receivedItem": item_ref(house, receipt.item, call.base),
        "receivedPack": pack_ref(house, receipt.item, call.base),
        "receivedPackQuantity": decimal_text(receipt.units),
        "damaged": receipt.damaged,
        "receivedDamagedPackQuantity": decimal_text(receipt.units if receipt.damaged else 0),
        "inventoryCondition": "Damaged" if receipt.damaged else "Good",
        "disposition": "Quarantine" if receipt.damaged else "Stock",
        "orderLine": entity(place, receipt.line_id, call.base, **keys),
        "createdDate": stamp(house, receipt.created_at),
    }


def _found(call: Call) -> list[int]:
    house = call.house
    if call.first("businessUnit") not in (None, house.settings.business_unit):
        return []
    until = house.indexed_until(call.beta)
    since, created_after = moment_filter(call, "updatedAfter"), moment_filter(call, "createdAfter")
    number, status = call.first("number"), call.first("orderStatus")
    ids = house.returns if since is None else house.return_changes.after(since)
    return [
        back.id
        for back in (house.returns[found] for found in ids)
        if back.created_at <= until
        and (since is None or back.updated_at <= until)
        and number in (None, back.number)
        and status in (None, back.status)
        and (created_after is None or back.created_at >= created_after)
    ]


def _return(call: Call) -> Return:
    back = call.house.returns.get(call.ids[0])
    if back is None:
        raise RefusalError(404, f"Customer return {call.ids[0]} not found")
    return back


def _line_notes(sent: Json) -> return_lifecycle.LineNotes:
    wrapped = sent.get("orderLines")
    rows = wrapped.get("data") if isinstance(wrapped, dict) else None
    notes: dict[str, list[dict[str, Any]]] = {}
    for row in rows if isinstance(rows, list) else []:
        if isinstance(row, dict) and isinstance(row.get("notes"), list):
            notes[str(row.get("lineNumber"))] = [note for note in row["notes"] if isinstance(note, dict)]
    return notes


ROUTES: Routes = {
    ("GET", RETURNS): Operation("customerReturns/read", list_returns),
    ("POST", RETURNS): Operation("customerReturns/write", save_return),
    ("GET", f"{RETURNS}/{{}}"): Operation("customerReturns/read", get_return),
    ("GET", f"{RETURNS}/{{}}/orderLines"): Operation("customerReturns/read", list_lines),
    ("GET", f"{RETURNS}/{{}}/orderLines/{{}}"): Operation("customerReturns/read", get_line),
    ("GET", f"{RETURNS}/{{}}/status"): Operation("customerReturns/read", get_status),
    ("POST", f"{RETURNS}/{{}}/status"): Operation("customerReturns/write", set_status),
    ("POST", f"{RETURNS}/{{}}/cancellations"): Operation("customerReturns/write", cancel),
    ("GET", "/receipts"): Operation("receipts/read", list_receipts),
}
