"""What stands between a parcel that left and its being told: tracking, a carrier's code, a refusal. Pure."""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta

from integration_pipelines.config import Shipping
from integration_pipelines.exceptions.findings import Severity
from integration_pipelines.exceptions.taxonomy import Code
from integration_pipelines.fulfilments.carriers import CarrierBook, asked_name
from integration_pipelines.fulfilments.decision import Decision
from integration_pipelines.fulfilments.facts import (
    LISTED_AFTER,
    WHOLE_ORDER,
    DispatchFacts,
    IntentFacts,
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
_CHANGE = re.compile(r"(\d+):([0-9a-f]+)")  # how the key of a tracking write ends


@dataclass(frozen=True, slots=True)
class Ready:
    """It can be told now; `tracking` is None where it is told without."""

    tracking: Tracking | None


def readiness(
    order: DispatchFacts, parcel: ParcelFacts, shipping: Shipping, book: CarrierBook, now: datetime
) -> Ready | Decision:
    """Whether a parcel that left can be told now, and what it waits for if it cannot (F20, F22)."""
    pressing = severity_now(order, now) in PRESSING
    mandatory = shipping.tracking_mandatory or order.shipping_type in book.always_tracked
    if tracking := book.tracking(parcel) if parcel.followable else None:
        return Ready(tracking)
    if parcel.followable and not book.knows(parcel):
        if pressing and not mandatory:
            return Ready(None)
        return Decision(waits_for=asked_name(parcel.names), look_at=press_again_at(order, now))
    if mandatory:
        return _without_number(order, parcel, now)
    due = (parcel.shipped_at or parcel.changed_at) + shipping.tracking_grace
    if not pressing and now < due:
        return Decision(look_at=due)
    # Who carries it is worth telling where the operator's list says that a code alone is taken.
    return Ready(book.tracking(parcel) if book.listed else None)


def attempt(order: DispatchFacts, key: str, write: Write, now: datetime) -> Decision:
    """Take a write, or tell why it is not taken now: the marketplace refused the same a while ago."""
    before = order.intents.get(key)
    if before is None or before.state is IntentState.PLANNED:
        return Decision(step=write)
    if before.state is IntentState.APPLIED:
        return Decision()
    settled_at = before.settled_at or now
    if order.read_at < settled_at:
        return Decision(step=ReadAgain())
    again = settled_at + TRIED_AGAIN_AFTER
    if now >= again or _says_otherwise(write, before):
        return Decision(step=write)
    words = f"The marketplace said: {before.words}"
    done = order.state != OrderState.SHIPPING
    finding = dispatch_finding(order, Code.DISPATCH_REFUSED, words, now, done=done)
    return Decision(finding=finding, look_at=again)


def _says_otherwise(write: Write, refused: IntentFacts) -> bool:
    """Whether what was refused has been mended since: another carrier, other units."""
    units = None if isinstance(write, SetTracking) else write.units
    return (units, write.tracking) != (refused.units, refused.tracking)


def follow(
    order: DispatchFacts, shipment: ShipmentFacts, parcel: ParcelFacts, book: CarrierBook, now: datetime
) -> Decision:
    """What was told stays true: read back, told once more where it is not shown, then a person's (F19)."""
    name = shipment.parcel or WHOLE_ORDER
    if not shipment.read_back:
        return _read_back(shipment, now)
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
    """One write per change of what is said of a parcel.

    Changes that took effect are counted: what is said again after something else was said is a new write, a
    repeat of the same is not. What a whole order is told with comes before the first change.
    """
    if write.parcel == WHOLE_ORDER and not any(each.parcel == WHOLE_ORDER for each in order.shipments):
        return order.key(Kind.TRACK, write.parcel, f"0:{write.distinct}")
    whose = f"{order.key(Kind.TRACK, write.parcel)}:"
    told = {
        int(change[1]): change[2]
        for key, intent in order.intents.items()
        if key.startswith(whose) and intent.state is IntentState.APPLIED
        if (change := _CHANGE.fullmatch(key.removeprefix(whose))) and int(change[1])
    }
    last = max(told, default=0)
    place = last if told.get(last) == write.distinct else last + 1
    return order.key(Kind.TRACK, write.parcel, f"{place}:{write.distinct}")


def _read_back(shipment: ShipmentFacts, now: datetime) -> Decision:
    if shipment.shipment_id is None and shipment.told_at is not None:
        return order_read_back(shipment.told_at, now)
    if shipment.missed_at and shipment.told_at and now < shipment.told_at + LISTED_AFTER:
        return Decision(look_at=shipment.told_at + LISTED_AFTER)
    return Decision(step=ReadShipments())


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
