"""What stands between a parcel that left and its being told: tracking, a carrier's code, a refusal. Pure."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from integration_pipelines.config import Shipping
from integration_pipelines.exceptions.findings import Severity
from integration_pipelines.exceptions.taxonomy import Code
from integration_pipelines.fulfilments.carriers import CarrierBook, asked_name
from integration_pipelines.fulfilments.decision import Decision
from integration_pipelines.fulfilments.facts import (
    WHOLE_ORDER,
    DispatchFacts,
    Kind,
    ParcelFacts,
    ShipmentFacts,
    Tracking,
)
from integration_pipelines.fulfilments.pressing import (
    PRESSING,
    dispatch_finding,
    press_again_at,
    severity_now,
)
from integration_pipelines.fulfilments.steps import ReadAgain, ReadShipments, SetTracking, Write
from integration_pipelines.marketplace import OrderState
from integration_pipelines.remote import IntentState

TRIED_AGAIN_AFTER = timedelta(hours=1)
SHOWN_WITHIN = timedelta(minutes=2)  # the next read of changed orders shows for nothing what was told


@dataclass(frozen=True, slots=True)
class Ready:
    """It can be told now; `tracking` is None where it is told without."""

    tracking: Tracking | None


def readiness(
    order: DispatchFacts, parcel: ParcelFacts, shipping: Shipping, book: CarrierBook, now: datetime
) -> Ready | Decision:
    """Whether a parcel that left can be told now, and what it waits for if it cannot (F20, F22)."""
    pressing = severity_now(order, now) in PRESSING
    if tracking := book.tracking(parcel) if parcel.followable else None:
        return Ready(tracking)
    if parcel.followable and not book.knows(parcel):
        if pressing and not shipping.tracking_mandatory:
            return Ready(None)
        return Decision(waits_for=asked_name(parcel.names), look_at=press_again_at(order, now))
    if shipping.tracking_mandatory:
        return _without_number(order, parcel, now)
    due = (parcel.shipped_at or parcel.changed_at) + shipping.tracking_grace
    if not pressing and now < due:
        return Decision(look_at=due)
    # Who carries it is worth telling where the operator's list says that a code alone is taken.
    return Ready(book.tracking(parcel) if book.listed else None)


def attempt(order: DispatchFacts, key: str, write: Write, now: datetime) -> Decision:
    """Take a write, or tell why it is not taken now: the marketplace refused it a while ago."""
    before = order.intents.get(key)
    if before is None or before.state is IntentState.PLANNED:
        return Decision(step=write)
    if before.state is IntentState.APPLIED:
        return Decision()
    settled_at = before.settled_at or now
    if order.read_at < settled_at:
        return Decision(step=ReadAgain())
    again = settled_at + TRIED_AGAIN_AFTER
    if now >= again:
        return Decision(step=write)
    words = f"The marketplace said: {before.words}"
    done = order.state != OrderState.SHIPPING
    finding = dispatch_finding(order, Code.DISPATCH_REFUSED, words, now, done=done)
    return Decision(finding=finding, look_at=again)


def follow(
    order: DispatchFacts, shipment: ShipmentFacts, parcel: ParcelFacts, book: CarrierBook, now: datetime
) -> Decision:
    """What was told stays true: read back, told once more where it is not shown, then a person's (F19)."""
    name = shipment.parcel or WHOLE_ORDER
    if not shipment.read_back:
        if shipment.shipment_id is None and shipment.told_at is not None:
            return order_read_back(shipment.told_at, now)
        return Decision(step=ReadShipments())
    wanted = book.tracking(parcel) if parcel.followable else None
    if wanted is None:
        unmapped = parcel.followable and not book.knows(parcel)
        return Decision(waits_for=asked_name(parcel.names)) if unmapped else Decision()
    if wanted.shown_by(shipment.tracking) and wanted.shown_by(shipment.seen):
        return Decision()
    write = SetTracking(name, shipment.shipment_id, wanted)
    told = attempt(order, track_key(order, write), write, now)
    if told != Decision():
        return told
    words = f"The marketplace took {_spelled(wanted)} without an error and shows {_spelled(shipment.seen)}."
    return Decision(finding=dispatch_finding(order, Code.TRACKING_NOT_SHOWN, words, now, done=True))


def order_read_back(told_at: datetime, now: datetime) -> Decision:
    """The order itself says what came of it: in the next read of changes, else it is asked for."""
    due = told_at + SHOWN_WITHIN
    return Decision(step=ReadAgain()) if now >= due else Decision(look_at=due)


def track_key(order: DispatchFacts, write: SetTracking) -> str:
    """One write per parcel and what is said of it."""
    return order.key(Kind.TRACK, write.parcel, write.distinct)


def _without_number(order: DispatchFacts, parcel: ParcelFacts, now: datetime) -> Decision:
    severity, again = severity_now(order, now), press_again_at(order, now)
    if severity is Severity.NOTICE:
        return Decision(look_at=again)
    words = f"Parcel {parcel.id} left without a tracking number, and the marketplace takes none without."
    return Decision(finding=dispatch_finding(order, Code.TRACKING_MISSING, words, now), look_at=again)


def _spelled(tracking: Tracking | None) -> str:
    if tracking is None:
        return "no tracking"
    carrier = tracking.carrier_code or tracking.carrier_name or "no carrier"
    return f"{carrier} {tracking.number or 'without a number'}"
