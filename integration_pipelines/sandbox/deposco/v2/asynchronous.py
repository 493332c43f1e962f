"""V2 requests that answer 202 and are looked up later: bulk imports and customer orders (contract 7, 11.4).

Effects happen at once, the telling takes its time. A bulk import may turn from Success to Partially Failed
a minute later. Customer orders need the order-management subscription, are not an upsert (each POST makes
another copy), and an unknown item or a missing ship via parks them in Review, where nothing repairs them.
"""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from integration_pipelines.sandbox.deposco import lifecycle, validation
from integration_pipelines.sandbox.deposco.house import BulkRequest, House
from integration_pipelines.sandbox.deposco.reading import amount, whole_units
from integration_pipelines.sandbox.deposco.records import LineDraft, Order, OrderDraft, RefusalError, Status
from integration_pipelines.sandbox.deposco.v2.order_intake import read_business_unit
from integration_pipelines.sandbox.deposco.v2.order_json import order_ref
from integration_pipelines.sandbox.deposco.v2.orders import save_sales_order
from integration_pipelines.sandbox.deposco.v2.reference import save_item_record
from integration_pipelines.sandbox.deposco.v2.web import (
    Call,
    Json,
    Operation,
    Routes,
    answer,
    body_of,
    business_unit_ref,
    embedded,
    entity,
    paged,
    render,
    stamp,
)
from integration_pipelines.sandbox.wire import Answer

CUSTOMER_ORDERS = "/orders/customerOrders"
_PAGE = 25
_LARGEST_BODY = 10 * 1024 * 1024
_SECONDS, _SECONDS_EACH = 4.0, 0.05
_REQUIRED = ("externalOrderNumber", "placedDate", "tradingPartner", "primarySalesChannel")
_SAVERS: dict[str, Callable[[House, Json], tuple[str, bool]]] = {
    "Sales Order": save_sales_order,
    "Item": save_item_record,
}
_STATUS_OF_FULFILMENT = {Status.SHIP_COMPLETE: "Complete", Status.CANCELED: "Canceled", Status.HOLD: "Open"}


def import_in_bulk(call: Call) -> Answer:
    """One import at a time; every entity is a transaction of its own."""
    house = call.house
    if len(call.request.body) >= _LARGEST_BODY:
        raise RefusalError(400, "Request body must be smaller than 10 MB")
    if any(one.done_at > house.at for one in house.bulk.values()):
        raise RefusalError(400, "Another bulk import is in progress")
    sent = body_of(call.request)
    save = _SAVERS.get(str(sent.get("entityType")))
    entities = sent.get("entities")
    if save is None or not isinstance(entities, list):
        raise RefusalError(400, f"entityType must be one of {', '.join(_SAVERS)}, with entities")
    results = [_imported(house, save, one if isinstance(one, dict) else {}) for one in entities]
    request = _enqueue(house, _counted(results), len(results))
    request.late_result = _second_look(results)
    return _accepted(call, request)


def get_request(call: Call) -> Answer:
    """`Processing` first, then what it came to; what it came to may change."""
    request = call.house.bulk.get(call.ids[0])
    if request is None:
        raise RefusalError(404, f"Request {call.ids[0]} not found")
    if call.house.at < request.done_at:
        return answer(200, {"id": request.id, "status": "Processing"})
    second_look = request.done_at + timedelta(seconds=call.house.settings.answers.bulk_second_look_seconds)
    late = request.late_result if call.house.at >= second_look else None
    return answer(200, {"id": request.id, **(late or request.result)})


def create_customer_order(call: Call) -> Answer:
    house = call.house
    _require_oms(house)
    sent = body_of(call.request).get("customerOrder")
    if not isinstance(sent, dict):
        raise RefusalError(400, "customerOrder may not be null")
    read_business_unit(house, sent)
    faults = [f"{name} may not be null" for name in _REQUIRED if not sent.get(name)]
    number = str(sent.get("externalOrderNumber") or "")
    if len(number) > 150 or "." in number:
        faults.append("externalOrderNumber is invalid")
    rows = _rows(sent)
    if not rows or any(whole_units(row.get("orderQuantity")) is None for row in rows):
        faults.append("coLines need an orderQuantity greater than 0")
    if faults:
        raise RefusalError(400, *faults)
    made = house.next_id("customer_order")
    house.customer_orders[made] = _customer_order(call, made, number, sent, rows)
    result = {"status": "Success", "totalEntities": 1, "successes": 1, "failures": 0}
    return _accepted(call, _enqueue(house, result, 1))


def list_customer_orders(call: Call) -> Answer:
    house = call.house
    _require_oms(house)
    until = house.indexed_until(beta=True)
    wanted = call.first("externalOrderNumber")
    ids = [
        made
        for made, order in house.customer_orders.items()
        if order["_made"] <= until and wanted in (None, order["externalOrderNumber"])
    ]
    return paged(call, CUSTOMER_ORDERS, _PAGE, lambda: ids, lambda made: render(_shown(call, made)))


def get_customer_order(call: Call) -> Answer:
    """Unlike a sales order it comes in a wrapper."""
    _require_oms(call.house)
    if call.ids[0] not in call.house.customer_orders:
        raise RefusalError(404, f"Customer order {call.ids[0]} not found")
    return answer(200, {"customerOrder": _shown(call, call.ids[0])})


def _require_oms(house: House) -> None:
    if not house.settings.oms:
        raise RefusalError(400, "Enterprise Order Management (EOM) is not subscribed")


