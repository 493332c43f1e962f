"""An order as OR11 prints it (mirakl.md §2.3).

Addresses and contacts stay null until the order is released for shipping; an odd `Shape` adds fields,
shuffles keys and uses codes nobody has heard of; damage is applied last, in `damage.py`.
"""

import json
from decimal import ROUND_HALF_UP, Decimal
from random import Random
from typing import Any

from integration_pipelines.sandbox.business import MarketplaceSettings
from integration_pipelines.sandbox.mirakl.carriers import Tracking
from integration_pipelines.sandbox.mirakl.damage import damaged
from integration_pipelines.sandbox.mirakl.dates import stamp, stamp_or_null, to_seconds
from integration_pipelines.sandbox.mirakl.order import (
    GONE_LINES,
    REFUNDED,
    SHIPPING,
    MarketplaceOrder,
    OrderLine,
)
from integration_pipelines.sandbox.people import COUNTRIES, Buyer

COMMISSION_RATE = Decimal("0.15")
COMMISSION_TAX_RATE = Decimal(20)
SHIPPING_TYPES = {"STD": "Standard", "EXP": "Express"}  # code → label
_CENT = Decimal("0.01")
_REASON_LABELS = {
    "ACCEPTANCE_TIMEOUT": "Not accepted in time",
    "REFUSED": "Refused by the shop",
    "CANCELED_BY_CUSTOMER": "Cancelled by the customer",
    "PAYMENT_REFUSED": "Payment refused",
}


def to_cents(amount: Decimal) -> Decimal:
    return amount.quantize(_CENT, ROUND_HALF_UP)


def tax_within(amount: Decimal, rate: Decimal) -> Decimal:
    """The tax contained in a gross amount."""
    return to_cents(amount * rate / (100 + rate))


def order_bytes(order: MarketplaceOrder, settings: MarketplaceSettings, tax_mode: str | None = None) -> bytes:
    """The order's JSON; `tax_mode` asks for the other representation of §2.8."""
    fields: Any = order_fields(order, settings, tax_mode or settings.order_tax_mode)
    if order.shape.shuffle_seed is not None:
        fields = _shuffled(fields, Random(order.shape.shuffle_seed))
    if order.damage is not None:
        fields = damaged(order.damage, fields)
    return json.dumps(fields, default=json_number, ensure_ascii=False).encode()


def order_fields(order: MarketplaceOrder, settings: MarketplaceSettings, tax_mode: str) -> dict[str, Any]:
    net = tax_mode == "TAX_EXCLUDED" and settings.order_tax_mode == "TAX_INCLUDED"
    active = order.active_lines()
    tracking = order.tracking or Tracking()
    goods = sum((_shown(line.price, line, net) for line in active), Decimal(0))
    shipping = sum((_shown(line.shipping_price, line, net) for line in active), Decimal(0))
    fields: dict[str, Any] = {
        "acceptance_decision_date": stamp_or_null(order.acceptance_decided),
        "can_cancel": order.can_cancel,
        "can_shop_ship": order.state == SHIPPING,
        "channel": None
        if order.channel is None
        else {"code": order.channel, "label": f"Site {order.channel}"},
        "commercial_id": order.commercial_id,
        "created_date": stamp(to_seconds(order.placed_at)),
        "currency_iso_code": settings.currency,
        "customer": _customer(order.buyer, shown=order.released is not None),
        "customer_debited_date": stamp_or_null(order.debited),
        "customer_directly_pays_seller": False,
        "customer_notification_email": order.buyer.email,
        "delivery_date": None,
        "discount_campaigns": [],
        "fulfillment": {"center": {"code": order.fulfillment_center}},
        "fully_refunded": all(line.state == REFUNDED for line in order.lines),
        "has_customer_message": False,
        "has_incident": order.incident,
        "has_invoice": False,
        "last_updated_date": stamp(order.updated),
        "leadtime_to_ship": 2,
        "order_additional_fields": [],
        "order_id": order.order_id,
        "order_lines": [_line(order, line, net=net) for line in order.lines],
        "order_refunds": [],
        "order_state": order.state,
        "order_state_reason_code": order.state_reason,
        "order_state_reason_label": _REASON_LABELS.get(order.state_reason or ""),
        "order_tax_mode": tax_mode,
        "paymentType": "CARD",
        "payment_type": "CARD",
        "payment_workflow": order.payment_workflow,
        "price": goods,
        "promotions": {"applied_promotions": [], "total_deduced_amount": 0},
        "quote_id": None,
        "references": {
            "order_reference_for_customer": order.reference_for_customer,
            "order_reference_for_seller": order.reference_for_seller,
        },
        "shipping_carrier_code": tracking.carrier_code,
        "shipping_carrier_standard_code": tracking.standard_code,
        "shipping_company": tracking.carrier_name,
        "shipping_deadline": stamp_or_null(order.shipping_deadline),
        "shipping_price": shipping,
        "shipping_pudo_id": None,
        "shipping_tracking": tracking.number,
        "shipping_tracking_url": tracking.url,
        "shipping_type_code": order.shipping_type,
        "shipping_type_label": SHIPPING_TYPES.get(order.shipping_type, order.shipping_type),
        "shipping_type_standard_code": f"CPLG_{order.shipping_type}",
        "shipping_zone_code": settings.country[:2],
        "shipping_zone_label": COUNTRIES[settings.country].label if settings.country in COUNTRIES else "",
        "total_commission": sum((_commission(line)[2] for line in active), Decimal(0)),
        "total_price": goods + shipping,
        "transaction_date": stamp_or_null(order.debited),
        "transaction_number": None if order.debited is None else f"PSP-{order.order_id}",
    }
    if order.shape.extra_fields:
        fields["loyalty_tier"] = {"code": "GOLD", "since": 2019}
        fields["sustainability_notes"] = [{"kg": 0.4}, None]
    if order.shape.unknown_codes:
        fields["order_additional_fields"] = [
            {"code": "basket-place", "type": "GEO_POINT", "value": [48.85, 2.35]}
        ]
        fields["shipping_type_standard_code"] = "CPLG_BALLOON"
    return fields


