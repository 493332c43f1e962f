"""The outward writes of the dispatch flow: payload, sending, look-up, record.

Everything that is sent comes from the journaled request. `act.py` decides when; this module knows how.
Surprising: ST01 is not idempotent and names no parcel in a refusal, so each call tells one parcel, under a
reference of ours by which it is found again.
"""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from integration_pipelines.clock import Clock
from integration_pipelines.connectors.mirakl.client import MiraklClient
from integration_pipelines.connectors.mirakl.new_shipment import NewShipment, ParcelLine, TrackingDetails
from integration_pipelines.connectors.mirakl.parcels import Shipment
from integration_pipelines.connectors.mirakl.shipments import ShipmentClient
from integration_pipelines.fulfilments.attempts import track_key
from integration_pipelines.fulfilments.facts import (
    LISTED_AFTER,
    NOT_SENT_YET,
    WHOLE_ORDER,
    DispatchFacts,
    Kind,
)
from integration_pipelines.fulfilments.records import shipment_name
from integration_pipelines.fulfilments.steps import CreateParcel, SetTracking, ShipOrder, Write
from integration_pipelines.ledger.dispatches import Shown, Told, note_tracking, store_told
from integration_pipelines.ledger.intents import Absent, Intent, Outcome, Plan, Unclear
from integration_pipelines.ledger.timeline import Side, TimelineEntry, append_timeline
from integration_pipelines.marketplace import OrderState, ShipmentState
from integration_pipelines.remote import IntentState

_NOT_A_REFERENCE = re.compile(r"[^0-9a-zA-Z_-]+")
_LONGEST = 255


def reference_of(number: str, parcel: str) -> str:
    """Our own reference of a parcel (`invoice_reference`): the same for the same parcel, always."""
    plain = f"{number}-{parcel}"
    spelled = _NOT_A_REFERENCE.sub("-", plain)
    if spelled == plain and len(plain) <= _LONGEST:
        return plain
    distinct = hashlib.sha256(plain.encode("utf-8", "surrogatepass")).hexdigest()[:10]
    return f"{spelled[: _LONGEST - 11]}-{distinct}"


