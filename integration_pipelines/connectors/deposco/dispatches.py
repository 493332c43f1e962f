"""Reads the shipments of one account as neutral parcels; what they mean is in `shipment_reading.py`.

Surprising: a reference may name its order by id alone, and then, only where it matters, the orders are read
to learn which is meant; and a filter may be ignored, so unit, time and order number are checked again.
"""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from pydantic import ValidationError

from integration_pipelines.clock import Clock
from integration_pipelines.config.deposco import Generation
from integration_pipelines.connectors.deposco.client import DeposcoClient
from integration_pipelines.connectors.deposco.payloads import (
    OutboundShipment,
    SalesOrder,
    ShipmentLine,
    ShippedContainerLine,
    may_be_cut,
    unwrapped,
)
from integration_pipelines.connectors.deposco.reading import record_reference, unreadable
from integration_pipelines.connectors.deposco.shipment_reading import OrderNames, to_parcels
from integration_pipelines.connectors.values import reason
from integration_pipelines.remote import Unanswered
from integration_pipelines.warehouse import Dispatches, Parcel, UnreadableRecord

_READ = "read of shipments"


class DispatchReader:
    """Reads one account's parcels.

    Args:
        account: the warehouse's key in `channels.yaml`.
        client: its calls and profile.
        clock: ends the period that V1 is asked for.
    """

    def __init__(self, account: str, client: DeposcoClient, clock: Clock) -> None:
        self._account = account
        self._client = client
        self._profile = client.profile
        self._calls = client.shipments
        self._clock = clock
        self.feed = client.shipments.feed

    def changed(self, store: str, since: datetime) -> Iterator[Dispatches]:
        """Parcels of the business unit that left or changed since then."""
        oldest = since.astimezone(UTC) - timedelta(seconds=1)
        for rows in self._calls.changed_shipments(store, since, self._clock.now()):
            parcels: list[Parcel] = []
            faults: list[UnreadableRecord] = []
            for row in rows:
                try:
                    shipment = OutboundShipment.model_validate(row)
                    if self._is_in(shipment, store) and (shipment.updated_date or oldest) >= oldest:
                        parcels += self._parcels(shipment, row, store)
                except ValueError as error:  # pydantic's error is one
                    faults.append(unreadable(row, error))
            yield Dispatches(tuple(parcels), unreadable=tuple(faults))

    def of_order(self, order: SalesOrder, store: str) -> list[Parcel]:
        """All parcels of the order.

        Raises:
            Unanswered: one that may be the order's cannot be read.
        """
        found: dict[str, Parcel] = {}
        for rows in self._calls.shipments_of(store, order, self._clock.now()):
            for row in rows:
                try:
                    shipment = OutboundShipment.model_validate(row)
                    if self._is_in(shipment, store) and _may_serve(shipment, row, order.number):
                        parcels = self._parcels(shipment, row, store)
                        found |= {one.id: one for one in parcels if one.order_number == order.number}
                except ValueError as error:  # pydantic's error is one
                    why = reason(error) if isinstance(error, ValidationError) else str(error)
                    words = f"shipment {record_reference(row)} cannot be understood ({why})."
                    raise Unanswered(self._account, _READ, words) from None
        return list(found.values())

    def _is_in(self, shipment: OutboundShipment, store: str) -> bool:
        """Whether it is of this business unit; what it does not say does not count."""
        said = [shipment.business_unit.key("code")] if shipment.business_unit else []
        said += [order.key("businessUnit.code") for order in shipment.order_headers]
        told = {code for code in said if code is not None}
        return not told or store in told

    def _parcels(self, shipment: OutboundShipment, row: Any, store: str) -> list[Parcel]:
        raw = unwrapped(row)
        whole = self._calls.with_all_shipment_lines(raw, shipment.id)
        if whole is not raw:
            shipment = OutboundShipment.model_validate(whole)
        return to_parcels(
            shipment,
            whole,
            store=store,
            states=self._profile.parcel_states,
            names=self._names(shipment, whole),
            sku_of=self._sku_of,
            order_key=lambda number, order_id: self._order_key(store, number, order_id),
        )

    def _order_key(self, store: str, number: str, order_id: str | None) -> str | None:
        """The key of the order where the other generation may serve orders."""
        if self._profile.capabilities.orders is Generation.V1:
            return self._client.orders.order_key(SalesOrder(number=number), store)
        return order_id

    def _sku_of(self, line: ShipmentLine | ShippedContainerLine) -> str:
        if line.sku is not None or line.item is None or line.item.id is None or self._client.v2 is None:
            return line.sku or ""
        return self._client.v2.item_number(line.item.id) or ""

    def _names(self, shipment: OutboundShipment, raw: Mapping[str, Any]) -> OrderNames:
        """What the references by id alone mean; nothing is read where they need not be known."""
        headers = shipment.order_headers
        several = len(headers) > 1 or may_be_cut(raw.get("orderHeaders"))
        unclear = several and any(
            line.order_line is not None and line.order_line.key("orderHeader.number") is None
            for line in shipment.shipment_lines
        )
        wanted = [one.id for one in headers if one.id and (unclear or one.number is None)]
        if not wanted or self._client.v2 is None:
            return OrderNames()
        numbers: dict[str, str] = {}
        owners: dict[str, str] = {}
        for order_id in wanted:
            if (found := self._client.v2.order(order_id, "")) is not None:
                order = SalesOrder.model_validate(self._client.v2.with_all_lines(found, order_id))
                numbers[order_id] = order.number
                owners |= {line.id: order.number for line in order.order_lines if line.id}
        return OrderNames(numbers, owners)


def _may_serve(shipment: OutboundShipment, row: Any, number: str) -> bool:
    """Whether the order may be among those that the shipment is for."""
    numbers = {order.number for order in shipment.order_headers}
    raw = unwrapped(row)
    cut = may_be_cut(raw.get("orderHeaders")) if isinstance(raw, Mapping) else False
    return not numbers or number in numbers or None in numbers or cut