def _line(order: MarketplaceOrder, line: OrderLine, *, net: bool) -> dict[str, Any]:
    fee, tax, total = _commission(line)
    price, shipping = _shown(line.price, line, net), _shown(line.shipping_price, line, net)
    return {
        "can_refund": order.can_refund and not line.refunds,
        "cancelations": line.cancelations,
        "category_code": "home",
        "category_label": "Home",
        "commission_fee": fee,
        "commission_rate_vat": COMMISSION_TAX_RATE,
        "commission_taxes": [{"amount": tax, "code": "TAXDEFAULT", "rate": COMMISSION_TAX_RATE}],
        "commission_vat": tax,
        "created_date": stamp(to_seconds(line.created)),
        "debited_date": stamp_or_null(line.debited),
        "description": None,
        "discount_campaign": None,
        "fees": [],
        "last_updated_date": stamp(line.updated),
        "offer_id": line.offer_id,
        "offer_sku": line.sku,
        "offer_state_code": "11",
        "order_line_additional_fields": [],
        "order_line_id": line.line_id,
        "order_line_index": line.index,
        "order_line_state": line.state,
        "order_line_state_reason_code": line.reason_code,
        "order_line_state_reason_label": _REASON_LABELS.get(line.reason_code or ""),
        "origin_unit_price": _shown(line.unit_price, line, net),
        "price": price,
        "price_additional_info": None,
        "price_unit": _shown(line.unit_price, line, net),
        "product_medias": [],
        "product_shop_sku": line.barcode,
        "product_sku": f"P{line.offer_id:08d}",
        "product_title": line.title,
        "promotions": [],
        "quantity": line.quantity,
        "received_date": stamp_or_null(line.received),
        "refunds": line.refunds,
        "shipped_date": stamp_or_null(line.shipped),
        "shipping_from": None,
        "shipping_price": shipping,
        "shipping_taxes": tax_entries(line.shipping_price, line.tax_rate),
        "taxes": tax_entries(line.price, line.tax_rate),
        "total_commission": total,
        "total_price": price + shipping,
    }


def _shown(amount: Decimal, line: OrderLine, net: bool) -> Decimal:
    return amount - tax_within(amount, line.tax_rate) if net else amount


def tax_entries(amount: Decimal, rate: Decimal) -> list[dict[str, Any]]:
    """The tax that a gross amount contains, as lines list it."""
    if not rate:
        return []
    return [
        {
            "amount": tax_within(amount, rate),
            "code": f"VAT{rate:f}",
            "rate": rate,
            "tax_calculation_rule": "PROPORTIONAL_TO_AMOUNT",
        }
    ]


def _commission(line: OrderLine) -> tuple[Decimal, Decimal, Decimal]:
    """Fee, tax on it, both together; nothing is charged on a line that is gone."""
    base = Decimal(0) if line.state in GONE_LINES else line.price + line.shipping_price
    fee = to_cents(base * COMMISSION_RATE)
    tax = to_cents(fee * COMMISSION_TAX_RATE / 100)
    return fee, tax, fee + tax


def _customer(buyer: Buyer, *, shown: bool) -> dict[str, Any]:
    return {
        "accounting_contact": None,
        "billing_address": _address(buyer) if shown else None,
        "civility": buyer.civility,
        "customer_id": buyer.customer_id,
        "delivery_contact": None,
        "firstname": buyer.first_name,
        "lastname": buyer.last_name,
        "locale": buyer.locale,
        "organization": None,
        "shipping_address": shipping_address(buyer) if shown else None,
    }


def shipping_address(buyer: Buyer) -> dict[str, Any]:
    return {**_address(buyer), "additional_info": buyer.additional_info}


def _address(buyer: Buyer) -> dict[str, Any]:
    return {
        "city": buyer.city,
        "civility": buyer.civility,
        "company": buyer.company,
        "company_2": None,
        "country": buyer.country,
        "country_iso_code": buyer.country_code,
        "firstname": buyer.first_name,
        "lastname": buyer.last_name,
        "phone": buyer.phone,
        "phone_secondary": None,
        "state": buyer.state,
        "street_1": buyer.street_1,
        "street_2": buyer.street_2,
        "zip_code": buyer.zip_code,
    }


def _shuffled(fields: dict[str, Any], random: Random) -> dict[str, Any]:
    keys = list(fields)
    random.shuffle(keys)
    return {key: fields[key] for key in keys}


def json_number(value: Any) -> Any:
    """Decimals leave as JSON numbers."""
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    raise TypeError(f"{type(value).__name__} has no JSON form here: {value!r}")