@dataclass(frozen=True, slots=True)
class DispatchWrites:
    """The doors of one channel's marketplace, and how each kind of write goes through them."""

    key: str
    orders: MiraklClient
    shipments: ShipmentClient
    clock: Clock

    def plan(self, order: DispatchFacts, write: Write) -> Plan:
        """The journal entry of one write."""
        request: dict[str, Any] = {"order_id": order.order_id}
        match write:
            case CreateParcel(parcel, units, tracking):
                kind, key = Kind.SHIP, order.key(Kind.SHIP, parcel)
                request |= {"parcel": parcel, "units": dict(units), "tracking": _kept(tracking)}
                request |= {"reference": reference_of(order.number, parcel)}
            case ShipOrder(units, tracking):
                kind, key = Kind.SHIP, order.key(Kind.SHIP, WHOLE_ORDER)
                request |= {"parcel": WHOLE_ORDER, "units": dict(units), "tracking": _kept(tracking)}
            case SetTracking(parcel, shipment_id, tracking):
                kind, key = Kind.TRACK, track_key(order, write)
                request |= {"parcel": parcel, "shipment_id": shipment_id, "tracking": _kept(tracking)}
        return Plan(key, kind, self.key, order.subject, request)

    def send(self, intent: Intent) -> Outcome:
        """Carry a journaled write out. Raises from `remote.py`."""
        request = intent.request
        if intent.kind == Kind.TRACK:
            return self._track(request)
        if request["parcel"] == WHOLE_ORDER:
            self.shipments.ship_order(request["order_id"])
            return Outcome(IntentState.APPLIED)
        lines = [ParcelLine(line_id, units) for line_id, units in request["units"].items()]
        tracking = _details(request["tracking"])
        told = self.shipments.create(
            [NewShipment(request["order_id"], lines, request["reference"], tracking)]
        )
        created = told.created.get(request["order_id"])
        if created is None:
            return Outcome(IntentState.REFUSED, words=told.refused[request["order_id"]])
        return Outcome(IntentState.APPLIED, reference=created.id, seen=created)

    def look_up(self, intent: Intent) -> Outcome | Absent | Unclear:
        """Whether a write whose answer was lost took effect."""
        request = intent.request
        if intent.kind == Kind.TRACK:
            return Absent()  # it overwrites: saying it again repairs a lost answer
        if request["parcel"] == WHOLE_ORDER:
            return self._look_up_order(request["order_id"])
        found = self.shipments.parcels_of(request["order_id"])
        ours = [each for each in found if each.invoice_reference == request["reference"]]
        if ours:
            return Outcome(IntentState.APPLIED, reference=ours[0].id, seen=ours[0])
        if intent.sending_at and self.clock.now() - intent.sending_at < LISTED_AFTER:
            return Unclear("Not found yet; a fresh parcel may take a while to be shown.")
        return Absent()

    def record(self, connection: Connection, intent: Intent, outcome: Outcome) -> None:
        """Store what a write showed, in the transaction that stores its outcome."""
        now = self.clock.now()
        if outcome.state is IntentState.APPLIED:
            self._record_effect(connection, intent, outcome, now)
        details = {
            "state": outcome.state.value,
            "parcel": intent.request["parcel"],
            "tracking": intent.request["tracking"],
            "words": outcome.words,
        }
        entry = TimelineEntry(
            intent.subject, now, Side.INTEGRATION, f"{intent.kind} {outcome.state.value}", details
        )
        append_timeline(connection, [entry])

    def shown(self, order: DispatchFacts) -> list[Shown]:
        """The order's parcels as the marketplace shows them now (ST11).

        Raises:
            RemoteError: no usable answer.
        """
        names = {each.id for each in order.parcels}
        names |= {each.parcel for each in order.shipments if each.parcel is not None}
        ours = {reference_of(order.number, name): name for name in names}
        return [_shown(each, ours) for each in self.shipments.parcels_of(order.order_id)]

    def _track(self, request: Mapping[str, Any]) -> Outcome:
        tracking = _details(request["tracking"])
        assert tracking is not None
        if request["shipment_id"] is None:
            self.shipments.set_order_tracking(request["order_id"], tracking)
            return Outcome(IntentState.APPLIED)
        refusal = self.shipments.update_tracking({request["shipment_id"]: tracking})[request["shipment_id"]]
        if refusal is not None:
            return Outcome(IntentState.REFUSED, words=refusal)
        return Outcome(IntentState.APPLIED, reference=request["shipment_id"])

    def _look_up_order(self, order_id: str) -> Outcome | Absent | Unclear:
        found = self.orders.orders_by_id([order_id])
        if not found:
            return Unclear("The marketplace does not show the order.")
        state = str(found[0].get("order_state"))
        return Absent() if state == OrderState.SHIPPING else Outcome(IntentState.APPLIED, words=state)

    def _record_effect(self, connection: Connection, intent: Intent, outcome: Outcome, now: datetime) -> None:
        request = intent.request
        marketplace, order_id, parcel = (
            intent.subject.partition("/")[0],
            request["order_id"],
            request["parcel"],
        )
        if intent.kind == Kind.TRACK:
            note_tracking(connection, marketplace, order_id, parcel, request["tracking"], now)
            return
        made = outcome.seen if isinstance(outcome.seen, Shipment) else None
        state = made.status if made else OrderState.SHIPPED.value
        told = Told(
            parcel, made.id if made else None, state, request["units"], request["tracking"], _sent(state)
        )
        store_told(connection, marketplace, order_id, told, now)


def _shown(shipment: Shipment, ours: Mapping[str, str]) -> Shown:
    tracking = shipment.tracking
    units: dict[str, int] = {}
    for line in shipment.shipment_lines:
        if line.order_line_id is not None:
            units[line.order_line_id] = units.get(line.order_line_id, 0) + (line.quantity or 0)
    seen = None
    if tracking is not None:
        seen = {
            "carrier_code": tracking.carrier_code,
            "carrier_name": tracking.carrier_name or None,
            "number": tracking.tracking_number,
            "url": tracking.tracking_url or None,
        }
    name = ours.get(shipment.invoice_reference or "") or shipment_name(shipment.id)
    return Shown(name, shipment.id, shipment.status, units, seen, _sent(shipment.status))


def _sent(state: str) -> bool:
    """Whether a parcel in this state counts as handed over."""
    return state not in NOT_SENT_YET and state != ShipmentState.CANCELED


def _kept(tracking: Any) -> dict[str, Any] | None:
    return asdict(tracking) if tracking is not None else None


def _details(kept: Mapping[str, Any] | None) -> TrackingDetails | None:
    if kept is None:
        return None
    return TrackingDetails(kept["carrier_code"], kept["carrier_name"], kept["number"], kept["url"])
