"""Where the operator takes several parcels per order: each is told when it left (ST01). Pure.

Surprising: nothing un-ships a parcel (Mirakl §3). One that was rolled back and left again under another
number takes the place of the one that was told: its tracking is corrected (Veeqo §11.4).
"""

from collections.abc import Iterator, Mapping
from datetime import datetime

from integration_pipelines.config import Shipping
from integration_pipelines.exceptions.taxonomy import Code
from integration_pipelines.fulfilments.attempts import Ready, attempt, follow, readiness
from integration_pipelines.fulfilments.carriers import CarrierBook
from integration_pipelines.fulfilments.contents import contents, departed, remaining
from integration_pipelines.fulfilments.decision import Decision
from integration_pipelines.fulfilments.facts import DispatchFacts, Kind, ParcelFacts, ShipmentFacts
from integration_pipelines.fulfilments.pressing import dispatch_finding
from integration_pipelines.fulfilments.steps import CreateParcel, ReadShipments
from integration_pipelines.marketplace import OrderState
from integration_pipelines.warehouse import ParcelState


def tell_parcels(
    order: DispatchFacts, shipping: Shipping, book: CarrierBook, now: datetime
) -> Iterator[Decision]:
    """What is to be done about every parcel of the order."""
    told = {each.parcel: each for each in order.shipments if each.parcel is not None and each.counts}
    carried = carriers_of(order, told)
    standing_in = {parcel.id for parcel in carried.values()}
    fresh = [each for each in departed(order) if each.id not in told and each.id not in standing_in]
    if order.state == OrderState.SHIPPING and any(_news(order, parcel) for parcel in fresh):
        yield Decision(step=ReadShipments())  # somebody may have told it by hand
        return
    if order.state == OrderState.SHIPPING:
        yield from _tell(order, fresh, shipping, book, now)
    for name, shipment in told.items():
        if parcel := carried.get(name):
            yield follow(order, shipment, parcel, book, now)
        elif shipment.told_at is not None:
            words = f"Parcel {name} was rolled back after the marketplace was told that it left."
            finding = dispatch_finding(order, Code.DISPATCH_WITHDRAWN, words, now, done=True)
            yield Decision(finding=finding)


def carriers_of(order: DispatchFacts, told: Mapping[str, ShipmentFacts]) -> dict[str, ParcelFacts]:
    """Which parcel the goods of each told one are in: itself, or one that left in its place; else missing."""
    parcels = {parcel.id: parcel for parcel in order.parcels}
    free = [parcel for parcel in departed(order) if parcel.id not in told]
    everything = {line.line_id: line.wanted for line in order.lines}
    carried: dict[str, ParcelFacts] = {}
    for name, shipment in sorted(told.items()):
        own = parcels.get(name)
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


def _tell(
    order: DispatchFacts,
    fresh: list[ParcelFacts],
    shipping: Shipping,
    book: CarrierBook,
    now: datetime,
) -> Iterator[Decision]:
    left = remaining(order)
    for parcel in fresh:
        if _told_by_hand(order, parcel):
            continue
        units = dict(contents(order.lines, parcel, left).units)
        if not units:
            continue
        for line_id, count in units.items():
            left[line_id] -= count
        ready = readiness(order, parcel, shipping, book, now)
        if isinstance(ready, Ready):
            write = CreateParcel(parcel.id, units, ready.tracking)
            yield attempt(order, order.key(Kind.SHIP, parcel.id), write, now)
        else:
            yield ready


def _news(order: DispatchFacts, parcel: ParcelFacts) -> bool:
    return order.shipments_read_at is None or order.shipments_read_at < parcel.changed_at


def _told_by_hand(order: DispatchFacts, parcel: ParcelFacts) -> bool:
    """Somebody typed its number into the back office."""
    numbers = {each.seen.number for each in order.shipments if each.told_at is None and each.seen}
    return parcel.tracking_number is not None and parcel.tracking_number in numbers
