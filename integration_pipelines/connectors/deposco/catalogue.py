"""From Deposco's items to those of the neutral catalogue (Deposco §9).

Surprising: V1 lists no items. There their numbers are harvested from the balances, as other clients do, and
nothing tells barcodes, names or which items are switched off: all of that is unknown.
"""

from collections.abc import Iterator, Sequence
from typing import Any

from integration_pipelines.config.deposco import Generation
from integration_pipelines.connectors.deposco.client import DeposcoClient
from integration_pipelines.connectors.deposco.payloads import EMBEDDED_AT_MOST, ListedItem
from integration_pipelines.connectors.deposco.reading import unreadable
from integration_pipelines.connectors.deposco.records import OrderRecords
from integration_pipelines.connectors.deposco.stock import StockReader
from integration_pipelines.warehouse import CatalogueItem, ItemPage, StockPage, UnreadableRecord


class CatalogueReader:
    """Reads one account's items.

    Args:
        client: its calls and profile.
        records: knows the business unit of a record.
        stock: reads balances, where there is no list of items.
    """

    def __init__(self, client: DeposcoClient, records: OrderRecords, stock: StockReader) -> None:
        self._client = client
        self._records = records
        self._stock = stock

    def pages(self) -> Iterator[ItemPage]:
        """Every item of the business unit."""
        if self._client.v2 is None or self._client.profile.capabilities.items is not Generation.V2:
            return map(_harvested, self._stock.levels(None))
        return map(self._page, self._client.v2.item_pages(self._client.profile.business_unit))

    def _page(self, rows: Sequence[Any]) -> ItemPage:
        items: list[CatalogueItem] = []
        faults: list[UnreadableRecord] = []
        unit = self._client.profile.business_unit
        for row in rows:
            try:
                item = ListedItem.model_validate(row)
                if self._records.unit_matches(item.business_unit, unit):  # the filter may be ignored
                    items.append(_item(item))
            except ValueError as error:  # pydantic's error is one
                faults.append(unreadable(row, error))
        return ItemPage(tuple(items), tuple(faults))


def _item(item: ListedItem) -> CatalogueItem:
    barcodes = tuple(upc.value for upc in item.upcs if upc.value.strip())
    return CatalogueItem(
        item_id=item.id or item.number,
        sku=item.number,
        title=item.name or item.short_description,
        barcodes=barcodes if len(item.upcs) < EMBEDDED_AT_MOST else None,  # the rest may be cut (§4.1)
        active=item.shippable is not False and item.sales_enabled_flag is not False,
        created_at=item.created_date,
    )


def _harvested(page: StockPage) -> ItemPage:
    numbers = dict.fromkeys((level.item_id, level.sku) for level in page.levels)
    items = (CatalogueItem(item_id, sku, "", None, True, None) for item_id, sku in numbers)
    return ItemPage(tuple(items), page.unreadable)
