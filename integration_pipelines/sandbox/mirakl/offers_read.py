"""OF21 (offers in pages), OF22 (one offer), OF61 (offer conditions): mirakl.md §5.4.

Meant for screens: there is no filter by update date, and deleted offers are not shown. OF52 to OF54 are
in `offers_export.py`.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from integration_pipelines.sandbox.mirakl.dates import days_after, stamp
from integration_pipelines.sandbox.mirakl.errors import NotFoundError
from integration_pipelines.sandbox.mirakl.offer import Offer
from integration_pipelines.sandbox.mirakl.paging import Page
from integration_pipelines.sandbox.mirakl.reference import channel_code
from integration_pipelines.sandbox.mirakl.routing import Call, Shop, route
from integration_pipelines.sandbox.wire import Answer, Request, json_answer

STATE_CODE = "11"
_STATES = ((STATE_CODE, "New"), ("10", "Refurbished"), ("4", "Used - Acceptable"))
_CATEGORY, _CATEGORY_LABEL, LOGISTIC_CLASS, LOGISTIC_LABEL = "home", "Home", "M", "Medium"
_SORTS: dict[str, Callable[[Offer], Any]] = {
    "totalPrice": lambda offer: offer.price,  # no shipping rates here: the total is the price
    "price": lambda offer: offer.price,
    "productTitle": lambda offer: (offer.title, offer.price),
}


def list_offers(shop: Shop, call: Call) -> Answer:
    """OF21; parameters that are not documented there are ignored."""
    request = call.request
    page = Page.read(request)
    offers = [offer for offer in shop.offers.by_sku.values() if not offer.deleted and _wanted(offer, request)]
    offers.sort(
        key=_SORTS.get(request.first("sort") or "", _SORTS["totalPrice"]),
        reverse=(request.first("order") or "").lower() == "desc",
    )
    shown = offers[page.offset : page.offset + page.size]
    body = {"offers": [_offer_json(shop, offer, call.now) for offer in shown], "total_count": len(offers)}
    return json_answer(200, body, page.links(request, shop.account_path, len(offers)))


def one_offer(shop: Shop, call: Call) -> Answer:
    """OF22."""
    text = call.named[0]
    offer = shop.offers.with_id(int(text)) if text.isascii() and text.isdigit() else None
    if offer is None:
        raise NotFoundError(f"Offer '{text}' does not exist.")
    return json_answer(200, _offer_json(shop, offer, call.now))


def offer_states(shop: Shop, call: Call) -> Answer:
    """OF61; all conditions are active."""
    shown = [] if (call.request.first("active") or "").lower() == "false" else _STATES
    rows = [{"code": code, "label": label} for code, label in shown]
    return json_answer(200, {"offer_states": rows, "total_count": len(rows)})


def _wanted(offer: Offer, request: Request) -> bool:
    codes = {code.strip() for text in request.every("offer_state_codes") for code in text.split(",") if code}
    sku, product = request.first("sku"), request.first("product_id")
    favorite = (request.first("favorite") or "").lower() == "true"
    return (
        (not codes or STATE_CODE in codes)
        and (not sku or offer.sku == sku)
        and (not product or offer.product_sku == product)
        and not favorite  # no offer is marked as one
    )


def _offer_json(shop: Shop, offer: Offer, now: datetime) -> dict[str, Any]:
    settings, reasons = shop.settings, shop.offers.inactivity_reasons(offer)
    default_leadtime = shop.offers.settings.default_leadtime
    told: dict[str, Any] = {
        "active": not reasons,
        "all_prices": [{"channel_code": None, **_price(offer)}],
        "allow_quote_requests": False,
        "applicable_pricing": {"channel_code": None, **_price(offer)},
        "available_end_date": None,
        "available_start_date": None,
        "category_code": _CATEGORY,
        "category_label": _CATEGORY_LABEL,
        "channels": [channel_code(settings.country)],
        "currency_iso_code": settings.currency,
        "description": None,
        "discount": None,
        "favorite_rank": None,
        "fulfillment": {"center": {"code": "DEFAULT"}},
        "internal_description": None,
        # A stored 0 is told as 1, unless the platform's default is 0 too.
        "leadtime_to_ship": offer.leadtime_to_ship or min(1, default_leadtime),
        "logistic_class": {"code": LOGISTIC_CLASS, "label": LOGISTIC_LABEL},
        "max_order_quantity": None,
        "min_order_quantity": None,
        "min_quantity_alert": None,
        "min_shipping_price": 0,
        "min_shipping_price_additional": 0,
        "min_shipping_type": "STD",
        "min_shipping_zone": settings.country[:2],
        "offer_additional_fields": [],
        "offer_id": offer.offer_id,
        "package_quantity": None,
        "price": offer.price,
        "price_additional_info": None,
        "product_brand": None,
        "product_references": _references(offer),
        "product_sku": offer.product_sku,
        "product_title": offer.title,
        "quantity": offer.quantity,
        "shipping_deadline": stamp(days_after(now, max(1, offer.leadtime_to_ship))),
        "shop_sku": offer.sku,
        "state_code": STATE_CODE,
        "total_price": offer.price,
    }
    if reasons:
        told["inactivity_reasons"] = reasons
    if offer.warehouses:
        told["warehouses"] = warehouses_json(offer)
    return told


def warehouses_json(offer: Offer) -> list[dict[str, Any]]:
    return [{"code": code, "quantity": quantity} for code, quantity in offer.warehouses.items()]


def _references(offer: Offer) -> list[dict[str, str]]:
    return [{"reference": offer.barcode, "reference_type": "EAN"}] if offer.barcode else []


def _price(offer: Offer) -> dict[str, Any]:
    figures = {"price": offer.price, "unit_discount_price": None, "unit_origin_price": offer.price}
    return {
        **figures,
        "discount_end_date": None,
        "discount_start_date": None,
        "volume_prices": [{**figures, "quantity_threshold": 1}],
    }


# The pattern of OF22 would match every path below /api/offers, so it comes after all others.
ROUTES = (
    route("OF21", "GET", "/api/offers", list_offers),
    route("OF61", "GET", "/api/offers/states", offer_states),
    route("OF22", "GET", "/api/offers/{offer}", one_offer),
)
