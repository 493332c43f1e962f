"""From the JSON of a sales order to a draft: what is required, what is refused, what vanishes.

Contract 11.1. Every fault is collected and told at once. References may be by id or by business key,
whose dotted names are literal keys; an item or facility that does not exist answers 404.
"""

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from integration_pipelines.sandbox.deposco import validation
from integration_pipelines.sandbox.deposco.house import COMPANY_ID, House
from integration_pipelines.sandbox.deposco.lifecycle import MOST_LINES
from integration_pipelines.sandbox.deposco.reading import amount, parse_moment, whole_units
from integration_pipelines.sandbox.deposco.records import (
    Facility,
    Item,
    LineDraft,
    OrderDraft,
    RefusalError,
    Status,
)
from integration_pipelines.sandbox.deposco.v2.web import Json

_WRITABLE_STATUSES = (Status.NEW, Status.HOLD)
_REQUIRED = ("shipToContact", "shipToAddress")


def read_business_unit(house: House, sent: Json) -> None:
    """The reference that every write carries.

    Raises:
        RefusalError: it is missing, or is not the tenant's.
    """
    ref = sent.get("businessUnit")
    if not isinstance(ref, dict):
        raise RefusalError(400, "businessUnit may not be null")
    if ref.get("id") == COMPANY_ID or _key(ref).get("code") == house.settings.business_unit:
        return
    raise RefusalError(403, "The application has no access to this business unit")


def read_order(house: House, sent: Json, *, new: bool) -> OrderDraft:
    """A draft for creating (`new`: required fields count) or for changing.

    Raises:
        RefusalError: one or more faults, or something referred to does not exist.
    """
    faults: list[str] = []
    header = _read_header(sent, faults)
    faults += validation.order_faults({"number": sent.get("number"), **header}, house.settings)
    for name in _REQUIRED if new else ():
        if name not in header:
            faults.append(f"{name} may not be null")
    lines = _read_lines(house, sent.get("orderLines"), faults)
    if new and not lines:
        faults.append("orderLines may not be empty")
    status = _read_status(sent.get("orderStatus"), faults)
    notes = [_texts(note, ("title", "body", "source")) for note in _objects(sent.get("notes"))]
    faults += [fault for note in notes for fault in validation.note_faults(note)]
    if faults:
        raise RefusalError(400, *faults)
    facility = find_facility(house, sent["shipFromFacility"]) if sent.get("shipFromFacility") else None
    number = sent.get("number")
    return OrderDraft(str(number), header, status, facility, lines, notes)


def find_item(house: House, ref: Any) -> Item:
    """The item that an EntityRef means.

    Raises:
        RefusalError: there is none; numbers are compared exactly.
    """
    if isinstance(ref, dict) and isinstance(ref.get("id"), int):
        item = house.items.get(ref["id"])
        wanted: Any = ref["id"]
    else:
        wanted = _key(ref).get("number")
        item = house.item_by_number.get(wanted) if isinstance(wanted, str) else None
        if _key(ref).get("businessUnit.code") != house.settings.business_unit:
            item = None
    if item is None:
        raise RefusalError(404, f"Item {wanted} not found")
    return item


def find_facility(house: House, ref: Any) -> Facility:
    """The facility that an EntityRef means.

    Raises:
        RefusalError: there is none.
    """
    wanted = ref.get("id") if isinstance(ref, dict) else None
    number = _key(ref).get("number")
    for facility in house.facilities.values():
        if facility.id == wanted or facility.number == number:
            return facility
    raise RefusalError(404, f"Facility {number or wanted} not found")


