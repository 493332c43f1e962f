"""From a V1 order document to a draft: other names, mandatory address parts, the schema's sequence.

Contract 11.5. Only simple fields are kept; the lengths of V2 hold here too.
"""

from collections.abc import Iterable
from typing import Any

from integration_pipelines.sandbox.deposco import validation
from integration_pipelines.sandbox.deposco.house import House
from integration_pipelines.sandbox.deposco.reading import amount, parse_moment, whole_units
from integration_pipelines.sandbox.deposco.records import LineDraft, OrderDraft, RefusalError, Status
from integration_pipelines.sandbox.deposco.v1.tree import Tree, as_list

HEADER_SEQUENCE = (
    "businessUnit",
    "facility",
    "zoneNumber",
    "number",
    "type",
    "status",
    "orderPriority",
    "otherReferenceNumber",
    "importReference",
    "shipToAddress",
    "billToAddress",
    "freight",
    "shipMethod",
    "shipVendor",
    "shipVia",
    "returnShipVia",
    "dropShip",
    "orderSource",
    "secondaryOrderSource",
    "tradingPartner",
    "customerOrderNumber",
    "shipToEmail",
    "orderSubTotal",
    "orderShipTotal",
    "orderShippingTotal",
    "orderTaxTotal",
    "orderTotal",
    *(f"customAttribute{place}" for place in range(1, 8)),
    "relatedOrderNumber",
    "notes",
    "customFields",
    "channels",
    "orderLines",
    "payments",
    "currencyCode",
    "parentOrderNumber",
    "deliveryConfirmation",
    "placedDate",
    "plannedShipDate",
    "plannedArrivalDate",
    "plannedReleaseDate",
    "cancelByShipDate",
    "earliestShipDate",
    "actualShipDate",
    "shippingStatus",
    "dutyPaidBy",
    "residentialDelivery",
    "incotermsType",
)
LINE_SEQUENCE = (
    "businessUnit",
    "lineNumber",
    "customerLineNumber",
    "importReference",
    "lineStatus",
    "orderPackQuantity",
    "itemNumber",
    "itemExternalReference",
    "pack",
    "unitPrice",
    "shippingAmount",
    "taxCost",
    "discountAmount",
    "lotNumber",
    "customAttribute1",
    "customAttribute2",
    "customAttribute3",
    "customFields",
    "notes",
    "plannedShipDate",
)
_ADDRESS = {  # V1 → V2
    "addressLine1": "line1",
    "addressLine2": "line2",
    "addressLine3": "line3",
    "addressLine4": "line4",
    "city": "city",
    "stateProvinceCode": "stateProvince",
    "postalCode": "postalCode",
    "countryCode": "country",
}
_REQUIRED_ADDRESS = ("addressLine1", "city", "stateProvinceCode", "postalCode", "countryCode")
_SAME_TEXTS = (
    *(name for name in validation.HEADER_LENGTHS if name != "number"),
    "dutyPaidBy",
    "currencyCode",
    "parentOrderNumber",
)
_AMOUNTS = {"orderTotal": "orderTotal", "orderSubTotal": "orderSubtotal", "orderTaxTotal": "orderTaxTotal"}
_AMOUNTS |= {"orderShippingTotal": "orderShippingTotal"}


RETURN_TYPE = "Customer Return"


class MissingItemsError(RefusalError):
    """Items, or packs of them, that do not exist; `draft` has the lines that do."""

    def __init__(self, draft: OrderDraft, items: list[str], packs: list[str]) -> None:
        found = [("missingItems", items), ("missingPacks", packs)]
        super().__init__(404, *(f"{name}: {', '.join(numbers)}" for name, numbers in found if numbers))
        self.draft = draft


