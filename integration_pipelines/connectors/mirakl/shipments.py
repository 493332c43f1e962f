"""Goods on their way: parcels (ST*), whole orders (OR23, OR24), carriers (SH21, SH12) (Mirakl §2.7-§4).

Calls only: no decision, no ledger. Rows of lists are handed on as they came, because one damaged row must not
stop the others; `payloads.py` reads them.

Surprising: ST01 is not idempotent, answers 201 even if every parcel failed, and names the order of a failure
but not the parcel. So a call takes one parcel per order, and a lost answer is looked up by the parcel's
reference (`parcels_of`).
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pydantic import ValidationError

from integration_pipelines.connectors.http import DEFAULT_PATIENCE, Operation, Reply
from integration_pipelines.connectors.mirakl.bulk import Bulk
from integration_pipelines.connectors.mirakl.door import Seeking, ShopDoor, instant
from integration_pipelines.connectors.mirakl.new_shipment import NewShipment, TrackingDetails
from integration_pipelines.connectors.mirakl.parcels import (
    Carrier,
    CarrierList,
    Shipment,
    ShippingType,
    ShippingTypeList,
)
from integration_pipelines.connectors.values import reason
from integration_pipelines.connectors.wire import path_segment
from integration_pipelines.remote import OutcomeUnknown, Unanswered

_SHIPMENTS = "/api/shipments"
_MOST = 1000

_OR23 = Operation("OR23", write=True)
_OR24 = Operation("OR24", write=True)
_SH12 = Operation("SH12", answers=dict)
_SH21 = Operation("SH21", answers=dict)
_ST11 = Operation("ST11", answers=dict)
_ST12 = Operation("ST12", answers=dict)
_ST12_NEXT = Operation("ST12", answers=dict, budget="ST12:page")


def _bulk(code: str, method: str, path: str, *nouns: str) -> Bulk:
    operation = Operation(code, write=True, answers=dict)
    return Bulk(operation, method, f"{_SHIPMENTS}{path}", "shipments", ("shipment", *nouns), _MOST)


_ST01 = _bulk("ST01", "POST", "")
_ST06 = _bulk("ST06", "PUT", "/delete", "deletion")  # schema and printed example differ
_ST23 = _bulk("ST23", "POST", "/tracking")
_ST24 = _bulk("ST24", "PUT", "/ship")


@dataclass(frozen=True, slots=True)
class CreatedShipments:
    """What came of ST01; every order that was asked for is in one of the two.

    Attributes:
        created: order id → the parcel.
        refused: order id → what the marketplace said against it.
    """

    created: Mapping[str, Shipment]
    refused: Mapping[str, str]


class ShipmentClient:
    """Goods on their way from one shop on one marketplace.

    Args:
        door: the shop's.
    """

    def __init__(self, door: ShopDoor) -> None:
        self.account_key = door.account_key
        self._door = door

    def create(self, parcels: Sequence[NewShipment]) -> CreatedShipments:
        """Tell of parcels, at most one per order (ST01). Never repeated blindly: it would tell of them twice.

        Raises:
            OutcomeUnknown: no answer, or one that leaves the fate of a parcel open.
        """
        reply = _ST01.send(self._door, [parcel.as_json() for parcel in parcels], "order_id")
        wanted = [parcel.order_id for parcel in parcels]
        refused = {
            order_id: words
            for order_id, words in _ST01.refusals(reply, "order_id").items()
            if order_id in wanted
        }
        created = {
            shipment.order_id: shipment
            for shipment in (self._created(row, reply) for row in _ST01.successes(reply))
            if shipment.order_id in wanted
        }
        _ST01.require_mentioned(self._door, reply, wanted, {*created, *refused})
        return CreatedShipments(created, refused)

    def ship(self, shipment_ids: Sequence[str]) -> dict[str, str | None]:
        """Confirm that parcels were handed over (ST24); id → None, or why not."""
        return _ST24.change(self._door, [{"id": each} for each in shipment_ids])

    def update_tracking(self, tracking: Mapping[str, TrackingDetails]) -> dict[str, str | None]:
        """Replace the tracking details of parcels (ST23); id → None, or why not."""
        items = [{"id": each, "tracking": details.as_json()} for each, details in tracking.items()]
        return _ST23.change(self._door, items)

    def delete(self, shipment_ids: Sequence[str]) -> dict[str, str | None]:
        """Take parcels back that were not confirmed (ST06); id → None, or why not. Nothing un-ships one."""
        return _ST06.change(self._door, [{"id": each} for each in shipment_ids])

    def parcels(
        self,
        updated_from: datetime | None = None,
        updated_to: datetime | None = None,
        states: Collection[str] = (),
    ) -> Iterator[list[Any]]:
        """Rows of parcels page by page, oldest first, wherever multi-parcel is switched on (ST11).

        Args:
            updated_from: aware; bounds are not known to be inclusive, so overlap.
            updated_to: aware.
            states: parcel states wanted; all when empty. Checked again here.
        """
        query = [("shipment_state_code", state) for state in sorted(states)]
        query += [("last_updated_from", instant(updated_from))] if updated_from else []
        query += [("last_updated_to", instant(updated_to))] if updated_to else []
        for rows in self._door.seek(Seeking(_SHIPMENTS, query, _ST11, _ST11)):
            yield [row for row in rows if not states or _field(row, "status") in (None, *states)]

    def parcels_of(self, order_id: str) -> list[Shipment]:
        """All parcels of one order (ST11): how a parcel is looked up after a lost answer.

        Raises:
            Unanswered: a row cannot be read, so nothing is proven absent.
        """
        reading = Seeking(_SHIPMENTS, [("order_id", order_id)], _ST11, _ST11)
        rows = [row for page in self._door.seek(reading) for row in page]
        try:
            parcels = [Shipment.model_validate(row) for row in rows]
        except ValidationError as error:
            raise Unanswered(
                self.account_key, "ST11", f"a parcel cannot be understood ({reason(error)})."
            ) from None
        return [parcel for parcel in parcels if parcel.order_id == order_id]

    def items_to_ship(
        self, order_ids: Collection[str] = (), *, patience: float = DEFAULT_PATIENCE
    ) -> Iterator[list[Any]]:
        """Rows of what is still to ship, by order; at most every five minutes (ST12).

        Args:
            order_ids: only these orders. Checked again here.
            patience: seconds the first page may wait for our budget.
        """
        query = [("order_id", order_id) for order_id in sorted(order_ids)]
        reading = Seeking(f"{_SHIPMENTS}/items_to_ship", query, _ST12, _ST12_NEXT)
        for rows in self._door.seek(reading, patience):
            yield [row for row in rows if not order_ids or _field(row, "order_id") in (None, *order_ids)]

    def set_order_tracking(self, order_id: str, tracking: TrackingDetails) -> None:
        """Set the tracking of an order that travels in one parcel; before `ship_order` (OR23).

        A 2xx may have dropped the carrier in silence (failure case F19): read the order again.
        """
        path = f"/api/orders/{path_segment(order_id)}/tracking"
        self._door.send(_OR23, "PUT", path, json=tracking.as_json("carrier_url"))

    def ship_order(self, order_id: str) -> None:
        """Confirm that all that is left of an order was handed over (OR24)."""
        self._door.send(_OR24, "PUT", f"/api/orders/{path_segment(order_id)}/ship")

    def carriers(self) -> tuple[Carrier, ...]:
        """The carriers that the operator has registered; once a day by contract (SH21)."""
        return self._door.read(_SH21, "/api/shipping/carriers", CarrierList).carriers

    def shipping_types(self) -> tuple[ShippingType, ...]:
        """The shipping methods, and which of them want tracking; once a day by contract (SH12)."""
        return self._door.read(_SH12, "/api/shipping/types", ShippingTypeList).shipping_types

    def _created(self, row: dict[str, Any], reply: Reply) -> Shipment:
        try:
            return Shipment.model_validate(row)
        except ValidationError as error:
            words = f"a parcel that it created cannot be understood ({reason(error)})."
            raise OutcomeUnknown(
                self.account_key, "ST01", words, status=reply.status, body=reply.text
            ) from None


def _field(row: Any, name: str) -> Any:
    """A field of a row; None when the row is damaged or has none."""
    return row.get(name) if isinstance(row, dict) else None
