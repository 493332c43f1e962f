"""Which fact of an order or return goes into which field of Deposco's, as data, and how long each may be.

A field's place is a path with `/` between the keys, because Deposco's business keys have dots in their
names (Deposco §3.1). A fact is one of `composing.py`'s; `=text` is a constant. V1's order of fields is
the schema's sequence and must stay (Deposco §11.5).
"""

from collections.abc import Mapping

V2_HEADER: Mapping[str, str] = {
    "businessUnit/businessKey/code": "business_unit",
    "number": "number",
    "orderStatus": "initial_status",
    "orderSource": "order_source",
    "customerOrderNumber": "marketplace_order",
    "importReference": "number",
    "placedDate": "placed_at",
    "plannedShipDate": "ship_by",
    "shipVia": "ship_via",
    "shipVendor": "ship_vendor",
    "shipMethod": "ship_method",
    "freightTermsType": "freight_terms",
    "shipFromFacility/businessKey/number": "facility",
    "orderTotal": "total",
    "orderShippingTotal": "shipping_total",
    "shipToContact/firstName": "first_name",
    "shipToContact/lastName": "last_name",
    "shipToContact/phone": "phone",
    "shipToContact/email": "email",
    "shipToAddress/line1": "line_1",
    "shipToAddress/line2": "line_2",
    "shipToAddress/line3": "line_3",
    "shipToAddress/line4": "line_4",
    "shipToAddress/city": "city",
    "shipToAddress/stateProvince": "state",
    "shipToAddress/postalCode": "postal_code",
    "shipToAddress/country": "country",
}

V2_LINE: Mapping[str, str] = {
    "lineNumber": "line_number",
    "customerLineNumber": "line_id",
    "item/businessKey/number": "sku",
    "item/businessKey/businessUnit.code": "business_unit",
    "pack/businessKey/item.number": "sku",
    "pack/businessKey/quantity": "pack_size",
    "pack/businessKey/item.businessUnit.code": "business_unit",
    "orderPackQuantity": "quantity",
    "unitPrice": "unit_price",
}

V1_HEADER: Mapping[str, str] = {
    "businessUnit": "business_unit",
    "facility": "facility",
    "number": "number",
    "type": "order_type",
    "status": "initial_status",
    "importReference": "number",
    "shipToAddress/name": "full_name",
    "shipToAddress/contactName": "full_name",
    "shipToAddress/email": "email",
    "shipToAddress/phone": "phone",
    "shipToAddress/addressLine1": "line_1",
    "shipToAddress/addressLine2": "line_2",
    "shipToAddress/addressLine3": "line_3",
    "shipToAddress/addressLine4": "line_4",
    "shipToAddress/city": "city",
    "shipToAddress/stateProvinceCode": "state",
    "shipToAddress/postalCode": "postal_code",
    "shipToAddress/countryCode": "country",
    "freight/termsType": "freight_terms",
    "shipMethod": "ship_method",
    "shipVendor": "ship_vendor",
    "shipVia": "ship_via",
    "orderSource": "order_source",
    "customerOrderNumber": "marketplace_order",
    "orderShippingTotal": "shipping_total",
    "orderTotal": "total",
    "notes/note": "notes",
    "orderLines/orderLine": "lines",
    "currencyCode": "currency",
    "placedDate": "placed_at",
    "plannedShipDate": "ship_by",
}

V1_LINE: Mapping[str, str] = {
    "businessUnit": "business_unit",
    "lineNumber": "line_number",
    "customerLineNumber": "line_id",
    "lineStatus": "initial_status",
    "orderPackQuantity": "quantity",
    "itemNumber": "sku",
    "pack/type": "pack_type",
    # The size of the pack, not the quantity ordered, which would multiply units (Deposco §11.5).
    "pack/quantity": "pack_size",
    "unitPrice": "unit_price",
}

V2_RETURN_HEADER: Mapping[str, str] = {
    "businessUnit/businessKey/code": "business_unit",
    "number": "number",
    "orderStatus": "initial_status",
    "orderSource": "order_source",
    "customerOrderNumber": "marketplace_order",
    "relatedOrderNumber": "related_order",
    "importReference": "number",
    "shipToFacility/businessKey/number": "facility",
}

V2_RETURN_LINE: Mapping[str, str] = {
    "lineNumber": "line_number",
    "customerLineNumber": "line_id",
    "item/businessKey/number": "sku",
    "item/businessKey/businessUnit.code": "business_unit",
    "pack/businessKey/item.number": "sku",
    "pack/businessKey/quantity": "pack_size",
    "pack/businessKey/item.businessUnit.code": "business_unit",
    "orderPackQuantity": "quantity",
    "notes": "notes",
}

# V1 documents no type of its own for returns: they are orders of another type (Deposco §11.5, §14).
V1_RETURN_HEADER: Mapping[str, str] = {
    "businessUnit": "business_unit",
    "facility": "facility",
    "number": "number",
    "type": "order_type",
    "status": "initial_status",
    "importReference": "number",
    "orderSource": "order_source",
    "customerOrderNumber": "marketplace_order",
    "relatedOrderNumber": "related_order",
    "orderLines/orderLine": "lines",
}

V1_RETURN_LINE: Mapping[str, str] = {
    "businessUnit": "business_unit",
    "lineNumber": "line_number",
    "customerLineNumber": "line_id",
    "orderPackQuantity": "quantity",
    "itemNumber": "sku",
    "pack/type": "pack_type",
    "pack/quantity": "pack_size",
    "notes/note": "notes",
}

#: Fields that the schema wants even when there is nothing to say.
V1_KEPT_EMPTY = frozenset({"shipToAddress/stateProvinceCode", "shipToAddress/postalCode"})

#: Longest values, by fact. V1 publishes none, so V2's count for both (Deposco §5, §11.1, §11.5).
LIMITS: Mapping[str, int] = {
    "number": 50,
    "marketplace_order": 50,
    "related_order": 50,
    "order_source": 100,
    "ship_via": 50,
    "ship_vendor": 50,
    "ship_method": 50,
    "facility": 20,
    "first_name": 30,
    "last_name": 30,
    "phone": 30,
    "email": 50,
    "line_1": 64,
    "line_2": 64,
    "line_3": 64,
    "line_4": 64,
    "city": 30,
    "state": 100,
    "postal_code": 20,
    "country": 2,
    "line_number": 55,
    "line_id": 100,
    "sku": 40,
    "note_title": 150,
}

#: These tell records apart: shortened, two of them could become one.
NEVER_SHORTENED = frozenset(
    {"number", "marketplace_order", "related_order", "line_number", "line_id", "sku", "country", "facility"}
)
