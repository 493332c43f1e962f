"""What we restate of the vendor's document about shipments, returns and refunds (Mirakl §2.7, §2.10, §3, §7).

Tests check against this part everywhere, and against the vendor's own document too where it is at hand.
"""

from collections.abc import Iterator
from typing import Any

from integration_pipelines_tests.vendor_document import DOCUMENT, Contract, vendor_contract

_Schema = dict[str, Any]
_TEXT: _Schema = {"type": "string"}
_COUNT: _Schema = {"type": "integer"}
_AMOUNT: _Schema = {"type": "number"}
_FLAG: _Schema = {"type": "boolean"}


def _list(items: _Schema) -> _Schema:
    return {"type": "array", "items": items}


def _fields(**schemas: _Schema) -> _Schema:
    """An object; the name of what must be there ends with `__`."""
    return {
        "type": "object",
        "required": [name.removesuffix("__") for name in schemas if name.endswith("__")],
        "properties": {name.removesuffix("__"): schema for name, schema in schemas.items()},
    }


_CARRIER = {
    "carrier_code": _TEXT,
    "carrier_name": _TEXT,
    "carrier_standard_code": _TEXT,
    "tracking_number": _TEXT,
}
_TRACKING = _fields(**_CARRIER, tracking_url=_TEXT)
_BY_ID = _list(_fields(id__=_TEXT))
_TAXES = _list(_fields(code__=_TEXT, amount__=_AMOUNT))
_PARCEL = _fields(
    order_id__=_TEXT,
    shipment_lines__=_list(
        _fields(order_line_id__=_TEXT, quantity__=_COUNT, package_reference=_TEXT, offer_sku=_TEXT)
    ),
    shipped=_FLAG,
    tracking=_TRACKING,
    invoice_reference=_TEXT,
    shipping_from=_fields(warehouse=_fields(code=_TEXT)),
    shipment_additional_information=_list(_fields(code=_TEXT, type=_TEXT, value=_TEXT)),
)
_REFUND = _fields(
    order_line_id__=_TEXT,
    amount__=_AMOUNT,
    shipping_amount__=_AMOUNT,
    reason_code__=_TEXT,
    quantity=_COUNT,
    currency_iso_code=_TEXT,
    taxes=_TAXES,
    shipping_taxes=_TAXES,
    fees=_list(_fields(code=_TEXT, amount=_AMOUNT)),
    excluded_from_shipment=_FLAG,
)
_JUDGED = _fields(
    order_line_id__=_TEXT,
    compliant__=_FLAG,
    non_compliance_reason_code=_TEXT,
    non_compliance_additional_info=_TEXT,
)
_ADDRESS = _fields(street1=_TEXT, street2=_TEXT, zip_code=_TEXT, city=_TEXT, country_iso_code=_TEXT)
_CHANGED_RETURN = _fields(
    id__=_TEXT,
    rma=_TEXT,
    label_url=_TEXT,
    tracking=_TRACKING,
    return_address=_fields(address=_ADDRESS),
    method_code=_TEXT,
)
_ASKED_RETURN = _fields(
    order_commercial_id__=_TEXT,
    method_code__=_TEXT,
    return_lines__=_list(_fields(order_line_id__=_TEXT, quantity__=_COUNT, reason_code__=_TEXT)),
    accepted=_FLAG,
    rma=_TEXT,
    description=_TEXT,
    label_url=_TEXT,
)
_ANSWER = _fields(id__=_TEXT, accepted__=_FLAG, rejection_reason_code=_TEXT)

_ID = "f40bf65e-0000-4000-8000-36ce9e1144ce"
_RETURN = "58fd00d1-0000-4000-8000-7f0c1e7a2b3c"
_ONE_RETURN = {"returns": [{"id": _RETURN}]}
_LINE = "MKP-7781-A-1"
_UPS = {"carrier_code": "UPS", "tracking_number": "1Z0000000000000000"}
_EXAMPLES: dict[str, Any] = {
    "ST01": {
        "shipments": [
            {
                "order_id": "MKP-7781-A",
                "shipped": True,
                "invoice_reference": "WMS-90001-1",
                "shipment_lines": [{"order_line_id": _LINE, "quantity": 2, "package_reference": "BOX1"}],
                "tracking": _UPS,
            }
        ]
    },
    "ST06": {"shipments": [{"id": _ID}]},
    "ST23": {"shipments": [{"id": _ID, "tracking": _UPS}]},
    "ST24": {"shipments": [{"id": _ID}]},
    "RT01": {
        "returns": [
            {
                "order_commercial_id": "MKP-7781",
                "method_code": "RETURN_METHOD_BY_MAIL",
                "return_lines": [{"order_line_id": _LINE, "quantity": 1, "reason_code": "RETURN_OTHER"}],
            }
        ]
    },
    "RT04": {"returns": [{"id": _RETURN, "rma": "RMA-1001", "tracking": _UPS}]},
    "RT21": {"returns": [{"id": _RETURN, "accepted": True}]},
    "RT25": _ONE_RETURN,
    "RT26": {"returns": [{"id": _RETURN, "return_lines": [{"order_line_id": _LINE, "compliant": True}]}]},
    "RT27": _ONE_RETURN,
    "RT29": _ONE_RETURN,
}


