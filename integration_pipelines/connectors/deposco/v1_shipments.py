"""V1's two reads of shipments, as shipments either way (Deposco §12.2).

Surprising: a search by the day of departure shows neither tracking that comes later nor a shipment that is
rolled back; and the status document names lines, but no SKUs.
"""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from integration_pipelines.config.deposco import V1, ShipmentRead
from integration_pipelines.connectors.deposco.payloads import SalesOrder, rows_of
from integration_pipelines.connectors.deposco.rendering import ROOT
from integration_pipelines.connectors.deposco.v1_door import CLOCKS_DIFFER, V1Door, reads, utc_seconds
from integration_pipelines.warehouse import ChangeFeed

_SEARCH = reads("GET /search/shipment")
_STATUSES = reads("GET /status/order/{days}")
_OLDEST = datetime(2000, 1, 1, tzinfo=UTC)


class V1Shipments:
    """One account's shipments.

    Args:
        settings: paths, and which read this tenant allows.
        door: how V1 is spoken.
    """

    def __init__(self, settings: V1, door: V1Door) -> None:
        self._settings = settings
        self._door = door
        self._by_status = settings.shipment_read is ShipmentRead.STATUS
        misses = "SKUs; tracking that comes later, where that does not count as a change of the order"
        if not self._by_status:
            misses = "tracking that comes after the parcel left, and shipments that were rolled back"
        self.feed = ChangeFeed(misses, timedelta(hours=1))

    def changed_shipments(self, business_unit: str, since: datetime, until: datetime) -> Iterator[list[Any]]:
        """Shipments that left in the period, or of orders that changed on its days."""
        if self._by_status:
            yield self._of_days(since, until)
            return
        field = self._settings.shipped_field
        period = f"{utc_seconds(since)},{utc_seconds(until + CLOCKS_DIFFER)}"
        yield self._search([(f"{field}Ops", "BETWEEN"), (field, period)], business_unit)

    def shipments_of(self, business_unit: str, order: SalesOrder, until: datetime) -> Iterator[list[Any]]:
        """Shipments of one order, and others: the search knows the marketplace's order number alone."""
        if self._by_status or not order.customer_order_number:
            yield self._of_days(order.created_date or order.placed_date or _OLDEST, until)
            return
        asked = (self._settings.shipment_order_field, order.customer_order_number)
        yield self._search([asked], business_unit)

    def with_all_shipment_lines(self, raw: Mapping[str, Any], _shipment_id: str | None) -> Mapping[str, Any]:
        """V1 answers all lines."""
        return raw

    def _search(self, query: list[tuple[str, str]], business_unit: str) -> list[Any]:
        field = self._settings.business_unit_field
        narrowed = [*query, (field, business_unit)] if field else query
        return self._door.records(_SEARCH, self._settings.paths.shipment_search, narrowed, "shipment")

    def _of_days(self, first: datetime, last: datetime) -> list[Any]:
        days = f"{first.astimezone(UTC):%Y%m%d},{(last + CLOCKS_DIFFER).astimezone(UTC):%Y%m%d}"
        path = self._settings.paths.order_statuses.format(days=days)
        value = self._door.transport.send(_STATUSES, "GET", path).json
        if isinstance(value, Mapping):
            value = {name: item for name, item in value.items() if name != ROOT}
        return [one for row in rows_of(value, "orderStatus", "order") for one in _shipments_in(row)]


def _shipments_in(status: Any) -> Iterator[Any]:
    """The shipments of an order's status document, each naming its order; a damaged one as it is."""
    if not isinstance(status, Mapping) or "orderNumber" not in status:
        yield status
        return
    order = {name: status[name] for name in ("orderNumber", "orderType") if name in status}
    for shipment in rows_of(status.get("shipments"), "shipment"):
        yield {**shipment, "orders": {"order": order}} if isinstance(shipment, Mapping) else shipment
