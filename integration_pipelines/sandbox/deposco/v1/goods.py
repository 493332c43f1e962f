"""V1 items and availability: the only place where Deposco tells quantities (contract 9 and 10).

A measure that is missing means unknown, never zero; available to promise may be negative; a page beyond
the last is JSON `null` or empty. Enterprise inventory labels its JSON as XML. Goods that were blocked do
not count as activity, so `startActivityTime` misses them.
"""

import re
from collections.abc import Iterable
from dataclasses import replace

from integration_pipelines.sandbox.deposco.house import House
from integration_pipelines.sandbox.deposco.item_intake import UpcTakenError, write_item
from integration_pipelines.sandbox.deposco.reading import parse_moment
from integration_pipelines.sandbox.deposco.records import Facility, Item, Level, RefusalError
from integration_pipelines.sandbox.deposco.v1.tree import Tree, as_list
from integration_pipelines.sandbox.deposco.v1.web import (
    Call,
    Operation,
    Outcome,
    Routes,
    decimals,
    document,
    json_document,
    multistatus,
    plain,
    records_of,
)
from integration_pipelines.sandbox.wire import Answer, json_answer

_FULL_PAGE = 100
_LARGEST_PAGE = 999
# The measure of enterprise inventory that each figure of the full inventory is.
_FULL_MEASURES = {
    "total": "totalOnHandQty",
    "availableToPromise": "atpQty",
    "unallocated": "totalOnHandQty",
    "allocated": "totalOnHandQty",
}


def get_item(call: Call) -> Answer:
    item = _item(call)
    return document(call, "items", "item", {"item": [_item_tree(call.house, item)]})


def put_item(call: Call) -> Answer:
    (record,), _ = records_of(call, "item")
    outcome = _store_item(call.house, {**record, "number": call.parts[0]})
    if outcome.errors:
        raise RefusalError(outcome.status, *outcome.errors)
    return plain(outcome.status, outcome.description)


def update_items(call: Call) -> Answer:
    records, _ = records_of(call, "item")
    return multistatus(call, [_store_item(call.house, record) for record in records], "item")


def full_inventory(call: Call) -> Answer:
    """`/inventory/full`: numbers as decimal texts, per facility; only items with activity since a moment."""
    house = call.house
    since = call.first("startActivityTime")
    begins = parse_moment(since) if since else None
    if since and begins is None:
        raise RefusalError(400, f"startActivityTime '{since}' is not yyyy-MM-ddTHH:mm:ssZ")
    ids: Iterable[int] = house.items if begins is None else sorted(house.stock_changes.after(begins))
    wanted = call.first("facilityNumber")
    if wanted is not None:
        ids = (item_id for item_id in ids if wanted in house.items[item_id].levels)
    rows = [_full(house, item_id, wanted) for item_id in _page(call, "pageNo", [*ids])]
    if not rows and house.settings.answers.end_of_inventory == "null":
        return json_answer(200, None)
    return json_document(call, {"itemInventory": rows})


def enterprise_inventory(call: Call) -> Answer:
    """`/enterpriseinventory/…/availability`: asked for by number, the object comes inside a list."""
    house = call.house
    if call.parts and call.parts[0] != house.settings.business_unit:
        raise RefusalError(403, f"No access to business unit {call.parts[0]}")
    asked = (call.first("measures") or "atpQty").split(",")
    measures = [name for name in asked if name in house.settings.measures]
    facilities = set((call.first("facilityNumbers") or "").split(",")) - {""}
    numbers = [number for number in (call.first("itemNumbers") or "").split(",") if number]
    if numbers:
        ids = [house.item_by_number[number].id for number in numbers if number in house.item_by_number]
    else:
        ids = [*house.items]
    rows = [
        _enterprise(house, house.items[item_id], measures, facilities)
        for item_id in _page(call, "pageNumber", ids)
    ]
    told: object = {"enterpriseInventory": rows}
    answered = json_answer(200, [told] if numbers else told)
    return replace(answered, headers={"content-type": "application/xml"})


def list_atps(call: Call) -> Answer:
    """All items, no facility; a page of JSON or XML."""
    rows = [_atp(item) for item in call.house.items.values()]
    return document(call, "itemATPs", "itematp", {"itemATP": rows})


def get_atps(call: Call) -> Answer:
    """Unlike the item itself, an unknown number gives an empty document."""
    item = call.house.item_by_number.get(call.parts[-1])
    return document(call, "itemATPs", "itematp", {"itemATP": [_atp(item)] if item else []})


def get_atp(call: Call) -> Answer:
    return plain(200, str(_total(_item(call)).available_to_promise))


def _item(call: Call) -> Item:
    item = call.house.item_by_number.get(call.parts[-1])
    if item is None or (len(call.parts) == 2 and call.parts[0] != call.house.settings.business_unit):
        raise RefusalError(404, f"Item {call.parts[-1]} not found")
    return item


