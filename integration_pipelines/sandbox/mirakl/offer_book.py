"""All offers of one shop: what customers may order, and what their orders do to the quantities.

An order of goods that were never listed lists them: nobody can order what is not on sale, so the
operator must have an offer of them. Imports change offers in `stock_imports.py`.
"""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from integration_pipelines.sandbox.listing import Listing, OfferSettings, Restock
from integration_pipelines.sandbox.mirakl.dates import to_milliseconds
from integration_pipelines.sandbox.mirakl.offer import Offer
from integration_pipelines.sandbox.mirakl.order import GONE_LINES, MarketplaceOrder, OrderLine

_QUANTITY_OF_UNLISTED = 25
_NO_LONGER_FOR_SALE = "PRODUCT_DISABLED"


class OfferBook:
    """The shop's offers by SKU, compared exactly.

    Attributes:
        settings: how the operator treats offers.
        sells_what_is_offered: starts as in the settings; a scenario may switch it on.
        shop_state: OPEN, or CLOSE: then nothing is active and imports are refused line by line.
        by_sku: every offer in the order of listing, deleted ones included.
        lost_orders: attempts of customers that did not happen.
        lost_units: what they wanted, by SKU.
    """

    def __init__(self, settings: OfferSettings) -> None:
        self.settings = settings
        self.sells_what_is_offered = settings.sells_what_is_offered
        self.shop_state = "OPEN"
        self.lost_orders = 0
        self.lost_units: Counter[str] = Counter()
        self.by_sku: dict[str, Offer] = {}
        self._by_id: dict[int, Offer] = {}

    def open_with(self, listings: Sequence[Listing], now: datetime) -> None:
        """List what was on sale before the sandbox began."""
        for listing in listings:
            product = listing.product
            self._add(
                Offer(
                    listing.offer_id,
                    product.sku,
                    product.title,
                    product.barcode,
                    listing.price,
                    listing.leadtime_to_ship,
                    listing.quantity,
                    now,
                    now,
                    stopped=listing.stopped,
                    closed=listing.closed,
                ),
                now,
            )

    def find(self, sku: str) -> Offer | None:
        """The offer of exactly this SKU, unless it was deleted."""
        offer = self.by_sku.get(sku)
        return None if offer is None or offer.deleted else offer

    def with_id(self, offer_id: int) -> Offer | None:
        offer = self._by_id.get(offer_id)
        return None if offer is None or offer.deleted else offer

    def delete(self, sku: str, now: datetime) -> None:
        """Somebody deletes the offer in the back office."""
        offer = self.by_sku[sku]
        offer.deleted, offer.updated = True, to_milliseconds(now)

    def ignore_imports(self, sku: str, *, ignored: bool = True) -> None:
        """From now on imports leave this offer as it is and report no error (F13)."""
        self.by_sku[sku].ignores_imports = ignored

    def close_product(self, sku: str, now: datetime) -> None:
        """The operator takes the product off sale."""
        offer = self.by_sku[sku]
        offer.closed, offer.updated = True, to_milliseconds(now)

    def inactivity_reasons(self, offer: Offer) -> list[str]:
        """Why it cannot be bought (mirakl.md §5.4); empty for an active offer."""
        reasons = {
            _NO_LONGER_FOR_SALE: offer.closed,
            "SHOP_NOT_OPEN": self.shop_state != "OPEN",
            "ZERO_QUANTITY": offer.quantity == 0,
            offer.stopped or "": offer.stopped is not None,
        }
        return [reason for reason, holds in reasons.items() if holds]

    def sell(self, order: MarketplaceOrder, now: datetime) -> bool:
        """Lower the quantities by a new order; false if it does not happen, because too little is offered."""
        lines = [line for line in order.lines if line.state not in GONE_LINES]
        wanted: Counter[str] = Counter()
        for line in lines:
            wanted[line.sku] += line.quantity
        if self.sells_what_is_offered and not all(map(self.can_be_bought, wanted, wanted.values())):
            self.lost_orders += 1
            self.lost_units += wanted
            return False
        for line in lines:
            offer = self.by_sku.get(line.sku) or self._list(line, now)
            line.offer_id = offer.offer_id
            offer.take(line.quantity, now, order.order_id)
        return True

    def line_gone(self, order: MarketplaceOrder, line: OrderLine, now: datetime) -> None:
        """A line that was sold is refused or cancelled: the operator's setting decides."""
        offer = self.by_sku.get(line.sku)
        if offer is None:
            return
        offer.cancelled += line.quantity
        if self.settings.restock == Restock.RETURN:
            offer.put_back(line.quantity, now, order.order_id)
        elif self.settings.restock == Restock.ZERO:
            offer.zero(now, order.order_id)

    def truth(self) -> dict[str, Any]:
        """Every offer's figures by SKU."""
        return {
            sku: offer.truth(active=not offer.deleted and not self.inactivity_reasons(offer))
            for sku, offer in self.by_sku.items()
        }

    def can_be_bought(self, sku: str, units: int) -> bool:
        """Whether so many are on offer; goods that were never listed are taken as on offer."""
        offer = self.by_sku.get(sku)
        if offer is None:
            return True
        return not offer.deleted and units <= offer.quantity and not self.inactivity_reasons(offer)

    def _list(self, line: OrderLine, now: datetime) -> Offer:
        quantity = max(_QUANTITY_OF_UNLISTED, line.quantity)
        offer = Offer(
            line.offer_id,
            line.sku,
            line.title,
            line.barcode,
            line.unit_price,
            self.settings.default_leadtime,
            quantity,
            now,
            now,
        )
        self._add(offer, now)
        return offer

    def _add(self, offer: Offer, now: datetime) -> None:
        offer.created = offer.updated = to_milliseconds(now)
        self.by_sku[offer.sku] = offer
        self._by_id[offer.offer_id] = offer
        offer.note(now, "listed")
