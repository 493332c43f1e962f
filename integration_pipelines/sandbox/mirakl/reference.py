"""What an instance says about itself and its shop: A01, PC01, RE01, RE02, CUR01, CH11, V01, AF01, L01, DO01.

Constants of the operator (mirakl.md §10). Nothing here changes while the sandbox runs; how goods travel is in
`shipping_reference.py`.
"""

from collections.abc import Callable
from typing import Any

from integration_pipelines.sandbox.mirakl.dates import stamp
from integration_pipelines.sandbox.mirakl.routing import Call, Shop, route
from integration_pipelines.sandbox.people import COUNTRIES
from integration_pipelines.sandbox.wire import Answer, json_answer

REASONS = (
    ("INCIDENT_OPEN", "1", "Item not received", False),
    ("INCIDENT_CLOSE", "10", "Replacement item received", False),
    ("REFUND", "15", "Out of stock", True),
    ("REFUND", "16", "Cancelled by the customer", True),
    ("REFUND", "17", "Item returned", True),
    ("REFUND", "18", "Not received", True),
    ("REFUND", "19", "Agreement with the customer", True),
    ("REFUND", "90", "Operator's decision", False),
    ("CANCELATION", "34", "Cancelled before shipment", True),
    ("CANCELATION", "CANCELATION_03", "Item cannot be supplied", True),
    ("ORDER_MESSAGING", "26", "Other question", True),
    ("RETURN", "RETURN_CHANGED_MIND", "Changed mind", True),
)
_LOCALES = (("de_DE", "Deutsch"), ("en_GB", "English (UK)"), ("fr_FR", "Français"))


def is_shop_reason(reason_type: str, code: str) -> bool:
    """Whether a shop may give this reason (RE01 `is_shop_right`)."""
    return any(kind == reason_type and known == code and right for kind, known, _, right in REASONS)


def account(shop: Shop) -> dict[str, Any]:
    """A01."""
    settings = shop.settings
    address = {"city": "Sample City", "country_iso_code": settings.country, "street_1": "1 Example Street"}
    return {
        "shop_id": shop.shop_id,
        "shop_name": f"Sandbox shop on {settings.name}",
        "shop_state": shop.offers.shop_state,
        "currency_iso_code": settings.currency,
        "channels": [channel_code(settings.country)],
        "model": "MARKETPLACE",
        "closed_from": None,
        "closed_to": None,
        "is_professional": True,
        "billing_info": {},
        "contact_informations": {
            "city": "Sample City",
            "country": settings.country,
            "email": "shop@shop.example",
            "lastname": "Shop",
            "street1": "1 Example Street",
        },
        "date_created": stamp(shop.opened),
        "last_updated_date": stamp(shop.opened),
        "default_billing_information": {
            "default_language": _locale(shop),
            "id": f"billing-{shop.shop_id}",
            "registration_address": address,
        },
        "domains": ["PRODUCT"],
        "evaluations_count": 0,
        "free_shipping": False,
        "kyc": {"reason": None, "status": "APPROVED"},
        "offers_count": len(shop.offers.by_sku),
        "orders_count": len(shop.book.orders),
        "payment_details": {"paid_balance": 0, "payable_balance": 0, "pending_balance": 0},
        "payment_method_mandatory": False,
        "premium": False,
        "pro_details": {},
        "shipping": {"lead_time_to_ship": 2},
        "shipping_country": settings.country,
        "shipping_types": ["STD"],
        "shipping_zones": [channel_code(settings.country)],
        "shippings": [],
        "shop_additional_fields": [],
    }


