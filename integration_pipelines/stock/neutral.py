"""From what both sides say about stock to what the ledger can hold. Pure; what is odd is kept as a record.

Surprising: damage makes a figure unknown and nothing more. An item or offer that still tells its SKU
stays known, because one that vanished from the lists would be told no figure at all.
"""

import hashlib
from dataclasses import replace
from typing import Any

from pydantic import ValidationError

from integration_pipelines.connectors.mirakl.payloads import Offer
from integration_pipelines.connectors.values import reason
from integration_pipelines.ledger.offers import ShownOffer
from integration_pipelines.warehouse import StockLevel, StockPage, UnreadableRecord

# Names are keys of the ledger, and PostgreSQL's indexes bear some thousand bytes.
LONGEST_NAME = 255
MOST_UNITS = 10**15  # what is beyond cannot be meant, and would not fit


def storable_levels(page: StockPage) -> tuple[list[StockLevel], list[UnreadableRecord]]:
    """The levels of a page that the ledger can hold, and what could not be read of it."""
    levels, faults = [], list(page.unreadable)
    for level in page.levels:
        figures = (level.on_hand, level.allocated, level.available)
        if max(len(level.item_id), len(level.sku), len(level.facility)) > LONGEST_NAME:
            faults.append(_fault(level, f"a name is longer than {LONGEST_NAME} characters"))
        elif any(figure is not None and abs(figure) > MOST_UNITS for figure in figures):
            faults.append(_fault(level, "a quantity cannot be meant"))
            levels.append(replace(level, on_hand=None, allocated=None, available=None))
        else:
            levels.append(level)
    return levels, faults


def _fault(level: StockLevel, why: str) -> UnreadableRecord:
    raw = {name: str(getattr(level, name)) for name in ("item_id", "sku", "facility", "on_hand", "available")}
    return UnreadableRecord(level.item_id[:200], why, raw)


def shown_offer(row: Any) -> tuple[ShownOffer | None, UnreadableRecord | None]:
    """A row of an offer read or export as the ledger holds it, and what is wrong with it."""
    fault = None
    try:
        offer = Offer.model_validate(row)
    except ValidationError as error:
        fault = UnreadableRecord(_reference(row), reason(error), row)
        try:
            offer = Offer.model_validate({"shop_sku": row.get("shop_sku") if isinstance(row, dict) else None})
        except ValidationError:
            return None, fault
    if len(offer.shop_sku) > LONGEST_NAME:
        words = f"its SKU is longer than {LONGEST_NAME} characters"
        return None, UnreadableRecord(_reference(row), words, row)
    return _neutral(offer), fault


def _neutral(offer: Offer) -> ShownOffer:
    return ShownOffer(
        sku=offer.shop_sku,
        offer_id=offer.offer_id,
        quantity=offer.quantity,
        active=offer.active,
        deleted=offer.deleted is True,
        inactivity_reasons=offer.inactivity_reasons,
        leadtime_to_ship=offer.leadtime_to_ship,
        price=offer.price,
        currency=offer.currency_iso_code,
        title=offer.product_title,
        barcodes=_barcodes(offer),
        created_at=offer.date_created,
    )


def _barcodes(offer: Offer) -> tuple[str, ...] | None:
    if "product_references" not in offer.model_fields_set:
        return None
    return tuple(told.reference for told in offer.product_references if told.reference.strip())


def _reference(row: Any) -> str:
    """Its SKU or number where that can be made out, else a hash of what came."""
    for name in ("shop_sku", "offer_id"):
        value = row.get(name) if isinstance(row, dict) else None
        if isinstance(value, str | int) and not isinstance(value, bool) and str(value).strip():
            return str(value)[:200]
    return hashlib.sha256(repr(row).encode("utf-8", "surrogatepass")).hexdigest()[:16]