def _customer_order(call: Call, made: int, number: str, sent: Json, rows: list[Json]) -> Json:
    house = call.house
    notices = []
    if any(order["externalOrderNumber"] == number for order in house.customer_orders.values()):
        notices.append(_notice("POTENTIAL_DUPLICATE_ORDER", "externalOrderNumber", number))
    lines = [_co_line(house, row) for row in rows]
    notices += [
        _notice("NO_ITEM_ON_LINE", "itemNumber", row.get("itemNumber"))
        for row, line in zip(rows, lines, strict=True)
        if line is None
    ]
    if not sent.get("shipVia"):
        notices.append(_notice("MISSING_REQUIRED", "shipVia", None))
    parked = not sent.get("shipVia") or None in lines
    order: Json = {
        "externalOrderNumber": number,
        "orderStatus": "Review" if parked else "InFulfillment",
        "notices": notices,
        "_made": house.at,
        "_sent": {name: sent[name] for name in (*_REQUIRED, "shipVia", "currencyCode") if name in sent},
        "_rows": rows,
        "_order": None,
    }
    if not parked:
        found = [line for line in lines if line is not None]
        order["_order"] = _fulfilment(house, f"{number[:40]}-F{made}", number, sent, found).id
    return order


def _fulfilment(house: House, number: str, external: str, sent: Json, lines: list[LineDraft]) -> Order:
    """The sales order that carries a customer order out."""
    contact = sent.get("shipToContact") if isinstance(sent.get("shipToContact"), dict) else {}
    assert isinstance(contact, dict)
    header: Json = {
        "customerOrderNumber": external,
        "shipVia": str(sent.get("shipVia")),
        "shipToContact": {name: contact.get(name) for name in validation.CONTACT_LENGTHS},
        "shipToAddress": {name: contact.get(name) for name in (*validation.ADDRESS_LENGTHS, "country")},
    }
    return lifecycle.create(house, OrderDraft(number, header, lines=lines))


def _co_line(house: House, row: Json) -> LineDraft | None:
    item = house.item_by_number.get(str(row.get("itemNumber")))
    if item is None:
        return None
    external = str(row.get("externalLineNumber"))
    price = amount(row.get("unitPrice"))
    return LineDraft(external, item, whole_units(row.get("orderQuantity")), external, price)


def _shown(call: Call, made: int) -> Json:
    house, order = call.house, call.house.customer_orders[made]
    fulfilment = house.orders.get(order["_order"])
    if fulfilment is not None:
        order["orderStatus"] = _STATUS_OF_FULFILMENT.get(fulfilment.status, "InFulfillment")
    complete = order["orderStatus"] == "Complete"
    lines = [
        {**row, "shippedQuantity": float(row["orderQuantity"]) if complete else 0.0} for row in order["_rows"]
    ]
    return {
        "self": entity(CUSTOMER_ORDERS, made, call.base, externalOrderNumber=order["externalOrderNumber"]),
        "businessUnit": business_unit_ref(house, call.base),
        **order["_sent"],
        "externalOrderNumber": order["externalOrderNumber"],
        "orderStatus": order["orderStatus"],
        "notices": order["notices"],
        "coLines": embedded(lines, made),
        "fulfillmentOrders": [order_ref(house, fulfilment, call.base)] if fulfilment else [],
        "createdDate": stamp(house, order["_made"]),
    }


def _notice(code: str, field: str, value: Any) -> Json:
    return {
        "noticeType": "Error" if code != "POTENTIAL_DUPLICATE_ORDER" else "Warning",
        "code": code,
        "message": code.replace("_", " ").capitalize(),
        "fieldName": field,
        "providedValue": value,
        "status": "New",
    }


def _rows(sent: Json) -> list[Json]:
    wrapped = sent.get("coLines")
    rows = wrapped.get("data") if isinstance(wrapped, dict) else None
    return [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []


def _imported(house: House, save: Callable[[House, Json], tuple[str, bool]], sent: Json) -> Json:
    number = str(sent.get("number"))
    try:
        number, created = save(house, sent)
    except RefusalError as refusal:
        return {"businessKey": number, "status": str(refusal.status), "errors": [*refusal.messages]}
    return {"businessKey": number, "status": "201" if created else "200", "errors": []}


def _counted(results: list[Json]) -> Json:
    failures = sum(1 for one in results if one["errors"])
    status = "Success" if not failures else "Partially Failed"
    if failures and failures == len(results):
        status = "Failed"
    return {
        "status": status,
        "totalEntities": len(results),
        "successes": len(results) - failures,
        "failures": failures,
        "results": results,
    }


def _second_look(results: list[Json]) -> Json:
    """Later checks find numbers that came twice in one import."""
    seen: set[str] = set()
    judged: list[Json] = []
    for one in results:
        twice = one["businessKey"] in seen
        seen.add(one["businessKey"])
        judged.append({**one, "errors": [*one["errors"], "duplicate in this import"]} if twice else one)
    return _counted(judged)


def _enqueue(house: House, result: Json, entities: int) -> BulkRequest:
    seconds = _SECONDS + _SECONDS_EACH * entities
    request = BulkRequest(house.next_id("request"), house.at + timedelta(seconds=seconds), result)
    house.bulk[request.id] = request
    return request


def _accepted(call: Call, request: BulkRequest) -> Answer:
    return answer(202, {"request": {"id": request.id, "href": f"{call.base}/async/{request.id}"}})


ROUTES: Routes = {
    ("POST", "/async/bulkImports"): Operation("items/write", import_in_bulk),
    ("GET", "/async/{}"): Operation("items/read", get_request),
    ("POST", CUSTOMER_ORDERS): Operation("customerOrders/write", create_customer_order),
    ("GET", CUSTOMER_ORDERS): Operation("customerOrders/read", list_customer_orders),
    ("GET", f"{CUSTOMER_ORDERS}/{{}}"): Operation("customerOrders/read", get_customer_order),
}
