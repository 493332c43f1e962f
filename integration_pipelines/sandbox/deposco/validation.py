"""What an order or item must look like before Deposco stores it: lengths, enumerations, required fields.

Contract sections 5, 9 and 11.1; the limits of V2 hold for V1 too. Every fault is named with its path, in
Deposco's words, all of them in one answer.
"""

import re
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from integration_pipelines.sandbox.deposco.settings import DeposcoSettings

HEADER_LENGTHS: Mapping[str, int] = {
    "number": 50,
    "orderSource": 100,
    "secondaryOrderSource": 100,
    "customerOrderNumber": 50,
    "relatedOrderNumber": 50,
    "otherReferenceNumber": 50,
    "otherReferenceNumber2": 45,
    "importReference": 50,
    "exportReference": 50,
    "shipVia": 50,
    "shipVendor": 50,
    "shipMethod": 50,
    "freightBillToAccount": 50,
    "deliveryConfirmation": 45,
    **{f"customAttribute{place}": 100 for place in range(1, 8)},
}
CONTACT_LENGTHS: Mapping[str, int] = {"firstName": 30, "lastName": 30, "phone": 30, "email": 50}
ADDRESS_LENGTHS: Mapping[str, int] = {
    **{f"line{place}": 64 for place in range(1, 5)},
    "city": 30,
    "stateProvince": 100,
    "postalCode": 20,
}
LINE_LENGTHS: Mapping[str, int] = {
    "lineNumber": 55,
    "customerLineNumber": 100,
    "importReference": 50,
    "customAttribute1": 100,
    "customAttribute2": 100,
    "customAttribute3": 100,
}
ITEM_LENGTHS: Mapping[str, int] = {
    "number": 40,
    "name": 150,
    "shortDescription": 100,
    "brandName": 35,
    "productCode": 40,
    "colorName": 100,
    "size": 100,
    "styleName": 100,
    "styleNumber": 100,
    **{f"customAttribute{place}": 200 for place in range(1, 6)},
}
HEADER_ENUMS: Mapping[str, frozenset[str]] = {
    "freightTermsType": frozenset({"Prepaid", "Collect", "Third Party", "Consignee"}),
    "importType": frozenset({"Single", "Multi"}),
    "dutyPaidBy": frozenset({"DDU", "DDP"}),
    "sendASN": frozenset({"Yes", "Fully Shipped"}),
}
AMOUNTS = (
    "orderTotal",
    "orderSubtotal",
    "orderDiscountSubtotal",
    "orderShippingTotal",
    "orderTaxTotal",
)
FLAGS = ("residential", "saturdayDelivery", "insuranceRequired", "dropShip", "returnRequired")
MOMENTS = (
    "placedDate",
    "plannedReleaseDate",
    "plannedShipDate",
    "plannedArrivalDate",
    "earliestShipDate",
    "earliestDeliveryDate",
    "cancelByShipDate",
    "cancelByReleaseDate",
    "cancelByArrivalDate",
)
HEADER_FIELDS = (
    *(name for name in HEADER_LENGTHS if name != "number"),
    *HEADER_ENUMS,
    *AMOUNTS,
    *FLAGS,
    *MOMENTS,
    "orderPriority",
    "customFields",
)
LINE_FIELDS = ("importReference", "customAttribute1", "customAttribute2", "customAttribute3")
LINE_AMOUNTS = ("unitPrice", "discountAmount", "shippingAmount", "taxCost")
_LARGEST_AMOUNT = Decimal(10_000_000)
_MAILBOX = re.compile(r"[^@\s,;]+@[^@\s,;]+")
_OUTSIDE_BASIC_PLANE = re.compile("[\U00010000-\U0010ffff]")


def order_faults(header: Mapping[str, Any], settings: DeposcoSettings) -> Iterator[str]:
    """Faults of the header fields that are present."""
    yield from too_long("", header, HEADER_LENGTHS)
    for name, allowed in HEADER_ENUMS.items():
        if (value := header.get(name)) is not None and value not in allowed:
            yield f"{name} must be one of {', '.join(sorted(allowed))}"
    for name in AMOUNTS:
        if (value := header.get(name)) is not None and not 0 <= value <= _LARGEST_AMOUNT:
            yield f"{name} must be between 0 and 10000000"
    priority = header.get("orderPriority")
    if priority is not None and not 0 <= priority <= 5:
        yield "orderPriority must be between 0 and 5"
    source = header.get("orderSource")
    if source is not None and settings.order_sources and source not in settings.order_sources:
        yield f"orderSource '{source}' is not configured"
    for field in header.get("customFields") or ():
        yield from too_long("customFields.", field, {"name": 200, "value": 300})


def contact_faults(path: str, contact: Mapping[str, Any]) -> Iterator[str]:
    yield from too_long(f"{path}.", contact, CONTACT_LENGTHS)
    mail = contact.get("email")
    if mail and not _MAILBOX.fullmatch(mail):
        yield f"{path}.email must be a single well-formed email address"


def address_faults(path: str, address: Mapping[str, Any]) -> Iterator[str]:
    yield from too_long(f"{path}.", address, ADDRESS_LENGTHS)
    country = address.get("country")
    if country is not None and not re.fullmatch(r"[A-Z]{2}", country):
        yield f"{path}.country must be an ISO 3166 alpha-2 code"


def line_faults(fields: Mapping[str, Any]) -> Iterator[str]:
    yield from too_long("orderLines.", fields, LINE_LENGTHS)


def item_faults(fields: Mapping[str, Any]) -> Iterator[str]:
    yield from too_long("", fields, ITEM_LENGTHS)
    if _OUTSIDE_BASIC_PLANE.search(fields.get("shortDescription") or ""):
        yield "shortDescription contains unsupported characters"


def note_faults(note: Mapping[str, Any]) -> Iterator[str]:
    if not note.get("title"):
        yield "notes.title may not be null"
    yield from too_long("notes.", note, {"title": 150, "source": 30})


def too_long(path: str, fields: Mapping[str, Any], limits: Mapping[str, int]) -> Iterator[str]:
    """`path` ends in a dot or is empty."""
    for name, longest in limits.items():
        value = fields.get(name)
        if isinstance(value, str) and len(value) > longest:
            yield f"{path}{name} size must be between 0 and {longest}"
