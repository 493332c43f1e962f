"""Exported offers as files: JSON with the field names of reads, CSV with dashes and flat prices (OF54)."""

import csv
import io
import json
from collections.abc import Mapping, Sequence, Set
from typing import Any

from integration_pipelines.sandbox.mirakl.dates import stamp
from integration_pipelines.sandbox.mirakl.offer import Offer
from integration_pipelines.sandbox.mirakl.offers_read import LOGISTIC_CLASS, STATE_CODE, warehouses_json
from integration_pipelines.sandbox.mirakl.reference import channel_code
from integration_pipelines.sandbox.mirakl.render import json_number
from integration_pipelines.sandbox.mirakl.routing import Shop

Exported = Mapping[str, Any]
# As in the vendor's example, without the columns per channel and per eco-contribution.
_CSV_COLUMNS = (
    "offer-id", "product-sku", "min-shipping-price", "min-shipping-price-additional", "min-shipping-zone",
    "min-shipping-type", "price", "total-price", "price-additional-info", "quantity", "description",
    "state-code", "shop-id", "shop-name", "professional", "premium", "logistic-class", "active",
    "favorite-rank", "channels", "deleted", "origin-price", "discount-start-date", "discount-end-date",
    "available-start-date", "available-end-date", "discount-price", "currency-iso-code", "discount-ranges",
    "leadtime-to-ship", "allow-quote-requests", "price-ranges", "fulfillment-center-code", "shop-sku",
    "date-created", "last-updated", "model", "min-order-quantity", "max-order-quantity", "package-quantity",
)  # fmt: skip


def exported(shop: Shop, offer: Offer) -> dict[str, Any]:
    """The fields of an exported offer by their JSON names; what has no value is left out."""
    settings = shop.settings
    told: dict[str, Any] = {
        "active": not offer.deleted and not shop.offers.inactivity_reasons(offer),
        "allow_quote_requests": False,
        "channels": [channel_code(settings.country)],
        "currency_iso_code": settings.currency,
        "date_created": stamp(offer.created),
        "deleted": offer.deleted,
        "fulfillment": {"center": {"code": "DEFAULT"}},
        "is_professional": True,
        "last_updated": stamp(offer.updated),
        "leadtime_to_ship": offer.leadtime_to_ship,
        "logistic_class": {"code": LOGISTIC_CLASS},
        "min_shipping_price": 0,
        "min_shipping_price_additional": 0,
        "min_shipping_type": "STD",
        "min_shipping_zone": settings.country[:2],
        "offer_id": offer.offer_id,
        "premium": False,
        "prices": [
            {
                "origin_price": offer.price,
                "volume_prices": [{"quantity_threshold": 1, "unit_origin_price": offer.price}],
            }
        ],
        "product_sku": offer.product_sku,
        "quantity": offer.quantity,
        "shop_id": shop.shop_id,
        "shop_name": f"Sandbox shop on {settings.name}",
        "shop_sku": offer.sku,
        "state_code": STATE_CODE,
    }
    if offer.warehouses:
        told["warehouses"] = warehouses_json(offer)
    return told


def json_file(rows: Sequence[Exported], fields: Set[str]) -> bytes:
    """A JSON array; only `fields`, unless there are none."""
    shown = [{name: value for name, value in row.items() if not fields or name in fields} for row in rows]
    return json.dumps(shown, default=json_number, ensure_ascii=False).encode()


def csv_file(rows: Sequence[Exported], fields: Set[str], renamed: Mapping[str, str]) -> bytes:
    """Semicolons, quotes only where needed; `fields` by their dashed names, `renamed` in the header alone."""
    names = [name for name in _CSV_COLUMNS if not fields or name in fields]
    written = io.StringIO(newline="")
    writer = csv.writer(written, delimiter=";", lineterminator="\n")
    writer.writerow([renamed.get(name, name) for name in names])
    writer.writerows(_csv_row(row, names) for row in rows)
    return written.getvalue().encode()


def _csv_row(row: Exported, names: Sequence[str]) -> list[str]:
    price = row["prices"][0]["origin_price"]
    flat: dict[str, Any] = {
        "channels": "|".join(row["channels"]),
        "fulfillment-center-code": row["fulfillment"]["center"]["code"],
        "logistic-class": row["logistic_class"]["code"],
        "model": "MARKETPLACE",
        "origin-price": price,
        "price": price,
        "price-ranges": f"1|{price}",
        "professional": row["is_professional"],
        "total-price": price,
    }
    return [_csv_cell(flat.get(name, row.get(name.replace("-", "_")))) for name in names]


def _csv_cell(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return "" if value is None else str(value)