def read_order(house: House, sent: Tree, *, ordered: bool) -> OrderDraft:
    """A draft; with `ordered` the elements must come in the schema's sequence.

    Raises:
        MissingItemsError: everything else is sound.
        RefusalError: one or more faults.
    """
    faults: list[str] = []
    if ordered and house.settings.answers.strict_sequence:
        _require_sequence(sent)
    if sent.get("businessUnit") != house.settings.business_unit:
        faults.append(f"businessUnit '{sent.get('businessUnit')}' not found")
    for name in ("number", "type", "status"):
        if not isinstance(sent.get(name), str) or not sent[name]:
            faults.append(f"{name} is required")
    if sent.get("type") and sent["type"] != "Sales Order":
        faults.append(f"type '{sent['type']}' is not supported")
    header = _read_header(sent, faults)
    faults += validation.order_faults({"number": sent.get("number"), **header}, house.settings)
    draft = OrderDraft(str(sent.get("number")), header, _status(sent, faults), notes=_notes(sent))
    facility = sent.get("facility")
    if facility:
        draft.facility = house.facilities.get(str(facility))
        faults += [] if draft.facility else [f"facility '{facility}' not found"]
    lines, missing_items, missing_packs = _read_lines(house, sent, faults)
    draft.lines = lines
    if faults:
        raise RefusalError(400, *faults)
    if missing_items or missing_packs:
        raise MissingItemsError(draft, missing_items, missing_packs)
    return draft


def read_return(
    house: House, sent: Tree, *, ordered: bool
) -> tuple[OrderDraft, dict[str, list[dict[str, Any]]]]:
    """A draft of a customer return, and the notes of its lines by line number; it is shipped nowhere.

    Raises:
        RefusalError: one or more faults.
    """
    faults: list[str] = []
    if ordered and house.settings.answers.strict_sequence:
        _require_sequence(sent)
    if sent.get("businessUnit") != house.settings.business_unit:
        faults.append(f"businessUnit '{sent.get('businessUnit')}' not found")
    faults += [f"{name} is required" for name in ("number", "status") if not sent.get(name)]
    header: Tree = {
        name: str(sent[name]) for name in _SAME_TEXTS if sent.get(name) and not isinstance(sent[name], dict)
    }
    faults += validation.order_faults({"number": sent.get("number"), **header}, house.settings)
    draft = OrderDraft(str(sent.get("number")), header, _status(sent, faults))
    if facility := sent.get("facility"):
        draft.facility = house.facilities.get(str(facility))
        faults += [] if draft.facility else [f"facility '{facility}' not found"]
    draft.lines, missing_items, missing_packs = _read_lines(house, sent, faults)
    faults += [f"item '{number}' not found" for number in (*missing_items, *missing_packs)]
    if faults:
        raise RefusalError(400, *faults)
    rows = as_list(sent["orderLines"]["orderLine"])
    return draft, {str(row["lineNumber"]): _notes(row) for row in rows}


def warnings_of(house: House, draft: OrderDraft) -> list[str]:
    """What is stored all the same."""
    via = draft.header.get("shipVia")
    return ["ship via not mapped"] if via and via not in house.settings.ship_vias else []


def _read_header(sent: Tree, faults: list[str]) -> Tree:
    header: Tree = {
        name: str(sent[name]) for name in _SAME_TEXTS if sent.get(name) and not isinstance(sent[name], dict)
    }
    for name in ("placedDate", "plannedShipDate", "plannedArrivalDate", "earliestShipDate"):
        if sent.get(name):
            header[name] = str(sent[name])
            if parse_moment(header[name]) is None:
                faults.append(f"{name} is not a date")
    for name, stored in _AMOUNTS.items():
        if sent.get(name):
            value = amount(sent[name])
            faults += [f"{name} is not a number"] if value is None else []
            header[stored] = value or 0
    freight = sent.get("freight")
    if isinstance(freight, dict) and freight.get("termsType"):
        header["freightTermsType"] = str(freight["termsType"])
    address = sent.get("shipToAddress")
    if not isinstance(address, dict):
        faults.append("shipToAddress is required")
    else:
        _read_address(address, header, faults)
    return header