def _store_item(house: House, record: Tree) -> Outcome:
    number = str(record.get("number") or "")
    upcs = record.get("upcs")
    codes = as_list(upcs.get("upc")) if isinstance(upcs, dict) else []
    code = codes[0].get("value") if codes and isinstance(codes[0], dict) else None
    known = number in house.item_by_number
    if not number:
        return Outcome(400, number, "rejected", ["number is required"])
    try:
        write_item(house, number, record, str(code) if code else None)
    except UpcTakenError as refusal:
        return Outcome(409, number, "rejected", [*refusal.messages])
    except RefusalError as refusal:
        return Outcome(refusal.status, number, "rejected", [*refusal.messages])
    return Outcome(200 if known else 201, number, "updated" if known else "created")


def _item_tree(house: House, item: Item) -> Tree:
    return {
        "businessUnit": house.settings.business_unit,
        "number": item.number,
        "name": item.name,
        "packs": {"pack": [{"type": "Each", "quantity": "1"}]},
        "upcs": {"upc": [{"value": item.upc}] if item.upc else []},
        "shippable": "true",
    }


def _page(call: Call, parameter: str, ids: list[int]) -> list[int]:
    number, size = _counted(call, parameter, 1), min(_counted(call, "pageSize", _FULL_PAGE), _LARGEST_PAGE)
    return ids[(number - 1) * size : number * size]


def _counted(call: Call, name: str, otherwise: int) -> int:
    text = call.first(name) or str(otherwise)
    if not re.fullmatch(r"\d{1,7}", text) or int(text) == 0:
        raise RefusalError(400, f"{name} '{text}' is not a positive number")
    return int(text)


def _full(house: House, item_id: int, facility: str | None) -> Tree:
    item = house.items[item_id]
    rows = [
        {"facility": number, "inventory": _balance(held, house.facilities[number])}
        for number, held in item.levels.items()
        if facility in (None, number)
    ]
    return {"itemNumber": item.number, "facilityInventory": rows}


def _balance(held: Level, facility: Facility) -> Tree:
    figures = {
        "total": held.on_hand,
        "availableToPromise": held.available_to_promise,
        "unallocated": held.on_hand - held.allocated,
        "allocated": held.allocated,
    }
    told = _told_by(facility, [*_FULL_MEASURES.values()])
    return {name: decimals(units) for name, units in figures.items() if _FULL_MEASURES[name] in told}


def _enterprise(house: House, item: Item, measures: list[str], facilities: set[str]) -> Tree:
    """Totals beside the facilities; what was never held there has no figures at all."""
    row: Tree = {"itemId": item.id, "itemNumber": item.number}
    levels = {number: held for number, held in item.levels.items() if not facilities or number in facilities}
    if levels:
        row |= _measured(_sum(levels.values()), measures)
    row["facilities"] = [
        {"facility": number, **_measured(held, _told_by(house.facilities[number], measures))}
        for number, held in levels.items()
    ]
    return row


def _told_by(facility: Facility, measures: list[str]) -> list[str]:
    own = facility.settings.measures
    return measures if own is None else [name for name in measures if name in own]


def _measured(held: Level, measures: list[str]) -> Tree:
    known = {
        "atpQty": held.available_to_promise,
        "totalAtp": held.available_to_promise,
        "totalOnHandQty": held.on_hand,
        "openOrderLineQty": held.promised,
        "committed": held.allocated,
    }
    return {name: known[name] for name in measures if name in known}


def _atp(item: Item) -> Tree:
    held = _total(item)
    return {
        "@itemNumber": item.number,
        "@availableToPromise": str(held.available_to_promise),
        "@quantityOnBackOrdered": str(max(-held.available_to_promise, 0)),
        "@totalItems": str(held.on_hand),
    }


def _total(item: Item) -> Level:
    return _sum(item.levels.values())


def _sum(levels: Iterable[Level]) -> Level:
    held = [*levels]
    return Level(
        sum(one.on_hand for one in held),
        sum(one.promised for one in held),
        sum(one.allocated for one in held),
        sum(one.blocked for one in held),
    )


ROUTES: Routes = {
    ("GET", "/items/atps"): Operation("items", list_atps),
    ("POST", "/items/updates"): Operation("items", update_items),
    ("GET", "/items/*"): Operation("items", get_item),
    ("PUT", "/items/*"): Operation("items", put_item),
    ("GET", "/items/*/atps"): Operation("items", get_atps),
    ("GET", "/items/*/atp"): Operation("items", get_atp),
    ("GET", "/items/*/*"): Operation("items", get_item),
    ("GET", "/items/*/*/atps"): Operation("items", get_atps),
    ("GET", "/inventory/full"): Operation("inventory", full_inventory),
    ("GET", "/enterpriseinventory/availability"): Operation("enterpriseinventory", enterprise_inventory),
    ("GET", "/enterpriseinventory/*/availability"): Operation("enterpriseinventory", enterprise_inventory),
}