def platform_configuration(shop: Shop) -> dict[str, Any]:
    """PC01: the switches are under `features`."""
    settings = shop.settings
    off = {"activated": False, "refund_cancel_authorized": False}
    number = {"mandatory": False, "validation_regex": None}
    return {
        "features": {
            "catalog": {
                "allow_shop_contribution_to_all_channels": True,
                "exclude_invalid_products": True,
                "list_of_multiple_values_separator": "|",
                "product_acceptance_by_channel": False,
                "product_data_validation_by_channel": False,
                "product_import_only_on_leaf": True,
            },
            "circular_economy_data_collection": False,
            "competitive_pricing_tool": False,
            "direct_payment_customer_store": off,
            "disable_seller_alternative_carrier": not settings.fulfilment.alternative_carriers,
            "dropship": {},
            "kyc_status_per_seller": False,
            "lead_time_to_ship_by_sellers_enabled": "YES",
            "multi_currency": settings.multi_currency,
            "multi_payout_psp_per_seller": False,
            "no_reply_needed": True,
            "offer_prices_decimals": "2",
            "operator_csv_delimiter": "SEMICOLON",
            "order_conditions": dict.fromkeys(
                (
                    "lead_time_to_ship",
                    "maximum_order_quantity",
                    "minimum_order_quantity",
                    "package_order_quantity",
                ),
                False,
            ),
            "order_tax_mode": settings.order_tax_mode,
            "order_workflows": {
                "no_customer_payment_confirmation": settings.payment_workflow
                == "NO_CUSTOMER_PAYMENT_CONFIRMATION",
                "order_acceptance": settings.acceptance,
                "pause_debit_workflow": False,
                "pay_on_due_date": settings.payment_workflow == "PAY_ON_DUE_DATE",
                "pay_on_shipment": settings.payment_workflow == "PAY_ON_SHIPMENT",
                "sellers_edit_shipping_origin": False,
                "shipping_and_billing_details_before_acceptance": False,
            },
            "payment_confirmation": True,
            "pricing": {
                "channel_pricing": "DISABLED",
                "discount_period_required": False,
                "discount_price_creation_in_the_past_blocked": False,
                "scheduled_pricing": False,
                "volume_discount": False,
                "volume_pricing": False,
            },
            "product_data_validation_by_channel": False,
            "promotion": dict.fromkeys(
                ("cart_promotion_campaign", "discount_campaign", "seller_promotion"), False
            ),
            "returns": {
                "drop_ship": False,
                "marketplace": settings.fulfilment.returns,
                "one_creditor": False,
            },
            "shipment": {
                "multi_part_item_shipment": False,
                "multi_shipment": settings.fulfilment.multi_shipment,
            },
            "shop_tax_options": {"local_tax_number": number, "tax_identification_number": number},
            "tax_collection": {
                "activated": "NO",
                "product_tax_code_mandatory": False,
                "tax_collection_by_operator": False,
            },
            "tax_id_number": number,
            "warehouses": {"geolocation": False, "restricted_countries": []},
        },
        "modules": {
            "mirakl_catalog_integrator": True,
            "mirakl_catalog_manager": False,
            "mirakl_catalog_transformer": False,
            "mirakl_platform_services": False,
            "offer_management": True,
            "order_management": True,
            "promotions": False,
            "quotes": False,
            "tax_manager": {"activated": False, "tax_provider": {"avalara": False, "vertex": False}},
        },
        "platform_configuration": {
            "customer_model": {"b2b": False, "b2c": True},
            "enhanced_seller_invoicing": {"enabled": False},
            "platform_model": {"drop_ship": False, "marketplace": True, "one_creditor": False},
        },
        "platform_name": settings.name,
        "tenant_name": f"{settings.key}-sandbox",
        "timezone": settings.time_zone,
    }


def reasons(shop: Shop) -> dict[str, Any]:
    """RE01."""
    rows = [
        {"type": kind, "code": code, "label": label, "is_shop_right": right}
        for kind, code, label, right in REASONS
    ]
    return {"reasons": rows, "total_count": len(rows)}


def reasons_of_type(shop: Shop, call: Call) -> Answer:
    """RE02, deprecated: one type, without the right to use it."""
    rows = [{"code": code, "label": label} for kind, code, label, _ in REASONS if kind == call.named[0]]
    return json_answer(200, {"reasons": rows, "total_count": len(rows)})


def currencies(shop: Shop) -> dict[str, Any]:
    """CUR01: on a platform with several currencies the default is another one than the shop's."""
    own = shop.settings.currency
    codes = sorted({own, "EUR"}) if shop.settings.multi_currency else [own]
    default = "EUR" if shop.settings.multi_currency else own
    return {
        "currencies": [{"code": code, "label": code, "platform_default": code == default} for code in codes]
    }


def channels(shop: Shop) -> dict[str, Any]:
    """CH11."""
    code = channel_code(shop.settings.country)
    return {"channels": [{"code": code, "label": f"Site {code}", "description": f"Website {code}"}]}


def locales(shop: Shop) -> dict[str, Any]:
    """L01."""
    default = _locale(shop)
    return {
        "locales": [
            {"code": code, "label": label, "platform_default": code == default} for code, label in _LOCALES
        ]
    }


def additional_fields(shop: Shop) -> dict[str, Any]:
    """AF01: the one order field that some orders carry."""
    field = {
        "code": "basket-place",
        "label": "Basket place",
        "description": "Where the basket was filled",
        "entity": "ORDER",
        "editable": False,
        "required": False,
        "type": "STRING",
    }
    return {"additional_fields": [field], "total_count": 1}


def document_types(shop: Shop) -> dict[str, Any]:
    """DO01."""
    named = (("SYSTEM_DELIVERY_BILL", "Delivery slip"), ("CUSTOMER_INVOICE", "Invoice"))
    return {
        "documents": [
            {
                "code": code,
                "label": label,
                "description": label,
                "entity": "ORDER",
                "mime_types": ["application/pdf"],
            }
            for code, label in named
        ]
    }


def channel_code(country: str) -> str:
    return COUNTRIES[country].alpha2 if country in COUNTRIES else country[:2]


def _locale(shop: Shop) -> str:
    return COUNTRIES[shop.settings.country].locale if shop.settings.country in COUNTRIES else "en_GB"


def _constant(read: Callable[[Shop], dict[str, Any]]) -> Callable[[Shop, Call], Answer]:
    def answer(shop: Shop, call: Call) -> Answer:
        return json_answer(200, read(shop))

    return answer


def version(shop: Shop) -> dict[str, Any]:
    """V01: only the status counts."""
    return {"version": "sandbox"}


ROUTES = (
    *(
        route(operation, "GET", path, _constant(read))
        for operation, path, read in (
            ("A01", "/api/account", account),
            ("PC01", "/api/platform/configuration", platform_configuration),
            ("RE01", "/api/reasons", reasons),
            ("CUR01", "/api/currencies", currencies),
            ("CH11", "/api/channels", channels),
            ("L01", "/api/locales", locales),
            ("AF01", "/api/additional_fields", additional_fields),
            ("DO01", "/api/documents", document_types),
            ("V01", "/api/version", version),
        )
    ),
    route("RE02", "GET", "/api/reasons/{reason_type}", reasons_of_type),
)
