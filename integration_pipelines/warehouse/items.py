"""What a warehouse can sell, as its master records say it. How many units there are is `stock.py`."""

from dataclasses import dataclass
from datetime import datetime

from integration_pipelines.warehouse.orders import UnreadableRecord


@dataclass(frozen=True, slots=True)
class CatalogueItem:
    """One item.

    Attributes:
        item_id: the warehouse's own id. Several items may share a SKU; then all come.
        sku: exactly as stored; "" where the item has none.
        barcodes: as stored; None where this read cannot tell them, which is not the same as none.
        active: False when it is deleted or must not be sold.
        created_at: aware; None where the warehouse does not tell it.
    """

    item_id: str
    sku: str
    title: str
    barcodes: tuple[str, ...] | None
    active: bool
    created_at: datetime | None


@dataclass(frozen=True, slots=True)
class ItemPage:
    """One page of the catalogue. What is unreadable may be any item, so absence is not proven beside it."""

    items: tuple[CatalogueItem, ...]
    unreadable: tuple[UnreadableRecord, ...] = ()
