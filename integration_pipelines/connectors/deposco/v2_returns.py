"""V2's calls for customer returns and receipts, rows as they came (Deposco §14)."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from integration_pipelines.config.deposco import V2
from integration_pipelines.connectors.deposco.v2 import V2Calls
from integration_pipelines.connectors.deposco.v2_documents import DocumentPaths, Kind, V2Documents
from integration_pipelines.connectors.deposco.v2_door import V2Door
from integration_pipelines.connectors.http import Operation
from integration_pipelines.warehouse import ChangeFeed

_RETURNS = Kind("/orders/customerReturns")
_RECEIPTS = Operation("GET /receipts", answers=dict)


class V2Returns(V2Documents):
    """One account's customer returns, called like sales orders.

    Args:
        settings: paths and page sizes.
        door: how V2 is spoken.
        others: knows the records that a return names.
    """

    feed = ChangeFeed(
        misses="receipts that do not move their return's updatedDate; goods booked as purchase orders",
        reread_every=timedelta(hours=12),
    )

    def __init__(self, settings: V2, door: V2Door, others: V2Calls) -> None:
        paths = settings.paths
        places = DocumentPaths(
            paths.returns, paths.one_return, paths.return_lines, paths.return_cancellations
        )
        super().__init__(door, _RETURNS, places, settings.order_page_size)
        self._settings = settings
        self.item_number = others.item_number
        self.business_unit_code = others.business_unit_code

    def receipt_pages(self, return_id: str, line_id: str) -> Iterator[list[Any]]:
        """Receipts of one line; both ids are mandatory."""
        query = [("orderId", return_id), ("orderLineId", line_id)]
        return self._door.pages(_RECEIPTS, self._settings.paths.receipts, query, self._settings.page_size)
