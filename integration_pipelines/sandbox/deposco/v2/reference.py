"""V2 companies, facilities and items (contract 8 and 9): reads, and the item upsert.

No quantities on hand anywhere: V2 has none. Cut-offs and calendars are not readable either.
"""

from collections.abc import Iterable

from integration_pipelines.sandbox.deposco.house import COMPANY_ID, House
from integration_pipelines.sandbox.deposco.item_intake import write_item
from integration_pipelines.sandbox.deposco.records import Facility, Item, RefusalError
from integration_pipelines.sandbox.deposco.v2.order_intake import read_business_unit
from integration_pipelines.sandbox.deposco.v2.order_json import (
    facility_ref,
    item_ref,
    pack_ref,
)
from integration_pipelines.sandbox.deposco.v2.web import (
    Call,
    Json,
    Operation,
    Routes,
    answer,
    body_of,
    business_unit_ref,
    moment_filter,
    paged,
    render,
    stamp,
)
from integration_pipelines.sandbox.wire import Answer

_PAGE = 50


def list_companies(call: Call) -> Answer:
    wanted = call.first("code")
    ids = [COMPANY_ID] if wanted in (None, call.house.settings.business_unit) else []
    return paged(call, "/companies", _PAGE, lambda: ids, lambda _: render(_company(call)))


def get_company(call: Call) -> Answer:
    if call.ids[0] != COMPANY_ID:
        raise RefusalError(404, f"Company {call.ids[0]} not found")
    return answer(200, _company(call))


def list_facilities(call: Call) -> Answer:
    facilities = {facility.id: facility for facility in call.house.facilities.values()}
    number, name = call.first("number"), call.first("name")
    ids = [
        one.id
        for one in facilities.values()
        if number in (None, one.number) and name in (None, one.settings.name)
    ]
    return paged(
        call, "/facilities", _PAGE, lambda: ids, lambda found: render(_facility(call, facilities[found]))
    )


def get_facility(call: Call) -> Answer:
    for facility in call.house.facilities.values():
        if facility.id == call.ids[0]:
            return answer(200, _facility(call, facility))
    raise RefusalError(404, f"Facility {call.ids[0]} not found")


def list_items(call: Call) -> Answer:
    house = call.house
    return paged(
        call,
        "/items",
        _PAGE,
        lambda: _found_items(call),
        lambda item_id: render(item_json(house, house.items[item_id], call.base)),
    )


def get_item(call: Call) -> Answer:
    item = call.house.items.get(call.ids[0])
    if item is None:
        raise RefusalError(404, f"Item {call.ids[0]} not found")
    return answer(200, item_json(call.house, item, call.base))


def save_item(call: Call) -> Answer:
    """Create, or change the item of that number; a UPC belongs to one item only."""
    number, created = save_item_record(call.house, body_of(call.request))
    item = call.house.item_by_number[number]
    return answer(201 if created else 200, item_json(call.house, item, call.base))


def save_item_record(house: House, sent: Json) -> tuple[str, bool]:
    """The upsert; answers the number and whether the item is new.

    Raises:
        RefusalError: the item is left as it was.
    """
    read_business_unit(house, sent)
    number = sent.get("number")
    if not isinstance(number, str) or not number:
        raise RefusalError(400, "number may not be null")
    created = number not in house.item_by_number
    if created and not sent.get("packs"):
        raise RefusalError(400, "packs may not be empty")
    write_item(house, number, sent, _upc_of(sent))
    return number, created


def item_json(house: House, item: Item, base: str) -> Json:
    return {
        "self": item_ref(house, item, base),
        "businessUnit": business_unit_ref(house, base),
        "number": item.number,
        "name": item.name,
        "packs": [{"self": pack_ref(house, item, base), "type": "Each", "quantity": 1.0}],
        "upcs": {"data": [{"value": item.upc}] if item.upc else [], "links": [], "complete": True},
        "shippable": True,
        "inventoryTrackingEnabled": True,
        "salesEnabledFlag": True,
        **item.fields,
        "createdDate": stamp(house, item.created_at),
        "updatedDate": stamp(house, item.updated_at),
    }


def _company(call: Call) -> Json:
    code = call.house.settings.business_unit
    return {
        "self": business_unit_ref(call.house, call.base),
        "code": code,
        "name": code.title(),
        "createdDate": stamp(call.house, call.house.opened),
    }


def _facility(call: Call, facility: Facility) -> Json:
    return {
        "self": facility_ref(facility, call.base),
        "number": facility.number,
        "name": facility.settings.name,
        "type": "Distribution Center",
        "isVirtual": False,
        "timeZone": facility.settings.time_zone,
        "address": {"line1": "1 Example Quay", "city": "Lille", "postalCode": "59000", "country": "France"},
        "enableShipToCustomer": facility.settings.eligible,
        "createdDate": stamp(call.house, facility.created_at),
    }


def _found_items(call: Call) -> list[int]:
    house = call.house
    if call.first("businessUnit") not in (None, house.settings.business_unit):
        return []
    since, until = moment_filter(call, "updatedAfter"), house.indexed_until(call.beta)
    name = call.first("name")
    if number := call.first("number"):
        named = house.item_by_number.get(number)
        ids: Iterable[int] = [named.id] if named else []
    else:
        ids = house.items if since is None else house.item_changes.after(since)
    items = (house.items[item_id] for item_id in ids)
    return [
        item.id
        for item in items
        if (item.created_at <= until or item.created_at <= house.opened)
        and (since is None or item.updated_at >= since)
        and name in (None, item.name)
    ]


def _upc_of(sent: Json) -> str | None:
    upcs = sent.get("upcs")
    rows = upcs.get("data") if isinstance(upcs, dict) else None
    first = rows[0] if isinstance(rows, list) and rows else None
    return str(first["value"]) if isinstance(first, dict) and first.get("value") else None


ROUTES: Routes = {
    ("GET", "/companies"): Operation("companies/read", list_companies),
    ("GET", "/companies/{}"): Operation("companies/read", get_company),
    ("GET", "/facilities"): Operation("facilities/read", list_facilities),
    ("GET", "/facilities/{}"): Operation("facilities/read", get_facility),
    ("GET", "/items"): Operation("items/read", list_items),
    ("POST", "/items"): Operation("items/write", save_item),
    ("GET", "/items/{}"): Operation("items/read", get_item),
}
