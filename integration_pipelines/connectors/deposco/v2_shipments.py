"""V2's calls for shipments, rows as they came (Deposco §12.1)."""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from integration_pipelines.config.deposco import V2
from integration_pipelines.connectors.deposco.payloads import SalesOrder, is_complete
from integration_pipelines.connectors.deposco.v2_door import V2Door, identity, moment_text
from integration_pipelines.connectors.http import Operation
from integration_pipelines.connectors.wire import path_segment
from integration_pipelines.remote import Refused
from integration_pipelines.warehouse import ChangeFeed

_SHIPMENTS = Operation("GET /shipments/outboundShipments", answers=dict)
_LINES = Operation("GET /shipments/outboundShipments/{id}/shipmentLines", answers=dict)


class V2Shipments:
    """One account's shipments.

    Args:
        settings: paths and page sizes.
        door: how V2 is spoken.
    """

    feed = ChangeFeed(
        misses="tracking of a box, where that does not move its shipment's updatedDate (unproven)",
        reread_every=timedelta(hours=6),
    )

    def __init__(self, settings: V2, door: V2Door) -> None:
        self._settings = settings
        self._door = door

    def changed_shipments(self, business_unit: str, since: datetime, _until: datetime) -> Iterator[list[Any]]:
        """Shipments changed since then; where the filter is ignored, all there are."""
        return self._listed([("businessUnit", business_unit), ("updatedAfter", moment_text(since))])

    def shipments_of(self, business_unit: str, order: SalesOrder, _until: datetime) -> Iterator[list[Any]]:
        """Shipments of one order; where the filter is ignored, all there are."""
        return self._listed([("businessUnit", business_unit), ("orderNumber", order.number)])

    def with_all_shipment_lines(self, raw: Mapping[str, Any], shipment_id: str | None) -> Mapping[str, Any]:
        """The shipment with every line: those inside it end after ten (Deposco §4.1).

        Raises:
            ValueError: there is no asking for them.
        """
        if is_complete(raw.get("shipmentLines")):
            return raw
        if shipment_id is None:
            raise ValueError("the shipment may have further lines, and does not say its id")
        path = self._settings.paths.shipment_lines.format(id=path_segment(shipment_id))
        try:
            pages = list(self._door.pages(_LINES, path, [], self._settings.page_size))
        except Refused as refused:
            if refused.status == 404:
                raise ValueError("the shipment may have further lines, and they are not found") from None
            raise
        rows = {identity(row): row for page in pages for row in page}
        return {**raw, "shipmentLines": {"data": list(rows.values()), "complete": True}}

    def _listed(self, query: list[tuple[str, str]]) -> Iterator[list[Any]]:
        return self._door.pages(_SHIPMENTS, self._settings.paths.shipments, query, self._settings.page_size)