def _operation(code: str, *query: str, body: _Schema | None = None, status: str = "200") -> _Schema:
    examples = {"restated": {"value": _EXAMPLES[code]}} if code in _EXAMPLES else {}
    content = {"application/json": {"schema": body, "examples": examples}} if body else {}
    return {
        "operationId": code,
        "parameters": [{"name": name, "in": "query"} for name in (*query, "shop_id")],
        "requestBody": {"content": content},
        "responses": {status: {}},
    }


def _shipments(item: _Schema) -> _Schema:
    return _fields(shipments__=_list(item))


def _returns(item: _Schema) -> _Schema:
    return _fields(returns__=_list(item))


_RETURN_DATES = [
    f"return_{what}_{end}" for what in ("creation_date", "last_updated") for end in ("from", "to")
]
RESTATED: dict[str, Any] = {
    "paths": {
        "/api/orders": {"get": _operation("OR11", "order_ids", "order_state_codes")},
        "/api/orders/{order_id}/tracking": {
            "put": _operation("OR23", body=_fields(**_CARRIER, carrier_url=_TEXT), status="204")
        },
        "/api/orders/{order_id}/ship": {"put": _operation("OR24", status="204")},
        "/api/orders/refund": {
            "put": _operation("OR28", body=_fields(order_tax_mode=_TEXT, refunds__=_list(_REFUND)))
        },
        "/api/shipments": {
            "get": _operation(
                *("ST11", "order_id", "shipment_state_code", "shipment_customer_debit_state_code"),
                *("last_updated_from", "last_updated_to"),
            ),
            "post": _operation("ST01", body=_shipments(_PARCEL), status="201"),
        },
        "/api/shipments/delete": {"put": _operation("ST06", body=_fields(shipments__=_BY_ID))},
        "/api/shipments/items_to_ship": {
            "get": _operation(
                *("ST12", "order_id", "fulfillment_center_code", "shipping_date_from", "shipping_date_to")
            )
        },
        "/api/shipments/tracking": {
            "post": _operation("ST23", body=_shipments(_fields(id__=_TEXT, tracking__=_TRACKING)))
        },
        "/api/shipments/ship": {"put": _operation("ST24", body=_fields(shipments__=_BY_ID))},
        "/api/shipping/carriers": {"get": _operation("SH21")},
        "/api/shipping/types": {"get": _operation("SH12")},
        "/api/reasons": {"get": _operation("RE01")},
        "/api/returns": {
            "get": _operation(
                *("RT11", "return_id", "return_state", *_RETURN_DATES, "order_commercial_id"),
                *("order_line_id", "return_rma", "customer_id"),
            ),
            "post": _operation("RT01", body=_returns(_ASKED_RETURN)),
            "put": _operation("RT04", body=_returns(_CHANGED_RETURN)),
        },
        "/api/returns/accept": {"put": _operation("RT21", body=_returns(_ANSWER))},
        "/api/returns/receive": {"put": _operation("RT25", body=_fields(returns__=_BY_ID))},
        "/api/returns/compliance": {
            "put": _operation("RT26", body=_returns(_fields(id__=_TEXT, return_lines__=_list(_JUDGED))))
        },
        "/api/returns/close": {"put": _operation("RT27", body=_fields(returns__=_BY_ID))},
        "/api/returns/cancel": {"put": _operation("RT29", body=_fields(returns__=_BY_ID))},
    }
}
CONTRACTS = [Contract(RESTATED), *([vendor_contract()] if DOCUMENT.exists() else [])]


def example_requests(contract: Contract) -> Iterator[tuple[str, str, str, int, Any]]:
    """Examples of requests with a body: operation, method, path, the answer's status, the body."""
    for operation, described in contract.operations():
        content = described.get("requestBody", {}).get("content", {}).get("application/json", {})
        if operation in _EXAMPLES:
            (status,) = [int(status) for status in described["responses"] if status[0] == "2"]
            for example in content["examples"].values():
                yield operation, described["method"].upper(), described["path"], status, example["value"]
