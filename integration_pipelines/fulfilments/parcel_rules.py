"""Where the operator takes several parcels per order: each is told when it left (ST01). Pure.

Surprising: nothing un-ships a parcel (Mirakl §3). One that was rolled back and left again under another
number takes the place of the one that was told: its tracking is corrected (Veeqo §11.4). And a shipment's
units cannot be changed: what a parcel gained after it was told is a further shipment with the same tracking.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from integration_pipelines.config import Shipping
from integration_pipelines.exceptions.taxonomy import Code
from integration_pipelines.fulfilments.attempts import Ready, attempt, follow, readiness
from integration_pipelines.fulfilments.carriers import CarrierBook
from integration_pipelines.fulfilments.contents import contents, departed, remaining
from integration_pipelines.fulfilments.decision import Decision
from integration_pipelines.fulfilments.facts import (
    DispatchFacts,
    Kind,
    ParcelFacts,
    ShipmentFacts,
    further,
    parcel_told_by,
)
from integration_pipelines.fulfilments.pressing import dispatch_finding
from integration_pipelines.fulfilments.steps import CreateParcel, ReadShipments
from integration_pipelines.marketplace import OrderState
from integration_pipelines.warehouse import ParcelState


@dataclass(frozen=True, slots=True)
class Untold:
    """Units that left and are in no shipment yet; `name` is what their shipment is called."""

    parcel: ParcelFacts
    name: str
    units: Mapping[str, int]


def tell_parcels(
    order: DispatchFacts, shipping: Shipping, book: CarrierBook, now: datetime
) -> Iterator[Decision]:
    """What is to be done about every parcel of the order."""
    told = {each.parcel: each for each in order.shipments if each.parcel is not None and each.counts}
    carried = carriers_of(order, told)
    untold = list(still_untold(order, told, carried)) if order.state == OrderState.SHIPPING else []
    if any(_news(order, each.parcel) for each in untold):
        yield Decision(step=ReadShipments())  # somebody may have told it by hand
        return
    for each in untold:
        yield _tell(order, each, shipping, book, now)
    for name, shipment in told.items():
        if parcel := carried.get(name):
            yield follow(order, shipment, parcel, book, now)
        elif shipment.told_at is not None:
            words = f"Parcel {name} was rolled back after the marketplace was told that it left."
            finding = dispatch_finding(order, Code.DISPATCH_WITHDRAWN, words, now, done=True)
            yield Decision(finding=finding)
    yield from _shrunk(order, told, carried, now)


def carriers_of(order: DispatchFacts, told: Mapping[str, ShipmentFacts]) -> dict[str, ParcelFacts]:
    """Which parcel the goods of each told one are in: itself, or one that left in its place; else missing."""
    parcels = {parcel.id: parcel for parcel in order.parcels}
    free = [parcel for parcel in departed(order) if parcel.id not in told]
    everything = {line.line_id: line.wanted for line in order.lines}
    carried: dict[str, ParcelFacts] = {}
    for name, shipment in sorted(told.items()):
        own = parcels.get(name) or parcels.get(parcel_told_by(name))
        if own is None:
            continue
        if own.state is not ParcelState.WITHDRAWN:
            carried[name] = own
            continue
        same = (each for each in free if contents(order.lines, each, everything).units == shipment.units)
        if stands_in := next(same, None):
            carried[name] = stands_in
            free.remove(stands_in)
    return carried


def still_untold(
    order: DispatchFacts, told: Mapping[str, ShipmentFacts], carried: Mapping[str, ParcelFacts]
) -> Iterator[Untold]:
    """What left and no shipment has, parcel by parcel, in the order in which they left."""
    left = remaining(order)
    for parcel in departed(order):
        before = _told_of(parcel, told, carried)
        if not before and _told_by_hand(order, parcel):
            continue
        units = contents(order.lines, parcel, left, before).units
        if not units:
            continue
        for line_id, count in units.items():
            left[line_id] -= count
        yield Untold(parcel, _free_name(order, parcel) if before else parcel.id, units)


def _tell(
    order: DispatchFacts, untold: Untold, shipping: Shipping, book: CarrierBook, now: datetime
) -> Decision:
    ready = readiness(order, untold.parcel, shipping, book, now)
    if not isinstance(ready, Ready):
        return ready
    write = CreateParcel(untold.name, untold.units, ready.tracking)
    return attempt(order, order.key(Kind.SHIP, untold.name), write, now)


def _shrunk(
    order: DispatchFacts,
    told: Mapping[str, ShipmentFacts],
    carried: Mapping[str, ParcelFacts],
    now: datetime,
) -> Iterator[Decision]:
    """Nothing takes units out of a shipment: where a parcel lost some, a person has to look."""
    for parcel in order.parcels:
        before = _told_of(parcel, told, carried)
        still = sum(contents(order.lines, parcel, before).units.values())
        if parcel.has_left and still < sum(before.values()):
            said = sum(before.values())
            words = f"Parcel {parcel.id} has {still} of the {said} units that the marketplace was told of."
            finding = dispatch_finding(order, Code.DISPATCH_WITHDRAWN, words, now, done=True)
            yield Decision(finding=finding)


def _told_of(
    parcel: ParcelFacts, told: Mapping[str, ShipmentFacts], carried: Mapping[str, ParcelFacts]
) -> Mapping[str, int]:
    """Units that shipments tell of a parcel's goods."""
    units: Counter[str] = Counter()
    for name, shipment in told.items():
        if name in carried and carried[name].id == parcel.id:
            units.update(shipment.units)
    return units


def _free_name(order: DispatchFacts, parcel: ParcelFacts) -> str:
    taken = {each.parcel for each in order.shipments} | {each.id for each in order.parcels}
    place = 2
    while further(parcel.id, place) in taken:
        place += 1
    return further(parcel.id, place)


def _news(order: DispatchFacts, parcel: ParcelFacts) -> bool:
    return order.shipments_read_at is None or order.shipments_read_at < parcel.changed_at


def _told_by_hand(order: DispatchFacts, parcel: ParcelFacts) -> bool:
    """Somebody typed its number into the back office."""
    numbers = {each.seen.number for each in order.shipments if each.told_at is None and each.seen}
    return parcel.tracking_number is not None and parcel.tracking_number in numbers
