"""From Veeqo's products to neutral stock levels: one per sellable and warehouse (Veeqo §7).

Raw figures only: which warehouses count, and what is offered of them, is decided elsewhere.

Surprising: a stock movement moves the product and not the sellable (§7.4), so products are asked for
what changed; a kit's units follow its components without its own product moving, so only a full read
shows them; and the sums over all warehouses that a sellable carries are not read, because they count
warehouses that serve nobody.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

from pydantic import ValidationError

from integration_pipelines.clock import Clock
from integration_pipelines.connectors.veeqo.client import VeeqoClient
from integration_pipelines.connectors.veeqo.payloads import Product, Sellable, StockEntry
from integration_pipelines.connectors.veeqo.reading import unreadable
from integration_pipelines.warehouse import StockFeed, StockLevel, StockPage, UnreadableRecord

# Every product is 1/100 of a call: 20,000 of them are a minute's worth of calls (Veeqo §7.3, §15).
FEED = StockFeed(
    has_delta=True,
    delta_misses="kits whose components moved, and changed SKUs",
    full_read_every=timedelta(hours=1),
    counts_unallocated=False,  # an order that waits for stock is invisible in it (Veeqo §7.4)
)
_SOURCE = "GET /products available_stock_level"
_PLAIN = ("", "ProductVariant")


class StockReader:
    """Reads one account's stock.

    Args:
        client: its calls.
        clock: dates each page with the moment before it was asked for.
    """

    def __init__(self, client: VeeqoClient, clock: Clock) -> None:
        self._client = client
        self._clock = clock

    def levels(self, skus: Iterable[str] | None) -> Iterator[StockPage]:
        """Everything, or one search per SKU: there is no way to ask for several (Veeqo §7.3)."""
        if skus is None:
            yield from self._pages(self._client.product_pages())
            return
        for sku in dict.fromkeys(skus):
            if sku:  # sellables without a SKU exist, and none of them is meant
                yield from self._pages(self._client.product_pages(query=sku), {sku})

    def changed(self, since: datetime) -> Iterator[StockPage]:
        """What moved; everything where the filter is ignored (Veeqo §3), which is no harm here."""
        return self._pages(self._client.product_pages(updated_since=since))

    def _pages(
        self, pages: Iterator[list[Any]], wanted: Collection[str] | None = None
    ) -> Iterator[StockPage]:
        asked_at = self._clock.now()
        for rows in pages:
            yield read_page(rows, asked_at, wanted)
            asked_at = self._clock.now()


def read_page(rows: Sequence[Any], as_of: datetime, wanted: Collection[str] | None = None) -> StockPage:
    """The levels of a page of products; `wanted` leaves other SKUs out, compared exactly."""
    levels: list[StockLevel] = []
    faults: list[UnreadableRecord] = []
    for row in rows:
        try:
            product = Product.model_validate(row)
        except ValidationError as error:
            faults.append(unreadable(row, error))
            continue
        for sellable in product.sellables:
            if wanted is None or sellable.sku_code in wanted:
                active = product.deleted_at is None and sellable.deleted_at is None
                levels += _levels(sellable, active, as_of)
    return StockPage(tuple(levels), tuple(faults))


def _levels(sellable: Sellable, active: bool, as_of: datetime) -> Iterator[StockLevel]:
    kit = sellable.type not in _PLAIN
    # A sellable without entries is one of which no figure is known.
    for entry in sellable.stock_entries or (StockEntry(),):
        counted = not entry.infinite
        yield StockLevel(
            item_id=sellable.id,
            sku=sellable.sku_code,
            facility=entry.warehouse_id or "",
            on_hand=entry.physical_stock_level if counted else None,
            allocated=entry.allocated_stock_level if counted else None,
            available=entry.available_stock_level if counted else None,
            as_of=as_of,
            source=_SOURCE,
            infinite=not counted,
            kit=kit,
            active=active,
        )
