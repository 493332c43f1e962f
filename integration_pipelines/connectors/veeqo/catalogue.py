"""From Veeqo's products to the items of the neutral catalogue: one per sellable (Veeqo §7.1, §7.2).

The same list that stock is read from, because the documented lists have no other; the flat list of
sellables is no contract (§7.5). Deleted products are missing from it, deleted sellables are in it.
"""

from collections.abc import Sequence
from typing import Any

from pydantic import ValidationError

from integration_pipelines.connectors.veeqo.payloads import Product, Sellable
from integration_pipelines.connectors.veeqo.reading import unreadable
from integration_pipelines.warehouse import CatalogueItem, ItemPage, UnreadableRecord


def item_page(rows: Sequence[Any]) -> ItemPage:
    """The sellables of a page of products."""
    items: list[CatalogueItem] = []
    faults: list[UnreadableRecord] = []
    for row in rows:
        try:
            product = Product.model_validate(row)
        except ValidationError as error:
            faults.append(unreadable(row, error))
        else:
            items += [_item(product, sellable) for sellable in product.sellables]
    return ItemPage(tuple(items), tuple(faults))


def _item(product: Product, sellable: Sellable) -> CatalogueItem:
    return CatalogueItem(
        item_id=sellable.id,
        sku=sellable.sku_code,
        title=sellable.full_title or sellable.title or product.title,
        barcodes=(sellable.upc_code,) if sellable.upc_code.strip() else (),
        active=product.deleted_at is None and sellable.deleted_at is None,
        created_at=sellable.created_at or product.created_at,
    )