def _read_header(sent: Json, faults: list[str]) -> Json:
    header: Json = {}
    for name in validation.HEADER_FIELDS:
        if sent.get(name) is not None:
            header[name] = sent[name]
    for name in (*validation.HEADER_LENGTHS, *validation.HEADER_ENUMS):
        if name != "number" and name in header and not isinstance(header[name], str):
            header[name] = str(header[name])
    for name in (*validation.AMOUNTS, "orderPriority"):
        _keep_number(header, name, faults)
    for name in validation.FLAGS:
        if name in header and not isinstance(header[name], bool):
            faults.append(f"{name} must be true or false")
    for name in validation.MOMENTS:
        if name in header and parse_moment(str(header[name])) is None:
            faults.append(f"{name} is not an ISO 8601 timestamp")
    if sent.get("customFields") is not None:
        header["customFields"] = _objects(sent["customFields"])
    for path in ("shipToContact", "billToContact"):
        if isinstance(contact := sent.get(path), dict):
            header[path] = _texts(contact, validation.CONTACT_LENGTHS)
            faults += validation.contact_faults(path, header[path])
    for path in ("shipToAddress", "billToAddress"):
        if isinstance(address := sent.get(path), dict):
            header[path] = _texts(address, (*validation.ADDRESS_LENGTHS, "country"))
            faults += validation.address_faults(path, header[path])
    return header


def _read_lines(house: House, sent: Any, faults: list[str]) -> list[LineDraft] | None:
    if sent is None:
        return None
    rows = _objects(sent.get("data")) if isinstance(sent, dict) else None
    if rows is None:
        raise RefusalError(400, "orderLines must be an object with data")
    if len(rows) > MOST_LINES:
        raise RefusalError(400, f"An order may be posted with at most {MOST_LINES} lines at a time")
    numbers = [row.get("lineNumber") for row in rows]
    if len({str(number) for number in numbers}) < len(numbers):
        faults.append("orderLines.lineNumber must be unique")
    return [line for row in rows if (line := _read_line(house, row, faults)) is not None]


def _read_line(house: House, row: Json, faults: list[str]) -> LineDraft | None:
    missing = [name for name in ("lineNumber", "item", "pack", "orderPackQuantity") if row.get(name) is None]
    if missing:
        faults += [f"orderLines.{name} may not be null" for name in missing]
        return None
    quantity = whole_units(row["orderPackQuantity"])
    if quantity is None:
        faults.append("orderLines.orderPackQuantity must be greater than 0")
    faults += validation.line_faults(row)
    fields: Json = {name: str(row[name]) for name in validation.LINE_FIELDS if row.get(name) is not None}
    for name in validation.LINE_AMOUNTS:
        if row.get(name) is not None and amount(row[name]) is None:
            faults.append(f"orderLines.{name} is not a number")
        elif row.get(name) is not None and name != "unitPrice":
            fields[name] = float(row[name])
    item = find_item(house, row["item"])
    _check_pack(house, row["pack"], item)
    customer_line = row.get("customerLineNumber")
    return LineDraft(
        str(row["lineNumber"]),
        item,
        quantity,
        None if customer_line is None else str(customer_line),
        amount(row.get("unitPrice")),
        fields,
    )


def _check_pack(house: House, ref: Any, item: Item) -> None:
    """The only pack is the Each of 1; its id is the item's."""
    if isinstance(ref, dict) and isinstance(ref.get("id"), int):
        found = ref["id"] == item.id
    else:
        key = _key(ref)
        found = key.get("item.number") == item.number and amount(key.get("quantity")) == 1
    if not found:
        raise RefusalError(404, f"Pack of item {item.number} not found")


def _read_status(value: Any, faults: list[str]) -> Status | None:
    if value is None:
        return None
    if value not in _WRITABLE_STATUSES:
        faults.append("orderStatus must be one of New, Hold")
        return None
    return Status(value)


def _keep_number(header: Json, name: str, faults: list[str]) -> None:
    if name not in header:
        return
    number = amount(header[name])
    if number is None:
        faults.append(f"{name} is not a number")
    header[name] = Decimal(0) if number is None else number


def _texts(sent: Json, names: Iterable[str]) -> Json:
    return {name: str(sent[name]) for name in names if sent.get(name) is not None}


def _key(ref: Any) -> Json:
    key = ref.get("businessKey") if isinstance(ref, dict) else None
    return key if isinstance(key, dict) else {}


def _objects(value: Any) -> list[Json]:
    return [row for row in value if isinstance(row, dict)] if isinstance(value, list) else []