def _read_address(sent: Tree, header: Tree, faults: list[str]) -> None:
    faults += [f"shipToAddress.{name} is required" for name in _REQUIRED_ADDRESS if name not in sent]
    first, _, last = str(sent.get("name") or sent.get("contactName") or "").rpartition(" ")
    contact = {"firstName": first, "lastName": last}
    contact |= {name: str(sent[name]) for name in ("phone", "email") if sent.get(name)}
    address = {ours: str(sent[theirs]) for theirs, ours in _ADDRESS.items() if sent.get(theirs)}
    faults += validation.contact_faults("shipToAddress", contact)
    faults += validation.address_faults("shipToAddress", address)
    header["shipToContact"], header["shipToAddress"] = contact, address


def _read_lines(house: House, sent: Tree, faults: list[str]) -> tuple[list[LineDraft], list[str], list[str]]:
    wrapped = sent.get("orderLines")
    rows = as_list(wrapped.get("orderLine")) if isinstance(wrapped, dict) else []
    if not rows:
        faults.append("orderLines is required")
    lines: list[LineDraft] = []
    missing_items: list[str] = []
    missing_packs: list[str] = []
    for row in rows:
        if not isinstance(row, dict):
            raise RefusalError(400)  # a malformed block is answered without a word
        item_number = str(row.get("itemNumber") or "")
        item = house.item_by_number.get(item_number)
        quantity = whole_units(row.get("orderPackQuantity"))
        if not row.get("lineNumber"):
            faults.append("orderLine.lineNumber is required")
        if quantity is None:
            faults.append("orderLine.orderPackQuantity must be greater than 0")
        faults += validation.line_faults(row)
        if item is None:
            missing_items.append(item_number)
        elif not _is_each_of_one(row.get("pack")):
            missing_packs.append(item_number)
        else:
            customer_line = row.get("customerLineNumber")
            fields = {name: str(row[name]) for name in validation.LINE_FIELDS if row.get(name)}
            price = amount(row.get("unitPrice"))
            lines.append(
                LineDraft(
                    str(row.get("lineNumber")),
                    item,
                    quantity,
                    str(customer_line) if customer_line else None,
                    price,
                    fields,
                )
            )
    return lines, missing_items, missing_packs


def _is_each_of_one(pack: Any) -> bool:
    """`pack.quantity` is the pack's size: whoever copies the order quantity there names a pack we lack."""
    return pack is None or (isinstance(pack, dict) and amount(pack.get("quantity")) == 1)


def _status(sent: Tree, faults: list[str]) -> Status | None:
    if sent.get("status") not in (None, "", Status.NEW, Status.HOLD, Status.DRAFT):
        faults.append(f"status '{sent['status']}' is not allowed on import")
        return None
    return Status(sent["status"]) if sent.get("status") else None


def _notes(sent: Tree) -> list[Tree]:
    wrapped = sent.get("notes")
    rows = as_list(wrapped.get("note")) if isinstance(wrapped, dict) else []
    names = ("title", "body", "source")
    return [
        {name: str(row[name]) for name in names if row.get(name)} for row in rows if isinstance(row, dict)
    ]


def _require_sequence(sent: Tree) -> None:
    """The complaint of a schema validator, for the first element that is out of place."""
    _in_order(sent, HEADER_SEQUENCE)
    wrapped = sent.get("orderLines")
    for row in as_list(wrapped.get("orderLine")) if isinstance(wrapped, dict) else []:
        if isinstance(row, dict):
            _in_order(row, LINE_SEQUENCE)


def _in_order(names: Iterable[str], sequence: tuple[str, ...]) -> None:
    reached = 0
    for name in names:
        place = sequence.index(name) if name in sequence else -1
        if place < reached:
            raise RefusalError(
                400, f"cvc-complex-type.2.4: invalid content was found starting with element '{name}'"
            )
        reached = place
